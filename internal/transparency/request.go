package transparency

import (
	"cmp"
	"context"
	"slices"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/store"
)

// Class is what a request is to the one who gets it.
type Class string

// The classes. They are never added up into one figure of "requests complied with".
const (
	Voluntary Class = "voluntary" // may be refused
	Unproven  Class = "unproven"  // says that it is compelled, and shows no reference: may be refused
	Compelled Class = "compelled" // by a legal process that was shown
	Emergency Class = "emergency" // without consent and before a legal process
)

// Classes lists the classes in the order in which they are shown.
var Classes = []Class{Voluntary, Unproven, Compelled, Emergency}

// Class gives the class of a request. A basis that nobody knows can be refused like a
// voluntary one.
func (r *Request) Class() Class {
	switch r.Basis {
	case "subpoena", "court_order", "warrant", "national_security":
		if r.Reference == "" {
			return Unproven
		}
		return Compelled
	case "emergency":
		return Emergency
	}
	return Voluntary
}

// Judge says which rules a request does not meet, by their ids, and of which rules
// nobody can tell, since the request leaves out what they ask. ordinal is the how-manyth
// request of the same requester for the same investigation it is, or 0 where the request
// names no investigation.
type Judge func(r *Request, ordinal int) (broken, unseen []string, err error)

// Receive records a request as it comes in. One that can be refused and does not meet a
// rule is refused with the ids of the rules (RG-07); any other waits for an answer.
//
// Errors: Invalid without a requester or a day.
func Receive(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, r Request, judge Judge) (store.Ref, *Request, error) {
	if r.Requester == "" || r.ValidFrom == "" {
		return store.Ref{}, nil, fault.New(fault.Invalid, "a request needs a requester and the day on which it was made", "give --requester NAME and --day DAY")
	}
	if err := authority.May(by, act.Disclose); err != nil {
		return store.Ref{}, nil, err
	}
	var ref store.Ref
	r.State, r.Outcome = "active", "pending"
	err := db.Write(ctx, by.Key, func(tx *store.Tx) (err error) {
		if err := hold(ctx, tx, &r, "", judge); err != nil {
			return err
		}
		if len(r.Broken) > 0 {
			r.Outcome, r.Answered, r.RefusedByRule = "none", r.Received, true
		}
		ref, err = store.Create(tx, Requests, &r)
		return err
	})
	return ref, &r, err
}

// Answer says what became of a request.
//
// Errors: Refused where it was answered before.
func Answer(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, id, outcome, challenge, notice, today string) (ref store.Ref, err error) {
	if err := authority.May(by, act.Disclose); err != nil {
		return ref, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		r, err := store.Get(ctx, tx, Requests, id)
		if err != nil {
			return err
		}
		if r.Record.Outcome != "pending" {
			return fault.New(fault.Refused, "the request was answered before", "record what came after it as a request of its own")
		}
		next := *r.Record
		next.Outcome, next.Challenge, next.Notice, next.Answered = outcome, challenge, notice, today
		ref, _, err = store.Revise(tx, Requests, id, &next)
		return err
	})
	return ref, err
}

// CheckAll holds every request that came by a file to the rules, and writes what
// changed. It refuses nothing: what such a request came to stands in its record. Those
// that [Receive] took were judged then. It gives how many were judged and how many were
// written.
func CheckAll(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, judge Judge) (judged, written int, err error) {
	if err := authority.May(by, act.Disclose); err != nil {
		return 0, 0, err
	}
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		list, err := store.Select(ctx, tx, Requests, "r.state = 'active' and r.source <> ''")
		if err != nil {
			return err
		}
		for _, r := range list {
			next := *r.Record
			if err := hold(ctx, tx, &next, r.ID, judge); err != nil {
				return err
			}
			judged++
			if slices.Equal(next.Broken, r.Record.Broken) && slices.Equal(next.Unseen, r.Record.Unseen) {
				continue
			}
			if _, _, err := store.Revise(tx, Requests, r.ID, &next); err != nil {
				return err
			}
			written++
		}
		return nil
	})
	return judged, written, err
}

// hold judges a request that can be refused. id is "" for one that is not recorded yet.
func hold(ctx context.Context, q store.Queryer, r *Request, id string, judge Judge) error {
	r.Broken, r.Unseen = nil, nil
	if c := r.Class(); c == Compelled || c == Emergency {
		return nil
	}
	ordinal, err := ordinal(ctx, q, r, id)
	if err != nil {
		return err
	}
	r.Broken, r.Unseen, err = judge(r, ordinal)
	return err
}

// ordinal counts the requests of the same requester for the same investigation up to
// this one, in the order of their days; those of one day go by their identity and id, so
// that the order stays whatever is recorded about them later.
func ordinal(ctx context.Context, q store.Queryer, r *Request, id string) (int, error) {
	if r.Investigation == "" {
		return 0, nil
	}
	list, err := store.Select(ctx, q, Requests, "r.investigation = $1 and r.requester = $2", r.Investigation, r.Requester)
	if err != nil {
		return 0, err
	}
	n := 1
	for _, o := range list {
		order := cmp.Or(cmp.Compare(o.Record.ValidFrom, r.ValidFrom), cmp.Compare(o.Record.Identity, r.Identity), cmp.Compare(o.ID, id))
		if o.ID != id && (order < 0 || id == "" && o.Record.ValidFrom == r.ValidFrom) {
			n++
		}
	}
	return n, nil
}
