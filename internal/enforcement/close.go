package enforcement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/usage"
)

// End is how somebody closes a proceeding.
type End struct {
	Outcome string // Cured, Advised, NoDeviation or Accepted
	Reason  string
	Source  string // of a cure that logs do not show: what shows it
	Until   string // of an acceptance: the first day on which it no longer holds
}

// Close closes a proceeding. One that was no deviation is closed by a second person: the
// first call proposes it, and the proceeding stays open.
//
// Errors: NotFound; Invalid without a reason, or a day where it takes one; Refused with
// the rule for a cure that was not seen, what is more than advice, one person in both
// parts, and an acceptance without a decision.
func (o Officer) Close(ctx context.Context, db *store.DB, id string, e End) (*Proceeding, store.Ref, error) {
	return o.change(ctx, db, id, func(tx *store.Tx, p *Proceeding, opened int64) error {
		if e.Reason = strings.TrimSpace(e.Reason); e.Reason == "" {
			return fault.New(fault.Invalid, "to close a proceeding needs a reason", "give --reason TEXT")
		}
		if err := sourced(ctx, tx, e.Source); err != nil {
			return err
		}
		leaf := ""
		switch e.Outcome {
		case Cured:
			if err := p.cured(ctx, tx, e.Source, o.today()); err != nil {
				return err
			}
		case Advised:
			if err := p.advised(); err != nil {
				return err
			}
		case NoDeviation:
			if proposed, err := o.propose(ctx, tx, p, id, e); err != nil || proposed {
				return err
			}
		case Accepted:
			var err error
			if leaf, err = o.accept(ctx, tx, p, opened, e.Until); err != nil {
				return err
			}
		default:
			return fault.Newf(fault.Invalid, "%q is no way to close a proceeding", e.Outcome).WithFix("use cured, advised, no_deviation or accepted")
		}
		p.close(e.Outcome, o.today())
		p.Decision, p.Reason, p.Source = leaf, e.Reason, e.Source
		if e.Outcome == Accepted {
			p.Expires, p.Due = e.Until, e.Until
		}
		return nil
	})
}

// propose notes that a first person sees no deviation; a second one closes.
func (o Officer) propose(ctx context.Context, q store.Queryer, p *Proceeding, id string, e End) (proposed bool, err error) {
	if p.Proposed == "" {
		p.Proposed, p.Reason, p.Source = NoDeviation, e.Reason, e.Source
		return true, nil
	}
	history, err := store.History(ctx, q, Proceedings, id)
	if err != nil {
		return false, err
	}
	first := ""
	for _, h := range slices.Backward(history) {
		if h.Record.Proposed == "" {
			break
		}
		first = h.Record.By
	}
	if first == o.Key {
		return false, refusal.Refuse(refusal.FourEyes, "who proposed that it was no deviation does not close it", "a second person closes it")
	}
	return false, nil
}

// advised refuses to end with advice what binds, or what the customer was not told.
func (p *Proceeding) advised() error {
	if p.Binds {
		return refusal.Refuse(refusal.Seen, "what binds does not end with advice", "close it when it is cured")
	}
	if Step(p.Step) == NoStep {
		return refusal.Refuse(refusal.Order, "the customer was not told", "give notice first")
	}
	return nil
}

func (o Officer) accept(ctx context.Context, q store.Queryer, p *Proceeding, opened int64, until string) (leaf string, err error) {
	if _, err := time.Parse(time.DateOnly, until); err != nil || until <= o.today() {
		return "", fault.New(fault.Invalid, "an acceptance ends on a day that comes", "give --until YYYY-MM-DD")
	}
	return p.decided(ctx, q, o.today(), opened, until, decision.ApproveWithConditions, decision.Approve)
}

// cured refuses a cure that nothing shows. Without a source it takes days after the last
// finding on which calls under the condition were seen and all of them kept it. A day
// without calls, without covered hours, or with calls that cannot be told shows nothing.
func (p *Proceeding) cured(ctx context.Context, q store.Queryer, source, today string) error {
	if source != "" {
		return nil
	}
	n, err := p.keptDays(ctx, q, today)
	if err != nil {
		return err
	}
	if want := kept[max(slices.Index(grades, p.Grade), 0)]; n < want {
		return refusal.Refuse(refusal.Seen, fmt.Sprintf("the condition was seen kept on %d days after the last finding, and it takes %d; silence shows nothing", n, want),
			"wait and read more logs, or name with --source what shows the cure")
	}
	return nil
}

// keptDays counts those days, up to today.
func (p *Proceeding) keptDays(ctx context.Context, q store.Queryer, today string) (n int, err error) {
	counts, err := store.Select(ctx, q, usage.Counts, "r.deployment = $1", p.Deployment)
	if err != nil {
		return 0, err
	}
	deployment, err := store.Get(ctx, q, register.Deployments, p.Deployment)
	if err != nil {
		return 0, err
	}
	last := lastDay(p.Past, p.Evidence)
	good, bad := map[string]bool{}, map[string]bool{}
	for _, c := range counts {
		switch r := c.Record; {
		case r.Clause != p.Clause || r.Basis != usage.Events || r.Day <= last || r.Day > today:
		case r.Deviations > 0 || r.Unknown > 0:
			bad[r.Day] = true
		case r.Exposures > 0:
			good[r.Day] = true
		}
	}
	for day := range good {
		if bad[day] {
			continue
		}
		for _, account := range deployment.Record.Telemetry {
			hours, err := usage.Covered(ctx, q, account, day)
			if err != nil {
				return 0, err
			}
			if hours > 0 {
				n++
				break
			}
		}
	}
	return n, nil
}
