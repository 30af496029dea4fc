package triage

import (
	"context"
	"slices"
	"strings"

	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/screening"
	"duly/internal/store"
)

// registries are the identifier schemes whose registries confirm that an
// organisation exists and who it is.
var registries = []string{"ori", "uei", "lei", "gleif", "imo", "cik"}

// Portfolio is the register as triage and judging look at it: every account with
// the records that it maps to. It is read once and not changed.
type Portfolio struct {
	Accounts      []*store.Revision[register.Account]
	Customers     map[string]*store.Revision[register.Customer]
	Products      map[string]*store.Revision[register.Product]
	Relationships map[string]*store.Revision[register.Relationship]
	Deployments   map[string]*store.Revision[register.Deployment] // by account
	Hits          map[string]screening.Stand                      // by customer
	Screened      bool
	RuledBy       []string // hashes of the packs of ownership rules, where anybody is registered behind a customer

	stated    map[string]map[string]ledger.Scalar // facts that rules look at, by subject and fact
	confirmed map[string]bool                     // customers with an identifier of a registry
	between   map[string]bool                     // customers that stand between the vendor and others
}

// ReadPortfolio reads the whole register, with ownership as of today (YYYY-MM-DD). Memory grows with its records.
func ReadPortfolio(ctx context.Context, q store.Queryer, today string) (*Portfolio, error) {
	p := &Portfolio{Deployments: map[string]*store.Revision[register.Deployment]{}, confirmed: map[string]bool{}, between: map[string]bool{}}
	accounts, err := store.Select(ctx, q, register.Accounts, "")
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if a.Record.State == "active" {
			p.Accounts = append(p.Accounts, a)
		}
	}
	if p.Customers, err = byID(store.Select(ctx, q, register.Customers, "")); err != nil {
		return nil, err
	}
	if p.Products, err = byID(store.Select(ctx, q, register.Products, "")); err != nil {
		return nil, err
	}
	if p.Relationships, err = byID(store.Select(ctx, q, register.Relationships, "")); err != nil {
		return nil, err
	}
	deployments, err := store.Select(ctx, q, register.Deployments, "")
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		p.Deployments[d.Record.Account] = d
	}
	identifiers, err := store.Select(ctx, q, register.Identifiers, "")
	if err != nil {
		return nil, err
	}
	for _, i := range identifiers {
		if slices.Contains(registries, strings.ToLower(i.Record.Scheme)) {
			p.confirmed[i.Record.Subject] = true
		}
	}
	for _, r := range p.Relationships {
		if intermediary(r.Record.Role) {
			p.between[r.Record.Party] = true
		}
	}
	if err := p.readFacts(ctx, q); err != nil {
		return nil, err
	}
	return p, p.readStanding(ctx, q, today)
}

// Facts that rules look at. What an assessment found out goes back into the lane.
const (
	factBan        = "law.local_ban"
	factMoratorium = "policy.moratorium"
	factSituation  = "country.situation"
)

func (p *Portfolio) readFacts(ctx context.Context, q store.Queryer) error {
	facts, err := store.Select(ctx, q, evidence.Facts, "r.fact = $1 or r.fact = $2 or r.fact = $3", factBan, factMoratorium, factSituation)
	if err != nil {
		return err
	}
	p.stated = map[string]map[string]ledger.Scalar{}
	for _, f := range facts {
		if f.Record.State != "active" {
			continue
		}
		about := p.stated[f.Record.Subject]
		if about == nil {
			about = map[string]ledger.Scalar{}
			p.stated[f.Record.Subject] = about
		}
		about[f.Record.Fact] = f.Record.Value
	}
	return nil
}

// answer gives what is stated of a fact along the chain: yes when any statement is
// one of yes, no when one is of no and none of yes.
func (p *Portfolio) answer(fact string, subjects []string, yes, no func(any) bool) rule.Tri {
	out := rule.Unknown
	for _, s := range subjects {
		v := p.stated[s][fact].Value()
		switch {
		case v == nil:
		case yes(v):
			return rule.True
		case no(v):
			out = rule.False
		}
	}
	return out
}

func oneOf(words ...string) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(words, s)
	}
}

func byID[T any](list []*store.Revision[T], err error) (map[string]*store.Revision[T], error) {
	out := make(map[string]*store.Revision[T], len(list))
	for _, r := range list {
		out[r.ID] = r
	}
	return out, err
}

func intermediary(role string) bool {
	return role == "integrator" || role == "reseller" || role == "distributor"
}

// Chain is who stands along an account's chain: the customer who is billed, the
// one in between, and the one who operates the product in the end. Each may be nil.
type Chain struct {
	Customer, Between, EndUser *store.Revision[register.Customer]
	EndUserKnown               bool
	Link                       *store.Revision[register.Relationship] // through which it is served
}

// Parties gives the ids of the customers in the chain, each once.
func (c Chain) Parties() []string {
	var ids []string
	for _, who := range []*store.Revision[register.Customer]{c.Customer, c.Between, c.EndUser} {
		if who != nil && !slices.Contains(ids, who.ID) {
			ids = append(ids, who.ID)
		}
	}
	return ids
}

// Chain follows an account's chain. A customer that is itself an intermediary and
// names nobody behind it leaves the end user unknown.
func (p *Portfolio) Chain(a *register.Account) Chain {
	c := Chain{Customer: p.Customers[a.Customer]}
	if link := p.Relationships[a.Via]; link != nil && intermediary(link.Record.Role) {
		c.Link = link
		c.Between = p.Customers[link.Record.Party]
	}
	if c.Customer == nil {
		return c
	}
	if !p.between[c.Customer.ID] {
		c.EndUser, c.EndUserKnown = c.Customer, true
	}
	return c
}

// capabilities lists all that the account's product can do, meant or not.
func (p *Portfolio) capabilities(a *register.Account) []string {
	product := p.Products[a.Product]
	if product == nil {
		return nil
	}
	return slices.Concat(product.Record.Intended, product.Record.Unintended)
}

// Look gives an account as the rules look at it.
func (p *Portfolio) Look(r *Rules, account *store.Revision[register.Account]) Account {
	a := account.Record
	chain := p.Chain(a)
	out := Account{
		EndUserKnown: truth3(chain.EndUserKnown, true), Integrator: truth3(chain.Between != nil, a.Customer != ""),
		Capabilities: p.capabilities(a), Scale: r.Scale(a.Amount),
		OpenHit: rule.Unknown, ConfirmedHit: rule.Unknown,
	}
	out.Owned, out.Owners = p.owned(chain)
	if chain.Customer != nil {
		c := chain.Customer.Record
		out.Sector, out.Kind, out.Country = c.Sector, c.Kind, c.Jurisdiction
		out.Registry = truth3(p.confirmed[chain.Customer.ID], true)
	}
	if chain.EndUser != nil {
		out.EndUserSector = chain.EndUser.Record.Sector
	}
	if chain.Between != nil {
		out.IntegratorSector = chain.Between.Record.Sector
	}
	subjects := p.subjects(account, chain)
	out.Ban = p.answer(factBan, subjects, oneOf("in_force"), oneOf("none", "other_scope"))
	out.Moratorium = p.answer(factMoratorium, subjects, oneOf("applies"), oneOf("none", "exempt"))
	out.Conflict = p.answer(factSituation, subjects,
		func(v any) bool { list, ok := v.([]string); return ok && len(list) > 0 },
		func(v any) bool { list, ok := v.([]string); return ok && len(list) == 0 })
	if p.Screened {
		var hits screening.Counts
		for _, who := range chain.Parties() {
			hits.Open += p.Hits[who].Open
			hits.Confirmed += p.Hits[who].Confirmed
		}
		out.OpenHit, out.ConfirmedHit = truth3(hits.Open > 0, true), truth3(hits.Confirmed > 0, true)
	}
	return out
}

// subjects lists the records about which a statement is one about the account.
func (p *Portfolio) subjects(a *store.Revision[register.Account], chain Chain) []string {
	ids := append([]string{a.ID, a.Record.Product}, chain.Parties()...)
	if d := p.Deployments[a.ID]; d != nil {
		ids = append(ids, d.ID)
	}
	return ids
}

// truth3 is unknown unless known.
func truth3(value, known bool) rule.Tri {
	switch {
	case !known:
		return rule.Unknown
	case value:
		return rule.True
	}
	return rule.False
}
