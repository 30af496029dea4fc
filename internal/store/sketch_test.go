package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestSketchesAreWhatRecordsSay protects reading without the entries: at every corner
// of both times, and after an erasure, the typed columns give the same revisions and
// the same fields as the records themselves.
func TestSketchesAreWhatRecordsSay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx, db := context.Background(), begin(t, dsn)
		cents := int64(-7)
		refs := create(t, db,
			&thing{State: "active", ValidFrom: "2025-01-01", Name: "first", Cents: &cents},
			&thing{State: "ended", ValidFrom: "2025-06-01", Name: "second"},
			&thing{State: "active", Name: "third", Value: ledger.Text("x")},
		)
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			if _, _, err := store.Revise(tx, things, refs[0].ID, &thing{State: "active", ValidFrom: "2026-01-01", Name: "renamed"}); err != nil {
				return err
			}
			_, err := store.Erase(tx, things.Schema(), refs[2].Seq, "name", "request", "")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range []string{"", "2024-06-01", "2025-03-01", "2025-09-01", "2026-06-01"} {
			for _, seq := range []int64{-1, refs[0].Seq, refs[2].Seq, refs[2].Seq + 1} {
				at := store.At{Day: day, Seq: seq}
				whole, err := store.SelectAt(ctx, db, things, at, "r.state = $1 or r.name is null", "active")
				if err != nil {
					t.Fatal(err)
				}
				var want, streamed, got []string
				line := func(r *store.Revision[thing]) string {
					cents := "none"
					if r.Record.Cents != nil {
						cents = fmt.Sprint(*r.Record.Cents)
					}
					return fmt.Sprint(r.Seq, r.ID, r.Record.State, r.Record.ValidFrom, r.Record.Name, cents)
				}
				for _, r := range whole {
					want = append(want, line(r))
				}
				keep := func(into *[]string) func(*store.Revision[thing]) error {
					return func(r *store.Revision[thing]) error { *into = append(*into, line(r)); return nil }
				}
				where, args := "r.state = $1 or r.name is null", []any{"active"}
				if err := store.Each(ctx, db, things, at, where, args, keep(&streamed)); err != nil || !slices.Equal(streamed, want) {
					t.Errorf("%+v: streamed %q, want %q, %v", at, streamed, want, err)
				}
				fields := []string{"cents", "name", "state", "valid_from"}
				if err := store.Sketch(ctx, db, things, at, fields, where, args, keep(&got)); err != nil || !slices.Equal(got, want) {
					t.Errorf("%+v: sketched %q, want %q, %v", at, got, want, err)
				}
				if n, err := store.Count(ctx, db, things.Schema(), at, where, args...); err != nil || n != len(want) {
					t.Errorf("%+v: counted %d, want %d, %v", at, n, len(want), err)
				}
			}
		}
		none := func(*store.Revision[thing]) error { return nil }
		for _, field := range []string{"value", "tags", "nothing"} {
			if err := store.Sketch(ctx, db, things, store.Now, []string{field}, "", nil, none); fault.CodeOf(err) != fault.Failed {
				t.Errorf("%s has no column: %v", field, err)
			}
		}
	})
}

// TestHashesAndDigestsByPosition protects what a run and a rating name: the hashes
// that the tiles hold, over the edge of a tile, and the digests of the entries.
func TestHashesAndDigestsByPosition(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx, db := context.Background(), begin(t, dsn)
		records := make([]*thing, 700)
		for i := range records {
			records[i] = &thing{State: "active", Name: fmt.Sprint("thing ", i)}
		}
		refs := create(t, db, records...)
		var positions []int64
		var want []ledger.Hash
		for i := 0; i < len(refs); i += 3 {
			positions, want = append(positions, refs[i].Seq), append(want, refs[i].Hash)
		}
		got, err := store.LeafHashes(ctx, db, positions)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("the hashes of %d positions are others, %v", len(positions), err)
		}
		if _, err := store.LeafHashes(ctx, db, []int64{int64(len(refs)) + 1}); fault.CodeOf(err) != fault.Broken {
			t.Errorf("a position that is not there: %v", err)
		}
		all := make([]int64, len(refs))
		for i := range refs {
			all[i] = refs[i].Seq
		}
		digests, err := store.Digests(ctx, db, all)
		if err != nil || len(digests) != len(refs) {
			t.Fatalf("digests of %d entries, %v", len(digests), err)
		}
		list, err := store.Select(ctx, db, things, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if !slices.Equal(digests[r.Seq], r.Digests) {
				t.Fatalf("entry %d has other digests", r.Seq)
			}
		}
	})
}
