package rating

import (
	"fmt"
	"maps"
	"slices"

	"duly/internal/rule"
)

// necessary tries every indicator alone with every control alone missing, while all
// else would earn full credit.
func (t *tests) necessary() {
	m := t.m
	want := m.body.Tests.Necessary
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if m.control(id) < 0 {
			t.add("control "+id, "there is no such control", "necessary", id)
		}
	}
	var all uint64
	for i := range m.controls {
		all |= 1 << i
	}
	for i := range m.controls {
		id := m.controls[i].id
		if _, ok := want[id]; !ok {
			t.add("control "+id, "it has no test", "necessary")
			continue
		}
		without := all &^ (1 << i)
		var got []string
		for _, x := range m.indicators {
			if gate(x.needs, without, without) == 0 {
				got = append(got, x.ID)
			}
		}
		named := slices.Clone(want[id])
		slices.Sort(named)
		slices.Sort(got)
		t.add("control "+id+" is needed by", differ("no credit without it while raised", got, named), "necessary", id)
	}
}

// answers tries an expression of the method that is neither indicator, stop nor
// requirement.
func (t *tests) answers(key string, number int, x *answerTest, answer func(*Rating) rule.Tri) {
	if (number >= 0) != (x != nil) {
		t.add(key, "the expression and its test belong together", key)
	}
	if number < 0 || x == nil {
		return
	}
	for _, w := range []way{{"met", rule.True, x.Met}, {"unmet", rule.False, x.Unmet}, {"unknown", rule.Unknown, x.Unknown}} {
		if len(w.sets) == 0 {
			t.add(key+" "+w.key, t.untested(t.m.readings[number].ID, w.state), key, w.key)
		}
		for j, facts := range w.sets {
			r, err := t.rate("", facts)
			detail := ""
			if err != nil {
				detail = err.Error()
			} else {
				detail = differ("state", answer(&r), w.state)
			}
			t.add(fmt.Sprintf("%s %s %d", key, w.key, j+1), detail, key, w.key, j)
		}
	}
}

// compliance tries the two axes; each of the four settled corners needs a test.
func (t *tests) compliance() {
	if t.m.axes == nil {
		if len(t.m.body.Tests.Compliance) > 0 {
			t.add("compliance", "the method does not ask for it", "compliance")
		}
		return
	}
	seen := map[string]bool{}
	for i, x := range t.m.body.Tests.Compliance {
		seen[x.Compliance+" and "+x.Impact] = true
		r, err := t.rate("", x.Facts)
		detail := ""
		switch {
		case err != nil:
			detail = err.Error()
		default:
			detail = join(differ("compliance", r.Axes.Compliance, x.Compliance), differ("impact", r.Axes.Impact, x.Impact),
				differ("finding", r.Axes.Finding != "", x.Finding))
		}
		t.add(fmt.Sprintf("compliance %d", i+1), detail, "compliance", i)
	}
	for _, corner := range []string{"kept and not_harmful", "kept and harmful", "broken and not_harmful", "broken and harmful"} {
		if !seen[corner] {
			t.add("compliance "+corner, "it has no test", "compliance")
		}
	}
}

// participation wants every input required by some case.
func (t *tests) participation() {
	b := t.m.body.Participation
	if b == nil {
		return
	}
	for _, x := range b.Inputs {
		required := slices.ContainsFunc(t.m.body.Tests.Cases, func(c caseTest) bool { return slices.Contains(c.Expect.Participation, x.ID) })
		if !required {
			t.add("input "+x.ID, "no case expects it under participation", "cases")
		}
	}
}
