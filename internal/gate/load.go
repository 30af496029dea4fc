package gate

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
)

// loader reads what the gate has to know of accounts.
type loader struct {
	ctx      context.Context
	q        store.Queryer
	rules    *assessment.Prohibitions
	days     [2]string
	decided  map[string]bool // subjects of which anything was ever decided; nil when each has to be asked
	products map[string]*register.Product
	lanes    map[string]string // by account
	glasses  map[string][]glass
	changes  map[string][]launch // by product
}

// launch is a capability that is not open to everybody who has the product.
type launch struct {
	capability string
	announced  bool     // and not launched
	cleared    []string // deployments, once it is launched
}

// load reads the whole world. It reads each table of the register once, and a few rows
// more for each unit of which anything was decided.
func load(ctx context.Context, q store.Queryer, rules *assessment.Prohibitions, size int64, today string) (*world, error) {
	l, err := newLoader(ctx, q, rules, today)
	if err != nil {
		return nil, err
	}
	l.decided = map[string]bool{}
	err = each(l, decision.Decisions, "", nil, func(d *store.Revision[decision.Decision]) { l.decided[d.Record.Subject] = true })
	if err != nil {
		return nil, err
	}
	if err := l.readProducts(); err != nil {
		return nil, err
	}
	for product := range l.products {
		if err := l.readChanges(product); err != nil {
			return nil, err
		}
	}
	w := &world{size: size, day: today, products: l.products, units: map[string]*unit{}, by: map[string][]*unit{}}
	return w, l.read(w, "")
}

func newLoader(ctx context.Context, q store.Queryer, rules *assessment.Prohibitions, today string) (*loader, error) {
	now, err := time.Parse(time.DateOnly, today)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "today is no day")
	}
	l := &loader{
		ctx: ctx, q: q, rules: rules, days: [2]string{today, now.AddDate(0, 0, 1).Format(time.DateOnly)},
		products: map[string]*register.Product{}, lanes: map[string]string{}, glasses: map[string][]glass{}, changes: map[string][]launch{},
	}
	return l, l.readGlasses()
}

// each calls fn for every newest revision of a kind that a condition lets through.
func each[T any](l *loader, kind *ledger.Kind[T], where string, args []any, fn func(*store.Revision[T])) error {
	return store.Each(l.ctx, l.q, kind, store.Now, where, args, func(r *store.Revision[T]) error {
		fn(r)
		return nil
	})
}

// readGlasses reads the emergency openings, of which there are few.
func (l *loader) readGlasses() error {
	return each(l, Glasses, "", nil, func(g *store.Revision[Glass]) {
		l.glasses[g.Record.Subject] = append(l.glasses[g.Record.Subject], glass{g.Record.Until, g.Seq})
	})
}

// read reads one account, or all of them when account is "", and files their units.
func (l *loader) read(w *world, account string) error {
	where := func(column string) (string, []any) {
		if account == "" {
			return "", nil
		}
		return column + " = $1", []any{account}
	}
	condition, args := where("r.account")
	err := each(l, triage.Triages, condition, args, func(t *store.Revision[triage.Triage]) { l.lanes[t.Record.Account] = t.Record.Lane })
	if err != nil {
		return err
	}
	var deployments []*store.Revision[register.Deployment]
	err = each(l, register.Deployments, condition, args, func(d *store.Revision[register.Deployment]) {
		if d.Record.State == "active" {
			deployments = append(deployments, d)
		}
	})
	if err != nil {
		return err
	}
	var accounts []*store.Revision[register.Account]
	condition, args = where("r.id")
	err = each(l, register.Accounts, condition, args, func(a *store.Revision[register.Account]) {
		if a.Record.State == "active" {
			accounts = append(accounts, a)
		}
	})
	if err != nil {
		return err
	}
	units, err := l.units(accounts, deployments)
	if err != nil {
		return err
	}
	names := map[string][]string{}
	if account == "" {
		err = l.identifiers("", names)
	} else {
		for _, c := range customersOf(accounts, deployments) {
			if err = l.identifiers(c, names); err != nil {
				break
			}
		}
	}
	w.add(units, accounts, deployments, names)
	return err
}

func customersOf(accounts []*store.Revision[register.Account], deployments []*store.Revision[register.Deployment]) []string {
	var out []string
	for _, a := range accounts {
		out = append(out, a.Record.Customer)
	}
	for _, d := range deployments {
		out = append(out, d.Record.Customer)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(id string) bool { return id == "" })
}

func (l *loader) readProducts() error {
	return each(l, register.Products, "", nil, func(p *store.Revision[register.Product]) { l.products[p.ID] = p.Record })
}

// readChanges reads the capabilities of a product that are not open to everybody.
func (l *loader) readChanges(product string) error {
	list, err := store.Select(l.ctx, l.q, casework.Changes, "r.product = $1 and r.state <> 'withdrawn'", product)
	if err != nil {
		return err
	}
	l.changes[product] = nil
	for _, c := range list {
		one := launch{capability: c.Record.Capability, announced: c.Record.State == casework.Announced}
		if !one.announced {
			s, err := casework.Stand(l.ctx, l.q, c.ID)
			if err != nil {
				return err
			}
			one.cleared = s.Cleared
		}
		l.changes[product] = append(l.changes[product], one)
	}
	return nil
}

// identifiers gives the names of a customer, or of all, in schemes of other systems.
func (l *loader) identifiers(subject string, names map[string][]string) error {
	where, args := "", []any(nil)
	if subject != "" {
		where, args = "r.subject = $1", []any{subject}
	}
	return each(l, register.Identifiers, where, args, func(i *store.Revision[register.Identifier]) {
		if i.Record.State == "active" {
			names[i.Record.Subject] = append(names[i.Record.Subject], i.Record.Scheme+":"+i.Record.Value)
		}
	})
}

// units makes a unit of each deployment, and of each account that has none.
func (l *loader) units(accounts []*store.Revision[register.Account], deployments []*store.Revision[register.Deployment]) ([]*unit, error) {
	var out []*unit
	deployed := map[string]bool{}
	for _, d := range deployments {
		deployed[d.Record.Account] = true
		u := &unit{id: d.ID, account: d.Record.Account, capabilities: []string{d.Record.Capability}, purpose: d.Record.Purpose, jurisdiction: d.Record.Jurisdiction}
		if d.Record.Capability == "" || d.Record.Capability == "unknown" {
			u.capabilities = nil
		}
		if err := l.stand(u, d.Record.Product); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	for _, a := range accounts {
		if deployed[a.ID] {
			continue
		}
		u := &unit{id: a.ID, account: a.ID, purpose: a.Record.Purpose}
		if p := l.products[a.Record.Product]; p != nil {
			u.capabilities = append(slices.Clone(p.Intended), p.Unintended...)
			if slices.Contains(u.capabilities, "unknown") {
				u.capabilities = nil
			}
		}
		if err := l.stand(u, a.Record.Product); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

// stand works out how a unit stands today and tomorrow, so that midnight finds an answer
// ready.
func (l *loader) stand(u *unit, product string) error {
	u.glass = l.glasses[u.id]
	for i, day := range l.days {
		s := &decision.Stand{State: decision.None}
		if l.decided == nil || l.decided[u.id] {
			var err error
			if s, err = decision.Standing(l.ctx, l.q, u.id, day, l.rules); err != nil {
				return err
			}
		}
		u.standing[i] = standingOf(s, l.lanes[u.account])
		l.unlaunched(u, &u.standing[i], product)
	}
	return nil
}

// unlaunched refuses a capability that is announced for the product and not launched, or
// launched and not cleared for this unit.
func (l *loader) unlaunched(u *unit, s *standing, product string) {
	for _, c := range l.changes[product] {
		if u.capabilities != nil && !slices.Contains(u.capabilities, c.capability) || len(u.capabilities) > 1 {
			continue
		}
		if c.announced || !slices.Contains(c.cleared, u.id) {
			word := strings.ReplaceAll(c.capability, "_", " ")
			*s = standing{code: NotLaunched, decision: s.decision, lawful: s.lawful, reason: word + " is not launched for this customer", fix: "assess it again and decide; see `duly capability show`"}
		}
	}
}

// add files units under all names by which a question may mean them.
func (w *world) add(units []*unit, accounts []*store.Revision[register.Account], deployments []*store.Revision[register.Deployment], names map[string][]string) {
	identity, customer := map[string]string{}, map[string]string{}
	for _, a := range accounts {
		identity[a.ID], customer[a.ID] = a.Record.Identity, a.Record.Customer
	}
	for _, d := range deployments {
		if d.Record.Customer != "" {
			customer[d.ID] = d.Record.Customer
		}
	}
	for _, u := range units {
		w.units[u.id] = u
		u.billed = identity[u.account]
		keys := map[string]bool{"account " + u.account: true}
		if u.id != u.account {
			keys["deployment "+u.id] = true
		}
		if u.billed != "" {
			keys["account "+u.billed] = true
			if _, number, ok := strings.Cut(u.billed, ":"); ok {
				keys["account "+number] = true
			}
		}
		for _, c := range []string{customer[u.id], customer[u.account]} {
			if c == "" {
				continue
			}
			keys["customer "+c] = true
			for _, name := range names[c] {
				keys["customer "+name] = true
			}
		}
		u.keys = slices.Sorted(maps.Keys(keys))
		for _, key := range u.keys {
			// An older world may share the array; it sees no further than its own length.
			w.by[key] = append(w.by[key], u)
		}
	}
}
