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

// derive states what the program can say of a deployment from its own records, as
// facts that a rating can name and an outsider can read: whether a party of the
// chain is on a list, whether the deployment runs already, who stands in between,
// whether the end user is named, and what the registered owners tell. What a person
// stated stands, but for a list match and a stop by ownership, which are never a
// matter of statement: fixed names the facts of which only the program's word counts.
func derive(ctx context.Context, tx *store.Tx, p *triage.Portfolio, subject string, chain triage.Chain, stated []map[string][]evidence.Stated, today string) (about map[string][]evidence.Stated, fixed map[string]bool, err error) {
	said := func(fact string) bool {
		for _, about := range stated {
			for _, s := range about[fact] {
				if s.Fact.Source != DerivedBy {
					return true
				}
			}
		}
		return false
	}
	concluded := slices.ContainsFunc(stated, func(about map[string][]evidence.Stated) bool {
		return slices.ContainsFunc(about[factListMatch], func(s evidence.Stated) bool { return s.Fact.Source == DerivedBy })
	})
	values := map[string]ledger.Scalar{}
	if match := listMatch(p, chain); match != "" {
		values[factListMatch] = ledger.Text(match)
	} else if concluded { // what an earlier screening said holds no longer
		values[factListMatch] = ledger.Unknown("not screened as registered now")
	}
	if chain.Customer != nil && chain.Between == nil && !said(factRole) {
		values[factRole] = ledger.Text("none")
	}
	if chain.Customer != nil && !said(factEndUser) {
		values[factEndUser] = ledger.Text("undisclosed")
		if chain.EndUserKnown {
			values[factEndUser] = ledger.Text("named")
		}
	}
	before, err := evidence.About(ctx, tx, subject)
	if err != nil {
		return nil, nil, err
	}
	for _, fact := range []string{factListMatch, factRole, factEndUser} {
		if v, ok := values[fact]; ok {
			if err := say(ctx, tx, before, subject, fact, v, today); err != nil {
				return nil, nil, err
			}
		}
	}
	owners, fixed, err := owned(p, chain, before, said, today)
	if err != nil {
		return nil, nil, err
	}
	fixed[factListMatch] = true
	for _, d := range owners {
		if err := say(ctx, tx, before, subject, d.fact, d.value, today); err != nil {
			return nil, nil, err
		}
	}
	if !said(factExisting) {
		if err := say(ctx, tx, before, subject, factExisting, ledger.Bool(true), today); err != nil {
			return nil, nil, err
		}
	}
	about, err = evidence.About(ctx, tx, subject)
	return about, fixed, err
}

// say states a fact unless the program says so already: assessing again on another
// day writes nothing as long as nothing changed.
func say(ctx context.Context, tx *store.Tx, before map[string][]evidence.Stated, subject, fact string, value ledger.Scalar, today string) error {
	for _, s := range before[fact] {
		if s.Fact.Source == DerivedBy && s.Fact.Value.String() == value.String() {
			return nil
		}
	}
	return evidence.State(ctx, tx, evidence.Fact{Subject: subject, Fact: fact, Value: value, AsOf: today}, DerivedBy, today)
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
