package decision_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/voice"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var (
	ctx   = context.Background()
	now   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	rooms = []store.Migrations{people.Migrations, refusal.Migrations, voice.Migrations, register.Migrations, evidence.Migrations, runs.Migrations, screening.Migrations, assessment.Migrations, decision.Migrations}
)

func key(t testing.TB, seed byte) ledger.PersonKey {
	t.Helper()
	k, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// rated is a deployment with a rating of the given outcome, prepared by preparer.
type rated struct {
	t                 testing.TB
	db                *store.DB
	account, customer string
	rating            store.Ref
}

func rate(t testing.TB, db *store.DB, outcome, worst, preparer string) rated {
	t.Helper()
	r := rated{t: t, db: db}
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		c, err := store.Create(tx, register.Customers, &register.Customer{Origin: register.Origin{State: "active"}, Name: "Harbour board", Kind: "public_body", Sector: "commercial", Jurisdiction: "NZ"})
		if err != nil {
			return err
		}
		a, err := store.Create(tx, register.Accounts, &register.Account{Origin: register.Origin{State: "active"}, Customer: c.ID})
		if err != nil {
			return err
		}
		r.account, r.customer = a.ID, c.ID
		r.rating, err = store.Create(tx, assessment.Ratings, &assessment.Rating{
			Method: strings.Repeat("0", 64), Engine: 1, Best: "LOW", Worst: worst, Inherent: worst, Tier: "CDD",
			Outcome: outcome, Review: 24, Subject: a.ID, Account: a.ID, Preparer: preparer,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// join registers a person with a key, once.
func join(t testing.TB, db *store.DB, by ledger.PersonKey, roles ...act.Role) act.Actor {
	t.Helper()
	if _, err := people.ByKey(ctx, db, by.ID()); err == nil || len(roles) == 0 {
		return act.Actor{Key: by.ID()}
	}
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, by.ID(), roles, by)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return act.Actor{Key: by.ID()}
}

func (r rated) decide(what decision.Act, by ledger.PersonKey, roles ...act.Role) (*decision.Decision, store.Ref, error) {
	step, err := decision.Decide(ctx, r.db, act.Default, decision.Request{
		Subject: r.account, Act: what, Reason: "because", By: join(r.t, r.db, by, roles...), Key: by, Now: now,
	})
	if err != nil {
		return nil, store.Ref{}, err
	}
	return step.Decision, step.Ref, nil
}

// TestWhatARatingAllows protects the rule that a decision follows from the rating:
// refusing is always possible, letting run only where the method allows it.
func TestWhatARatingAllows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		ada := key(t, 1)
		for outcome, lets := range map[string][]decision.Act{
			"approve":                 {decision.Approve, decision.ApproveWithConditions},
			"approve_with_conditions": {decision.ApproveWithConditions},
			"escalate":                nil, "decline": nil, "suspend": nil, "pending": nil,
			"prohibited_legal": nil, "prohibited_policy": nil,
		} {
			for _, what := range decision.Acts {
				r := rate(t, db, outcome, "MEDIUM", "somebody else")
				_, _, err := r.decide(what, ada, act.Approver)
				runs := what == decision.Approve || what == decision.ApproveWithConditions // one person
				may := slices.Contains(lets, what) || !runs && (what != decision.Escalate || outcome != "prohibited_legal")
				if may != (err == nil) || (err != nil && fault.CodeOf(err) != fault.Refused) {
					t.Errorf("rating calls for %s, decided %s: %v", outcome, what, err)
				}
			}
		}
	})
}

func TestFourEyesAndRoles(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	ada, sam := key(t, 1), key(t, 2)
	join(t, db, ada, act.Approver)
	own := rate(t, db, "approve", "LOW", ada.ID())
	if _, _, err := own.decide(decision.Approve, ada, act.Approver); fault.CodeOf(err) != fault.Refused {
		t.Errorf("the preparer decided: %v", err)
	}
	for i, roles := range [][]act.Role{{act.Sales}, {act.Sales, act.Approver}, {act.Administrator}, {act.Analyst}, {act.Expert}, {act.Expert, act.Approver}, {}} {
		if _, _, err := own.decide(decision.Approve, key(t, 10+byte(i)), roles...); fault.CodeOf(err) != fault.Refused {
			t.Errorf("roles %v decided: %v", roles, err)
		}
	}
	if _, _, err := own.decide(decision.Approve, sam, act.Approver); err != nil {
		t.Errorf("a second person with the role was refused: %v", err)
	}
}

// TestTheSignatureCoversWhatIsDecided protects the person: nobody can change the
// act or the rating that it rests on afterwards and keep the signature.
func TestTheSignatureCoversWhatIsDecided(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	ada := key(t, 1)
	r := rate(t, db, "approve", "LOW", "somebody else")
	d, ref, err := r.decide(decision.Approve, ada, act.Approver)
	if err != nil {
		t.Fatal(err)
	}
	if d.ReviewDay != "2028-11-24" || d.Signatures != 1 {
		t.Errorf("decision %+v", d)
	}
	got, err := store.GetBySeq(ctx, db, decision.Decisions, ref.Seq)
	if err != nil || len(got.Leaf.Sigs) != 1 {
		t.Fatalf("%v, %d signatures", err, len(got.Leaf.Sigs))
	}
	log := ledger.LogID{Origin: "test.example/log", Epoch: 1}
	if !got.Leaf.Sigs[0].Verify(got.Leaf.Statement(log)) {
		t.Error("the signature does not fit")
	}
	for from, to := range map[string]string{
		`"act":"approve"`: `"act":"decline"`,
		`"rating":"` + r.rating.Hash.String() + `"`: `"rating":"` + strings.Repeat("0", 64) + `"`,
	} {
		changed := *got.Leaf
		changed.Public = bytes.Replace(changed.Public, []byte(from), []byte(to), 1)
		if bytes.Equal(changed.Public, got.Leaf.Public) || changed.Sigs[0].Verify(changed.Statement(log)) {
			t.Errorf("%s is not said, or the signature fits %s", from, to)
		}
	}
}

func TestNobodySignsForSomebodyElse(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	ada, eve := key(t, 1), key(t, 2)
	r := rate(t, db, "approve", "LOW", "somebody else")
	_, err := decision.Decide(ctx, db, act.Default, decision.Request{
		Subject: r.account, Act: decision.Approve, Reason: "because", By: join(t, db, ada, act.Approver), Key: eve, Now: now,
	})
	if fault.CodeOf(err) != fault.Refused {
		t.Errorf("decided in ada's name with eve's key: %v", err)
	}
}

func TestAnOpenHitBlocksApproval(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	ada := key(t, 1)
	r := rate(t, db, "approve", "LOW", "somebody else")
	hit := &screening.Hit{State: "open", Subject: r.customer, Identity: "x"}
	var ref store.Ref
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		ref, err = store.Create(tx, screening.Hits, hit)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.decide(decision.Approve, ada, act.Approver); fault.CodeOf(err) != fault.Refused {
		t.Errorf("approved with an open hit: %v", err)
	}
	if _, err := screening.Close(ctx, db, screening.Disposition{Hit: ref.ID, State: screening.Dismissed, Reason: "another firm", By: storetest.Actor}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.decide(decision.Approve, ada, act.Approver); err != nil {
		t.Errorf("refused although the hit is dismissed: %v", err)
	}
}

// TestOwnersBlockApproval protects against approving around an owner: with an open
// hit, or with half of the customer once it is confirmed.
func TestOwnersBlockApproval(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	ada := key(t, 1)
	r := rate(t, db, "approve", "LOW", "somebody else")
	var hit, owner, interest store.Ref
	half, less := int64(5000), int64(4999)
	held := &register.Interest{Origin: register.Origin{State: "active"}, Owned: r.customer, Role: "owns", Least: &half, Most: &half}
	err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		if owner, err = store.Create(tx, register.Parties, &register.Party{Origin: register.Origin{State: "active"}, Sort: "person", Name: "Zoran Exemplar"}); err != nil {
			return err
		}
		held.Owner = owner.ID
		if interest, err = store.Create(tx, register.Interests, held); err != nil {
			return err
		}
		hit, err = store.Create(tx, screening.Hits, &screening.Hit{State: "open", Subject: owner.ID, Identity: "x", List: "eu_fsf"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.decide(decision.Approve, ada, act.Approver); fault.CodeOf(err) != fault.Refused {
		t.Errorf("approved with an open hit on an owner: %v", err)
	}
	if _, err := screening.Close(ctx, db, screening.Disposition{Hit: hit.ID, State: screening.Confirmed, Reason: "it is them", By: storetest.Actor}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.decide(decision.Approve, ada, act.Approver); fault.CodeOf(err) != fault.Refused {
		t.Errorf("approved although a listed party owns half: %v", err)
	}
	held.Least, held.Most = &less, &less
	err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, _, err := store.Revise(tx, register.Interests, interest.ID, held)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.decide(decision.Approve, ada, act.Approver); err != nil {
		t.Errorf("refused although less than half is held: %v", err)
	}
}

func TestADecisionNeedsAReasonAndARating(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	ada := key(t, 1)
	request := decision.Request{Subject: "nothing", Act: decision.Decline, Reason: "because", By: join(t, db, ada, act.Approver), Key: ada, Now: now}
	if _, err := decision.Decide(ctx, db, act.Default, request); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("decided on nothing: %v", err)
	}
	request.Reason = " "
	if _, err := decision.Decide(ctx, db, act.Default, request); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("decided without a reason: %v", err)
	}
	request.Reason, request.Act = "because", "bless"
	if _, err := decision.Decide(ctx, db, act.Default, request); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("decided an unknown act: %v", err)
	}
}

// TestADecisionNamesItsDeployment protects the unit that is decided on: an account
// stands for its only deployment, and for none of several.
func TestADecisionNamesItsDeployment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		ada := key(t, 1)
		r := rate(t, db, "approve", "LOW", "somebody else")
		deploy := func(state, customer string) (id string) {
			err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
				d, err := store.Create(tx, register.Deployments, &register.Deployment{Origin: register.Origin{State: state}, Account: r.account, Customer: customer})
				id = d.ID
				if err == nil {
					_, err = store.Create(tx, assessment.Ratings, &assessment.Rating{
						Method: strings.Repeat("0", 64), Engine: 1, Best: "LOW", Worst: "LOW", Inherent: "LOW", Tier: "CDD",
						Outcome: "approve", Review: 24, Subject: id, Account: r.account, Preparer: "somebody else",
					})
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		first := deploy("active", r.customer)
		deploy("ended", r.customer)
		if d, _, err := r.decide(decision.Approve, ada, act.Approver); err != nil || d.Subject != first {
			t.Fatalf("the only active deployment is %s: decided %+v, %v", first, d, err)
		}
		other := rate(t, db, "approve", "LOW", "somebody else").customer
		second := deploy("active", other)
		_, _, err := r.decide(decision.Approve, ada, act.Approver)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), first+", "+second) {
			t.Fatalf("two deployments: %v", err)
		}
		err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
			_, err := store.Create(tx, screening.Hits, &screening.Hit{State: "open", Subject: other, Identity: "x"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r.account = second
		if _, _, err := r.decide(decision.Approve, ada, act.Approver); fault.CodeOf(err) != fault.Refused {
			t.Errorf("approved with an open hit on whose the deployment is: %v", err)
		}
		r.account = first
		if d, _, err := r.decide(decision.Approve, ada, act.Approver); err != nil || d.Subject != first {
			t.Errorf("named: decided %+v, %v", d, err)
		}
	})
}
