package intake

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"duly/internal/fault"
	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/store"
)

// interests writes the interests of the file, statement by statement: all of one, or
// none where it names a party that nobody knows.
func (a *adding) interests() error {
	byStatement := map[int][]ownership.Interest{}
	for _, i := range a.record.Interests {
		byStatement[i.Stated.Number] = append(byStatement[i.Stated.Number], i)
	}
	for _, n := range slices.Sorted(maps.Keys(byStatement)) {
		list := byStatement[n]
		if missing := a.missing(list); missing != "" {
			a.report.Rejects = append(a.report.Rejects, fault.Newf(fault.Invalid, "the statement names the party %q, of which the file says nothing", missing).
				At(a.report.File, 0, fmt.Sprintf("statement %d, %s", n, list[0].Stated.Record)).WithFix("add a file that has both"))
			continue
		}
		a.report.Interests++
		base := a.identity(list[0].Stated)
		a.statement[base] = list[0].Stated
		seen := map[ownership.Role]int{}
		for _, i := range list {
			seen[i.Role]++
			if err := a.interest(fmt.Sprintf("%s\n%s %d", base, i.Role, seen[i.Role]), i); err != nil {
				return err
			}
		}
	}
	return nil
}

// missing gives the first party of the interests that is in neither file nor register.
func (a *adding) missing(list []ownership.Interest) string {
	for _, i := range list {
		for _, id := range []string{i.Owner, i.Owned} {
			if a.ids[id] != "" || id == ownership.Unnamed {
				continue
			}
			other := i.Stated
			other.Record = id
			known := a.parties[a.identity(other)]
			if known == nil || known.Record.State != "active" {
				return id
			}
			a.ids[id] = known.ID
		}
	}
	return ""
}

// interest writes one interest.
func (a *adding) interest(identity string, i ownership.Interest) error {
	a.stated[identity] = true
	least, most := i.Share.Least, i.Share.Most
	next := &register.Interest{Identity: identity, Owner: a.ids[i.Owner], Owned: a.ids[i.Owned], Role: string(i.Role), Indirect: i.Indirect}
	if i.Role == ownership.Owns {
		next.Least, next.Most = &least, &most
	}
	next.Origin = a.origin(i.Stated, fmt.Sprintf("%q %d %d %t", []string{next.Owner, next.Owned, next.Role, i.From, i.To}, least, most, i.Indirect))
	next.ValidFrom, next.ValidTo = i.From, i.To
	known := a.known[identity]
	switch {
	case known == nil:
		_, err := store.Create(a.tx, register.Interests, next)
		a.count(register.Interests.Name(), true)
		return err
	case known.Record.SourceRef == next.SourceRef:
		a.report.Same++
		return nil
	case later(known.Record.SourceRef, i.Stated):
		a.report.Outdated++
		return nil
	}
	if _, _, err := store.Revise(a.tx, register.Interests, known.ID, next); err != nil {
		return err
	}
	a.count(register.Interests.Name(), false)
	if next.ValidTo == "" {
		return nil
	}
	// What was stated before may hold beyond the end: the end has to be stated too.
	return a.endInterest(known.ID, *next, next.ValidTo)
}

// endInterest states that an interest holds no more from a day on.
func (a *adding) endInterest(id string, i register.Interest, day string) error {
	i.State, i.Received, i.ValidFrom, i.ValidTo = "ended", a.received, day, ""
	_, _, err := store.Revise(a.tx, register.Interests, id, &i)
	return err
}

// end ends what records of the file stated before and state no longer, and what the
// file closes, from the day of the statement on.
func (a *adding) end() error {
	for _, s := range a.record.Closed {
		a.statement[a.identity(s)] = s
		if p := a.parties[a.identity(s)]; p != nil && p.Record.State == "active" && !later(p.Record.SourceRef, s) {
			if err := a.endParty(p, s); err != nil {
				return err
			}
		}
	}
	for _, base := range slices.Sorted(maps.Keys(a.statement)) {
		s := a.statement[base]
		for _, identity := range a.byRecord[base] {
			known := a.known[identity]
			if a.stated[identity] || known.Record.State == "ended" || later(known.Record.SourceRef, s) {
				continue
			}
			day := s.Date[:min(len(s.Date), len(time.DateOnly))]
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				day = a.received
			}
			ended := *known.Record
			ended.Origin = a.origin(s, "ended")
			if err := a.endInterest(known.ID, ended, day); err != nil {
				return err
			}
			a.count(register.Interests.Name(), false)
		}
	}
	return nil
}
