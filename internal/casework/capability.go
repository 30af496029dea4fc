package casework

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// The states of a change of a product.
const (
	Announced = "announced"
	Launched  = "launched"
	Withdrawn = "withdrawn"
)

// Announce says that a product is to get a capability, before anybody has it (RG-03).
// From then on the product counts as able to do it, in triage and in ratings, and the
// next sweep re-opens the product and every customer who uses it. It gives the change
// and how many deployments depend on the product.
//
// Errors: Invalid without a reason, for an unknown capability and for one that the
// product is meant to have already; Refused while the same is announced.
func Announce(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, c Change, today string) (store.Ref, int, error) {
	if err := authority.May(by, act.Load); err != nil {
		return store.Ref{}, 0, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return store.Ref{}, 0, fault.New(fault.Invalid, "a change of what a product can do needs a reason", "give --reason TEXT")
	}
	c.State, c.Day, c.By = Announced, today, by.Key
	var ref store.Ref
	n := 0
	err := db.Write(ctx, by.Key, func(tx *store.Tx) error {
		product, err := store.Get(ctx, tx, register.Products, c.Product)
		if err != nil {
			return err
		}
		if slices.Contains(product.Record.Intended, c.Capability) {
			if at, err := announced(ctx, tx, c.Product, c.Capability); err != nil || at != nil {
				return cmpErr(err, fault.Newf(fault.Refused, "%s is announced for this product already, on %s", word(c.Capability), dayOf(at)).
					WithFix("launch or withdraw that"))
			}
			return fault.Newf(fault.Invalid, "the product is meant to have %s already", word(c.Capability))
		}
		c.Unintended = slices.Contains(product.Record.Unintended, c.Capability)
		if !c.Unintended {
			next := *product.Record
			next.Intended = append(slices.Clone(next.Intended), c.Capability)
			next.Settle()
			if _, _, err := store.Revise(tx, register.Products, product.ID, &next); err != nil {
				return err
			}
		}
		users, err := dependents(ctx, tx, c.Product)
		if err != nil {
			return err
		}
		n, c.Dependents = len(users), int64(len(users))
		ref, err = store.Create(tx, Changes, &c)
		return err
	})
	return ref, n, err
}

func cmpErr(err error, otherwise *fault.Error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func dayOf(c *store.Revision[Change]) string {
	if c == nil {
		return "an unknown day"
	}
	return c.Record.Day
}

// announced gives the change by which a product is to get a capability, nil when none
// is open.
func announced(ctx context.Context, q store.Queryer, product, capability string) (*store.Revision[Change], error) {
	list, err := store.Select(ctx, q, Changes, "r.product = $1 and r.state = 'announced'", product)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if c.Record.Capability == capability {
			return c, nil
		}
	}
	return nil, nil
}

// dependents gives the active deployments of a product, and the active accounts that
// are billed for it and have no deployment, in the order of the log.
func dependents(ctx context.Context, q store.Queryer, product string) ([]string, error) {
	deployments, err := texts(ctx, q, "select id from r_deployment where to_seq is null and state = 'active' and product = $1 order by seq", product)
	if err != nil {
		return nil, err
	}
	// A deployment without a product of its own runs the account's.
	own, err := texts(ctx, q, `select d.id from r_deployment d join r_account a on a.id = d.account and a.to_seq is null
		where d.to_seq is null and d.state = 'active' and d.product is null and a.state = 'active' and a.product = $1 order by d.seq`, product)
	if err != nil {
		return nil, err
	}
	accounts, err := texts(ctx, q, `select a.id from r_account a where a.to_seq is null and a.state = 'active' and a.product = $1
		and a.id not in (select d.account from r_deployment d where d.to_seq is null and d.state = 'active' and d.account is not null) order by a.seq`, product)
	return slices.Concat(deployments, own, accounts), err
}

func texts(ctx context.Context, q store.Queryer, query string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the register")
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the register")
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// answerTo gives what was decided last about a deployment since a change was
// announced, "" while nobody has. To escalate decides nothing. The rating that it
// rests on may be older: where the method's facts are as they were, assessing again
// writes no other.
func answerTo(ctx context.Context, q store.Queryer, change *store.Revision[Change], unit string) (string, error) {
	decided, err := store.Select(ctx, q, decision.Decisions, "r.subject = $1 and r.seq > $2 and r.act <> 'escalate'", unit, change.Seq)
	if err != nil || len(decided) == 0 {
		return "", err
	}
	return decided[len(decided)-1].Record.Act, nil
}

// undecided gives those of some deployments that use the product of a change and on
// which nobody has decided since.
func undecided(ctx context.Context, q store.Queryer, change *store.Revision[Change], units []string) ([]string, error) {
	p, err := triage.ReadChains(ctx, q, units)
	if err != nil {
		return nil, err
	}
	w := placed(p)
	var out []string
	for _, i := range w.products[change.Record.Product] {
		id := w.units[i].id
		if !slices.Contains(units, id) {
			continue
		}
		what, err := answerTo(ctx, q, change, id)
		if err != nil {
			return nil, err
		}
		if what == "" {
			out = append(out, id)
		}
	}
	return out, nil
}

// Standing is where a change stands.
type Standing struct {
	ID         string   `json:"id"`
	Product    string   `json:"product"`
	Capability string   `json:"capability"`
	State      string   `json:"state"`
	Announced  string   `json:"announced"`
	Reviewed   bool     `json:"product_reviewed"` // the case of the product itself is closed
	Cleared    []string `json:"cleared"`          // deployments that may have it
	Refused    []string `json:"not_cleared"`      // that may not
	Undecided  []string `json:"undecided"`
}

// Stand says where a change stands, by those who use the product now.
func Stand(ctx context.Context, q store.Queryer, id string) (*Standing, error) {
	change, err := store.Get(ctx, q, Changes, id)
	if err != nil {
		return nil, err
	}
	first, err := store.History(ctx, q, Changes, id)
	if err != nil {
		return nil, err
	}
	change.Ref = first[0].Ref // decisions count from the announcement on
	c := change.Record
	s := &Standing{ID: id, Product: c.Product, Capability: c.Capability, State: c.State, Announced: c.Day, Cleared: []string{}, Refused: []string{}, Undecided: []string{}}
	users, err := dependents(ctx, q, c.Product)
	if err != nil {
		return nil, err
	}
	for _, unit := range users {
		what, err := answerTo(ctx, q, change, unit)
		if err != nil {
			return nil, err
		}
		switch decision.Act(what) {
		case "":
			s.Undecided = append(s.Undecided, unit)
		case decision.Approve, decision.ApproveWithConditions:
			s.Cleared = append(s.Cleared, unit)
		default:
			s.Refused = append(s.Refused, unit)
		}
	}
	cases, err := store.Select(ctx, q, Reviews, "r.subject = $1 and r.state = 'closed'", c.Product)
	if err != nil {
		return nil, err
	}
	for _, r := range cases {
		s.Reviewed = s.Reviewed || slices.ContainsFunc(r.Record.Triggers, func(t string) bool { return ParseTrigger(t).Cause == id })
	}
	return s, nil
}

// Launch opens a capability to those who were cleared for it. The code is Refused
// while the product itself is not reviewed or anybody who uses it is undecided; the
// error names them, and the Standing too.
func Launch(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id, today string) (*Standing, error) {
	if err := authority.May(by, act.Decide); err != nil {
		return nil, err
	}
	var s *Standing
	err := db.Write(ctx, by.Key, func(tx *store.Tx) (err error) {
		if s, err = Stand(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case s.State != Announced:
			return fault.Newf(fault.Refused, "the change is already %s", s.State)
		case !s.Reviewed:
			return fault.New(fault.Refused, "the product itself is not reviewed with this capability", "run `duly queue sweep`, and close the product's case")
		case len(s.Undecided) > 0:
			return fault.Newf(fault.Refused, "nobody has decided on %s for %d of %d deployments since it was announced: %s",
				word(s.Capability), len(s.Undecided), len(s.Undecided)+len(s.Cleared)+len(s.Refused), some(s.Undecided)).
				WithFix("assess and decide each; `duly capability show` lists all")
		}
		change, err := store.Get(ctx, tx, Changes, id)
		if err != nil {
			return err
		}
		next := *change.Record
		next.State, next.Done = Launched, today
		next.Dependents, next.Refused = int64(len(s.Cleared)+len(s.Refused)), int64(len(s.Refused))
		_, _, err = store.Revise(tx, Changes, id, &next)
		s.State = Launched
		return err
	})
	return s, err
}

// some gives the first ids of a list, and how many more there are.
func some(ids []string) string {
	const shown = 5
	if len(ids) <= shown {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:shown], ", ") + " and more"
}

// Withdraw says that a product does not get a capability after all.
func Withdraw(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id, today string) error {
	if err := authority.May(by, act.Load); err != nil {
		return err
	}
	return db.Write(ctx, by.Key, func(tx *store.Tx) error {
		change, err := store.Get(ctx, tx, Changes, id)
		if err != nil {
			return err
		}
		if change.Record.State != Announced {
			return fault.Newf(fault.Refused, "the change is already %s", change.Record.State)
		}
		next := *change.Record
		next.State, next.Done = Withdrawn, today
		if _, _, err := store.Revise(tx, Changes, id, &next); err != nil || next.Unintended {
			return err
		}
		product, err := store.Get(ctx, tx, register.Products, next.Product)
		if err != nil {
			return err
		}
		p := *product.Record
		p.Intended = slices.DeleteFunc(slices.Clone(p.Intended), func(c string) bool { return c == next.Capability })
		p.Settle()
		_, _, err = store.Revise(tx, register.Products, product.ID, &p)
		return err
	})
}
