package triage

import (
	"slices"
	"strings"

	"duly/internal/rule"
)

// Lane is where an account goes.
type Lane string

// The lanes, the strictest first.
const (
	Stop   Lane = "STOP"   // nothing goes on until a person with the power to do so lifts it
	Person Lane = "PERSON" // an analyst opens an assessment
	Desk   Lane = "DESK"   // an analyst looks at the papers
	Auto   Lane = "AUTO"   // nobody looks; not the same as low risk
)

// rank grows with strictness; it is negative for what is no lane.
func (l Lane) rank() int { return slices.Index([]Lane{Auto, Desk, Person, Stop}, l) }

// Reason is one rule that speaks for the lane, or for a laxer one.
type Reason struct {
	Rule string
	Text string // a plain sentence
	// Unknown names the variables because of which the rule cannot be ruled out,
	// sorted; empty when the rule fired on what is known.
	Unknown []string
}

// What stands around a reason's text when the rule is not ruled out.
const (
	notRuledOut = "Not ruled out: "
	notKnown    = " Not known: "
)

// String gives the reason as a Triage record holds it.
func (r Reason) String() string {
	if len(r.Unknown) == 0 {
		return r.Rule + ": " + r.Text
	}
	return r.Rule + ": " + notRuledOut + r.Text + notKnown + strings.Join(r.Unknown, ", ") + "."
}

// ParseReason reads what String wrote.
func ParseReason(s string) Reason {
	var r Reason
	r.Rule, r.Text, _ = strings.Cut(s, ": ")
	text, open := strings.CutPrefix(r.Text, notRuledOut)
	if at := strings.LastIndex(text, notKnown); open && at >= 0 {
		r.Text, r.Unknown = text[:at], strings.Split(strings.TrimSuffix(text[at+len(notKnown):], "."), ", ")
	}
	return r
}

// Verdict is the lane of an account and why. ByDefault says that no rule spoke and
// that the account is on a DESK for that; there are then no reasons.
type Verdict struct {
	Lane      Lane
	Reasons   []Reason // strictest first
	ByDefault bool
}

// Lane sorts an account. The strictest lane that any rule calls for wins. A rule
// that cannot be decided calls for the lane that it names for that case, never
// less than DESK. A rule that fails on the account's values counts as undecided.
// The cost is one evaluation for each term and rule of the pack.
func (r *Rules) Lane(a Account) Verdict {
	v := r.read(&a)
	type call struct {
		lane   Lane
		reason Reason
	}
	var calls []call
	for i := range r.rules {
		l := &r.rules[i]
		answer, unknown := v.eval(l.rule)
		switch {
		case answer == rule.True:
			calls = append(calls, call{l.Lane, Reason{Rule: l.ID, Text: l.Text}})
		case answer == rule.Unknown && l.Lane != Auto && v.matters(l):
			calls = append(calls, call{l.Unknown, Reason{l.ID, l.Text, unknown}})
		}
	}
	if len(calls) == 0 {
		return Verdict{Lane: Desk, ByDefault: true}
	}
	slices.SortStableFunc(calls, func(a, b call) int { return b.lane.rank() - a.lane.rank() })
	out := Verdict{Lane: calls[0].lane}
	for _, c := range calls {
		if c.lane != Auto || out.Lane == Auto { // why it could have been AUTO explains nothing else
			out.Reasons = append(out.Reasons, c.reason)
		}
	}
	return out
}

// view is one account as expressions read it: its variables, and the terms worked
// out so far.
type view struct {
	rules   *Rules
	account *Account
	terms   map[string]answered
}

type answered struct {
	answer  rule.Tri
	unknown []string
}

func (r *Rules) read(a *Account) *view {
	v := &view{rules: r, account: a, terms: make(map[string]answered, len(r.terms))}
	for i := range r.terms {
		answer, unknown := v.eval(r.terms[i].rule)
		v.terms[r.terms[i].ID] = answered{answer, unknown}
	}
	return v
}

func (v *view) lookup(name string) (any, bool) {
	if t, ok := v.terms[name]; ok {
		return t.answer == rule.True, t.answer != rule.Unknown
	}
	return variables[name].get(v.account, v.rules.countries)
}

// eval gives the answer and the variables behind an unknown one, with terms
// replaced by what they read.
func (v *view) eval(r *rule.Rule) (rule.Tri, []string) {
	answer, names, err := r.EvalUnknowns(v.lookup)
	if err != nil {
		return rule.Unknown, r.Vars()
	}
	if answer != rule.Unknown {
		return answer, nil
	}
	var unknown []string
	for _, name := range names {
		if t, ok := v.terms[name]; ok {
			unknown = append(unknown, t.unknown...)
		} else {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return answer, slices.Compact(unknown)
}

func (v *view) matters(l *ruleBody) bool {
	if l.matters == nil {
		return true
	}
	answer, _ := v.eval(l.matters)
	return answer != rule.False
}
