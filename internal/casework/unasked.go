package casework

import (
	"slices"
	"time"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
)

// unasked finds what customers got without leave: a capability, or another term of a
// contract. The register is told by the billing, which nobody can refuse. What was
// there at the first sweep needed no leave.
func (l *look) unasked() error {
	last, err := store.Select(l.ctx, l.q, Sweeps, "r.seq = (select max(seq) from r_sweep)")
	if err != nil || len(last) == 0 {
		return err
	}
	leaves, err := store.Select(l.ctx, l.q, Leaves, "")
	if err != nil {
		return err
	}
	u := &unasked{l, last[0].Record.Day, leaves}
	if err := u.deployments(); err != nil {
		return err
	}
	return u.contracts()
}

// unasked is a look at what began after the last sweep.
type unasked struct {
	*look
	last   string // day of the last sweep
	leaves []*store.Revision[Leave]
}

// came reads what is active of a kind and was written since the last sweep, or has a
// day in the meantime.
func came[T any](u *unasked, kind *ledger.Kind[T], day string) ([]*store.Revision[T], error) {
	where := "r.state = 'active' and (r.seq >= $1 or " + day + " > $2 and " + day + " <= $3)"
	return store.Select(u.ctx, u.q, kind, where, u.from, u.last, u.today)
}

// deployments finds those that came to an end user that was served already, and those
// that are about something else than before. What is registered with a later day has
// until then.
func (u *unasked) deployments() error {
	list, err := came(u, register.Deployments, "r.valid_from")
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Record.ValidFrom > u.today || len(u.w.about[d.ID]) == 0 {
			continue
		}
		more, planned, err := u.more(d)
		if err != nil {
			return err
		}
		if more && !u.leftTo(d, planned) {
			u.add("widened_without_leave", at(d.ID, d.Seq), "nobody had given leave for "+word(d.Record.Capability), u.w.about[d.ID])
		}
	}
	return nil
}

// more says whether somebody has more by a deployment than at the last sweep, and
// whether the register knew then that it would begin.
func (u *unasked) more(d *store.Revision[register.Deployment]) (more, planned bool, err error) {
	was, err := before(u.look, register.Deployments, d.ID)
	if err != nil {
		return false, false, err
	}
	if was == nil {
		more, err = u.served(d)
		return more, false, err
	}
	planned = was.Record.ValidFrom > u.last
	if was.Record.State != "active" || planned {
		return true, planned, nil
	}
	had := was.Record.Capability
	return had != d.Record.Capability && had != "" && had != "unknown", false, nil
}

// served says whether the end user of a new deployment was served before by another. A
// deployment by which somebody says what an account is about that was billed without
// one is no other: until then the account counted as able to do everything.
func (u *unasked) served(d *store.Revision[register.Deployment]) (bool, error) {
	bare, err := before(u.look, register.Accounts, d.Record.Account)
	if err != nil {
		return false, err
	}
	subject := u.w.units[u.w.about[d.ID][0]].subject
	elsewhere := false
	for _, i := range u.w.cases[subject] {
		other := &u.w.units[i]
		if other.id == d.ID {
			continue
		}
		var known bool
		if other.id == other.account {
			a, err := before(u.look, register.Accounts, other.id)
			if err != nil {
				return false, err
			}
			known = a != nil
		} else {
			o, err := before(u.look, register.Deployments, other.id)
			if err != nil {
				return false, err
			}
			known = o != nil
		}
		switch {
		case known && other.account == d.Record.Account:
			return true, nil
		case known:
			elsewhere = true
		}
	}
	return elsewhere && bare == nil, nil
}

// leftTo says whether somebody had given leave for a deployment before it began.
func (u *unasked) leftTo(d *store.Revision[register.Deployment], planned bool) bool {
	subject := u.w.units[u.w.about[d.ID][0]].subject
	began := max(d.Record.Received, time.UnixMicro(d.Leaf.Time).UTC().Format(time.DateOnly))
	if planned {
		began = d.Record.ValidFrom
	}
	return slices.ContainsFunc(u.leaves, func(x *store.Revision[Leave]) bool {
		return x.Record.Sort == "widen" && x.Record.Capability == d.Record.Capability &&
			(x.Seq < d.Seq || planned && x.Record.Day <= began) && began <= x.Record.Until &&
			slices.ContainsFunc(u.w.about[x.Record.Subject], func(i int) bool { return u.w.units[i].subject == subject })
	})
}

// contracts finds those whose end moved, those that took the place of another, and
// those that ended while their accounts are billed on.
func (u *unasked) contracts() error {
	list, err := came(u, register.Contracts, "r.valid_to")
	if err != nil {
		return err
	}
	for _, c := range list {
		was, err := before(u.look, register.Contracts, c.ID)
		if err != nil {
			return err
		}
		of := []string{c.ID}
		text := "nobody had given leave to renew it"
		switch end := c.Record.ValidTo; {
		case was == nil:
			if of, err = u.earlier(c); err != nil {
				return err
			}
		case was.Record.State != "active", was.Record.ValidTo != "" && (end == "" || end > was.Record.ValidTo):
		case end != "" && end > u.last && end <= u.today:
			text = "it ended on " + end + ", and what it was about is billed on"
		default:
			continue
		}
		if len(of) > 0 && !u.renewable(c, of) {
			u.add("renewed_without_leave", at(c.ID, c.Seq), text, u.under(c))
		}
	}
	return nil
}

// earlier gives the contracts that a customer of a new one had at the last sweep.
func (u *unasked) earlier(c *store.Revision[register.Contract]) ([]string, error) {
	if c.Record.Customer == "" {
		return nil, nil
	}
	all, err := store.Select(u.ctx, u.q, register.Contracts, "r.customer = $1 and r.id <> $2", c.Record.Customer, c.ID)
	var out []string
	for _, other := range all {
		was, err := before(u.look, register.Contracts, other.ID)
		if err != nil {
			return nil, err
		}
		if was != nil {
			out = append(out, other.ID)
		}
	}
	return out, err
}

// renewable says whether somebody had given leave for one of some contracts to go on
// for as long as a contract now does. One that has no end goes on longer than any leave.
func (u *unasked) renewable(c *store.Revision[register.Contract], of []string) bool {
	over := c.Record.ValidTo != "" && c.Record.ValidTo <= u.today // it goes on beyond its end
	return slices.ContainsFunc(u.leaves, func(x *store.Revision[Leave]) bool {
		if x.Record.Sort != "renew" || !slices.Contains(of, x.Record.Subject) {
			return false
		}
		if over {
			return x.Record.Day <= c.Record.ValidTo && x.Record.Until > c.Record.ValidTo
		}
		return x.Seq < c.Seq && c.Record.ValidTo != "" && x.Record.Until >= c.Record.ValidTo
	})
}

// under gives the units that a contract is about: those that say so, or all of its
// customer.
func (u *unasked) under(c *store.Revision[register.Contract]) []int {
	var out []int
	for i := range u.w.units {
		if u.w.units[i].contract == c.ID {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		out = u.w.about[c.Record.Customer]
	}
	return out
}
