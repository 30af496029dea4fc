package engagement

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
)

// work writes something that an assessor signs in an engagement in which that assessor
// may work now.
func work(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string, write func(tx *store.Tx, s *Standing) (store.Ref, error)) (ref store.Ref, err error) {
	err = h.Watch(ctx, db, authority, act.Assess, attempt, id, func(tx *store.Tx) error {
		s, err := Working(ctx, tx, h, id)
		if err != nil {
			return err
		}
		ref, err = write(tx, s)
		return err
	})
	return ref, err
}

// Reconcile records what comparing a list with the log found, signed by an assessor.
// list says what it is: billing, crm, contracts or other.
func Reconcile(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id, list, mapping string, c *intake.Comparison) (store.Ref, error) {
	return work(ctx, db, authority, h, id, func(tx *store.Tx, s *Standing) (store.Ref, error) {
		return store.Create(tx, Reconciliations, &Reconciliation{
			Day: h.Today(), Terms: s.Terms.Hash.String(), List: list, Of: c.Kind, Rows: c.Rows, Known: c.Known, Missing: int64(len(c.Missing)),
			Ambiguous: int64(len(c.Ambiguous)), Unread: int64(len(c.Unread)), Twice: c.Twice, Recorded: c.Recorded, Unlisted: int64(len(c.Unlisted)),
			File: c.Files, Mapping: mapping, Absent: rows(c.Missing), Unclear: rows(c.Ambiguous), Extra: c.Unlisted, Matter: id, Person: h.By.Key,
		}, h.Key)
	})
}

func rows(lines []intake.Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.Row
	}
	return out
}

// Unmapped gives the share of a list's rows that lead to no record of the log, in
// hundredths of a per cent, rounded up: it is the first figure of every report (§6.5).
func (r *Reconciliation) Unmapped() int64 {
	if r.Rows == 0 {
		return 0
	}
	return ((r.Rows-r.Known)*10000 + r.Rows - 1) / r.Rows
}

// States of a request for evidence.
const (
	Asked    = "asked"
	Answered = "answered"
)

// Ask asks the company for evidence, signed by an assessor. record names what it is
// about; it may be empty. The request is due on a day.
func Ask(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id, record, text, due string) (store.Ref, error) {
	if strings.TrimSpace(text) == "" {
		return store.Ref{}, fault.New(fault.Invalid, "a request says what is asked for", "give --text TEXT")
	}
	if _, err := time.Parse(time.DateOnly, due); err != nil || due < h.Today() {
		return store.Ref{}, fault.Newf(fault.Invalid, "%q is no day on which an answer can be due", due).WithFix("write YYYY-MM-DD, today or later")
	}
	return work(ctx, db, authority, h, id, func(tx *store.Tx, s *Standing) (store.Ref, error) {
		return store.Create(tx, Requests, &Request{
			State: Asked, Terms: s.Terms.Hash.String(), Asked: h.Today(), Due: due, Record: record, Text: text, Matter: id, Asker: h.By.Key, Person: h.By.Key,
		}, h.Key)
	})
}

// Reply answers a request for evidence for the company, signed by who answers. file is
// the SHA-256 of what was given, or empty.
//
// Errors: Refused for an assessor, and for a request that was answered.
func Reply(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, request, answer, file string) (r *Request, ref store.Ref, err error) {
	if strings.TrimSpace(answer) == "" {
		return nil, ref, fault.New(fault.Invalid, "an answer says something", "give --text TEXT")
	}
	err = h.Watch(ctx, db, authority, act.Provide, attempt, request, func(tx *store.Tx) error {
		had, err := store.Get(ctx, tx, Requests, request)
		if err != nil {
			return err
		}
		s, err := Stand(ctx, tx, had.Record.Matter)
		if err != nil {
			return err
		}
		if err := s.InForce(); err != nil {
			return err
		}
		if had.Record.State != Asked {
			return refusal.Refuse(refusal.Twice, "the request is "+had.Record.State, "the assessor asks again, where more is needed")
		}
		next := *had.Record
		next.State, next.Terms, next.Answered, next.Answer, next.File, next.Person = Answered, s.Terms.Hash.String(), h.Today(), answer, file, h.By.Key
		next.Late = next.Answered > next.Due
		r = &next
		ref, _, err = store.Revise(tx, Requests, request, r, h.Key)
		return err
	})
	return r, ref, err
}

// Spend records what a task took, signed by an assessor.
func Spend(ctx context.Context, db *store.DB, authority act.Authority, h voice.Hand, id string, e Effort) (store.Ref, error) {
	if e.Minutes < 0 || e.Cost < 0 || e.Items < 0 || e.Minutes+e.Cost == 0 {
		return store.Ref{}, fault.New(fault.Invalid, "a task takes time or costs something, and never less than nothing", "give --hours or --cost")
	}
	return work(ctx, db, authority, h, id, func(tx *store.Tx, s *Standing) (store.Ref, error) {
		e.Day, e.Terms, e.Matter, e.Person = h.Today(), s.Terms.Hash.String(), id, h.By.Key
		return store.Create(tx, Efforts, &e, h.Key)
	})
}

// File is all that was recorded of one engagement.
type File struct {
	*Standing
	Populations     []*store.Revision[Population]
	Samples         []*store.Revision[Sample]
	Witnesses       []*store.Revision[Witnessed] // that seed them
	Reconciliations []*store.Revision[Reconciliation]
	Requests        []*store.Revision[Request]
	Efforts         []*store.Revision[Effort]
}

// Read gives all that was recorded of an engagement, each list in the order of the log.
func Read(ctx context.Context, q store.Queryer, id string) (*File, error) {
	s, err := Stand(ctx, q, id)
	if err != nil {
		return nil, err
	}
	f := &File{Standing: s}
	const mine = "r.engagement = $1"
	if f.Populations, err = store.Select(ctx, q, Populations, mine, id); err != nil {
		return nil, err
	}
	if f.Samples, err = store.Select(ctx, q, Samples, mine, id); err != nil {
		return nil, err
	}
	if f.Witnesses, err = store.Select(ctx, q, Witnesses, mine, id); err != nil {
		return nil, err
	}
	if f.Reconciliations, err = store.Select(ctx, q, Reconciliations, mine, id); err != nil {
		return nil, err
	}
	if f.Requests, err = store.Select(ctx, q, Requests, mine, id); err != nil {
		return nil, err
	}
	f.Efforts, err = store.Select(ctx, q, Efforts, mine, id)
	return f, err
}

// Spent adds up what an engagement took so far: minutes, cost, and the records that were
// looked at.
func (f *File) Spent() (minutes, cost, items int64) {
	for _, e := range f.Efforts {
		minutes += e.Record.Minutes
		cost += e.Record.Cost
		items += e.Record.Items
	}
	return minutes, cost, items
}

// Overdue gives the requests that are due before a day and not answered.
func (f *File) Overdue(today string) []*store.Revision[Request] {
	return slices.DeleteFunc(slices.Clone(f.Requests), func(r *store.Revision[Request]) bool {
		return r.Record.State != Asked || r.Record.Due >= today
	})
}

// ParseHours reads hours as a number with up to two digits behind a point, in minutes.
func ParseHours(text string) (int64, error) {
	hours, err := strconv.ParseFloat(text, 64)
	if err != nil || !(hours >= 0 && hours <= 1e5) {
		return 0, fault.Newf(fault.Invalid, "%q are no hours", text).WithFix("write a number like 7.5")
	}
	return int64(hours*60 + 0.5), nil
}
