package engagement

import (
	"context"
	"fmt"
	"slices"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// States of an assessor's declaration.
const (
	Declared = "declared"
	Recused  = "recused"
)

// Declaring is what an assessor declares of own independence.
type Declaring struct {
	voice.Hand
	Engagement string
	Ties       []string // as in [Independence]
	Text       []string // about each tie
	Appointed  string   // by whom
	Removed    string   // who can
	Fee        int64
	From       []string // customers or products that the assessor leaves to others
	Leave      bool     // has left the engagement
}

// Declare records what an assessor declares, or its next revision when something
// changed. A conflict that blocks is recorded too: it stops the engagement until that
// assessor has left it, and stays visible.
//
// Errors: Invalid for a tie without a text about it; Refused for whoever is no assessor
// and without approved terms.
func Declare(ctx context.Context, db *store.DB, authority act.Authority, d Declaring) (*store.Revision[Independence], error) {
	if len(d.Text) != len(d.Ties) {
		return nil, fault.New(fault.Invalid, "each tie needs a text about it, and each text a tie", "give --tie and --text as often as each other")
	}
	if d.Fee < 0 {
		return nil, fault.New(fault.Invalid, "the fee is below zero", "write whole units of the currency of the terms")
	}
	var ref store.Ref
	err := d.Watch(ctx, db, authority, act.Assess, attempt, d.Engagement, func(tx *store.Tx) error {
		s, err := Stand(ctx, tx, d.Engagement)
		if err != nil {
			return err
		}
		if err := s.InForce(); err != nil {
			return err
		}
		r := &Independence{
			State: Declared, Day: d.Today(), Terms: s.Terms.Hash.String(), Ties: slices.Clone(d.Ties), Appointed: d.Appointed, Removed: d.Removed, Fee: d.Fee,
			Recusals: int64(len(d.From)), Text: d.Text, From: d.From, Matter: d.Engagement, Person: d.By.Key,
		}
		if d.Leave {
			r.State = Recused
		}
		r.Blocks, r.Flagged = bundle.Conflict(r.Ties, r.Appointed, r.Removed)
		if had := s.declaration(d.By.Key); had != nil {
			ref, _, err = store.Revise(tx, Independences, had.ID, r, d.Key)
		} else {
			ref, err = store.Create(tx, Independences, r, d.Key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return store.Get(ctx, db, Independences, ref.ID)
}

// Standing is where an engagement stands.
type Standing struct {
	ID         string
	Newest     *store.Revision[Engagement] // of the terms, in whatever state
	Terms      *store.Revision[Engagement] // those in force; nil when none are
	Declared   []*store.Revision[Independence]
	Assignment *store.Revision[Assignment] // nil before the start
}

// Stand reads where an engagement stands. The code is NotFound when there is none.
func Stand(ctx context.Context, q store.Queryer, id string) (*Standing, error) {
	history, err := store.History(ctx, q, Engagements, id)
	if err != nil {
		return nil, err
	}
	if len(history) == 0 {
		return nil, fault.Newf(fault.NotFound, "there is no engagement %q", id).WithFix("see `duly engagement show`")
	}
	s := &Standing{ID: id, Newest: history[len(history)-1]}
	for _, e := range history {
		switch e.Record.State {
		case Approved:
			s.Terms = e
		case Withdrawn:
			s.Terms = nil
		}
	}
	if s.Declared, err = store.Select(ctx, q, Independences, "r.engagement = $1", id); err != nil {
		return nil, err
	}
	started, err := store.Select(ctx, q, Assignments, "r.engagement = $1", id)
	if err == nil && len(started) > 0 {
		s.Assignment = started[0]
	}
	return s, err
}

// open refuses an engagement that has ended.
func (s *Standing) open() error {
	switch {
	case s.Newest.Record.State == Withdrawn:
		return refusal.Refuse(refusal.Terms, "the engagement was withdrawn", "commission another with `duly engagement terms`")
	case s.Assignment != nil && s.Assignment.Record.State != Started:
		return refusal.Refuse(refusal.Terms, "the engagement is "+s.Assignment.Record.State, "what was recorded stands; another engagement goes on")
	}
	return nil
}

// InForce refuses an engagement that has ended, and one without approved terms.
func (s *Standing) InForce() error {
	if err := s.open(); err != nil {
		return err
	}
	if s.Terms == nil {
		return refusal.Refuse(refusal.Terms, "the governing body has not approved terms of reference", "a person of the governing body signs them with `duly engagement approve`")
	}
	return nil
}

// declaration gives what a person has declared, or nil.
func (s *Standing) declaration(key string) *store.Revision[Independence] {
	for _, d := range s.Declared {
		if d.Record.Person == key {
			return d
		}
	}
	return nil
}

// independent refuses an engagement in which somebody who takes part has a conflict
// that blocks, and a person who has not declared or has left. It gives how many take
// part, and how many of them have something that the report shows.
func (s *Standing) independent(key string) (assessors, flagged int64, err error) {
	mine := s.declaration(key)
	if mine == nil || mine.Record.State != Declared {
		return 0, 0, refusal.Refuse(refusal.Independent, "this assessor has declared no independence in this engagement, or has left it", "declare it with `duly engagement declare`")
	}
	for _, d := range s.Declared {
		if d.Record.State != Declared {
			continue
		}
		if d.Record.Blocks {
			return 0, 0, refusal.Refuse(refusal.Independent,
				fmt.Sprintf("an assessor has a conflict of interest that blocks the engagement (declared in entry %d)", d.Seq), "that assessor leaves with `duly engagement declare --leave`")
		}
		assessors++
		if d.Record.Flagged {
			flagged++
		}
	}
	return assessors, flagged, nil
}

// States of an assignment.
const (
	Started   = "started"
	Concluded = "concluded"
	Stopped   = "stopped"
)

// Start begins the assessors' work, signed by one of them.
//
// Errors: Refused without approved terms, without a declaration, with a conflict that
// blocks, and a second time.
func Start(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		s, err := Stand(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.InForce(); err != nil {
			return err
		}
		if s.Assignment != nil {
			return refusal.Refuse(refusal.Twice, "the engagement has started already", "go on with it")
		}
		a := &Assignment{State: Started, Day: h.Today(), Terms: s.Terms.Hash.String(), Matter: id, Person: h.By.Key}
		if a.Assessors, a.Flagged, err = s.independent(h.By.Key); err != nil {
			return err
		}
		ref, err = store.Create(tx, Assignments, a, h.Key)
		return err
	})
	return ref, err
}

// End concludes or stops the assessors' work, signed by one of them. Whoever stops gives
// the reason: also an assessor who gives up says so in the log.
func End(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id, state, reason string) (ref store.Ref, err error) {
	if state == Stopped && reason == "" {
		return ref, fault.New(fault.Invalid, "whoever breaks an engagement off says why", "give --reason TEXT")
	}
	err = h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		s, err := Working(ctx, tx, h, id)
		if err != nil {
			return err
		}
		next := *s.Assignment.Record
		next.State, next.Day, next.Terms, next.Reason, next.Person = state, h.Today(), s.Terms.Hash.String(), reason, h.By.Key
		ref, _, err = store.Revise(tx, Assignments, s.Assignment.ID, &next, h.Key)
		return err
	})
	return ref, err
}

// Working gives where an engagement stands in which this assessor may work now, under
// the log's lock: it has started and not ended, its terms are in force, and nobody's
// conflict blocks it.
func Working(ctx context.Context, tx *store.Tx, h voice.Hand, id string) (*Standing, error) {
	s, err := Stand(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := s.InForce(); err != nil {
		return nil, err
	}
	if s.Assignment == nil {
		return nil, refusal.Refuse(refusal.Terms, "the engagement has not started", "start it with `duly engagement start`")
	}
	_, _, err = s.independent(h.By.Key)
	return s, err
}
