package evidence

import (
	"context"
	"slices"
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
	return state(ctx, tx, f, system, strings.Join(f.Sources[:min(1, len(f.Sources))], ""), today, func(known *Fact) bool {
		return known.Value.Equal(f.Value) && f.AsOf <= known.AsOf
	})
}

// Conclude writes what a system concludes of a fact from sources. A system has one
// conclusion of a fact about a subject: another one revises it, whatever sources it
// rests on, the one that decides first. Errors are those of State.
func Conclude(ctx context.Context, tx *store.Tx, f Fact, system, today string) error {
	return state(ctx, tx, f, system, "", today, func(known *Fact) bool {
		return known.Value.Equal(f.Value) && f.AsOf == known.AsOf && slices.Equal(f.Sources, known.Sources)
	})
}

// state writes a statement of a system that is known by what it rests on, unless the
// known one says the same.
func state(ctx context.Context, tx *store.Tx, f Fact, system, restsOn, today string, same func(known *Fact) bool) error {
	if f.Subject == "" || f.Fact == "" || f.AsOf == "" {
		return fault.New(fault.Invalid, "a fact needs a subject, a name and the day it was seen", "")
	}
	if _, err := time.Parse(time.DateOnly, f.AsOf); err != nil {
		return fault.Newf(fault.Invalid, "%q is not a date", f.AsOf).WithFix("write it as YYYY-MM-DD")
	}
	f.Identity = strings.Join([]string{f.Subject, f.Fact, system, restsOn}, "|")
	f.Origin = Origin{State: "active", ValidFrom: f.AsOf, Received: today, Source: system, SourceRef: f.Identity}
	for _, id := range f.Sources {
		if _, err := store.Get(ctx, tx, Sources, id); err != nil {
			return fault.Newf(fault.NotFound, "there is no source %q", id).WithFix("add the source first")
		}
	}
	known, err := store.Select(ctx, tx, Facts, "r.identity = $1", f.Identity)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		_, err = store.Create(tx, Facts, &f)
		return err
	}
	if same(known[0].Record) {
		return nil
	}
	_, _, err = store.Revise(tx, Facts, known[0].ID, &f)
	return err
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
