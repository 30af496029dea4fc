package assessment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/store"
)

// read reads what was stated about the records of the chain when the rating was made.
func (x *explainer) read() error {
	seen := map[string]bool{"": true}
	for _, id := range x.about {
		if seen[id] {
			continue
		}
		seen[id] = true
		list, err := store.SelectAt(x.ctx, x.q, evidence.Facts, x.at, "r.subject = $1", id)
		if err != nil {
			return err
		}
		about := map[string][]evidence.Statement{}
		for _, f := range list {
			if f.Record.State != "active" {
				continue
			}
			s := evidence.Statement{Fact: f.Record}
			if s.Sources, err = x.cited(f.Record.Sources); err != nil {
				return err
			}
			about[f.Record.Fact] = append(about[f.Record.Fact], s)
		}
		x.said = append(x.said, about)
	}
	return nil
}

func (x *explainer) cited(ids []string) ([]*evidence.Source, error) {
	var out []*evidence.Source
	for _, id := range ids {
		if x.sources[id] == nil {
			s, err := store.GetAt(x.ctx, x.q, evidence.Sources, id, x.at)
			if err != nil {
				return nil, err
			}
			x.sources[id] = s.Record
		}
		out = append(out, x.sources[id])
	}
	return out, nil
}

// settled gives what the nearest record of the chain says of a fact on a day.
func (x *explainer) settled(fact, day string, shelf int) ledger.Scalar {
	for _, about := range x.said {
		if v := evidence.Settle(about[fact], day, shelf); !v.IsNull() {
			return v
		}
	}
	return ledger.Scalar{}
}

// inputs gives every fact that the method asks, and what it rests on.
func (x *explainer) inputs(day string) (map[string]*FactTrace, error) {
	out := map[string]*FactTrace{}
	for _, f := range x.again.Method.Facts() {
		t := &FactTrace{ID: f.ID, Question: f.Question, Required: f.Required, Wanted: f.Sources}
		v, stated := x.again.Inputs[f.ID]
		switch {
		case v.V != nil:
			t.Known, t.Value = true, spelled(v.V)
		case stated:
			t.Unknown = v.Reason
		default:
			t.Unknown = "nobody stated it"
			if slices.ContainsFunc(x.said, func(about map[string][]evidence.Statement) bool {
				return slices.ContainsFunc(about[f.ID], func(s evidence.Statement) bool { return s.Fact.Claim })
			}) {
				t.Unknown = "somebody who sells claims it, and nobody else states it"
			}
			if why, unknown := x.settled(f.ID, day, f.ShelfDays).UnknownReason(); unknown {
				t.Unknown = why
			}
		}
		out[f.ID] = t
	}
	for _, n := range x.again.Named {
		t := out[n.Fact]
		t.Origin = &Rest{Entry: n.Seq, Leaf: n.Hash.String(), Kind: n.Leaf.Kind, Field: n.Field, Entered: n.Leaf.Entered(), By: x.who(n.Leaf.Actor)}
		if n.Leaf.Kind != evidence.Facts.Schema().Kind {
			continue
		}
		if err := x.statement(t.Origin, n.Seq); err != nil {
			return nil, err
		}
		if f, _ := x.again.Method.Fact(n.Fact); f.ShelfDays > 0 {
			if seen, err := time.Parse(time.DateOnly, t.Origin.AsOf); err == nil {
				t.Until = seen.AddDate(0, 0, f.ShelfDays).Format(time.DateOnly)
			}
		}
	}
	return out, nil
}

// statement fills in what a statement says of itself, and how many say the same.
func (x *explainer) statement(into *Rest, seq int64) error {
	s, err := store.GetBySeq(x.ctx, x.q, evidence.Facts, seq)
	if err != nil {
		return err
	}
	into.About, into.AsOf, into.System, into.Own = s.Record.Subject, s.Record.AsOf, s.Record.Source, s.Record.Source == DerivedBy
	own, err := x.cited(s.Record.Sources)
	if err != nil {
		return err
	}
	said := evidence.Statement{Sources: own}
	for _, about := range x.said {
		for _, b := range about[s.Record.Fact] {
			if b.Fact.Subject != s.Record.Subject || !b.Fact.Value.Equal(s.Record.Value) {
				continue
			}
			for _, source := range b.Sources {
				if !slices.Contains(said.Sources, source) {
					said.Sources = append(said.Sources, source)
				}
			}
		}
	}
	for _, r := range said.Sources {
		into.Sources = append(into.Sources, SourceSeen{r.Grade, r.Title, r.Publisher, r.Published})
	}
	const enough = 2
	into.Single = !into.Own && said.Support() < enough
	return nil
}

// spelled gives a value as people write it.
func spelled(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []string:
		if len(v) == 0 {
			return "none"
		}
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(v)
}
