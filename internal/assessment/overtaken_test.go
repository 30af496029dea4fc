package assessment_test

import (
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/assessment"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

// TestARatingIsOlderThanTheLaw protects a decision against resting on what the law was:
// whether a rating is overtaken on a day is what rating it again on that day shows, for
// bans that begin, end, follow each other and never covered it.
func TestARatingIsOlderThanTheLaw(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newSite(t, storetest.Begin(t, dsn, rooms...), school, "live_face_recognition")
		s.says(t, "use.registers", ledger.Texts([]string{"children", "staff"}), "2020-01-01")
		newest := func() *store.Revision[assessment.Rating] {
			list, err := store.Select(ctx, s.db, assessment.Ratings, "r.subject = $1", s.deployment)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d ratings, %v", len(list), err)
			}
			return list[0]
		}
		s.on(t, "2020-12-20")
		overtaken := 0
		for _, day := range []string{"2020-12-21", "2020-12-22", "2020-12-23", "2023-09-26", "2023-09-27", "2023-10-01", today} {
			before := newest()
			why, err := assessment.Overtaken(ctx, s.db, before, s.rules, day, assessment.Decided{})
			if err != nil {
				t.Fatal(err)
			}
			forbidden, err := assessment.NewlyForbidden(ctx, s.db, before, s.rules, day)
			if err != nil {
				t.Fatal(err)
			}
			s.on(t, day)
			after := newest()
			if same := slices.Equal(before.Record.Rulings, after.Record.Rulings); same != (why == "") || same && len(forbidden) > 0 {
				t.Errorf("on %s %q, newly forbidden %v; rated again it goes from %v to %v", day, why, forbidden, before.Record.Rulings, after.Record.Rulings)
			}
			if why != "" {
				overtaken++
			}
		}
		if overtaken < 2 {
			t.Errorf("overtaken on %d days: the test shows nothing", overtaken)
		}
	})
}

// TestRatedAnewWhereTheLawMoved protects decisions against a rating that stays older than
// the law for ever: where a person stated what the rule on owners says, rating again comes
// out the same and is written all the same, once.
func TestRatedAnewWhereTheLawMoved(t *testing.T) {
	clock := time.Date(2026, 8, 31, 9, 0, 0, 0, time.UTC)
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(t.TempDir(), "duly.db"), Random: rand.Reader, Now: func() time.Time { return clock }}, rooms...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	zero := strings.Repeat("0", 64)
	if err := db.Begin(ctx, "test.example/log", storetest.Actor, &store.Epoch{Number: 1, LogKey: zero, QuotedRoot: zero}); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, db, school, "storage")
	s.says(t, "ownership.export_rule_in_force", ledger.Bool(false), "2026-01-01")
	s.on(t, "2026-08-31")
	newest := func() *store.Revision[assessment.Rating] {
		list, err := store.Select(ctx, s.db, assessment.Ratings, "r.subject = $1", s.deployment)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d ratings, %v", len(list), err)
		}
		return list[0]
	}
	const later = "2026-11-15"
	clock = clock.AddDate(0, 0, 76)
	why := func() string {
		text, err := assessment.Overtaken(ctx, s.db, newest(), s.rules, later, assessment.Decided{})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if why() == "" {
		t.Fatal("the rule on owners did not move, or nothing rests on it: the test shows nothing")
	}
	s.on(t, later)
	if text := why(); text != "" {
		t.Errorf("rated again on the day it is still old: %s", text)
	}
	once := newest().Rev
	s.on(t, later)
	if rev := newest().Rev; rev != once {
		t.Errorf("rated again with nothing new it is written again: revision %d after %d", rev, once)
	}
}

// TestOneChainIsThatOfTheRegister protects what is asked of one deployment against
// another chain than the one that it is rated with.
func TestOneChainIsThatOfTheRegister(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		active := register.Origin{State: "active"}
		err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			back, err := store.Create(tx, register.Relationships, &register.Relationship{Origin: active, Customer: c.reseller, Party: c.sheriff, Role: "end_user"})
			if err != nil {
				return err
			}
			for _, a := range []register.Account{
				{Customer: c.reseller}, {Customer: c.reseller, Via: c.link}, {Customer: c.reseller, Via: back.ID, Product: c.product}, {Customer: c.sheriff}, {},
			} {
				a.Origin = active
				account, err := store.Create(tx, register.Accounts, &a)
				if err != nil {
					return err
				}
				for _, customer := range []string{c.sheriff, c.reseller, ""} {
					if _, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Account: account.ID, Customer: customer, Capability: "face_search"}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := triage.ReadPortfolio(ctx, c.db, today)
		if err != nil {
			t.Fatal(err)
		}
		id := func(r *store.Revision[register.Customer]) string {
			if r == nil {
				return ""
			}
			return r.ID
		}
		n := 0
		for _, a := range whole.Accounts {
			for _, d := range append(slices.Clone(whole.Deployments[a.ID]), nil) {
				one, err := triage.ReadChain(ctx, c.db, a, d)
				if err != nil {
					t.Fatal(err)
				}
				var record *register.Deployment
				if d != nil {
					record = d.Record
				}
				got, want := one.Chain(a.Record, record), whole.Chain(a.Record, record)
				if id(got.Customer) != id(want.Customer) || id(got.Between) != id(want.Between) || id(got.EndUser) != id(want.EndUser) ||
					got.EndUserKnown != want.EndUserKnown || got.Jurisdiction != want.Jurisdiction || (got.Link == nil) != (want.Link == nil) {
					t.Errorf("account %+v, deployment %+v: %+v, of the register %+v", a.Record, record, got, want)
				}
				n++
			}
		}
		if n < 20 {
			t.Errorf("only %d chains were compared", n)
		}
	})
}
