package conditions

import (
	"slices"
	"strings"
)

// Change is one thing that a version of a condition says otherwise than the one before.
type Change struct {
	What   string `json:"what"`
	Before string `json:"before"` // empty: said nothing
	After  string `json:"after"`
}

// Changes lists what a version says otherwise than the one before it, in a fixed order.
// Days, the source and the rules are left out: the first two always change, and rules
// are shown with each version.
func Changes(before, after *Condition) []Change {
	out := []Change{}
	for _, q := range []struct{ what, before, after string }{
		{"id", before.ID, after.ID},
		{"title", before.Title, after.Title},
		{"what is asked", before.Text, after.Text},
		{"status", string(before.Status), string(after.Status)},
		{"clause that makes it binding", before.IncorporatedBy, after.IncorporatedBy},
		{"whom it is for", before.Scope.String(), after.Scope.String()},
		{"enforcement", before.Enforcement, after.Enforcement},
		{"what checks it", strings.Join(before.CheckedBy, ", "), strings.Join(after.CheckedBy, ", ")},
		{"what the check cannot show", before.NotSeen, after.NotSeen},
		{"severity", before.Severity, after.Severity},
	} {
		if q.before != q.after {
			out = append(out, Change{q.what, q.before, q.after})
		}
	}
	return out
}

// String says for whom the scope is, in words.
func (s Scope) String() string {
	var parts []string
	for _, q := range []struct {
		name string
		list []string
	}{{"sectors", s.Sectors}, {"capabilities", s.Capabilities}, {"purposes", s.Purposes}, {"jurisdictions", s.Jurisdictions}, {"not for", s.Exempt}} {
		if len(q.list) > 0 {
			parts = append(parts, q.name+" "+strings.ReplaceAll(strings.Join(q.list, ", "), "_", " "))
		}
	}
	if len(parts) == 0 {
		return "everybody"
	}
	return strings.Join(parts, "; ")
}

// Rules gives the rules by which telemetry is judged, as they were written; "" for none.
func (c *Condition) Rules() (events, deviation string) {
	if c.events != nil {
		events = strings.Join(strings.Fields(c.events.Text()), " ")
	}
	if c.deviation != nil {
		deviation = strings.Join(strings.Fields(c.deviation.Text()), " ")
	}
	return events, deviation
}

// Lines groups the conditions of a set by what they go back to: all versions of one, and
// of those whose place it took, from the earliest day on. Groups are ordered by the id of
// their newest version.
func (s *Set) Lines() [][]*Condition {
	byOrigin := map[string][]*Condition{}
	for _, c := range s.Conditions {
		origin := c.Line[len(c.Line)-1]
		byOrigin[origin] = append(byOrigin[origin], c)
	}
	var out [][]*Condition
	for _, line := range byOrigin {
		slices.SortStableFunc(line, func(a, b *Condition) int { return strings.Compare(a.From, b.From) })
		out = append(out, line)
	}
	newest := func(line []*Condition) string { return line[len(line)-1].ID }
	slices.SortFunc(out, func(a, b []*Condition) int { return strings.Compare(newest(a), newest(b)) })
	return out
}
