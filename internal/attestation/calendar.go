package attestation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"duly/internal/agreement"
	"duly/internal/calendar"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
)

// Reminders are Duly's own: days before (and, below zero, after) the due day on which
// somebody is reminded.
var reminders = []int{30, 7, -7}

// ahead is how many days before a due day the calendar calls for asking.
const ahead = 30

// Asked is a questionnaire with the conditions that it asks about, as [Join] makes it.
type Asked struct {
	*Questionnaire
	terms *pack.Pack
	set   *conditions.Set
}

// Join loads a questionnaire and the pack of the conditions that it asks about.
//
// Errors: Invalid for packs that do not load, and for a condition that is not there.
func Join(questionnaire, terms *pack.Pack) (Asked, error) {
	q, err := Load(questionnaire)
	if err != nil {
		return Asked{}, err
	}
	set, err := conditions.Load(terms)
	if err != nil {
		return Asked{}, err
	}
	for i, x := range q.Questions {
		if !slices.ContainsFunc(set.Conditions, func(c *conditions.Condition) bool { return c.ID == x.Condition }) {
			return Asked{}, questionnaire.Fault("the pack "+set.ID+" has no condition "+x.Condition, "", "questions", i, "condition")
		}
	}
	return Asked{q, terms, set}, nil
}

// Turn is one line of the calendar.
type Turn struct {
	State         string `json:"state"` // "ask" where nobody asked yet, "open" or "overdue"
	Deployment    string `json:"deployment"`
	Questionnaire string `json:"questionnaire"`     // id
	Request       string `json:"request,omitempty"` // record id
	Due           string `json:"due"`
	Days          int    `json:"days"`             // until it is due; below zero when it was
	Remind        bool   `json:"remind,omitempty"` // a reminder is due on this very day
}

// needs says whether a condition is held by asking: it says so itself, or no telemetry
// checks it.
func needs(c *conditions.Condition) bool {
	return c.Enforcement == conditions.Attestation || !slices.Contains(c.CheckedBy, conditions.Telemetry)
}

// covers gives the conditions of the questionnaire that bind a deployment on a day, as it
// asks about them, and since when the first one binds that needs an attestation; "" when
// none does.
func (a Asked) covers(book *agreement.Book, deployment, day string) (ids []string, since string, err error) {
	held, err := book.Holds([]*conditions.Set{a.set}, deployment, day)
	if err != nil {
		return nil, "", err
	}
	for _, id := range a.asked {
		for _, h := range held {
			if h.ID != id || !h.Binding.Firm() {
				continue
			}
			ids = append(ids, id)
			first := book.Since(deployment, h.Condition, day)
			if needs(h.Condition) && (since == "" || first < since) {
				since = first
			}
		}
	}
	return ids, since, nil
}

// months moves a day (YYYY-MM-DD) by months, to the last day of a month that is shorter.
func months(day string, n int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1).Format(time.DateOnly)
}

// dueBy gives the last due day up to a limit, of those every so many months after a first
// day, and the one before it; "" when none is so early.
func dueBy(since string, every int, limit string) (due, before string) {
	before = since
	for k := 1; ; k++ {
		next := months(since, k*every)
		if next > limit {
			return due, before
		}
		if due != "" {
			before = due
		}
		due = next
	}
}

// NextDue gives the first due day that is not before today.
func NextDue(since string, every int, today string) string {
	for k := 1; ; k++ {
		if d := months(since, k*every); d >= today || len(d) > len(today) {
			return d
		}
	}
}

// Calendar lists open requests and deployments that somebody has to ask, the earliest due
// day first. It writes and sends nothing.
//
// Errors: Invalid for a day that is none.
func Calendar(ctx context.Context, q store.Queryer, list []Asked, today string) ([]Turn, error) {
	if _, err := time.Parse(time.DateOnly, today); err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", today).WithFix("write it as YYYY-MM-DD")
	}
	requests, err := store.Select(ctx, q, Requests, "r.state <> $1", Withdrawn)
	if err != nil {
		return nil, err
	}
	out := []Turn{}
	for _, r := range requests {
		if r.Record.State == Open {
			t := Turn{State: Open, Deployment: r.Record.Deployment, Questionnaire: r.Record.Pack, Request: r.ID, Due: r.Record.Due}
			if today > t.Due {
				t.State = "overdue"
			}
			out = append(out, t)
		}
	}
	unasked, err := toAsk(ctx, q, list, requests, today)
	if err != nil {
		return nil, err
	}
	out = append(out, unasked...)
	for i := range out {
		out[i].Days = calendar.Between(today, out[i].Due)
		out[i].Remind = out[i].Request != "" && slices.Contains(reminders, out[i].Days)
	}
	slices.SortStableFunc(out, func(a, b Turn) int { return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Deployment, b.Deployment)) })
	return out, nil
}

// toAsk gives the deployments of which nobody asked what falls due.
func toAsk(ctx context.Context, q store.Queryer, list []Asked, requests []*store.Revision[Request], today string) (out []Turn, err error) {
	book, err := agreement.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	deployments, err := store.Select(ctx, q, register.Deployments, "r.state = 'active'")
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		for _, a := range list {
			_, since, err := a.covers(book, d.ID, today)
			if err != nil {
				return nil, err
			}
			if since == "" {
				continue
			}
			due, before := dueBy(since, a.Every, calendar.Later(today, ahead))
			asked := slices.ContainsFunc(requests, func(r *store.Revision[Request]) bool {
				return r.Record.Deployment == d.ID && r.Record.Pack == a.Pack.ID && r.Record.Due > before
			})
			if due != "" && !asked {
				out = append(out, Turn{State: "ask", Deployment: d.ID, Questionnaire: a.Pack.ID, Due: due})
			}
		}
	}
	return out, nil
}
