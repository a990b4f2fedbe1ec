package domain

import (
	"errors"
	"fmt"
	"strings"
)

// A Fault is what is wrong with one part of what was given.
type Fault struct {
	Field  string // a path such as contact/email
	Reason string // never quotes the value
}

// Invalid are all the faults of what was given.
type Invalid []Fault

func (i Invalid) Error() string {
	texts := make([]string, len(i))
	for n, fault := range i {
		texts[n] = fault.Field + " " + fault.Reason
	}
	return "invalid: " + strings.Join(texts, ", ")
}

// faults collects, so that all are told at once.
type faults Invalid

func (f *faults) add(field, reason string) { *f = append(*f, Fault{field, reason}) }

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f)
}

// Rules that a change would break.
var (
	ErrNoPatient      = errors.New("no such patient")
	ErrNoEntry        = errors.New("no such entry")
	ErrDeceased       = errors.New("the patient is recorded as deceased, which is final")
	ErrIntoItself     = errors.New("a patient cannot be merged into itself")
	ErrTooManyChanges = errors.New("the entry has as many amendments as there may be")
)

// ErrStale is a change of a version that is not the current one any more.
type ErrStale struct{ Current int64 }

func (e ErrStale) Error() string { return fmt.Sprintf("the current version is %d", e.Current) }

// ErrMerged is a change of a record that was merged into another.
type ErrMerged struct{ Into PatientID }

func (e ErrMerged) Error() string { return "the patient was merged into " + string(e.Into) }

// ErrTargetMerged is a merge into a record that was itself merged: into names the one to use.
type ErrTargetMerged struct{ Into PatientID }

func (e ErrTargetMerged) Error() string { return "the target was itself merged into " + string(e.Into) }
