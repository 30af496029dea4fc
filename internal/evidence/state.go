package evidence

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/store"
)

// State writes what a source says of a fact. One source has one statement of a
// fact about a subject: what it says later revises it, what another says stands
// beside it. Saying the same of the same day again writes nothing; saying it of a
// later day confirms it. The source is the first that the fact cites, and system
// where it cites none.
//
// Errors: Invalid without subject, fact or day; NotFound for a source that is not
// there.
func State(ctx context.Context, tx *store.Tx, f Fact, system, today string) error {
	return (&Speaker{system: system}).State(ctx, tx, f, today)
}

// Conclude writes what a system concludes of a fact from sources. A system has one
// conclusion of a fact about a subject: another one revises it, whatever sources it
// rests on, the one that decides first. Errors are those of State.
func Conclude(ctx context.Context, tx *store.Tx, f Fact, system, today string) error {
	return (&Speaker{system: system}).Conclude(ctx, tx, f, today)
}

// Speaker is a system that states facts.
type Speaker struct {
	system string
	said   map[string]*store.Revision[Fact] // by identity, of some subjects; nil when it is to be looked up
}

// ReadSpeaker reads what a system ever stated about some subjects, in a few queries, to
// state more of these and no others in the same transaction.
func ReadSpeaker(ctx context.Context, tx *store.Tx, system string, subjects []string) (*Speaker, error) {
	s := &Speaker{system, map[string]*store.Revision[Fact]{}}
	return s, store.Parts(subjects, func(n int, args []any) error {
		list, err := store.Select(ctx, tx, Facts, store.In("r.subject", 0, n)+" and r.source = $"+strconv.Itoa(n+1), append(args, system)...)
		for _, f := range list {
			s.said[f.Record.Identity] = f
		}
		return err
	})
}

// State is [State] of what the system states.
func (s *Speaker) State(ctx context.Context, tx *store.Tx, f Fact, today string) error {
	return s.state(ctx, tx, f, strings.Join(f.Sources[:min(1, len(f.Sources))], ""), today, func(known *Fact) bool {
		return known.Value.Equal(f.Value) && f.AsOf <= known.AsOf
	})
}

// Conclude is [Conclude] of what the system concludes.
func (s *Speaker) Conclude(ctx context.Context, tx *store.Tx, f Fact, today string) error {
	return s.state(ctx, tx, f, "", today, func(known *Fact) bool {
		return known.Value.Equal(f.Value) && f.AsOf == known.AsOf && slices.Equal(f.Sources, known.Sources)
	})
}

// state writes a statement of a system that is known by what it rests on, unless the
// known one says the same.
func (s *Speaker) state(ctx context.Context, tx *store.Tx, f Fact, restsOn, today string, same func(known *Fact) bool) error {
	if f.Subject == "" || f.Fact == "" || f.AsOf == "" {
		return fault.New(fault.Invalid, "a fact needs a subject, a name and the day it was seen", "")
	}
	if _, err := time.Parse(time.DateOnly, f.AsOf); err != nil {
		return fault.Newf(fault.Invalid, "%q is not a date", f.AsOf).WithFix("write it as YYYY-MM-DD")
	}
	f.Identity = strings.Join([]string{f.Subject, f.Fact, s.system, restsOn}, "|")
	f.Origin = Origin{State: "active", ValidFrom: f.AsOf, Received: today, Source: s.system, SourceRef: f.Identity}
	for _, id := range f.Sources {
		if _, err := store.Get(ctx, tx, Sources, id); err != nil {
			return fault.Newf(fault.NotFound, "there is no source %q", id).WithFix("add the source first")
		}
	}
	known, err := s.known(ctx, tx, f.Identity)
	if err != nil || known != nil && same(known.Record) {
		return err
	}
	var ref store.Ref
	if known == nil {
		ref, err = store.Create(tx, Facts, &f)
	} else {
		ref, _, err = store.Revise(tx, Facts, known.ID, &f)
	}
	if s.said != nil {
		s.said[f.Identity] = &store.Revision[Fact]{Ref: ref, Record: &f}
	}
	return err
}

// known gives what the system said under an identity, nil when it said nothing.
func (s *Speaker) known(ctx context.Context, tx *store.Tx, identity string) (*store.Revision[Fact], error) {
	if s.said != nil {
		return s.said[identity], nil
	}
	list, err := store.Select(ctx, tx, Facts, "r.identity = $1", identity)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// About reads all statements about a subject in force, with their sources, by fact.
func About(ctx context.Context, q store.Queryer, subject string) (map[string][]Stated, error) {
	facts, err := store.Select(ctx, q, Facts, "r.subject = $1", subject)
	if err != nil || len(facts) == 0 {
		return nil, err
	}
	out := map[string][]Stated{}
	for _, f := range facts {
		if f.Record.State != "active" {
			continue
		}
		s := Stated{Revision: f, Statement: Statement{Fact: f.Record}}
		for _, id := range f.Record.Sources {
			source, err := store.Get(ctx, q, Sources, id)
			if err != nil {
				return nil, err
			}
			s.Statement.Sources = append(s.Statement.Sources, source.Record)
		}
		out[f.Record.Fact] = append(out[f.Record.Fact], s)
	}
	return out, nil
}

// Stated is a statement with the revision that it stands in.
type Stated struct {
	Statement
	Revision *store.Revision[Fact]
}
