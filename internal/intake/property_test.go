package intake_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/intake"
	"duly/internal/register"
	"duly/internal/store"
)

// snapshot gives what the store says, without random ids and positions.
func snapshot(t testing.TB, db *store.DB) string {
	ctx, names := context.Background(), map[string]string{}
	var out []string
	for _, c := range customers(t, db) {
		names[c.ID] = c.Record.Identity
		out = append(out, fmt.Sprint("customer ", c.Record.Identity, " ", c.Record.Sector, " ", c.Record.State))
	}
	for _, a := range accounts(t, db) {
		history, err := store.History(ctx, db, register.Accounts, a.ID)
		for _, h := range all(t, history, err) {
			out = append(out, fmt.Sprint("account ", h.Record.Identity, h.Rev, names[h.Record.Customer], h.Record.Product != "", h.Record.ValidFrom, h.Record.ValidTo, *h.Record.Amount, h.Record.SourceRef))
		}
	}
	for _, q := range questions(t, db) {
		var candidates []string
		for _, c := range q.Record.Candidates {
			candidates = append(candidates, names[c])
		}
		sort.Strings(candidates)
		out = append(out, fmt.Sprint("question ", q.Record.SourceRef, q.Record.Identities, candidates))
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// rows draws a file's rows from a small world in which agencies share names and
// leave parts of their key blank.
func rows(t *rapid.T) []string {
	seen := map[string]string{}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
		id := pick("account", "A1", "A2", "A3", "A4") + "," + pick("change", "0", "1", "2")
		if row, ok := seen[id]; ok {
			return row
		}
		agency := pick("agency", "Oak", "Elm")
		seen[id] = strings.Join([]string{id, agency, pick("city", "", "X", "Y"), pick("state", "", "VA", "TX"), "police",
			pick("product", "plates", "lamps"), pick("total", "1", "2", "-3.5", "oops"), pick("since", "2025-01-01", "2025-02-01", "2025-03-01")}, ",") + "\n"
		return seen[id]
	}), 0, 12).Draw(t, "rows")
}

// Importing twice is importing once; the order of the rows does not matter; an
// import that was stopped and run again ends like one that was not; a dry run
// counts the same. Batches of two rows make every boundary a place to stop.
func TestImportProperties(t *testing.T) {
	m := mapping(t, salesMapping)
	fresh := func() *store.DB {
		db := openStore(t, filepath.Join(t.TempDir(), fmt.Sprint(rapidRuns, ".db")))
		rapidRuns++
		if err := db.Begin(context.Background(), "example.org/log", actor, &store.Epoch{Number: 1}); err != nil {
			t.Fatal(err)
		}
		return db
	}
	small := func(o *intake.Options) { o.Batch = 2 }
	rapid.Check(t, func(rt *rapid.T) {
		list := rows(rt)
		db := fresh()
		dry, dryCounts := bring(t, db, m, salesHeader+strings.Join(list, ""), small, func(o *intake.Options) { o.DryRun = true })
		first, counts := bring(t, db, m, salesHeader+strings.Join(list, ""), small)
		want := snapshot(t, db)
		for i := range dry.Rejects {
			dry.Rejects[i].File = first.Rejects[i].File
		}
		if dry.DryRun = false; counts != dryCounts || asJSON(dry) != asJSON(first) {
			rt.Fatalf("dry run %s\nimport  %s", asJSON(dry), asJSON(first))
		}
		before, _ := store.Head(context.Background(), db)
		again, _ := bring(t, db, m, salesHeader+strings.Join(list, ""), small)
		if after, _ := store.Head(context.Background(), db); after.Size != before.Size || again.Same != first.Created+first.Revised+first.Same {
			rt.Fatalf("the second import: %+v after %+v", again, first)
		}

		mixed := fresh()
		_, mixedCounts := bring(t, mixed, m, salesHeader+strings.Join(rapid.Permutation(list).Draw(rt, "order"), ""), small)
		if got := snapshot(t, mixed); got != want || mixedCounts != counts {
			rt.Fatalf("in another order: %s\n%s\nwant %s\n%s", mixedCounts, got, counts, want)
		}

		stopped, stopAt := fresh(), rapid.IntRange(1, 4).Draw(rt, "stop")
		ctx, cancel := context.WithCancel(context.Background())
		o := intake.Options{Received: "2026-11-01", Batch: 2, Progress: func(int, int) {
			if stopAt--; stopAt == 0 {
				cancel()
			}
		}}
		if _, err := intake.Import(ctx, stopped, actor, m, []string{file(t, salesHeader+strings.Join(list, ""))}, o); err != nil && !errors.Is(err, context.Canceled) {
			rt.Fatal(err)
		}
		cancel()
		bring(t, stopped, m, salesHeader+strings.Join(list, ""), small)
		if got := snapshot(t, stopped); got != want {
			rt.Fatalf("after a stop:\n%s\nwant\n%s", got, want)
		}
	})
}

var rapidRuns int
