package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/platform/chassis/database"
)

// transaction is records.Tx.
type transaction struct{ *database.Tx }

type scan = func(...any) error

func scanPatient(scan scan) (p domain.Patient, err error) {
	var born string
	var created, updated int64
	err = scan(&p.ID, &p.Name, &born, &p.Contact.Email, &p.Contact.Phone, &p.Reminders, &p.Status, &p.MergedInto, &p.Version,
		&created, &updated)
	if err != nil {
		return p, err
	}
	p.CreatedAt, p.UpdatedAt = fromMillis(created), fromMillis(updated)
	p.DateOfBirth, err = domain.ParseDate(born)
	return p, err
}

func fromMillis(at int64) time.Time { return time.UnixMilli(at).UTC() }

func (tx transaction) Patient(ctx context.Context, id domain.PatientID, change bool) (patient domain.Patient, err error) {
	s := selectPatient
	if change {
		s = takePatient
	}
	found := false
	err = tx.Rows(ctx, s, []any{string(id)}, func(scan scan) error {
		found = true
		patient, err = scanPatient(scan)
		return err
	})
	if err == nil && !found {
		err = domain.ErrNoPatient
	}
	return patient, err
}

func (tx transaction) MergedInto(ctx context.Context, id domain.PatientID) (all []domain.Patient, err error) {
	err = tx.Rows(ctx, takeMergedInto, []any{string(id)}, func(scan scan) error {
		patient, err := scanPatient(scan)
		all = append(all, patient)
		return err
	})
	return all, err
}

func (tx transaction) AddPatient(ctx context.Context, p domain.Patient) error {
	_, err := tx.Exec(ctx, insertPatient, string(p.ID), p.Name, p.DateOfBirth.String(), p.Contact.Email, p.Contact.Phone,
		p.Reminders, string(p.Status), string(p.MergedInto), p.Version, p.CreatedAt.UnixMilli(), p.UpdatedAt.UnixMilli())
	return err
}

func (tx transaction) SetPatient(ctx context.Context, p domain.Patient) error {
	before := p.Version - 1
	changed, err := tx.Exec(ctx, updatePatient, string(p.ID), p.Name, p.DateOfBirth.String(), p.Contact.Email, p.Contact.Phone,
		p.Reminders, string(p.Status), string(p.MergedInto), p.Version, p.UpdatedAt.UnixMilli(), before)
	if err == nil && changed != 1 {
		err = domain.ErrStale{Current: p.Version}
	}
	return err
}

func scanEntry(scan scan) (e domain.Entry, err error) {
	var recorded int64
	err = scan(&e.ID, &e.PatientID, &e.Kind, &e.Text, &e.Author, &e.RecordedBy, &recorded)
	e.RecordedAt = fromMillis(recorded)
	return e, err
}

func (tx transaction) Entry(ctx context.Context, patient domain.PatientID, id domain.EntryID) (domain.Entry, error) {
	var found []domain.Entry
	err := tx.Rows(ctx, selectEntry, []any{string(patient), string(id)}, func(scan scan) error {
		entry, err := scanEntry(scan)
		found = append(found, entry)
		return err
	})
	switch {
	case err != nil:
		return domain.Entry{}, err
	case len(found) == 0:
		return domain.Entry{}, domain.ErrNoEntry
	}
	err = tx.amendments(ctx, patient, found)
	return found[0], err
}

func (tx transaction) Entries(ctx context.Context, patient domain.PatientID, slice records.Slice) (all []domain.Entry, err error) {
	err = tx.Rows(ctx, selectEntries, []any{string(patient), slice.After, slice.Limit}, func(scan scan) error {
		entry, err := scanEntry(scan)
		all = append(all, entry)
		return err
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	return all, tx.amendments(ctx, patient, all)
}

// amendments adds theirs to entries that are next to each other in the order of ids.
func (tx transaction) amendments(ctx context.Context, patient domain.PatientID, entries []domain.Entry) error {
	at := make(map[domain.EntryID]int, len(entries))
	for i, entry := range entries {
		at[entry.ID] = i
	}
	first, last := string(entries[0].ID), string(entries[len(entries)-1].ID)
	return tx.Rows(ctx, selectAmendments, []any{string(patient), first, last}, func(scan scan) error {
		var a domain.Amendment
		var recorded int64
		if err := scan(&a.ID, &a.EntryID, &a.Text, &a.Reason, &a.Author, &a.RecordedBy, &recorded); err != nil {
			return err
		}
		a.RecordedAt = fromMillis(recorded)
		if i, ok := at[a.EntryID]; ok {
			entries[i].Amendments = append(entries[i].Amendments, a)
		}
		return nil
	})
}

func (tx transaction) AddEntry(ctx context.Context, e domain.Entry) error {
	_, err := tx.Exec(ctx, insertEntry, string(e.ID), string(e.PatientID), string(e.Kind), e.Text, e.Author, string(e.RecordedBy),
		e.RecordedAt.UnixMilli())
	return err
}

func (tx transaction) AddAmendment(ctx context.Context, a domain.Amendment) error {
	_, err := tx.Exec(ctx, insertAmendment, string(a.ID), string(a.EntryID), a.Text, a.Reason, a.Author, string(a.RecordedBy),
		a.RecordedAt.UnixMilli())
	return err
}

func (tx transaction) Accesses(ctx context.Context, patient domain.PatientID, slice records.Slice) (all []domain.Access, err error) {
	err = tx.Rows(ctx, selectAccesses, []any{string(patient), before(slice), slice.Limit}, func(scan scan) error {
		var a domain.Access
		var at int64
		err := scan(&a.ID, &a.PatientID, &a.EntryID, &a.Actor, &a.Action, &at)
		a.At = fromMillis(at)
		all = append(all, a)
		return err
	})
	return all, err
}

func (tx transaction) AddAccess(ctx context.Context, a domain.Access) error {
	_, err := tx.Exec(ctx, insertAccess, string(a.ID), string(a.PatientID), string(a.EntryID), string(a.Actor), string(a.Action),
		a.At.UnixMilli())
	return err
}

func (tx transaction) Consents(ctx context.Context, patient domain.PatientID, slice records.Slice) (all []domain.Consent, err error) {
	err = tx.Rows(ctx, selectConsents, []any{string(patient), before(slice), slice.Limit}, func(scan scan) error {
		var c domain.Consent
		var at int64
		err := scan(&c.ID, &c.PatientID, &c.Reminders, &c.RecordedBy, &at)
		c.RecordedAt = fromMillis(at)
		all = append(all, c)
		return err
	})
	return all, err
}

func (tx transaction) AddConsent(ctx context.Context, c domain.Consent) error {
	_, err := tx.Exec(ctx, insertConsent, string(c.ID), string(c.PatientID), c.Reminders, string(c.RecordedBy), c.RecordedAt.UnixMilli())
	return err
}

// before is where a list that goes backwards begins.
func before(slice records.Slice) string {
	if slice.After == "" {
		return afterAll
	}
	return slice.After
}

func (tx transaction) Claim(ctx context.Context, key records.Key) (bool, error) {
	sum := sha256.Sum256([]byte(key.Scope + "\x00" + key.Text))
	return tx.TryLock(ctx, int64(binary.BigEndian.Uint64(sum[:]))) //nolint:gosec // any 64 bits will do
}

func (tx transaction) Answer(ctx context.Context, key records.Key, since time.Time) (*records.Answer, error) {
	var fingerprint, value string
	err := tx.Row(ctx, selectAnswer, []any{key.Scope, key.Text, since.UnixMilli()}, &fingerprint, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sum, err := hex.DecodeString(fingerprint)
	return &records.Answer{Fingerprint: sum, Value: []byte(value)}, err
}

func (tx transaction) KeepAnswer(ctx context.Context, key records.Key, answer []byte, now time.Time) error {
	_, err := tx.Exec(ctx, upsertAnswer, key.Scope, key.Text, hex.EncodeToString(key.Fingerprint), string(answer), now.UnixMilli())
	return err
}
