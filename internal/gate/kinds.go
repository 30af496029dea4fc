package gate

import (
	"context"
	"embed"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/calendar"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Enforcement says that a decision was carried out where products are switched on and
// off, or that it was not.
type Enforcement struct {
	State    string `duly:"state,public,enum=confirmed|failed,column"`
	Decision string `duly:"decision,public,hash,column"` // leaf hash
	Decided  string `duly:"decided,public,date"`
	Day      string `duly:"day,public,date"`
	Subject  string `duly:"subject,customer,column"`
	How      string `duly:"how,customer"` // what was done, and how that is known
	By       string `duly:"by,personal"`
}

// The states of an enforcement.
const (
	Confirmed = "confirmed"
	Failed    = "failed"
)

// Glass is one emergency opening of the gate (break-glass).
type Glass struct {
	Opened  string `duly:"opened,public,date"`
	Hours   int64  `duly:"hours,public"`
	Subject string `duly:"subject,customer,column"`
	Until   string `duly:"until,customer"` // RFC 3339, UTC
	Reason  string `duly:"reason,customer"`
	By      string `duly:"by,personal"`
}

// The kinds of record that this room owns. Whoever breaks the glass signs.
var (
	Enforcements = ledger.Define[Enforcement]("enforcement", 1)
	Glasses      = ledger.Define[Glass]("break_glass", 1, ledger.SignedBy(1))
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "gate", Files: files}

// MaxHours is how long glass stays broken at most.
const MaxHours = 72

// Carried is what somebody says became of a decision where products are switched.
type Carried struct {
	Subject string // the deployment, or the account without any
	State   string // Confirmed or Failed
	How     string // what was done, and how that is known
}

// Confirm records that the newest decision on a subject that holds was carried out, or
// that this failed. Whoever decided does not confirm. A refused attempt is logged.
//
// Errors: Invalid without saying how; NotFound without a decision; Refused for one who may
// not, for one who signed it, and once it is confirmed.
func Confirm(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, c Carried, now time.Time) (ref store.Ref, err error) {
	if strings.TrimSpace(c.How) == "" {
		return ref, fault.New(fault.Invalid, "say what was done, and how that is known", "give --how TEXT")
	}
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: "enforcement", Subject: c.Subject, By: by, Now: now}, func() error {
		if err := authority.May(by, act.ConfirmCarried); err != nil {
			return err
		}
		return db.Write(ctx, by.Key, func(tx *store.Tx) error {
			ref, err = c.record(ctx, tx, by, now.UTC().Format(time.DateOnly))
			return err
		})
	})
	return ref, err
}

func (c Carried) record(ctx context.Context, tx *store.Tx, by act.Actor, day string) (ref store.Ref, err error) {
	stand, err := decision.Standing(ctx, tx, c.Subject, day, nil)
	if err != nil {
		return ref, err
	}
	d := stand.Decision
	if d == nil {
		return ref, fault.New(fault.NotFound, "nothing that holds was decided on this", "")
	}
	if slices.ContainsFunc(d.Leaf.Sigs, func(s ledger.Signature) bool { return s.KeyID() == by.Key }) {
		return ref, refusal.Refuse(refusal.FourEyes, "who decided does not confirm that it was carried out", "ask whoever runs the product")
	}
	before, err := store.Select(ctx, tx, Enforcements, "r.decision = $1 and r.state = $2", d.Hash.String(), Confirmed)
	if err != nil {
		return ref, err
	}
	if len(before) > 0 {
		return ref, refusal.Refuse(refusal.Twice, "this was confirmed on "+before[0].Record.Day, "")
	}
	return store.Create(tx, Enforcements, &Enforcement{State: c.State, Decision: d.Hash.String(), Decided: d.Leaf.Entered(), Day: day, Subject: c.Subject, How: c.How, By: by.Key})
}

// Break opens the gate for one deployment or account in an emergency. It needs the role
// of an approver or of the governing body, is signed, shows in clear, and ends by itself.
// What a law forbids it does not open: the gate looks at that each time.
//
// Errors: Invalid for hours that are not 1 to [MaxHours], or without a reason; Refused for
// anybody else, and while an earlier opening lasts.
func Break(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, key store.Signer, subject, reason string, hours int64, now time.Time) (ref store.Ref, err error) {
	switch {
	case hours < 1 || hours > MaxHours:
		return ref, fault.Newf(fault.Invalid, "%d hours are not 1 to %d", hours, MaxHours)
	case strings.TrimSpace(reason) == "":
		return ref, fault.New(fault.Invalid, "an emergency has a reason", "give --reason TEXT")
	}
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: "decision", Subject: subject, By: by, Now: now}, func() error {
		if err := authority.May(by, act.Decide); err != nil {
			return err
		}
		return db.Write(ctx, by.Key, func(tx *store.Tx) error {
			list, err := store.Select(ctx, tx, Glasses, "r.subject = $1", subject)
			if err != nil {
				return err
			}
			for _, g := range list {
				if g.Record.Until > now.UTC().Format(time.RFC3339) {
					return refusal.Refuse(refusal.Twice, "the gate is open for this until "+g.Record.Until, "decide, instead of opening it again and again")
				}
			}
			ref, err = store.Create(tx, Glasses, &Glass{
				Opened: now.UTC().Format(time.DateOnly), Hours: hours, Subject: subject, Reason: reason, By: by.Key,
				Until: now.UTC().Add(time.Duration(hours) * time.Hour).Format(time.RFC3339),
			}, key)
			return err
		})
	})
	return ref, err
}

// Wait is a decision that nobody has confirmed as enforced.
type Wait struct {
	Subject string `json:"subject"`
	Act     string `json:"act"`
	Decided string `json:"decided"`
	Days    int    `json:"days"`
	Failed  bool   `json:"failed"` // somebody tried, and it did not work
}

// Pending lists the decisions that hold on a day and are not confirmed as enforced, the
// oldest first.
func Pending(ctx context.Context, q store.Queryer, today string) ([]Wait, error) {
	current, err := decision.Current(ctx, q)
	if err != nil {
		return nil, err
	}
	list, err := store.Select(ctx, q, Enforcements, "")
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	for _, e := range list {
		if state[e.Record.Decision] != Confirmed {
			state[e.Record.Decision] = e.Record.State
		}
	}
	out := []Wait{}
	for subject, d := range current {
		if state[d.Hash.String()] == Confirmed || d.Record.Act == string(decision.Escalate) {
			continue
		}
		decided := d.Leaf.Entered()
		out = append(out, Wait{subject, d.Record.Act, decided, calendar.Between(decided, today), state[d.Hash.String()] == Failed})
	}
	slices.SortFunc(out, func(a, b Wait) int { return strings.Compare(a.Decided+a.Subject, b.Decided+b.Subject) })
	return out, nil
}
