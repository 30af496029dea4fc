package casework_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestACapabilityWaitsForEveryCustomer protects RG-03: nothing is launched until the
// product and each customer of it were looked at with what it can do then.
func TestACapabilityWaitsForEveryCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newJudged(t, dsn)
		gov, sal := someone(t, 5, act.GoverningBody), someone(t, 6, act.Sales)
		shop := o.customer("commercial")
		plain := put(o.office, register.Accounts, register.Account{Origin: active, Customer: shop, Product: o.product})
		o.triage()
		o.sweep()
		o.rate(plain, plain, "LOW", 1)
		o.decide(plain, decision.Approve, o.abe)
		o.closed(shop, casework.Decided, o.ann)

		announce := func(by person, capability string) (string, int, error) {
			ref, n, err := casework.Announce(ctx, o.db, act.Default, by.Actor, casework.Change{Product: o.product, Capability: capability, Reason: "customers ask for it"}, o.today)
			return ref.ID, n, err
		}
		if _, _, err := announce(o.ann, "face_search"); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("announced what the product does already: %v", err)
		}
		if _, _, err := announce(o.ann, "mind_reading"); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("announced what nobody knows: %v", err)
		}
		id, n, err := announce(sal, "live_face_recognition")
		o.ok(err)
		if n != 2 {
			t.Errorf("%d depend on it", n)
		}
		_, _, err = announce(o.ann, "live_face_recognition")
		o.refused(err, "announced for this product already")
		launch := func(by person) (*casework.Standing, error) {
			return casework.Launch(ctx, o.db, act.Default, by.Actor, id, o.today)
		}
		_, err = launch(sal)
		o.refused(err, "sales may not decide")
		_, err = launch(gov)
		o.refused(err, "the product itself is not reviewed")
		o.refused(casework.MayWiden(ctx, o.db, o.deployed, "live_face_recognition", o.today), "announced for this product and not launched")

		o.sweep()
		if events(o.open(o.police)) != "capability" || events(o.open(shop)) != "capability" || events(o.open(o.product)) != "capability" {
			t.Fatalf("it re-opens %s, %s, %s", events(o.open(o.police)), events(o.open(shop)), events(o.open(o.product)))
		}
		o.refused(o.worker(o.ann).Close(ctx, o.db, o.open(o.police).ID, casework.Kept, "as before"), "nobody has decided on it for "+o.deployed)
		o.closed(o.product, casework.Kept, o.ann)
		s, err := launch(gov)
		o.refused(err, "2 of 2 deployments")
		if s == nil || !slices.Equal(s.Undecided, []string{o.deployed, plain}) {
			t.Errorf("undecided: %+v", s)
		}

		// What was decided before the announcement does not count, and to escalate is
		// no decision.
		o.rate(o.deployed, o.account, "MEDIUM", 4)
		o.decide(plain, decision.Escalate, o.abe)
		o.decide(o.deployed, decision.ApproveWithConditions, o.abe)
		_, err = launch(gov)
		o.refused(err, "1 of 2 deployments since it was announced: "+plain)
		o.decide(plain, decision.Decline, o.abe)
		// Who comes meanwhile counts too.
		_, late := o.office.account(o.customer("policing"), o.product, "face_search")
		_, err = launch(gov)
		o.refused(err, late[0])
		revise(o.office, register.Deployments, late[0], func(d *register.Deployment) { d.State = "ended" })
		accounts, err := store.Select(ctx, o.db, register.Accounts, "r.product = $1", o.product)
		o.ok(err)
		revise(o.office, register.Accounts, accounts[len(accounts)-1].ID, func(a *register.Account) { a.State = "ended" })
		s, err = launch(gov)
		o.ok(err)
		if !slices.Equal(s.Cleared, []string{o.deployed}) || !slices.Equal(s.Refused, []string{plain}) || s.State != casework.Launched {
			t.Errorf("launched to %+v", s)
		}
		o.closed(o.police, casework.Decided, o.ann)
		o.closed(shop, casework.Decided, o.ann)
		o.ok(casework.MayWiden(ctx, o.db, o.deployed, "live_face_recognition", o.today))
		o.refused(casework.MayWiden(ctx, o.db, plain, "live_face_recognition", o.today), "nobody has cleared this customer")
		_, err = launch(gov)
		o.refused(err, "already launched")
		if s := o.sweep(); s.Opened != 0 {
			t.Errorf("after the launch: %v", s.Events)
		}
	})
}

// TestAWithdrawnCapability protects the product's record: what it does not get is not
// counted against its customers, unless it could do it anyhow.
func TestAWithdrawnCapability(t *testing.T) {
	o := newOffice(t, filepath.Join(t.TempDir(), "duly.db"))
	ann := someone(t, 1, act.Analyst)
	product := o.product("compute")
	revise(o, register.Products, product, func(p *register.Product) { p.Unintended = []string{"face_analysis"}; p.Settle() })
	can := func() string {
		p, err := store.Get(ctx, o.db, register.Products, product)
		o.ok(err)
		return strings.Join(p.Record.Intended, " ") + "/" + strings.Join(p.Record.Unintended, " ") + "/" + p.Record.Risk
	}
	for _, c := range []struct{ capability, meanwhile string }{{"plate_reader", "compute plate_reader/face_analysis/identify"}, {"face_analysis", "compute/face_analysis/identify"}} {
		was := can()
		ref, _, err := casework.Announce(ctx, o.db, act.Default, ann.Actor, casework.Change{Product: product, Capability: c.capability, Reason: "asked for"}, today)
		o.ok(err)
		if can() != c.meanwhile {
			t.Errorf("meanwhile %s", can())
		}
		o.ok(casework.Withdraw(ctx, o.db, act.Default, ann.Actor, ref.ID, today))
		if can() != was {
			t.Errorf("afterwards %s, not %s", can(), was)
		}
		o.refused(casework.Withdraw(ctx, o.db, act.Default, ann.Actor, ref.ID, today), "already withdrawn")
	}
}
