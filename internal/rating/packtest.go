package rating

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rule"
)

// RunTests runs the tests that a method pack holds: every indicator, hard stop,
// prohibited use and requirement raised, clear and unknown in each way given, with
// the weight or the decision that follows, and out of force where it is dated; which
// facts keep a rating pending; the tables of severity, matrix and controls; which
// control each indicator needs; when harm counts as actual; compliance beside impact;
// every case by its facts and by its indicators. What has no test fails. It is the
// [pack.Runner] of methods.
func RunTests(p *pack.Pack) []pack.TestResult {
	m, err := Load(p)
	if err != nil {
		result := pack.TestResult{Name: "load", Detail: err.Error(), Line: 1}
		var f *fault.Error
		if errors.As(err, &f) {
			result.Line = max(f.Line, 1)
		}
		return []pack.TestResult{result}
	}
	t := tests{m: m}
	t.baseline()
	t.rules()
	t.needed()
	t.tables()
	t.necessary()
	t.answers("actual_when", t.m.at.actual, t.m.body.Tests.Actual, func(r *Rating) rule.Tri { return r.Actual })
	t.answers("second_scorer", t.m.at.second, t.m.body.Tests.Second, func(r *Rating) rule.Tri { return r.SecondBy.State })
	t.compliance()
	t.participation()
	for i := range m.body.Tests.Cases {
		c := &m.body.Tests.Cases[i]
		t.add("case "+c.ID+" by its facts", t.byFacts(c), "cases", i)
		t.add("case "+c.ID+" by its indicators", t.byIndicators(c), "cases", i)
	}
	return t.results
}

type tests struct {
	m       *Method
	results []pack.TestResult
}

func (t *tests) add(name, detail string, path ...any) {
	line := t.m.pack.Line(append([]any{"tests"}, path...)...)
	t.results = append(t.results, pack.TestResult{Name: name, OK: detail == "", Detail: detail, Line: line})
}

// inputs gives the baseline with some facts changed; null makes one unknown.
func (t *tests) inputs(over map[string]any) Inputs {
	in := Inputs{}
	for _, facts := range []map[string]any{t.m.body.Tests.Baseline, over} {
		for id, v := range facts {
			in[id] = Value{V: plain(v), Reason: "left open by the test"}
		}
	}
	return in
}

// plain turns a list as YAML gives it into a list of texts.
func plain(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = fmt.Sprint(item)
	}
	return out
}

// rate applies the method to the baseline with some facts changed, on the day of the
// tests where no other is given.
func (t *tests) rate(day string, over map[string]any) (Rating, error) {
	return t.m.RateOn(cmp.Or(day, t.m.body.Tests.Day), t.inputs(over))
}

func (t *tests) baseline() {
	r, err := t.rate("", nil)
	var bad []string
	switch {
	case err != nil:
		bad = []string{err.Error()}
	case r.Known != r.Total:
		bad = []string{fmt.Sprintf("%d of %d facts are given", r.Known, r.Total)}
	default:
		for _, x := range slices.Concat(r.Indicators, r.Stops, r.Uses) {
			if x.State != rule.False {
				bad = append(bad, x.ID+" is "+x.State.String())
			}
		}
		for _, id := range r.Unmet {
			bad = append(bad, id+" is not met")
		}
	}
	t.add("baseline raises nothing", strings.Join(bad, ", "), "baseline")
}

// ruleStates is the test of one rule: sets of facts by the state they lead to.
type ruleStates struct {
	id      string
	day     string
	dormant []string
	ways    []way
	raised  func(*Rating) string // what else must hold once it is raised
}

type way struct {
	key   string
	state rule.Tri
	sets  []map[string]any
}

func (t *tests) rules() {
	b := &t.m.body
	var indicators, stops, requirements, uses []ruleStates
	for _, x := range b.Tests.Indicators {
		indicators = append(indicators, x.states(func(r *Rating) string { return differ("adds", added(r, x.Adds), x.Adds) }))
	}
	for _, x := range b.Tests.Stops {
		stops = append(stops, x.states(func(r *Rating) string { return differ("decision", r.Decision, x.Decision) }))
	}
	for _, x := range b.Tests.Complete {
		requirements = append(requirements, ruleStates{id: x.ID, ways: []way{
			{"met", rule.True, x.Met}, {"unmet", rule.False, x.Unmet}, {"unknown", rule.Unknown, x.Unknown},
		}, raised: func(*Rating) string { return "" }})
	}
	for _, x := range b.Tests.Uses {
		uses = append(uses, x.states(func(r *Rating) string { return differ("decision", r.Decision, x.Decision) }))
	}
	first := 0
	for _, g := range []struct {
		name  string
		count int
		tests []ruleStates
	}{
		{"indicators", len(b.Indicators), indicators}, {"hard_stops", len(b.Stops), stops},
		{"complete_when", len(b.Complete), requirements}, {"prohibited_uses", len(b.Uses), uses},
	} {
		t.group(g.name, t.m.readings[first:first+g.count], first, g.tests)
		first += g.count
	}
}

func (x *ruleTest) states(raised func(*Rating) string) ruleStates {
	return ruleStates{x.ID, x.Day, x.Dormant, []way{
		{"raised", rule.True, x.Raised}, {"clear", rule.False, x.Clear}, {"unknown", rule.Unknown, x.Unknown},
	}, raised}
}

// added gives the weights of the families named.
func added(r *Rating, named map[string]int) map[string]int {
	out := map[string]int{}
	for _, f := range r.Families {
		if _, ok := named[f.ID]; ok {
			out[f.ID] = f.Best
		}
	}
	return out
}

// group tests rules of one kind, the first of which has the running number first.
func (t *tests) group(name string, rules []Reading, first int, list []ruleStates) {
	tested := map[string]bool{}
	for i, x := range list {
		at := slices.IndexFunc(rules, func(r Reading) bool { return r.ID == x.id })
		if at < 0 || tested[x.id] {
			t.add(x.id, "there is no such rule, or it is tested twice", name, i)
			continue
		}
		tested[x.id] = true
		for _, w := range x.ways {
			if len(w.sets) == 0 {
				t.add(x.id+" "+w.key, t.untested(x.id, w.state), name, i, w.key)
			}
			for j, facts := range w.sets {
				t.add(fmt.Sprintf("%s %s %d", x.id, w.key, j+1), t.state(first+at, x.day, facts, w.state, x.raised), name, i, w.key, j)
			}
		}
		t.dormant(name, i, first+at, &x)
	}
	for _, r := range rules {
		if !tested[r.ID] {
			t.add(r.ID, "it has no test", name)
		}
	}
}

// untested says that a way has no test, and what only a test could have shown.
func (t *tests) untested(id string, state rule.Tri) string {
	if state == rule.True && slices.Contains(t.m.undecided, id) {
		return "it has no test, and its expression does not tell whether any facts make it true"
	}
	return "it has no test"
}

// dormant tries what raises a dated rule on days on which it does not hold.
func (t *tests) dormant(name string, i, number int, x *ruleStates) {
	dated := number < len(t.m.dates) && t.m.dates[number] != dates{}
	if dated != (len(x.dormant) > 0) {
		t.add(x.id+" dormant_on", "days on which it does not hold belong to what is dated, and to nothing else", name, i)
	}
	for j, day := range x.dormant {
		for _, facts := range x.ways[0].sets {
			t.add(x.id+" dormant "+day, t.state(number, day, facts, rule.False, x.raised), name, i, "dormant_on", j)
		}
	}
}

func (t *tests) state(number int, day string, facts map[string]any, want rule.Tri, raised func(*Rating) string) string {
	r, err := t.rate(day, facts)
	if err != nil {
		return err.Error()
	}
	detail := differ("state", slices.Concat(r.Indicators, r.Stops, r.Requirements, r.Uses)[number].State, want)
	if want == rule.True {
		detail = join(detail, raised(&r))
	}
	return detail
}

// needed leaves each fact open in turn.
func (t *tests) needed() {
	var pending []string
	for _, f := range t.m.facts {
		r, err := t.rate("", map[string]any{f.ID: nil})
		if err != nil {
			t.add("needed facts", err.Error(), "needed")
			return
		}
		if r.Pending {
			pending = append(pending, f.ID)
		}
	}
	slices.Sort(pending)
	want := slices.Sorted(slices.Values(t.m.body.Tests.Needed))
	t.add("needed facts", differ("pending without", pending, want), "needed")
}

func (t *tests) tables() {
	b := &t.m.body.Tests
	for i, x := range b.Severity {
		got := t.m.severity(x.Sev[0], x.Sev[1], x.Sev[2])
		t.add(fmt.Sprintf("severity %v", x.Sev), differ("S", got, x.Expect), "severity", i)
	}
	for i, x := range b.Controls {
		got := t.m.credit(x.Required, x.Operating, x.Technical, x.Audited)
		t.add(fmt.Sprintf("controls %d", i+1), differ("credit", got, x.Expect), "controls", i)
	}
	if len(b.Severity) == 0 || len(b.Controls) == 0 {
		t.add("severity and controls", "one of them has no test")
	}
	for s := 1; s <= 5; s++ {
		for l := 1; l <= 5; l++ {
			var want []string
			for _, band := range slices.Sorted(maps.Keys(b.Matrix)) {
				if slices.Contains(b.Matrix[band], [2]int{s, l}) {
					want = append(want, band)
				}
			}
			t.add(fmt.Sprintf("matrix S%d L%d", s, l), differ("band", []string{t.m.matrix[s][l].String()}, want), "matrix")
		}
	}
}

func (t *tests) byFacts(c *caseTest) string {
	r, err := t.rate(c.Day, c.Facts)
	if err != nil {
		return err.Error()
	}
	more := ""
	if c.Expect.Participation != nil {
		more = differ("participation", r.Participation, c.Expect.Participation)
	}
	if c.Expect.Lacking != nil {
		more = join(more, differ("lacking", r.Controls.Lacking, c.Expect.Lacking))
	}
	raised := []string{}
	for _, x := range r.Indicators {
		switch x.State {
		case rule.True:
			raised = append(raised, x.ID)
		case rule.Unknown:
			raised = append(raised, x.ID+" (unknown)")
		}
	}
	want := slices.Sorted(slices.Values(c.Raises))
	slices.Sort(raised)
	return join(more, differ("raised", raised, want), compare(&c.Expect, Result{
		S: r.Worst.S, L: r.Worst.L, Inherent: r.Worst.Inherent, Ctrl: r.Controls.Credit, LR: r.Worst.LR,
		Residual: r.Worst.Residual, Tier: r.Tier, HS: r.HardStops, Decision: r.Decision, Review: r.Review,
	}))
}

func (t *tests) byIndicators(c *caseTest) string {
	r, err := t.m.RateCase(Case{
		ID: c.ID, Title: c.Title, Sev: c.Sev, Ind: c.Raises, Ctrl: c.Expect.Ctrl,
		Actual: c.Actual, Existing: c.Existing, Incomplete: c.Incomplete, HS: c.Expect.Stops,
	})
	if err != nil {
		return err.Error()
	}
	return compare(&c.Expect, r)
}

func compare(want *expectBody, got Result) string {
	return join(
		differ("S", got.S, want.S), differ("L", got.L, want.L), differ("inherent", got.Inherent, want.Inherent),
		differ("ctrl", got.Ctrl, want.Ctrl), differ("LR", got.LR, want.LR), differ("residual", got.Residual, want.Residual),
		differ("tier", got.Tier, want.Tier), differ("hs", got.HS, want.Stops),
		differ("decision", got.Decision, want.Decision), differ("review", got.Review, want.Review),
	)
}

func differ(what string, got, want any) string {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		return fmt.Sprintf("%s is %s, expected %s", what, g, w)
	}
	return ""
}

func join(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, "; ")
}
