package records

import (
	"context"
	"errors"

	"git.myhealth.example/clinical/records/internal/domain"
)

// Register begins a record.
func (s *Service) Register(ctx context.Context, by Caller, key Key, details domain.Details) (Done[domain.Patient], error) {
	return once(ctx, s, by, key, func(v *visit) (domain.Patient, error) {
		patient, err := domain.NewPatient(newID[domain.PatientID](), details, v.now)
		if err != nil {
			return patient, err
		}
		if err := v.tx.AddPatient(ctx, patient); err != nil {
			return patient, err
		}
		if err := v.consent(nil, patient); err != nil {
			return patient, err
		}
		return patient, v.note(patient.ID, domain.Created, "")
	}, func(v *visit, patient domain.Patient) error {
		return v.note(patient.ID, domain.ReadPatient, "")
	})
}

// Patient reads a record. One that was merged says where to.
func (s *Service) Patient(ctx context.Context, by Caller, id domain.PatientID) (patient domain.Patient, err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		patient, err = v.read(id, domain.ReadPatient)
		return err
	})
	return patient, err
}

// Change corrects what is known of a patient; how is given the details as they are.
func (s *Service) Change(
	ctx context.Context, by Caller, id domain.PatientID, expected Expected, how func(domain.Details) domain.Details,
) (patient domain.Patient, err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		patient, err = v.change(id, expected, domain.Changed, func(before domain.Patient) (domain.Patient, error) {
			return before.Change(how(before.Details), v.now)
		})
		return err
	})
	return patient, err
}

// Deactivate records that a patient has died or moved away.
func (s *Service) Deactivate(
	ctx context.Context, by Caller, id domain.PatientID, expected Expected, reason domain.Status,
) (patient domain.Patient, err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		patient, err = v.change(id, expected, domain.Deactivated, func(before domain.Patient) (domain.Patient, error) {
			return before.Deactivate(reason, v.now)
		})
		return err
	})
	return patient, err
}

// Merge records that a patient is the same person as another, whose record is kept.
func (s *Service) Merge(
	ctx context.Context, by Caller, id, into domain.PatientID, expected Expected,
) (patient domain.Patient, err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		// Both rows are taken in the order of their ids, so that two merges wait for each other and do not deadlock.
		if into < id {
			if _, err := v.tx.Patient(ctx, into, true); err != nil && !errors.Is(err, domain.ErrNoPatient) {
				return err
			}
		}
		merged := false
		patient, err = v.change(id, expected, domain.MergedAway, func(before domain.Patient) (domain.Patient, error) {
			kept, err := v.tx.Patient(ctx, into, true)
			switch {
			case errors.Is(err, domain.ErrNoPatient):
				return before, domain.Invalid{{Field: "into", Reason: "is no patient"}}
			case err != nil:
				return before, err
			}
			after, err := before.MergeInto(kept, v.now)
			merged = after != before
			return after, err
		})
		if err != nil || !merged {
			return err
		}
		if err := v.note(into, domain.MergedFrom, ""); err != nil {
			return err
		}
		return v.follow(patient)
	})
	return patient, err
}

// follow keeps merges one step deep: who was merged into a patient that now goes away goes along.
func (v *visit) follow(away domain.Patient) error {
	earlier, err := v.tx.MergedInto(v.ctx, away.ID)
	if err != nil {
		return err
	}
	for _, patient := range earlier {
		if err := v.tx.SetPatient(v.ctx, patient.Follow(away, v.now)); err != nil {
			return err
		}
		if err := v.note(patient.ID, domain.MergedAway, ""); err != nil {
			return err
		}
	}
	return nil
}

// Consents are the givings and takings back of a patient's consent, newest first.
func (s *Service) Consents(ctx context.Context, by Caller, id domain.PatientID, slice Slice) (List[domain.Consent], error) {
	return trailed(ctx, s, by, id, domain.ConsentsRead, slice,
		func(c domain.Consent) string { return string(c.ID) },
		func(v *visit, slice Slice) ([]domain.Consent, error) { return v.tx.Consents(ctx, id, slice) })
}

// Accesses are the trail of a record, newest first; it has this very reading too.
func (s *Service) Accesses(ctx context.Context, by Caller, id domain.PatientID, slice Slice) (List[domain.Access], error) {
	return trailed(ctx, s, by, id, domain.AccessesRead, slice,
		func(a domain.Access) string { return string(a.ID) },
		func(v *visit, slice Slice) ([]domain.Access, error) { return v.tx.Accesses(ctx, id, slice) })
}

// trailed reads a list of a record. Of a record that was merged, it says where the list is.
func trailed[T any](
	ctx context.Context, s *Service, by Caller, id domain.PatientID, action domain.Action, slice Slice,
	name func(T) string, read func(*visit, Slice) ([]T, error),
) (found List[T], err error) {
	err = s.visit(ctx, by, func(v *visit) error {
		patient, err := v.read(id, action)
		if err != nil {
			return err
		}
		if patient.Status == domain.Merged {
			found = List[T]{MergedInto: patient.MergedInto}
			return nil
		}
		found, err = list(slice, name, func(slice Slice) ([]T, error) { return read(v, slice) })
		return err
	})
	return found, err
}

// Standing is what other services may know. It says nothing of the record's content, and leaves no line in the trail.
func (s *Service) Standing(ctx context.Context, id domain.PatientID) (domain.Standing, error) {
	return s.store.Standing(ctx, id)
}
