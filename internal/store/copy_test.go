package store_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// copied gives all entries of a log as Copy takes them, in parts of some size.
func copied(t *testing.T, db *store.DB, size int) [][]store.Copied {
	t.Helper()
	schemas := map[ledger.Hash]*ledger.Schema{}
	for _, s := range []*ledger.Schema{things.Schema(), store.Epochs.Schema(), store.Erasures.Schema()} {
		schemas[s.Hash()] = s
	}
	head, err := store.Head(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	var parts [][]store.Copied
	err = store.Entries(context.Background(), db, 0, head.Size, func(e store.Entry) error {
		e.Leaf, e.Digests = append([]byte{}, e.Leaf...), append([]byte{}, e.Digests...)
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return err
		}
		c := store.Copied{Entry: e, Schema: schemas[leaf.Schema], ID: leaf.ID, Rev: leaf.Rev, Time: leaf.Time, Actor: leaf.Actor}
		_, shown, err := store.Split(e.Digests, e.Disclosures)
		if err != nil {
			return err
		}
		values := leaf.PublicValues()
		for i, d := range shown {
			if d != "" {
				raw, err := c.Schema.CheckDisclosure(i, d)
				if err != nil {
					return err
				}
				var v ledger.Scalar
				if err := v.UnmarshalJSON(raw); err != nil {
					return err
				}
				values[c.Schema.Sealed[i].Name] = v
			}
		}
		for _, name := range c.Schema.ColumnNames() {
			c.Columns = append(c.Columns, values[name].Value())
		}
		if len(parts) == 0 || len(parts[len(parts)-1]) == size {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// rows gives a table whole.
func rows(t *testing.T, db *store.DB, table, order string) (all []string) {
	t.Helper()
	list, err := db.Query(context.Background(), "select * from "+table+" order by "+order)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	names, err := list.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for list.Next() {
		if err := list.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(values...))
	}
	return all
}

// TestACopyIsTheSameLog protects who reads a copy: every table that is evidence holds what
// the original's does, revisions that span parts included, and what was erased is erased.
func TestACopyIsTheSameLog(t *testing.T) {
	ctx := context.Background()
	storetest.Each(t, func(t *testing.T, dsn string) {
		from := begin(t, dsn)
		var all []*thing
		for i := range 300 {
			all = append(all, &thing{State: "active", ValidFrom: "2026-01-01", Name: fmt.Sprint("name ", i)})
		}
		refs := create(t, from, all...)
		err := from.Write(ctx, actor, func(tx *store.Tx) error {
			for round := range 3 {
				for i := 0; i < len(refs); i += 7 {
					if _, _, err := store.Revise(tx, things, refs[i].ID, &thing{State: "ended", Name: fmt.Sprint("name ", round, i)}); err != nil {
						return err
					}
				}
			}
			_, err := store.Erase(tx, things.Schema(), refs[9].Seq, "name", "request", "")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1000, 64, 1} {
			t.Run(fmt.Sprint(size), func(t *testing.T) { copies(t, from, size) })
		}
	})
}

func copies(t *testing.T, from *store.DB, size int) {
	ctx := context.Background()
	to := open(t, t.TempDir()+"/duly.db")
	parts := copied(t, from, size)
	for _, part := range parts {
		if err := to.Copy(ctx, "test.example/log", part); err != nil {
			t.Fatal(err)
		}
	}
	for table, order := range map[string]string{"log": "id", "entry": "seq", "tile": "level, n", "r_thing": "seq", "r_epoch": "seq", "r_erasure": "seq"} {
		if want, got := rows(t, from, table, order), rows(t, to, table, order); !reflect.DeepEqual(got, want) {
			t.Errorf("table %s\n%s\nis not\n%s", table, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if wrong, _, err := store.Fsck(ctx, to, 10); err != nil || len(wrong) > 0 {
		t.Errorf("%v %v", wrong, err)
	}
	if err := to.Copy(ctx, "test.example/log", parts[len(parts)-1][len(parts[len(parts)-1])-1:]); fault.CodeOf(err) != fault.Broken {
		t.Errorf("an entry that is there already: %v", err)
	}
	if err := to.Copy(ctx, "test.example/log", parts[0]); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a second log: %v", err)
	}
}

// TestACopyIsNotWritten protects a copy that stands where anything can be written.
func TestACopyIsNotWritten(t *testing.T) {
	ctx, rooms := context.Background(), store.Migrations{Room: "thing", Files: testFiles}
	path := t.TempDir() + "/duly.db"
	db, err := store.Open(ctx, store.Config{DSN: path, Random: strings.NewReader(strings.Repeat("x", 1000))}, rooms)
	if err == nil {
		err = db.Begin(ctx, "test.example/log", actor, &store.Epoch{Number: 1})
	}
	if err == nil {
		err = db.Close()
	}
	if err == nil {
		db, err = store.Open(ctx, store.Config{DSN: path, ReadOnly: true}, rooms)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if head, err := store.Head(ctx, db); err != nil || head.Size != 1 {
		t.Errorf("%+v %v", head, err)
	}
	for what, err := range map[string]error{
		"a record":     db.Write(ctx, actor, func(*store.Tx) error { return nil }),
		"a checkpoint": db.SaveCheckpoint(ctx, 1, func([]byte) ([]byte, error) { return nil, nil }),
		"an entry":     db.Copy(ctx, "test.example/log", []store.Copied{{Entry: store.Entry{Seq: 1}, Actor: actor}}),
	} {
		if fault.CodeOf(err) != fault.Refused {
			t.Errorf("%s: %v", what, err)
		}
	}
}
