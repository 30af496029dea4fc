package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLaterIsBetween protects every clock of the program: to go some days on and to count
// them agree, over ends of months and leap days.
func TestLaterIsBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(rapid.IntRange(1600, 2400).Draw(t, "year"), 1, rapid.IntRange(1, 366).Draw(t, "day"), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		n := rapid.IntRange(-100_000, 100_000).Draw(t, "days")
		last := Later(first, n)
		if Between(first, last) != n || Between(last, first) != -n || Later(last, -n) != first {
			t.Errorf("%s and %d days is %s", first, n, last)
		}
	})
}

func TestDaysAreCounted(t *testing.T) {
	for _, c := range []struct {
		from, to string
		days     int
	}{{"2024-02-28", "2024-03-01", 2}, {"2026-02-28", "2026-03-01", 1}, {"2026-01-01", "2025-12-31", -1}, {"", "2026-01-01", 0}, {"2026-01-01", "2026-02-30", 0}} {
		if got := Between(c.from, c.to); got != c.days {
			t.Errorf("%s to %s: %d", c.from, c.to, got)
		}
	}
	if got := Later("soon", 1); got != "" {
		t.Errorf("a day after what is none: %s", got)
	}
}
