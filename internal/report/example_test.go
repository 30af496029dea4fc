package report_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"
)

// A workspace with one billed account that nobody has mapped, as the public and
// as readers of customers' names see it.
func ExampleBuild() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	check(err)
	defer os.RemoveAll(dir)
	w, err := workspace.Init(ctx, filepath.Join(dir, "ws"), workspace.InitOptions{Options: workspace.Options{Rooms: rooms}, Operator: "admin"})
	check(err)
	defer w.Close()
	who, err := w.Actor(ctx, "")
	check(err)
	check(w.DB.Write(ctx, who.Key, func(tx *store.Tx) error {
		_, err := store.Create(tx, register.Accounts, &register.Account{Origin: register.Origin{State: "active"}, Name: "LINE 17"})
		return err
	}))
	_, err = w.Sign(ctx)
	check(err)

	signed, checkpoint, err := w.Checkpoint()
	check(err)
	r, err := report.Build(ctx, w.DB, checkpoint, signed, []ledger.Class{ledger.Customer})
	check(err)
	fmt.Println(r.Spine.Unmapped, "of", r.Spine.Accounts, "accounts mapped to nothing")
	fmt.Println(r.Progress.NotScreened, "neither screened nor assessed")
	fmt.Println(r.Limits[0])
	// Output:
	// 1 of 1 accounts mapped to nothing
	// 1 neither screened nor assessed
	// The log proves that nothing recorded in it was changed or removed. It does not prove that what was recorded is true, or that everything was recorded.
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
