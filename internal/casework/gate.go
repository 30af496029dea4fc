package casework

import (
	"context"
	"slices"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// MayWiden says whether a customer may be given a capability, or more of one: not
// while a case about it is open, and not before a capability that was announced for
// the product is launched and decided for it. unit is a deployment or an account;
// capability may be "" for whatever it has. It reads a few indexed rows.
//
// The code is Refused with the case or the change that is waited for.
func MayWiden(ctx context.Context, q store.Queryer, unit, capability, today string) error {
	who, err := around(ctx, q, unit)
	if err != nil {
		return err
	}
	for _, id := range who.subjects {
		cases, err := store.Select(ctx, q, Reviews, "r.subject = $1 and r.state = 'open'", id)
		if err != nil {
			return err
		}
		for _, r := range cases {
			if slices.Contains(r.Record.Covers, unit) || slices.ContainsFunc(r.Record.Covers, who.has) {
				return fault.Newf(fault.Refused, "a case about this customer is open since %s, %d days", r.Record.Opened, days(r.Record.Opened, today)).
					WithFix("what waits is not widened: see `duly case show " + r.ID + "`")
			}
		}
	}
	changes, err := store.Select(ctx, q, Changes, "r.product = $1", who.product)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if capability != "" && c.Record.Capability != capability {
			continue
		}
		switch c.Record.State {
		case Announced:
			return fault.Newf(fault.Refused, "%s is announced for this product and not launched", word(c.Record.Capability)).WithFix("see `duly capability show " + c.ID + "`")
		case Launched:
			s, err := Stand(ctx, q, c.ID)
			if err != nil {
				return err
			}
			if !slices.Contains(s.Cleared, unit) {
				return fault.Newf(fault.Refused, "nobody has cleared this customer for %s", word(c.Record.Capability)).WithFix("assess it again and decide")
			}
		}
	}
	return nil
}

// MayRenew says whether a contract about a deployment or an account may be renewed:
// not while somebody's word about it is unread, so that nobody is kept from knowing
// (IM-05), and not while a case about it is open.
func MayRenew(ctx context.Context, q store.Queryer, unit, today string) error {
	who, err := around(ctx, q, unit)
	if err != nil {
		return err
	}
	for _, id := range append(slices.Clone(who.subjects), who.account, unit) {
		list, err := store.Select(ctx, q, Signals, "r.subject = $1 and r.state = 'unread'", id)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return fault.Newf(fault.Refused, "%d things that people raised about this customer are unread, the oldest since %d days", len(list), days(list[0].Record.Day, today)).
				WithFix("run `duly queue sweep`, then work on the case")
		}
	}
	return MayWiden(ctx, q, unit, "", today)
}

// surroundings are the records that a case about a unit may be about.
type surroundings struct {
	account, product string
	subjects         []string
	units            []string // the account and its deployments
}

func (s *surroundings) has(id string) bool { return slices.Contains(s.units, id) }

func around(ctx context.Context, q store.Queryer, unit string) (*surroundings, error) {
	s := &surroundings{account: unit}
	deployments, err := store.Select(ctx, q, register.Deployments, "r.id = $1", unit)
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		s.account, s.product = d.Record.Account, d.Record.Product
		s.subjects = append(s.subjects, d.Record.Customer)
	}
	account, err := store.Get(ctx, q, register.Accounts, s.account)
	if err != nil {
		return nil, err
	}
	if s.product == "" {
		s.product = account.Record.Product
	}
	s.subjects = append(s.subjects, account.Record.Customer, s.account)
	if account.Record.Via != "" {
		link, err := store.Get(ctx, q, register.Relationships, account.Record.Via)
		if err != nil {
			return nil, err
		}
		s.subjects = append(s.subjects, link.Record.Customer, link.Record.Party)
	}
	slices.Sort(s.subjects)
	s.subjects = slices.DeleteFunc(slices.Compact(s.subjects), func(id string) bool { return id == "" })
	if unit != s.account {
		s.units = []string{unit}
		return s, nil
	}
	s.units, err = register.DeploymentsOf(ctx, q, s.account)
	s.units = append(s.units, s.account)
	return s, err
}

// Unheard is how much people raised that nobody has handled, by age.
type Unheard struct {
	Unread int `json:"unread"`
	Week   int `json:"older_than_7_days"`
	Month  int `json:"older_than_30_days"`
	Oldest int `json:"oldest_days"`
}

// CountUnheard counts what people raised and nobody has handled.
func CountUnheard(ctx context.Context, q store.Queryer, today string) (*Unheard, error) {
	list, err := store.Select(ctx, q, Signals, "r.state = 'unread'")
	if err != nil {
		return nil, err
	}
	u := &Unheard{Unread: len(list)}
	for _, s := range list {
		age := days(s.Record.Day, today)
		u.Oldest = max(u.Oldest, age)
		if age > 7 {
			u.Week++
		}
		if age > 30 {
			u.Month++
		}
	}
	return u, nil
}
