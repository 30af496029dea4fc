package triage

import (
	"context"
	"maps"
	"slices"
	"strings"

	"duly/internal/evidence"
	"duly/internal/index"
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
	Deployments   map[string][]*store.Revision[register.Deployment] // those that are active, by account, in the order of the log
	Hits          map[string]screening.Stand                        // by customer
	Indices       *index.Book                                       // what indices of countries and agencies say as of today
	RuledBy       []string                                          // hashes of the packs of ownership rules, where anybody is registered behind a customer

	keys      map[string][]string                   // identifiers of customers, as indices of agencies name them
	screened  int64                                 // where the last screening run stands in the log, -1 for none
	stated    map[string]map[string][]ledger.Scalar // facts that rules look at, by subject and fact
	confirmed map[string]bool                       // customers with an identifier of a registry
	billed    map[string]billed                     // what is billed for an end user and those whom it holds
	holders   map[string][]string                   // who holds half of a customer or more, or may
	between   map[string]bool                       // customers that stand between the vendor and others
	serves    map[string][]string                   // the end users that they name
}

// ReadPortfolio reads the whole register, with ownership as of today (YYYY-MM-DD).
// Memory grows with its records.
func ReadPortfolio(ctx context.Context, q store.Queryer, today string) (*Portfolio, error) {
	p, err := ReadParties(ctx, q, store.Now, today)
	if err != nil {
		return nil, err
	}
	accounts, err := store.Select(ctx, q, register.Accounts, "")
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if a.Record.State == "active" {
			p.Accounts = append(p.Accounts, a)
		}
	}
	if p.holders, err = register.Holders(ctx, q); err != nil {
		return nil, err
	}
	p.addUp()
	deployments, err := store.Select(ctx, q, register.Deployments, "")
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		if d.Record.State == "active" {
			p.Deployments[d.Record.Account] = append(p.Deployments[d.Record.Account], d)
		}
	}
	err = store.Sketch(ctx, q, register.Identifiers, store.Now, []string{"subject", "scheme"}, "", nil, func(i *store.Revision[register.Identifier]) error {
		if slices.Contains(registries, strings.ToLower(i.Record.Scheme)) {
			p.confirmed[i.Record.Subject] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, p.readFacts(ctx, q)
}

// ReadParties reads what chains are made of, as of a point: customers, products,
// relationships and what screening knows, with ownership as of a day. Accounts and
// deployments, of which there are most, are left out: whoever asks for a chain brings
// them. Memory grows with the parties, of whose revisions only record, position and
// hash are kept.
func ReadParties(ctx context.Context, q store.Queryer, at store.At, day string) (*Portfolio, error) {
	p := &Portfolio{
		Deployments: map[string][]*store.Revision[register.Deployment]{}, confirmed: map[string]bool{},
		between: map[string]bool{}, serves: map[string][]string{},
	}
	var err error
	if p.Customers, err = byID(ctx, q, register.Customers, at); err != nil {
		return nil, err
	}
	if p.Products, err = byID(ctx, q, register.Products, at); err != nil {
		return nil, err
	}
	if p.Relationships, err = byID(ctx, q, register.Relationships, at); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(p.Relationships)) {
		p.stands(p.Relationships[id].Record)
	}
	if err := p.readIndices(ctx, q, at, day); err != nil {
		return nil, err
	}
	return p, p.readStanding(ctx, q, store.At{Day: day, Seq: at.Seq})
}

// readIndices reads what indices say as of a day, and by which identifiers they name
// customers.
func (p *Portfolio) readIndices(ctx context.Context, q store.Queryer, at store.At, day string) (err error) {
	if p.Indices, err = index.ReadBookAt(ctx, q, store.At{Day: day, Seq: at.Seq}); err != nil {
		return err
	}
	p.keys = map[string][]string{}
	if len(p.Indices.Editions) == 0 {
		return nil
	}
	return store.Sketch(ctx, q, register.Identifiers, at, []string{"subject", "scheme", "value"}, "r.state = 'active'", nil, func(i *store.Revision[register.Identifier]) error {
		p.key(i.Record)
		return nil
	})
}

// key notes an identifier by which indices of agencies name a customer.
func (p *Portfolio) key(i *register.Identifier) {
	if key := index.AgencyKey(i.Scheme, i.Value); len(p.Indices.Answers(key)) > 0 {
		p.keys[i.Subject] = append(p.keys[i.Subject], key)
	}
}

// AgencyAnswers gives what indices of agencies answer of a customer, by its identifiers.
func (p *Portfolio) AgencyAnswers(customer string) []index.Conclusion {
	return p.Indices.Answers(p.keys[customer]...)
}

// Screening says what screening knows of some customers: the hits of all, and whether
// the last run covered each of them as it stands now. A run covers active customers;
// one that came or changed after it was compared with nothing yet.
func (p *Portfolio) Screening(customers []string) (hits screening.Counts, covered bool) {
	covered = p.screened >= 0
	for _, id := range customers {
		hits.Open += p.Hits[id].Open
		hits.Confirmed += p.Hits[id].Confirmed
		c := p.Customers[id]
		covered = covered && c != nil && c.Record.State == "active" && c.Seq < p.screened
	}
	return hits, covered
}

// Facts that rules look at. What an assessment found out goes back into the lane.
const (
	factBan        = "law.local_ban"
	factMoratorium = "policy.moratorium"
	factSituation  = "country.situation"
)

func (p *Portfolio) readFacts(ctx context.Context, q store.Queryer) error {
	facts, err := store.Select(ctx, q, evidence.Facts, "(r.fact = $1 or r.fact = $2 or r.fact = $3) and coalesce(r.claim, 0) = 0", factBan, factMoratorium, factSituation)
	if err != nil {
		return err
	}
	p.stated = map[string]map[string][]ledger.Scalar{}
	for _, f := range facts {
		if f.Record.State != "active" {
			continue
		}
		about := p.stated[f.Record.Subject]
		if about == nil {
			about = map[string][]ledger.Scalar{}
			p.stated[f.Record.Subject] = about
		}
		about[f.Record.Fact] = append(about[f.Record.Fact], f.Record.Value)
	}
	return nil
}

// answer gives what is stated of a fact along the chain: yes when any statement is
// one of yes, no when one is of no and none says yes or leaves it open.
func (p *Portfolio) answer(fact string, subjects []string, yes, no func(any) bool) rule.Tri {
	out, open := rule.Unknown, false
	for _, s := range subjects {
		for _, stated := range p.stated[s][fact] {
			v := stated.Value()
			switch {
			case v == nil:
			case yes(v):
				return rule.True
			case no(v):
				out = rule.False
			default:
				open = true
			}
		}
	}
	if open {
		return rule.Unknown
	}
	return out
}

func oneOf(words ...string) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(words, s)
	}
}

func byID[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], at store.At) (map[string]*store.Revision[T], error) {
	out := map[string]*store.Revision[T]{}
	err := store.Each(ctx, q, kind, at, "", nil, func(r *store.Revision[T]) error {
		r.Leaf, r.Digests, r.Disclosures = nil, nil, nil
		out[r.ID] = r
		return nil
	})
	return out, err
}

// Ends gives who is served and who stands in between, whichever way round the
// relationship was written down.
func Ends(r *register.Relationship) (served, between string, ok bool) {
	switch r.Role {
	case "integrator", "reseller", "distributor":
		return r.Customer, r.Party, true
	case "end_user":
		return r.Party, r.Customer, true
	}
	return "", "", false
}

// Chain is who stands along a chain: the customer who is billed, the
// one in between, and the one who operates the product in the end. Each may be nil.
type Chain struct {
	Customer, Between, EndUser *store.Revision[register.Customer]
	EndUserKnown               bool
	Link                       *store.Revision[register.Relationship] // through which it is served
	Jurisdiction               string                                 // where it is used: the deployment's, or else its end user's; "" where not known
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

// Chain follows the chain of an account, or of one deployment on it. The customer is the end user unless it stands
// in between; then it is whom the account's relationship says it serves. A customer
// in between that names nobody for this account leaves the end user unknown, and so
// does one that is only known to serve others. A deployment that belongs to somebody
// else than the one who is billed names its end user by that.
func (p *Portfolio) Chain(a *register.Account, d *register.Deployment) Chain {
	c := p.chain(a, d)
	switch {
	case d != nil && isKnown(d.Jurisdiction):
		c.Jurisdiction = d.Jurisdiction
	case c.EndUserKnown && isKnown(c.EndUser.Record.Jurisdiction):
		c.Jurisdiction = c.EndUser.Record.Jurisdiction
	}
	return c
}

func (p *Portfolio) chain(a *register.Account, d *register.Deployment) Chain {
	c := Chain{Customer: p.Customers[a.Customer]}
	user, named := a.Customer, false
	if link := p.Relationships[a.Via]; link != nil {
		if served, between, ok := Ends(link.Record); ok {
			c.Link, c.Between = link, p.Customers[between]
			named = served != between && (served == a.Customer || between == a.Customer) && link.Record.Role == "end_user"
			if a.Customer == between {
				user = served
			}
		}
	}
	if c.Customer != nil && p.Customers[user] != nil && (named || !p.between[user]) {
		c.EndUser, c.EndUserKnown = p.Customers[user], true
	}
	if d == nil || p.Customers[d.Customer] == nil || slices.Contains(c.Parties(), d.Customer) {
		return c
	}
	c.EndUser, c.EndUserKnown = p.Customers[d.Customer], true
	if c.Between == nil {
		c.Between = c.Customer
	}
	return c
}

// capabilities lists all that the account's product can do, meant or not, and all
// that its deployments are said to use.
func (p *Portfolio) capabilities(account string, a *register.Account) []string {
	product := p.Products[a.Product]
	if product == nil {
		return nil
	}
	out := slices.Concat(product.Record.Intended, product.Record.Unintended)
	for _, d := range p.Deployments[account] {
		if isKnown(d.Record.Capability) {
			out = append(out, d.Record.Capability)
		}
	}
	return out
}

// operators lists who operates what the account buys, as far as anything names
// them: the end user or, while it is not known, all whom the customer serves; and
// the customers of the account's deployments.
func (p *Portfolio) operators(account string, chain Chain) []*register.Customer {
	var ids []string
	switch {
	case chain.EndUser != nil:
		ids = []string{chain.EndUser.ID}
	case chain.Customer != nil:
		ids = slices.Clone(p.serves[chain.Customer.ID])
	}
	for _, d := range p.Deployments[account] {
		ids = append(ids, d.Record.Customer)
	}
	var out []*register.Customer
	for _, id := range ids {
		if c := p.Customers[id]; c != nil {
			out = append(out, c.Record)
		}
	}
	return out
}

// operatorSector gives the sector that weighs most: one that holds power over
// people, then one that nobody knows.
func operatorSector(chain Chain, operators []*register.Customer) string {
	sector := ""
	for i, who := range operators {
		switch {
		case register.Coercive(who.Sector):
			return who.Sector
		case i == 0 || !isKnown(who.Sector):
			sector = who.Sector
		}
	}
	if !chain.EndUserKnown {
		return ""
	}
	return sector
}

// country gives where the account is used: a country in conflict before any other,
// among the customer's own too, and none while one of those who operate it may be
// anywhere.
func (r *Rules) country(customer string, operators []*register.Customer, deployed []*store.Revision[register.Deployment]) string {
	var used []string
	for _, d := range deployed {
		if isKnown(d.Record.Jurisdiction) {
			used = append(used, d.Record.Jurisdiction)
		}
	}
	said := len(used) > 0
	for _, who := range operators {
		used = append(used, who.Jurisdiction)
	}
	used = append(used, customer)
	for _, c := range used {
		if (&Account{Country: c}).conflict(r.countries) == rule.True {
			return c
		}
	}
	if !said && slices.ContainsFunc(used, func(c string) bool { return !isKnown(c) }) {
		return ""
	}
	return used[0]
}

// Look gives an account as the rules look at it.
func (p *Portfolio) Look(r *Rules, account *store.Revision[register.Account]) Account {
	a := account.Record
	chain := p.Chain(a, nil)
	out := Account{
		EndUserKnown: truth3(chain.EndUserKnown, true), Integrator: truth3(chain.Between != nil || p.between[a.Customer], a.Customer != ""),
		Capabilities: p.capabilities(account.ID, a), Scale: p.scale(r, account.ID, a, chain),
	}
	operators := p.operators(account.ID, chain)
	out.EndUserSector = p.heldSector(chain.EndUser, operatorSector(chain, operators))
	home := ""
	if chain.Customer != nil {
		c := chain.Customer.Record
		out.Sector, out.Kind, home = p.heldSector(chain.Customer, c.Sector), c.Kind, c.Jurisdiction
		out.Registry = truth3(p.confirmed[chain.Customer.ID], true)
		out.IntegratorSector = c.Sector // where it stands in between itself
	}
	out.Country = r.country(home, operators, p.Deployments[account.ID])
	if chain.Between != nil {
		out.IntegratorSector = chain.Between.Record.Sector
	} else if out.Integrator != rule.True {
		out.IntegratorSector = ""
	}
	subjects := p.subjects(account, chain)
	out.Ban = p.answer(factBan, subjects, oneOf("in_force"), oneOf("none", "other_scope"))
	out.Moratorium = p.answer(factMoratorium, subjects, oneOf("applies"), oneOf("none", "exempt"))
	out.Conflict = p.answer(factSituation, subjects,
		func(v any) bool { list, ok := v.([]string); return ok && len(list) > 0 },
		func(v any) bool { list, ok := v.([]string); return ok && len(list) == 0 })
	parties := p.parties(account.ID, chain)
	out.Owned, out.Owners = p.owned(parties)
	hits, covered := p.Screening(parties)
	out.OpenHit = truth3(hits.Open > 0, covered || hits.Open > 0)
	out.ConfirmedHit = truth3(hits.Confirmed > 0, covered || hits.Confirmed > 0)
	return out
}

// parties gives the ids of all customers that an account has to do with, each once:
// those of its chain and those of its deployments.
func (p *Portfolio) parties(account string, chain Chain) []string {
	ids := chain.Parties()
	for _, d := range p.Deployments[account] {
		if who := d.Record.Customer; p.Customers[who] != nil && !slices.Contains(ids, who) {
			ids = append(ids, who)
		}
	}
	return ids
}

// subjects lists the records about which a statement is one about the account.
func (p *Portfolio) subjects(a *store.Revision[register.Account], chain Chain) []string {
	ids := append([]string{a.ID, a.Record.Product}, p.parties(a.ID, chain)...)
	for _, d := range p.Deployments[a.ID] {
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
