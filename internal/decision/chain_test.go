package decision_test

import (
	"testing"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// resold is a deployment that somebody uses through a reseller, rated as LOW.
type resold struct {
	*office
	reseller, user, link, product, account, deployed string
}

func newResold(t *testing.T) *resold {
	o := &resold{office: openOffice(t, storetest.SQLite(t, rooms...))}
	active := register.Origin{State: "active"}
	o.write(func(tx *store.Tx) {
		o.reseller = made(o, tx, register.Customers, register.Customer{Origin: active, Name: "Gullwing Resale", Kind: "company", Sector: "commercial"})
		o.user = made(o, tx, register.Customers, register.Customer{Origin: active, Name: "Reed Baskets", Kind: "company", Sector: "commercial"})
		o.product = made(o, tx, register.Products, register.Product{Origin: active, Name: "Counting", Intended: []string{"object_detection"}})
		o.link = made(o, tx, register.Relationships, register.Relationship{Origin: active, Customer: o.reseller, Party: o.user, Role: "end_user", FlowDown: "yes", AuditRight: "yes"})
		o.account = made(o, tx, register.Accounts, register.Account{Origin: active, Customer: o.reseller, Product: o.product, Via: o.link})
		o.deployed = made(o, tx, register.Deployments, register.Deployment{Origin: active, Customer: o.user, Account: o.account, Product: o.product, Capability: "object_detection"})
		made(o, tx, assessment.Ratings, assessment.Rating{
			Method: packet, Engine: 1, Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "SDD", Outcome: "approve", Review: 24,
			Subject: o.deployed, Account: o.account, Preparer: o.ann.ID(),
		})
	})
	return o
}

func (o *resold) write(fn func(tx *store.Tx)) {
	o.Helper()
	if err := o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		o.Fatal(err)
	}
}

// approve tries to approve it.
func (o *resold) approve() error {
	q := o.request(rated{account: o.deployed}, o.office.approve[0])
	q.Act, q.Rating = decision.Approve, ""
	_, err := o.decide(q)
	return err
}

// made writes a record.
func made[T any](o *resold, tx *store.Tx, kind *ledger.Kind[T], record T) string {
	o.Helper()
	ref, err := store.Create(tx, kind, &record)
	if err != nil {
		o.Fatal(err)
	}
	return ref.ID
}

// touch changes a record.
func touch[T any](o *resold, kind *ledger.Kind[T], id string, change func(*T)) {
	o.Helper()
	o.write(func(tx *store.Tx) {
		r, err := store.Get(ctx, tx, kind, id)
		if err != nil {
			o.Fatal(err)
		}
		next := *r.Record
		change(&next)
		if _, _, err := store.Revise(tx, kind, id, &next); err != nil {
			o.Fatal(err)
		}
	})
}

// TestEveryRecordOfTheChainCounts protects against a decision on whom nobody rated: each
// record between the vendor and the end user is newer than the rating in turn.
func TestEveryRecordOfTheChainCounts(t *testing.T) {
	for name, change := range map[string]func(*resold){
		"": func(*resold) {},
		"the reseller": func(o *resold) {
			touch(o, register.Customers, o.reseller, func(c *register.Customer) { c.Sector = "policing" })
		},
		"the end user": func(o *resold) {
			touch(o, register.Customers, o.user, func(c *register.Customer) { c.Sector = "policing" })
		},
		"the relationship": func(o *resold) {
			touch(o, register.Relationships, o.link, func(r *register.Relationship) { r.FlowDown = "no" })
		},
		"the account": func(o *resold) {
			touch(o, register.Accounts, o.account, func(a *register.Account) { a.Name = "another" })
		},
		"the deployment": func(o *resold) {
			touch(o, register.Deployments, o.deployed, func(d *register.Deployment) { d.Capability = "face_search" })
		},
		"the product": func(o *resold) {
			touch(o, register.Products, o.product, func(p *register.Product) { p.Unintended = []string{"face_search"} })
		},
	} {
		o := newResold(t)
		change(o)
		err := o.approve()
		if name == "" && err != nil {
			t.Errorf("nothing changed: %v", err)
		}
		if name != "" {
			t.Log(name)
			o.refused(refusal.Customer, nil, err)
		}
	}
}

// TestFactsAndHitsOfTheChainCount protects the same against what was stated or found of
// anybody in the chain after the rating.
func TestFactsAndHitsOfTheChainCount(t *testing.T) {
	for _, whom := range []func(*resold) string{
		func(o *resold) string { return o.reseller }, func(o *resold) string { return o.user },
	} {
		for _, state := range []string{screening.Open, screening.Confirmed} {
			o := newResold(t)
			o.write(func(tx *store.Tx) {
				made(o, tx, screening.Hits, screening.Hit{State: state, Subject: whom(o), Identity: "x"})
			})
			o.refused(refusal.Flag, nil, o.approve())
		}
		o := newResold(t)
		o.write(func(tx *store.Tx) {
			if err := stateFact(tx, whom(o)); err != nil {
				o.Fatal(err)
			}
		})
		o.refused(refusal.Stale, nil, o.approve())
	}
	for _, whom := range []func(*resold) string{
		func(o *resold) string { return o.account }, func(o *resold) string { return o.deployed },
	} {
		o := newResold(t)
		o.write(func(tx *store.Tx) {
			if err := stateFact(tx, whom(o)); err != nil {
				o.Fatal(err)
			}
		})
		o.refused(refusal.Stale, nil, o.approve())
	}
}

// TestWhoTookPartDoesNotDecide protects IM-04 against people who change their roles: an
// expert, a member who voted and a preparer stay out of what they took part in, whatever
// they are now.
func TestWhoTookPartDoesNotDecide(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("escalate", "HIGH", "EDD")
	if err := o.opine(r, o.expert, "support"); err != nil {
		t.Fatal(err)
	}
	o.ask(r, "for", "for", "for", "for", "for", "", "")
	list, err := store.Select(ctx, o.db, people.Persons, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{o.ann.ID(), o.expert.ID(), o.members[0].ID()} {
		for _, p := range list {
			if p.Record.KeyID != who {
				continue
			}
			next := *p.Record
			next.Roles = []string{string(act.Approver)}
			err := o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
				_, _, err := store.Revise(tx, people.Persons, p.ID, &next)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, who := range []ledger.PersonKey{o.ann, o.expert, o.members[0]} {
		step, err := o.decide(o.request(r, who))
		o.refused(refusal.FourEyes, step, err)
	}
	step, err := o.decide(o.request(r, o.approve[0]))
	if err != nil {
		t.Fatal(err)
	}
	id := step.Waits
	step, err = o.sign(id, o.members[0])
	o.refused(refusal.FourEyes, step, err)
}
