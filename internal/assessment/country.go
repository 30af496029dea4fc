package assessment

import (
	"context"
	"slices"
	"strings"

	"duly/internal/country"
	"duly/internal/evidence"
	"duly/internal/index"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// fromIndices says whether a fact is one that indices of countries may answer: of the
// country itself, or of an agency for want of anything about it.
func fromIndices(fact string) bool {
	return strings.HasPrefix(fact, "country.") || strings.HasPrefix(fact, "agency.")
}

// indexFacts gives what indices answer of the agencies of a chain and of the country in
// which it is used, each as one conclusion, without its subject, that cites the editions
// it rests on and is dated by the day on which the deciding one came out. A fact of an
// agency is answered by its country only while nobody is known to state it of anybody in
// the chain (GC-08). It reads and writes nothing.
func indexFacts(p *triage.Portfolio, chain triage.Chain, known func(fact string) bool) []evidence.Fact {
	var out []evidence.Fact
	answered := map[string]bool{}
	for _, c := range indexed(p, chain) {
		if c.Answer == "" || answered[c.Fact] || c.Fallback && known(c.Fact) {
			continue
		}
		answered[c.Fact] = true
		out = append(out, evidence.Fact{Fact: c.Fact, Value: ledger.Text(c.Answer), AsOf: c.Day, Sources: c.Sources()})
	}
	return out
}

// countryFacts states what indices answer of a deployment. What was stated before and
// follows no longer becomes unknown.
func countryFacts(ctx context.Context, tx *store.Tx, p *triage.Portfolio, subject string, chain triage.Chain, stated []map[string][]evidence.Stated, before map[string][]evidence.Stated, today string) error {
	facts := indexFacts(p, chain, func(fact string) bool { return knownOf(stated, fact) })
	for _, fact := range derivedFromIndices(before) {
		answered := slices.ContainsFunc(facts, func(f evidence.Fact) bool { return f.Fact == fact })
		if !answered && !withdrawn(before[fact]) {
			facts = append(facts, evidence.Fact{Fact: fact, Value: ledger.Unknown("no index in use answers it any more"), AsOf: today})
		}
	}
	for _, f := range facts {
		if saidSo(before[f.Fact], f) {
			continue
		}
		f.Subject = subject
		if err := evidence.Conclude(ctx, tx, f, derivedBy, today); err != nil {
			return err
		}
	}
	return nil
}

// indexed gives what indices answer along a chain: of its agencies, the nearest to the
// deployment first, and then of the country.
func indexed(p *triage.Portfolio, chain triage.Chain) []index.Conclusion {
	var out []index.Conclusion
	for _, who := range []*store.Revision[register.Customer]{chain.EndUser, chain.Between, chain.Customer} {
		if who != nil {
			out = append(out, p.AgencyAnswers(who.ID)...)
		}
	}
	if where, ok := country.Of(chain.Jurisdiction); ok {
		out = append(out, p.Indices.Answers(where.Alpha3)...)
	}
	return out
}

// saidSo says whether the program states a fact already just so.
func saidSo(list []evidence.Stated, f evidence.Fact) bool {
	return slices.ContainsFunc(list, func(s evidence.Stated) bool {
		return s.Fact.Source == derivedBy && s.Fact.Value.String() == f.Value.String() && s.Fact.AsOf == f.AsOf && slices.Equal(s.Fact.Sources, f.Sources)
	})
}

// derivedFromIndices lists the facts that the program stated from indices.
func derivedFromIndices(before map[string][]evidence.Stated) []string {
	var facts []string
	for fact := range before {
		if fromIndices(fact) && derivedBefore(before, fact) {
			facts = append(facts, fact)
		}
	}
	slices.Sort(facts)
	return facts
}

// withdrawn says whether the program took back what it said.
func withdrawn(list []evidence.Stated) bool {
	return slices.ContainsFunc(list, func(s evidence.Stated) bool {
		_, unknown := s.Fact.Value.UnknownReason()
		return s.Fact.Source == derivedBy && unknown
	})
}

// knownOf says whether somebody else than the program knows a fact of anybody in the
// chain.
func knownOf(stated []map[string][]evidence.Stated, fact string) bool {
	return slices.ContainsFunc(stated, func(about map[string][]evidence.Stated) bool {
		return slices.ContainsFunc(about[fact], func(s evidence.Stated) bool {
			return s.Fact.Source != derivedBy && s.Fact.Value.Value() != nil
		})
	})
}

// yield leaves out of the statements about a deployment what indices answer where it
// does not count: what was taken back, and what somebody states on better grounds of
// another in the chain. The deployment is the nearest subject, and would hide that.
func yield(own map[string][]evidence.Stated, stated []map[string][]evidence.Stated, today string) map[string][]evidence.Stated {
	for fact, list := range own {
		if fromIndices(fact) {
			own[fact] = slices.DeleteFunc(list, func(s evidence.Stated) bool {
				return s.Fact.Source == derivedBy && (withdrawn([]evidence.Stated{s}) || outweighed(s, fact, stated, today))
			})
		}
	}
	return own
}

// outweighed says whether, of all that is stated of a fact along the chain, something
// else than an index's answer settles it.
func outweighed(ours evidence.Stated, fact string, stated []map[string][]evidence.Stated, today string) bool {
	all := []evidence.Statement{ours.Statement}
	for _, about := range stated {
		for _, s := range about[fact] {
			if s.Fact.Source != derivedBy {
				all = append(all, s.Statement)
			}
		}
	}
	const neverStale = 0
	settled := evidence.Settle(all, today, neverStale)
	_, open := settled.UnknownReason()
	return !open && settled.String() != ours.Fact.Value.String()
}

// ownFromIndices leaves out what indices answered of another subject, such as the
// account when it had no deployment yet: that was for another country, or another day.
func (g *gathered) ownFromIndices(fact string, list []evidence.Stated) []evidence.Stated {
	if !fromIndices(fact) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(s evidence.Stated) bool {
		return s.Fact.Source == derivedBy && s.Fact.Subject != g.subject
	})
}
