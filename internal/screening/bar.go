package screening

import (
	"context"
	"slices"

	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/store"
)

// Bar says what keeps deployments of a party from running: what screening knows of it
// and of those who stand behind it.
type Bar struct {
	Hits   int  // on itself, open or confirmed
	Behind int  // open, on those who stand behind it
	Listed bool // listed parties own so much of it that it counts as listed
}

// Bars says what bars each of some parties on a day (YYYY-MM-DD). It reads these
// parties, those who stand behind them and the hits on them, and nothing else of the
// register. A party that has ended is barred like one that has not; for all others the
// answer is that of [Standing], whose other findings need the whole register: who
// directs a listed party elsewhere is below those who are read here.
func Bars(ctx context.Context, q store.Queryer, parties []string, day string) (map[string]Bar, error) {
	above, err := register.Above(ctx, q, parties)
	if err != nil {
		return nil, err
	}
	chain := slices.Concat(parties, above)
	slices.Sort(chain)
	chain = slices.Compact(chain)
	b, err := newBehind(store.At{Day: day, Seq: -1})
	if err == nil {
		err = b.readHits(ctx, q, chain)
	}
	if err == nil && len(above) > 0 {
		err = b.readInterests(ctx, q, chain)
	}
	if err != nil {
		return nil, err
	}
	b.graph = ownership.NewGraph(b.interests, day)
	out := make(map[string]Bar, len(parties))
	for _, id := range parties {
		bar := Bar{Hits: b.hits[id].Open + b.hits[id].Confirmed}
		for _, above := range b.graph.Above(id) {
			bar.Behind += b.hits[above].Open
		}
		out[id] = bar
	}
	for _, r := range b.rules {
		held := b.graph.Held(b.holders(r.Lists, true))
		for _, id := range parties {
			bar := out[id]
			bar.Listed = bar.Listed || r.Apply(held[id], day).Outcome == ownership.Stop
			out[id] = bar
		}
	}
	return out, nil
}
