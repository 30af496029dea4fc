package store_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// debts are rows of which a commit asks whether they are covered. No statement before it
// does.
var debts = store.Migrations{Room: "debt", Files: fstest.MapFS{"migrations/0001_debt.sql": {Data: []byte(`-- +goose Up
create table cover (id bigint primary key);
create table debt (cover bigint references cover (id) deferrable initially deferred);
`)}}}

// together runs writers so that all but the first wait until the first is through, and
// gives the errors of those that return.
func together(db *store.DB, writers []func(ctx context.Context, cancel func(), tx *store.Tx) error) []error {
	out := make([]error, len(writers))
	var all sync.WaitGroup
	for i, write := range writers {
		begun := make(chan struct{})
		all.Go(func() {
			defer func() { _ = recover() }()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if i > 0 {
				close(begun)
			}
			out[i] = errors.New("did not return")
			out[i] = db.Write(ctx, actor, func(tx *store.Tx) error {
				if i == 0 {
					close(begun)
					for store.Waiting(db) < len(writers)-1 {
						time.Sleep(50 * time.Microsecond)
					}
				}
				return write(ctx, cancel, tx)
			})
		})
		<-begun
	}
	all.Wait()
	return out
}

// TestAWriterWhoFailsIsUndoneAlone protects those who share a commit with somebody who
// fails, in whatever way and place: what the others wrote is there and stands in the
// tree, and of the one who failed there is nothing.
func TestAWriterWhoFailsIsUndoneAlone(t *testing.T) {
	endings := map[string]func(ctx context.Context, cancel func(), tx *store.Tx) error{
		"succeeds":       func(context.Context, func(), *store.Tx) error { return nil },
		"succeeds again": func(context.Context, func(), *store.Tx) error { return nil },
		"refuses":        func(context.Context, func(), *store.Tx) error { return fault.New(fault.Refused, "no", "") },
		"panics":         func(context.Context, func(), *store.Tx) error { panic("in the middle") },
		"exits":          func(context.Context, func(), *store.Tx) error { runtime.Goexit(); return nil },
		"is cancelled":   func(_ context.Context, cancel func(), _ *store.Tx) error { cancel(); return nil },
		"is cancelled, then asks": func(ctx context.Context, cancel func(), tx *store.Tx) error {
			cancel()
			_, err := store.Select(ctx, tx, things, "")
			return err
		},
		"has a statement refused": func(_ context.Context, _ func(), tx *store.Tx) error {
			return tx.Exec("insert into nowhere values (1)")
		},
	}
	names := []string{"succeeds", "succeeds again", "refuses", "panics", "exits", "is cancelled", "is cancelled, then asks", "has a statement refused"}
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		size := int64(1)
		rapid.Check(t, func(t *rapid.T) {
			parts := rapid.SliceOfN(rapid.SampledFrom(names), 1, 6).Draw(t, "parts")
			ids := make([]string, len(parts))
			var writers []func(ctx context.Context, cancel func(), tx *store.Tx) error
			for i, how := range parts {
				writers = append(writers, func(ctx context.Context, cancel func(), tx *store.Tx) error {
					for range 1 + i%3 { // rows that are still in hand when it ends, and rows that are not
						ref, err := store.Create(tx, things, &thing{State: "active", Name: how})
						if err != nil {
							return err
						}
						if ids[i] = ref.ID; i%2 == 0 {
							if _, _, err := store.Revise(tx, things, ref.ID, &thing{State: "ended", Name: how}); err != nil {
								return err
							}
						}
					}
					return endings[how](ctx, cancel, tx)
				})
			}
			for i, err := range together(db, writers) {
				well := parts[i] == "succeeds" || parts[i] == "succeeds again"
				if well != (err == nil) {
					t.Errorf("who %s got %v", parts[i], err)
				}
				_, err := store.Get(context.Background(), db, things, ids[i])
				if well != (err == nil) {
					t.Errorf("of who %s is read: %v", parts[i], err)
				}
				if well {
					size += int64(1+i%3) * int64(1+(i+1)%2)
				}
			}
			if head, err := store.Head(context.Background(), db); err != nil || head.Size != size {
				t.Fatalf("size %d, %v; want %d", head.Size, err, size)
			}
		})
		checkTree(t, db)
	})
}

// TestAllWhoShareACommitHearOfIt protects from being told of what is not on disk: where
// the commit fails, it fails for everybody in it, also for who was refused on what was
// seen in it, and whoever comes next begins from what is there.
func TestAllWhoShareACommitHearOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, store.Migrations{Room: "thing", Files: testFiles}, debts)
		write := func(_ context.Context, _ func(), tx *store.Tx) error {
			_, err := store.Create(tx, things, &thing{State: "active", Name: "n"})
			return err
		}
		errs := together(db, []func(context.Context, func(), *store.Tx) error{
			write,
			func(_ context.Context, _ func(), tx *store.Tx) error { return tx.Exec("insert into debt values (7)") },
			write,
			func(context.Context, func(), *store.Tx) error { return fault.New(fault.Refused, "no", "") },
		})
		for i, err := range errs {
			if fault.CodeOf(err) != fault.Failed {
				t.Errorf("writer %d got %v", i, err)
			}
		}
		if head, err := store.Head(context.Background(), db); err != nil || head.Size != 1 {
			t.Errorf("size %d, %v", head.Size, err)
		}
		create(t, db, &thing{State: "active", Name: "n"})
		checkTree(t, db)
	})
}
