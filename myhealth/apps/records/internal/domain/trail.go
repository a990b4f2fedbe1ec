package domain

import "time"

// Action is what somebody did with a record.
type Action string

// The actions, each on one record.
const (
	Created      Action = "patient.created"
	ReadPatient  Action = "patient.read"
	Changed      Action = "patient.changed"
	Deactivated  Action = "patient.deactivated"
	MergedAway   Action = "patient.merged"      // into another
	MergedFrom   Action = "patient.merge-taken" // another into this
	EntryWritten Action = "entry.written"
	EntryRead    Action = "entry.read"
	EntryAmended Action = "entry.amended"
	EntriesRead  Action = "entries.read"
	ConsentsRead Action = "consents.read"
	AccessesRead Action = "accesses.read"
)

// Changes says whether the record is another afterwards; all else only reads it.
func (a Action) Changes() bool {
	switch a {
	case Created, Changed, Deactivated, MergedAway, MergedFrom, EntryWritten, EntryAmended:
		return true
	}
	return false
}

// Access is one line of a record's trail: who did what, when. It never changes.
type Access struct {
	ID        AccessID
	PatientID PatientID
	EntryID   EntryID // of the actions on one entry
	Actor     Actor
	Action    Action
	At        time.Time
}

// Consent is one giving or taking back of the consent to reminders. It never changes.
type Consent struct {
	ID         ConsentID
	PatientID  PatientID
	Reminders  bool
	RecordedBy Actor
	RecordedAt time.Time
}

// ConsentChanged is the line that a change of a patient leaves, or nil where consent stays as it was. A new patient who does not
// consent has said so as well.
func ConsentChanged(before *Patient, after Patient, id ConsentID, by Actor) *Consent {
	if before != nil && before.Reminders == after.Reminders {
		return nil
	}
	return &Consent{ID: id, PatientID: after.ID, Reminders: after.Reminders, RecordedBy: by, RecordedAt: after.UpdatedAt}
}
