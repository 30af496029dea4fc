package store_test

import (
	"context"
	"testing"

	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestStatementsAreKept protects what a transaction reads through statements that were
// compiled for an earlier one: each has its own values, also while rows of another are
// open, and rows of the same text that are still open are never mixed with new ones.
func TestStatementsAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, store.Migrations{Room: "thing", Files: testFiles})
		const text = "select value from (select 1 as n, 'a' as value union all select 1, 'b' union all select 2, 'c') x where n = $1 order by value"
		read := func(tx *store.Tx, n int) (got string) {
			rows, err := tx.Query(context.Background(), text, n)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var v string
				if err := rows.Scan(&v); err != nil {
					t.Fatal(err)
				}
				got += v
			}
			return got
		}
		for range 3 {
			err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
				if a, b := read(tx, 1), read(tx, 2); a != "ab" || b != "c" {
					t.Errorf("read %q and %q", a, b)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
			open, err := tx.Query(context.Background(), text, 1)
			if err != nil {
				return err
			}
			defer open.Close()
			if !open.Next() {
				t.Fatal("no row")
			}
			again, err := tx.Query(context.Background(), text, 2)
			if err != nil {
				return nil // refused, which is well
			}
			defer again.Close()
			var v string
			if again.Next() {
				if err := again.Scan(&v); err != nil || v != "c" {
					t.Errorf("the second reads %q, %v", v, err)
				}
			}
			if open.Next() {
				if err := open.Scan(&v); err != nil || v != "b" {
					t.Errorf("the first goes on with %q, %v", v, err)
				}
			} else {
				t.Error("the first lost a row")
			}
			return nil
		})
		t.Log("two open at once:", err)
	})
}
