package report

import (
	"cmp"
	"slices"
	"time"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/usage"
)

// clause is a condition of a pack in use, as the audience sees it.
type clause struct {
	*conditions.Condition
	from *store.Revision[runs.Pack]
}

// conditions lists the conditions in force on the report's day and those that
// were counted, with what telemetry says of each.
func (b *builder) conditions() error {
	day, err := time.Parse(time.DateOnly, b.r.Day)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "the log's last entry has no day")
	}
	b.clauses = map[string]clause{}
	for _, p := range b.packs {
		if p.Record.Kind != string(pack.Conditions) || p.Record.State != "in_force" {
			continue
		}
		set, err := readPack(p.Record)
		if err != nil {
			b.r.Unread++
			continue
		}
		for _, c := range set.Conditions {
			if _, again := b.clauses[c.Hash]; again {
				continue
			}
			b.clauses[c.Hash] = clause{c, p}
			if c.InForce(day) {
				b.inForce = append(b.inForce, b.clauses[c.Hash])
			}
		}
	}
	b.r.Conditions = b.sumConditions()
	return nil
}

// clause gives a condition's id and title, or what stands in the place of its pack's text.
func (b *builder) clause(c clause) Value {
	text, err := b.seePack(c.from, "text")
	if err != nil && b.view.err == nil {
		b.view.err = err
	}
	if text.Hidden != nil {
		return text
	}
	return Value{Shown: ledger.Text(c.ID + ": " + c.Title)}
}

func readPack(r *runs.Pack) (*conditions.Set, error) {
	p, err := pack.Parse("packs/"+r.SHA256, []byte(r.Bytes))
	if err != nil {
		return nil, err
	}
	return conditions.Load(p)
}

// sumConditions adds the counts of all deployments to the conditions.
func (b *builder) sumConditions() []Condition {
	out := map[string]*Condition{}
	for _, c := range b.inForce {
		out[c.Hash] = &Condition{Hash: c.Hash, Clause: b.clause(c), Checked: Promised}
	}
	seen := map[[2]string]bool{}
	for _, r := range b.counted {
		hash := r.Record.Condition
		c := out[hash]
		if c == nil {
			c = &Condition{Hash: hash}
			if known, ok := b.clauses[hash]; ok {
				c.Clause = b.clause(known)
			} else {
				c.Clause = see(b.view, usage.Counts, r, "clause")
			}
			out[hash] = c
		}
		c.Checked = b.checked(hash)
		c.Exposures, c.Deviations, c.Unknown = c.Exposures+r.Record.Exposures, c.Deviations+r.Record.Deviations, c.Unknown+r.Record.Unknown
		if at := [2]string{hash, r.Record.Deployment}; !seen[at] {
			seen[at] = true
			c.Deployments++
		}
	}
	list := make([]Condition, 0, len(out))
	for _, c := range out {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(x, y Condition) int {
		return cmp.Or(cmp.Compare(y.Deviations, x.Deviations), cmp.Compare(y.Exposures, x.Exposures), cmp.Compare(x.Hash, y.Hash))
	})
	return list
}

// checked says what the counts of a condition are worth: without a rule for
// deviations they say that it was used, not that it was kept.
func (b *builder) checked(hash string) string {
	if known, ok := b.clauses[hash]; ok {
		if _, judged := known.Condition.Checked(); !judged {
			return SeenOnly
		}
	}
	return ByTelemetry
}

// promised counts the conditions in force for a deployment under which nothing
// was counted. What is not known of the deployment counts as covered.
func (b *builder) promised(s *Subject, a *store.Revision[register.Account], d *store.Revision[register.Deployment]) int {
	if d == nil {
		return 0
	}
	who := conditions.Subject{Capability: d.Record.Capability, Purpose: d.Record.Purpose, Jurisdiction: d.Record.Jurisdiction}
	customer := d.Record.Customer
	if customer == "" && a != nil {
		customer = a.Record.Customer
	}
	if c := b.customers[customer]; c != nil {
		who.Sector = c.Record.Sector
	}
	n := 0
	for _, c := range b.inForce {
		counted := slices.ContainsFunc(s.Counts, func(x Count) bool { return x.Condition == c.Hash })
		if applies, _ := c.Applies(who); applies && !counted {
			n++
		}
	}
	return n
}

// telemetry says what of use was seen at all.
func (b *builder) telemetry() {
	t := &b.r.Telemetry
	states := map[string]int{}
	for _, o := range b.objects {
		x := o.Record
		states[x.State]++
		if x.Changed {
			t.Changed++
		}
		t.Read, t.Matched, t.Rejected, t.Unmapped = t.Read+x.Read, t.Matched+x.Matched, t.Rejected+x.Rejected, t.Unmapped+x.Unmapped
	}
	t.Objects = tallies([]string{"complete", "incomplete", "skipped"}, states)
	counted := map[string]bool{}
	for _, c := range b.counted {
		counted[c.Record.Deployment] = true
	}
	for _, d := range b.deployments {
		if d.Record.State == "ended" {
			continue
		}
		t.Deployments++
		if counted[d.ID] {
			t.Counted++
		}
	}
}
