package voice

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Stakeholder is one entry of the map of those whom a deployment concerns. Somebody
// who takes part under a pseudonym has no name here.
type Stakeholder struct {
	State        string `duly:"state,public,enum=active|withdrawn,column"`
	Group        string `duly:"group,public,enum=affected|representative|proxy|expert|user|oversight_body"`
	Pseudonymous bool   `duly:"pseudonymous,public"`
	Subject      string `duly:"subject,customer,column"`
	Name         string `duly:"name,personal"`
	Pseudonym    string `duly:"pseudonym,personal"`
	Language     string `duly:"language,personal"`
	Risk         string `duly:"reprisal_risk,personal,enum=none|some|high|unknown"`
	Contact      bool   `duly:"contact_consent,personal"`
}

// Consultation is a plan to hear people before a decision, and its state.
type Consultation struct {
	State   string `duly:"state,public,enum=planned|held|closed,column"`
	From    string `duly:"from_day,public,date"`
	To      string `duly:"to_day,public,date"`
	Subject string `duly:"subject,customer,column"`
	Aim     string `duly:"aim,customer"`
	How     string `duly:"how,customer"`
}

// Session is one meeting of a consultation.
type Session struct {
	Day          string `duly:"day,public,date"`
	People       int64  `duly:"people,public"`
	Consultation string `duly:"consultation,customer,column"`
	Place        string `duly:"place,customer"`
	Notes        string `duly:"notes,customer"`
}

// Input is one thing that was said, and what became of it: you said, we did, why not.
type Input struct {
	State        string `duly:"state,public,enum=open|answered|withdrawn,column"`
	Disposition  string `duly:"disposition,public,enum=adopted|adapted|rejected"`
	Received     string `duly:"received,public,date"`
	Told         string `duly:"told,public,date"` // when whoever said it was told
	Consultation string `duly:"consultation,customer,column"`
	From         string `duly:"from_whom,personal"` // a pseudonym, or nothing
	Theme        string `duly:"theme,customer"`
	Said         string `duly:"said,customer"`
	Did          string `duly:"did,customer"`
	WhyNot       string `duly:"why_not,customer"`
}

// Compensation is what somebody was given for taking part. It names what was done, not
// what was said: it is the same whatever the opinion or the vote.
type Compensation struct {
	State    string `duly:"state,public,enum=paid|declined,column"`
	What     string `duly:"what,public,enum=honorarium|expenses|care|translation"`
	Day      string `duly:"day,public,date"`
	About    string `duly:"about,customer,column"` // record id of an opinion, a vote, a session or an input
	To       string `duly:"to_whom,personal"`      // key id or pseudonym
	Amount   *int64 `duly:"amount,trade_secret"`   // in the smallest unit of the currency
	Currency string `duly:"currency,trade_secret"`
}

// The kinds of consultations. Inputs show a day only.
var (
	Stakeholders  = ledger.Define[Stakeholder]("stakeholder", 1)
	Consultations = ledger.Define[Consultation]("consultation", 1)
	Sessions      = ledger.Define[Session]("session", 1)
	Inputs        = ledger.Define[Input]("input", 1, ledger.ByDay())
	Compensations = ledger.Define[Compensation]("compensation", 1)
)

// AddStakeholder puts somebody on the map.
//
// Errors: Invalid for a name beside a pseudonym, and for neither.
func AddStakeholder(ctx context.Context, db *store.DB, authority act.Authority, h Hand, s Stakeholder) (ref store.Ref, err error) {
	if (s.Name == "") == (s.Pseudonym == "") {
		return ref, fault.New(fault.Invalid, "a stakeholder has a name or a pseudonym, and not both", "give --name or --pseudonym")
	}
	s.State, s.Pseudonymous = "active", s.Pseudonym != ""
	return h.create(ctx, db, authority, s.Subject, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, Stakeholders, &s) })
}

// Plan begins a consultation.
//
// Errors: Invalid without an aim, or when it ends before it begins.
func Plan(ctx context.Context, db *store.DB, authority act.Authority, h Hand, c Consultation) (ref store.Ref, err error) {
	if err := needs(c.Aim, "a consultation needs an aim", "give --aim TEXT"); err != nil {
		return ref, err
	}
	if c.To < c.From {
		return ref, fault.New(fault.Invalid, "the consultation ends before it begins", "give --from DAY and --to DAY")
	}
	c.State = "planned"
	return h.create(ctx, db, authority, c.Subject, func(tx *store.Tx) (store.Ref, error) { return store.Create(tx, Consultations, &c) })
}

// Hold records a session of a consultation.
func Hold(ctx context.Context, db *store.DB, authority act.Authority, h Hand, s Session) (ref store.Ref, err error) {
	if s.People < 0 {
		return ref, fault.New(fault.Invalid, "a session has no fewer than nobody", "")
	}
	return h.create(ctx, db, authority, "", func(tx *store.Tx) (store.Ref, error) {
		c, err := store.Get(ctx, tx, Consultations, s.Consultation)
		if err != nil {
			return store.Ref{}, err
		}
		if c.Record.State == "planned" {
			next := *c.Record
			next.State = "held"
			if _, _, err := store.Revise(tx, Consultations, c.ID, &next); err != nil {
				return store.Ref{}, err
			}
		}
		return store.Create(tx, Sessions, &s)
	})
}

// Hear records what somebody said.
func Hear(ctx context.Context, db *store.DB, authority act.Authority, h Hand, in Input) (ref store.Ref, err error) {
	if err := needs(in.Said, "an input says something", "give --said TEXT"); err != nil {
		return ref, err
	}
	in.State, in.Received = "open", h.Today()
	return h.create(ctx, db, authority, "", func(tx *store.Tx) (store.Ref, error) {
		if _, err := store.Get(ctx, tx, Consultations, in.Consultation); err != nil {
			return store.Ref{}, err
		}
		return store.Create(tx, Inputs, &in)
	})
}

// Dispose says what became of an input and that whoever said it was told today.
//
// Errors: Invalid for an unknown disposition, for one that was adopted or adapted and
// does not say what was done, and for one that was adapted or rejected and does not say
// why not. Refused for an input that was answered before.
func Dispose(ctx context.Context, db *store.DB, authority act.Authority, h Hand, id, disposition, did, whyNot string) (ref store.Ref, err error) {
	did, whyNot = strings.TrimSpace(did), strings.TrimSpace(whyNot)
	switch {
	case !slices.Contains([]string{"adopted", "adapted", "rejected"}, disposition):
		return ref, fault.Newf(fault.Invalid, "%q is not what can become of an input", disposition).WithFix("use adopted, adapted or rejected")
	case disposition != "rejected" && did == "":
		return ref, fault.New(fault.Invalid, "what was adopted or adapted says what was done", "give --did TEXT")
	case disposition != "adopted" && whyNot == "":
		return ref, fault.New(fault.Invalid, "what was not adopted as it was said says why not", "give --why-not TEXT")
	}
	return h.create(ctx, db, authority, "", func(tx *store.Tx) (store.Ref, error) {
		in, err := store.Get(ctx, tx, Inputs, id)
		if err != nil {
			return store.Ref{}, err
		}
		if in.Record.State != "open" {
			return store.Ref{}, refusal.Refuse(refusal.Twice, "the input was "+in.Record.State+" before", "")
		}
		next := *in.Record
		next.State, next.Disposition, next.Told, next.Did, next.WhyNot = "answered", disposition, h.Today(), did, whyNot
		ref, _, err := store.Revise(tx, Inputs, id, &next)
		return ref, err
	})
}

// Pay records compensation, or that somebody declined it.
//
// Errors: NotFound for something nobody did; Refused for a second one of the same sort.
func Pay(ctx context.Context, db *store.DB, authority act.Authority, h Hand, c Compensation) (ref store.Ref, err error) {
	c.Day = h.Today()
	return h.create(ctx, db, authority, "", func(tx *store.Tx) (store.Ref, error) {
		if err := exists(ctx, tx, c.About); err != nil {
			return store.Ref{}, err
		}
		before, err := store.Select(ctx, tx, Compensations, "r.about = $1", c.About)
		if err != nil {
			return store.Ref{}, err
		}
		for _, b := range before {
			if b.Record.What == c.What && b.Record.To == c.To {
				return store.Ref{}, refusal.Refuse(refusal.Twice, "this was compensated before", "")
			}
		}
		return store.Create(tx, Compensations, &c)
	})
}

// exists says whether somebody did what is to be compensated.
func exists(ctx context.Context, q store.Queryer, id string) error {
	for _, find := range []func() error{
		func() error { _, err := store.Get(ctx, q, Opinions, id); return err },
		func() error { _, err := store.Get(ctx, q, Votes, id); return err },
		func() error { _, err := store.Get(ctx, q, Sessions, id); return err },
		func() error { _, err := store.Get(ctx, q, Inputs, id); return err },
	} {
		if err := find(); fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return fault.Newf(fault.NotFound, "there is no opinion, vote, session or input %s", id)
}

// create writes one record in the name of somebody who may consult.
func (h Hand) create(ctx context.Context, db *store.DB, authority act.Authority, subject string, fn func(tx *store.Tx) (store.Ref, error)) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Consult, "consultation", subject, func(tx *store.Tx) error {
		ref, err = fn(tx)
		return err
	})
	return ref, err
}

// Feedback says how a consultation stands with those who spoke.
type Feedback struct {
	Inputs        int64 `json:"inputs"`
	Open          int64 `json:"open"`
	Adopted       int64 `json:"adopted"`
	Adapted       int64 `json:"adapted"`
	Rejected      int64 `json:"rejected"`
	In30          int64 `json:"in_30_days"` // answered within so many days
	In60          int64 `json:"in_60_days"`
	Uncompensated int64 `json:"uncompensated"` // opinions and votes with no compensation paid or declined, in the whole log
}

// InputsOf gives the inputs of a consultation, or of all when id is "", in the order of
// the log.
func InputsOf(ctx context.Context, q store.Queryer, id string) ([]*Input, error) {
	list, err := inputsOf(ctx, q, id)
	out := make([]*Input, 0, len(list))
	for _, in := range list {
		out = append(out, in.Record)
	}
	return out, err
}

func inputsOf(ctx context.Context, q store.Queryer, id string) ([]*store.Revision[Input], error) {
	if id == "" {
		return store.Select(ctx, q, Inputs, "")
	}
	return store.Select(ctx, q, Inputs, "r.consultation = $1", id)
}

// Account counts the inputs of a consultation, or of all when id is "".
func Account(ctx context.Context, q store.Queryer, id string) (f Feedback, err error) {
	inputs, err := inputsOf(ctx, q, id)
	if err != nil {
		return f, err
	}
	for _, in := range inputs {
		r := in.Record
		f.Inputs++
		switch r.Disposition {
		case "adopted":
			f.Adopted++
		case "adapted":
			f.Adapted++
		case "rejected":
			f.Rejected++
		default:
			f.Open++
			continue
		}
		if r.Told <= after(r.Received, 30) {
			f.In30++
		}
		if r.Told <= after(r.Received, 60) {
			f.In60++
		}
	}
	paid, err := store.Select(ctx, q, Compensations, "")
	if err != nil {
		return f, err
	}
	done := map[string]bool{}
	for _, p := range paid {
		done[p.Record.About] = true
	}
	opinions, err := store.Select(ctx, q, Opinions, "")
	if err != nil {
		return f, err
	}
	votes, err := store.Select(ctx, q, Votes, "")
	for _, o := range opinions {
		if !done[o.ID] {
			f.Uncompensated++
		}
	}
	for _, v := range votes {
		if !done[v.ID] {
			f.Uncompensated++
		}
	}
	return f, err
}
