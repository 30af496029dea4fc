package people_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

func newKey(t *testing.T) ledger.PersonKey {
	t.Helper()
	key, err := ledger.NewPersonKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// add writes one person in a transaction of its own.
func add(t *testing.T, db *store.DB, name string, key ledger.PersonKey, roles ...act.Role) error {
	t.Helper()
	return db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, name, roles, key)
		return err
	})
}

// TestPeopleAreKnownByName protects acts, which name their person: one active
// person per name, found with roles and the key's pseudonym.
func TestPeopleAreKnownByName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, people.Migrations)
		key := newKey(t)
		if err := add(t, db, "ann", key, act.Approver, act.Expert); err != nil {
			t.Fatal(err)
		}
		p, err := people.Find(ctx, db, "ann")
		if err != nil {
			t.Fatal(err)
		}
		actor := p.Actor()
		if actor.Key != key.ID() || p.Key != key.PublicHash() || len(actor.Roles) != 2 || actor.Roles[0] != act.Approver || actor.Roles[1] != act.Expert {
			t.Errorf("found %+v as %+v", p, actor)
		}
		for _, c := range []struct {
			name  string
			roles []act.Role
			code  fault.Code
		}{
			{"ann", []act.Role{act.Analyst}, fault.Refused},
			{"", []act.Role{act.Analyst}, fault.Invalid},
			{"bob", nil, fault.Invalid},
			{"bob", []act.Role{"king"}, fault.Invalid},
			{"b\x00b", []act.Role{act.Analyst}, fault.Invalid},
			{"b\xffb", []act.Role{act.Analyst}, fault.Invalid},
		} {
			before, _ := store.Head(ctx, db)
			if err := add(t, db, c.name, newKey(t), c.roles...); fault.CodeOf(err) != c.code || err == nil {
				t.Errorf("%q as %v: %v, want %s", c.name, c.roles, err, c.code)
			}
			if after, _ := store.Head(ctx, db); after.Size != before.Size {
				t.Errorf("%q as %v left %d entries behind", c.name, c.roles, after.Size-before.Size)
			}
		}
		for _, name := range []string{"bob", "Ann", "", "ann' or '1'='1"} {
			if _, err := people.Find(ctx, db, name); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("find %q: %v", name, err)
			}
		}
	})
}

// TestANameIsFreeAgain protects people who share a name with somebody who left.
func TestANameIsFreeAgain(t *testing.T) {
	db := storetest.SQLite(t, people.Migrations)
	if err := add(t, db, "ann", newKey(t), act.Approver); err != nil {
		t.Fatal(err)
	}
	list, err := store.Select(ctx, db, people.Persons, "r.name = $1", "ann")
	if err != nil || len(list) != 1 {
		t.Fatal(len(list), err)
	}
	err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		gone := *list[0].Record
		gone.State = "ended"
		_, _, err := store.Revise(tx, people.Persons, list[0].ID, &gone)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Find(ctx, db, "ann"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("somebody who left still acts: %v", err)
	}
	key := newKey(t)
	if err := add(t, db, "ann", key, act.Analyst); err != nil {
		t.Fatal(err)
	}
	if p, err := people.Find(ctx, db, "ann"); err != nil || p.KeyID != key.ID() {
		t.Errorf("found %+v, %v", p, err)
	}
}

// TestEveryRoleCanBeGiven holds the record's list of roles to that of package act.
func TestEveryRoleCanBeGiven(t *testing.T) {
	db := storetest.SQLite(t, people.Migrations)
	if err := add(t, db, "ann", newKey(t), act.Company...); err != nil {
		t.Fatal(err)
	}
	if err := add(t, db, "an assessor", newKey(t), act.Assessor); err != nil {
		t.Fatal(err)
	}
	p, err := people.Find(ctx, db, "ann")
	if err != nil || len(p.Actor().Roles) != len(act.Company) || len(act.Company)+1 != len(act.Roles) {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestAnAssessorIsNobodyElse protects independence (RS-02): who assesses has no part in
// what is assessed.
func TestAnAssessorIsNobodyElse(t *testing.T) {
	db := storetest.SQLite(t, people.Migrations)
	for _, role := range act.Company {
		if err := add(t, db, "ann", newKey(t), role, act.Assessor); fault.CodeOf(err) != fault.Refused {
			t.Errorf("an assessor is also %s: %v", role, err)
		}
	}
}

// TestTheLogShowsNoName protects the people who act: in clear stand their roles
// and the hash of a key, never who they are.
func TestTheLogShowsNoName(t *testing.T) {
	db := storetest.SQLite(t, people.Migrations)
	key := newKey(t)
	if err := add(t, db, "an example person", key, act.Expert); err != nil {
		t.Fatal(err)
	}
	err := store.Entries(ctx, db, 1, 2, func(e store.Entry) error {
		for _, secret := range []string{"example", key.ID(), strings.TrimSpace(key.Encode())} {
			if strings.Contains(string(e.Leaf), secret) {
				t.Errorf("the leaf shows %q: %s", secret, e.Leaf)
			}
		}
		if !strings.Contains(string(e.Leaf), key.PublicHash()) {
			t.Errorf("the leaf does not show the key's hash: %s", e.Leaf)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
