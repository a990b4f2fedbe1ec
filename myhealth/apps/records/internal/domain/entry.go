package domain

import "time"

// Kind is what an entry is.
type Kind string

// The kinds of entry.
const (
	Observation Kind = "observation"
	Diagnosis   Kind = "diagnosis"
	Medication  Kind = "medication"
	Note        Kind = "note"
)

const (
	maxText       = 16_000 // characters
	maxReason     = 1_000
	maxAuthor     = 200
	maxAmendments = 20 // of one entry: more is a text that wants to be a new entry
)

// Draft is an entry before it is written.
type Draft struct {
	Kind   Kind
	Text   string
	Author string // who says it, which need not be who wrote it down
}

// Entry is a part of a record. It never changes.
type Entry struct {
	ID         EntryID
	PatientID  PatientID
	Kind       Kind
	Text       string // as it was first written
	Author     string
	RecordedBy Actor
	RecordedAt time.Time
	Amendments []Amendment // oldest first
}

// Correction is an amendment before it is written.
type Correction struct {
	Text   string // the whole text as it should have been
	Reason string // may be empty
	Author string
}

// Amendment corrects an entry. It never changes either.
type Amendment struct {
	ID         AmendmentID
	EntryID    EntryID
	Text       string
	Reason     string
	Author     string
	RecordedBy Actor
	RecordedAt time.Time
}

// Write adds an entry to a record. The dead still have letters arriving; the merged have another record.
func (p Patient) Write(id EntryID, draft Draft, by Actor, now time.Time) (Entry, error) {
	var found faults
	switch draft.Kind {
	case Observation, Diagnosis, Medication, Note:
	case "":
		found.add("kind", "is missing")
	default:
		found.add("kind", "is none of observation, diagnosis, medication, note")
	}
	checkText(&found, "text", draft.Text, maxText, true)
	checkText(&found, "author", draft.Author, maxAuthor, false)
	if err := found.err(); err != nil {
		return Entry{}, err
	}
	if err := p.merged(); err != nil {
		return Entry{}, err
	}
	return Entry{
		ID: id, PatientID: p.ID, Kind: draft.Kind, Text: draft.Text, Author: draft.Author,
		RecordedBy: by, RecordedAt: Milliseconds(now),
	}, nil
}

// Amend corrects the entry, and answers it with the amendment as its last. An entry of a record that was merged is amended as a
// part of the record that is kept.
func (e Entry) Amend(id AmendmentID, correction Correction, by Actor, now time.Time) (Entry, error) {
	var found faults
	checkText(&found, "text", correction.Text, maxText, true)
	if correction.Reason != "" {
		checkText(&found, "reason", correction.Reason, maxReason, true)
	}
	checkText(&found, "author", correction.Author, maxAuthor, false)
	if err := found.err(); err != nil {
		return Entry{}, err
	}
	if len(e.Amendments) >= maxAmendments {
		return Entry{}, ErrTooManyChanges
	}
	amendment := Amendment{
		ID: id, EntryID: e.ID, Text: correction.Text, Reason: correction.Reason, Author: correction.Author,
		RecordedBy: by, RecordedAt: Milliseconds(now),
	}
	e.Amendments = append(e.Amendments[:len(e.Amendments):len(e.Amendments)], amendment)
	return e, nil
}

// Current is the text as it stands: that of the last amendment.
func (e Entry) Current() string {
	if n := len(e.Amendments); n > 0 {
		return e.Amendments[n-1].Text
	}
	return e.Text
}
