package attestation

import (
	"slices"

	"duly/internal/conditions"
	"duly/internal/usage"
)

// said gives what the answers said, whatever telemetry says beside it.
func (o Outcome) said() string {
	if o.Is == NotKept || o.Is == Unknown {
		return o.Is
	}
	return Kept
}

// beside puts what was said of a condition beside what telemetry shows on the same days.
func beside(said, id string, span *usage.Span, set *conditions.Set) Outcome {
	o := Outcome{Condition: id, Is: said, Deviations: span.Deviations[id]}
	judges := slices.ContainsFunc(set.Conditions, func(c *conditions.Condition) bool {
		_, deviation := c.Checked()
		return c.ID == id && deviation && slices.Contains(c.CheckedBy, conditions.Telemetry)
	})
	switch {
	case said != Kept:
	case o.Deviations > 0:
		o.Is = Contradicted
	case judges && span.Whole == span.Days && span.Judged[id] > 0 && span.Unknown[id] == 0:
		o.Is = Agrees
	default:
		o.Is = Promised
	}
	return o
}

// conclude writes outcomes, and how many there are of each, into the attestation.
func (a *Attestation) conclude(outcomes []Outcome, span *usage.Span) {
	n := map[string]int64{}
	a.Outcomes = nil
	for _, o := range outcomes {
		n[o.Is]++
		a.Outcomes = append(a.Outcomes, o.String())
	}
	a.Promised, a.Agrees, a.Contradicted, a.NotKept, a.Unknown = n[Promised], n[Agrees], n[Contradicted], n[NotKept], n[Unknown]
	a.Days, a.Whole = span.Days, span.Whole
}

// States of a condition in a deployment, from the gravest.
const (
	StateContradicted = "contradicted" // said to be kept, and telemetry shows that it was not
	StateNotKept      = "not_kept"     // said not to be kept
	StateOverdue      = "overdue"      // asked, and nobody answered in time
	StateChecked      = "checked"      // telemetry judged calls under it
	StateAttested     = "attested"     // said to be kept: promised
	StateNobody       = "nobody"       // neither checked nor attested
)

// Known is what is on record of one condition in one deployment.
type Known struct {
	CheckedBy []string // by what it can be checked, as the condition says
	Judged    int64    // calls under it of which telemetry told whether it was kept
	Answers   []Given  // attestations about it, in the order in which they came
	Due       string   // of the earliest request about it that is open; empty: none
}

// Given is one attestation about one condition.
type Given struct {
	Outcome
	Role     string // of who answered
	Received string
}

// Standing is what can be said of one condition in one deployment. Of none it is said
// that it is kept.
type Standing struct {
	State    string `json:"state"`
	Role     string `json:"role,omitempty"`     // of who answered, where somebody did
	Received string `json:"received,omitempty"` // when
	Due      string `json:"due,omitempty"`      // of an open request
}

// Stand says where a condition stands on a day. The last answer counts; what is overdue
// outweighs it, and so does telemetry, which is no promise.
func (k Known) Stand(today string) Standing {
	s := Standing{State: StateNobody, Due: k.Due}
	is := ""
	if n := len(k.Answers); n > 0 {
		last := k.Answers[n-1]
		s.Role, s.Received, is = last.Role, last.Received, last.Is
	}
	switch {
	case is == Contradicted:
		s.State = StateContradicted
	case is == NotKept:
		s.State = StateNotKept
	case k.Due != "" && today > k.Due:
		s.State = StateOverdue
	case k.Judged > 0 && slices.Contains(k.CheckedBy, conditions.Telemetry):
		s.State = StateChecked
	case is == Promised || is == Agrees:
		s.State = StateAttested
	}
	return s
}
