package evidence_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

func said(value ledger.Scalar, asOf string, grades ...string) evidence.Statement {
	s := evidence.Statement{Fact: &evidence.Fact{Value: value, AsOf: asOf}}
	for _, g := range grades {
		s.Sources = append(s.Sources, &evidence.Source{Grade: g})
	}
	return s
}

// A weak or stale statement must never push aside a strong, fresh one, and what
// nobody knows must never come out as no.
func TestSettle(t *testing.T) {
	yes, no, unknown := ledger.Bool(true), ledger.Bool(false), ledger.Unknown("not asked")
	for _, c := range []struct {
		name string
		in   []evidence.Statement
		want string
	}{
		{"nothing stated is absent", nil, ""},
		{"one statement", []evidence.Statement{said(yes, "2026-01-01", "media")}, "true"},
		{"a court outweighs the party itself, though older", []evidence.Statement{said(yes, "2026-01-01", "court"), said(no, "2026-05-01", "party")}, "true"},
		{"of one grade the later counts", []evidence.Statement{said(yes, "2026-01-01", "ngo"), said(no, "2026-05-01", "ngo")}, "false"},
		{"one day, one grade, two answers", []evidence.Statement{said(yes, "2026-05-01", "ngo"), said(no, "2026-05-01", "ngo")}, "unknown (sources disagree)"},
		{"out of date", []evidence.Statement{said(no, "2020-01-01", "court")}, "unknown (out of date since 2021-01-01)"},
		{"from the future of the question", []evidence.Statement{said(no, "2027-01-01", "court")}, ""},
		{"nobody knows", []evidence.Statement{said(unknown, "2026-05-01", "court")}, "unknown (not asked)"},
		{"somebody knows", []evidence.Statement{said(unknown, "2026-05-01", "court"), said(yes, "2026-05-01", "allegation")}, "true"},
		{"no source is the weakest", []evidence.Statement{said(no, "2026-05-01"), said(yes, "2026-01-01", "allegation")}, "true"},
		{"no day is not fresh", []evidence.Statement{said(no, "", "court")}, "unknown (out of date: it is not stated on which day it was seen)"},
	} {
		if got := evidence.Settle(c.in, "2026-06-01", 365).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The order in which statements were read must not decide.
func TestSettleOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := []ledger.Scalar{ledger.Bool(true), ledger.Bool(false), ledger.Unknown("a"), ledger.Unknown("b"), {}, ledger.Int(3)}
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) evidence.Statement {
			day := rapid.SampledFrom([]string{"", "2019-01-01", "2026-01-01", "2026-02-01", "2030-01-01"}).Draw(t, "day")
			grade := rapid.SampledFrom([]string{"court", "media", "party"}).Draw(t, "grade")
			return said(rapid.SampledFrom(values).Draw(t, "value"), day, grade)
		}), 0, 6).Draw(t, "list")
		want := evidence.Settle(list, "2026-06-01", 365).String()
		if got := evidence.Settle(rapid.Permutation(list).Draw(t, "other"), "2026-06-01", 365).String(); got != want {
			t.Fatalf("%s, and in another order %s", want, got)
		}
	})
}

func TestFresh(t *testing.T) {
	for _, c := range []struct {
		asOf, day string
		shelf     int
		want      bool
	}{
		{"2026-01-01", "2026-01-31", 30, true},
		{"2026-01-01", "2026-02-01", 30, false},
		{"2024-02-28", "2024-03-01", 2, true}, // a leap year
		{"2026-01-02", "2026-01-01", 30, false},
		{"", "2026-01-01", 0, true},
		{"", "2026-01-01", 30, false},
	} {
		if got := evidence.Fresh(c.asOf, c.day, c.shelf); got != c.want {
			t.Errorf("seen %q, asked %s, shelf %d: %v", c.asOf, c.day, c.shelf, got)
		}
	}
}

func TestParseValue(t *testing.T) {
	for text, want := range map[string]any{"true": true, "false": false, "-12": int64(-12), "007": "007", "True": "True", "9007199254740992": "9007199254740992", "": ""} {
		if got := evidence.ParseValue(text).Value(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if _, unknown := evidence.ParseValue("unknown").UnknownReason(); !unknown {
		t.Error("unknown is a text")
	}
}

func TestSupport(t *testing.T) {
	s := evidence.Statement{Sources: []*evidence.Source{{Publisher: "A"}, {Publisher: "A"}, {Publisher: "B"}, {}}}
	if n := s.Support(); n != 3 {
		t.Errorf("%d independent sources, want 3", n)
	}
}

const actor = "abcdefghijklmnopqrstuvwx"

func newStore(t *testing.T) *store.DB {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(t.TempDir(), "duly.db"), Random: rand.Reader}, evidence.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Begin(ctx, "example.org/log", actor, &store.Epoch{Number: 1}); err != nil {
		t.Fatal(err)
	}
	return db
}

// Statements of different sources stand beside each other; the same one is
// revised, and saying the same again writes nothing.
func TestState(t *testing.T) {
	ctx, db := context.Background(), newStore(t)
	var court, paper store.Ref
	err := db.Write(ctx, actor, func(tx *store.Tx) (err error) {
		if court, err = store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "court"}); err != nil {
			return err
		}
		paper, err = store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "media"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	state := func(value bool, source string) {
		t.Helper()
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			f := evidence.Fact{Subject: "s", Fact: "abuse", Value: ledger.Bool(value), AsOf: "2026-01-01", Sources: []string{source}}
			return evidence.State(ctx, tx, f, "survey", "2026-01-02")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	state(false, court.ID)
	state(false, paper.ID)
	state(true, court.ID)
	about, err := evidence.About(ctx, db, "s")
	if err != nil || len(about["abuse"]) != 2 {
		t.Fatal(err, about)
	}
	var statements []evidence.Statement
	for _, s := range about["abuse"] {
		statements = append(statements, s.Statement)
	}
	if got := evidence.Settle(statements, "2026-02-01", 365).String(); got != "true" {
		t.Errorf("the settled value is %s, want the court's", got)
	}
	before, _ := store.Head(ctx, db)
	state(true, court.ID)
	if after, _ := store.Head(ctx, db); after.Size != before.Size {
		t.Error("saying the same again wrote something")
	}
	err = db.Write(ctx, actor, func(tx *store.Tx) error {
		return evidence.State(ctx, tx, evidence.Fact{Fact: "abuse", AsOf: "2026-01-01"}, "survey", "2026-01-02")
	})
	if err == nil || fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a fact without a subject: %v", err)
	}
}

// A system has one conclusion of a fact: one that rests on other sources takes the
// place of the last, and the same again writes nothing.
func TestConclude(t *testing.T) {
	ctx, db := context.Background(), newStore(t)
	ids := make([]string, 2)
	err := db.Write(ctx, actor, func(tx *store.Tx) error {
		for i := range ids {
			ref, err := store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "ngo"})
			if err != nil {
				return err
			}
			ids[i] = ref.ID
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conclude := func(value, asOf string, sources ...string) (wrote bool) {
		t.Helper()
		before, _ := store.Head(ctx, db)
		err := db.Write(ctx, actor, func(tx *store.Tx) error {
			f := evidence.Fact{Subject: "s", Fact: "freedom", Value: ledger.Text(value), AsOf: asOf, Sources: sources}
			return evidence.Conclude(ctx, tx, f, "duly", "2026-11-24")
		})
		if err != nil {
			t.Fatal(err)
		}
		after, _ := store.Head(ctx, db)
		return after.Size != before.Size
	}
	for i, c := range []struct {
		value, asOf string
		sources     []string
		wrote       bool
	}{
		{"free", "2026-03-31", ids[:1], true},
		{"free", "2026-03-31", ids[:1], false},
		{"free", "2026-03-31", ids, true},
		{"free", "2025-03-31", ids[1:], true}, // the later one was withdrawn
		{"not_free", "2025-03-31", ids[1:], true},
	} {
		if wrote := conclude(c.value, c.asOf, c.sources...); wrote != c.wrote {
			t.Errorf("conclusion %d: wrote %v", i, wrote)
		}
	}
	about, err := evidence.About(ctx, db, "s")
	if err != nil || len(about["freedom"]) != 1 || about["freedom"][0].Fact.Value.String() != "not_free" {
		t.Errorf("%v, %v", about, err)
	}
}

// Every schema has its table with the columns that the store fills.
func TestMigrations(t *testing.T) {
	db, ctx := newStore(t), context.Background()
	for _, s := range []*ledger.Schema{evidence.Sources.Schema(), evidence.Facts.Schema()} {
		for _, c := range s.ColumnNames() {
			rows, err := db.Query(ctx, "select "+c+" from r_"+s.Kind)
			if err != nil {
				t.Errorf("%s.%s: %v", s.Kind, c, err)
				continue
			}
			rows.Close()
		}
	}
}

func ExampleSettle() {
	court := evidence.Statement{
		Fact:    &evidence.Fact{Value: ledger.Bool(true), AsOf: "2026-03-01"},
		Sources: []*evidence.Source{{Grade: "court"}},
	}
	vendor := evidence.Statement{
		Fact:    &evidence.Fact{Value: ledger.Bool(false), AsOf: "2026-06-01"},
		Sources: []*evidence.Source{{Grade: "party"}},
	}
	fmt.Println(evidence.Settle([]evidence.Statement{court, vendor}, "2026-11-24", 365))
	fmt.Println(evidence.Settle([]evidence.Statement{court, vendor}, "2029-11-24", 365))
	// Output:
	// true
	// unknown (out of date since 2027-06-02)
}
