package casework_test

import (
	"testing"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

func count[T any](o *office, list []*store.Revision[T], err error) int {
	o.Helper()
	o.ok(err)
	return len(list)
}

// TestWhatCameWithoutLeave protects the gate from those who walk around it: the billing
// tells what a customer got, and only leave that was given before, for that capability
// and within its days, keeps it from being a case.
func TestWhatCameWithoutLeave(t *testing.T) {
	cases := []struct {
		name  string
		leave string // capability that leave is given for; "" for none
		day   string // on which the deployment is registered
		from  string // from which it holds
		swept string // on which the next sweep runs
		says  bool
	}{
		{name: "nobody gave leave", says: true},
		{name: "leave before", leave: "face_search"},
		{name: "leave that is too old", leave: "face_search", day: "2026-05-01", says: true},
		{name: "registered for later", from: "2026-03-01"},
		{name: "registered for later, and begun", from: "2026-03-01", swept: "2026-03-02", says: true},
		{name: "registered for later, begun with leave", leave: "face_search", from: "2026-03-01", swept: "2026-03-02"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := newJudged(t, t.TempDir()+"/duly.db")
			if c.leave != "" {
				_, err := o.worker(o.abe).Widen(ctx, o.db, o.rules, o.deployed, c.leave, "asked for")
				o.ok(err)
			}
			if c.day != "" {
				o.today = c.day
			}
			account := put(o.office, register.Accounts, register.Account{Origin: active, Name: "second", Customer: o.police, Product: o.product})
			origin := active
			origin.Received = o.today
			if c.from != "" {
				origin.ValidFrom = c.from
			}
			put(o.office, register.Deployments, register.Deployment{Origin: origin, Customer: o.police, Product: o.product, Account: account, Capability: "face_search", Jurisdiction: "US"})
			o.triage()
			s := o.sweep()
			if c.swept != "" {
				if s.Events["widened_without_leave"] != 0 {
					t.Errorf("before it began: %v", s.Events)
				}
				o.today = c.swept
				s = o.sweep()
			}
			if says := s.Events["widened_without_leave"] == 1; says != c.says {
				t.Errorf("%v", s.Events)
			}
			if again := o.sweep(); again.Events["widened_without_leave"] != 0 {
				t.Errorf("it is found twice: %v", again.Events)
			}
		})
	}
}

// TestARefusedLeaveLeavesAnAttempt protects that nothing is written but the attempt,
// with the rule that refused it.
func TestARefusedLeaveLeavesAnAttempt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newJudged(t, dsn)
		contract := put(o.office, register.Contracts, register.Contract{Origin: active, Customer: o.police})
		sal := someone(t, 3, act.Approver, act.Sales)
		renew := func(by person) error {
			_, err := o.worker(by).Renew(ctx, o.db, contract, "2027-01-01", "asked for")
			return err
		}
		o.ok(renew(o.abe))
		o.refused(renew(o.ann), "may decide")
		o.refused(renew(sal), "sales may not decide")
		_, err := casework.Raise(ctx, o.db, storetest.Actor, casework.Signal{Sort: "concern", Subject: o.deployed, Text: "unseen", Day: o.today})
		o.ok(err)
		o.refused(renew(o.abe), "[rule unread]")
		o.sweep()
		o.closed(o.police, casework.Kept, o.ann)
		o.sweep()
		o.decide(o.deployed, decision.Suspend, o.abe)
		o.refused(renew(o.abe), "[rule not_approved]")
		if _, err = o.worker(o.abe).Widen(ctx, o.db, o.rules, o.deployed, "face_search", "asked for"); err == nil {
			t.Error("what is suspended is widened")
		}
		leaves, err := store.Select(ctx, o.db, casework.Leaves, "")
		if n := count(o.office, leaves, err); n != 1 {
			t.Errorf("%d leaves", n)
		}
		tried, err := store.Select(ctx, o.db, refusal.Refusals, "r.act in ('renew', 'widen')")
		if n := count(o.office, tried, err); n != 5 {
			t.Errorf("%d attempts", n)
		}
	})
}

// TestAContractIsNotRenewedUnseen protects against renewing by the back door: a later
// end, another contract in its place and billing beyond the end are all renewals.
func TestAContractIsNotRenewedUnseen(t *testing.T) {
	cases := []struct {
		name  string
		until string // leave to renew until then; "" for none
		how   func(o *judgedOffice, contract string)
		says  bool
	}{
		{"nothing happens", "", func(*judgedOffice, string) {}, false},
		{"a later end", "", func(o *judgedOffice, c string) {
			revise(o.office, register.Contracts, c, func(c *register.Contract) { c.ValidTo = "2027-02-01" })
		}, true},
		{"a later end with leave", "2027-02-01", func(o *judgedOffice, c string) {
			revise(o.office, register.Contracts, c, func(c *register.Contract) { c.ValidTo = "2027-02-01" })
		}, false},
		{"a later end than was allowed", "2027-01-31", func(o *judgedOffice, c string) {
			revise(o.office, register.Contracts, c, func(c *register.Contract) { c.ValidTo = "2027-02-01" })
		}, true},
		{"without an end", "2027-02-01", func(o *judgedOffice, c string) {
			revise(o.office, register.Contracts, c, func(c *register.Contract) { c.ValidTo = "" })
		}, true},
		{"an earlier end", "", func(o *judgedOffice, c string) {
			revise(o.office, register.Contracts, c, func(c *register.Contract) { c.ValidTo = "2026-02-01" })
		}, false},
		{"another in its place", "", func(o *judgedOffice, _ string) {
			put(o.office, register.Contracts, register.Contract{Origin: register.Origin{State: "active", ValidTo: "2027-02-01"}, Customer: o.police})
		}, true},
		{"another in its place with leave", "2027-02-01", func(o *judgedOffice, _ string) {
			put(o.office, register.Contracts, register.Contract{Origin: register.Origin{State: "active", ValidTo: "2027-02-01"}, Customer: o.police})
		}, false},
		{"it runs on", "", func(o *judgedOffice, _ string) { o.today = "2026-09-02" }, true},
		{"it runs on with leave", "2027-02-01", func(o *judgedOffice, _ string) { o.today = "2026-09-02" }, false},
		{"it ends with its account", "", func(o *judgedOffice, _ string) {
			revise(o.office, register.Accounts, o.account, func(a *register.Account) { a.State = "ended" })
			revise(o.office, register.Deployments, o.deployed, func(d *register.Deployment) { d.State = "ended" })
			o.today = "2026-09-02"
		}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := newJudged(t, t.TempDir()+"/duly.db")
			contract := put(o.office, register.Contracts, register.Contract{Origin: register.Origin{State: "active", ValidFrom: "2026-01-01", ValidTo: "2026-09-01"}, Customer: o.police})
			o.sweep()
			if c.until != "" {
				_, err := o.worker(o.abe).Renew(ctx, o.db, contract, c.until, "asked for")
				o.ok(err)
			}
			c.how(o, contract)
			if s := o.sweep(); (s.Events["renewed_without_leave"] == 1) != c.says {
				t.Errorf("%v", s.Events)
			}
			if s := o.sweep(); s.Events["renewed_without_leave"] != 0 {
				t.Errorf("it is found twice: %v", s.Events)
			}
		})
	}
}
