package casework

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
)

// Worker is who works on cases, and when.
type Worker struct {
	act.Actor
	Authority act.Authority
	Today     string // YYYY-MM-DD
}

// change revises an open case under the log's lock.
func (w Worker) change(ctx context.Context, db *store.DB, id string, how func(tx *store.Tx, r *Review) error) error {
	if err := w.Authority.May(w.Actor, act.Work); err != nil {
		return err
	}
	return db.Write(ctx, w.Key, func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, Reviews, id)
		if err != nil {
			return err
		}
		if r.Record.State != StateOpen {
			return fault.Newf(fault.Refused, "the case %s was closed on %s", id, r.Record.Closed).WithFix("what is new opens another")
		}
		next := *r.Record
		next.Notes = slices.Clone(next.Notes)
		if err := how(tx, &next); err != nil {
			return err
		}
		_, _, err = store.Revise(tx, Reviews, id, &next)
		return err
	})
}

func (w Worker) note(r *Review, text string) {
	r.Notes = append(r.Notes, w.Today+" "+w.Key+": "+text)
}

// Assign gives a case to somebody who may work on it, or takes it from everybody when
// to is the zero Actor. Whoever had it is kept in the notes.
func (w Worker) Assign(ctx context.Context, db *store.DB, id string, to act.Actor) error {
	if to.Key != "" {
		if err := w.Authority.May(to, act.Work); err != nil {
			return err
		}
	}
	return w.change(ctx, db, id, func(_ *store.Tx, r *Review) error {
		switch {
		case r.Owner == to.Key:
			return nil
		case r.Owner == "":
			w.note(r, "given to "+to.Key)
		case to.Key == "":
			w.note(r, "taken from "+r.Owner)
		default:
			w.note(r, "handed over from "+r.Owner+" to "+to.Key)
		}
		r.Owner = to.Key
		return nil
	})
}

// Note adds a note to a case.
func (w Worker) Note(ctx context.Context, db *store.DB, id, text string) error {
	if strings.TrimSpace(text) == "" {
		return fault.New(fault.Invalid, "a note says something", "give its text")
	}
	return w.change(ctx, db, id, func(_ *store.Tx, r *Review) error {
		w.note(r, text)
		return nil
	})
}

// Snooze takes a case out of the queue until a day. Its clock goes on: it comes back
// on the day on which it is due at the latest, and when something new is about it.
// Where live harm is alleged nothing is put off.
func (w Worker) Snooze(ctx context.Context, db *store.DB, id, until, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Invalid, "putting a case off needs a reason", "give --reason TEXT")
	}
	return w.change(ctx, db, id, func(_ *store.Tx, r *Review) error {
		switch {
		case until <= w.Today:
			return fault.Newf(fault.Invalid, "%s is not after today", until)
		case r.Harm > 0:
			return fault.New(fault.Refused, "live harm is alleged, and that is not put off", "work on it, or hand it over with `duly case assign`")
		case until > r.Due:
			return fault.Newf(fault.Refused, "the case is due on %s, and cannot be put off beyond it", r.Due).WithFix("give that day or an earlier one")
		}
		r.Snoozed = until
		w.note(r, "put off until "+until+": "+reason)
		return nil
	})
}

// Close closes a case with its outcome (Kept, Decided or Corrected) and the reason.
// What people had raised counts as handled from the next sweep on: were it one
// transaction, the log would tell which case somebody's word had opened.
//
// The code is Refused while a hit of the case is open (IM-05); while a grievance or an
// incident has no answer; where a review was due,
// a capability was added or a person had to look first, and nobody has decided since;
// and for Decided when there is no decision since the case was opened.
func (w Worker) Close(ctx context.Context, db *store.DB, id, outcome, reason string) error {
	if !slices.Contains([]string{Kept, Decided, Corrected}, outcome) {
		return fault.Newf(fault.Invalid, "%q is not what comes of a case", outcome).WithFix("use kept, decided or corrected")
	}
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Invalid, "closing a case needs a reason", "give --reason TEXT")
	}
	return w.change(ctx, db, id, func(tx *store.Tx, r *Review) error {
		if r.Bulk == w.Key {
			return fault.New(fault.Refused, "whoever would have closed it with many others does not check it", "another person looks at it")
		}
		if err := settled(ctx, tx, id, r, outcome); err != nil {
			return err
		}
		r.State, r.Outcome, r.Closed, r.Snoozed, r.Reason, r.By = StateClosed, outcome, w.Today, "", reason, w.Key
		return nil
	})
}

// settled says whether what a case asks for is done.
func settled(ctx context.Context, tx *store.Tx, id string, r *Review, outcome string) error {
	triggers := make([]Trigger, len(r.Triggers))
	for i, text := range r.Triggers {
		triggers[i] = ParseTrigger(text)
	}
	if err := noOpenHit(ctx, tx, triggers); err != nil {
		return err
	}
	first, err := firstEntry(ctx, tx, id)
	if err != nil {
		return err
	}
	latest, err := decisions(ctx, tx, r.Covers)
	if err != nil {
		return err
	}
	since := 0
	for _, seq := range latest {
		if seq > first {
			since++
		}
	}
	if outcome == Decided && since == 0 {
		return fault.New(fault.Refused, "nobody has decided since the case was opened", "decide with `duly decide`, or close it as kept")
	}
	for _, t := range triggers {
		if err := settledOne(ctx, tx, r, t, outcome, len(latest), since); err != nil {
			return err
		}
	}
	return nil
}

// noOpenHit refuses while somebody has still to say whether a hit is the customer.
func noOpenHit(ctx context.Context, tx *store.Tx, triggers []Trigger) error {
	for _, t := range triggers {
		if t.Event != "list_hit" {
			continue
		}
		id, _, _ := strings.Cut(t.Cause, "@")
		hit, err := store.Get(ctx, tx, screening.Hits, id)
		if err != nil {
			return err
		}
		if s := hit.Record.State; s == screening.Open || s == screening.Proposed || s == screening.Unresolved {
			return fault.Newf(fault.Refused, "the hit %s is %s", id, s).WithFix("decide on it with `duly hit close`")
		}
	}
	return nil
}

func settledOne(ctx context.Context, tx *store.Tx, r *Review, t Trigger, outcome string, decided, since int) error {
	switch t.Event {
	case "first_look", "lane":
		if strict := laneRank(r.Lane) >= laneRank(string(triage.Person)); strict && outcome == Kept && decided < len(r.Covers) {
			return fault.Newf(fault.Refused, "the rules send it to a person, and %d of %d deployments have no decision", len(r.Covers)-decided, len(r.Covers)).
				WithFix("assess and decide each, or close it as corrected")
		}
	case "grievance":
		return told(ctx, tx, t.Cause)
	case "cycle":
		if outcome == Kept && since == 0 {
			return fault.New(fault.Refused, "the review was due, and a decision names the day of the next", "decide with `duly decide`; the decision may be the same as before")
		}
	case "widened_without_leave", "renewed_without_leave":
		if outcome == Kept && since == 0 {
			return fault.New(fault.Refused, "nobody had given leave, and nobody has decided since", "decide with `duly decide`, or close it as corrected where the register was wrong")
		}
	case "capability":
		change, err := store.Get(ctx, tx, Changes, t.Cause)
		if fault.CodeOf(err) == fault.NotFound || err == nil && (change.Record.State != Announced || change.Record.Product == r.Subject) {
			return nil
		}
		if err != nil {
			return err
		}
		open, err := undecided(ctx, tx, change, r.Covers)
		if err == nil && len(open) > 0 {
			err = fault.Newf(fault.Refused, "the product is to get %s, and nobody has decided on it for %s", word(change.Record.Capability), strings.Join(open, ", ")).
				WithFix("assess and decide each with what the product can do then")
		}
		return err
	}
	return nil
}

// firstEntry gives where a record began.
func firstEntry(ctx context.Context, q store.Queryer, id string) (int64, error) {
	all, err := store.History(ctx, q, Reviews, id)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[0].Seq, nil
}

// decisions gives where the newest decision on each of some units stands in the log.
func decisions(ctx context.Context, q store.Queryer, units []string) (map[string]int64, error) {
	list, err := store.SelectIn(ctx, q, decision.Decisions, store.Now, "subject", units, "r.act <> 'escalate'")
	out := make(map[string]int64, len(list))
	for _, d := range list {
		out[d.Record.Subject] = d.Seq
	}
	return out, err
}
