package casework_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// waiting writes an open case with a place in the queue.
func waiting(tx *store.Tx, r casework.Review) (string, error) {
	r.State, r.Pack, r.Why = casework.StateOpen, strings.Repeat("0", 64), []string{"first_look"}
	if r.Lane == "" {
		r.Lane = "PERSON"
	}
	ref, err := store.Create(tx, casework.Reviews, &r)
	return ref.ID, err
}

// TestTheOrderOfTheQueue protects whom the queue puts first (UNGP 24), on both engines.
func TestTheOrderOfTheQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		cases := []struct {
			name string
			casework.Review
		}{ // the last first
			{"a desk's, old", casework.Review{Opened: "2025-01-01", Severity: 1, Irremediable: 5}},
			{"newer", casework.Review{Opened: "2025-12-02", Severity: 4, Irremediable: 2, Value: 1}},
			{"older", casework.Review{Opened: "2025-12-01", Severity: 4, Irremediable: 2, Value: 1}},
			{"a fact would tell much", casework.Review{Opened: "2025-12-03", Severity: 4, Irremediable: 2, Value: 3}},
			{"it is renewed later", casework.Review{Opened: "2025-12-03", Severity: 4, Irremediable: 2, Cliff: "2026-03-01"}},
			{"it is renewed soon", casework.Review{Opened: "2025-12-03", Severity: 4, Irremediable: 2, Cliff: "2026-02-01"}},
			{"harder to undo", casework.Review{Opened: "2025-12-03", Severity: 4, Irremediable: 5}},
			{"more severe", casework.Review{Opened: "2025-12-03", Severity: 5, Irremediable: 1}},
			{"live harm", casework.Review{Opened: "2025-12-03", Harm: 1, Severity: 1, Irremediable: 1}},
		}
		names := map[string]string{}
		o.write(func(tx *store.Tx) error {
			for _, c := range cases {
				c.Review.Due = "2026-02-01"
				id, err := waiting(tx, c.Review)
				if err != nil {
					return err
				}
				names[id] = c.name
			}
			return nil
		})
		all, err := casework.Page(ctx, o.db, casework.Filter{Limit: 100}, today)
		o.ok(err)
		for i, item := range all {
			if want := cases[len(cases)-1-i].name; names[item.ID] != want {
				t.Errorf("place %d: %s, not %s", i, names[item.ID], want)
			}
		}
		two, err := casework.Page(ctx, o.db, casework.Filter{Limit: 2, Offset: 1}, today)
		o.ok(err)
		if len(two) != 2 || names[two[0].ID] != "more severe" {
			t.Errorf("the page from the second on: %+v", two)
		}
	})
}

// TestMoneyChangesNothing protects the order from revenue: whatever is billed, the queue
// is the same.
func TestMoneyChangesNothing(t *testing.T) {
	o := newOffice(t, filepath.Join(t.TempDir(), "duly.db"))
	search := o.product("face_search")
	var accounts []string
	for range 6 {
		c := o.customer("policing")
		a, _ := o.account(c, search, "face_search")
		accounts = append(accounts, a)
		put(o, register.Contracts, register.Contract{Origin: active, Customer: c})
	}
	o.triage()
	o.sweep()
	order := func() string {
		page, err := casework.Page(ctx, o.db, casework.Filter{Limit: 100}, o.today)
		o.ok(err)
		var out []string
		for _, item := range page {
			out = append(out, fmt.Sprint(item.Review.Subject, item.Review.Harm, item.Review.Severity, item.Review.Irremediable, item.Review.Value))
		}
		return strings.Join(out, "\n")
	}
	was := order()
	rapid.Check(t, func(r *rapid.T) {
		for _, a := range accounts {
			cents := rapid.Int64Range(-1<<50, 1<<50).Draw(r, "cents")
			revise(o, register.Accounts, a, func(a *register.Account) { a.Amount, a.Currency = &cents, "USD" })
		}
		for _, f := range casework.Reviews.Schema().Sealed {
			if f.Class == "trade_secret" {
				r.Fatalf("a case holds the trade secret %s", f.Name)
			}
		}
		o.sweep()
		if now := order(); now != was {
			r.Fatalf("the order changed:\n%s\nnot\n%s", now, was)
		}
	})
}

// TestWorkOnACase protects the clock and who has what: handing over is noted, putting
// off does not stop the clock, and who sells works on nothing.
func TestWorkOnACase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		ann, abe, sal := someone(t, 1, act.Analyst), someone(t, 2, act.Analyst), someone(t, 3, act.Analyst, act.Sales)
		police := o.customer("policing")
		o.account(police, o.product("face_search"), "face_search")
		o.triage()
		o.sweep()
		id := o.open(police).ID
		page := func(f casework.Filter, day string) int {
			f.Limit = 10
			list, err := casework.Page(ctx, o.db, f, day)
			o.ok(err)
			return len(list)
		}
		o.refused(o.worker(sal).Assign(ctx, o.db, id, ann.Actor), "sales may not work on cases")
		o.refused(o.worker(ann).Assign(ctx, o.db, id, sal.Actor), "sales may not work on cases")
		o.ok(o.worker(ann).Assign(ctx, o.db, id, ann.Actor))
		o.ok(o.worker(ann).Assign(ctx, o.db, id, abe.Actor))
		if r := o.open(police).Record; r.Owner != abe.Key || !strings.Contains(strings.Join(r.Notes, "\n"), "handed over from "+ann.Key+" to "+abe.Key) {
			t.Errorf("the case is %s's: %v", r.Owner, r.Notes)
		}
		if page(casework.Filter{Owner: abe.Key}, today) != 1 || page(casework.Filter{Owner: ann.Key}, today) != 0 || page(casework.Filter{Free: true}, today) != 0 {
			t.Error("the queue of each is not what was given")
		}
		o.refused(o.worker(abe).Snooze(ctx, o.db, id, "2026-02-02", "they will call"), "due on 2026-02-01")
		o.ok(o.worker(abe).Snooze(ctx, o.db, id, "2026-01-20", "they will call"))
		if page(casework.Filter{}, "2026-01-19") != 0 || page(casework.Filter{Asleep: true}, "2026-01-19") != 1 || page(casework.Filter{}, "2026-01-20") != 1 {
			t.Error("it is not put off until its day")
		}
		if page(casework.Filter{Overdue: true}, "2026-02-01") != 0 || page(casework.Filter{Overdue: true}, "2026-02-02") != 1 {
			t.Error("the clock stands")
		}
		put(o, screening.Hits, screening.Hit{State: "open", Subject: police, Identity: "x", List: "eu", Entry: "1"})
		o.sweep()
		if r := o.open(police).Record; r.Snoozed != "" || r.Due != "2026-01-07" || r.Owner != abe.Key {
			t.Errorf("what is new does not wake it: %+v", r)
		}
	})
}

// TestClosing protects what a closed case says: nothing that it asks for is open.
func TestClosing(t *testing.T) {
	o := newOffice(t, filepath.Join(t.TempDir(), "duly.db"))
	ann, abe := someone(t, 1, act.Analyst), someone(t, 2, act.Approver)
	police := o.customer("policing")
	account, units := o.account(police, o.product("face_search"), "face_search")
	hit := put(o, screening.Hits, screening.Hit{State: "open", Subject: police, Identity: "x", List: "eu", Entry: "1"})
	_, err := casework.Raise(ctx, o.db, storetest.Actor, casework.Signal{Sort: "grievance", Subject: units[0], Text: "a wrong arrest", Day: today})
	o.ok(err)
	o.triage()
	o.sweep()
	id := o.open(police).ID
	w := o.worker(ann)
	if r := o.open(police).Record; r.Harm != 1 {
		t.Errorf("a grievance is no live harm: %+v", r)
	}
	o.refused(w.Snooze(ctx, o.db, id, "2026-01-05", "later"), "live harm is alleged")
	o.refused(w.Close(ctx, o.db, id, casework.Kept, "looked at"), "the hit "+hit+" is open")
	_, err = screening.Close(ctx, o.db, screening.Disposition{Hit: hit, State: screening.Dismissed, Reason: "another", By: ann.Key})
	o.ok(err)
	o.refused(w.Close(ctx, o.db, id, casework.Decided, "looked at"), "nobody has decided since")
	o.refused(w.Close(ctx, o.db, id, casework.Kept, "looked at"), "1 of 1 deployments have no decision")
	if err := w.Close(ctx, o.db, id, casework.Kept, " "); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("closed without a reason: %v", err)
	}
	if err := w.Close(ctx, o.db, id, casework.Ended, "looked at"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a person ended it: %v", err)
	}
	o.rate(units[0], account, "MEDIUM", 4)
	o.decide(units[0], decision.Suspend, abe)
	heard := func() int {
		u, err := casework.CountUnheard(ctx, o.db, "2026-02-15")
		o.ok(err)
		if u.Unread > 0 && (u.Oldest != 44 || u.Month != 1) {
			t.Errorf("unread by age: %+v", u)
		}
		return u.Unread
	}
	if heard() != 1 {
		t.Error("the grievance is not unread")
	}
	o.refused(casework.MayRenew(ctx, o.db, units[0], today), "unread")
	o.ok(w.Close(ctx, o.db, id, casework.Decided, "suspended until the arrest is explained"))
	if heard() != 0 {
		t.Error("the grievance is still unread")
	}
	o.refused(w.Note(ctx, o.db, id, "one more thing"), "was closed on 2026-01-02")
	o.ok(casework.MayRenew(ctx, o.db, units[0], today))
}

// TestADueReviewEndsInADecision protects the cycle: only a decision names the next day.
func TestADueReviewEndsInADecision(t *testing.T) {
	o := newJudged(t, filepath.Join(t.TempDir(), "duly.db"))
	o.today = "2029-01-02"
	o.sweep()
	id := o.open(o.police).ID
	o.refused(o.worker(o.ann).Close(ctx, o.db, id, casework.Kept, "as before"), "the review was due")
	o.decide(o.deployed, decision.Suspend, o.abe)
	o.ok(o.worker(o.ann).Close(ctx, o.db, id, casework.Decided, "suspended: nobody rated it again"))
	if s := o.sweep(); s.Opened != 0 {
		t.Errorf("it is due again: %v", s.Events)
	}
	o.today = "2032-01-02"
	if s := o.sweep(); s.Events["cycle"] != 1 {
		t.Errorf("the next review does not come: %v", s.Events)
	}
}

// TestWhoWaitsIsNotGivenMore protects against selling faster than people can look
// (issue of capacity): while a case is open, nothing of it is widened.
func TestWhoWaitsIsNotGivenMore(t *testing.T) {
	o := newJudged(t, filepath.Join(t.TempDir(), "duly.db"))
	o.ok(casework.MayWiden(ctx, o.db, o.deployed, "face_search", o.today))
	o.state(o.deployed, "law.local_ban", ledger.Text("in_force"))
	o.sweep()
	o.refused(casework.MayWiden(ctx, o.db, o.deployed, "face_search", "2026-02-12"), "open since 2026-01-02, 41 days")
	o.refused(casework.MayWiden(ctx, o.db, o.account, "", o.today), "is open since")
	_, other := o.office.account(o.customer("policing"), o.product, "face_search")
	o.ok(casework.MayWiden(ctx, o.db, other[0], "face_search", o.today))
	o.closed(o.police, casework.Corrected, o.ann)
	o.ok(casework.MayWiden(ctx, o.db, o.deployed, "face_search", o.today))
}

// TestClosingMany protects against closing unseen: of many that are closed at once, one
// in ten stays for another person, and what that one finds bounds the rest.
func TestClosingMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		ann, bea, sal := someone(t, 1, act.Analyst), someone(t, 2, act.Analyst), someone(t, 3, act.Sales)
		var ids []string
		o.write(func(tx *store.Tx) error {
			for i := range 43 {
				r := casework.Review{Lane: "DESK", Opened: "2026-01-01", Due: "2026-02-01"}
				switch i {
				case 40:
					r.Harm = 1
				case 41:
					r.Lane = "PERSON"
				case 42:
					r.Triggers = []string{casework.Trigger{Event: "cycle", Cause: "x", Day: today}.String()}
				}
				id, err := waiting(tx, r)
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
		_, err := o.worker(sal).CloseMany(ctx, o.db, ids, "papers are in order")
		o.refused(err, "may not work on cases")
		b, err := o.worker(ann).CloseMany(ctx, o.db, append(ids, ids[0]), "papers are in order")
		o.ok(err)
		if len(b.Closed) != 36 || len(b.Check) != 4 || len(b.Left) != 3 || !strings.Contains(b.Left[ids[42]], "the review was due") {
			t.Fatalf("closed %d, to check %d, left %v", len(b.Closed), len(b.Check), b.Left)
		}
		for _, id := range b.Check {
			o.refused(o.worker(ann).Close(ctx, o.db, id, casework.Kept, "in order"), "does not check it")
		}
		again, err := o.worker(ann).CloseMany(ctx, o.db, b.Check, "in order")
		o.ok(err)
		if len(again.Closed)+len(again.Check) != 0 {
			t.Errorf("what is to be checked was closed with many others: %+v", again)
		}
		for i, id := range b.Check {
			outcome := casework.Kept
			if i == 0 {
				outcome = casework.Corrected
			}
			o.ok(o.worker(bea).Close(ctx, o.db, id, outcome, "looked at"))
		}
		q, err := casework.Checks(ctx, o.db)
		o.ok(err)
		// 1 of 4, one-sided 95 %: 75.14 %
		if *q != (casework.Quality{Checked: 4, Otherwise: 1, AtMost: 7514}) {
			t.Errorf("the quality is %+v", q)
		}
	})
}

// TestCapacity protects what is published of a lane that holds more than people can
// work on.
func TestCapacity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		gov, ann := someone(t, 1, act.GoverningBody), someone(t, 2, act.Analyst)
		o.write(func(tx *store.Tx) error {
			for i := range 514 {
				r := casework.Review{Opened: "2025-11-22", Due: "2026-01-01", Severity: 5}
				if i < 200 {
					r.Owner, r.Opened, r.Due = ann.Key, "2025-10-01", "2026-02-01"
				}
				if i < 100 {
					r.Snoozed = "2026-01-10"
				}
				if _, err := waiting(tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		all, err := casework.Page(ctx, o.db, casework.Filter{Limit: 100, Owner: ann.Key}, today)
		o.ok(err)
		for _, item := range all {
			o.ok(o.worker(ann).Close(ctx, o.db, item.ID, casework.Corrected, "a mistake"))
		}
		set := casework.Capacity{Lane: "PERSON", From: "2026-01-01", Hours: 40, PerCase: 60}
		o.refused(casework.SetCapacity(ctx, o.db, act.Default, ann.Actor, set), "may decide")
		o.ok(casework.SetCapacity(ctx, o.db, act.Default, gov.Actor, set))
		later := set
		later.From, later.Hours = "2026-06-01", 400
		o.ok(casework.SetCapacity(ctx, o.db, act.Default, gov.Actor, later))
		lanes, err := casework.Lanes(ctx, o.db, today, 7)
		o.ok(err)
		if len(lanes) != 3 || lanes[0].Lane != "STOP" {
			t.Fatalf("lanes %+v", lanes)
		}
		want := casework.Lane{Lane: "PERSON", Open: 414, Taken: 100, Waiting: 314, Asleep: 100, Overdue: 314, Oldest: 41, Worked: 100, Days: 7,
			Hours: 40, PerCase: 60, PerWeek: 40, Weeks: 11, Over: true}
		if lanes[1] != want {
			t.Errorf("PERSON is %+v", lanes[1])
		}
		const says = "PERSON: 100 worked in 7 days, 314 waiting, oldest 41 days, 314 overdue; the lane holds 414 and takes 40 a week: the last waits 11 weeks"
		if got := lanes[1].String(); got != says {
			t.Errorf("it says %q", got)
		}
		if lanes, _ = casework.Lanes(ctx, o.db, "2026-06-01", 7); lanes[1].PerWeek != 400 {
			t.Errorf("the new capacity does not hold from its day: %+v", lanes[1])
		}
	})
}

// BenchmarkQueuePage measures a page of the queue over 50,000 open cases; its limit is
// 50 ms. The baseline is one of 500, so that what grows with the queue shows.
func BenchmarkQueuePage(b *testing.B) {
	for _, n := range []int{500, 50000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := fullQueue(b, n)
			for name, f := range map[string]casework.Filter{
				"first": {}, "last": {Offset: n - 50}, "overdue": {Overdue: true}, "hers": {Owner: "ann"}, "lane": {Lane: "STOP"},
			} {
				f.Limit = 50
				b.Run(name, func(b *testing.B) {
					before := processorTime(b)
					defer func() { b.ReportMetric((processorTime(b)-before)*1000/float64(b.N), "cpu-ms/page") }()
					for range b.N {
						page, err := casework.Page(ctx, db, f, today)
						if err != nil || (len(page) == 50) == (f.Overdue || f.Owner != "" || f.Lane != "") {
							b.Fatal(len(page), err)
						}
					}
				})
			}
		})
	}
}

// processorTime gives the seconds that the process has used of any processor.
func processorTime(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// fullQueue makes a database with n customers that wait.
func fullQueue(b *testing.B, n int) *store.DB {
	b.Helper()
	config := store.Config{DSN: filepath.Join(b.TempDir(), "duly.db"), Now: time.Now, Random: rand.Reader}
	db, err := store.Open(ctx, config, rooms...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Begin(ctx, "test.example/log", storetest.Actor, &store.Epoch{Number: 1, LogKey: strings.Repeat("0", 64), QuotedRoot: strings.Repeat("0", 64)}); err != nil {
		b.Fatal(err)
	}
	err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		for i := range n {
			c, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: fmt.Sprint("Customer ", i), Sector: "policing"})
			if err != nil {
				return err
			}
			r := casework.Review{Subject: c.ID, Opened: fmt.Sprintf("2025-%02d-%02d", 1+i%12, 1+i%28), Due: "2026-02-01", Severity: int64(i % 6), Irremediable: int64(i % 5), Value: int64(i % 4)}
			if i%10 == 0 {
				r.Cliff = fmt.Sprintf("2026-%02d-01", 1+i%12)
			}
			if _, err := waiting(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}
