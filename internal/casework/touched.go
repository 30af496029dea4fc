package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"duly/internal/assessment"
	"duly/internal/calendar"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/triage"
	"duly/internal/usage"
)

// touched gathers the records whose cases a sweep has to look at: what was written about
// since the last sweep, and what a day has come for. All other cases stand as the last
// sweep left them, since what a case follows from is in the log, and in the days.
type touched struct {
	ctx   context.Context
	q     store.Queryer
	from  int64 // the first position that no sweep has read
	rules *Rules
	// Between these days a day came for some, whichever way the clock went.
	first, last string
	ids         []string
}

// touchedSince gives the records that are touched on a day since a sweep.
func touchedSince(ctx context.Context, q store.Queryer, sweep *SweepRecord, today string, rules *Rules) ([]string, error) {
	t := &touched{ctx: ctx, q: q, from: sweep.To, rules: rules, first: min(sweep.Day, today), last: max(sweep.Day, today)}
	for _, step := range []func() error{t.register, t.behind, t.judged, t.said, t.begins, t.renewals, t.cycles, t.stale} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	slices.Sort(t.ids)
	return slices.DeleteFunc(slices.Compact(t.ids), func(id string) bool { return id == "" }), nil
}

// written notes what revisions of a kind that were written since are about.
func written[T any](t *touched, kind *ledger.Kind[T], about func(r *store.Revision[T]) []string) error {
	list, err := store.Select(t.ctx, t.q, kind, "r.seq >= $1", t.from)
	for _, r := range list {
		t.ids = append(t.ids, about(r)...)
	}
	return err
}

// moved is written for records of which an earlier revision may be about somebody else:
// it counts all revisions that held at any time since.
func moved[T any](t *touched, kind *ledger.Kind[T], about func(r *store.Revision[T]) []string) error {
	list, err := store.Select(t.ctx, t.q, kind, "r.seq >= $1", t.from)
	if err != nil {
		return err
	}
	for _, r := range list {
		all := []*store.Revision[T]{r}
		if r.Rev > 1 {
			if all, err = store.History(t.ctx, t.q, kind, r.ID); err != nil {
				return err
			}
		}
		for _, was := range all {
			if was.ToSeq < 0 || was.ToSeq >= t.from {
				t.ids = append(t.ids, about(was)...)
			}
		}
	}
	return nil
}

// register notes what changed in the register.
func (t *touched) register() error {
	var links, accounts, contracts []string
	err := moved(t, register.Accounts, func(r *store.Revision[register.Account]) []string {
		links, accounts, contracts = append(links, r.Record.Via), append(accounts, r.ID), append(contracts, r.Record.Contract)
		return []string{r.ID, r.Record.Customer}
	})
	if err != nil {
		return err
	}
	err = moved(t, register.Deployments, func(r *store.Revision[register.Deployment]) []string {
		accounts = append(accounts, r.Record.Account)
		return []string{r.ID, r.Record.Account, r.Record.Customer}
	})
	if err != nil {
		return err
	}
	if err := t.users(links, accounts); err != nil {
		return err
	}
	under, err := store.SelectIn(t.ctx, t.q, register.Contracts, store.Now, "id", contracts, "")
	if err != nil {
		return err
	}
	for _, c := range under { // it is about all of its customer while nothing is billed under it
		t.ids = append(t.ids, c.Record.Customer)
	}
	err = moved(t, register.Contracts, func(r *store.Revision[register.Contract]) []string { return []string{r.ID, r.Record.Customer} })
	if err != nil {
		return err
	}
	if err := written(t, register.Products, func(r *store.Revision[register.Product]) []string { return []string{r.ID} }); err != nil {
		return err
	}
	return written(t, Changes, func(r *store.Revision[Change]) []string { return []string{r.Record.Product} })
}

// users notes whoever may be or have been the end user of accounts that changed, or of
// which a deployment did.
func (t *touched) users(links, accounts []string) error {
	billed, err := store.SelectIn(t.ctx, t.q, register.Accounts, store.Now, "id", accounts, "")
	if err != nil {
		return err
	}
	for _, a := range billed {
		links, t.ids = append(links, a.Record.Via), append(t.ids, a.Record.Customer)
	}
	through, err := store.SelectIn(t.ctx, t.q, register.Relationships, store.Now, "id", links, "")
	if err != nil {
		return err
	}
	for _, l := range through {
		t.ids = append(t.ids, l.Record.Customer, l.Record.Party)
	}
	deployed, err := store.SelectIn(t.ctx, t.q, register.Deployments, store.Now, "account", accounts, "")
	for _, d := range deployed {
		t.ids = append(t.ids, d.ID, d.Record.Customer)
	}
	return err
}

// behind notes who got or lost somebody who stands behind it or serves it.
func (t *touched) behind() error {
	err := moved(t, register.Relationships, func(r *store.Revision[register.Relationship]) []string {
		return []string{r.Record.Customer, r.Record.Party}
	})
	if err != nil {
		return err
	}
	if err := moved(t, register.Interests, func(r *store.Revision[register.Interest]) []string { return []string{r.Record.Owned} }); err != nil {
		return err
	}
	return moved(t, register.Owners, func(r *store.Revision[register.Owner]) []string { return []string{r.Record.Customer} })
}

// judged notes what was sorted, rated, decided or worked on.
func (t *touched) judged() error {
	if err := written(t, triage.Triages, func(r *store.Revision[triage.Triage]) []string { return []string{r.Record.Account} }); err != nil {
		return err
	}
	if err := written(t, assessment.Ratings, func(r *store.Revision[assessment.Rating]) []string { return []string{r.Record.Subject} }); err != nil {
		return err
	}
	if err := written(t, decision.Decisions, func(r *store.Revision[decision.Decision]) []string { return []string{r.Record.Subject} }); err != nil {
		return err
	}
	return written(t, Reviews, func(r *store.Revision[Review]) []string { return []string{r.Record.Subject} })
}

// said notes what was stated, found or raised.
func (t *touched) said() error {
	if err := written(t, evidence.Facts, func(r *store.Revision[evidence.Fact]) []string { return []string{r.Record.Subject} }); err != nil {
		return err
	}
	if err := written(t, screening.Hits, func(r *store.Revision[screening.Hit]) []string { return []string{r.Record.Subject} }); err != nil {
		return err
	}
	if err := written(t, usage.Findings, func(r *store.Revision[usage.FindingRecord]) []string { return []string{r.Record.Deployment} }); err != nil {
		return err
	}
	if err := written(t, Signals, func(r *store.Revision[Signal]) []string { return []string{r.Record.Subject} }); err != nil {
		return err
	}
	if err := moved(t, transparency.Incidents, func(r *store.Revision[transparency.Incident]) []string { return []string{r.Record.Subject} }); err != nil {
		return err
	}
	return written(t, Samples, func(r *store.Revision[Sample]) []string { return r.Record.missed() })
}

// begins notes deployments whose first day came.
func (t *touched) begins() error {
	ids, err := texts(t.ctx, t.q, "select id from r_deployment where to_seq is null and state = 'active' and valid_from > $1 and valid_from <= $2", t.first, t.last)
	t.ids = append(t.ids, ids...)
	return err
}

// renewals notes whose contract came near its end, or ended.
func (t *touched) renewals() error {
	near := calendar.Later(t.first, t.rules.renewal)
	list, err := store.Select(t.ctx, t.q, register.Contracts, "r.state = 'active' and r.valid_to is not null and (r.valid_to >= $1 and r.valid_to <= $2 or r.valid_to > $3 and r.valid_to <= $4)",
		t.first, t.last, near, calendar.Later(t.last, t.rules.renewal))
	for _, c := range list {
		t.ids = append(t.ids, c.ID, c.Record.Customer)
	}
	return err
}

// cycles notes what is due for review: on the day that a decision names, or some months
// after a rating. The log tells between which entries a rating was made that is due now.
func (t *touched) cycles() error {
	subjects, err := texts(t.ctx, t.q, "select subject from r_decision where to_seq is null and review_day > $1 and review_day <= $2", t.first, t.last)
	if err != nil {
		return err
	}
	t.ids = append(t.ids, subjects...)
	months, err := texts(t.ctx, t.q, "select distinct cast(review_months as text) from r_rating where to_seq is null and review_months > 0")
	if err != nil {
		return err
	}
	for _, text := range months {
		var n int
		if _, err := fmt.Sscan(text, &n); err != nil {
			return err
		}
		from, to, err := t.madeBetween(n)
		if err != nil {
			return err
		}
		subjects, err := texts(t.ctx, t.q, "select subject from r_rating where to_seq is null and review_months = $1 and seq >= $2 and seq < $3", n, from, to)
		if err != nil {
			return err
		}
		t.ids = append(t.ids, subjects...)
	}
	return nil
}

// madeBetween gives the positions between which ratings stand that became due between
// the two days, and no fewer: months are of different lengths.
func (t *touched) madeBetween(months int) (from, to int64, err error) {
	const most = 3 // days by which a month may be shorter than another
	before := func(day string, days int) (string, error) {
		d, err := time.Parse(time.DateOnly, day)
		return d.AddDate(0, -months, days).Format(time.DateOnly), err
	}
	first, err := before(t.first, -most)
	if err != nil {
		return 0, 0, err
	}
	last, err := before(t.last, most+1)
	if err != nil {
		return 0, 0, err
	}
	if from, err = sizeBefore(t.ctx, t.q, first); err != nil {
		return 0, 0, err
	}
	to, err = sizeBefore(t.ctx, t.q, last)
	return from, to, err
}

// stale notes what facts are about that became out of date.
func (t *touched) stale() error {
	subjects, err := texts(t.ctx, t.q, "select subject from r_fact where to_seq is null and state = 'active' and valid_from >= $1 and valid_from < $2 and coalesce(source, '') <> $3",
		calendar.Later(t.first, -t.rules.stale), calendar.Later(t.last, -t.rules.stale), derived)
	t.ids = append(t.ids, subjects...)
	return err
}
