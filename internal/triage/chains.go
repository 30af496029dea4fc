package triage

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"duly/internal/index"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
)

// ReadChains reads the active accounts that have to do with some records, with all that
// their chains are made of: accounts, deployments, contracts and products by their ids,
// and customers wherever they stand in a chain. It reads by indexes, so that its cost
// grows with what it finds, and with the register only where a product is asked for.
// Nothing is read of what others say of them; see [ReadKnown] and [ReadPortfolio].
func ReadChains(ctx context.Context, q store.Queryer, records []string) (*Portfolio, error) {
	c := &chains{ctx: ctx, q: q, p: &Portfolio{
		Customers: map[string]*store.Revision[register.Customer]{}, Products: map[string]*store.Revision[register.Product]{},
		Relationships: map[string]*store.Revision[register.Relationship]{}, Deployments: map[string][]*store.Revision[register.Deployment]{},
		confirmed: map[string]bool{}, between: map[string]bool{}, serves: map[string][]string{},
	}}
	for _, step := range []func() error{
		func() error { return c.accounts(records) },
		c.deployments,
		c.parties,
		c.products,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.p, nil
}

// ReadKnown is ReadChains with what screening knows of who stands in the chains and
// behind them, and with what indices say, as of today (YYYY-MM-DD): what a rating of the
// accounts needs. What only the rules of triage look at is not read.
func ReadKnown(ctx context.Context, q store.Queryer, today string, records []string) (*Portfolio, error) {
	p, err := ReadChains(ctx, q, records)
	if err != nil {
		return nil, err
	}
	customers := slices.Sorted(maps.Keys(p.Customers))
	if p.Hits, p.screened, err = screening.StandingOf(ctx, q, today, customers); err != nil {
		return nil, err
	}
	if err := p.ruledBy(); err != nil {
		return nil, err
	}
	if p.Indices, err = index.ReadBook(ctx, q, today); err != nil || len(p.Indices.Editions) == 0 {
		return p, err
	}
	p.keys = map[string][]string{}
	named, err := store.SelectIn(ctx, q, register.Identifiers, store.Now, "subject", customers, "r.state = 'active'")
	for _, i := range named {
		p.key(i.Record)
	}
	return p, err
}

// chains is a portfolio that is read by indexes.
type chains struct {
	ctx context.Context
	q   store.Queryer
	p   *Portfolio
}

// accounts reads the accounts that have to do with some records.
func (c *chains) accounts(records []string) error {
	links, err := c.relationships(records)
	if err != nil {
		return err
	}
	products, err := store.SelectIn(c.ctx, c.q, register.Products, store.Now, "id", records, "")
	if err != nil {
		return err
	}
	sold := ids(products)
	through := slices.Clone(records) // accounts by their own ids
	for _, by := range []struct {
		column string
		ids    []string
	}{{"id", records}, {"customer", records}, {"product", sold}} {
		deployments, err := store.SelectIn(c.ctx, c.q, register.Deployments, store.Now, by.column, by.ids, "r.state = 'active'")
		if err != nil {
			return err
		}
		for _, d := range deployments {
			through = append(through, d.Record.Account)
		}
	}
	found := map[string]*store.Revision[register.Account]{}
	for _, by := range []struct {
		column string
		ids    []string
	}{{"id", through}, {"customer", records}, {"via", links}, {"contract", records}, {"product", sold}} {
		accounts, err := store.SelectIn(c.ctx, c.q, register.Accounts, store.Now, by.column, by.ids, "r.state = 'active'")
		if err != nil {
			return err
		}
		for _, a := range accounts {
			found[a.ID] = a
		}
	}
	for _, a := range found {
		c.p.Accounts = append(c.p.Accounts, a)
	}
	slices.SortFunc(c.p.Accounts, func(a, b *store.Revision[register.Account]) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

func (c *chains) deployments() error {
	list, err := store.SelectIn(c.ctx, c.q, register.Deployments, store.Now, "account", ids(c.p.Accounts), "r.state = 'active'")
	for _, d := range list {
		c.p.Deployments[d.Record.Account] = append(c.p.Deployments[d.Record.Account], d)
	}
	return err
}

// parties reads who stands in the chains, and between whom they stand.
func (c *chains) parties() error {
	var links, customers []string
	for _, a := range c.p.Accounts {
		links, customers = append(links, a.Record.Via), append(customers, a.Record.Customer)
		for _, d := range c.p.Deployments[a.ID] {
			customers = append(customers, d.Record.Customer)
		}
	}
	through, err := store.SelectIn(c.ctx, c.q, register.Relationships, store.Now, "id", links, "")
	if err != nil {
		return err
	}
	for _, l := range through {
		c.p.link(l)
		customers = append(customers, l.Record.Customer, l.Record.Party)
	}
	list, err := store.SelectIn(c.ctx, c.q, register.Customers, store.Now, "id", customers, "")
	if err != nil {
		return err
	}
	for _, who := range list {
		c.p.Customers[who.ID] = who
	}
	_, err = c.relationships(customers)
	return err
}

// relationships reads those that customers stand in, and gives their ids.
func (c *chains) relationships(customers []string) ([]string, error) {
	var out []string
	for _, column := range []string{"customer", "party"} {
		list, err := store.SelectIn(c.ctx, c.q, register.Relationships, store.Now, column, customers, "")
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			c.p.link(l)
			out = append(out, l.ID)
		}
	}
	return out, nil
}

func (c *chains) products() error {
	var sold []string
	for _, a := range c.p.Accounts {
		sold = append(sold, a.Record.Product)
		for _, d := range c.p.Deployments[a.ID] {
			sold = append(sold, d.Record.Product)
		}
	}
	list, err := store.SelectIn(c.ctx, c.q, register.Products, store.Now, "id", sold, "")
	for _, p := range list {
		c.p.Products[p.ID] = p
	}
	return err
}

// link notes a relationship and who stands between whom by it, once.
func (p *Portfolio) link(r *store.Revision[register.Relationship]) {
	if p.Relationships[r.ID] != nil {
		return
	}
	p.Relationships[r.ID] = r
	p.stands(r.Record)
}

// stands notes who stands between whom.
func (p *Portfolio) stands(r *register.Relationship) {
	if endUser, between, ok := Ends(r); ok {
		p.between[between] = true
		if endUser != between {
			p.serves[between] = append(p.serves[between], endUser)
		}
	}
}

func ids[T any](list []*store.Revision[T]) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.ID
	}
	return out
}
