package rating

import (
	"fmt"
	"slices"
	"time"

	"duly/internal/pack"
	"duly/internal/rule"
)

// dates are the first and the last day of a part of a method; empty: no bound.
type dates struct{ from, to string }

// date notes on which days the rule added last holds, and checks who is said to
// stand behind it.
func (m *Method) date(s Standing, path ...any) error {
	if s.Status != "" && !pack.IsStatus(s.Status) {
		return m.pack.Fault(fmt.Sprintf("%q is not a status", s.Status), "use one of the statuses of a pack", append(path, "status")...)
	}
	if s.Grade != "" && s.Grade != "verified" && s.Grade != "unverified" {
		return m.pack.Fault(fmt.Sprintf("%q is not a grade of a source", s.Grade), "use verified or unverified", append(path, "grade")...)
	}
	if s.From == "" && s.To == "" {
		return nil
	}
	for _, d := range []struct{ key, value string }{{"effective_from", s.From}, {"effective_to", s.To}} {
		if d.value != "" && !isDay(d.value) {
			return m.pack.Fault(fmt.Sprintf("%q is not a date", d.value), "write it as YYYY-MM-DD", append(path, d.key)...)
		}
	}
	if s.To != "" && s.To < s.From {
		return m.pack.Fault("this part ends before it begins", "", append(path, "effective_to")...)
	}
	for len(m.dates) < len(m.rules) {
		m.dates = append(m.dates, dates{})
	}
	m.dates[len(m.rules)-1] = dates{s.From, s.To}
	return nil
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// inForce says whether a rule holds on the sheet's day. Without a day it is not
// known of a part that holds for a time only.
func (s *sheet) inForce(number int) rule.Tri {
	if number >= len(s.m.dates) {
		return rule.True
	}
	switch d := s.m.dates[number]; {
	case d == dates{}:
		return rule.True
	case s.day == "":
		return rule.Unknown
	case s.day < d.from || d.to != "" && s.day > d.to:
		return rule.False
	}
	return rule.True
}

// ChangesBetween says whether a dated part of the method began or ended after one day
// (YYYY-MM-DD) and by another, so that it may rate otherwise on the second.
func (m *Method) ChangesBetween(day, later string) bool {
	return slices.ContainsFunc(m.dates, func(d dates) bool {
		holds := func(on string) bool { return on >= d.from && (d.to == "" || on <= d.to) }
		return holds(day) != holds(later)
	})
}
