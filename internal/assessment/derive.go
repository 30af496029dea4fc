package assessment

import (
	"context"
	"slices"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/triage"
)

// derivedBy is the system in whose name the program states what it works out from
// its own records.
const derivedBy = "duly"

// Facts that the program states itself.
const (
	factListMatch = "screening.list_match"
	factExisting  = "deployment.existing"
	factRole      = "chain.role"
	factEndUser   = "end_user.identity"
)

// MayState says whether a person may state a fact about a subject. What screening
// says is changed by closing hits and by nothing else, and a stop by ownership by
// what is registered of the owners: a statement cannot lift a legal stop.
func MayState(ctx context.Context, q store.Queryer, subject, fact, today string) error {
	if fact == factListMatch {
		return fault.Newf(fault.Refused, "%s follows from hits and cannot be stated", fact).WithFix("close the hits with `duly hit close`")
	}
	if !ownershipFact(fact) {
		return nil
	}
	about, err := evidence.About(ctx, q, subject)
	if err != nil {
		return err
	}
	stop := stopBy(about, fact)
	if fact == factExportRule {
		_, planned, err := exportRule(today)
		if err != nil {
			return err
		}
		stop = stopBy(about, factExport) && !planned
	}
	if !stop {
		return nil
	}
	return fault.Newf(fault.Refused, "%s follows from the owners that are registered and from hits, and here it stops the deployment", fact).
		WithFix("correct the owners with `duly owners add`, or the hits; `duly owners show` tells what counts")
}

// derived is a fact that the program states of a unit.
type derived struct {
	fact  string
	value ledger.Scalar
}

// said gives the statement as it will be written, without an entry yet.
func (d *derived) said(day string) evidence.Said {
	return evidence.Said{Seq: notWritten, Statement: evidence.Statement{Fact: &evidence.Fact{
		Origin: evidence.Origin{Source: derivedBy}, Fact: d.fact, Value: d.value, AsOf: day,
	}}}
}

// about is what is known of a unit while the program works out what it can say
// itself.
type about struct {
	*ground
	*material
}

// stated says whether somebody else stated a fact along the chain.
func (a *about) stated(fact string) bool {
	for i := range a.found {
		if a.found[i].Fact.Fact == fact {
			return true
		}
	}
	return false
}

// saidBefore says whether the program stated a fact of the unit earlier.
func (a *about) saidBefore(fact string) bool {
	return slices.ContainsFunc(a.before, func(f found) bool { return f.Fact.Fact == fact })
}

// say states a fact.
func (a *about) say(fact string, value ledger.Scalar) { a.own = append(a.own, derived{fact, value}) }

// fix makes only what the program says of a fact count, whatever people state.
func (a *about) fix(fact string) { a.fixed = append(a.fixed, fact) }

// derive works out what the program can say of a unit from its own records, as facts
// that a rating can name and an outsider can read: whether a party of the chain is on
// a list, whether the deployment runs already, who stands in between, whether the end
// user is named, and what the registered owners tell. What a person stated stands,
// but for a list match and a stop by ownership, which are never a matter of
// statement. Nothing is written.
func (a *about) derive() error {
	if match := listMatch(a.parties, a.chain); match != "" {
		a.say(factListMatch, ledger.Text(match))
	} else if a.saidBefore(factListMatch) { // what an earlier screening said holds no longer
		a.say(factListMatch, ledger.Unknown("not screened as registered now"))
	}
	if a.chain.Customer != nil && a.chain.Between == nil && !a.stated(factRole) {
		a.say(factRole, ledger.Text("none"))
	}
	if a.chain.Customer != nil && !a.stated(factEndUser) {
		user := "undisclosed"
		if a.chain.EndUserKnown {
			user = "named"
		}
		a.say(factEndUser, ledger.Text(user))
	}
	a.fix(factListMatch)
	a.owned()
	if !a.stated(factExisting) {
		a.say(factExisting, ledger.Bool(true))
	}
	return nil
}

// state writes what the program says of a unit, unless it said so already: assessing
// again on another day writes nothing as long as nothing changed.
func state(ctx context.Context, tx *store.Tx, g *gathered, today string) (wrote bool, err error) {
	for _, d := range g.own {
		if slices.ContainsFunc(g.before, func(f found) bool { return f.Fact.Fact == d.fact && f.Fact.Value.Equal(d.value) }) {
			continue
		}
		wrote = true
		f := evidence.Fact{Subject: g.unit.subject(), Fact: d.fact, Value: d.value, AsOf: today}
		if err := evidence.State(ctx, tx, f, derivedBy, today); err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

// listMatch says what screening knows of the parties of a chain; "" while one of
// them was not screened and none has a hit.
func listMatch(p *triage.Portfolio, chain triage.Chain) string {
	hits, covered := p.Screening(chain.Parties())
	switch {
	case hits.Confirmed > 0:
		return "confirmed"
	case hits.Open > 0:
		return "open"
	case covered && chain.Customer != nil:
		return "none"
	}
	return ""
}
