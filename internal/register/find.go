package register

import (
	"context"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Found is a record that a person named.
type Found struct {
	Kind string // account, deployment, customer or product
	ID   string
}

// Find gives the record that a person means: a record id, or the identity of an
// account as it was imported, whole ("billing:4711") or without its scheme
// ("4711").
//
// Errors: NotFound; Invalid when the text fits several accounts.
func Find(ctx context.Context, q store.Queryer, text string) (Found, error) {
	if ledger.ValidID(text) {
		for _, kind := range []string{"deployment", "account", "customer", "product"} {
			ids, err := ids(ctx, q, "select id from r_"+kind+" where id = $1 and to_seq is null", text)
			if err != nil {
				return Found{}, err
			}
			if len(ids) > 0 {
				return Found{kind, text}, nil
			}
		}
	}
	list, err := ids(ctx, q, "select id from r_account where to_seq is null and (identity = $1 or substr(identity, length(identity) - length($1)) = ':' || $1)", text)
	switch {
	case err != nil:
		return Found{}, err
	case len(list) == 0:
		return Found{}, fault.Newf(fault.NotFound, "there is no account, deployment, customer or product %q", text).
			WithFix("give a record id from a report, or an account's number as it was imported")
	case len(list) > 1:
		return Found{}, fault.Newf(fault.Invalid, "%q fits %d accounts", text, len(list)).WithFix("give the number with its scheme, as in billing:4711")
	}
	return Found{"account", list[0]}, nil
}

// DeploymentsOf gives the ids of an account's active deployments, in the order of
// the log.
func DeploymentsOf(ctx context.Context, q store.Queryer, account string) ([]string, error) {
	return ids(ctx, q, "select id from r_deployment where to_seq is null and account = $1 and state = 'active' order by seq", account)
}

func ids(ctx context.Context, q store.Queryer, query string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the register")
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the register")
		}
		out = append(out, id)
	}
	return out, rows.Err()
}
