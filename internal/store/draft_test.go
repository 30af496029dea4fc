package store_test

import (
	"bytes"
	"context"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestADraftIsEnteredOnce protects what several people sign: one entry over the very
// bytes that they saw, not after somebody else was quicker, and by different keys.
func TestADraftIsEnteredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := context.Background()
		db := storetest.Begin(t, dsn, store.Migrations{Room: "thing", Files: testFiles})
		var keys []ledger.PersonKey
		for seed := range 2 {
			k, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{byte(seed + 1)}, 32)))
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, k)
		}
		prepare := func(id, name string) (d *ledger.Draft, sigs []ledger.Signature) {
			t.Helper()
			err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
				if d, err = store.Prepare(tx, things, id, &thing{State: "active", Name: name}); err != nil {
					return err
				}
				for _, k := range keys {
					sigs = append(sigs, k.Sign(d.Statement(tx.Log())))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return d, sigs
		}
		enter := func(d *ledger.Draft, sigs []ledger.Signature) (ref store.Ref, err error) {
			err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
				ref, err = store.Enter(tx, things, d, sigs)
				return err
			})
			return ref, err
		}
		refused := func(what string, err error) {
			t.Helper()
			if fault.CodeOf(err) != fault.Refused {
				t.Errorf("%s: %v", what, err)
			}
		}
		d, sigs := prepare("", "first")
		if head, err := store.Head(ctx, db); err != nil || head.Size != 1 {
			t.Fatalf("preparing writes: %d entries, %v", head.Size, err)
		}
		_, other := prepare("", "another")
		_, err := enter(d, other)
		refused("signatures over something else", err)
		_, err = enter(d, []ledger.Signature{sigs[0], sigs[0]})
		refused("one key twice", err)
		ref, err := enter(d, sigs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.GetBySeq(ctx, db, things, ref.Seq)
		if err != nil || got.Record.Name != "first" || len(got.Leaf.Sigs) != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		slow, slowSigs := prepare(ref.ID, "second")
		quick, quickSigs := prepare(ref.ID, "third")
		if _, err := enter(quick, quickSigs); err != nil {
			t.Fatal(err)
		}
		_, err = enter(slow, slowSigs)
		refused("another was quicker", err)
	})
}
