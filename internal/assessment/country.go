package assessment

import (
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

// countryFacts states what indices answer of the agencies of a deployment's chain, and
// of the country in which it is used, each as one conclusion that cites the editions it
// rests on and is dated by the day on which the deciding one came out. What was stated
// before and follows no longer becomes unknown. A fact of an agency is answered by its
// country only while nobody states it of anybody in the chain (GC-08). An answer that
// somebody outweighs of another in the chain is stated and does not count: the
// deployment is the nearest subject, and would hide that.
func (a *about) countryFacts() {
	var answered []string
	for _, c := range Indexed(a.parties, a.chain) {
		if c.Answer == "" || slices.Contains(answered, c.Fact) || c.Fallback && a.knownOf(c.Fact) {
			continue
		}
		answered = append(answered, c.Fact)
		d := derived{fact: c.Fact, value: ledger.Text(c.Answer), asOf: c.Day, concluded: true}
		d.cite(a.book, c.Sources())
		d.silent = a.outweighs(&d)
		a.own = append(a.own, d)
	}
	for i := range a.before {
		s := &a.before[i]
		_, withdrawn := s.Fact.Value.UnknownReason()
		if fact := s.Fact.Fact; fromIndices(fact) && !withdrawn && !slices.Contains(answered, fact) {
			a.own = append(a.own, derived{fact: fact, value: ledger.Unknown("no index in use answers it any more"), concluded: true, silent: true})
		}
	}
}

// Indexed gives what indices answer along a chain: of its agencies, the nearest to the
// deployment first, and then of the country.
func Indexed(p *triage.Portfolio, chain triage.Chain) []index.Conclusion {
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

// knownOf says whether somebody else than the program knows a fact of anybody in the
// chain.
func (a *about) knownOf(fact string) bool {
	return slices.ContainsFunc(a.found, func(f found) bool { return f.Fact.Fact == fact && f.Fact.Value.Value() != nil })
}

// outweighs says whether, of all that is stated of a fact along the chain, something
// else than an index's answer settles it.
func (a *about) outweighs(d *derived) bool {
	all := []evidence.Statement{d.said(a.day).Statement}
	for i := range a.found {
		if f := &a.found[i]; f.Fact.Fact == d.fact {
			all = append(all, f.Statement)
		}
	}
	const neverStale = 0
	comes := evidence.Settle(all, a.day, neverStale)
	_, open := comes.UnknownReason()
	return !open && !comes.Equal(d.value)
}
