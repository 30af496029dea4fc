package asof_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"duly/internal/asof"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// log is a log with a clock that the test sets.
type log struct {
	*testing.T
	db    *store.DB
	today time.Time
	key   ledger.PersonKey
}

func open(t *testing.T, dsn string) *log {
	l := &log{T: t, today: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	l.db, err = store.Open(context.Background(), store.Config{DSN: dsn, Now: func() time.Time { return l.today }, Random: rand.Reader},
		people.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, voice.Migrations, screening.Migrations, assessment.Migrations, decision.Migrations)
	l.must(err)
	t.Cleanup(func() { l.db.Close() })
	hash := "0000000000000000000000000000000000000000000000000000000000000000"
	l.must(l.db.Begin(context.Background(), "test.example/log", storetest.Actor, &store.Epoch{Number: 1, LogKey: hash, QuotedRoot: hash}))
	l.key, err = ledger.NewPersonKey(rand.Reader)
	l.must(err)
	return l
}

func (l *log) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// on sets the day and writes; it gives the last position after it.
func (l *log) on(day string, write func(tx *store.Tx) error) int64 {
	l.Helper()
	var err error
	l.today, err = time.Parse(time.DateOnly, day)
	l.must(err)
	l.must(l.db.Write(context.Background(), storetest.Actor, write))
	head, err := store.Head(context.Background(), l.db)
	l.must(err)
	return head.Size - 1
}

func (l *log) look(day string, seq int64) *asof.Picture {
	l.Helper()
	p, err := asof.Look(context.Background(), l.db, asof.Point{Day: day, Seq: seq})
	l.must(err)
	return p
}

// TestFourCorners protects that the two times are apart: what held on a day as known then,
// what held on it as known later, and the same of a later day; for the register, which is
// corrected for the past, for ratings and for what was decided.
func TestFourCorners(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		l := open(t, dsn)
		var customer, deployment, rating, decided store.Ref
		then := l.on("2026-03-01", func(tx *store.Tx) (err error) {
			if customer, err = store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active", ValidFrom: "2026-01-01"}, Name: "as first heard"}); err != nil {
				return err
			}
			if deployment, err = store.Create(tx, register.Deployments, &register.Deployment{Origin: register.Origin{State: "active"}, Customer: customer.ID, Capability: "face_search", Jurisdiction: "US"}); err != nil {
				return err
			}
			rating, err = store.Create(tx, assessment.Ratings, &assessment.Rating{Best: "LOW", Worst: "CRITICAL", Outcome: "pending", Tier: "EDD", Subject: deployment.ID})
			return err
		})
		now := l.on("2026-06-01", func(tx *store.Tx) (err error) {
			if _, _, err = store.Revise(tx, register.Customers, customer.ID, &register.Customer{Origin: register.Origin{State: "active", ValidFrom: "2026-01-01"}, Name: "corrected for the past"}); err != nil {
				return err
			}
			if _, _, err = store.Revise(tx, assessment.Ratings, rating.ID, &assessment.Rating{Best: "LOW", Worst: "LOW", Outcome: "approve", Tier: "SDD", Subject: deployment.ID}); err != nil {
				return err
			}
			decided, err = store.Create(tx, decision.Decisions, &decision.Decision{Act: "approve", Subject: deployment.ID}, l.key)
			return err
		})
		for _, c := range []struct {
			day           string
			known         int64
			name, outcome string
			act           string
		}{
			{"2026-03-01", then, "as first heard", "pending", ""},
			{"2026-03-01", now, "corrected for the past", "pending", ""},
			{"2026-06-01", then, "as first heard", "pending", ""},
			{"2026-06-01", now, "corrected for the past", "approve", "approve"},
		} {
			p := l.look(c.day, c.known)
			if len(p.Deployments) != 1 || p.Customers != 1 {
				t.Fatalf("on %s after %d: %+v", c.day, c.known, p)
			}
			d := p.Deployments[0]
			act := ""
			if d.Decision != nil {
				act = d.Decision.Act
			}
			if d.Customer.Value != c.name || d.Rating == nil || d.Rating.Outcome != c.outcome || act != c.act {
				t.Errorf("on %s after %d: %+v, rating %+v, decision %q; want %+v", c.day, c.known, d, d.Rating, act, c)
			}
		}
		if p := l.look("2026-02-01", now); len(p.Deployments) != 1 || p.Deployments[0].Rating != nil {
			t.Errorf("before anybody rated: %+v", p.Deployments)
		}
		if decided.Seq <= then {
			t.Error("the decision was to come later")
		}
	})
}

// TestErasedIsNotUnknown protects that a value that was erased is told apart from one that
// nobody had stated, also when the question is about a day before it was erased.
func TestErasedIsNotUnknown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		l := open(t, dsn)
		var customer store.Ref
		then := l.on("2026-03-01", func(tx *store.Tx) (err error) {
			for _, name := range []string{"", "somebody"} {
				if customer, err = store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: name}); err != nil {
					return err
				}
				if _, err = store.Create(tx, register.Deployments, &register.Deployment{Origin: register.Origin{State: "active"}, Customer: customer.ID, Capability: "storage"}); err != nil {
					return err
				}
			}
			return nil
		})
		l.on("2026-06-01", func(tx *store.Tx) error {
			_, err := store.Erase(tx, register.Customers.Schema(), customer.Seq, "name", "court_order", "an order")
			return err
		})
		got := map[string]int{}
		for _, d := range l.look("2026-03-01", then).Deployments {
			got[d.Customer.String()]++
		}
		if got["erased"] != 1 || got["not stated"] != 1 {
			t.Errorf("the names are %v", got)
		}
	})
}
