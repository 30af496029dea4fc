package casework

import (
	"context"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/calendar"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
)

// Widen gives leave for a deployment or an account to get a capability, or more of one,
// within the days that the rules say. What [MayWiden] refuses is logged as an attempt,
// and nothing is written.
//
// Errors: Invalid without a capability or a reason; those of MayWiden.
func (w Worker) Widen(ctx context.Context, db *store.DB, rules *Rules, unit, capability, reason string) (store.Ref, error) {
	leave := Leave{Sort: "widen", Subject: unit, Capability: capability, Until: calendar.Later(w.Today, rules.leave), Reason: reason}
	if capability == "" {
		return store.Ref{}, fault.New(fault.Invalid, "leave is for a capability", "name it, as in face_search")
	}
	return w.leave(ctx, db, leave, func(tx *store.Tx) error { return MayWiden(ctx, tx, unit, capability, w.Today) })
}

// Renew gives leave for a contract to go on until a day. Every account on it is asked
// about, or every account of the customer where none says which contract it is on.
// What [MayRenew] refuses is logged as an attempt, and nothing is written.
//
// Errors: Invalid without a reason, and for a day that is not after today and the
// contract's end; those of MayRenew.
func (w Worker) Renew(ctx context.Context, db *store.DB, contract, until, reason string) (store.Ref, error) {
	if _, err := time.Parse(time.DateOnly, until); err != nil {
		return store.Ref{}, fault.Newf(fault.Invalid, "%q is not a day", until).WithFix("write it as YYYY-MM-DD")
	}
	leave := Leave{Sort: "renew", Subject: contract, Until: until, Reason: reason}
	return w.leave(ctx, db, leave, func(tx *store.Tx) error {
		c, err := store.Get(ctx, tx, register.Contracts, contract)
		if err != nil {
			return err
		}
		if until <= w.Today || until <= c.Record.ValidTo {
			return fault.Newf(fault.Invalid, "%s is not after today and the end of the contract", until)
		}
		accounts, err := under(ctx, tx, contract, c.Record.Customer)
		for _, account := range accounts {
			if err := MayRenew(ctx, tx, account, w.Today); err != nil {
				return err
			}
		}
		return err
	})
}

// under gives the active accounts that a contract is about.
func under(ctx context.Context, q store.Queryer, contract, customer string) ([]string, error) {
	const active = "select id from r_account where to_seq is null and state = 'active' and "
	accounts, err := texts(ctx, q, active+"contract = $1 order by seq", contract)
	if err == nil && len(accounts) == 0 {
		accounts, err = texts(ctx, q, active+"customer = $1 order by seq", customer)
	}
	return accounts, err
}

// leave writes leave that nothing speaks against.
func (w Worker) leave(ctx context.Context, db *store.DB, leave Leave, may func(*store.Tx) error) (ref store.Ref, err error) {
	if strings.TrimSpace(leave.Reason) == "" {
		return ref, fault.New(fault.Invalid, "leave needs a reason", "give --reason TEXT")
	}
	day, err := time.Parse(time.DateOnly, w.Today)
	if err != nil {
		return ref, fault.Wrap(fault.Failed, err, "today is no day")
	}
	leave.Day, leave.By = w.Today, w.Key
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: leave.Sort, Subject: leave.Subject, By: w.Actor, Now: day}, func() error {
		if err := w.Authority.May(w.Actor, act.Decide); err != nil {
			return err
		}
		return db.Write(ctx, w.Key, func(tx *store.Tx) error {
			if err := may(tx); err != nil {
				return err
			}
			ref, err = store.Create(tx, Leaves, &leave)
			return err
		})
	})
	return ref, err
}
