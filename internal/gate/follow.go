package gate

import (
	"context"
	"sync/atomic"
	"time"

	"duly/internal/assessment"
	"duly/internal/store"
)

// Options are what a gate is given.
type Options struct {
	Now   func() time.Time
	Rules *assessment.Prohibitions // bans and moratoria that count; nil for the laws that ship
	Every time.Duration            // how often it looks at the log; 0 is a quarter of a second
	Stale time.Duration            // after how long without a look it refuses everything; 0 is five seconds
}

// Gate answers from memory. It is safe for concurrent use: a world is never changed, and
// one pointer says which holds.
type Gate struct {
	db      *store.DB
	options Options
	world   atomic.Pointer[world]
	looked  atomic.Int64 // UnixNano of the last look at the log that succeeded
	failed  atomic.Pointer[string]
}

// Open reads the world and gives a gate that answers. Nothing follows the log until
// [Gate.Follow] runs.
func Open(ctx context.Context, db *store.DB, options Options) (*Gate, error) {
	if options.Every == 0 {
		options.Every = 250 * time.Millisecond
	}
	if options.Stale == 0 {
		options.Stale = 5 * time.Second
	}
	g := &Gate{db: db, options: options}
	return g, g.Look(ctx)
}

// Follow looks at the log again and again until the context ends. An error makes the gate
// stale in time, and the next look tries again.
func (g *Gate) Follow(ctx context.Context) {
	ticker := time.NewTicker(g.options.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := g.Look(ctx); err != nil {
				text := err.Error()
				g.failed.Store(&text)
			}
		}
	}
}

// Look brings the gate to the present size of the log and the present day.
func (g *Gate) Look(ctx context.Context) error {
	now := g.options.Now()
	today := now.UTC().Format(time.DateOnly)
	err := g.db.Snapshot(ctx, func(q store.Queryer) error {
		w := g.world.Load()
		head, err := store.Head(ctx, q)
		if err != nil {
			return err
		}
		if w != nil && w.size == head.Size && w.day == today {
			return nil
		}
		if w, err = next(ctx, q, w, g.options.Rules, head.Size, today); err != nil {
			return err
		}
		if w.root, err = store.Root(ctx, q, head.Size); err != nil {
			return err
		}
		g.world.Store(w)
		return nil
	})
	if err == nil {
		g.looked.Store(now.UnixNano())
		g.failed.Store(nil)
	}
	return err
}

// Answer answers a question. It takes no lock, reads no database and allocates little.
func (g *Gate) Answer(q Question) Answer {
	now := g.options.Now().UTC()
	w := g.world.Load()
	if reason := g.stale(w, now); reason != "" {
		return Answer{Code: Stale, Reason: reason, Fix: "look at the process that runs the gate", Decision: -1, Known: w.size}
	}
	return w.answer(q, now)
}

// stale says why nothing may be answered from a world any more; "" when it may.
func (g *Gate) stale(w *world, now time.Time) string {
	late := now.Sub(time.Unix(0, g.looked.Load()))
	if late <= g.options.Stale && (w.on(now) || w.on(now.AddDate(0, 0, -1))) {
		return ""
	}
	reason := "the gate has not seen the log for " + late.Round(time.Second).String()
	if text := g.failed.Load(); text != nil {
		reason += ": " + *text
	}
	return reason
}

// on says whether a time is on the world's day.
func (w *world) on(now time.Time) bool {
	var day [len(time.DateOnly)]byte
	return string(now.AppendFormat(day[:0], time.DateOnly)) == w.day
}
