package retention

import (
	"context"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Draft is a revision that waits beside the log for signatures: its sealed values stand in
// no entry yet.
type Draft struct {
	Name string // by which people know it
	Day  string // on which it was drafted (YYYY-MM-DD)
	Text *ledger.Draft
}

// Drafts are what waits beside the log, and belong to a higher room.
type Drafts interface {
	// All gives every draft in order of its name.
	All(ctx context.Context, q store.Queryer) ([]Draft, error)
	// Drop removes a draft.
	Drop(tx *store.Tx, name string) error
}

// Due finds what is past its clock today, entries by [Rules.Due] and then drafts. A draft
// goes whole with the first of its fields, as signatures are over all of them.
func (s Service) Due(ctx context.Context, q store.Queryer, rules *Rules) ([]Due, error) {
	out, err := rules.Due(ctx, q, s.Kinds, s.today())
	if err != nil {
		return nil, err
	}
	held, err := heldRecords(ctx, q)
	if err != nil {
		return nil, err
	}
	drafts, err := s.drafts(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		day, err := time.Parse(time.DateOnly, d.Day)
		if err != nil {
			return nil, fault.Newf(fault.Broken, "the draft %s has no day on which it was drafted", d.Name).WithFix("take it back")
		}
		kind := d.Text.Schema
		e := entry{kind: kind, seq: noEntry, id: d.Text.ID, written: day}
		for _, v := range d.Text.Disclosures {
			e.disclosures = append(e.disclosures, string(v))
		}
		due := e.due(rules.ofKind(kind), s.Now())
		if len(due) == 0 {
			continue
		}
		all := Due{Entry: noEntry, Draft: d.Name, Kind: kind.Kind, ID: d.Text.ID, Clock: due[0].Clock, Held: held[d.Text.ID] || held[d.Name]}
		for _, f := range kind.Sealed {
			all.Fields = append(all.Fields, f.Name)
		}
		out = append(out, all)
	}
	return out, nil
}

func (s Service) drafts(ctx context.Context, q store.Queryer) ([]Draft, error) {
	if s.Drafts == nil {
		return nil, nil
	}
	return s.Drafts.All(ctx, q)
}

// inDrafts gives the sealed fields of drafts that hold a needle.
func (s Service) inDrafts(ctx context.Context, q store.Queryer, needle string) ([]Found, error) {
	drafts, err := s.drafts(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Found
	for _, d := range drafts {
		found, err := holding(d.Text.Disclosures, needle)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			out = append(out, f.in(noEntry, d.Text.Schema, d.Text.ID, d.Name))
		}
	}
	return out, nil
}
