package casework

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/store"
)

// The states of a signal.
const (
	Unread  = "unread"
	Handled = "handled"
)

// Sorts lists what a person may raise.
var Sorts = []string{"concern", "grievance", "incident", "request"}

// Raise notes what a person says should be looked at. Anybody may raise anything, those
// who sell included, and nobody has to be named: what reaches the company must reach the
// case (IM-05). recorder is the key id of who writes it down, which stands in clear in
// the log; who said it is sealed in Signal.By, absent where nobody is named. The next
// sweep opens the case, so that the log does not tell when somebody spoke and what
// followed.
//
// Errors: Invalid without a subject or a text, for a sort that there is not, and for a
// pseudonym beside a person.
func Raise(ctx context.Context, db *store.DB, recorder string, s Signal) (store.Ref, error) {
	if !slices.Contains(Sorts, s.Sort) {
		return store.Ref{}, fault.Newf(fault.Invalid, "%q cannot be raised", s.Sort).WithFix("use one of: " + strings.Join(Sorts, ", "))
	}
	if strings.TrimSpace(s.Text) == "" || s.Subject == "" {
		return store.Ref{}, fault.New(fault.Invalid, "a signal needs a subject, and says what it is about", "give --text TEXT")
	}
	if s.Pseudonym != "" && s.By != "" {
		return store.Ref{}, fault.New(fault.Invalid, "whoever goes by a pseudonym is not named", "leave one of the two out")
	}
	s.State = Unread
	var ref store.Ref
	err := db.Write(ctx, recorder, func(tx *store.Tx) (err error) {
		ref, err = store.Create(tx, Signals, &s)
		return err
	})
	return ref, err
}

// What can become of what somebody raised.
const (
	Adopted  = "adopted"
	Adapted  = "adapted"
	Rejected = "rejected"
)

// Tell says to whoever raised something what became of it: what changed, and why what
// did not, did not. It may be said again in other words.
//
// Errors: Invalid for adopted without what was done, rejected without why not, and
// adapted without both.
func (w Worker) Tell(ctx context.Context, db *store.DB, signal, disposition, did, whyNot string) error {
	if err := w.Authority.May(w.Actor, act.Work); err != nil {
		return err
	}
	did, whyNot = strings.TrimSpace(did), strings.TrimSpace(whyNot)
	switch {
	case !slices.Contains([]string{Adopted, Adapted, Rejected}, disposition):
		return fault.Newf(fault.Invalid, "%q is not what becomes of a word", disposition).WithFix("use adopted, adapted or rejected")
	case disposition != Rejected && did == "":
		return fault.New(fault.Invalid, "the answer says what was done", "give --did TEXT")
	case disposition != Adopted && whyNot == "":
		return fault.New(fault.Invalid, "the answer says why not", "give --why-not TEXT")
	}
	return db.Write(ctx, w.Key, func(tx *store.Tx) error {
		s, err := store.Get(ctx, tx, Signals, signal)
		if err != nil {
			return err
		}
		s.Record.Disposition, s.Record.Told, s.Record.Did, s.Record.WhyNot = disposition, w.Today, did, whyNot
		_, _, err = store.Revise(tx, Signals, signal, s.Record)
		return err
	})
}

// told refuses while a grievance or an incident has no answer; a cause that is a fact
// needs none.
func told(ctx context.Context, q store.Queryer, id string) error {
	s, err := store.Get(ctx, q, Signals, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err == nil && s.Record.Told == "" {
		err = fault.Newf(fault.Refused, "nobody has told whoever raised %s what became of it", id).WithFix("answer with `duly case answer " + id + "`")
	}
	return err
}

// handled marks what people raised as handled where the case about it was closed since
// a position of the log.
func handled(ctx context.Context, tx *store.Tx, from int64) error {
	unread, err := store.Select(ctx, tx, Signals, "r.state = 'unread'")
	if err != nil || len(unread) == 0 {
		return err
	}
	closed, err := store.Select(ctx, tx, Reviews, "r.state = 'closed' and r.seq >= $1", from)
	if err != nil {
		return err
	}
	read := map[string]bool{}
	for _, r := range closed {
		for _, text := range r.Record.Triggers {
			read[ParseTrigger(text).Cause] = true
		}
	}
	for _, s := range unread {
		if !read[s.ID] {
			continue
		}
		s.Record.State = Handled
		if _, _, err := store.Revise(tx, Signals, s.ID, s.Record); err != nil {
			return err
		}
	}
	return nil
}
