package rating

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/pack"
	"duly/internal/rule"
)

// RunTests runs the tests that a method pack holds: every indicator and hard stop
// raised, clear and unknown; the severity table; every case by its facts and by its
// indicators. An indicator or a stop without a test fails. It is the [pack.Runner]
// of methods.
func RunTests(p *pack.Pack) []pack.TestResult {
	m, err := Load(p)
	if err != nil {
		return []pack.TestResult{{Name: "load", Detail: err.Error(), Line: 1}}
	}
	t := tests{m: m}
	t.baseline()
	ids, number := make([]string, len(m.indicators)), 0
	for i := range m.indicators {
		ids[i] = m.indicators[i].ID
	}
	t.states("indicators", ids, m.body.Tests.Indicators, number)
	number += len(ids)
	ids = make([]string, len(m.stops))
	for i := range m.stops {
		ids[i] = m.stops[i].ID
	}
	t.states("hard_stops", ids, m.body.Tests.Stops, number)
	for i, x := range m.body.Tests.Severity {
		got := m.severity(x.Sev[0], x.Sev[1], x.Sev[2])
		t.add(fmt.Sprintf("severity %v", x.Sev), differ("S", got, x.Expect), "severity", i)
	}
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

func (t *tests) baseline() {
	r, err := t.m.Rate(t.inputs(nil))
	var bad []string
	switch {
	case err != nil:
		bad = []string{err.Error()}
	case r.Known != r.Total:
		bad = []string{fmt.Sprintf("%d of %d facts are given", r.Known, r.Total)}
	default:
		for _, x := range slices.Concat(r.Indicators, r.Stops) {
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

// states tests a group of rules, the first of which has the running number first.
func (t *tests) states(group string, ids []string, list []indicatorTest, first int) {
	tested := map[string]bool{}
	for i, x := range list {
		at := slices.Index(ids, x.ID)
		if at < 0 || tested[x.ID] {
			t.add(x.ID, "there is no such rule, or it is tested twice", group, i)
			continue
		}
		tested[x.ID] = true
		for _, want := range []struct {
			name  string
			facts map[string]any
			state rule.Tri
		}{{"raised", x.Raised, rule.True}, {"clear", x.Clear, rule.False}, {"unknown", x.Unknown, rule.Unknown}} {
			t.add(x.ID+" "+want.name, t.state(first+at, want.facts, want.state), group, i, want.name)
		}
	}
	for _, id := range ids {
		if !tested[id] {
			t.add(id, "it has no test", group)
		}
	}
}

func (t *tests) state(number int, facts map[string]any, want rule.Tri) string {
	r, err := t.m.Rate(t.inputs(facts))
	if err != nil {
		return err.Error()
	}
	got := slices.Concat(r.Indicators, r.Stops)[number].State
	return differ("state", got, want)
}

func (t *tests) byFacts(c *caseTest) string {
	r, err := t.m.Rate(t.inputs(c.Facts))
	if err != nil {
		return err.Error()
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
	return join(differ("raised", raised, want), compare(&c.Expect, Result{
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
