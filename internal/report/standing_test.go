package report_test

import (
	"context"
	"strings"
	"testing"

	"duly/internal/decision"
	"duly/internal/gate"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
)

// TestWhatHoldsIsShown protects readers from a decision that does not hold: one that is
// locked until a later day shows what holds until then, one that ended says so, and
// overrides are counted also when others have replaced them (PO-03).
func TestWhatHoldsIsShown(t *testing.T) {
	b := newBed(t)
	_, key := b.approver()
	accounts := map[string]store.Ref{}
	b.write(func(tx *store.Tx) {
		for _, name := range []string{"locked", "new", "ended", "replaced"} {
			accounts[name] = put(b, tx, register.Accounts, register.Account{Origin: origin("2024-01-01"), Identity: name, Name: name})
		}
	})
	decide := func(name, act, basis, from, expires string) {
		b.write(func(tx *store.Tx) {
			d := &decision.Decision{
				Act: act, Basis: basis, Outcome: "escalate", Tier: "EDD", Residual: "HIGH", Day: "2026-11-01", From: from, Expires: expires, Signatures: 1,
				Subject: accounts[name].ID, Rating: hashOf("a rating"), Opinions: 2, Objections: 1,
			}
			before, err := store.Select(context.Background(), tx, decision.Decisions, "r.subject = $1", d.Subject)
			if err == nil && len(before) > 0 {
				_, _, err = store.Revise(tx, decision.Decisions, before[0].ID, d, key)
			} else if err == nil {
				_, err = store.Create(tx, decision.Decisions, d, key)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	const long = "2099-01-01"
	decide("locked", "suspend", "rating", "2026-11-01", "")
	decide("locked", "approve", "override", long, "2100-01-01")
	decide("new", "approve", "override", long, "2100-01-01")
	decide("ended", "approve", "override", "2026-01-01", "2026-06-01")
	decide("replaced", "approve", "override", "2026-01-01", long)
	decide("replaced", "decline", "rating", "2026-11-01", "")
	declined, err := store.Select(context.Background(), b.w.DB, decision.Decisions, "r.subject = $1", accounts["replaced"].ID)
	if err != nil {
		t.Fatal(err)
	}
	b.write(func(tx *store.Tx) {
		put(b, tx, gate.Enforcements, gate.Enforcement{State: gate.Failed, Decision: declined[0].Hash.String(), Decided: "2026-11-01", Day: "2026-11-02"})
		put(b, tx, gate.Enforcements, gate.Enforcement{State: gate.Confirmed, Decision: declined[0].Hash.String(), Decided: "2026-11-01", Day: "2026-11-03"})
	})
	signed, c := b.checkpoint()
	r := b.build(signed, c, ledger.Classes...)
	if d := r.Decisions; d.Confirmed != 1 {
		t.Errorf("%d decisions are confirmed as enforced, want 1", d.Confirmed)
	}
	if d := r.Decisions; d.Decided != 4 || d.Overrides != 4 || d.Locked != 2 || d.Lapsed != 1 {
		t.Errorf("counted %+v", d)
	}
	acts := map[string]int{}
	for _, a := range r.Decisions.Acts {
		acts[a.Name] = a.Count
	}
	if acts["suspend"] != 1 || acts["decline"] != 1 || acts["approve"] != 0 {
		t.Errorf("in force: %v", acts)
	}
	got := map[string]*report.Decision{}
	for _, s := range r.Subjects {
		if s.Account != nil {
			got[s.Account.Text()] = s.Decision
		}
	}
	if d := got["locked"]; d.State != "locked" || d.Until == nil || d.Until.Act != "suspend" {
		t.Errorf("locked: %+v", d)
	}
	if d := got["new"]; d.State != "locked" || d.Until != nil {
		t.Errorf("new: %+v", d)
	}
	if d := got["ended"]; d.State != "lapsed" {
		t.Errorf("ended: %+v", d)
	}
	var page strings.Builder
	if err := report.HTML(r, &page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Locked until 2099-01-01.", "Until then: Suspended, of 2026-11-01.", "It ended on 2026-06-01: nothing may run.", "1 of 2 experts object.", "An override."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
