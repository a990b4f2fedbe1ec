package records

import (
	"context"

	"git.myhealth.example/clinical/records/internal/domain"
)

// Write adds an entry to a record.
func (s *Service) Write(
	ctx context.Context, by Caller, key Key, id domain.PatientID, draft domain.Draft,
) (Done[domain.Entry], error) {
	return once(ctx, s, by, key, func(v *visit) (entry domain.Entry, err error) {
		// Taken as for a change: ids of entries then sort as they are committed, so that no page misses one.
		patient, err := v.tx.Patient(ctx, id, true)
		if err != nil {
			return entry, err
		}
		if entry, err = patient.Write(newID[domain.EntryID](), draft, by, v.now); err != nil {
			return entry, err
		}
		if err := v.tx.AddEntry(ctx, entry); err != nil {
			return entry, err
		}
		return entry, v.note(id, domain.EntryWritten, entry.ID)
	}, func(v *visit, entry domain.Entry) error {
		return v.note(id, domain.EntryRead, entry.ID)
	})
}

// Amend corrects an entry.
func (s *Service) Amend(
	ctx context.Context, by Caller, key Key, id domain.PatientID, of domain.EntryID, correction domain.Correction,
) (Done[domain.Entry], error) {
	return once(ctx, s, by, key, func(v *visit) (entry domain.Entry, err error) {
		patient, err := v.tx.Patient(ctx, id, true) // one amendment after another
		if err != nil {
			return entry, err
		}
		if patient.Status == domain.Merged {
			return entry, domain.ErrMerged{Into: patient.MergedInto}
		}
		if entry, err = v.tx.Entry(ctx, id, of); err != nil {
			return entry, err
		}
		if entry, err = entry.Amend(newID[domain.AmendmentID](), correction, by, v.now); err != nil {
			return entry, err
		}
		if err := v.tx.AddAmendment(ctx, entry.Amendments[len(entry.Amendments)-1]); err != nil {
			return entry, err
		}
		return entry, v.note(id, domain.EntryAmended, of)
	}, func(v *visit, entry domain.Entry) error {
		return v.note(id, domain.EntryRead, entry.ID)
	})
}

// Entry reads one entry.
func (s *Service) Entry(
	ctx context.Context, by Caller, id domain.PatientID, of domain.EntryID,
) (entry domain.Entry, err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		if _, err := v.tx.Patient(ctx, id, false); err != nil {
			return err
		}
		if entry, err = v.tx.Entry(ctx, id, of); err != nil {
			return err
		}
		return v.note(id, domain.EntryRead, of)
	})
	return entry, err
}

// Entries are those of a record and of all that was merged into it, oldest first. Those of a record that was merged stay readable
// under its own id too.
func (s *Service) Entries(
	ctx context.Context, by Caller, id domain.PatientID, slice Slice,
) (found List[domain.Entry], err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		if _, err := v.read(id, domain.EntriesRead); err != nil {
			return err
		}
		found, err = list(slice, func(e domain.Entry) string { return string(e.ID) },
			func(slice Slice) ([]domain.Entry, error) { return v.tx.Entries(ctx, id, slice) })
		return err
	})
	return found, err
}
