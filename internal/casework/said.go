package casework

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
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
		units := l.judged(l.w.about[f.Record.Subject], f.Seq)
		if event == "" {
			l.add("fact", at(f.ID, f.Seq), f.Record.Fact+" = "+f.Record.Value.String(), units)
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
		l.add(event, at(f.ID, f.Seq), f.Record.Fact+" = "+f.Record.Value.String(), units)
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
	units, err := l.ending()
	for end, list := range units {
		for id, of := range list {
			l.add("contract", id+"@"+end, "it ends on "+end, of)
		}
	}
	slices.SortStableFunc(l.found, func(a, b found) int {
		if a.Event != "contract" || b.Event != "contract" {
			return 0
		}
		return strings.Compare(a.subject+a.Cause, b.subject+b.Cause)
	})
	return err
}

// ending gives the contracts that end within the days of the rules, with the units
// that they are about, by their last day.
func (l *look) ending() (map[string]map[string][]int, error) {
	list, err := store.Select(l.ctx, l.q, register.Contracts, "r.state = 'active' and r.valid_to is not null and r.valid_to >= $1 and r.valid_to <= $2",
		l.today, later(l.today, l.rules.renewal))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	byContract := map[string][]int{}
	for i := range l.w.units {
		if c := l.w.units[i].contract; c != "" {
			byContract[c] = append(byContract[c], i)
		}
	}
	out := map[string]map[string][]int{}
	for _, c := range list {
		units := byContract[c.ID]
		if len(units) == 0 {
			units = l.w.about[c.Record.Customer]
		}
		if out[c.Record.ValidTo] == nil {
			out[c.Record.ValidTo] = map[string][]int{}
		}
		out[c.Record.ValidTo][c.ID] = units
	}
	return out, nil
}

// stale finds facts that ratings rest on and that were seen too long ago.
func (l *look) stale() error {
	facts, err := store.Select(l.ctx, l.q, evidence.Facts, "r.state = 'active' and r.valid_from is not null and r.valid_from < $1 and r.source <> $2",
		later(l.today, -l.rules.stale), derived)
	if err != nil || len(facts) == 0 {
		return err
	}
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
	for _, f := range facts {
		l.add("stale", at(f.ID, f.Seq), f.Record.Fact+" was seen on "+f.Record.AsOf, rests[fmt.Sprint(f.Seq)])
	}
	return nil
}

// samples finds those of whom the sample said that a person should have looked.
func (l *look) samples() error {
	list, err := since(l, Samples)
	if err != nil {
		return err
	}
	for _, s := range list {
		for _, j := range s.Record.Judgements {
			if account, missed := strings.CutSuffix(j, " missed"); missed {
				l.add("sample", s.ID+"@"+account, "", l.w.about[account])
			}
		}
	}
	return nil
}
