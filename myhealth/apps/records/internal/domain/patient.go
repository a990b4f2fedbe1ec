package domain

import (
	"strings"
	"time"
)

// Status is whether a patient can be treated.
type Status string

// A patient is active, has died, has moved away, or was merged into another.
const (
	Active   Status = "active"
	Deceased Status = "deceased"
	Moved    Status = "moved"
	Merged   Status = "merged"
)

// Contact is how a patient can be reached; either may be empty.
type Contact struct {
	Email string // name@host
	Phone string // E.164: +49301234567
}

// Details are what is known of a patient, and may change.
type Details struct {
	Name        string
	DateOfBirth Date
	Contact     Contact
	Reminders   bool // has consented to reminders
}

// Patient is a record without its entries.
type Patient struct {
	ID PatientID
	Details
	Status     Status
	MergedInto PatientID // only of a merged one; it is not itself merged
	Version    int64     // grows by one with each change, from 1
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

const (
	maxName  = 200
	maxEmail = 254 // RFC 5321
	earliest = 1880
)

// NewPatient begins a record.
func NewPatient(id PatientID, details Details, now time.Time) (Patient, error) {
	details, err := details.checked(now)
	if err != nil {
		return Patient{}, err
	}
	now = Milliseconds(now)
	return Patient{ID: id, Details: details, Status: Active, Version: 1, CreatedAt: now, UpdatedAt: now}, nil
}

// checked are the details without space around them, if they can be.
func (d Details) checked(now time.Time) (Details, error) {
	d.Name = strings.TrimSpace(d.Name)
	d.Contact.Email = strings.TrimSpace(d.Contact.Email)
	d.Contact.Phone = strings.TrimSpace(d.Contact.Phone)
	var found faults
	checkText(&found, "name", d.Name, maxName, false)
	switch {
	case d.DateOfBirth == Date{}:
		found.add("dateOfBirth", "is missing")
	case d.DateOfBirth == NotADate:
		found.add("dateOfBirth", "is not a date, YYYY-MM-DD")
	case d.DateOfBirth.Year < earliest:
		found.add("dateOfBirth", "is too long ago")
	case d.DateOfBirth.start().After(now.Add(14 * time.Hour)): // the day has begun nowhere on earth
		found.add("dateOfBirth", "is in the future")
	}
	if d.Contact.Email != "" && !plausibleEmail(d.Contact.Email) {
		found.add("contact/email", "is not an address, name@host")
	}
	if d.Contact.Phone != "" && !plausiblePhone(d.Contact.Phone) {
		found.add("contact/phone", "is not a number in international form, +49301234567")
	}
	return d, found.err()
}

// plausibleEmail refuses what no address is; only sending to it tells more.
func plausibleEmail(text string) bool {
	name, host, found := strings.Cut(text, "@")
	if !found || name == "" || host == "" || len(text) > maxEmail || strings.Contains(host, "@") {
		return false
	}
	for _, c := range text {
		if c <= ' ' || c == 0x7f || strings.ContainsRune(`"(),:;<>[\]`, c) {
			return false
		}
	}
	return !strings.HasPrefix(host, ".") && !strings.HasSuffix(host, ".") && !strings.Contains(host, "..")
}

func plausiblePhone(text string) bool {
	digits, plus := strings.CutPrefix(text, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// merged says what the patient was merged into.
func (p Patient) merged() error {
	if p.Status == Merged {
		return ErrMerged{p.MergedInto}
	}
	return nil
}

// Change corrects the details.
func (p Patient) Change(details Details, now time.Time) (Patient, error) {
	if err := p.merged(); err != nil {
		return Patient{}, err
	}
	details, err := details.checked(now)
	if err != nil {
		return Patient{}, err
	}
	p.Details = details
	return p.next(now), nil
}

// Deactivate records that the patient has died or moved away. The same again changes nothing; the dead do not move.
func (p Patient) Deactivate(reason Status, now time.Time) (Patient, error) {
	if err := p.merged(); err != nil {
		return Patient{}, err
	}
	switch {
	case reason != Deceased && reason != Moved:
		return Patient{}, Invalid{{"reason", "is neither deceased nor moved"}}
	case p.Status == reason:
		return p, nil
	case p.Status == Deceased:
		return Patient{}, ErrDeceased
	}
	p.Status = reason
	return p.next(now), nil
}

// MergeInto records that p is the same person as into, whose record is to be kept. The same again changes nothing. Into must not
// itself be merged; whoever was merged into p is to Follow it.
func (p Patient) MergeInto(into Patient, now time.Time) (Patient, error) {
	switch {
	case p.ID == into.ID:
		return Patient{}, ErrIntoItself
	case p.Status == Merged && p.MergedInto == into.ID:
		return p, nil
	case p.Status == Merged:
		return Patient{}, ErrMerged{p.MergedInto}
	case into.Status == Merged:
		return Patient{}, ErrTargetMerged{into.MergedInto}
	}
	p.Status, p.MergedInto = Merged, into.ID
	return p.next(now), nil
}

// Follow points a record that was merged into one which is now merged itself to where that one goes.
func (p Patient) Follow(away Patient, now time.Time) Patient {
	p.MergedInto = away.MergedInto
	return p.next(now)
}

// Standing is what other services may know: whether, not what.
type Standing struct {
	Active     bool
	Reminders  bool // never of one who is not active
	MergedInto PatientID
}

// Standing of the patient.
func (p Patient) Standing() Standing {
	active := p.Status == Active
	return Standing{Active: active, Reminders: active && p.Reminders, MergedInto: p.MergedInto}
}

func (p Patient) next(now time.Time) Patient {
	p.Version++
	p.UpdatedAt = Milliseconds(now)
	return p
}
