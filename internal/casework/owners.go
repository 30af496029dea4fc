package casework

import (
	"context"
	"maps"
	"slices"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// edge says that somebody stands behind somebody else, and whether with half or more of
// it, or maybe so.
type edge struct {
	owner, owned string
	half         bool
}

// direction says by which columns those are found who stand behind somebody, or behind
// whom somebody stands: in interests, among declared owners and in relationships.
type direction struct {
	interest, owner, link []string
	reached               func(edge) string
}

var (
	downwards = direction{[]string{"owner"}, []string{"party", "id"}, []string{"party"}, func(e edge) string { return e.owned }}
	upwards   = direction{[]string{"owned"}, []string{"customer"}, []string{"customer"}, func(e edge) string { return e.owner }}
)

// readOwners reads who stands behind whom, of all.
func (w *world) readOwners(ctx context.Context, q store.Queryer, p *triage.Portfolio) error {
	edges, err := readEdges(ctx, q, direction{}, nil)
	w.join(edges, func(id string) bool { return p.Customers[id] != nil })
	return err
}

// follow reads who is reached from some records in a direction, and gives all of them
// with the records themselves.
func (w *world) follow(ctx context.Context, q store.Queryer, d direction, records []string) ([]string, error) {
	seen := map[string]bool{"": true}
	for len(records) > 0 {
		for _, id := range records {
			seen[id] = true
		}
		edges, err := readEdges(ctx, q, d, records)
		if err != nil {
			return nil, err
		}
		var owners []string
		records = nil
		for _, e := range edges {
			owners = append(owners, e.owner)
			if next := d.reached(e); !seen[next] {
				records = append(records, next)
			}
		}
		customers, err := store.SelectIn(ctx, q, register.Customers, store.Now, "id", owners, "")
		if err != nil {
			return nil, err
		}
		known := map[string]bool{}
		for _, c := range customers {
			known[c.ID] = true
		}
		w.join(edges, func(id string) bool { return known[id] })
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen)), nil
}

// join notes who stands behind whom; customer says who is a customer and so may weigh
// on those of whom it holds half.
func (w *world) join(edges []edge, customer func(id string) bool) {
	for _, e := range edges {
		if e.owner == "" || e.owned == "" || e.owner == e.owned {
			continue
		}
		w.owned[e.owner] = append(w.owned[e.owner], e.owned)
		if e.half && customer(e.owner) {
			w.parents[e.owned] = append(w.parents[e.owned], e.owner)
		}
	}
}

// readEdges reads who stands behind whom, one step in a direction from some records, or
// of all where no direction is given.
func readEdges(ctx context.Context, q store.Queryer, d direction, records []string) ([]edge, error) {
	var out []edge
	interests, err := linked(ctx, q, register.Interests, d.interest, records, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, i := range interests {
		r := i.Record
		out = append(out, edge{r.Owner, r.Owned, r.Half()})
	}
	owners, err := linked(ctx, q, register.Owners, d.owner, records, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, o := range owners {
		r := o.Record
		out = append(out, edge{o.ID, r.Customer, false}, edge{r.Party, r.Customer, r.Half()})
	}
	links, err := linked(ctx, q, register.Relationships, d.link, records, "r.state = 'active' and r.role = 'owner'")
	for _, l := range links {
		out = append(out, edge{l.Record.Party, l.Record.Customer, true})
	}
	return out, err
}

// linked reads the records of a kind that meet a condition and of which one of some
// columns holds one of some values; without columns all that meet it.
func linked[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], columns, values []string, where string) ([]*store.Revision[T], error) {
	if columns == nil {
		return store.Select(ctx, q, kind, where)
	}
	var out []*store.Revision[T]
	for _, column := range columns {
		list, err := store.SelectIn(ctx, q, kind, store.Now, column, values, where)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// below gives a party and all those whom it stands behind.
func (w *world) below(id string) []string { return reach(id, w.owned) }

func reach(id string, next map[string][]string) []string {
	seen, out := map[string]bool{id: true}, []string{id}
	for i := 0; i < len(out); i++ {
		for _, n := range next[out[i]] {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out
}
