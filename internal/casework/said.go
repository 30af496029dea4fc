package casework

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/calendar"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/usage"
)

// facts finds new statements. Those that the program derives itself are none: what
// they change shows in the rating.
func (l *look) facts() error {
	list, err := since(l, evidence.Facts)
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.Record.Source == derived || len(l.w.about[f.Record.Subject]) == 0 {
			continue
		}
		event := l.rules.byFact[f.Record.Fact]
		text := f.Record.Fact + " = " + f.Record.Value.String()
		if f.Record.Claim {
			text = "claimed by somebody who sells: " + text
		}
		units := l.judged(l.w.about[f.Record.Subject], f.Seq)
		if event == "" {
			l.add("fact", at(f.ID, f.Seq), text, units)
			continue
		}
		was, err := before(l, evidence.Facts, f.ID)
		if err != nil {
			return err
		}
		now := adverse(f.Record.Value)
		switch {
		case event == "grievance" && now: // live harm is looked at whoever has judged before
			units = l.w.about[f.Record.Subject]
		case !now && (was == nil || !adverse(was.Record.Value)):
			continue // it says that nothing is there, and nothing was
		}
		if was != nil && was.Record.Value.String() == f.Record.Value.String() {
			continue // confirmed on a later day
		}
		l.add(event, at(f.ID, f.Seq), text, units)
	}
	return nil
}

// derived is the system in whose name the program states what follows from its own
// records.
const derived = "duly"

// adverse says whether a statement tells of something: yes, a number above zero, any
// word but none and other_scope, any item of a list. Unknown is adverse.
func adverse(s ledger.Scalar) bool {
	switch v := s.Value().(type) {
	case bool:
		return v
	case int64:
		return v > 0
	case string:
		return v != "none" && v != "other_scope" && v != "exempt"
	case []string:
		return len(v) > 0
	}
	return true
}

func (l *look) findings() error {
	list, err := since(l, usage.Findings)
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.Record.State == "open" {
			l.add("deviation", f.ID, fmt.Sprintf("%s, %s: %s on %s", f.Record.Grade, f.Record.Kind, f.Record.Clause, f.Record.Day), l.w.about[f.Record.Deployment])
		}
	}
	return nil
}

func (l *look) signals() error {
	list, err := since(l, Signals)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Record.State != Unread {
			continue
		}
		event := "concern"
		if s.Record.Sort == "grievance" || s.Record.Sort == "incident" {
			event = "grievance"
		}
		l.add(event, s.ID, s.Record.Sort+": "+s.Record.Text, l.w.about[s.Record.Subject])
	}
	return nil
}

// incidents finds severe ones that were confirmed, each once (IM-12).
func (l *look) incidents() error {
	list, err := since(l, transparency.Incidents)
	if err != nil {
		return err
	}
	for _, in := range list {
		if in.Record.Severe() {
			l.add("grievance", in.ID, fmt.Sprintf("an incident of severity %d, confirmed on %s: %s", in.Record.Severity, in.Record.Confirmed, in.Record.What), l.w.about[in.Record.Subject])
		}
	}
	return nil
}

// ratings finds those that changed in what a person must see, where nobody has
// decided or closed the case on the new one.
func (l *look) ratings() error {
	list, err := since(l, assessment.Ratings)
	if err != nil {
		return err
	}
	for _, r := range list {
		units := l.w.about[r.Record.Subject]
		if r.Rev == 1 || len(units) == 0 {
			continue
		}
		if d := l.w.decided[r.Record.Subject]; d != nil && d.Seq > r.Seq {
			continue
		}
		if l.closedAfter(l.w.units[units[0]].subject, r.Seq) {
			continue
		}
		was, err := before(l, assessment.Ratings, r.ID)
		if err != nil {
			return err
		}
		if was == nil {
			continue
		}
		if changes := assessment.Material(was.Record, r.Record); len(changes) > 0 {
			l.add("rating", at(r.ID, r.Seq), strings.Join(changes, ", "), units)
		}
	}
	return nil
}

func (l *look) closedAfter(subject string, seq int64) bool {
	return slices.ContainsFunc(l.w.reviews[subject], func(r *store.Revision[Review]) bool {
		return r.Record.State == StateClosed && r.Record.Outcome != Ended && r.Seq > seq
	})
}

// contracts finds those that end within the days of the rules.
func (l *look) contracts() error {
	ending, err := l.ending()
	for _, c := range ending {
		l.add("contract", c.id+"@"+c.day, "it ends on "+c.day, c.units)
	}
	return err
}

// ends is a contract that ends on a day, with the units that it is about.
type ends struct {
	id, day string
	units   []int
}

// ending gives the contracts that end within the days of the rules, in the order of the
// log: each about the units that are billed under it or, where nothing is, about all of
// its customer.
func (l *look) ending() ([]ends, error) {
	under := map[string][]int{}
	for i := range l.w.units {
		if c := l.w.units[i].contract; c != "" {
			under[c] = append(under[c], i)
		}
	}
	const soon = "r.state = 'active' and r.valid_to >= $1 and r.valid_to <= $2"
	until := calendar.Later(l.today, l.rules.renewal)
	list, err := pick(l.ctx, l.q, l.w, register.Contracts, "id", slices.Collect(maps.Keys(under)), soon, l.today, until)
	if err != nil {
		return nil, err
	}
	var out []ends
	for _, c := range list {
		if units := under[c.ID]; len(units) > 0 {
			out = append(out, ends{c.ID, c.Record.ValidTo, units})
		}
	}
	if list, err = pick(l.ctx, l.q, l.w, register.Contracts, "customer", l.w.records(), soon, l.today, until); err != nil {
		return nil, err
	}
	billed, err := store.SelectIn(l.ctx, l.q, register.Accounts, store.Now, "contract", idsOf(list), "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, a := range billed {
		under[a.Record.Contract] = []int{}
	}
	for _, c := range list {
		if under[c.ID] == nil {
			out = append(out, ends{c.ID, c.Record.ValidTo, l.w.about[c.Record.Customer]})
		}
	}
	return out, nil
}

func idsOf[T any](list []*store.Revision[T]) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.ID
	}
	return out
}

// stale finds facts that ratings rest on and that were seen too long ago. What is said
// of others than those whom a rating is about now is none of it.
func (l *look) stale() error {
	rests := map[string][]int{}
	for i := range l.w.units {
		if r := l.w.rated[l.w.units[i].id]; r != nil {
			for _, input := range r.Record.Inputs {
				if parts := strings.Split(input, " "); len(parts) == 4 {
					rests[parts[1]] = append(rests[parts[1]], i)
				}
			}
		}
	}
	facts, err := pick(l.ctx, l.q, l.w, evidence.Facts, "subject", l.w.records(),
		"r.state = 'active' and r.valid_from < $1 and coalesce(r.source, '') <> $2", calendar.Later(l.today, -l.rules.stale), derived)
	for _, f := range facts {
		units := slices.DeleteFunc(slices.Clone(rests[fmt.Sprint(f.Seq)]), func(i int) bool { return !slices.Contains(l.w.about[f.Record.Subject], i) })
		l.add("stale", at(f.ID, f.Seq), f.Record.Fact+" was seen on "+f.Record.AsOf, units)
	}
	return err
}

// samples finds those of whom the sample said that a person should have looked.
func (l *look) samples() error {
	list, err := since(l, Samples)
	if err != nil {
		return err
	}
	for _, s := range list {
		for _, account := range s.Record.missed() {
			l.add("sample", s.ID+"@"+account, "", l.w.about[account])
		}
	}
	return nil
}
