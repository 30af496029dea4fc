package ownership

import (
	"fmt"
	"strings"
	"time"
)

// dayForms are how files write days, with what comes after the time that each names.
var dayForms = []struct {
	form string
	next func(time.Time) time.Time
}{
	{time.DateOnly, func(t time.Time) time.Time { return t }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
}

// day gives a date without its time of day, as precise as it is written, or "" for
// what is no date.
func day(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "T")
	for _, f := range dayForms {
		if _, err := time.Parse(f.form, text); err == nil {
			return text
		}
	}
	return ""
}

// span reads when an interest begins and ends as half-open days. Of a month or a
// year, the interest begins on the first day and ends after the last: it counts
// rather too long than too short.
func span(from, to string) (first, after string, err error) {
	for _, f := range dayForms {
		if t, err := time.Parse(f.form, day(from)); err == nil {
			first = t.Format(time.DateOnly)
		}
		if t, err := time.Parse(f.form, day(to)); err == nil {
			after = f.next(t).Format(time.DateOnly)
		}
	}
	switch {
	case from != "" && first == "":
		return "", "", fmt.Errorf("%q is not a date", from)
	case to != "" && after == "":
		return "", "", fmt.Errorf("%q is not a date", to)
	case first != "" && after != "" && after < first:
		return "", "", fmt.Errorf("the interest ends on %s, before it begins on %s", to, from)
	}
	return first, after, nil
}
