package screening_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx   = context.Background()
	rooms = []store.Migrations{register.Migrations, evidence.Migrations, runs.Migrations, screening.Migrations}
)

const today = "2026-11-24"

// ftm is a made-up list in FollowTheMoney.
const ftm = `{"id":"q1","schema":"Company","caption":"Zarnok Optics","properties":{"name":["Zarnok Optics Works"],"country":["xa"]},"datasets":["made_up"]}
{"id":"q2","schema":"Company","caption":"Belmarsh Tide","properties":{"name":["Belmarsh Tide Holding"]},"datasets":["made_up"]}
`

func writeList(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func customers(t *testing.T, db *store.DB, names ...string) []string {
	t.Helper()
	var ids []string
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		for _, n := range names {
			ref, err := store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: n, Kind: "company", Sector: "commercial"})
			if err != nil {
				return err
			}
			ids = append(ids, ref.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func screen(t *testing.T, db *store.DB, shelf screening.Shelf) *screening.Summary {
	t.Helper()
	lists, err := screening.Load(ctx, db, shelf)
	if err != nil {
		t.Fatal(err)
	}
	s, err := screening.Screen(ctx, db, storetest.Actor, today, lists, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAHitIsFoundOnceAndStaysClosed protects analysts from doing the same work
// twice, and outsiders from a run that never was.
func TestAHitIsFoundOnceAndStaysClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		shelf := screening.Shelf(t.TempDir())
		ids := customers(t, db, "Zarnok Optics Works Ltd", "Quiet Garden Centre")
		if _, screened, _ := screening.Standing(ctx, db, today); screened {
			t.Error("screened before any run")
		}
		if _, added, err := screening.Add(ctx, db, storetest.Actor, shelf, "ftm", writeList(t, ftm), today); err != nil || !added {
			t.Fatal(added, err)
		}
		if _, added, err := screening.Add(ctx, db, storetest.Actor, shelf, "ftm", writeList(t, ftm), today); err != nil || added {
			t.Errorf("the same list again: added %v, %v", added, err)
		}
		if s := screen(t, db, shelf); s.Customers != 2 || s.NewHits != 1 || s.Subjects != 1 {
			t.Fatalf("first run: %+v", s)
		}
		hits, err := store.Select(ctx, db, screening.Hits, "r.state = 'open'")
		if err != nil || len(hits) != 1 || hits[0].Record.Subject != ids[0] || hits[0].Record.Entry != "q1" {
			t.Fatalf("%v, %v", hits, err)
		}
		if err := screening.Close(ctx, db, storetest.Actor, hits[0].ID, false, "  "); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("closed without a reason: %v", err)
		}
		if err := screening.Close(ctx, db, storetest.Actor, hits[0].ID, false, "another firm"); err != nil {
			t.Fatal(err)
		}
		if err := screening.Close(ctx, db, storetest.Actor, hits[0].ID, true, "changed my mind"); fault.CodeOf(err) != fault.Refused {
			t.Errorf("closed twice: %v", err)
		}
		if s := screen(t, db, shelf); s.NewHits != 0 || s.OldHits != 1 {
			t.Errorf("second run: %+v", s)
		}
		standing, screened, err := screening.Standing(ctx, db, today)
		if err != nil || !screened || standing[ids[0]].Counts != (screening.Counts{}) {
			t.Errorf("standing %v, screened %v, %v", standing, screened, err)
		}
	})
}

// TestAListIsHeldToItsHash protects the evidence: a list that was changed on disk
// is not used.
func TestAListIsHeldToItsHash(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	shelf := screening.Shelf(t.TempDir())
	list, _, err := screening.Add(ctx, db, storetest.Actor, shelf, "ftm", writeList(t, ftm), today)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(string(shelf), list.SHA256, "list.jsonl")
	if err := os.WriteFile(file, []byte(ftm+`{"id":"q3","schema":"Company","properties":{"name":["Slipped In"]}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := screening.Load(ctx, db, shelf); fault.CodeOf(err) != fault.Broken {
		t.Errorf("a changed list was read: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := screening.Load(ctx, db, shelf); fault.CodeOf(err) != fault.Broken {
		t.Errorf("a missing list was read: %v", err)
	}
}

func TestANewVersionReplacesTheOld(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	shelf := screening.Shelf(t.TempDir())
	newer := ftm + `{"id":"q3","schema":"Company","properties":{"name":["Third Example"]},"datasets":["made_up"]}` + "\n"
	for _, text := range []string{ftm, newer} {
		if _, added, err := screening.Add(ctx, db, storetest.Actor, shelf, "ftm", writeList(t, text), today); err != nil || !added {
			t.Fatal(added, err)
		}
	}
	lists, err := screening.Load(ctx, db, shelf)
	if err != nil || len(lists) != 1 || len(lists[0].Entities) != 3 {
		t.Fatalf("%d lists, %v", len(lists), err)
	}
	all, err := store.History(ctx, db, screening.Lists, mustOne(t, db))
	if err != nil || len(all) != 2 {
		t.Errorf("%d revisions of the list, %v", len(all), err)
	}
}

func mustOne(t *testing.T, db *store.DB) string {
	t.Helper()
	list, err := store.Select(ctx, db, screening.Lists, "")
	if err != nil || len(list) != 1 {
		t.Fatal(len(list), err)
	}
	return list[0].ID
}
