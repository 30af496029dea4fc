package screening_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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
	s, err := screening.Screen(ctx, db, shelf, storetest.Actor, today, lists, nil)
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
		decide(t, db, hits[0].ID, screening.Dismissed, "  ", "ann", fault.Invalid)
		decide(t, db, hits[0].ID, screening.Dismissed, "another firm", "ann", "")
		decide(t, db, hits[0].ID, screening.Dismissed, "another firm", "ann", fault.Refused) // the same person agrees to herself
		decide(t, db, hits[0].ID, screening.Dismissed, "another firm indeed", "bob", "")
		decide(t, db, hits[0].ID, screening.Confirmed, "changed my mind", "bob", fault.Refused)
		if s := screen(t, db, shelf); s.NewHits != 0 || s.OldHits != 1 {
			t.Errorf("second run: %+v", s)
		}
		standing, screened, err := screening.Standing(ctx, db, today)
		if err != nil || !screened || standing[ids[0]].Counts != (screening.Counts{}) {
			t.Errorf("standing %v, screened %v, %v", standing, screened, err)
		}
	})
}

// TestEveryNamesakeIsAHit protects from a cap: a customer whose name many entries
// share has all of them to look at.
func TestEveryNamesakeIsAHit(t *testing.T) {
	const namesakes = 130
	db := storetest.SQLite(t, rooms...)
	shelf := screening.Shelf(t.TempDir())
	customers(t, db, "Zarnok Optics Works Ltd")
	var list strings.Builder
	for i := range namesakes {
		fmt.Fprintf(&list, `{"id":"q%d","schema":"Company","properties":{"name":["Zarnok Optics Works"],"country":["xa"]},"datasets":["made_up"]}`+"\n", i)
	}
	if s := use(t, db, shelf, list.String()); s.NewHits != namesakes {
		t.Errorf("%d hits of %d namesakes", s.NewHits, namesakes)
	}
}

// decide closes a hit and expects an error of a code, or none.
func decide(t *testing.T, db *store.DB, hit, state, reason, by string, want fault.Code) {
	t.Helper()
	key := map[string]string{"ann": storetest.Actor, "bob": "bbbbbbbbbbbbbbbbbbbbbbbb"}[by]
	_, err := screening.Close(ctx, db, screening.Disposition{Hit: hit, State: state, Reason: reason, By: key})
	if want == "" && err != nil || want != "" && fault.CodeOf(err) != want {
		t.Fatalf("%s by %s: %v, want %q", state, by, err, want)
	}
}

// use replaces the made-up list and screens again.
func use(t *testing.T, db *store.DB, shelf screening.Shelf, text string) *screening.Summary {
	t.Helper()
	if _, _, err := screening.Add(ctx, db, storetest.Actor, shelf, "ftm", writeList(t, text), today); err != nil {
		t.Fatal(err)
	}
	return screen(t, db, shelf)
}

// theHit gives the only hit of the register.
func theHit(t *testing.T, db *store.DB) *store.Revision[screening.Hit] {
	t.Helper()
	hits, err := store.Select(ctx, db, screening.Hits, "")
	if err != nil || len(hits) != 1 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	return hits[0]
}

// TestADispositionHoldsForWhatWasSeen protects against a decision that outlives
// what it was about: a dismissed hit opens again when either side changes, a
// confirmed one asks to be checked, and what is gone from the list is closed with
// the reason.
func TestADispositionHoldsForWhatWasSeen(t *testing.T) {
	const (
		entry   = `{"id":"q1","schema":"Company","properties":{"name":["Zarnok Optics Works"]},"datasets":["made_up"]}` + "\n"
		changed = `{"id":"q1","schema":"Company","properties":{"name":["Zarnok Optics Works"],"country":["xa"]},"datasets":["made_up"]}` + "\n"
		other   = `{"id":"q2","schema":"Company","properties":{"name":["Belmarsh Tide Holding"]},"datasets":["made_up"]}` + "\n"
	)
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		shelf := screening.Shelf(t.TempDir())
		ids := customers(t, db, "Zarnok Optics Works Ltd")
		use(t, db, shelf, entry+other)
		hit := theHit(t, db).ID
		decide(t, db, hit, screening.Dismissed, "another firm", "ann", "")
		decide(t, db, hit, screening.Dismissed, "another firm", "bob", "")
		if s := use(t, db, shelf, entry); s.Reopened != 0 || s.Stale != 0 {
			t.Errorf("another entry left: %+v", s)
		}
		if s := use(t, db, shelf, changed+other); s.Reopened != 1 || theHit(t, db).Record.State != screening.Open {
			t.Errorf("the entry changed: %+v", s)
		}
		decide(t, db, hit, screening.Unresolved, "cannot tell", "ann", "")
		rename(t, db, ids[0], "Zarnok Optics Works")
		if s := screen(t, db, shelf); s.Reopened != 1 {
			t.Errorf("the customer changed: %+v", s)
		}
		decide(t, db, hit, screening.Confirmed, "the same address", "ann", "")
		if s := use(t, db, shelf, entry+other); s.Recheck != 1 || theHit(t, db).Record.State != screening.Confirmed {
			t.Errorf("the entry of a confirmed hit changed: %+v", s)
		}
		rename(t, db, ids[0], "Quiet Garden Centre")
		if s := screen(t, db, shelf); s.Stale != 0 || theHit(t, db).Record.State != screening.Confirmed {
			t.Errorf("a confirmed hit was taken back by a new name: %+v", s)
		}
		if s := use(t, db, shelf, other); s.Stale != 1 || theHit(t, db).Record.State != screening.Stale {
			t.Errorf("the entry left the list: %+v", s)
		}
		if note := theHit(t, db).Record.Note; !strings.Contains(note, "on no list in use any more") {
			t.Errorf("the reason is missing: %q", note)
		}
		if s := screen(t, db, shelf); s.Stale != 0 || s.Reopened != 0 || s.Recheck != 0 {
			t.Errorf("nothing changed, and yet: %+v", s)
		}
		past, err := screening.Past(ctx, db, ids[0], "9999-12-31")
		if err != nil || past.Run == nil || len(past.Run.Lists) != 1 || past.Run.Lists[0].Entries != 1 || len(past.Hits) != 1 || len(past.Hits[0].Steps) < 8 {
			t.Errorf("history %+v, %v", past, err)
		}
		if _, err := screening.Past(ctx, db, ids[0], "1999-12-31"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("a history before the first entry: %v", err)
		}
	})
}

func rename(t *testing.T, db *store.DB, id, name string) {
	t.Helper()
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		c, err := store.Get(ctx, tx, register.Customers, id)
		if err != nil {
			return err
		}
		next := *c.Record
		next.Name = name
		_, _, err = store.Revise(tx, register.Customers, id, &next)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestARunOfChangesEqualsAFullRun protects against a change that nobody looks at:
// after runs that compare only what changed, comparing everything finds nothing new.
func TestARunOfChangesEqualsAFullRun(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	shelf := screening.Shelf(t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("zarnok optics belmarsh tide quiet garden copper finch larkmoor anvil foundry harbor")
	name := func() string {
		return words[random.IntN(len(words))] + " " + words[random.IntN(len(words))] + " " + words[random.IntN(len(words))]
	}
	var entries []string
	for i := range 40 {
		entries = append(entries, fmt.Sprintf(`{"id":"q%d","schema":"Company","properties":{"name":[%q]},"datasets":["made_up"]}`, i, name()))
	}
	var register []string
	for range 60 {
		register = append(register, name())
	}
	ids := customers(t, db, register...)
	partial := 0
	for step := range 12 {
		for range random.IntN(4) {
			i := random.IntN(len(entries))
			entries[i] = fmt.Sprintf(`{"id":"q%d","schema":"Company","properties":{"name":[%q]},"datasets":["made_up"]}`, i, name())
		}
		if step%3 == 2 { // one leaves
			entries = entries[:len(entries)-1]
		}
		for range random.IntN(4) {
			rename(t, db, ids[random.IntN(len(ids))], name())
		}
		use(t, db, shelf, strings.Join(entries, "\n")+"\n")
		if run, err := runs.Last(ctx, db, "screen"); err != nil || step > 0 && !strings.Contains(run.Record.Note, "everybody") {
			partial++
		}
		lists, err := screening.Load(ctx, db, shelf)
		if err != nil {
			t.Fatal(err)
		}
		s, err := screening.Screen(ctx, db, "", storetest.Actor, today, lists, nil)
		if err != nil || s.NewHits+s.Reopened+s.Stale+s.Recheck > 0 {
			t.Fatalf("step %d: comparing everything found more: %+v, %v", step, s, err)
		}
	}
	if partial < 8 {
		t.Errorf("only %d runs compared changes alone", partial)
	}
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
