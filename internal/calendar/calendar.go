// Package calendar counts in days that are written YYYY-MM-DD, as records hold them.
//
// Days come from clocks and from records that were checked. Of what is no day nothing is
// counted; whoever reads input checks it first.
package calendar

import "time"

// Later gives the day that lies so many days after another, or before it where n is below
// zero; "" where it is no day.
func Later(day string, n int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, n).Format(time.DateOnly)
}

// Between counts the days from one day to another, below zero where the second comes
// first; 0 where either is no day.
func Between(from, to string) int {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	if errA != nil || errB != nil {
		return 0
	}
	return int(b.Sub(a) / (24 * time.Hour))
}
