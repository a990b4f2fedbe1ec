// Package domain knows working days: how many days of a range are neither Saturday nor Sunday.
//
// It is a place to begin: replace it with what your service knows. It stays pure: no transport, no storage, no clock.
package domain

import (
	"fmt"
	"time"
)

// Longest is the longest range, in days: a hundred years.
const Longest = 36_525

// A Range of days, both counted. Times of day are not looked at.
type Range struct {
	From, To time.Time
}

// A BackwardsError tells that a range ends before it begins.
type BackwardsError struct{ Range }

func (e BackwardsError) Error() string {
	return fmt.Sprintf("the range ends on %s, before it begins on %s", e.To.Format(time.DateOnly), e.From.Format(time.DateOnly))
}

// A TooLongError tells that a range has more days than are counted.
type TooLongError struct{ Days int64 }

func (e TooLongError) Error() string {
	return fmt.Sprintf("the range has %d days; at most %d are counted", e.Days, Longest)
}

// WorkingDays is the number of days of the range that are neither Saturday nor Sunday. Its error is a BackwardsError or a
// TooLongError.
func (r Range) WorkingDays() (int, error) {
	days := dayNumber(r.To) - dayNumber(r.From) + 1
	if days < 1 {
		return 0, BackwardsError{r}
	}
	if days > Longest {
		return 0, TooLongError{days}
	}
	// Whole weeks have five; what is left is at most six days.
	count := int(days / 7 * 5)
	for day := range int(days % 7) {
		if works((r.From.Weekday() + time.Weekday(day)) % 7) {
			count++
		}
	}
	return count, nil
}

// dayNumber counts days from 1970.
func dayNumber(day time.Time) int64 {
	year, month, date := day.Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}

func works(day time.Weekday) bool { return day != time.Saturday && day != time.Sunday }
