package decision_test

import (
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/retention"
	"duly/internal/store/storetest"
)

const draftClocks = `id: t
kind: retention
version: "1"
title: T
status: project
license: Apache-2.0
sources:
  - {title: t, ref: r, grade: unverified}
clocks:
  - {id: deciders, text: t, kinds: [decision], classes: [personal], written: 100}
tests:
  - {name: n, kind: decision, class: personal, written: 100, expect: due}
`

// TestDraftsAreKeptNoLongerThanEntries protects people who are named in a decision that
// nobody signed to its end: whoever asks what is kept about them hears of it, its clock
// takes it whole, and a hold keeps it.
func TestDraftsAreKeptNoLongerThanEntries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := openOffice(t, storetest.Begin(t, dsn, append(rooms[:len(rooms):len(rooms)], retention.Migrations)...))
		r := o.rate("escalate", "HIGH", "EDD")
		if err := o.opine(r, o.expert, "support"); err != nil {
			t.Fatal(err)
		}
		o.ask(r, "for", "for", "for", "for", "for", "", "")
		q := o.request(r, o.approve[0])
		q.Reason = "as Robin Example asked for it"
		step, err := o.decide(q)
		if err != nil || step.Waits == "" {
			t.Fatalf("%+v, %v", step, err)
		}
		kinds := []*ledger.Schema{decision.Decisions.Schema(), retention.Holds.Schema()}
		p, err := pack.Parse("t.yaml", []byte(draftClocks))
		if err != nil {
			t.Fatal(err)
		}
		rules, err := retention.Load(p, kinds)
		if err != nil {
			t.Fatal(err)
		}
		day := q.Now.AddDate(0, 0, 99)
		s := retention.Service{DB: o.db, May: act.Default, Kinds: kinds, Drafts: decision.Drafts{}, Now: func() time.Time { return day }}
		boss := act.Actor{Key: o.approve[0].ID(), Roles: []act.Role{act.Approver}}
		sweep := func(want int) {
			t.Helper()
			if due, err := s.Sweep(ctx, boss, rules); err != nil || len(due) != want {
				t.Fatalf("%d are swept, not %d: %+v, %v", len(due), want, due, err)
			}
		}
		found, err := s.Find(ctx, o.db, "robin EXAMPLE")
		if err != nil || len(found) != 1 || found[0].Draft != step.Waits || found[0].Field != "reason" || found[0].Entry != -1 {
			t.Fatalf("%+v, %v", found, err)
		}
		sweep(0)
		day = day.AddDate(0, 0, 1)
		if _, err := s.Hold(ctx, boss, step.Waits, "a court asks"); err != nil {
			t.Fatal(err)
		}
		sweep(0)
		due, err := s.Due(ctx, o.db, rules)
		if err != nil || len(due) != 1 || !due[0].Held || due[0].Draft != step.Waits || len(due[0].Fields) != len(kinds[0].Sealed) {
			t.Fatalf("%+v, %v", due, err)
		}
		if _, err := s.Lift(ctx, boss, step.Waits, "the court has answered"); err != nil {
			t.Fatal(err)
		}
		sweep(1)
		if list, err := decision.ListWaiting(ctx, o.db); err != nil || len(list) != 0 {
			t.Errorf("%d drafts still wait, %v", len(list), err)
		}
		if found, err := s.Find(ctx, o.db, "robin example"); err != nil || len(found) != 0 {
			t.Errorf("it is still found: %+v, %v", found, err)
		}
	})
}
