package assessment

import (
	"cmp"
	"context"
	"slices"

	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// unit is what one rating judges: an active deployment, or an account without one,
// which then is rated as itself.
type unit struct {
	account    *store.Revision[register.Account]
	deployment *store.Revision[register.Deployment] // nil when the account has none
}

func (u unit) subject() string {
	if u.deployment != nil {
		return u.deployment.ID
	}
	return u.account.ID
}

// seq is the position of the record that is judged.
func (u unit) seq() int64 {
	if u.deployment != nil {
		return u.deployment.Seq
	}
	return u.account.Seq
}

func (u unit) hash() ledger.Hash {
	if u.deployment != nil {
		return u.deployment.Hash
	}
	return u.account.Hash
}

// unitRoom holds a unit by itself.
type unitRoom struct {
	account    store.Revision[register.Account]
	deployment store.Revision[register.Deployment]
	billed     register.Account
	deployed   register.Deployment
	bare       bool // it has no deployment
}

// keep copies a unit into the room.
func (r *unitRoom) keep(u unit) {
	r.account, r.billed = *u.account, *u.account.Record
	r.account.Record = &r.billed
	if r.bare = u.deployment == nil; !r.bare {
		r.deployment, r.deployed = *u.deployment, *u.deployment.Record
		r.deployment.Record = &r.deployed
	}
}

// unit gives the unit in the room.
func (r *unitRoom) unit() unit {
	if r.bare {
		return unit{account: &r.account}
	}
	return unit{&r.account, &r.deployment}
}

// kept gives a copy that lasts.
func (u unit) kept() unit {
	r := new(unitRoom)
	r.keep(u)
	return r.unit()
}

func unitsOf(p *triage.Portfolio, a *store.Revision[register.Account]) []unit {
	if len(p.Deployments[a.ID]) == 0 {
		return []unit{{account: a}}
	}
	var units []unit
	for _, d := range p.Deployments[a.ID] {
		units = append(units, unit{a, d})
	}
	return units
}

// unitReader gives all units of the register as of a point, one after another. Of
// accounts it holds about two hundred bytes each; deployments stream by. Of the
// records only the typed columns are filled, unless a method asks for a field that
// has none.
type unitReader struct {
	q          store.Queryer
	at         store.At
	account    []string // fields to read
	deployment []string
	wholeAcc   bool
	wholeDep   bool
	accounts   map[string]*billed
	parties    *triage.Portfolio // whose ids the accounts share
}

// billed is an account as chains need it.
type billed struct {
	seq                    int64
	customer, product, via string
	record                 *register.Account // where a method asks for more
	deployed               bool
}

// newUnitReader prepares to read what some methods ask for.
func newUnitReader(q store.Queryer, at store.At, parties *triage.Portfolio, methods ...*rating.Method) *unitReader {
	r := &unitReader{q: q, at: at, parties: parties, account: []string{"customer", "product", "via"}, deployment: []string{"customer", "product", "account", "capability", "jurisdiction"}}
	for _, m := range methods {
		for _, f := range m.Facts() {
			switch word, field := registerField(f); {
			case word == wordAccount && !slices.Contains(r.account, field):
				r.account = append(r.account, field)
			case word == wordDeployment && !slices.Contains(r.deployment, field):
				r.deployment = append(r.deployment, field)
			}
		}
	}
	r.account, r.wholeAcc = columnsOf(register.Accounts.Schema(), r.account)
	r.deployment, r.wholeDep = columnsOf(register.Deployments.Schema(), r.deployment)
	return r
}

// columnsOf leaves the fields that a kind has, and says whether one of them stands in
// no column. A field that no record has is nobody's answer.
func columnsOf(s *ledger.Schema, fields []string) (columns []string, whole bool) {
	for _, f := range fields {
		if named := func(x ledger.Field) bool { return x.Name == f }; !slices.ContainsFunc(s.Public, named) && !slices.ContainsFunc(s.Sealed, named) {
			continue
		}
		columns = append(columns, f)
	}
	return columns, !s.HasColumns(columns)
}

// each calls fn for every unit: the deployments of active accounts in the order of
// the log, then the active accounts without one, in theirs. The unit holds until fn
// returns.
func (r *unitReader) each(ctx context.Context, fn func(unit) error) error {
	const active = "r.state = 'active'"
	r.accounts = map[string]*billed{}
	err := stream(ctx, r.q, register.Accounts, r.at, r.account, r.wholeAcc, active, func(a *store.Revision[register.Account]) error {
		b := &billed{a.Seq, a.Record.Customer, a.Record.Product, a.Record.Via, nil, false}
		if c := r.parties.Customers[b.customer]; c != nil {
			b.customer = c.ID
		}
		if p := r.parties.Products[b.product]; p != nil {
			b.product = p.ID
		}
		if r.wholeAcc || len(r.account) > 3 {
			copied := *a.Record
			b.record = &copied
		}
		r.accounts[a.ID] = b
		return nil
	})
	if err != nil {
		return err
	}
	account := store.Revision[register.Account]{Record: new(register.Account)}
	err = stream(ctx, r.q, register.Deployments, r.at, r.deployment, r.wholeDep, active, func(d *store.Revision[register.Deployment]) error {
		b := r.accounts[d.Record.Account]
		if b == nil {
			return nil
		}
		b.deployed = true
		b.into(&account, d.Record.Account)
		return fn(unit{&account, d})
	})
	if err != nil {
		return err
	}
	var bare []string
	for id, b := range r.accounts {
		if !b.deployed {
			bare = append(bare, id)
		}
	}
	slices.SortFunc(bare, func(x, y string) int { return cmp.Compare(r.accounts[x].seq, r.accounts[y].seq) })
	for _, id := range bare {
		r.accounts[id].into(&account, id)
		if err := fn(unit{account: &account}); err != nil {
			return err
		}
	}
	return nil
}

// into writes the account with an id, as far as it was read.
func (b *billed) into(r *store.Revision[register.Account], id string) {
	r.ID, r.Seq = id, b.seq
	if b.record != nil {
		*r.Record = *b.record
		return
	}
	r.Record.Customer, r.Record.Product, r.Record.Via = b.customer, b.product, b.via
}

func stream[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], at store.At, fields []string, whole bool, where string, fn func(*store.Revision[T]) error) error {
	if whole {
		return store.Each(ctx, q, kind, at, where, nil, fn)
	}
	return store.Sketch(ctx, q, kind, at, fields, where, nil, fn)
}
