package gate

import (
	"context"
	"maps"
	"slices"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/store"
)

// touchedAtMost is how many accounts are read again one by one; beyond it all are read.
const touchedAtMost = 1000

// next gives the world at a later size of the log. It reads again the accounts that
// anything new is about, and everything on a new day or where a product, a launch or a
// name changed.
func next(ctx context.Context, q store.Queryer, w *world, rules *assessment.Prohibitions, size int64, today string) (*world, error) {
	if w == nil || w.day != today {
		return load(ctx, q, rules, size, today)
	}
	wide, err := anything(ctx, q, w.size, "r_product", "r_capability_change", "r_identifier")
	if err != nil {
		return nil, err
	}
	accounts, err := touched(ctx, q, w)
	if err != nil {
		return nil, err
	}
	if wide || len(accounts) > touchedAtMost {
		return load(ctx, q, rules, size, today)
	}
	later := &world{size: size, day: today, products: w.products, units: w.units, by: w.by}
	if len(accounts) == 0 {
		return later, nil
	}
	later.units, later.by = maps.Clone(w.units), maps.Clone(w.by)
	l, err := newLoader(ctx, q, rules, today)
	if err != nil {
		return nil, err
	}
	l.products = w.products
	for _, account := range accounts {
		later.drop(account)
		if err := l.launches(account); err != nil {
			return nil, err
		}
		if err := l.read(later, account); err != nil {
			return nil, err
		}
	}
	return later, nil
}

// drop forgets the units of an account.
func (w *world) drop(account string) {
	var gone []*unit
	for id, u := range w.units {
		if u.account == account {
			gone = append(gone, u)
			delete(w.units, id)
		}
	}
	for _, u := range gone {
		for _, key := range u.keys {
			rest := slices.DeleteFunc(slices.Clone(w.by[key]), func(other *unit) bool { return other == u })
			if len(rest) == 0 {
				delete(w.by, key)
			} else {
				w.by[key] = rest
			}
		}
	}
}

// launches reads the changes of the products that an account or its deployments have.
func (l *loader) launches(account string) error {
	products, err := column(l.ctx, l.q, `select product from r_account where to_seq is null and id = $1 and product is not null
		union select product from r_deployment where to_seq is null and account = $1 and product is not null`, account)
	if err != nil {
		return err
	}
	for _, p := range products {
		if _, ok := l.changes[p]; ok {
			continue
		}
		if err := l.readChanges(p); err != nil {
			return err
		}
	}
	return nil
}

// anything says whether a table has rows from a position of the log on.
func anything(ctx context.Context, q store.Queryer, from int64, tables ...string) (bool, error) {
	for _, table := range tables {
		ids, err := column(ctx, q, "select id from "+table+" where seq >= $1 limit 1", from)
		if err != nil || len(ids) > 0 {
			return true, err
		}
	}
	return false, nil
}

// touched gives the accounts that something new is about, sorted.
func touched(ctx context.Context, q store.Queryer, w *world) ([]string, error) {
	accounts := map[string]bool{}
	for _, query := range []string{
		"select id from r_account where seq >= $1",
		"select account from r_deployment where seq >= $1 and account is not null",
		"select account from r_triage where seq >= $1",
	} {
		ids, err := column(ctx, q, query, w.size)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			accounts[id] = true
		}
	}
	for _, query := range []string{
		"select id from r_deployment where seq >= $1", // an account that it left
		"select subject from r_decision where seq >= $1",
		"select subject from r_condition_check where seq >= $1",
		"select subject from r_break_glass where seq >= $1",
	} {
		ids, err := column(ctx, q, query, w.size)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if u := w.units[id]; u != nil {
				accounts[u.account] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(accounts)), nil
}

// column reads one text column.
func column(ctx context.Context, q store.Queryer, query string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read what changed")
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read what changed")
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
