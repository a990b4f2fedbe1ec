package domain_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
)

var now = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

func details(name string) domain.Details {
	return domain.Details{Name: name, DateOfBirth: domain.Date{Year: 1980, Month: 2, Day: 29}, Reminders: true}
}

func patient(t *testing.T, id string) domain.Patient {
	t.Helper()
	made, err := domain.NewPatient(domain.PatientID(id), details("A Patient"), now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestEveryFaultOfAPatientIsToldAtOnce(t *testing.T) {
	wrong := domain.Details{
		Name: "  ", DateOfBirth: domain.Date{Year: 2027, Month: 1, Day: 1},
		Contact: domain.Contact{Email: "nobody", Phone: "030 1234"},
	}
	_, err := domain.NewPatient("p", wrong, now)
	var invalid domain.Invalid
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	told := []string{}
	for _, fault := range invalid {
		told = append(told, fault.Field)
	}
	if got := strings.Join(told, " "); got != "name dateOfBirth contact/email contact/phone" {
		t.Errorf("told of %s", got)
	}
}

func TestTheDeadDoNotMove(t *testing.T) {
	dead, err := patient(t, "p").Deactivate(domain.Deceased, now)
	if err != nil || dead.Version != 2 || dead.Standing().Active || dead.Standing().Reminders {
		t.Fatalf("%+v %v", dead, err)
	}
	if again, err := dead.Deactivate(domain.Deceased, now); err != nil || again.Version != 2 {
		t.Errorf("the same again changes nothing: %+v %v", again, err)
	}
	if _, err := dead.Deactivate(domain.Moved, now); !errors.Is(err, domain.ErrDeceased) {
		t.Error(err)
	}
	if _, err := dead.Deactivate("asleep", now); err == nil {
		t.Error("a reason that is none is taken")
	}
}

// Whatever is merged into whatever, in any order: following leads, in one step, to a record that is not merged.
func TestMergingNeverCycles(t *testing.T) {
	check := func(seed uint64) bool {
		random := rand.New(rand.NewPCG(seed, 0))
		all := map[domain.PatientID]domain.Patient{}
		for n := range 8 {
			id := domain.PatientID(fmt.Sprint(n))
			all[id] = patient(t, string(id))
		}
		for range 40 {
			from, into := all[domain.PatientID(fmt.Sprint(random.IntN(8)))], all[domain.PatientID(fmt.Sprint(random.IntN(8)))]
			merged, err := from.MergeInto(into, now)
			if err != nil {
				continue
			}
			all[merged.ID] = merged
			for id, other := range all {
				if other.MergedInto == merged.ID {
					all[id] = other.Follow(merged, now)
				}
			}
		}
		for _, each := range all {
			if each.Status == domain.Merged && all[each.MergedInto].Status == domain.Merged {
				return false
			}
		}
		return true
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

// However often an entry is amended, what was written stays, and the last amendment counts.
func TestAmendmentsNeverChangeWhatWasWritten(t *testing.T) {
	check := func(texts []string) bool {
		entry, err := patient(t, "p").Write("e", domain.Draft{Kind: domain.Note, Text: "as first written", Author: "dr-7"}, "clinician/dr-7", now)
		if err != nil {
			return false
		}
		before, want := entry, "as first written"
		for n, text := range texts {
			amended, err := entry.Amend(domain.AmendmentID(fmt.Sprint(n)), domain.Correction{Text: text, Author: "dr-7"}, "clinician/dr-7", now)
			if err != nil {
				continue // a text that is none, or one too many
			}
			if len(amended.Amendments) != len(entry.Amendments)+1 {
				return false
			}
			entry, want = amended, text
		}
		return entry.Text == before.Text && entry.RecordedAt.Equal(before.RecordedAt) && entry.Current() == want && len(before.Amendments) == 0
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func TestIDsAndActorsAreReadStrictly(t *testing.T) {
	for text, good := range map[string]bool{
		"0190d6a3-0000-7000-8000-000000000001": true,
		"0190D6A3-0000-7000-8000-000000000001": false,
		"0190d6a300007000800000000000000001":   false,
		"":                                     false,
		"../../etc/passwd":                     false,
	} {
		if _, err := domain.ParseID[domain.PatientID](text); (err == nil) != good {
			t.Errorf("id %q: %v", text, err)
		}
	}
	for text, good := range map[string]bool{"clinician/dr-7": true, "": false, "a\nb": false, strings.Repeat("a", 1000): false} {
		if _, err := domain.ParseActor(text); (err == nil) != good {
			t.Errorf("actor %q: %v", text, err)
		}
	}
	for text, good := range map[string]bool{"1980-02-29": true, "1981-02-29": false, "80-2-29": false, "1980-02-29T00:00:00Z": false} {
		if _, err := domain.ParseDate(text); (err == nil) != good {
			t.Errorf("date %q: %v", text, err)
		}
	}
}
