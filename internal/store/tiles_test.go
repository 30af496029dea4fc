package store_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestHashesOfALevel protects published tiles and searches for leaves: any stretch of a
// level is what the leaves make, over the edges of stored tiles, and a stretch that is not
// there is refused.
func TestHashesOfALevel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx, db := context.Background(), begin(t, dsn)
		records := make([]*thing, 300)
		for i := range records {
			records[i] = &thing{State: "active", Name: fmt.Sprint("thing ", i)}
		}
		create(t, db, records...)
		var leaves []ledger.Hash
		err := store.Entries(ctx, db, 0, 301, func(e store.Entry) error {
			leaves = append(leaves, ledger.LeafHash(e.Leaf))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range [][2]int64{{0, 301}, {0, 1}, {15, 17}, {16, 32}, {255, 301}, {300, 301}, {7, 7}} {
			got, err := store.Hashes(ctx, db, 0, c[0], c[1])
			var want []byte
			for _, h := range leaves[c[0]:c[1]] {
				want = append(want, h[:]...)
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("hashes %d to %d are others, %v", c[0], c[1], err)
			}
		}
		var edge ledger.Edge
		for _, h := range leaves[16:32] {
			edge.Append(h)
		}
		if got, err := store.Hashes(ctx, db, 1, 1, 2); err != nil || ledger.Hash(got) != edge.Root() {
			t.Errorf("the second hash of level 1 is not that of leaves 16 to 31, %v", err)
		}
		if _, err := store.Hashes(ctx, db, 0, 290, 302); fault.CodeOf(err) != fault.Broken {
			t.Errorf("more than there is: %v", err)
		}
		err = db.Write(ctx, actor, func(tx *store.Tx) error { return tx.Exec("delete from tile where level = 0 and n = 3") })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Hashes(ctx, db, 0, 0, 300); fault.CodeOf(err) != fault.Broken {
			t.Errorf("a tile is missing: %v", err)
		}
		if _, err := store.Inclusion(ctx, db, 50, 301); fault.CodeOf(err) != fault.Broken {
			t.Errorf("a proof of an entry whose tile is missing: %v", err)
		}
	})
}

// TestReadingsAreKept protects readers from what was: a statement that stays compiled sees
// what was committed since it was asked last, gives each question its own rows while others
// are open, and keeps nothing from being scrubbed.
func TestReadingsAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx, db := context.Background(), begin(t, dsn)
		const text = "select seq from r_thing where seq >= $1 order by seq"
		read := func(from int64, inside func()) (got []int64) {
			rows, err := db.Query(ctx, text, from)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var seq int64
				if err := rows.Scan(&seq); err != nil {
					t.Fatal(err)
				}
				got = append(got, seq)
				inside()
			}
			return got
		}
		nothing := func() {}
		for n := int64(1); n <= 5; n++ {
			create(t, db, &thing{State: "active", Name: "thing"})
			var want []int64
			for seq := int64(1); seq <= n; seq++ {
				want = append(want, seq)
			}
			got := read(1, func() {
				if last := read(n, nothing); !slices.Equal(last, []int64{n}) {
					t.Errorf("the last is %v, want %d", last, n)
				}
			})
			if !slices.Equal(got, want) {
				t.Errorf("read %v after %d were written", got, n)
			}
			if err := db.Scrub(ctx); err != nil {
				t.Error(err)
			}
		}
	})
}
