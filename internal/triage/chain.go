package triage

import (
	"context"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
)

// ReadChain reads what the chain of one account is made of, and of a deployment on it
// (nil for none), so that [Portfolio.Chain] gives what it gives of the whole register.
// Nothing else of the portfolio is there. It reads a few rows, however large the
// register.
func ReadChain(ctx context.Context, q store.Queryer, account *store.Revision[register.Account], deployment *store.Revision[register.Deployment]) (*Portfolio, error) {
	p := &Portfolio{
		Customers: map[string]*store.Revision[register.Customer]{}, Products: map[string]*store.Revision[register.Product]{},
		Relationships: map[string]*store.Revision[register.Relationship]{}, between: map[string]bool{},
	}
	parties, product := []string{account.Record.Customer}, account.Record.Product
	if err := take(ctx, q, register.Relationships, p.Relationships, account.Record.Via); err != nil {
		return nil, err
	}
	if link := p.Relationships[account.Record.Via]; link != nil {
		parties = append(parties, link.Record.Customer, link.Record.Party)
	}
	if deployment != nil {
		parties = append(parties, deployment.Record.Customer)
		if deployment.Record.Product != "" {
			product = deployment.Record.Product
		}
	}
	for _, id := range parties {
		if p.Customers[id] != nil {
			continue
		}
		if err := take(ctx, q, register.Customers, p.Customers, id); err != nil {
			return nil, err
		}
		var err error
		if p.between[id], err = standsBetween(ctx, q, id); err != nil {
			return nil, err
		}
	}
	return p, take(ctx, q, register.Products, p.Products, product)
}

// take reads one record into a map, where there is one.
func take[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], into map[string]*store.Revision[T], id string) error {
	if id == "" {
		return nil
	}
	list, err := store.Select(ctx, q, kind, "r.id = $1", id)
	for _, r := range list {
		into[id] = r
	}
	return err
}

// standsBetween says whether a customer is known to serve others, as [ends] reads it of
// all relationships.
func standsBetween(ctx context.Context, q store.Queryer, customer string) (bool, error) {
	rows, err := q.Query(ctx, `select 1 from r_relationship where to_seq is null and party = $1 and role in ('integrator', 'reseller', 'distributor')
		union all select 1 from r_relationship where to_seq is null and customer = $1 and role = 'end_user' limit 1`, customer)
	if err != nil {
		return false, fault.Wrap(fault.Failed, err, "cannot read the relationships")
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}
