package report

import (
	"cmp"
	"slices"
	"strings"

	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/usage"
)

// lanes counts where triage put the accounts that have not ended.
func (b *builder) lanes() {
	l := &b.r.Lanes
	counts, rules := map[string]int{}, map[Ruling]int{}
	for _, a := range b.accounts {
		t := b.triages[a.ID]
		switch {
		case a.Record.State == "ended":
			continue
		case t == nil:
			l.NotTriaged++
			continue
		case t.Record.ByDefault:
			l.ByDefault++
		case len(t.Record.Reasons) > 0:
			reason := triage.ParseReason(t.Record.Reasons[0])
			key := Ruling{Lane: t.Record.Lane, Rule: reason.Rule, NotRuledOut: len(reason.Unknown) > 0}
			if b.view.seesField(triage.Triages.Name(), "reasons", ledger.Customer) {
				key.Text = reason.Text
			}
			rules[key]++
		}
		counts[t.Record.Lane]++
	}
	l.Lanes = tallies(laneNames, counts)
	triaged := 0
	for _, t := range l.Lanes {
		triaged += t.Count
	}
	l.DefaultShare = share(int64(l.ByDefault), int64(triaged))
	l.Rules = []Ruling{}
	for r, n := range rules {
		r.Count = n
		l.Rules = append(l.Rules, r)
	}
	slices.SortFunc(l.Rules, func(x, y Ruling) int {
		return cmp.Or(slices.Index(laneNames, x.Lane)-slices.Index(laneNames, y.Lane), y.Count-x.Count,
			strings.Compare(x.Rule, y.Rule), strings.Compare(x.Text, y.Text))
	})
}

// findings counts all findings, also those that no subject took.
func (b *builder) findings() {
	f := &b.r.Findings
	grades, kinds := map[string]int{}, map[string]int{}
	for _, x := range b.found {
		f.Total++
		if x.Record.State == "open" {
			f.Open++
		}
		grades[x.Record.Grade]++
		kinds[x.Record.Kind]++
	}
	f.Grades, f.Kinds = tallies(gradings, grades), tallies(findKinds, kinds)
}

// sumOf adds the counts of one condition.
type sumOf struct {
	from, to                       string
	days                           int
	exposures, deviations, unknown int64
}

func (s *sumOf) add(c *usage.CountRecord) {
	if s.days == 0 || c.Day < s.from {
		s.from = c.Day
	}
	s.to = max(s.to, c.Day)
	s.days++
	s.exposures, s.deviations, s.unknown = s.exposures+c.Exposures, s.deviations+c.Deviations, s.unknown+c.Unknown
}

// counts sums a deployment's counts by condition.
func (b *builder) counts(list []*store.Revision[usage.CountRecord]) []Count {
	sums, last := map[string]*sumOf{}, map[string]*store.Revision[usage.CountRecord]{}
	for _, c := range list {
		if sums[c.Record.Condition] == nil {
			sums[c.Record.Condition] = &sumOf{}
		}
		sums[c.Record.Condition].add(c.Record)
		last[c.Record.Condition] = c
	}
	out := []Count{}
	for hash, s := range sums {
		clause := see(b.view, usage.Counts, last[hash], "clause")
		out = append(out, Count{hash, clause, b.checked(hash), s.from, s.to, s.days, s.exposures, s.deviations, s.unknown})
	}
	slices.SortFunc(out, func(x, y Count) int {
		return cmp.Or(cmp.Compare(y.Deviations, x.Deviations), strings.Compare(x.Condition, y.Condition))
	})
	return out
}
