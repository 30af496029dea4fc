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

// States of a sample.
const (
	Planned = "planned" // it waits for the witnesses of the terms
	Drawn   = "drawn"
)

// Seeded says on whom the seed of a sample rests.
func (s *Sample) Seeded() string {
	switch {
	case s.State == Planned:
		return "they wait for the cosignatures of the witnesses whom the terms name"
	case s.Witnessed != "":
		return fmt.Sprintf("seeded by a cosignature of witnesses whom the terms name, over %d entries", s.Position)
	}
	return "the seed rests on no outsider: the company and the assessor together could have chosen it"
}

// Draw draws a sample from the frozen population, signed by the assessor who froze it:
// all records of the kind that are grave (critical ratings, hard stops, overrides), and
// of the others as many as the plan needs. A further draw of the same kind extends the
// sample by records that were not in it.
//
// Where the terms name witnesses, the first call plans the sample, and the same call again
// draws it once [Witness] has recorded a checkpoint with their cosignatures. Who is drawn
// follows from that checkpoint, from one of the cosignatures, and from what the assessor
// committed to when freezing. Elsewhere it follows from the last and from the first entry
// that somebody else made after the freeze.
//
// Errors: Refused without a population, by another assessor than the one who froze it, for
// another sample than the one that is planned, and as long as there is no seed; NotFound
// when nothing is left to draw.
func Draw(ctx context.Context, db *store.DB, authority act.Authority, d Drawing) (*store.Revision[Sample], error) {
	if !slices.Contains(bundle.Counted(), d.Of) {
		return nil, fault.Newf(fault.Invalid, "no population is made of %q", d.Of).WithFix(fmt.Sprintf("use one of %v", bundle.Counted()))
	}
	wanted, err := d.Plan.Size()
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
		ref, err = d.draw(ctx, tx, s.Terms.Record, p, int64(wanted))
		return err
	})
	if err != nil {
		return nil, err
	}
	return store.Get(ctx, db, Samples, ref.ID)
}

// draw writes the next step of a sample: its plan, or what is drawn.
func (d Drawing) draw(ctx context.Context, tx *store.Tx, terms *Engagement, p *store.Revision[Population], wanted int64) (ref store.Ref, err error) {
	r := &Sample{
		State: Planned, Day: d.Today(), Population: p.Hash.String(), Draw: 1, Of: d.Of, Confidence: d.Plan.Confidence, Tolerable: d.Plan.Tolerable, Expected: d.Plan.Expected,
		Wanted: wanted, Matter: d.Engagement, Person: d.By.Key,
	}
	samples, err := samplesOf(ctx, tx, p)
	if err != nil {
		return ref, err
	}
	var plan *store.Revision[Sample]
	had := map[string]bool{}
	for _, s := range samples {
		if s.Record.State == Planned {
			plan = s
			continue
		}
		r.Draw++
		for _, id := range slices.Concat(s.Record.Taken, s.Record.Drawn) {
			had[id] = true
		}
	}
	switch {
	case r.Draw > bundle.Links:
		return ref, refusal.Refuse(refusal.Frozen, fmt.Sprintf("%d samples were drawn from this population", bundle.Links), "have other terms approved")
	case plan != nil && (plan.Record.Of != r.Of || plan.Record.Confidence != r.Confidence || plan.Record.Tolerable != r.Tolerable || plan.Record.Expected != r.Expected):
		return ref, refusal.Refuse(refusal.Frozen, fmt.Sprintf("draw %d is planned as %d %ss (%d %%, tolerable %d per mille, %d expected) in entry %d, and stands so",
			r.Draw, plan.Record.Wanted, plan.Record.Of, plan.Record.Confidence, plan.Record.Tolerable, plan.Record.Expected, plan.Seq), "draw that one first")
	}
	all, err := count(ctx, tx, p.Record)
	if err != nil {
		return ref, err
	}
	seed := ""
	if terms.Named == "" || plan != nil {
		if seed, err = d.seed(ctx, tx, p, plan, r); err != nil {
			return ref, err
		}
	}
	drawn := all.Draw(r.Of, seed, int(wanted), had)
	switch {
	case len(drawn.Taken)+len(drawn.Drawn) == 0:
		return ref, fault.Newf(fault.NotFound, "the population has no %s that was not drawn already", r.Of).WithFix("draw from another kind")
	case seed == "":
		return store.Create(tx, Samples, r, d.Key)
	}
	r.State, r.Taken, r.Drawn, r.Hash, r.Strata, r.From = Drawn, drawn.Taken, drawn.Drawn, drawn.Hash, drawn.Strata, drawn.Rest
	r.Targeted, r.Size = int64(len(drawn.Taken)), int64(len(drawn.Drawn))
	if plan == nil {
		return store.Create(tx, Samples, r, d.Key)
	}
	ref, _, err = store.Revise(tx, Samples, plan.ID, r, d.Key)
	return ref, err
}

// seed gives the seed of a draw, and says in its record what it rests on. Without a plan
// that is the first entry of somebody else.
func (d Drawing) seed(ctx context.Context, tx *store.Tx, p *store.Revision[Population], plan *store.Revision[Sample], r *Sample) (string, error) {
	terms, err := ledger.ParseHash(p.Record.Terms)
	if err != nil {
		return "", err
	}
	r.Secret = bundle.Link(secret(d.Key, terms), r.Draw)
	if plan == nil {
		if r.Position, err = answered(ctx, tx, p); err != nil {
			return "", err
		}
		root, err := store.Root(ctx, tx, r.Position)
		r.Root = root.String()
		return bundle.Seed(r.Secret, r.Root, r.Of, r.Draw), err
	}
	by, err := seeding(ctx, tx, plan)
	if err != nil {
		return "", err
	}
	if by == nil {
		return "", refusal.Refuse(refusal.Pending, fmt.Sprintf("draw %d is planned in entry %d, and no checkpoint that covers it is recorded with the cosignatures of the witnesses whom the terms name", r.Draw, plan.Seq),
			"somebody of the company runs `duly ledger witness`, or `duly ledger add-cosignature` with what a witness brought back; then draw again")
	}
	w, err := bundle.ReadCosigned([]byte(by.Record.Text))
	if err != nil {
		return "", err
	}
	r.Root, r.Position, r.Witnessed = by.Record.Root, by.Record.Size, by.Hash.String()
	return w.Seed(r.Secret, r.Of, r.Draw), nil
}

// answered gives how many entries the log had after the first one that somebody else
// than the assessor made since the population was frozen. It reads as far as that one.
func answered(ctx context.Context, q store.Queryer, p *store.Revision[Population]) (int64, error) {
	head, err := store.Head(ctx, q)
	if err != nil {
		return 0, err
	}
	for at := p.Seq + 1; at < head.Size; at++ {
		leaf, err := store.LeafAt(ctx, q, at)
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
