package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"duly/internal/store"
)

// A record is created and revised; what was known before stays readable.
func Example() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(dir, "duly.db"), Random: rand.Reader},
		store.Migrations{Room: "thing", Files: testFiles})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	if err := db.Begin(ctx, "example.invalid/log", actor, &store.Epoch{Number: 1}); err != nil {
		fmt.Println(err)
		return
	}
	var first store.Ref
	err = db.Write(ctx, actor, func(tx *store.Tx) error {
		first, err = store.Create(tx, things, &thing{State: "active", Name: "old name", ValidFrom: "2024-01-01"})
		return err
	})
	if err == nil {
		err = db.Write(ctx, actor, func(tx *store.Tx) error {
			_, _, err := store.Revise(tx, things, first.ID, &thing{State: "active", Name: "new name", ValidFrom: "2025-01-01"})
			return err
		})
	}
	for _, day := range []string{"2024-06-01", "2025-06-01"} {
		r, err := store.GetAt(ctx, db, things, first.ID, store.At{Day: day, Seq: -1})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(day, r.Record.Name)
	}
	fmt.Println(err)
	// Output:
	// 2024-06-01 old name
	// 2025-06-01 new name
	// <nil>
}
