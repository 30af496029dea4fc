package casework

import (
	"context"
	"crypto/sha256"
	"math"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/stats"
	"duly/internal/store"
	"duly/internal/triage"
)

// Bulk is what became of closing many cases at once.
type Bulk struct {
	Closed []string          `json:"closed"`
	Check  []string          `json:"to_check"` // stay open until another person has looked
	Left   map[string]string `json:"left"`     // could not be closed so, and why
}

// oneIn is how many closed at once stand behind each that is checked.
const oneIn = 10

// CloseMany closes cases of the lane DESK as kept, for one reason. One in ten of those
// that could be closed stays open for another person to look at: which, follows from
// the log's root and their ids, so that whoever closes them does not know it before.
// What cannot be closed so is left, with the rule that forbids it: a stricter lane,
// alleged harm, or something that is open.
func (w Worker) CloseMany(ctx context.Context, db *store.DB, ids []string, reason string) (*Bulk, error) {
	if err := w.Authority.May(w.Actor, act.Work); err != nil {
		return nil, err
	}
	if strings.TrimSpace(reason) == "" {
		return nil, fault.New(fault.Invalid, "closing cases needs a reason", "give --reason TEXT")
	}
	b := &Bulk{Closed: []string{}, Check: []string{}, Left: map[string]string{}}
	return b, db.Write(ctx, w.Key, func(tx *store.Tx) error {
		root, err := store.Root(ctx, tx, tx.Size())
		if err != nil {
			return err
		}
		ids = slices.Clone(ids)
		slices.SortFunc(ids, func(x, y string) int {
			one, other := sha256.Sum256([]byte("duly/bulk/1\n"+root.String()+"\n"+x)), sha256.Sum256([]byte("duly/bulk/1\n"+root.String()+"\n"+y))
			return strings.Compare(string(one[:]), string(other[:]))
		})
		var fit []*store.Revision[Review]
		for _, id := range slices.Compact(ids) {
			r, err := store.Get(ctx, tx, Reviews, id)
			if err == nil {
				err = w.fits(ctx, tx, r)
			}
			switch fault.CodeOf(err) {
			case fault.Refused:
				b.Left[id] = err.Error()
			default:
				if err != nil {
					return err
				}
				fit = append(fit, r)
			}
		}
		check := (len(fit) + oneIn - 1) / oneIn
		for i, r := range fit {
			next := *r.Record
			if i < check {
				b.Check = append(b.Check, r.ID)
				next.Bulk, next.Owner, next.Notes = w.Key, "", slices.Clone(next.Notes)
				w.note(&next, "would have been closed with "+reason+"; another person looks at it")
			} else {
				b.Closed = append(b.Closed, r.ID)
				next.State, next.Outcome, next.Closed, next.Snoozed, next.Reason, next.By = StateClosed, Kept, w.Today, "", reason, w.Key
			}
			if _, _, err := store.Revise(tx, Reviews, r.ID, &next); err != nil {
				return err
			}
		}
		return nil
	})
}

// fits says whether a case may be closed with many others.
func (w Worker) fits(ctx context.Context, tx *store.Tx, r *store.Revision[Review]) error {
	switch x := r.Record; {
	case x.State != StateOpen:
		return fault.Newf(fault.Refused, "it was closed on %s", x.Closed)
	case x.Lane != string(triage.Desk):
		return fault.Newf(fault.Refused, "a case of the lane %s is looked at by itself", x.Lane)
	case x.Harm > 0:
		return fault.New(fault.Refused, "live harm is alleged", "look at it by itself")
	case x.Bulk != "":
		return fault.New(fault.Refused, "it is to be looked at by itself", "")
	case slices.ContainsFunc(x.Triggers, func(t string) bool { e := ParseTrigger(t).Event; return e == "concern" || e == "grievance" }):
		return fault.New(fault.Refused, "somebody raised something about it", "look at it by itself")
	}
	return settled(ctx, tx, r.ID, r.Record, Kept)
}

// Quality is what looking again at cases closed with many others has shown, over all
// time.
type Quality struct {
	Checked   int   `json:"checked"`
	Otherwise int   `json:"otherwise"`       // that were not kept
	AtMost    int64 `json:"at_most_percent"` // of those closed so, in hundredths of a per cent, with 95 % confidence
}

// Checks counts what looking again has shown. AtMost is 10000 while nothing was checked.
func Checks(ctx context.Context, q store.Queryer) (*Quality, error) {
	out := &Quality{AtMost: 10000}
	err := scan(ctx, q, "select count(*), coalesce(sum(case when outcome = 'kept' then 0 else 1 end), 0) from r_review where to_seq is null and state = 'closed' and bulk is not null and outcome <> 'ended'",
		nil, &out.Checked, &out.Otherwise)
	if err != nil || out.Checked == 0 {
		return out, err
	}
	rate, err := stats.AtMost(out.Otherwise, out.Checked, confidence)
	out.AtMost = int64(math.Ceil(rate * 10000))
	return out, err
}
