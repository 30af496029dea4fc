package voice

import (
	"context"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/store"
)

// The least and the most that a charter may set, and what it sets by itself
// (domain §5.1).
const (
	minSeats, maxSeats = 7, 13
	MinNotice          = 14 // days
	MinEmergency       = 72 // hours
	MaxAnswer          = 30 // days
)

// Charter is what a new panel is.
type Charter struct {
	Hand
	Name      string
	Seats     int64 // 7 to 13
	Notice    int64 // days, at least 14
	Emergency int64 // hours, at least 72
	Answer    int64 // days, at most 30
	Text      string
}

// Found makes a panel. The governing body does.
//
// Errors: Invalid for a charter outside its bounds, Refused for whoever may not.
func Found(ctx context.Context, db *store.DB, authority act.Authority, c Charter) (ref store.Ref, err error) {
	switch {
	case strings.TrimSpace(c.Name) == "" || strings.TrimSpace(c.Text) == "":
		return ref, fault.New(fault.Invalid, "a panel needs a name and a charter", "give the name and --charter FILE")
	case c.Seats < minSeats || c.Seats > maxSeats:
		return ref, fault.Newf(fault.Invalid, "a panel has %d to %d seats, not %d", minSeats, maxSeats, c.Seats)
	case c.Notice < MinNotice || c.Emergency < MinEmergency || c.Answer < 1 || c.Answer > MaxAnswer:
		return ref, fault.Newf(fault.Invalid, "a charter gives at least %d days of notice, %d hours in an emergency, and at most %d days to answer", MinNotice, MinEmergency, MaxAnswer)
	}
	err = c.Watch(ctx, db, authority, act.Appoint, "panel", "", func(tx *store.Tx) error {
		same, err := store.Select(ctx, tx, Panels, "r.name = $1 and r.state = 'active'", c.Name)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			return refusal.Refuse(refusal.Twice, "there is already a panel of this name", "")
		}
		ref, err = store.Create(tx, Panels, &Panel{
			State: "active", Seats: c.Seats, Notice: c.Notice, Emergency: c.Emergency, AnswerDays: c.Answer, Day: c.Today(), Name: c.Name, Charter: c.Text,
		})
		return err
	})
	return ref, err
}

// FindPanel gives the active panel with a name or record id.
func FindPanel(ctx context.Context, q store.Queryer, name string) (*store.Revision[Panel], error) {
	list, err := store.Select(ctx, q, Panels, "(r.name = $1 or r.id = $1) and r.state = 'active'", name)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fault.Newf(fault.NotFound, "there is no panel %q", name).WithFix("make one with `duly panel create`")
	}
	return list[0], nil
}

// Seating is a person who is to take a seat.
type Seating struct {
	Hand
	Panel    string // record id
	Group    string // affected, civil_rights, expert or other
	Person   string // key id
	From, To string // the term; To is the first day after it
}

// Appoint gives somebody a seat for a term. Nobody takes a seat away again: it ends
// with its term, or when the member resigns.
//
// Errors: Invalid for an unknown group or a term that does not end after it begins.
// Refused for whoever may not appoint, for a member whose roles exclude a seat, for a
// second seat of one person, and beyond the seats of the charter.
func Appoint(ctx context.Context, db *store.DB, authority act.Authority, s Seating) (ref store.Ref, err error) {
	if !slices.Contains([]string{Affected, "civil_rights", "expert", "other"}, s.Group) {
		return ref, fault.Newf(fault.Invalid, "%q is no group of seats", s.Group).WithFix("use affected, civil_rights, expert or other")
	}
	if s.From == "" || s.To <= s.From {
		return ref, fault.New(fault.Invalid, "a term begins on a day and ends on a later one", "give --from DAY and --to DAY")
	}
	err = s.Watch(ctx, db, authority, act.Appoint, "panel", "", func(tx *store.Tx) error {
		panel, err := store.Get(ctx, tx, Panels, s.Panel)
		if err != nil {
			return err
		}
		member, err := people.ByKey(ctx, tx, s.Person)
		if err != nil {
			return err
		}
		if err := authority.May(member.Actor(), act.Vote); err != nil {
			return refusal.Refuse(refusal.Role, "the new member cannot sit on a panel: "+err.Error(), "")
		}
		seats, err := store.Select(ctx, tx, Seats, "r.panel = $1 and r.state = 'active'", s.Panel)
		if err != nil {
			return err
		}
		taken := int64(0)
		for _, x := range seats {
			if x.Record.To <= s.From || s.To <= x.Record.From {
				continue // another term
			}
			taken++
			if x.Record.Person == s.Person {
				return refusal.Refuse(refusal.Twice, "this person has a seat on the panel already", "")
			}
		}
		if taken >= panel.Record.Seats {
			return refusal.Refuse(refusal.Seat, "all seats of the charter are taken for this term", "a seat is free after its term, or when its member resigns")
		}
		ref, err = store.Create(tx, Seats, &Seat{State: "active", Group: s.Group, From: s.From, To: s.To, Panel: s.Panel, Person: s.Person, Appointed: s.By.Key})
		return err
	})
	return ref, err
}

// Resign ends a member's seat with a statement, signed by the member, which is
// published by disclosing it.
//
// Errors: Invalid without a statement; Refused for whoever has no seat there.
func Resign(ctx context.Context, db *store.DB, authority act.Authority, h Hand, panel, statement string) (ref store.Ref, err error) {
	if err := needs(statement, "a resignation needs a statement, which is published", "give --statement TEXT"); err != nil {
		return ref, err
	}
	err = h.Watch(ctx, db, authority, act.Vote, "resignation", "", func(tx *store.Tx) error {
		seats, err := store.Select(ctx, tx, Seats, "r.panel = $1 and r.state = 'active' and r.person = $2", panel, h.By.Key)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(seats, func(s *store.Revision[Seat]) bool { return s.Record.sits(h.Today()) })
		if i < 0 {
			return refusal.Refuse(refusal.Seat, "this person has no seat on the panel", "")
		}
		next := *seats[i].Record
		next.State = "resigned"
		if _, _, err := store.Revise(tx, Seats, seats[i].ID, &next, h.Key); err != nil {
			return err
		}
		ref, err = store.Create(tx, Resignations, &Resignation{Group: next.Group, Day: h.Today(), Seat: seats[i].ID, Statement: strings.TrimSpace(statement), Person: h.By.Key}, h.Key)
		return err
	})
	return ref, err
}

// sits says whether the seat is held on a day.
func (s *Seat) sits(day string) bool { return s.State == "active" && s.From <= day && day < s.To }

// SeatsOf gives all seats of a panel in the order of the log.
func SeatsOf(ctx context.Context, q store.Queryer, panel string) ([]*store.Revision[Seat], error) {
	return store.Select(ctx, q, Seats, "r.panel = $1", panel)
}

// ResignationsOf gives the resignations from a panel, in the order of the log.
func ResignationsOf(ctx context.Context, q store.Queryer, panel string) ([]*store.Revision[Resignation], error) {
	seats, err := SeatsOf(ctx, q, panel)
	if err != nil {
		return nil, err
	}
	var out []*store.Revision[Resignation]
	for _, s := range seats {
		list, err := store.Select(ctx, q, Resignations, "r.seat = $1", s.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b *store.Revision[Resignation]) int { return int(a.Seq - b.Seq) })
	return out, nil
}
