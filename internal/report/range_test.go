package report_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
)

// Protects: a part of the log, wherever a checkpoint lets it begin and whatever is shown
// of it, verifies, is tied to a checkpoint that somebody kept, and carries what a rating
// and a decision in it rest on.
func TestExportOfARange(t *testing.T) {
	b := newChain(t)
	ctx := context.Background()
	known := knownSchemas(t)
	actor, err := b.w.Actor(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	balance, err := b.w.Balance(ctx, actor)
	if err != nil {
		t.Fatal(err)
	}
	var openings [][]byte
	sign := func() []byte {
		signed, _ := b.checkpoint()
		openings = append(openings, signed)
		return signed
	}
	sign()
	b.write(func(tx *store.Tx) {
		list, err := store.Select(ctx, tx, register.Customers, "")
		if err != nil {
			t.Fatal(err)
		}
		changed := *list[0].Record
		changed.Name = "Alder County Sheriff's Office"
		if _, _, err := store.Revise(tx, register.Customers, list[0].ID, &changed); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Erase(tx, register.Customers.Schema(), list[0].Seq, "name", "request", ""); err != nil {
			t.Fatal(err)
		}
	})
	sign()
	b.write(func(tx *store.Tx) {
		put(b, tx, register.Customers, register.Customer{Origin: origin("2020-05-01"), Identity: "d", Name: "n", Kind: "company", Sector: "commercial", Jurisdiction: "US"})
	})
	closing := sign()
	path := filepath.Join(t.TempDir(), "bundle")
	for _, opening := range openings[:2] {
		start, err := ledger.OpenCheckpoint(opening, b.w.Config.Key)
		if err != nil {
			t.Fatal(err)
		}
		for _, classes := range [][]ledger.Class{nil, {ledger.Customer}, ledger.Classes} {
			s, err := report.Export(ctx, b.w.DB, report.Order{Checkpoint: closing, Opening: opening, Key: b.w.Config.Key, Classes: classes, Schemas: known}, path)
			if err != nil {
				t.Fatalf("from %d: %v", start.Size, err)
			}
			r, err := verify(t, path, bundle.Trust{Key: b.w.Config.Key, Checkpoint: opening})
			if err != nil {
				t.Fatalf("from %d, %v: %v", start.Size, classes, err)
			}
			n := r.Counts
			if r.From != start.Size || n.Entries != s.Entries || n.Carried != s.Carried || n.Disclosed != s.Disclosed || n.Withheld != s.Withheld || n.Erased != s.Erased {
				t.Errorf("from %d: the summary says %+v, the verifier found %+v", start.Size, s, r)
			}
			if *r.Complete != balance.Seq {
				t.Errorf("from %d: complete up to %d, the balance is %d", start.Size, *r.Complete, balance.Seq)
			}
			opens := start.Size == balance.Seq+1
			if (*r.Opening == balance.Seq) != opens || (s.Opening != nil) != opens || opens == slices.Equal(s.Balances, []int64{balance.Seq}) {
				t.Errorf("from %d: opened by %d; the summary says %+v, the balance is %d", start.Size, *r.Opening, s, balance.Seq)
			}
		}
	}
}

// Protects: the parts between all checkpoints of a log that went through every room, from
// the first judgement on, verify for whoever is shown all and for whoever is shown nothing.
func TestEveryRangeOfAChain(t *testing.T) {
	b := newChain(t)
	known := knownSchemas(t)
	last, c := b.checkpoint()
	key := b.logKey()
	path := filepath.Join(t.TempDir(), "bundle")
	exact := int64(0)
	for from := int64(1); from < c.Size; from++ {
		root, err := store.Root(context.Background(), b.w.DB, from)
		if err != nil {
			t.Fatal(err)
		}
		opening, err := key.Sign(ledger.Checkpoint{Origin: c.Origin, Size: from, Root: root})
		if err != nil {
			t.Fatal(err)
		}
		for _, classes := range [][]ledger.Class{nil, ledger.Classes} {
			if _, err := report.Export(context.Background(), b.w.DB, report.Order{Checkpoint: last, Opening: opening, Key: b.w.Config.Key, Classes: classes, Schemas: known}, path); err != nil {
				t.Fatalf("from %d, %v: %v", from, classes, err)
			}
			r, err := verify(t, path, bundle.Trust{Key: b.w.Config.Key})
			if err != nil {
				t.Fatalf("from %d, %v: %v", from, classes, err)
			}
			exact += r.Counts.Ratings.Exact
		}
	}
	if exact < 2 {
		t.Error("no rating was computed again in a range that began after what it rests on")
	}
}

// Protects: what is asked for is widened to checkpoints, and what no checkpoint covers is
// not exported.
func TestBetweenCheckpoints(t *testing.T) {
	b := newBed(t)
	ctx := context.Background()
	var sizes []int64
	for range 3 {
		b.write(func(tx *store.Tx) {
			for range 2 {
				put(b, tx, register.Customers, register.Customer{Origin: origin("2020-05-01"), Identity: "c", Name: "n", Kind: "company", Sector: "commercial", Jurisdiction: "US"})
			}
		})
		_, c := b.checkpoint()
		sizes = append(sizes, c.Size)
	}
	first := sizes[0] - 2 // the checkpoint of a new workspace
	for _, c := range []struct {
		from, to, opens, closes int64 // 0: from the beginning
		code                    fault.Code
	}{
		{0, 1, 0, first, ""}, {first, first + 1, first, sizes[0], ""}, {first + 1, sizes[0], first, sizes[0], ""},
		{sizes[0], sizes[1] + 1, sizes[0], sizes[2], ""}, {sizes[1] + 1, sizes[2], sizes[1], sizes[2], ""},
		{0, sizes[2] + 1, 0, 0, fault.NotFound}, {3, 3, 0, 0, fault.Invalid}, {4, 3, 0, 0, fault.Invalid},
	} {
		opening, closing, err := report.Between(ctx, b.w.DB, c.from, c.to)
		if c.code != "" {
			if fault.CodeOf(err) != c.code {
				t.Errorf("%d to %d: %v", c.from, c.to, err)
			}
			continue
		}
		got := []int64{0, 0}
		for i, signed := range [][]byte{opening, closing} {
			if signed == nil {
				continue
			}
			point, err := ledger.OpenCheckpoint(signed, b.w.Config.Key)
			if err != nil {
				t.Fatal(err)
			}
			got[i] = point.Size
		}
		if err != nil || !slices.Equal(got, []int64{c.opens, c.closes}) {
			t.Errorf("%d to %d: between %v, %v", c.from, c.to, got, err)
		}
	}
}
