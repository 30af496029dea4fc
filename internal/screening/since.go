package screening

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/watchlist"
)

// narrow limits a run to what changed since the last one: the subjects whose record
// is newer, and the entries that came, went or changed. It does so when the last run
// had the same settings, its lists are still on the shelf, and what changed is the
// smaller part; else everything is compared. That nothing is missed rests on the
// index answering both ways alike, which a law in watchlist holds.
func (r *run) narrow(ctx context.Context, q store.Queryer, shelf Shelf) error {
	last, err := runs.Last(ctx, q, "screen")
	if err != nil || last == nil || shelf == "" {
		return err
	}
	settings, _, _ := strings.Cut(last.Record.Note, ";")
	if settings != r.settings() {
		return nil
	}
	same := map[string]bool{}
	for _, l := range r.lists {
		same[l.SHA256] = slices.Contains(last.Record.Inputs, l.SHA256)
	}
	older := map[string]watchlist.Contents{}
	for _, hash := range last.Record.Inputs {
		if same[hash] {
			continue
		}
		list, err := shelf.version(ctx, q, hash)
		switch {
		case fault.CodeOf(err) == fault.NotFound || fault.CodeOf(err) == fault.Broken:
			return nil
		case err != nil:
			return err
		}
		older[list.Name] = list.Contents()
	}
	changed := map[string]bool{}
	var come []*watchlist.Entity
	for _, l := range r.lists {
		if same[l.SHA256] {
			continue
		}
		delta := watchlist.Compare(older[l.Name], l.Contents())
		delete(older, l.Name)
		fresh := map[string]bool{}
		for _, id := range append(delta.Added, delta.Changed...) {
			fresh[id] = true
		}
		for i := range l.Entities {
			if e := &l.Entities[i]; fresh[e.SourceID] {
				come = append(come, e)
				changed[place(e.List, e.SourceID)] = true
			}
		}
	}
	if entries, _ := r.index.Len(); len(come) > entries/4 {
		return nil
	}
	r.last, r.changed, r.come = last, changed, come
	return nil
}

// version reads the version of a list that has a hash, NotFound where it never was
// in use.
func (s Shelf) version(ctx context.Context, q store.Queryer, hash string) (*watchlist.List, error) {
	seq, err := newestOf(ctx, q, hash, 1<<62)
	if err != nil {
		return nil, err
	}
	if seq < 0 {
		return nil, fault.Newf(fault.NotFound, "no list with the hash %s was ever in use", hash)
	}
	l, err := store.GetBySeq(ctx, q, Lists, seq)
	if err != nil {
		return nil, err
	}
	return s.read(l.Record)
}

// touch finds the subjects that entries which came or changed may be, among those
// that have not changed themselves.
func (r *run) touch(subjects []Subject) error {
	var queries []watchlist.Query
	var of []int
	for i := range subjects {
		if _, screened := r.found[subjects[i].ID]; screened {
			continue
		}
		for _, q := range subjects[i].queries() {
			queries, of = append(queries, q), append(of, i)
		}
	}
	if len(r.come) == 0 || len(queries) == 0 {
		return nil
	}
	population := r.index.Population(queries)
	for _, e := range r.come {
		best := map[int]watchlist.Hit{}
		for at, h := range population.Touched(e) {
			if known, met := best[of[at]]; h.Alert && (!met || h.Score > known.Score) {
				best[of[at]] = h
			}
		}
		for i, h := range best {
			hit, err := newHit(&subjects[i], subjects[i].State(), &h)
			if err != nil {
				return err
			}
			r.touched[hit.Identity] = hit
		}
	}
	return nil
}

// covers says whether this run looked at a hit again.
func (r *run) covers(h *Hit, here bool) bool {
	if r.last == nil || !here || !r.listed[place(h.List, h.Entry)] {
		return true
	}
	_, screened := r.found[h.Subject]
	return screened || r.changed[place(h.List, h.Entry)]
}

// scope says for the run's record what it compared.
func (r *run) scope() string {
	if r.last == nil {
		return "everybody with every entry"
	}
	return fmt.Sprintf("what changed since entry %d: %d subjects and %d entries; all else stands as it was", r.last.Seq, len(r.found), len(r.come))
}

func place(list, id string) string { return list + "|" + id }
