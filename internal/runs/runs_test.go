package runs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

func write(t *testing.T, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(ctx, storetest.Actor, fn); err != nil {
		t.Fatal(err)
	}
}

// packOf gives a pack whose text no YAML writer would give again.
func packOf(t *testing.T, title string) *pack.Pack {
	t.Helper()
	text := "# by hand\r\nid: made-up\nkind:   triage\nversion: \"1\"\ntitle: '" + title + "'\nstatus: project\nlicense: Apache-2.0\n\n" +
		"sources:\n  - {title: A made-up text, ref: none, grade: unverified}\n"
	p, err := pack.Parse("made-up.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPacksAreKeptAsTheyWere protects recomputing: what a rating names by its hash is
// there with the exact bytes that have that hash, once for each content.
func TestPacksAreKeptAsTheyWere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, runs.Migrations)
		first, second := packOf(t, "First form"), packOf(t, "Second form")
		for _, p := range []*pack.Pack{first, second, first} {
			write(t, db, func(tx *store.Tx) error { return runs.Use(tx, p) })
		}
		write(t, db, func(tx *store.Tx) error { // twice in one transaction is once, too
			third := packOf(t, "Third form")
			if err := runs.Use(tx, third); err != nil {
				return err
			}
			return runs.Use(tx, third)
		})
		list, err := store.Select(ctx, db, runs.Packs, "")
		if err != nil || len(list) != 3 {
			t.Fatalf("%d packs of 3 contents are recorded, %v", len(list), err)
		}
		for _, p := range []*pack.Pack{first, second} {
			got, err := runs.Bytes(ctx, db, p.Hash)
			if err != nil || string(got) != string(p.Bytes) {
				t.Errorf("%s: %q, %v; want %q", p.Title, got, err, p.Bytes)
			}
			if sum := sha256.Sum256(got); ledger.Hash(sum).String() != p.Hash {
				t.Errorf("%s: the bytes kept have another hash", p.Title)
			}
		}
		if _, err := runs.Bytes(ctx, db, strings.Repeat("0", 64)); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("a pack that was never used: %v", err)
		}
	})
}

// TestLastIsOfItsTask protects what is called "screened": another task's run, however
// new, is no screening, and no run is none.
func TestLastIsOfItsTask(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, runs.Migrations)
		if r, err := runs.Last(ctx, db, "screen"); err != nil || r != nil {
			t.Fatalf("before any run: %v, %v", r, err)
		}
		var refs []store.Ref
		for i, task := range []string{"screen", "screen", "triage", "assess"} {
			write(t, db, func(tx *store.Tx) error {
				ref, err := store.Create(tx, runs.Runs, &runs.Run{Task: task, Day: "2026-11-24", Covered: int64(i), Population: strings.Repeat("0", 64)})
				refs = append(refs, ref)
				return err
			})
		}
		for task, want := range map[string]int{"screen": 1, "triage": 2, "assess": 3} {
			r, err := runs.Last(ctx, db, task)
			if err != nil || r == nil || r.Seq != refs[want].Seq || r.Record.Covered != int64(want) {
				t.Errorf("%s: %+v, %v", task, r, err)
			}
		}
		if r, err := runs.Last(ctx, db, "monitor"); err != nil || r != nil {
			t.Errorf("a task that never ran: %v, %v", r, err)
		}
	})
}

// TestRootIsThatOfRFC6962 protects outsiders, who compute a run's population with a
// tool of their own: the recursive definition of the RFC, written out.
func TestRootIsThatOfRFC6962(t *testing.T) {
	var root func(leaves []ledger.Hash) ledger.Hash
	root = func(leaves []ledger.Hash) ledger.Hash {
		switch len(leaves) {
		case 0:
			return sha256.Sum256(nil)
		case 1:
			return leaves[0]
		}
		k := 1
		for k*2 < len(leaves) {
			k *= 2
		}
		left, right := root(leaves[:k]), root(leaves[k:])
		return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
	}
	rapid.Check(t, func(t *rapid.T) {
		leaves := make([]ledger.Hash, rapid.IntRange(0, 600).Draw(t, "leaves"))
		for i := range leaves {
			leaves[i] = sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		}
		got, err := runs.Root(leaves)
		if want := root(leaves).String(); err != nil || got != want {
			t.Fatalf("%d leaves: %s, %v; want %s", len(leaves), got, err, want)
		}
	})
}

// method gives a pack of kind method; what is in it is not read here.
func method(t *testing.T, id, version string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse("made-up.yaml", []byte("id: "+id+"\nkind: method\nversion: \""+version+"\"\ntitle: Made up\nstatus: project\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestWhichMethodHolds protects the day on which a method begins to rate: the latest
// first day counts, of one day what was adopted last, and what was in force before a
// method was adopted again for later still holds until then.
func TestWhichMethodHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, runs.Migrations)
		key, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
		if err != nil {
			t.Fatal(err)
		}
		adopt := func(version, from string) {
			t.Helper()
			write(t, db, func(tx *store.Tx) error {
				if err := runs.Use(tx, method(t, "a", version)); err != nil {
					return err
				}
				m, err := runs.MethodNamed(ctx, tx, "a", version)
				if err != nil {
					return err
				}
				_, err = runs.Adopt(tx, m, runs.Adoption{From: from, Reason: "because", By: key.ID()}, key)
				return err
			})
		}
		holds := func(day, version string) {
			t.Helper()
			got := ""
			m, err := runs.MethodOn(ctx, db, day)
			if m != nil {
				got = m.Record.Version
			}
			if err != nil || got != version {
				t.Errorf("on %s version %q holds, %v; want %q", day, got, err, version)
			}
		}
		write(t, db, func(tx *store.Tx) error { return runs.Use(tx, method(t, "a", "1")) })
		holds("2026-06-01", "") // used, and not adopted
		adopt("1", "2026-01-01")
		holds("2025-12-31", "")
		holds("2026-01-01", "1")
		adopt("2", "2026-12-01")
		holds("2026-11-30", "1")
		holds("2026-12-01", "2")
		adopt("1", "2026-12-01") // the second is called off
		holds("2026-11-30", "1")
		holds("2026-12-01", "1")
	})
}

// TestACommittedMethodDoesNotChange protects what an id and a version mean.
func TestACommittedMethodDoesNotChange(t *testing.T) {
	db := storetest.SQLite(t, runs.Migrations)
	first := method(t, "a", "1")
	other, err := pack.Parse("other.yaml", append(slices.Clone(first.Bytes), "# more\n"...))
	if err != nil {
		t.Fatal(err)
	}
	commit := func(p *pack.Pack) (known bool, err error) {
		err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			_, known, err = runs.Commit(tx, p)
			return err
		})
		return known, err
	}
	for i, c := range []struct {
		p     *pack.Pack
		known bool
		code  fault.Code
	}{{first, false, ""}, {first, true, ""}, {other, false, fault.Refused}, {method(t, "a", "2"), false, ""}, {method(t, "b", "1"), false, ""}} {
		known, err := commit(c.p)
		if known != c.known || (err != nil) != (c.code != "") || err != nil && fault.CodeOf(err) != c.code {
			t.Errorf("commit %d: known %v, %v", i, known, err)
		}
	}
}
