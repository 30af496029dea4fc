package framework

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/pack"
	"duly/internal/rule"
)

// RunTests runs the tests that a framework pack holds: every expression raised, clear
// and unknown; the state of every item with dates of its own, in effect and not; every
// row of every table; the counts of every section that is scored. What has no test
// fails. It is the [pack.Runner] of frameworks.
func RunTests(p *pack.Pack) []pack.TestResult {
	f, err := Load(p)
	if err != nil {
		return []pack.TestResult{{Name: "load", Detail: err.Error(), Line: 1}}
	}
	t := tests{f: f}
	t.flags()
	t.dates()
	t.tables()
	t.scorecards()
	t.prohibitions()
	t.complete()
	return t.results
}

type tests struct {
	f       *Framework
	results []pack.TestResult
}

func (t *tests) add(name, detail string, path ...any) {
	line := t.f.pack.Line(append([]any{"tests"}, path...)...)
	t.results = append(t.results, pack.TestResult{Name: name, OK: detail == "", Detail: detail, Line: line})
}

// plain turns lists as YAML gives them into lists of texts.
func plain(values map[string]any) Values {
	out := Values{}
	for id, v := range values {
		if list, ok := v.([]any); ok {
			texts := make([]string, len(list))
			for i, item := range list {
				texts[i] = fmt.Sprint(item)
			}
			v = texts
		}
		out[id] = v
	}
	return out
}

func (t *tests) flags() {
	tested := map[string]bool{}
	for i, x := range t.f.body.Tests.Flags {
		at := slices.IndexFunc(t.f.rules, func(r flagRule) bool { return r.item.ID == x.ID })
		if at < 0 || tested[x.ID] {
			t.add(x.ID, "there is no such expression, or it is tested twice", "flags", i)
			continue
		}
		tested[x.ID] = true
		for _, w := range []struct {
			key  string
			want rule.Tri
			sets []map[string]any
		}{{"raised", rule.True, x.Raised}, {"clear", rule.False, x.Clear}, {"unknown", rule.Unknown, x.Unknown}} {
			if len(w.sets) == 0 {
				t.add(x.ID+" "+w.key, "it has no test", "flags", i, w.key)
			}
			for k, values := range w.sets {
				t.add(x.ID+" "+w.key, t.flag(t.f.rules[at], plain(values), w.want), "flags", i, w.key, k)
			}
		}
	}
	for _, r := range t.f.rules {
		if !tested[r.item.ID] {
			t.add(r.item.ID, "it has no test", "flags")
		}
	}
}

// flag asks one expression, whatever the day.
func (t *tests) flag(r flagRule, values Values, want rule.Tri) string {
	for _, id := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(r.item.Reads, id) {
			return fmt.Sprintf("the expression does not read %s", id)
		}
	}
	lookup, err := t.f.lookup(values)
	if err != nil {
		return err.Error()
	}
	got, unknown, err := r.rule.EvalUnknowns(lookup)
	if err != nil {
		return err.Error()
	}
	return differ("the answer", says(got, unknown), says(want, unknown))
}

func says(t rule.Tri, unknown []string) string {
	switch t {
	case rule.True:
		return "raised"
	case rule.False:
		return "clear"
	}
	return "unknown for want of " + strings.Join(unknown, ", ")
}

func (t *tests) dates() {
	type seen struct{ in, out bool }
	tested := map[string]seen{}
	for i, x := range t.f.body.Tests.Dates {
		item := t.f.items[x.ID]
		if item == nil {
			t.add(x.ID+" on "+x.Day, "there is no such item", "dates", i)
			continue
		}
		s := tested[x.ID]
		s.in, s.out = s.in || x.State == InEffect, s.out || x.State != InEffect
		tested[x.ID] = s
		got := fmt.Sprintf("%s, stale %v", item.State(x.Day), item.Stale(x.Day))
		t.add(x.ID+" on "+x.Day, differ("the state", got, fmt.Sprintf("%s, stale %v", x.State, x.Stale)), "dates", i)
	}
	for _, s := range t.f.body.Sections {
		for _, x := range s.Items {
			if dated := x.EffectiveFrom != "" || x.EffectiveTo != ""; dated && tested[x.ID] != (seen{true, true}) {
				t.add(x.ID, "its dates have no test of a day in effect and of one that is not", "dates")
			}
		}
	}
}

func (t *tests) tables() {
	met := map[string]bool{} // table and outcome
	for i, x := range t.f.body.Tests.Tables {
		table, ok := t.f.Table(x.Table)
		if !ok {
			t.add("table "+x.Table, "there is no such table", "tables", i)
			continue
		}
		t.add("table "+x.Table+" "+outcome(texts(x.With)), x.run(table), "tables", i)
		for _, then := range x.Expect {
			met[x.Table+" "+outcome(then)] = true
		}
	}
	for i, table := range t.f.tables {
		for _, row := range table.Rows {
			if !met[table.ID+" "+outcome(row.Then)] {
				t.add("table "+table.ID, "no test expects "+outcome(row.Then), "tables", i)
			}
		}
	}
}

func (x *tableTest) run(table *Table) string {
	for _, id := range slices.Sorted(maps.Keys(x.With)) {
		if table.column(id) < 0 {
			return fmt.Sprintf("the table has no column %q", id)
		}
	}
	d, err := table.Decide(x.With)
	if err != nil {
		return err.Error()
	}
	var got, want []string
	for _, row := range d.Rows {
		got = append(got, outcome(row.Then))
	}
	for _, then := range x.Expect {
		want = append(want, outcome(then))
	}
	slices.Sort(got)
	slices.Sort(want)
	if detail := differ("what is possible", strings.Join(slices.Compact(got), " or "), strings.Join(slices.Compact(want), " or ")); detail != "" {
		return detail
	}
	return differ("what would tell", strings.Join(slices.Sorted(slices.Values(d.Unknown)), ", "), strings.Join(slices.Sorted(slices.Values(x.Unknown)), ", "))
}

// texts writes values as texts.
func texts(values map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range values {
		out[k] = fmt.Sprint(v)
	}
	return out
}

// outcome writes answers in the order of their aspects.
func outcome(then map[string]string) string {
	var parts []string
	for _, aspect := range slices.Sorted(maps.Keys(then)) {
		parts = append(parts, aspect+" "+then[aspect])
	}
	return strings.Join(parts, ", ")
}

func (t *tests) scorecards() {
	tested := map[string]bool{}
	for i, x := range t.f.body.Tests.Scorecards {
		answers := map[string]Answer{}
		for id, result := range x.Answers {
			answers[id] = Answer{Result: Result(result), Evidence: "said by the test"}
		}
		t.add(x.Name, t.score(answers, x.Expect), "scorecards", i)
		for id := range x.Expect {
			tested[id] = true
		}
	}
	for _, s := range t.f.sections {
		scored := slices.ContainsFunc(s.Items, func(x *Item) bool { return x.Kind.Scored() })
		if scored && !tested[s.ID] {
			t.add("scorecard of "+s.ID, "it has no test", "scorecards")
		}
	}
}

// score compares the counts of the sections that a test names. It looks at the day
// of the pack's last check, or without one at the day of issue.
func (t *tests) score(answers map[string]Answer, expect map[string]Counts) string {
	day := t.f.pack.Checked
	if day == "" {
		day = t.f.pack.Issued
	}
	card, err := t.f.Score(answers, day)
	if err != nil {
		return err.Error()
	}
	got := map[string]Counts{}
	for _, s := range card.Sections {
		got[s.ID] = s.Counts
	}
	for _, id := range slices.Sorted(maps.Keys(expect)) {
		if detail := differ(id, fmt.Sprintf("%+v", got[id]), fmt.Sprintf("%+v", expect[id])); detail != "" {
			return detail
		}
	}
	return ""
}

// differ says what came and what was expected; empty when they are the same.
func differ(what, got, want string) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%s is %s, not %s", what, got, want)
}
