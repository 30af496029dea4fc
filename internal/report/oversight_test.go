package report_test

import (
	"bytes"
	"strings"
	"testing"

	"duly/internal/assessment"
	"duly/internal/casework"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/refusal"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/voice"
)

// TestWhoWasHeard protects experts and panels from being left out, and readers from a
// figure that depends on who reads: an audience that sees nothing sealed gets the same.
func TestWhoWasHeard(t *testing.T) {
	b := newBed(t)
	_, key := b.approver()
	bound := int64(33)
	b.write(func(tx *store.Tx) {
		for _, o := range []voice.Opinion{{State: "given", Choice: "object", Text: "an unspoken opinion"}, {State: "given", Choice: "support"}, {State: "withdrawn", Choice: "support"}} {
			put(b, tx, voice.Opinions, o, key)
		}
		put(b, tx, voice.Referrals, voice.Referral{State: "closed", Outcome: "against", For: 4, Against: 8, Abstain: 1, Closes: "2026-09-01", AnswerDue: "2026-10-01"})
		put(b, tx, voice.Referrals, voice.Referral{State: "closed", Outcome: "for", For: 9, Closes: "2026-06-01", AnswerDue: "2026-07-01"})
		put(b, tx, voice.Referrals, voice.Referral{State: "open", Closes: "2026-12-01"})
		put(b, tx, voice.Answers, voice.Answer{Choice: "reject", Day: "2026-07-03", Due: "2026-07-01", Late: true}, key)
		put(b, tx, voice.Resignations, voice.Resignation{Group: "affected", Day: "2026-07-04", Statement: "an unspoken statement"}, key)
		put(b, tx, refusal.Refusals, refusal.Refusal{Rule: string(refusal.Quorum), Act: "decision", Day: "2026-11-01"})
		put(b, tx, assessment.Exposures, assessment.Exposure{State: assessment.ExposureOpen, Day: "2026-11-01", Deployments: 2, Worst: "HIGH", Area: "an unspoken town"})
		put(b, tx, casework.Reviews, casework.Review{State: "open", Lane: "PERSON", Opened: "2026-10-01", Due: "2026-10-15", Subject: "an unspoken customer"})
		put(b, tx, casework.Signals, casework.Signal{State: "unread", Day: "2026-10-01", Sort: "concern", Text: "an unspoken concern"})
		put(b, tx, casework.Signals, casework.Signal{State: "handled", Day: "2026-10-01", Disposition: "rejected", Told: "2026-10-05", Sort: "grievance", Text: "an unspoken grievance"})
		put(b, tx, casework.Contacts, casework.Contact{Day: "2026-10-02", Text: "an unspoken word"})
		put(b, tx, evidence.Facts, evidence.Fact{Origin: evidence.Origin{State: "active"}, Subject: "x", Fact: "an.unspoken_fact", Value: ledger.Bool(false), AsOf: "2026-10-02", Claim: true})
		put(b, tx, evidence.Facts, evidence.Fact{Origin: evidence.Origin{State: "active"}, Subject: "x", Fact: "an.unspoken_fact", Value: ledger.Bool(true), AsOf: "2026-10-02"})
		put(b, tx, casework.Samples, casework.Sample{Quarter: "2026-10-01", State: "judged", Seed: hashOf("root"), Population: 3400, Size: 299, Judged: 299, Bound: &bound})
	})
	signed, c := b.checkpoint()
	r := b.build(signed, c)
	o := r.Oversight
	if o.VotesFor != 13 || o.VotesAgainst != 8 || o.AnswersDue != 1 || o.AnswersLate != 1 || o.Resignations != 1 || o.Unread != 1 || o.Overdue != 1 || o.Raised != 2 || o.RaisedTold != 1 || o.Contacts != 1 || o.Claims != 1 {
		t.Errorf("counted %+v", o)
	}
	counted := map[string]int{}
	for part, list := range map[string][]report.Tally{"opinion ": o.Opinions, "referral ": o.Referrals, "answer ": o.Answers, "refusal ": o.Refusals, "exposure ": o.Exposures, "waiting ": o.Waiting} {
		for _, tally := range list {
			counted[part+tally.Name] = tally.Count
		}
	}
	for name, want := range map[string]int{
		"opinion object": 1, "opinion support": 1, "opinion withdrawn": 1, "referral against": 1, "referral for": 1, "referral open": 1,
		"answer reject": 1, "refusal quorum": 1, "exposure open": 1, "waiting PERSON": 1, "waiting DESK": 0,
	} {
		if counted[name] != want {
			t.Errorf("%s: %d, want %d", name, counted[name], want)
		}
	}
	var page bytes.Buffer
	if err := report.HTML(r, &page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Members voted 13 times for, 8 times against", "With 95 % confidence AUTO hides at most 33 such accounts"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page.String(), "unspoken") {
		t.Error("the page shows what is sealed")
	}
}
