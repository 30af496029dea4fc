package assessment

import (
	"cmp"
	"context"
	"slices"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// DerivedBy is the system in whose name the program states what it works out from
// its own records.
const DerivedBy = "duly"

// Facts that the program states itself.
const (
	factListMatch = "screening.list_match"
	factExisting  = "deployment.existing"
	factRole      = "chain.role"
	factEndUser   = "end_user.identity"
)

// MayState says whether a person may state a fact about a subject. What screening
// says is changed by closing hits and by nothing else, a stop by ownership by what is
// registered of the owners, and a ban in force by what is known of the deployment: a
// statement cannot lift a stop.
func MayState(ctx context.Context, q store.Queryer, subject, fact, today string) error {
	if fact == factListMatch {
		return fault.Newf(fault.Refused, "%s follows from hits and cannot be stated", fact).WithFix("close the hits with `duly hit close`")
	}
	if !ownershipFact(fact) && !prohibitionFact(fact) {
		return nil
	}
	about, err := evidence.About(ctx, q, subject)
	if err != nil {
		return err
	}
	if prohibitionFact(fact) {
		if !slices.ContainsFunc(about[fact], func(s evidence.Stated) bool { return s.Fact.Source == DerivedBy && inForce(s.Fact.Value) }) {
			return nil
		}
		return fault.Newf(fault.Refused, "%s follows from a ban or a moratorium in force, and cannot be stated", fact).
			WithFix("correct what the register says of the place, the capability, the end user or the purpose; `duly assess` tells what applies")
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
	// concluded marks what follows from sources, as of a day: it competes with what
	// people state by grade and day, and is the one conclusion that the program has of
	// the fact. silent marks one that somebody outweighs
	// or that is taken back: it is written, and no input.
	concluded, silent bool
	asOf              string // "" for the day of the rating
	ids               []string
	sources           []*evidence.Source

	statement evidence.Fact // what said points to
}

// cite names the sources that a conclusion rests on, by their ids.
func (d *derived) cite(book *evidence.Book, ids []string) {
	d.ids = ids
	for _, id := range ids {
		d.sources = append(d.sources, book.Source(id))
	}
}

// saidSo says whether a statement of the program says just that already.
func (d *derived) saidSo(f *found) bool {
	return f.Fact.Fact == d.fact && f.Fact.Value.Equal(d.value) && (!d.concluded || f.Fact.AsOf == d.asOf && slices.Equal(f.Sources, d.sources))
}

// said gives the statement as it will be written, without an entry yet. It holds until
// the next time.
func (d *derived) said(day string) evidence.Said {
	d.statement = evidence.Fact{Origin: evidence.Origin{Source: DerivedBy}, Fact: d.fact, Value: d.value, AsOf: cmp.Or(d.asOf, day)}
	return evidence.Said{Seq: notWritten, Statement: evidence.Statement{Fact: &d.statement, Sources: d.sources}}
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

// saidOf gives what others state of a fact along the chain, by subject, the nearest
// first.
func (a *about) saidOf(fact string) (out [][]evidence.Statement) {
	last := -1
	for i := range a.found {
		if f := &a.found[i]; f.Fact.Fact == fact {
			if f.subject != last {
				out, last = append(out, nil), f.subject
			}
			out[len(out)-1] = append(out[len(out)-1], f.Statement)
		}
	}
	return out
}

// deployment gives the unit's deployment, nil for an account without one.
func (a *about) deployment() *register.Deployment {
	if a.unit.deployment == nil {
		return nil
	}
	return a.unit.deployment.Record
}

// saidBefore says whether the program stated a fact of the unit earlier.
func (a *about) saidBefore(fact string) bool {
	return slices.ContainsFunc(a.before, func(f found) bool { return f.Fact.Fact == fact })
}

// say states a fact.
func (a *about) say(fact string, value ledger.Scalar) {
	a.own = append(a.own, derived{fact: fact, value: value})
}

// fix makes only what the program says of a fact count, whatever people state.
func (a *about) fix(fact string) { a.fixed = append(a.fixed, fact) }

// derive works out what the program can say of a unit from its own records, as facts
// that a rating can name and an outsider can read: whether a party of the chain is on
// a list, whether the deployment runs already, who stands in between, whether the end
// user is named, what the registered owners tell, what bans and moratoria do, and what
// indices answer of countries and agencies. What a person stated stands, but for a list match, a stop by ownership and a prohibition
// in force, which are never a matter of statement. Nothing is written.
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
	if err := a.rules.prohibited(a); err != nil {
		return err
	}
	if !a.stated(factExisting) {
		a.say(factExisting, ledger.Bool(true))
	}
	a.countryFacts()
	a.overlaps()
	return nil
}

// stateOwn writes what the program says of a unit, unless it said so already: assessing
// again on another day writes nothing as long as nothing changed.
func stateOwn(ctx context.Context, tx *store.Tx, program *evidence.Speaker, g *gathered, today string) (wrote bool, err error) {
	for i := range g.own {
		d := &g.own[i]
		if slices.ContainsFunc(g.before, func(f found) bool { return d.saidSo(&f) }) {
			continue
		}
		wrote = true
		f := evidence.Fact{Subject: g.unit.subject(), Fact: d.fact, Value: d.value, AsOf: cmp.Or(d.asOf, today), Sources: d.ids}
		write := program.State
		if d.concluded {
			write = program.Conclude
		}
		if err := write(ctx, tx, f, today); err != nil {
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
