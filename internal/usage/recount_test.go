package usage_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

// TestRecount protects the promise that every count can be made again: it says the
// same of what is the same, and tells apart what changed, is gone, or never added up.
func TestRecount(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.jsonl", search("1", 80)+"\n"+search("2", 99)+"\n")
	write("b.jsonl", search("3", 70)+"\n")
	write("c.jsonl", search("4", 99)+"\n")
	write("notes.json", `{"note":"no event"}`)
	runTask(t, db, usage.Task{Conditions: facePack(t), Paths: []string{dir}, KeptUntil: "2026-11-20"})
	write("meter.csv", "account,sku,region,day,calls\n111122223333,face-search,us-east-1,2026-11-03,7\n")
	runTask(t, db, usage.Task{Conditions: facePack(t), Log: shippedLog(t, "metering"), Paths: []string{dir}})
	recount := func(from string) *usage.Recounted {
		r, err := usage.Recount(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-11-25"}, from)
		if err != nil {
			t.Fatal(err)
		}
		if r.Objects != r.Same+r.Differ+r.Other+r.Gone+r.NotKept+r.Unread {
			t.Errorf("the objects do not add up: %+v", r)
		}
		return r
	}
	if r := recount(""); r.Objects != 5 || r.Same != 5 || r.Unequal != 0 || r.Counts == 0 || !r.Held() {
		t.Errorf("nothing has changed: %+v", r)
	}
	moved := t.TempDir()
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	write("b.jsonl", search("3", 99)+"\n")
	if err := os.Remove(filepath.Join(dir, "c.jsonl")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := recount("")
		if r.Same != 3 || r.Other != 1 || r.Gone != 1 || r.Held() {
			t.Errorf("one overwritten, one gone: %+v", r)
		}
		if text := r.List[0].Name + r.List[0].State + r.List[1].Name + r.List[1].Why; text != "b.jsonlotherc.jsonlit was kept until 2026-11-20" {
			t.Errorf("told %q", text)
		}
		if got := strings.Join(blindSpots(t, db), "\n"); strings.Count(got, "USE-OVERWRITTEN 2026-11-25") != 1 {
			t.Errorf("an overwritten object is no finding, or several:\n%s", got)
		}
	}
	if r := recount(moved); r.Same != 5 {
		t.Errorf("read where they were copied to: %+v", r)
	}
	err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
		counts, err := store.Select(context.Background(), tx, usage.Counts, "")
		if err != nil {
			return err
		}
		next := *counts[0].Record
		next.Exposures++
		_, _, err = store.Revise(tx, usage.Counts, counts[0].ID, &next)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := recount(moved); r.Unequal != 1 || r.Held() {
		t.Errorf("a count that is no sum: %+v", r)
	}
}
