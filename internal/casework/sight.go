package casework

import (
	"context"
	"fmt"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Sight says that somebody was shown what the customer of a closed case pays.
type Sight struct {
	Day    string `duly:"day,public,date"`
	Review string `duly:"review,customer,column"`
	By     string `duly:"by,personal"` // key id of who saw it
}

// MaySeeMoney says whether somebody may be shown what customers pay: not while that
// person has an open case, or has prepared a rating on which nobody has decided since
// (GC-03). What anybody pays is no reason for what is judged. Those who may not work on
// cases judge nothing, and are not asked.
//
// The code is Refused, with the rule and what is open.
func MaySeeMoney(ctx context.Context, q store.Queryer, authority act.Authority, who act.Actor) error {
	if judges := authority.May(who, act.Work) == nil; !judges {
		return nil
	}
	open, err := store.Select(ctx, q, Reviews, "r.state = 'open' and r.owner = $1", who.Key)
	if err != nil {
		return err
	}
	const fix = "leave out the class trade_secret, or close and decide first"
	if len(open) > 0 {
		return refusal.Refuse(refusal.OpenCase, fmt.Sprintf("this person has %d open cases, and is shown no money before they are closed", len(open)), fix)
	}
	prepared, err := store.Select(ctx, q, assessment.Ratings, "")
	if err != nil {
		return err
	}
	decided, err := decision.Current(ctx, q)
	if err != nil {
		return err
	}
	for _, r := range prepared {
		if d := decided[r.Record.Subject]; r.Record.Preparer == who.Key && (d == nil || d.Seq < r.Seq) {
			return refusal.Refuse(refusal.OpenCase, "this person prepared an assessment, and is shown no money before somebody has decided on it", fix)
		}
	}
	return nil
}

// See lets somebody who works on cases see what the customer of a closed case pays, and
// notes that it was shown. It gives what the case covered. What is refused is logged.
func (w Worker) See(ctx context.Context, db *store.DB, id string) (covers []string, err error) {
	day, err := time.Parse(time.DateOnly, w.Today)
	if err != nil {
		return nil, err
	}
	err = refusal.Watch(ctx, db, refusal.Attempt{Act: "sight", Subject: id, By: w.Actor, Now: day}, func() error {
		if err := w.Authority.May(w.Actor, act.Work); err != nil {
			return err
		}
		return db.Write(ctx, w.Key, func(tx *store.Tx) error {
			r, err := store.Get(ctx, tx, Reviews, id)
			if err != nil {
				return err
			}
			if r.Record.State != StateClosed {
				return refusal.Refuse(refusal.OpenCase, "the case is open, and what a customer pays is no reason in it", "close it first")
			}
			if err := MaySeeMoney(ctx, tx, w.Authority, w.Actor); err != nil {
				return err
			}
			covers = r.Record.Covers
			_, err = store.Create(tx, Sights, &Sight{Day: w.Today, Review: id, By: w.Key})
			return err
		})
	})
	return covers, err
}

// SightView says who was shown the money of a case, and when.
type SightView struct {
	Day string `json:"day"`
	By  string `json:"by"` // key id
}

// seen gathers who was shown money about the case or an earlier one of its subject.
func (v *View) seen(ctx context.Context, q store.Queryer, w *world) error {
	for _, r := range w.reviews[v.Review.Subject] {
		list, err := store.Select(ctx, q, Sights, "r.review = $1", r.ID)
		if err != nil {
			return err
		}
		for _, s := range list {
			v.Money = append(v.Money, SightView{s.Record.Day, s.Record.By})
		}
	}
	return nil
}
