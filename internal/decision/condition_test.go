package decision_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// source records something that a condition can rest on.
func (o *office) source() string {
	o.Helper()
	var ref store.Ref
	err := o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		ref, err = store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "official", Title: "report"})
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	return ref.ID
}

// TestNothingRunsBeforeItsConditionsAreMet protects what "before it runs" means: an
// approval waits until each condition precedent is met, on the word of a source, by
// somebody who has no share in it; found not to be met after all, it waits again.
func TestNothingRunsBeforeItsConditionsAreMet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := openOffice(t, storetest.Begin(t, dsn, rooms...))
		r := o.rate("approve_with_conditions", "HIGH", "CDD")
		q := o.request(r, o.approve[0])
		q.Precedent, q.Ongoing, q.Owner = []string{"training", "a policy"}, []decision.Undertaking{decision.ParseUndertaking("Audit: each year"), decision.ParseUndertaking("no live search")}, o.body[0].ID()
		if _, err := o.decide(q); err != nil {
			t.Fatal(err)
		}
		source, other := o.source(), o.person(act.Analyst)
		check := func(k ledger.PersonKey, sort string, n int64, result string, days int) error {
			_, _, err := decision.Meet(ctx, o.db, act.Default, decision.Checking{
				Subject: r.account, Sort: sort, Number: n, Result: result, Source: source, By: act.Actor{Key: k.ID()}, Key: k, Now: now.AddDate(0, 0, days),
			})
			return err
		}
		state := func(want decision.State, open int, days int) {
			t.Helper()
			s := o.stands(r, now.AddDate(0, 0, days).Format("2006-01-02"))
			if s.State != want || decision.Open(s.Conditions) != open || s.MayRun() != (want == decision.Holds) {
				t.Errorf("it %s with %d open, may run: %v; want %s with %d", s.State, decision.Open(s.Conditions), s.MayRun(), want, open)
			}
		}
		state(decision.Waits, 2, 16)
		if s := o.stands(r, "2026-12-31"); len(s.Conditions) != 4 || s.Conditions[2].Checked != decision.Audit || s.Conditions[3].Checked != decision.Nobody {
			t.Errorf("conditions are %+v", s.Conditions)
		}
		o.refused(refusal.FourEyes, nil, check(o.ann, decision.Precedent, 1, decision.Met, 16))
		o.refused(refusal.FourEyes, nil, check(o.body[0], decision.Precedent, 1, decision.Met, 16))
		for _, roles := range [][]act.Role{{act.Sales}, {act.Sales, act.Approver}, {act.Administrator}, {act.PanelMember}, {act.Auditor}} {
			o.refused(refusal.Role, nil, check(o.person(roles...), decision.Precedent, 1, decision.Met, 16))
		}
		for sort, n := range map[string]int64{decision.Precedent: 3, decision.Ongoing: 0} {
			if err := check(other, sort, n, decision.Met, 16); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("%s %d: %v", sort, n, err)
			}
		}
		for i, step := range []struct {
			by     ledger.PersonKey
			sort   string
			number int64
			result string
			want   decision.State
			open   int
		}{
			{other, decision.Precedent, 1, decision.Met, decision.Waits, 1},
			{other, decision.Precedent, 1, decision.Met, decision.Waits, 1},
			{other, decision.Ongoing, 2, decision.Met, decision.Waits, 1},
			{o.expert, decision.Precedent, 2, decision.Met, decision.Holds, 0},
			{o.expert, decision.Ongoing, 1, decision.NotMet, decision.Holds, 0},
			{o.approve[0], decision.Precedent, 1, decision.NotMet, decision.Waits, 1},
		} {
			if err := check(step.by, step.sort, step.number, step.result, 17+i); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			state(step.want, step.open, 17+i)
		}
		state(decision.Holds, 0, 20) // as it stood on that day
		// Another decision has conditions of its own.
		q.Now = now.AddDate(0, 0, 30)
		if _, err := o.decide(q); err != nil {
			t.Fatal(err)
		}
		state(decision.Waits, 2, 30)
	})
}

// TestWhoSoldDoesNotCheck protects against a seller who gets another role: what that
// person sold, others look at.
func TestWhoSoldDoesNotCheck(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("approve", "LOW", "CDD")
	seller := o.person(act.Sales)
	q := o.request(r, o.approve[0])
	q.Rating = ""
	err := o.db.Write(ctx, seller.ID(), func(tx *store.Tx) error {
		a, err := store.Get(ctx, tx, register.Accounts, r.account)
		if err != nil {
			return err
		}
		sold := *a.Record
		sold.Name = "sold"
		_, _, err = store.Revise(tx, register.Accounts, r.account, &sold)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o.again(&r, func(*assessment.Rating) {})
	if _, err := o.decide(q); err != nil {
		t.Fatal(err)
	}
	list, err := store.Select(ctx, o.db, people.Persons, "r.key_id = $1", seller.ID())
	if err != nil {
		t.Fatal(err)
	}
	moved := *list[0].Record
	moved.Roles = []string{"analyst"}
	err = o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, _, err := store.Revise(tx, people.Persons, list[0].ID, &moved)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c := decision.Checking{Subject: r.account, Sort: decision.Precedent, Number: 1, Result: decision.Met, Source: o.source(), By: act.Actor{Key: seller.ID()}, Key: seller, Now: q.Now}
	_, _, err = decision.Meet(ctx, o.db, act.Default, c)
	o.refused(refusal.Role, nil, err)
	c.By, c.Key = act.Actor{Key: o.ann.ID()}, o.ann
	if _, _, err = decision.Meet(ctx, o.db, act.Default, c); err != nil {
		t.Errorf("who prepared a LOW rating may look: %v", err)
	}
}

// TestTheRatingThatWasRead protects the person who decides: what takes two people, or is
// rated HIGH, names its rating, and another one than the newest is refused with what came
// out otherwise. To refuse waits for nothing.
func TestTheRatingThatWasRead(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	high := o.rate("approve", "HIGH", "CDD")
	q := o.request(high, o.approve[0])
	named := q.Rating
	q.Rating = ""
	step, err := o.decide(q)
	o.refused(refusal.Unnamed, step, err)
	if !strings.Contains(err.Error(), named) {
		t.Errorf("it does not say which one is the newest: %v", err)
	}
	q.Rating = named[:6]
	if _, err := o.decide(q); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("six digits: %v", err)
	}
	o.again(&high, func(x *assessment.Rating) { x.Worst, x.Inputs = "LOW", []string{"use.settings 1 value 00"} })
	q.Rating = named
	step, err = o.decide(q)
	o.refused(refusal.Stale, step, err)
	for _, want := range []string{"band HIGH became LOW", "use.settings was stated again"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	q.Rating = strings.Repeat("0", 12)
	step, err = o.decide(q)
	o.refused(refusal.Stale, step, err)
	q.Rating = ""
	if _, err := o.decide(q); err != nil {
		t.Errorf("LOW, by one person: %v", err)
	}
	critical := o.rate("suspend", "CRITICAL", "EDD")
	if _, _, err := critical.decide(decision.Suspend, o.approve[1]); err != nil {
		t.Errorf("to suspend: %v", err)
	}
}

// TestUndertakings protects an ongoing condition against being said to be checked: only
// the words that say how count, and no text is lost.
func TestUndertakings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimSpace(rapid.StringMatching(`[a-z][a-z: ]{0,20}`).Draw(t, "text"))
		for _, how := range []string{decision.Telemetry, decision.Audit, decision.Attestation, decision.Nobody} {
			if got := decision.ParseUndertaking(how + ": " + text); got != (decision.Undertaking{Checked: how, Text: text}) {
				t.Fatalf("%q: %+v", text, got)
			}
		}
		if got := decision.ParseUndertaking("x" + text); got != (decision.Undertaking{Checked: decision.Nobody, Text: "x" + text}) {
			t.Fatalf("%q: %+v", text, got)
		}
	})
}
