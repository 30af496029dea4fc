package ownership

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"duly/internal/pack"
)

// RunTests runs a pack's own tests. A pack that does not load is one failed result.
// It is a [pack.Runner].
func RunTests(p *pack.Pack) []pack.TestResult {
	b, err := load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	out := make([]pack.TestResult, len(b.Tests))
	for i := range b.Tests {
		detail := b.Tests[i].run(b.Rules)
		out[i] = pack.TestResult{Name: b.Tests[i].Name, OK: detail == "", Detail: detail, Line: p.Line("tests", i)}
	}
	return out
}

// run gives what differs from the expectation; empty when nothing does.
func (x *example) run(rules []Rule) string {
	var interests []Interest
	for _, h := range x.Holds {
		i, err := parseHolding(h)
		if err != nil {
			return err.Error()
		}
		interests = append(interests, i)
	}
	listed := map[string]bool{}
	for _, id := range x.Listed {
		listed[id] = true
	}
	held := NewGraph(interests, x.Day).Held(listed)[x.Party]
	known := map[string]bool{}
	for _, r := range rules {
		known[r.ID] = true
		f := r.Apply(held, x.Day)
		got := string(f.Outcome)
		if f.Recheck {
			got += " recheck"
		}
		if want, asked := x.Expect[r.ID]; asked && got != want {
			return fmt.Sprintf("%s says %s (%s), not %s", r.ID, got, f.Why, want)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(x.Expect)) {
		if !known[id] {
			return fmt.Sprintf("there is no rule %s", id)
		}
	}
	return ""
}

// parseHolding reads "owner owned 2500" or "owner owned 2500-5000".
func parseHolding(s string) (Interest, error) {
	f := strings.Fields(s)
	if len(f) != 3 {
		return Interest{}, fmt.Errorf("%q is not an owner, a party and a share", s)
	}
	from, to, band := strings.Cut(f[2], "-")
	least, err := strconv.ParseInt(from, 10, 64)
	most := least
	if err == nil && band {
		most, err = strconv.ParseInt(to, 10, 64)
	}
	if err != nil || least < 0 || most < least || most > Whole {
		return Interest{}, fmt.Errorf("%q is not a share in hundredths of a per cent", f[2])
	}
	return Interest{Owner: f[0], Owned: f[1], Role: Owns, Share: Share{least, most}}, nil
}
