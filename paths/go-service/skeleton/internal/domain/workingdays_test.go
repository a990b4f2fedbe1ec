package domain_test

import (
	"errors"
	"testing"
	"testing/quick"
	"time"

	"git.myhealth.example/${{ values.team }}/${{ values.name }}/internal/domain"
)

var epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// The count is that of the calendar, day by day.
func TestTheCountIsTheCalendars(t *testing.T) {
	matches := func(start, length uint16) bool {
		from := epoch.AddDate(0, 0, int(start))
		to := from.AddDate(0, 0, int(length%1000))
		want := 0
		for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
			if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
				want++
			}
		}
		got, err := domain.Range{From: from, To: to}.WorkingDays()
		return err == nil && got == want
	}
	if err := quick.Check(matches, nil); err != nil {
		t.Error(err)
	}
}

func TestARangeIsRefusedThatIsBackwardsOrEndless(t *testing.T) {
	_, err := domain.Range{From: epoch.AddDate(0, 0, 1), To: epoch}.WorkingDays()
	if backwards := (domain.BackwardsError{}); !errors.As(err, &backwards) {
		t.Errorf("backwards: %v", err)
	}
	_, err = domain.Range{From: epoch, To: epoch.AddDate(0, 0, domain.Longest)}.WorkingDays()
	if long := (domain.TooLongError{}); !errors.As(err, &long) || long.Days != domain.Longest+1 {
		t.Errorf("too long: %v", err)
	}
}
