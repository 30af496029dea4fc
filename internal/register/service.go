package register

import (
	"context"
	"database/sql"
	"strings"

	"duly/internal/fault"
	"duly/internal/store"
)

// SpineNow counts the accounts of the register that have not ended. An account's
// money is the sum of what its revisions bill; of several revisions from one row
// of the source the newest counts, since it corrects the others. It reads typed
// columns only, in one pass over all revisions.
func SpineNow(ctx context.Context, q store.Queryer) (*Spine, error) {
	rows, err := q.Query(ctx, `select id, to_seq, coalesce(state, ''), coalesce(customer, ''), coalesce(product, ''),
		amount, coalesce(source, ''), coalesce(source_ref, '') from r_account order by id, rev`)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the accounts")
	}
	defer rows.Close()
	spine, billed := &Spine{}, map[string]int64{}
	for rows.Next() {
		var id, ref string
		var a Account
		var superseded, amount sql.NullInt64
		if err := rows.Scan(&id, &superseded, &a.State, &a.Customer, &a.Product, &amount, &a.Source, &ref); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the accounts")
		}
		if amount.Valid {
			billed[a.Source+"\n"+rowOf(ref)] = amount.Int64
		}
		if superseded.Valid {
			continue
		}
		if a.State != "ended" {
			a.Amount = sum(billed)
			spine.Add(&a)
		}
		clear(billed)
	}
	if err := rows.Err(); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the accounts")
	}
	return spine, nil
}

// Bill is what one account bills, or what one contract is worth.
type Bill struct {
	Of       string `json:"of"`    // record id
	Cents    *int64 `json:"cents"` // nil where nobody says
	Currency string `json:"currency"`
}

// Bills gives what an account bills, as [SpineNow] adds it up, and what its contract is
// worth.
func Bills(ctx context.Context, q store.Queryer, account string) ([]Bill, error) {
	history, err := store.History(ctx, q, Accounts, account)
	if err != nil || len(history) == 0 {
		return nil, err
	}
	billed := map[string]int64{}
	for _, h := range history {
		if h.Record.Amount != nil {
			billed[h.Record.Source+"\n"+rowOf(h.Record.SourceRef)] = *h.Record.Amount
		}
	}
	now := history[len(history)-1].Record
	out := []Bill{{account, sum(billed), now.Currency}}
	if now.Contract == "" {
		return out, nil
	}
	c, err := store.Get(ctx, q, Contracts, now.Contract)
	if err == nil && c.Record.Value != nil {
		out = append(out, Bill{c.ID, c.Record.Value, c.Record.Currency})
	}
	return out, err
}

// sum adds up what rows bill, nil when none says.
func sum(billed map[string]int64) *int64 {
	if len(billed) == 0 {
		return nil
	}
	total := int64(0)
	for _, amount := range billed {
		total += amount
	}
	return &total
}

// rowOf names the row of a source that a revision came from: what stands before
// the last # of its SourceRef.
func rowOf(ref string) string {
	if at := strings.LastIndexByte(ref, '#'); at >= 0 {
		return ref[:at]
	}
	return ref
}
