package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// thing is a kind of record of the tests' own.
type thing struct {
	State     string        `duly:"state,public,enum=active|ended,column"`
	ValidFrom string        `duly:"valid_from,public,date"`
	ValidTo   string        `duly:"valid_to,public,date"`
	Name      string        `duly:"name,customer,column"`
	Tags      []string      `duly:"tags,customer"`
	Cents     *int64        `duly:"cents,trade_secret,column"`
	Value     ledger.Scalar `duly:"value,personal"`
}

var things = ledger.Define[thing]("thing", 1)

var testFiles = fstest.MapFS{"migrations/0001_thing.sql": {Data: []byte(`-- +goose Up
create table r_thing (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	name text,
	cents bigint
);
create unique index r_thing_id on r_thing (id, rev);
create index r_thing_name on r_thing (name);
`)}}

var actor = strings.Repeat("a", 24)

func open(t *testing.T, dsn string) *store.DB {
	db := storetest.Open(t, dsn, store.Migrations{Room: "thing", Files: testFiles})
	return db
}

// begin opens a database with an empty log.
func begin(t *testing.T, dsn string) *store.DB {
	db := open(t, dsn)
	err := db.Begin(context.Background(), "test.example/log", actor, &store.Epoch{Number: 1, LogKey: strings.Repeat("0", 64), QuotedRoot: ""})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func create(t *testing.T, db *store.DB, records ...*thing) []store.Ref {
	t.Helper()
	var refs []store.Ref
	err := db.Write(context.Background(), actor, func(tx *store.Tx) error {
		for _, r := range records {
			ref, err := store.Create(tx, things, r)
			if err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

// TestTablesStandInOrder protects the speed of SQLite, where a table in the order
// of its positions has no index of its own for them.
func TestTablesStandInOrder(t *testing.T) {
	db := storetest.SQLite(t, store.Migrations{Room: "thing", Files: testFiles})
	rows, err := db.Query(context.Background(), "select tbl_name from sqlite_master where name like 'sqlite_autoindex_%' and (tbl_name = 'entry' or tbl_name like 'r|_%' escape '|')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		t.Errorf("table %s has an index for its positions", table)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		cents := int64(-1250)
		in := &thing{State: "active", Name: "Ärger \"&\u2028", Tags: []string{"x", ""}, Cents: &cents, Value: ledger.Unknown("not asked")}
		ref := create(t, db, in)[0]
		out, err := store.Get(context.Background(), db, things, ref.ID)
		if err != nil {
			t.Fatal(err)
		}
		if out.Record.Name != in.Name || *out.Record.Cents != cents || len(out.Record.Tags) != 2 {
			t.Errorf("read %+v, wrote %+v", out.Record, in)
		}
		if reason, ok := out.Record.Value.UnknownReason(); !ok || reason != "not asked" {
			t.Errorf("the unknown value came back as %v", out.Record.Value)
		}
	})
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		stop := errors.New("stop")
		err := db.Write(context.Background(), actor, func(tx *store.Tx) error {
			for range 120 {
				if _, err := store.Create(tx, things, &thing{State: "active", Name: "x"}); err != nil {
					return err
				}
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		list, err := store.Select(context.Background(), db, things, "")
		head, _ := store.Head(context.Background(), db)
		if err != nil || len(list) != 0 || head.Size != 1 {
			t.Errorf("after a failed transaction: %d records, size %d, %v", len(list), head.Size, err)
		}
		create(t, db, &thing{State: "active", Name: "after"})
		checkTree(t, db)
	})
}

func TestRevisionsChainAndUnchangedOnesAreNotWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		ctx := context.Background()
		ref := create(t, db, &thing{State: "active", Name: "one"})[0]
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			_, changed, err := store.Revise(tx, things, ref.ID, &thing{State: "active", Name: "one"})
			if err != nil || changed {
				t.Errorf("an unchanged record: changed %v, %v", changed, err)
			}
			second, changed, err := store.Revise(tx, things, ref.ID, &thing{State: "ended", Name: "one"})
			if err != nil || !changed || second.Rev != 2 {
				t.Errorf("revision %+v, changed %v, %v", second, changed, err)
			}
			third, _, err := store.Revise(tx, things, ref.ID, &thing{State: "active", Name: "two"})
			if third.Rev != 3 {
				t.Errorf("third revision is %d", third.Rev)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		all, err := store.History(ctx, db, things, ref.ID)
		if err != nil || len(all) != 3 {
			t.Fatalf("%d revisions, %v", len(all), err)
		}
		for i := 1; i < 3; i++ {
			if all[i].Leaf.Prev != all[i-1].Hash || all[i-1].ToSeq != all[i].Seq || all[i].Leaf.Time <= all[i-1].Leaf.Time {
				t.Errorf("revision %d does not follow revision %d", i+1, i)
			}
		}
		checkTree(t, db)
	})
}

// TestTwoTimes asks what held on a day as known at a position, in all four
// corners: early and late day, early and late knowledge.
func TestTwoTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		ctx := context.Background()
		first := create(t, db, &thing{State: "active", Name: "old", ValidFrom: "2020-01-01"})[0]
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			_, _, err := store.Revise(tx, things, first.ID, &thing{State: "active", Name: "new", ValidFrom: "2024-01-01"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		head, _ := store.Head(ctx, db)
		for _, c := range []struct {
			day  string
			seq  int64
			want string
		}{
			{"2022-06-01", first.Seq, "old"}, {"2025-06-01", first.Seq, "old"},
			{"2022-06-01", head.Size - 1, "old"}, {"2025-06-01", head.Size - 1, "new"},
			{"2025-06-01", -1, "new"}, {"", first.Seq, "old"}, {"", -1, "new"},
			{"2019-01-01", -1, ""}, {"2022-06-01", 0, ""},
		} {
			r, err := store.GetAt(ctx, db, things, first.ID, store.At{Day: c.day, Seq: c.seq})
			if c.want == "" {
				if fault.CodeOf(err) != fault.NotFound {
					t.Errorf("day %q known at %d: want nothing, got %v, %v", c.day, c.seq, r, err)
				}
				continue
			}
			if err != nil || r.Record.Name != c.want {
				t.Errorf("day %q known at %d: want %q, got %v, %v", c.day, c.seq, c.want, r, err)
			}
		}
	})
}

// TestWritersQueue lets two stores on one database write at once: every entry
// must get its own place and the tree must stay whole.
func TestWritersQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		a, b := begin(t, dsn), open(t, dsn)
		var wg sync.WaitGroup
		for _, db := range []*store.DB{a, b, a, b} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 10 {
					err := db.Write(context.Background(), actor, func(tx *store.Tx) error {
						_, err := store.Create(tx, things, &thing{State: "active", Name: "n"})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		head, err := store.Head(context.Background(), a)
		if err != nil || head.Size != 41 {
			t.Errorf("size %d, %v; want 41", head.Size, err)
		}
		checkTree(t, a)
	})
}

func TestErasureKeepsTheLeafAndTakesTheValue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		ctx := context.Background()
		ref := create(t, db, &thing{State: "active", Name: "secret name"})[0]
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			_, err := store.Erase(tx, things.Schema(), ref.Seq, "name", "request", "asked on paper")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := store.Get(ctx, db, things, ref.ID)
		if err != nil || r.Record.Name != "" || r.Hash != ref.Hash || ledger.FieldRoot(r.Digests) != r.Leaf.Fields {
			t.Errorf("after erasure: %+v, %v", r, err)
		}
		if found, _ := store.Select(ctx, db, things, "r.name = $1", "secret name"); len(found) != 0 {
			t.Error("the erased value can still be found by its column")
		}
		checkTree(t, db)
	})
}

func TestBadValuesAreRefusedAtTheDoor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := begin(t, dsn)
		for name, bad := range map[string]*thing{
			"NUL":           {State: "active", Name: "a\x00b"},
			"invalid UTF-8": {State: "active", Name: "a\xffb"},
			"enum":          {State: "gone", Name: "a"},
			"date":          {State: "active", Name: "a", ValidFrom: "2026-02-30"},
			"number":        {State: "active", Name: "a", Value: ledger.Int(1 << 53)},
		} {
			err := db.Write(context.Background(), actor, func(tx *store.Tx) error {
				_, err := store.Create(tx, things, bad)
				return err
			})
			if fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// checkTree rebuilds the tree from all leaves and compares it with the stored one.
func checkTree(t *testing.T, db *store.DB) {
	t.Helper()
	ctx := context.Background()
	head, err := store.Head(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	tree, _ := ledger.NewTree(0, nil)
	err = store.Entries(ctx, db, 0, head.Size, func(e store.Entry) error {
		tree.Append(ledger.LeafHash(e.Leaf))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := tree.Root()
	got, err := store.Root(ctx, db, head.Size)
	if err != nil || got != want || tree.Size() != head.Size {
		t.Errorf("the stored tree has root %v over %d, the leaves have %v over %d (%v)", got, head.Size, want, tree.Size(), err)
	}
}
