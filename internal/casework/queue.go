package casework

import (
	"context"
	"fmt"
	"strings"

	"duly/internal/calendar"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// Filter says which open cases a page of the queue shows.
type Filter struct {
	Lane    string // "" for all
	Owner   string // key id; "" for all
	Free    bool   // only those that nobody has
	Overdue bool   // only those that are past their day
	Asleep  bool   // those that are put off, too
	Limit   int    // at least 1
	Offset  int
}

// Item is one line of the queue.
type Item struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Age     int     `json:"age_days"`
	Left    int     `json:"days_left"` // until it is due; negative when it is overdue
	Review  *Review `json:"case"`
	Overdue bool    `json:"overdue"`
}

// order is that of the queue: live alleged harm, severity, how hard it is to undo, the
// first day on which something happens by itself, what knowing more would tell, and
// age. UNGP 24 puts severity first, and within it what a delay makes irremediable.
const order = "harm desc, severity desc, irremediable desc, coalesce(cliff, '9999-12-31'), value desc, opened, id"

// Page gives a page of the queue on a day (YYYY-MM-DD). It reads one index in order,
// so that its cost grows with the page and what is before it, not with the queue.
func Page(ctx context.Context, q store.Queryer, f Filter, today string) ([]Item, error) {
	where, args := []string{"to_seq is null and state = 'open'"}, []any{}
	and := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.Lane != "" {
		and("lane = $%d", f.Lane)
	}
	if f.Owner != "" {
		and("owner = $%d", f.Owner)
	}
	if f.Free {
		where = append(where, "owner is null")
	}
	if f.Overdue {
		and("due < $%d", today)
	}
	if !f.Asleep {
		and("(snoozed_until is null or snoozed_until <= $%d)", today)
	}
	args = append(args, max(f.Limit, 1), max(f.Offset, 0))
	page := fmt.Sprintf("select seq from r_review where %s order by %s limit $%d offset $%d", strings.Join(where, " and "), order, len(args)-1, len(args))
	places, err := positions(ctx, q, page, args)
	if err != nil || len(places) == 0 {
		return []Item{}, err
	}
	return items(ctx, q, places, today)
}

// positions gives the positions that a query names, in its order.
func positions(ctx context.Context, q store.Queryer, query string, args []any) ([]int64, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the queue")
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the queue")
		}
		out = append(out, seq)
	}
	return out, rows.Err()
}

func items(ctx context.Context, q store.Queryer, places []int64, today string) ([]Item, error) {
	out := make([]Item, len(places))
	for i, seq := range places {
		r, err := store.GetBySeq(ctx, q, Reviews, seq)
		if err != nil {
			return nil, err
		}
		name, err := nameOf(ctx, q, r.Record.Subject)
		if err != nil {
			return nil, err
		}
		out[i] = Item{ID: r.ID, Name: name, Age: calendar.Between(r.Record.Opened, today), Left: calendar.Between(today, r.Record.Due), Review: r.Record, Overdue: r.Record.Due < today}
	}
	return out, nil
}

// nameOf gives the name of a case's subject.
func nameOf(ctx context.Context, q store.Queryer, id string) (string, error) {
	customers, err := store.Select(ctx, q, register.Customers, "r.id = $1", id)
	if err != nil || len(customers) > 0 {
		return first(customers, func(c *register.Customer) string { return c.Name }), err
	}
	accounts, err := store.Select(ctx, q, register.Accounts, "r.id = $1", id)
	if err != nil || len(accounts) > 0 {
		return first(accounts, func(a *register.Account) string { return a.Name }), err
	}
	products, err := store.Select(ctx, q, register.Products, "r.id = $1", id)
	return first(products, func(p *register.Product) string { return p.Name }), err
}

func first[T any](list []*store.Revision[T], name func(*T) string) string {
	for _, r := range list {
		if n := name(r.Record); n != "" {
			return n
		}
	}
	return "(no name)"
}
