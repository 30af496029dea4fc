package assessment

import (
	"context"
	"slices"

	"duly/internal/bundle"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/store"
)

// standing is what a recorded rating came to.
type standing struct{ outcome, worst, tier string }

// standings are what the newest ratings came to, by subject. There are very many of
// them, and few that differ.
type standings struct {
	of   map[ledger.PackedID]int32
	list []standing
}

// readStandings reads the standings as of a point.
func readStandings(ctx context.Context, q store.Queryer, at store.At) (*standings, error) {
	out := &standings{of: map[ledger.PackedID]int32{}}
	number := map[standing]int32{}
	err := store.Columns(ctx, q, Ratings.Schema(), at, []string{"subject", "outcome", "worst", "tier"}, "", nil, func(_ int64, _ string, v []any) error {
		var texts [4]string
		for i := range texts {
			texts[i], _ = v[i].(string)
		}
		id, ok := ledger.PackID(texts[0])
		if !ok {
			return nil // no unit has it
		}
		s := standing{texts[1], texts[2], texts[3]}
		n, known := number[s]
		if !known {
			n = int32(len(out.list))
			number[s], out.list = n, append(out.list, s)
		}
		out.of[id] = n
		return nil
	})
	return out, err
}

// get gives what the rating of a subject came to; false where there is none.
func (s *standings) get(subject string) (standing, bool) {
	id, ok := ledger.PackID(subject)
	n, rated := s.of[id]
	if !ok || !rated {
		return standing{}, false
	}
	return s.list[n], true
}

// looked is what came out for one unit; nil for one that is not rated.
type looked struct {
	unit                       unit
	changed, pending           bool
	outcome, worst, best, tier string
	missing                    []string
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
	before, err := readStandings(ctx, db, at)
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
		l := &looker{method: m, gatherer: v.before.gatherer(m), before: before}
		return func(u unit) (any, error) {
			if which.only != nil && !which.only(u.subject()) {
				return (*looked)(nil), nil
			}
			return l.look(u)
		}
	}, func(result any) {
		one := result.(*looked)
		if one == nil {
			return
		}
		positions = append(positions, one.unit.seq())
		s.countAs(one.outcome, one.worst, one.best, one.pending, one.missing)
		if one.changed {
			changed = append(changed, one.unit.kept())
		}
		if progress != nil {
			progress(s.Assessed, max(s.Assessed+1, len(before.of)))
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
	if s.Changed, err = w.all(ctx, db, changed); err != nil {
		return nil, err
	}
	slices.Sort(positions)
	hashes, err := store.LeafHashes(ctx, db, positions)
	if err != nil {
		return nil, err
	}
	return s, w.record(ctx, db, s, hashes)
}

// all rates units in parts and gives how many ratings changed.
func (w *writer) all(ctx context.Context, db *store.DB, units []unit) (changed int, err error) {
	s := newSummary()
	for part := range slices.Chunk(units, batch) {
		if err := w.write(ctx, db, part, s); err != nil {
			return 0, err
		}
	}
	return s.Changed, nil
}

// looker rates units, one after another, in one goroutine.
type looker struct {
	method *rating.Method
	*gatherer
	before *standings
	x      material
	out    gathered
	key    []byte
	known  recall[*looked] // without the unit
}

// look gives what comes out for a unit, nil where it is not rated.
func (l *looker) look(u unit) (*looked, error) {
	was, rated := l.before.get(u.subject())
	if !rated {
		return nil, nil
	}
	if err := l.collect(&l.x, u); err != nil {
		return nil, err
	}
	l.gather(&l.x, &l.out)
	l.key = l.out.appendKey(l.key[:0])
	alike, err := l.known.of(l.key, l.rate)
	if err != nil {
		return nil, err
	}
	out := *alike
	out.unit, out.changed = u, standing{out.outcome, out.worst, out.tier} != was
	return &out, nil
}

// rate gives what comes out for every unit of which the same is known.
func (l *looker) rate() (*looked, error) {
	r, err := l.method.RateOn(l.day, l.out.inputs())
	if err != nil {
		return nil, err
	}
	return &looked{
		outcome: bundle.Outcome(r.Decision), worst: r.Worst.Residual.String(), best: r.Best.Residual.String(), tier: r.Tier,
		pending: r.Pending, missing: r.Missing,
	}, nil
}
