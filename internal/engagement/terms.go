package engagement

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// Brief is terms of reference as a file states them.
type Brief struct {
	Title        string   `yaml:"title"`
	Commissioned string   `yaml:"commissioned_by"` // the body
	Authority    string   `yaml:"authority"`       // the resolution or other act that it rests on
	Question     string   `yaml:"question"`
	Terms        string   `yaml:"terms"`
	From         string   `yaml:"from"` // days
	Upto         string   `yaml:"upto"`
	Due          string   `yaml:"due"`
	Level        string   `yaml:"level"`             // limited or reasonable
	Coverage     int64    `yaml:"required_coverage"` // per cent
	Budget       int64    `yaml:"budget"`            // whole units of the currency
	Currency     string   `yaml:"currency"`
	Products     []string `yaml:"products"`
	Regions      []string `yaml:"regions"`
	Criteria     []string `yaml:"criteria"`
	Recipients   []string `yaml:"recipients"`
	Witnesses    []string `yaml:"witnesses"` // verifier keys, whose cosignatures seed the samples; the first who cosigned is taken
	Quorum       int64    `yaml:"quorum"`    // how many of them must have cosigned
}

// ParseBrief reads terms of reference from YAML or JSON. The code is Invalid, with the
// place, for what is missing, unknown or does not fit together.
func ParseBrief(path string, data []byte) (*Brief, error) {
	b := &Brief{}
	p, err := pack.Plain(path, data, b)
	if err != nil {
		return nil, err
	}
	for _, need := range []struct{ value, field, what string }{
		{b.Title, "title", "the terms have no title"},
		{b.Commissioned, "commissioned_by", "the terms do not say which body commissions the assessment"},
		{b.Authority, "authority", "the terms do not say on which resolution they rest"},
		{b.Question, "question", "the terms ask no question"},
		{b.Terms, "terms", "the terms have no text"},
	} {
		if strings.TrimSpace(need.value) == "" {
			return nil, p.Fault(need.what, "state "+need.field)
		}
	}
	for _, day := range []struct{ value, field string }{{b.From, "from"}, {b.Upto, "upto"}, {b.Due, "due"}} {
		if _, err := time.Parse(time.DateOnly, day.value); err != nil {
			return nil, p.Fault(day.field+" is no day", "write it as YYYY-MM-DD", day.field)
		}
	}
	switch {
	case b.Upto < b.From:
		return nil, p.Fault("the period ends before it begins", "mend from and upto", "upto")
	case b.Due <= b.Upto:
		return nil, p.Fault("the report is due before the period is over", "mend due", "due")
	case b.Coverage < 1 || b.Coverage > 100:
		return nil, p.Fault("required_coverage is no share of the evidence", "write per cent, 1 to 100", "required_coverage")
	case b.Budget < 0:
		return nil, p.Fault("the budget is below zero", "write whole units of the currency", "budget")
	case len(b.Criteria) == 0:
		return nil, p.Fault("the terms name no criteria to assess by", "list them under criteria")
	case len(b.Recipients) == 0:
		return nil, p.Fault("the terms do not say who receives the report", "list them under recipients")
	case len(b.Witnesses) == 0 && b.Quorum != 0:
		return nil, p.Fault("a quorum is asked of witnesses whom nobody names", "list their verifier keys under witnesses", "quorum")
	case len(b.Witnesses) > 0 && (b.Quorum < 1 || b.Quorum > int64(len(b.Witnesses))):
		return nil, p.Fault("the quorum is not a number of the witnesses", "say under quorum how many of them must have cosigned", "witnesses")
	}
	if len(b.Witnesses) > 0 {
		if _, err := bundle.ParseWitnesses(b.Witnesses); err != nil {
			return nil, p.Fault(err.Error(), "", "witnesses")
		}
	}
	return b, nil
}

func (b *Brief) record(ctx context.Context, tx *store.Tx, h voice.Hand) (*Engagement, error) {
	e := &Engagement{
		State: Draft, Day: h.Today(), From: b.From, Upto: b.Upto, Due: b.Due, Level: b.Level, Coverage: b.Coverage, Budget: b.Budget, Currency: b.Currency,
		Title: b.Title, Body: b.Commissioned, Ground: b.Authority, Question: b.Question, Terms: b.Terms, Products: b.Products, Regions: b.Regions,
		Criteria: b.Criteria, Readers: b.Recipients, By: h.By.Key,
	}
	if len(b.Witnesses) > 0 {
		if _, err := outsiders(ctx, tx, b.Witnesses); err != nil {
			return nil, err
		}
		e.Keys, e.Quorum, e.Named = b.Witnesses, b.Quorum, bundle.WitnessesHash(b.Witnesses)
	}
	return e, nil
}

// States of terms of reference.
const (
	Draft     = "draft"
	Approved  = "approved"
	Withdrawn = "withdrawn"
)

// Propose records terms of reference as a draft: new ones, or with an id other terms
// for an engagement that is there. Those in force stay so until the draft is approved.
//
// Errors: Refused for whoever is not of the governing body, and for an engagement that
// was withdrawn or has ended.
func Propose(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string, b *Brief) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Commission, attempt, id, func(tx *store.Tx) error {
		record, err := b.record(ctx, tx, h)
		if err != nil {
			return err
		}
		if id == "" {
			ref, err = store.Create(tx, Engagements, record, h.Key)
			return err
		}
		s, err := Stand(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.open(); err != nil {
			return err
		}
		ref, _, err = store.Revise(tx, Engagements, id, record, h.Key)
		return err
	})
	return ref, err
}

// Approve puts the newest draft of an engagement's terms into force, signed by a person
// of the governing body.
func Approve(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string) (store.Ref, error) {
	return move(ctx, db, authority, h, id, Approved, func(s *Standing) error {
		if s.Newest.Record.State != Draft {
			return refusal.Refuse(refusal.Twice, "there is no draft that waits for approval", "state other terms with `duly engagement terms`")
		}
		return s.open()
	})
}

// Withdraw ends an engagement from the side of the body that commissioned it. What was
// recorded stays.
func Withdraw(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string) (store.Ref, error) {
	return move(ctx, db, authority, h, id, Withdrawn, (*Standing).open)
}

func move(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id, state string, may func(*Standing) error) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Commission, attempt, id, func(tx *store.Tx) error {
		s, err := Stand(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := may(s); err != nil {
			return err
		}
		next := *s.Newest.Record
		next.State, next.Day, next.By = state, h.Today(), h.By.Key
		ref, _, err = store.Revise(tx, Engagements, id, &next, h.Key)
		return err
	})
	return ref, err
}

// attempt is how the log names what is refused here.
const attempt = "engagement"

// Find gives the engagement with a record id or a title; an empty text means the only
// one there is.
func Find(ctx context.Context, q store.Queryer, text string) (string, error) {
	all, err := store.Select(ctx, q, Engagements, "")
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(e *store.Revision[Engagement]) bool { return text != "" && e.ID != text && e.Record.Title != text })
	switch {
	case len(all) == 1:
		return all[0].ID, nil
	case len(all) > 1:
		return "", fault.New(fault.Invalid, "several engagements are meant", "name one by its record id: see `duly engagement show`")
	case text == "":
		return "", fault.New(fault.NotFound, "there is no engagement yet", "begin with `duly engagement terms FILE`")
	}
	return "", fault.Newf(fault.NotFound, "there is no engagement %q", text).WithFix("see `duly engagement show`")
}
