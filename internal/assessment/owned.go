package assessment

import (
	"slices"

	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/ownership"
	"duly/internal/screening"
	"duly/internal/triage"
)

// Facts about owners that the program states where the register tells.
const (
	factSanctioned = "ownership.sanctioned_percent"
	factExport     = "ownership.export_listed_percent"
	factExportRule = "ownership.export_rule_in_force"
)

func ownershipFact(fact string) bool {
	return fact == factSanctioned || fact == factExport || fact == factExportRule
}

// owned says what the register tells of the owners behind a chain: the largest share
// that listed parties hold of any of its parties, at the worst end of what counts, in
// whole per cent, and whether the rule on owners on export control lists is in force.
// A share of half or more is stated whatever a person said, and then nothing else
// counts. A smaller one is stated only where it is settled and no person stated
// another; what the program said before and can say no longer becomes unknown.
func (a *about) owned() {
	registered := false
	for _, about := range []struct{ fact, lists string }{{factSanctioned, "sanctions"}, {factExport, "export_control"}} {
		share, settled, anybody := held(a.parties, a.chain, about.lists)
		registered = registered || anybody
		stop := share >= ownership.Half
		if stop {
			a.fix(about.fact)
		}
		switch {
		case stop || settled && !a.stated(about.fact):
			a.say(about.fact, ledger.Int(share/100))
		case a.saidBefore(about.fact):
			a.say(about.fact, ledger.Unknown("what is registered of the owners does not tell any more"))
		}
	}
	// What is planned and not seen is for a person to look up.
	fixed := slices.Contains(a.fixed, factExport) && !a.exports.planned
	if fixed {
		a.fix(factExportRule)
	}
	if registered && (fixed || !a.stated(factExportRule)) {
		a.say(factExportRule, ledger.Bool(a.exports.inForce))
	}
}

// exportState says whether the rule on owners on export control lists is in force on
// the day, and whether that is planned and not seen.
type exportState struct{ inForce, planned bool }

// held gives the largest share of a party of the chain that listed parties hold, in
// hundredths of a per cent; whether nothing unknown could change what follows; and
// whether anybody is registered behind the chain. A party other than a public body
// behind which nobody is registered leaves it open.
func held(p *triage.Portfolio, chain triage.Chain, lists string) (share int64, settled, registered bool) {
	_, settled = p.Screening(chain.Parties())
	for _, who := range chain.Parties() {
		stand := p.Hits[who]
		if !stand.Registered {
			c := p.Customers[who]
			settled = settled && c != nil && c.Record.Kind == "public_body"
			continue
		}
		registered = true
		for _, f := range stand.Findings {
			if f.Lists == lists {
				share = max(share, f.Counted.Most)
				settled = settled && f.Settled
			}
		}
	}
	return share, settled && registered, registered
}

// exportRule says whether the rule on owners on export control lists is in force on
// a day, and whether that is planned and not seen.
func exportRule(day string) (inForce, planned bool, err error) {
	shipped, err := screening.Rules()
	for _, r := range shipped.Rules {
		if r.Lists == "export_control" {
			state, plan := r.On(day)
			inForce, planned = inForce || state == ownership.InForce, planned || plan
		}
	}
	return inForce, planned, err
}

// stopBy says whether the program states of a fact that listed parties own half or
// more.
func stopBy(about map[string][]evidence.Stated, fact string) bool {
	for _, s := range about[fact] {
		n, known := s.Fact.Value.Value().(int64)
		if s.Fact.Source == DerivedBy && known && n*100 >= ownership.Half {
			return true
		}
	}
	return false
}
