package domain

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Ids are UUIDs in their canonical text; new ones are of version 7, so that they sort by time.
type (
	PatientID   string
	EntryID     string
	AmendmentID string
	AccessID    string
	ConsentID   string
)

var errNotID = errors.New("is not a UUID in lower case")

// ParseID reads an id of any kind.
func ParseID[ID ~string](text string) (ID, error) {
	if len(text) != 36 {
		return "", errNotID
	}
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return "", errNotID
	}
	return ID(text), nil
}

// Actor is who acts: the subject of the token that the mesh verified.
type Actor string

// ParseActor reads an actor: 1 to 200 visible ASCII characters.
func ParseActor(text string) (Actor, error) {
	if text == "" || len(text) > 200 {
		return "", errors.New("has 1 to 200 characters")
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return "", errors.New("has visible ASCII characters only")
		}
	}
	return Actor(text), nil
}

// Date is a day of the calendar, wherever the patient is.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NotADate is what a text that is no date is read as, for a rule to refuse it with whatever else is wrong.
var NotADate = Date{Day: -1}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return NotADate, errors.New("is not a date, YYYY-MM-DD")
	}
	year, month, of := day.Date()
	return Date{year, month, of}, nil
}

func (d Date) String() string { return d.start().Format(time.DateOnly) }

func (d Date) start() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// checkText wants 1 to most characters, of them one that shows, and no control characters but, in prose, tabs and line ends.
func checkText(found *faults, field, text string, most int, prose bool) {
	switch {
	case strings.TrimSpace(text) == "":
		found.add(field, "is missing")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool {
		return unicode.IsControl(c) && !(prose && (c == '\n' || c == '\r' || c == '\t')) || c == utf8.RuneError
	}):
		found.add(field, "has characters that are not text")
	case utf8.RuneCountInString(text) > most:
		found.add(field, "is too long")
	}
}

// Milliseconds is a time as it is stored and told: cut to milliseconds, in UTC.
func Milliseconds(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }
