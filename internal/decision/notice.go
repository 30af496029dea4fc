package decision

import (
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/calendar"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Days that clocks run (IM-09). They are Duly's own, as no rule sets them.
const (
	noticeDays  = 14 // until a customer is told of a decision against it
	respondDays = 30 // that the customer then has to respond
	answerDays  = 30 // until a response is answered
)

// Notice is what a customer is told of a decision against it, and until when.
type Notice struct {
	State     string `duly:"state,public,enum=due|sent|withheld,column"`
	Act       string `duly:"act,public,enum=approve_with_conditions|decline|suspend|exit"`
	Due       string `duly:"due,public,date"`
	Sent      string `duly:"sent_day,public,date"`
	RespondBy string `duly:"respond_by,public,date"`
	Subject   string `duly:"subject,customer,column"`
	Decision  string `duly:"decision,customer,hash"` // leaf hash
	Reasons   string `duly:"reasons,customer"`       // as the customer is told them
	Withheld  string `duly:"withheld,legal"`         // the law that forbids to tell
	By        string `duly:"by,personal"`
}

// Response is what a customer answers: a view, a correction of facts or an appeal.
type Response struct {
	State    string `duly:"state,public,enum=open|upheld|partly|rejected,column"`
	Sort     string `duly:"sort,public,enum=view|correction|appeal"`
	Received string `duly:"received,public,date"`
	Due      string `duly:"due,public,date"`
	Answered string `duly:"answered,public,date"`
	Subject  string `duly:"subject,customer,column"`
	Text     string `duly:"text,customer"`
	Answer   string `duly:"answer,customer"`
	By       string `duly:"by,personal"` // who answered
}

// The kinds of this file.
var (
	Notices   = ledger.Define[Notice]("notice", 1)
	Responses = ledger.Define[Response]("response", 1)
)

// notify starts the clock of the notice with a decision against a customer.
func notify(ctx context.Context, tx *store.Tx, d *Decision, _ store.Ref) error {
	if d.Act == string(Approve) || d.Act == string(Escalate) {
		return nil
	}
	before, err := store.Select(ctx, tx, Decisions, "r.subject = $1", d.Subject)
	if err != nil || len(before) == 0 {
		return err
	}
	_, err = store.Create(tx, Notices, &Notice{
		State: "due", Act: d.Act, Due: calendar.Later(d.Day, noticeDays), Subject: d.Subject, Decision: before[0].Hash.String(),
	})
	return err
}

// Tell records that a customer was told of a decision, with the reasons. withheld
// names the law that forbids to tell; the customer then is not told, and that shows.
//
// Errors: Invalid without either; NotFound when no notice is due.
func Tell(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, subject, reasons, withheld string) (next Notice, ref store.Ref, err error) {
	if (strings.TrimSpace(reasons) == "") == (strings.TrimSpace(withheld) == "") {
		return next, ref, fault.New(fault.Invalid, "a notice gives the reasons, or the law that forbids to tell them", "give --reasons TEXT or --withheld LAW")
	}
	err = office(ctx, db, authority, by, now, "notice", subject, func(tx *store.Tx) error {
		due, err := store.Select(ctx, tx, Notices, "r.subject = $1 and r.state = 'due'", subject)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			return fault.New(fault.NotFound, "no notice is due here", "a notice follows a decision against a customer")
		}
		for _, n := range due { // one letter tells of all that was decided since the last
			next = *n.Record
			next.State, next.Sent, next.Reasons, next.Withheld, next.By = "sent", now.UTC().Format(time.DateOnly), reasons, withheld, by.Key
			if withheld != "" {
				next.State = "withheld"
			} else {
				next.RespondBy = calendar.Later(next.Sent, respondDays)
			}
			if ref, _, err = store.Revise(tx, Notices, n.ID, &next); err != nil {
				return err
			}
		}
		return nil
	})
	return next, ref, err
}

// Receive records what a customer answers. A correction opens a new review: nothing is
// let run on the old rating until it is answered.
//
// Errors: Invalid for an unknown sort or without a text; NotFound for what was never
// assessed. A response after the last day is received as well.
func Receive(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, subject, sort, text string) (r *Response, ref store.Ref, err error) {
	if !slices.Contains([]string{"view", "correction", "appeal"}, sort) || strings.TrimSpace(text) == "" {
		return nil, ref, fault.New(fault.Invalid, "a response is a view, a correction or an appeal, and says something", "give the sort and --text TEXT")
	}
	err = office(ctx, db, authority, by, now, "response", subject, func(tx *store.Tx) error {
		rated, err := find(ctx, tx, subject)
		if err != nil {
			return err
		}
		today := now.UTC().Format(time.DateOnly)
		r = &Response{State: "open", Sort: sort, Received: today, Due: calendar.Later(today, answerDays), Subject: rated.Record.Subject, Text: strings.TrimSpace(text)}
		ref, err = store.Create(tx, Responses, r)
		return err
	})
	return r, ref, err
}

// Respond answers a response.
//
// Errors: Invalid for an unknown state or without an answer. Refused for a response
// that was answered, for an appeal when the person signed the decision that it is
// about, and for a correction that was upheld when nothing was rated since.
func Respond(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, id, state, answer string) (next Response, ref store.Ref, err error) {
	if !slices.Contains([]string{"upheld", "partly", "rejected"}, state) || strings.TrimSpace(answer) == "" {
		return next, ref, fault.New(fault.Invalid, "an answer upholds, upholds partly or rejects, and says why", "give upheld, partly or rejected, and --answer TEXT")
	}
	err = office(ctx, db, authority, by, now, "response", "", func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, Responses, id)
		if err != nil {
			return err
		}
		next = *r.Record
		if next.State != "open" {
			return refusal.Refuse(refusal.Twice, "the response is answered already", "")
		}
		if err := answerable(ctx, tx, r, by.Key, state); err != nil {
			return err
		}
		next.State, next.Answered, next.Answer, next.By = state, now.UTC().Format(time.DateOnly), strings.TrimSpace(answer), by.Key
		ref, _, err = store.Revise(tx, Responses, id, &next)
		return err
	})
	return next, ref, err
}

func answerable(ctx context.Context, tx *store.Tx, r *store.Revision[Response], key, state string) error {
	switch r.Record.Sort {
	case "appeal":
		decisions, err := store.Select(ctx, tx, Decisions, "r.subject = $1", r.Record.Subject)
		if err != nil {
			return err
		}
		for _, d := range decisions {
			for _, s := range d.Leaf.Sigs {
				if s.KeyID() == key {
					return refusal.Refuse(refusal.FourEyes, "who signed a decision does not answer the appeal against it", "another person does")
				}
			}
		}
	case "correction":
		rated, err := find(ctx, tx, r.Record.Subject)
		if err != nil {
			return err
		}
		if state != "rejected" && rated.Seq < r.Seq {
			return refusal.Refuse(refusal.Correct, "a correction is upheld, and nothing was rated since it came", "correct the records and assess again first")
		}
	}
	return nil
}

// office runs fn in the name of somebody who writes to customers.
func office(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time, attempt, subject string, fn func(*store.Tx) error) error {
	return refusal.Watch(ctx, db, refusal.Attempt{Act: attempt, Subject: subject, By: by, Now: now}, func() error {
		return db.Write(ctx, by.Key, func(tx *store.Tx) error {
			if _, err := entitled(ctx, tx, authority, by.Key, act.Notify); err != nil {
				return err
			}
			return fn(tx)
		})
	})
}

// openCorrection says whether a customer waits for the answer to a correction.
func openCorrection(ctx context.Context, q store.Queryer, subject string) (bool, error) {
	list, err := store.Select(ctx, q, Responses, "r.subject = $1 and r.state = 'open'", subject)
	return slices.ContainsFunc(list, func(r *store.Revision[Response]) bool { return r.Record.Sort == "correction" }), err
}

// Clock is a notice or a response that waits.
type Clock struct {
	ID      string
	What    string // notice, or the sort of the response
	Subject string
	Due     string
	Late    bool
}

// Clocks gives what waits, the earliest due first.
func Clocks(ctx context.Context, q store.Queryer, today string) ([]Clock, error) {
	notices, err := store.Select(ctx, q, Notices, "r.state = 'due'")
	if err != nil {
		return nil, err
	}
	responses, err := store.Select(ctx, q, Responses, "r.state = 'open'")
	if err != nil {
		return nil, err
	}
	var out []Clock
	for _, n := range notices {
		out = append(out, Clock{n.ID, "notice", n.Record.Subject, n.Record.Due, today > n.Record.Due})
	}
	for _, r := range responses {
		out = append(out, Clock{r.ID, r.Record.Sort, r.Record.Subject, r.Record.Due, today > r.Record.Due})
	}
	slices.SortStableFunc(out, func(a, b Clock) int { return strings.Compare(a.Due, b.Due) })
	return out, nil
}
