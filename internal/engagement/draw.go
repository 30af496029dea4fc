package engagement

import (
	"context"
	"fmt"
	"slices"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/stats"
	"duly/internal/store"
	"duly/internal/voice"
)

// Drawing is a sample that an assessor wants to draw.
type Drawing struct {
	voice.Hand
	Engagement string
	Of         string // the kind of record, as in [Sample]
	Plan       Plan
}

// Draw draws a sample from the frozen population, signed by the assessor who froze it:
// all records of the kind that are grave (critical ratings, hard stops, overrides), and
// of the others as many as the plan needs. Who is drawn follows from what the assessor
// committed to when freezing, and from the first entry that somebody else made after it.
// A further draw of the same kind extends the sample by records that were not in it.
//
// Errors: Refused without a population, by another assessor than the one who froze it,
// and as long as nobody else has made an entry since; NotFound when nothing is left to
// draw.
func Draw(ctx context.Context, db *store.DB, authority act.Authority, d Drawing) (*store.Revision[Sample], error) {
	if !slices.Contains(bundle.Counted(), d.Of) {
		return nil, fault.Newf(fault.Invalid, "no population is made of %q", d.Of).WithFix(fmt.Sprintf("use one of %v", bundle.Counted()))
	}
	planned, err := d.Plan.Size()
	if err != nil {
		return nil, err
	}
	var ref store.Ref
	err = d.Watch(ctx, db, authority, act.Assess, attempt, d.Engagement, func(tx *store.Tx) error {
		s, err := Working(ctx, tx, d.Hand, d.Engagement)
		if err != nil {
			return err
		}
		p, err := population(ctx, tx, s)
		if err != nil {
			return err
		}
		switch {
		case p == nil:
			return refusal.Refuse(refusal.Terms, "no population is frozen under the terms in force", "freeze it with `duly engagement freeze`")
		case p.Record.Person != d.By.Key:
			return refusal.Refuse(refusal.Key, "another assessor froze the population and committed to its draws", "that assessor draws")
		}
		r, err := d.sample(ctx, tx, p, planned)
		if err != nil {
			return err
		}
		ref, err = store.Create(tx, Samples, r, d.Key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return store.Get(ctx, db, Samples, ref.ID)
}

func (d Drawing) sample(ctx context.Context, tx *store.Tx, p *store.Revision[Population], size int) (*Sample, error) {
	r := &Sample{
		State: "drawn", Day: d.Today(), Population: p.Hash.String(), Draw: 1, Of: d.Of, Confidence: d.Plan.Confidence, Tolerable: d.Plan.Tolerable, Expected: d.Plan.Expected,
		Wanted: int64(size),
		Matter: d.Engagement, Person: d.By.Key,
	}
	earlier, err := samplesOf(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	had := map[string]bool{}
	for _, s := range earlier {
		r.Draw++
		for _, id := range slices.Concat(s.Record.Taken, s.Record.Drawn) {
			had[id] = true
		}
	}
	if r.Draw > bundle.Links {
		return nil, refusal.Refuse(refusal.Frozen, fmt.Sprintf("%d samples were drawn from this population", bundle.Links), "have other terms approved")
	}
	terms, err := ledger.ParseHash(p.Record.Terms)
	if err != nil {
		return nil, err
	}
	if r.Position, err = answered(ctx, tx, p); err != nil {
		return nil, err
	}
	root, err := store.Root(ctx, tx, r.Position)
	if err != nil {
		return nil, err
	}
	r.Root, r.Secret = root.String(), bundle.Link(secret(d.Key, terms), r.Draw)
	all, err := count(ctx, tx, p.Record)
	if err != nil {
		return nil, err
	}
	drawn := all.Draw(r.Of, bundle.Seed(r.Secret, r.Root, r.Of, r.Draw), size, had)
	if len(drawn.Taken)+len(drawn.Drawn) == 0 {
		return nil, fault.Newf(fault.NotFound, "the population has no %s that was not drawn already", r.Of).WithFix("draw from another kind")
	}
	r.Taken, r.Drawn, r.Hash, r.Strata, r.From = drawn.Taken, drawn.Drawn, drawn.Hash, drawn.Strata, drawn.Rest
	r.Targeted, r.Size = int64(len(drawn.Taken)), int64(len(drawn.Drawn))
	return r, nil
}

// answered gives how many entries the log had after the first one that somebody else
// than the assessor made since the population was frozen. It reads as far as that one.
func answered(ctx context.Context, q store.Queryer, p *store.Revision[Population]) (int64, error) {
	head, err := store.Head(ctx, q)
	if err != nil {
		return 0, err
	}
	for at := p.Seq + 1; at < head.Size; at++ {
		e, err := store.EntryAt(ctx, q, at)
		if err != nil {
			return 0, err
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return 0, err
		}
		if leaf.Actor != p.Leaf.Actor {
			return at + 1, nil
		}
	}
	return 0, refusal.Refuse(refusal.Pending, "nobody else has made an entry since the population was frozen, and the draw rests on the first one",
		"wait for any entry of the company, or ask for evidence with `duly engagement request` and have it answered")
}

func samplesOf(ctx context.Context, q store.Queryer, p *store.Revision[Population]) ([]*store.Revision[Sample], error) {
	list, err := store.Select(ctx, q, Samples, "r.engagement = $1", p.Record.Matter)
	return slices.DeleteFunc(list, func(s *store.Revision[Sample]) bool { return s.Record.Population != p.Hash.String() }), err
}

// Plan says how sure a sample should be.
type Plan struct {
	Confidence int64 // per cent
	Tolerable  int64 // per mille of the population that may deviate
	Expected   int64 // deviations that are planned for
}

// Size gives how many to draw: see [stats.SampleSize].
func (p Plan) Size() (int, error) {
	return stats.SampleSize(int(p.Expected), float64(p.Tolerable)/1000, float64(p.Confidence)/100)
}

// Bound gives how many of a population deviate at most, with the plan's confidence, when
// so many of those drawn did. A draw of all is no estimate.
func (p Plan) Bound(deviations, drawn, population int64) (int64, error) {
	return stats.Most(population, min(drawn, population), deviations, float64(p.Confidence)/100)
}

// Cost is one line of what precision costs.
type Cost struct {
	Tolerable int64 `json:"tolerable_permille"`
	Expected  int64 `json:"expected"`
	Drawn     int64 `json:"drawn"`
	Bound     int64 `json:"at_most"` // records of the population, when no more than expected deviate
	Minutes   int64 `json:"minutes"`
	Cost      int64 `json:"cost"` // whole units of a currency
}

// Costs sets cost against precision: for tolerable rates from 10 % to 1 % and for none to
// two deviations, how many are drawn of a population, what that bounds and what it takes
// at so many minutes for a record and so much for an hour.
func (p Plan) Costs(population, minutes, hourly int64) ([]Cost, error) {
	var out []Cost
	for _, tolerable := range []int64{100, 50, 30, 20, 10} {
		for expected := range int64(3) {
			q := Plan{p.Confidence, tolerable, expected}
			n, err := q.Size()
			if err != nil {
				return nil, err
			}
			drawn := min(int64(n), population)
			bound, err := q.Bound(min(expected, drawn), drawn, population)
			if err != nil {
				return nil, err
			}
			out = append(out, Cost{tolerable, expected, drawn, bound, drawn * minutes, (drawn*minutes*hourly + 59) / 60})
		}
	}
	return out, nil
}
