package assessment_test

import (
	"slices"
	"testing"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

func (c *chain) deploy(t *testing.T, state, customer, capability string) string {
	t.Helper()
	var ref store.Ref
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		ref, err = store.Create(tx, register.Deployments, &register.Deployment{
			Origin: register.Origin{State: state}, Customer: customer, Product: c.product, Account: c.account, Capability: capability,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ref.ID
}

func (c *chain) rate(t *testing.T, which assessment.Which) ([]string, *assessment.Summary, error) {
	t.Helper()
	s, err := assessment.Assess(ctx, c.db, storetest.Actor, today, shipped(t, "methods/rm-1.yaml"), which, nil)
	if err != nil {
		return nil, nil, err
	}
	list, err := store.Select(ctx, c.db, assessment.Ratings, "")
	if err != nil {
		t.Fatal(err)
	}
	var subjects []string
	for _, r := range list {
		if r.Record.Account != c.account {
			t.Errorf("a rating names the account %s", r.Record.Account)
		}
		subjects = append(subjects, r.Record.Subject)
	}
	return subjects, s, nil
}

// TestEveryDeploymentIsRated protects the unit that is judged: one customer's search
// by face and its store of video are two, and what has ended is none.
func TestEveryDeploymentIsRated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		second := c.deploy(t, "active", c.sheriff, "video_storage")
		ended := c.deploy(t, "ended", c.sheriff, "face_search")
		if _, _, err := c.rate(t, assessment.Which{IDs: []string{ended}}); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("what has ended was rated: %v", err)
		}
		if got, s, err := c.rate(t, assessment.Which{IDs: []string{second}}); err != nil || s.Assessed != 1 || !slices.Equal(got, []string{second}) {
			t.Errorf("named by its id: rated %v, %v", got, err)
		}
		c.state(t, second, "use.identification", ledger.Text("none"))
		got, s, err := c.rate(t, assessment.Which{IDs: []string{c.account}})
		if err != nil || s.Assessed != 2 || len(got) != 2 || !slices.Contains(got, c.deployment) || !slices.Contains(got, second) {
			t.Fatalf("named by the account: rated %v of %s and %s, %v", got, c.deployment, second, err)
		}
		if s.Subjects[0].Account != c.account || s.Subjects[1].Account != c.account {
			t.Errorf("accounts %s and %s", s.Subjects[0].Account, s.Subjects[1].Account)
		}
		for _, one := range s.Subjects {
			if slices.Contains(one.Missing, "use.identification") != (one.Subject != second) {
				t.Errorf("a fact about one deployment went elsewhere: %s misses %v", one.Subject, one.Missing)
			}
		}
		if _, err := triage.Run(ctx, c.db, storetest.Actor, today, shipped(t, "triage/base.yaml"), nil); err != nil {
			t.Fatal(err)
		}
		if _, s, err = c.rate(t, assessment.Which{Lanes: []triage.Lane{triage.Person}}); err != nil || s.Assessed != 2 || s.Changed != 0 {
			t.Errorf("named by the lane: %+v, %v", s, err)
		}
	})
}

// TestOnlyEndedDeploymentsLeaveTheAccount protects an account whose deployments are
// all over and that is still billed: it is rated as itself.
func TestOnlyEndedDeploymentsLeaveTheAccount(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		d, err := store.Get(ctx, tx, register.Deployments, c.deployment)
		if err != nil {
			return err
		}
		d.Record.State = "ended"
		if _, _, err = store.Revise(tx, register.Deployments, d.ID, d.Record); err != nil {
			return err
		}
		_, err = store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const match = "screening.list_match"
	got, s, err := c.rate(t, assessment.Which{IDs: []string{c.account}})
	if err != nil || !slices.Equal(got, []string{c.account}) || slices.Contains(s.Subjects[0].Missing, match) {
		t.Fatalf("rated %v, %v", got, err)
	}
	var town store.Ref // nobody screened it, whatever is known of the account
	err = c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		town, err = store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: "Sorrel Town", Kind: "public_body", Sector: "schools"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.deploy(t, "active", town.ID, "face_search")
	if _, s, err = c.rate(t, assessment.Which{IDs: []string{c.account}}); err != nil || !slices.Contains(s.Subjects[0].Missing, match) {
		t.Errorf("the account's screening counts for a deployment of somebody else: %+v, %v", s, err)
	}
}

// TestADeploymentOfSomebodyElse protects an account that is billed to one and used
// by another: whose the deployment is, is its end user, and a hit on that one stops
// this deployment and no other.
func TestADeploymentOfSomebodyElse(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	var town store.Ref
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		if town, err = store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: "Sorrel Town", Kind: "public_body", Sector: "schools"}); err != nil {
			return err
		}
		if _, err = store.Create(tx, screening.Hits, &screening.Hit{State: "confirmed", Subject: town.ID, Identity: "x"}); err != nil {
			return err
		}
		_, err = store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other := c.deploy(t, "active", town.ID, "face_search")
	_, s, err := c.rate(t, assessment.Which{IDs: []string{c.account}})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range s.Subjects {
		if stopped := slices.Contains(one.HardStops, "HS-L1"); stopped != (one.Subject == other) {
			t.Errorf("%s: hard stops %v", one.Subject, one.HardStops)
		}
	}
}

// TestWhoCameLaterIsNotScreened protects screening.list_match from a run that never
// saw who is judged: it is unknown again as soon as a party of the chain is another
// than the one that was compared, also where an earlier rating said "none".
func TestWhoCameLaterIsNotScreened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		const fact = "screening.list_match"
		known := func(want bool, when string) {
			t.Helper()
			a, _ := c.assess(t)
			if got := !slices.Contains(a.Missing, fact); got != want {
				t.Errorf("%s: known is %v", when, got)
			}
		}
		run := func(tx *store.Tx) error {
			_, err := store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
			return err
		}
		write := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := c.db.Write(ctx, storetest.Actor, fn); err != nil {
				t.Fatal(err)
			}
		}
		known(false, "before any run")
		write(run)
		known(true, "after a run")
		write(func(tx *store.Tx) error {
			r, err := store.Get(ctx, tx, register.Customers, c.reseller)
			if err != nil {
				return err
			}
			r.Record.Name = "Gullwing Listed Resale"
			_, _, err = store.Revise(tx, register.Customers, r.ID, r.Record)
			return err
		})
		known(false, "the reseller has another name")
		write(run)
		known(true, "after another run")
	})
}
