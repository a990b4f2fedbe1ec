// Package records is what can be done with patient records: the use cases, each in one transaction that holds the change or the
// reading, its line in the access trail and, where the client sent a key, the answer.
package records

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"git.myhealth.example/clinical/records/internal/domain"
)

// Caller is who acts.
type Caller = domain.Actor

// Service does the use cases.
type Service struct {
	store    Store
	now      func() time.Time
	changed  func(context.Context, domain.Access)
	inFlight inFlight
}

// New works on a store; now is the clock, and changed hears of each change of a record once it is committed.
func New(store Store, now func() time.Time, changed func(context.Context, domain.Access)) *Service {
	return &Service{store: store, now: now, changed: changed, inFlight: inFlight{keys: map[[2]string]bool{}}}
}

// Expected are the versions that a change is meant for. Empty: any.
type Expected []int64

func (e Expected) check(patient domain.Patient) error {
	if len(e) == 0 || slices.Contains(e, patient.Version) {
		return nil
	}
	return domain.ErrStale{Current: patient.Version}
}

// List is a part of a list.
type List[T any] struct {
	Items      []T
	Next       string           // After of the part that follows; empty: this is the last
	MergedInto domain.PatientID // the list is to be found there
}

// visit is one use case at work. It is the only way to a record, and there is no way that leaves no access in the trail.
type visit struct {
	ctx context.Context
	tx  Tx
	by  Caller
	now time.Time

	changes []domain.Access // what was noted, but for mere readings
}

func (s *Service) visit(ctx context.Context, by Caller, run func(*visit) error) error {
	var changes []domain.Access
	err := s.store.Write(ctx, func(tx Tx) error {
		v := &visit{ctx: ctx, tx: tx, by: by, now: domain.Milliseconds(s.now())}
		err := run(v)
		changes = v.changes // of the last attempt: those before it were rolled back
		return err
	})
	if err != nil {
		return err
	}
	for _, change := range changes {
		s.changed(ctx, change)
	}
	return nil
}

// newID is a UUID of version 7. Ids of one record sort as they were made, as long as clocks of replicas agree.
func newID[ID ~string]() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// note leaves a line in the trail of a record.
func (v *visit) note(patient domain.PatientID, action domain.Action, entry domain.EntryID) error {
	access := domain.Access{
		ID: newID[domain.AccessID](), PatientID: patient, EntryID: entry, Actor: v.by, Action: action, At: v.now,
	}
	if action.Changes() {
		v.changes = append(v.changes, access)
	}
	return v.tx.AddAccess(v.ctx, access)
}

// read opens a record for reading.
func (v *visit) read(id domain.PatientID, action domain.Action) (domain.Patient, error) {
	patient, err := v.tx.Patient(v.ctx, id, false)
	if err != nil {
		return patient, err
	}
	return patient, v.note(id, action, "")
}

// change opens a record, changes it and stores it, if it was changed at all.
func (v *visit) change(
	id domain.PatientID, expected Expected, action domain.Action, how func(domain.Patient) (domain.Patient, error),
) (after domain.Patient, err error) {
	before, err := v.tx.Patient(v.ctx, id, true)
	if err != nil {
		return after, err
	}
	if err := expected.check(before); err != nil {
		return after, err
	}
	if after, err = how(before); err != nil {
		return after, err
	}
	if after == before {
		return after, v.note(id, domain.ReadPatient, "")
	}
	if err := v.tx.SetPatient(v.ctx, after); err != nil {
		return after, err
	}
	if err := v.consent(&before, after); err != nil {
		return after, err
	}
	return after, v.note(id, action, "")
}

func (v *visit) consent(before *domain.Patient, after domain.Patient) error {
	consent := domain.ConsentChanged(before, after, newID[domain.ConsentID](), v.by)
	if consent == nil {
		return nil
	}
	return v.tx.AddConsent(v.ctx, *consent)
}

// list reads a part of a list, one item more than asked for to know whether it goes on.
func list[T any](slice Slice, id func(T) string, read func(Slice) ([]T, error)) (List[T], error) {
	items, err := read(Slice{After: slice.After, Limit: slice.Limit + 1})
	if err != nil || len(items) <= slice.Limit {
		return List[T]{Items: items}, err
	}
	items = items[:slice.Limit]
	return List[T]{Items: items, Next: id(items[len(items)-1])}, nil
}

// ForgetAnswers removes the answers that no key brings back any more.
func (s *Service) ForgetAnswers(ctx context.Context) (int64, error) {
	return s.store.ForgetAnswers(ctx, s.now().Add(-keepAnswers))
}
