package assessment

import (
	"context"
	"slices"

	"duly/internal/bundle"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/store"
)

// standing is what a recorded rating came to.
type standing struct{ outcome, worst, tier string }

// standings reads what the newest ratings came to, by subject.
func standings(ctx context.Context, q store.Queryer, at store.At) (map[string]standing, error) {
	once := map[string]string{} // the few words, kept once
	word := func(v any) string {
		s, _ := v.(string)
		if w, known := once[s]; known {
			return w
		}
		once[s] = s
		return s
	}
	out := map[string]standing{}
	err := store.Columns(ctx, q, Ratings.Schema(), at, []string{"subject", "outcome", "worst", "tier"}, "", nil, func(_ int64, _ string, v []any) error {
		if subject, ok := v[0].(string); ok {
			out[subject] = standing{word(v[1]), word(v[2]), word(v[3])}
		}
		return nil
	})
	return out, err
}

// looked is what came out for one unit; nil for one that is not rated.
type looked struct {
	unit                 unit
	changed, pending     bool
	outcome, worst, best string
	missing              []string
}

// assessChanged rates again all that is rated, of it what is meant, and writes what
// comes out otherwise.
func assessChanged(ctx context.Context, db *store.DB, preparer, today string, p *pack.Pack, m *rating.Method, which Which, progress func(done, all int)) (*Summary, error) {
	head, err := store.Head(ctx, db)
	if err != nil {
		return nil, err
	}
	at := store.At{Seq: head.Size - 1}
	defer frugal()()
	before, err := standings(ctx, db, at)
	if err != nil {
		return nil, err
	}
	v, err := newSurvey(ctx, db, at, today, which.Prohibitions, m)
	if err != nil {
		return nil, err
	}
	s := newSummary()
	var positions []int64
	var changed []unit
	err = v.each(ctx, func() func(unit) (any, error) {
		g := v.before.gatherer(m)
		var x material
		return func(u unit) (any, error) {
			if which.only != nil && !which.only(u.subject()) {
				return (*looked)(nil), nil
			}
			return look(g, &x, m, u, before)
		}
	}, func(result any) {
		one := result.(*looked)
		if one == nil {
			return
		}
		positions = append(positions, one.unit.seq())
		s.countAs(one.outcome, one.worst, one.best, one.pending, one.missing)
		if one.changed {
			changed = append(changed, one.unit)
		}
		if progress != nil {
			progress(s.Assessed, max(s.Assessed+1, len(before)))
		}
	})
	if err != nil {
		return nil, err
	}
	if which.only != nil && s.Assessed == 0 {
		return s, nil
	}
	if progress != nil {
		progress(s.Assessed, s.Assessed)
	}
	w := &writer{method: m, pack: p, parties: v.before.parties, rules: which.Prohibitions, used: map[string]bool{}, preparer: preparer, today: today}
	v.before.book, v.after.book = nil, nil // a part of it is read again under the lock
	written := newSummary()
	for part := range slices.Chunk(changed, batch) {
		if err := w.write(ctx, db, part, written); err != nil {
			return nil, err
		}
	}
	s.Changed = written.Changed
	slices.Sort(positions)
	hashes, err := store.LeafHashes(ctx, db, positions)
	if err != nil {
		return nil, err
	}
	return s, w.record(ctx, db, s, hashes)
}

func look(g *gatherer, x *material, m *rating.Method, u unit, before map[string]standing) (*looked, error) {
	was, rated := before[u.subject()]
	if !rated {
		return nil, nil
	}
	r, err := rateWith(g, x, m, u)
	if err != nil {
		return nil, err
	}
	is := standing{bundle.Outcome(r.rating.Decision), r.rating.Worst.Residual.String(), r.rating.Tier}
	return &looked{u, is != was, r.rating.Pending, is.outcome, is.worst, r.rating.Best.Residual.String(), r.rating.Missing}, nil
}
