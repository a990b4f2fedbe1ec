package records

import (
	"context"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
)

// Store keeps records. Everything that a use case does is one transaction.
type Store interface {
	// Write commits what run did if run succeeds. It may call run again after a collision with another transaction.
	Write(ctx context.Context, run func(Tx) error) error
	// Standing answers domain.ErrNoPatient if there is no such patient.
	Standing(ctx context.Context, id domain.PatientID) (domain.Standing, error)
	// ForgetAnswers removes the answers that were kept before a time, and says how many.
	ForgetAnswers(ctx context.Context, before time.Time) (int64, error)
}

// Tx is one transaction. What is added can neither be changed nor removed: the store itself refuses that.
type Tx interface {
	// Patient answers domain.ErrNoPatient if there is none. Where it is to be changed, no other transaction changes it meanwhile.
	Patient(ctx context.Context, id domain.PatientID, change bool) (domain.Patient, error)
	// MergedInto are the patients that were merged into one.
	MergedInto(ctx context.Context, id domain.PatientID) ([]domain.Patient, error)
	AddPatient(ctx context.Context, patient domain.Patient) error
	// SetPatient replaces the version before the patient's; domain.ErrStale if that is not the current one.
	SetPatient(ctx context.Context, patient domain.Patient) error

	// Entry answers domain.ErrNoEntry if the record, with all that was merged into it, has none such.
	Entry(ctx context.Context, patient domain.PatientID, entry domain.EntryID) (domain.Entry, error)
	// Entries of a record and of all that was merged into it, oldest first.
	Entries(ctx context.Context, patient domain.PatientID, slice Slice) ([]domain.Entry, error)
	AddEntry(ctx context.Context, entry domain.Entry) error
	AddAmendment(ctx context.Context, amendment domain.Amendment) error

	// Accesses of a record and of all that was merged into it, newest first.
	Accesses(ctx context.Context, patient domain.PatientID, slice Slice) ([]domain.Access, error)
	AddAccess(ctx context.Context, access domain.Access) error

	// Consents of a record, newest first.
	Consents(ctx context.Context, patient domain.PatientID, slice Slice) ([]domain.Consent, error)
	AddConsent(ctx context.Context, consent domain.Consent) error

	// Claim is false if another transaction has the key claimed right now.
	Claim(ctx context.Context, key Key) (bool, error)
	// Answer is what was kept for a key since a time; nil if nothing was.
	Answer(ctx context.Context, key Key, since time.Time) (*Answer, error)
	KeepAnswer(ctx context.Context, key Key, answer []byte, now time.Time) error
}

// Slice is a part of a list.
type Slice struct {
	After string // id of the last item before; empty: from the beginning
	Limit int
}

// Answer is what was answered once.
type Answer struct {
	Fingerprint []byte // of the request
	Value       []byte
}
