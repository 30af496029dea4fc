package decision_test

import (
	"testing"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/store/storetest"
)

// TestWhatPeopleDependOn protects GC-04 and IM-17.
func TestWhatPeopleDependOn(t *testing.T) {
	o := openOffice(t, storetest.SQLite(t, rooms...))
	r := o.rate("suspend", "CRITICAL", "EDD+GB")
	ann := act.Actor{Key: o.ann.ID()}
	suspend := o.request(r, o.approve[0])
	suspend.Act = decision.Exit
	if _, err := decision.SetEssential(ctx, o.db, act.Default, ann, now, r.account, true, "emergency calls run on it"); err != nil {
		t.Fatal(err)
	}
	step, err := o.decide(suspend)
	o.refused(refusal.Exit, step, err)
	x := decision.ExitImpact{Subject: r.account, Loss: "calls", Data: "recordings", Successor: "not known"}
	if _, err := decision.WeighExit(ctx, o.db, act.Default, ann, now, x); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("without continuity: %v", err)
	}
	x.Continuity = "ninety days"
	if _, err := decision.WeighExit(ctx, o.db, act.Default, ann, now, x); err != nil {
		t.Fatal(err)
	}
	unowned := suspend
	unowned.Owner = ""
	step, err = o.decide(unowned)
	o.refused(refusal.Owner, step, err)
	if step, err = o.decide(suspend); err != nil || step.Decision.Essential != "yes" || step.Decision.Impact == "" {
		t.Errorf("%+v, %v", step, err)
	}
}

// TestACustomerIsHeard protects IM-09: notice with reasons, a response, a correction
// that stops what was decided on until it is rated again, and an appeal to others.
func TestACustomerIsHeard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := openOffice(t, storetest.Begin(t, dsn, rooms...))
		r := o.rate("approve", "LOW", "SDD")
		if _, _, err := r.decide(decision.Suspend, o.approve[0]); err != nil {
			t.Fatal(err)
		}
		ann, bob := act.Actor{Key: o.ann.ID()}, act.Actor{Key: o.approve[1].ID()}
		clocks := func() []decision.Clock {
			t.Helper()
			list, err := decision.Clocks(ctx, o.db, "2026-12-09")
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if c := clocks(); len(c) != 1 || c[0].What != "notice" || c[0].Due != "2026-12-08" || !c[0].Late {
			t.Fatalf("clocks %+v", c)
		}
		told, _, err := decision.Tell(ctx, o.db, act.Default, ann, now, r.account, "You are taken for somebody on a list.", "")
		if err != nil || told.State != "sent" || told.RespondBy != "2026-12-24" {
			t.Fatalf("%+v, %v", told, err)
		}
		_, correction, err := decision.Receive(ctx, o.db, act.Default, ann, now, r.account, "correction", "That is another firm.")
		if err != nil {
			t.Fatal(err)
		}
		approve := o.request(r, o.approve[1])
		approve.Act = decision.Approve
		step, err := o.decide(approve)
		o.refused(refusal.Correct, step, err)
		_, _, err = decision.Respond(ctx, o.db, act.Default, ann, now, correction.ID, "upheld", "You are right.")
		o.refused(refusal.Correct, nil, err)
		o.again(&r, func(*assessment.Rating) {})
		if _, _, err = decision.Respond(ctx, o.db, act.Default, ann, now, correction.ID, "upheld", "You are right."); err != nil {
			t.Fatal(err)
		}
		_, appeal, err := decision.Receive(ctx, o.db, act.Default, ann, now, r.account, "appeal", "Undo it.")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = decision.Respond(ctx, o.db, act.Default, act.Actor{Key: o.approve[0].ID()}, now, appeal.ID, "rejected", "No.")
		o.refused(refusal.FourEyes, nil, err)
		if _, _, err = decision.Respond(ctx, o.db, act.Default, bob, now, appeal.ID, "upheld", "It is undone."); err != nil {
			t.Fatal(err)
		}
		approve.Rating = "" // the rating that it named was overtaken
		if _, err := o.decide(approve); err != nil {
			t.Errorf("after the correction: %v", err)
		}
		if c := clocks(); len(c) != 0 {
			t.Errorf("clocks still run: %+v", c)
		}
	})
}
