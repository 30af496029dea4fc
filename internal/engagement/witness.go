package engagement

import (
	"context"
	"slices"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/store"
)

// Witness records, for each sample that is planned and waits, the oldest signed checkpoint
// that covers its plan and that enough of the witnesses of the terms have cosigned. It
// gives what it recorded; nothing where nothing waits, or too few have cosigned. Run it
// once cosignatures were kept.
//
// The code is Refused for an assessor where a sample waits: who draws does not record by
// what is drawn.
func Witness(ctx context.Context, db *store.DB, by act.Actor) ([]store.Ref, error) {
	all, err := waiting(ctx, db)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	if slices.Contains(by.Roles, act.Assessor) {
		return nil, fault.New(fault.Refused, "a sample waits for its witnesses, and an assessor does not record by what it is drawn", "somebody of the company runs `duly ledger witness`")
	}
	var refs []store.Ref
	err = db.Write(ctx, by.Key, func(tx *store.Tx) error {
		refs = nil
		all, err := waiting(ctx, tx) // again, since nobody else records now
		for _, s := range all {
			var found *Witnessed
			if found, err = s.find(ctx, tx); err != nil {
				return err
			}
			if found == nil {
				continue
			}
			ref, err := store.Create(tx, Witnesses, found)
			if err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		return err
	})
	return refs, err
}

// awaited is a planned sample, with the terms that say who seeds it.
type awaited struct {
	*store.Revision[Sample]
	terms *Engagement
}

// waiting gives the planned samples of which no cosigned checkpoint is recorded, in
// engagements that go on under the terms by which they were planned.
func waiting(ctx context.Context, q store.Queryer) ([]awaited, error) {
	planned, err := store.Select(ctx, q, Samples, "r.state = $1", Planned)
	if err != nil {
		return nil, err
	}
	var out []awaited
	for _, s := range planned {
		had, err := seeding(ctx, q, s)
		if err != nil {
			return nil, err
		}
		standing, err := Stand(ctx, q, s.Record.Matter)
		if err != nil {
			return nil, err
		}
		p, err := population(ctx, q, standing)
		if err != nil {
			return nil, err
		}
		if had == nil && standing.InForce() == nil && p != nil && p.Hash.String() == s.Record.Population {
			out = append(out, awaited{s, standing.Terms.Record})
		}
	}
	return out, nil
}

// seeding gives the record of the cosigned checkpoint that seeds a planned sample, or nil.
func seeding(ctx context.Context, q store.Queryer, s *store.Revision[Sample]) (*store.Revision[Witnessed], error) {
	list, err := store.Select(ctx, q, Witnesses, "r.sample = $1", s.Hash.String())
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// find gives the record of the oldest checkpoint that fits, or nil.
func (s awaited) find(ctx context.Context, tx *store.Tx) (found *Witnessed, err error) {
	witnesses, err := outsiders(ctx, tx, s.terms.Keys)
	if err != nil {
		return nil, err
	}
	err = store.CheckpointsAfter(ctx, tx, s.Seq, func(signed []byte) bool {
		if len(ledger.CosignatureLines(signed, witnesses)) == 0 {
			return true
		}
		text, w, err := bundle.WriteCosigned(s.terms.Keys, signed)
		if err != nil || w.Count() < s.terms.Quorum {
			return true
		}
		found = &Witnessed{
			Sample: s.Hash.String(), Size: w.Checkpoint.Size, Root: w.Checkpoint.Root.String(), Cosigned: w.Count(), Note: w.Note, Text: string(text), Matter: s.Record.Matter,
		}
		return false
	})
	return found, err
}

// outsiders gives the witnesses by their verifier keys, and refuses one who has the name of
// the log, or the key of one of its people.
func outsiders(ctx context.Context, q store.Queryer, keys []string) ([]ledger.Witness, error) {
	list, err := bundle.ParseWitnesses(keys)
	if err != nil {
		return nil, err
	}
	head, err := store.Head(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		same, err := store.Select(ctx, q, people.Persons, "r.key = $1", w.PublicHash())
		if err != nil {
			return nil, err
		}
		if w.Name() == head.Origin || slices.ContainsFunc(same, func(p *store.Revision[people.Person]) bool { return p.Record.State == "active" }) {
			return nil, refusal.Refuse(refusal.Independent, "the witness "+w.Name()+" is the log, or has the key of one of its people, and is no outsider", "name witnesses whom neither the company nor an assessor runs")
		}
	}
	return list, nil
}
