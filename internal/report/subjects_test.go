package report_test

import (
	"testing"

	"duly/internal/assessment"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/usage"
)

// TestRowsAreDeployments protects the unit that is judged: each deployment has its
// own row with its own rating, counts and findings; an account's own judgement goes
// to none of several and stands until each of them has a newer one.
func TestRowsAreDeployments(t *testing.T) {
	b := newBed(t)
	var account store.Ref
	ids := map[string]string{} // by capability
	deploy := func(tx *store.Tx, state, capability string) {
		o := origin("2024-01-01")
		o.State = state
		ids[capability] = put(b, tx, register.Deployments, register.Deployment{
			Origin: o, Identity: capability, Account: account.ID, Capability: capability,
		}).ID
	}
	rated := func(tx *store.Tx, subject, worst string) {
		put(b, tx, assessment.Ratings, assessment.Rating{
			Method: hashOf("method"), Engine: 1, Best: "LOW", Worst: worst, Inherent: worst, Tier: "CDD", Outcome: "approve", Subject: subject, Account: account.ID,
		})
	}
	b.write(func(tx *store.Tx) {
		account = put(b, tx, register.Accounts, register.Account{Origin: origin("2024-01-01"), Identity: "a", Name: "BILL 1"})
		deploy(tx, "ended", "compute")
		rated(tx, account.ID, "HIGH")
	})
	rows := func() map[string]report.Subject {
		t.Helper()
		signed, c := b.checkpoint()
		r := b.build(signed, c, ledger.Classes...)
		if r.Unplaced != (report.Unplaced{}) {
			t.Errorf("unplaced: %+v", r.Unplaced)
		}
		out := map[string]report.Subject{}
		for _, s := range r.Subjects {
			if s.Account == nil || s.Account.Text() != "BILL 1" || s.Entries.Account != account.Seq {
				t.Errorf("row %s does not name its account", s.ID)
			}
			out[s.ID] = s
		}
		if len(out) != len(r.Subjects) {
			t.Errorf("%d rows of %d subjects", len(r.Subjects), len(out))
		}
		return out
	}

	if got := rows(); len(got) != 1 || got[account.ID].Rating == nil || got[account.ID].State != "active" {
		t.Errorf("an account whose deployments have ended: %+v", got)
	}
	b.write(func(tx *store.Tx) { deploy(tx, "active", "face_search") })
	if got := rows(); len(got) != 1 || got[ids["face_search"]].Rating == nil {
		t.Errorf("its only active deployment keeps the account's rating: %+v", got)
	}
	b.write(func(tx *store.Tx) {
		deploy(tx, "active", "video_storage")
		rated(tx, ids["face_search"], "CRITICAL")
		put(b, tx, usage.Findings, usage.FindingRecord{
			State: "open", Grade: "high", Kind: "breach", Condition: hashOf("c"), Day: "2026-11-17", Calls: 9, Deployment: ids["video_storage"], Identity: "f",
		})
	})
	got := rows()
	if len(got) != 3 || got[account.ID].Rating.Worst != "HIGH" || got[ids["face_search"]].Rating.Worst != "CRITICAL" || got[ids["video_storage"]].Rating != nil {
		t.Errorf("one of two is rated: %+v", got)
	}
	if len(got[ids["video_storage"]].Findings) != 1 || len(got[ids["face_search"]].Findings) != 0 {
		t.Error("a finding stands with another deployment")
	}
	b.write(func(tx *store.Tx) { rated(tx, ids["video_storage"], "LOW") })
	if got := rows(); len(got) != 2 || got[ids["video_storage"]].Rating.Worst != "LOW" {
		t.Errorf("both are rated: %+v", got)
	}
}
