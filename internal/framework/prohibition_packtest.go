package framework

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/calendar"
)

// prohibitionTest is a test of a pack: facts on some days, and how a deployment with
// them stands to each prohibition that is named.
type prohibitionTest struct {
	Name   string            `yaml:"name,required"`
	Days   []string          `yaml:"days,required"`
	Facts  map[string]any    `yaml:"facts,required"`
	Expect map[string]string `yaml:"expect,required"` // standing, then the exemption's id, then stale
}

// runProhibitions runs the tests of prohibitions. Each one must be seen to apply, to
// be none because of facts, to be unclear, to be exempt by each of its exemptions, and
// must be asked about on its first day, the day before, its last day and the day after.
func (t *tests) prohibitions() {
	seen := map[string]map[string]bool{}
	for i := range t.f.body.Tests.Prohibitions {
		x := &t.f.body.Tests.Prohibitions[i]
		t.add(x.Name, x.run(t.f, seen), "prohibitions", i)
	}
	for _, b := range t.f.bans {
		var missing []string
		for _, want := range b.demands() {
			if !seen[b.ID][want] {
				missing = append(missing, want)
			}
		}
		detail := ""
		if len(missing) > 0 {
			detail = "no test expects: " + strings.Join(missing, "; ")
		}
		t.add(b.ID+" is tested on every side", detail, "prohibitions")
	}
}

// demands lists what the tests of a prohibition must show.
func (b *Ban) demands() []string {
	out := []string{"applies", "none", "unclear", "the first day " + b.From, "the day before, " + calendar.Later(b.From, -1)}
	if slices.ContainsFunc(b.open, func(o clause) bool { return o.when.Text() == "true" }) {
		out = out[1:] // a question that is always open: it never applies by itself
	}
	for _, e := range b.except {
		out = append(out, "exempt "+e.id)
	}
	if b.To != "" {
		out = append(out, "the last day "+b.To, "the day after, "+calendar.Later(b.To, 1))
	}
	return out
}

// run gives what differs from the expectation; empty when nothing does.
func (x *prohibitionTest) run(f *Framework, seen map[string]map[string]bool) string {
	values := plain(x.Facts)
	for _, id := range slices.Sorted(maps.Keys(x.Expect)) {
		at := slices.IndexFunc(f.bans, func(o *Ban) bool { return o.ID == f.ID+"/"+id })
		if at < 0 {
			return fmt.Sprintf("there is no prohibition %s", id)
		}
		one := f.bans[at]
		if seen[one.ID] == nil {
			seen[one.ID] = map[string]bool{}
		}
		for _, day := range x.Days {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				return fmt.Sprintf("%q is not a date", day)
			}
			r, err := one.On(values, day)
			if err != nil {
				return err.Error()
			}
			if got := r.short(); got != x.Expect[id] {
				return fmt.Sprintf("on %s %s says %s (%s %s), not %s", day, id, got, r.Why, strings.Join(r.Open, ", "), x.Expect[id])
			}
			r.tick(seen[one.ID], day)
		}
	}
	return ""
}

// short writes a ruling as tests expect it.
func (r *Ruling) short() string {
	out := r.Standing.String()
	if r.Standing == Exempt {
		out += " " + r.Exemption
	}
	if r.Stale {
		out += " stale"
	}
	return out
}

// tick notes what a test has shown. A day at the edge counts only where the other
// side of it could differ, so none on a day in force counts for the scope alone.
func (r *Ruling) tick(seen map[string]bool, day string) {
	b := r.Ban
	if b.InForce(day) {
		seen[strings.TrimSuffix(r.short(), " stale")] = true
	}
	if r.Standing != None && b.InForce(day) {
		seen["the first day "+b.From] = seen["the first day "+b.From] || day == b.From
		seen["the last day "+b.To] = seen["the last day "+b.To] || day == b.To
	}
	if !b.InForce(day) && (r.Standing == None || b.lapsed(day)) {
		seen["the day before, "+day] = true
		seen["the day after, "+day] = true
	}
}

// completeTest is a test of a pack's claim to hold every prohibition there is.
type completeTest struct {
	Name   string         `yaml:"name,required"`
	Facts  map[string]any `yaml:"facts,required"`
	Expect string         `yaml:"expect,required"` // true, false or unknown
}

func (t *tests) complete() {
	seen := map[string]bool{}
	for i, x := range t.f.body.Tests.Complete {
		got, err := t.f.Complete(plain(x.Facts))
		detail := differ("the claim", got.String(), x.Expect)
		if err != nil {
			detail = err.Error()
		}
		seen[x.Expect] = true
		t.add(x.Name, detail, "complete", i)
	}
	if t.f.complete != nil && len(t.f.complete.Vars()) > 0 && len(seen) < 3 {
		t.add("complete", "it has no test of true, false and unknown each", "complete")
	}
}
