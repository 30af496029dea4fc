package enforcement

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/usage"
)

// Officer is who acts on findings, and when.
type Officer struct {
	act.Actor
	Authority act.Authority
	Now       time.Time
}

func (o Officer) today() string { return o.Now.UTC().Format(time.DateOnly) }

// Move is a step as somebody takes it.
type Move struct {
	To     Step
	By     string // of a cure: the day by which the customer keeps the condition
	Reason string // what the customer was told, or why; needed where a step is out of order
	Source string // record id of a source that shows whose calls they are, where the log does not
}

// Take takes a step in an open proceeding, and gives the day by which the next thing is
// due. What logs show by now counts. A refused attempt is logged.
//
// Errors: NotFound; Invalid for a cure without a day that comes and is near enough;
// Refused with the rule for a step out of order without a reason, and for one that lacks
// its decision or of which it is not known whose calls it is about.
func (o Officer) Take(ctx context.Context, db *store.DB, id string, m Move) (*Proceeding, store.Ref, error) {
	return o.change(ctx, db, id, func(tx *store.Tx, p *Proceeding, opened int64) error {
		m.Reason = strings.TrimSpace(m.Reason)
		inOrder, err := climb(Step(p.Step), m.To, m.Reason)
		if err != nil {
			return err
		}
		due := after(m.To, p.Grade, o.today())
		if m.To == Cure {
			if err := cureDay(m.By, o.today(), due); err != nil {
				return err
			}
			due = m.By
		} else if m.By != "" {
			return fault.New(fault.Invalid, "a day is given for a cure only", "leave it out")
		}
		if err := sourced(ctx, tx, m.Source); err != nil {
			return err
		}
		p.Decision = ""
		if needs[m.To] != "" {
			if err := p.whose(ctx, tx, m.Source); err != nil {
				return err
			}
			if p.Decision, err = p.decided(ctx, tx, o.today(), opened, "", needs[m.To]); err != nil {
				return err
			}
		}
		p.Step, p.Stepped, p.Due, p.Reason, p.Source = string(m.To), o.today(), due, m.Reason, m.Source
		p.OutOfOrder = p.OutOfOrder || !inOrder
		p.Proposed = ""
		return nil
	})
}

func cureDay(by, today, last string) error {
	if _, err := time.Parse(time.DateOnly, by); err != nil {
		return fault.New(fault.Invalid, "a cure has a day by which the condition is kept", "give --by YYYY-MM-DD")
	}
	if by <= today || by > last {
		return fault.Newf(fault.Invalid, "%s is no day for this cure", by).WithFix("give one after " + today + " and up to " + last)
	}
	return nil
}

// change revises an open proceeding under the log's lock, after what logs show by now is
// gathered into it. opened is where its round begins in the log.
func (o Officer) change(ctx context.Context, db *store.DB, id string, how func(tx *store.Tx, p *Proceeding, opened int64) error) (*Proceeding, store.Ref, error) {
	var next Proceeding
	var ref store.Ref
	err := refusal.Watch(ctx, db, refusal.Attempt{Act: "enforcement", Subject: id, By: o.Actor, Now: o.Now}, func() error {
		if err := o.Authority.May(o.Actor, act.Enforce); err != nil {
			return err
		}
		return db.Write(ctx, o.Key, func(tx *store.Tx) error {
			if _, err := gather(ctx, tx, o.today()); err != nil {
				return err
			}
			p, err := store.Get(ctx, tx, Proceedings, id)
			if err != nil {
				return err
			}
			if p.Record.State != Open {
				return refusal.Refuse(refusal.Twice, "the proceeding was closed on "+p.Record.Closed+", "+p.Record.Outcome, "what is found anew opens it again")
			}
			opened, err := began(ctx, tx, id)
			if err != nil {
				return err
			}
			next = *p.Record
			next.By, next.Reason, next.Source = o.Key, "", ""
			if next.Owner == "" {
				next.Owner = o.Key
			}
			if err := how(tx, &next, opened); err != nil {
				return err
			}
			ref, _, err = store.Revise(tx, Proceedings, id, &next)
			return err
		})
	})
	return &next, ref, err
}

// began gives where in the log a proceeding was last opened.
func began(ctx context.Context, q store.Queryer, id string) (int64, error) {
	history, err := store.History(ctx, q, Proceedings, id)
	if err != nil {
		return 0, err
	}
	at := int64(0)
	for i, h := range history {
		if h.Record.State == Open && (i == 0 || history[i-1].Record.State == Closed) {
			at = h.Seq
		}
	}
	return at, nil
}

// decided gives the leaf of the decision that holds for the deployment, if it is one of
// some acts and reaches beyond a day. An approval from before the findings knew nothing
// of them, and permits nothing here.
func (p *Proceeding) decided(ctx context.Context, q store.Queryer, today string, opened int64, beyond string, acts ...decision.Act) (string, error) {
	var names []string
	for _, a := range acts {
		names = append(names, string(a))
	}
	want := strings.Join(names, " or ")
	stand, err := decision.Standing(ctx, q, p.Deployment, today, nil)
	if err != nil {
		return "", err
	}
	switch d := stand.Decision; {
	case stand.State != decision.Holds && stand.State != decision.Waits:
		return "", refusal.Refuse(refusal.Decided, "no decision on the deployment holds today", "decide first: duly decide "+p.Deployment+" "+names[0])
	case !slices.Contains(acts, decision.Act(d.Record.Act)):
		return "", refusal.Refuse(refusal.Decided, "what holds is "+d.Record.Act+", and this takes "+want, "decide first: duly decide "+p.Deployment+" "+names[0])
	case d.Seq < opened && (d.Record.Act == string(decision.Approve) || d.Record.Act == string(decision.ApproveWithConditions)):
		return "", refusal.Refuse(refusal.Decided, "the approval that holds is older than the proceeding, and knew nothing of the findings", "decide again")
	case beyond != "" && d.Record.Expires != "" && d.Record.Expires < beyond:
		return "", refusal.Refuse(refusal.Decided, "the decision that holds ends on "+d.Record.Expires+" already", "accept until then at most")
	}
	return stand.Decision.Hash.String(), nil
}

// whose refuses what would be done to a customer where every finding may be about
// another's calls, or where the deployment itself is only inferred from use, unless a
// source tells.
func (p *Proceeding) whose(ctx context.Context, q store.Queryer, source string) error {
	if source != "" {
		return nil
	}
	deployment, err := store.Get(ctx, q, register.Deployments, p.Deployment)
	if err != nil {
		return err
	}
	if deployment.Record.Basis == "inferred" {
		return refusal.Refuse(refusal.Whose, "the deployment is inferred from use, and neither a contract nor the customer confirms it", "name with --source what shows whose it is")
	}
	for _, line := range p.Evidence {
		f, err := store.Get(ctx, q, usage.Findings, parseCitation(line).id)
		if err != nil {
			return err
		}
		if !slices.Contains(f.Record.Assumed, "account") {
			return nil
		}
	}
	return refusal.Refuse(refusal.Whose, "several deployments share the account, and the calls may be another's", "name with --source what shows whose they are")
}

// sourced refuses a source that is not recorded.
func sourced(ctx context.Context, q store.Queryer, id string) error {
	if id == "" {
		return nil
	}
	if _, err := store.Get(ctx, q, evidence.Sources, id); err != nil {
		return fault.Newf(fault.NotFound, "there is no source %q", id).WithFix("add it with `duly fact source TITLE`")
	}
	return nil
}

// Assign gives a proceeding to somebody who may act on findings.
func (o Officer) Assign(ctx context.Context, db *store.DB, id string, to act.Actor) (*Proceeding, store.Ref, error) {
	return o.change(ctx, db, id, func(_ *store.Tx, p *Proceeding, _ int64) error {
		if err := o.Authority.May(to, act.Enforce); err != nil {
			return err
		}
		p.Owner = to.Key
		return nil
	})
}

// Weigh says what is known of harm to people, by a source. The grade stays as it is:
// whether a condition is kept and whether somebody is harmed are two questions.
func (o Officer) Weigh(ctx context.Context, db *store.DB, id, impact, source string) (*Proceeding, store.Ref, error) {
	return o.change(ctx, db, id, func(tx *store.Tx, p *Proceeding, _ int64) error {
		if impact != ImpactHarm && impact != ImpactNone && impact != ImpactUnknown {
			return fault.Newf(fault.Invalid, "%q is no impact", impact).WithFix("use harm, none or unknown")
		}
		if source == "" {
			return fault.New(fault.Invalid, "what is known of harm has a source", "give --source")
		}
		p.Impact, p.ImpactBy = impact, source
		return sourced(ctx, tx, source)
	})
}
