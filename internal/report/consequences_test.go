package report_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"duly/internal/attestation"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/gate"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/usage"
)

// TestWhatFollowed protects those who ask what became of findings: each step of the ladder,
// what came again, how long it took to see and to cure, what customers only promised, and
// what was decided and never confirmed. No figure depends on who reads, but for harm, which
// is shown to those only who may see what is said of a customer.
func TestWhatFollowed(t *testing.T) {
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	b := newBedAt(t, func() time.Time { return day })
	_, key := b.approver()
	in := func(days int, fn func(tx *store.Tx)) { day = day.AddDate(0, 0, days); b.write(fn) }
	revise := func(tx *store.Tx, id string, change func(*enforcement.Proceeding)) {
		p, err := store.Get(t.Context(), tx, enforcement.Proceedings, id)
		if err != nil {
			t.Fatal(err)
		}
		next := *p.Record
		change(&next)
		if _, _, err := store.Revise(tx, enforcement.Proceedings, id, &next); err != nil {
			t.Fatal(err)
		}
	}
	proceeding := func(clause, impact string) enforcement.Proceeding {
		return enforcement.Proceeding{State: "open", Step: "none", Grade: "high", Kind: "breach", Rated: "HIGH", Opened: "2026-03-02", Due: "2026-03-09", Deployment: "an unspoken deployment", Clause: clause, Identity: clause, Impact: impact}
	}
	step := func(to string) func(*enforcement.Proceeding) {
		return func(p *enforcement.Proceeding) { p.Step, p.Stepped = to, day.Format(time.DateOnly) }
	}
	var cured, open, suspended, approved store.Ref
	b.write(func(tx *store.Tx) {
		put(b, tx, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: hashOf("x"), Day: "2026-02-20", Calls: 9, Identity: "1"})
		put(b, tx, usage.Findings, usage.FindingRecord{State: "open", Grade: "high", Kind: "breach", Condition: hashOf("x"), Day: "2026-03-01", Calls: 9, Identity: "2"})
		cured = put(b, tx, enforcement.Proceedings, proceeding("unspoken-kept", enforcement.ImpactHarm))
		open = put(b, tx, enforcement.Proceedings, proceeding("unspoken-open", enforcement.ImpactUnknown))
		put(b, tx, attestation.Requests, attestation.Request{State: "open", Due: "2026-03-05"})
		put(b, tx, attestation.Requests, attestation.Request{State: "answered", Due: "2026-03-05"})
		put(b, tx, attestation.Requests, attestation.Request{State: "withdrawn", Due: "2026-03-05"})
		put(b, tx, attestation.Attestations, attestation.Attestation{Received: "2026-03-07", Late: true, Role: "user", Promised: 3, Contradicted: 1, NotKept: 1, Unknown: 2, Agrees: 1})
		for subject, ref := range map[string]*store.Ref{"suspended": &suspended, "approved": &approved} {
			*ref = put(b, tx, decision.Decisions, decision.Decision{Act: "suspend", Basis: "rating", From: "2026-03-02", Outcome: "pending", Tier: "CDD", Residual: "HIGH", Day: "2026-03-02", Signatures: 1, Subject: subject, Rating: hashOf("r"), Reason: "why"}, key)
		}
		put(b, tx, gate.Glasses, gate.Glass{Opened: "2026-03-02", Hours: 5, Subject: "an unspoken subject"}, key)
	})
	in(3, func(tx *store.Tx) {
		revise(tx, cured.ID, step("notice"))
		revise(tx, open.ID, step("notice"))
		put(b, tx, gate.Enforcements, gate.Enforcement{State: gate.Confirmed, Decision: approved.Hash.String(), Decided: "2026-03-02", Day: "2026-03-05"})
		put(b, tx, gate.Enforcements, gate.Enforcement{State: gate.Failed, Decision: suspended.Hash.String(), Decided: "2026-03-02", Day: "2026-03-05"})
	})
	in(1, func(tx *store.Tx) {
		revise(tx, cured.ID, func(p *enforcement.Proceeding) { p.State, p.Outcome, p.Due = "closed", "cured", "" })
		revise(tx, open.ID, step("cure"))
	})
	in(4, func(tx *store.Tx) { // it comes again, and is cured again
		revise(tx, cured.ID, func(p *enforcement.Proceeding) { p.State, p.Outcome, p.Recurrences = "open", "", 1 })
	})
	in(9, func(tx *store.Tx) {
		revise(tx, cured.ID, func(p *enforcement.Proceeding) { p.State, p.Outcome = "closed", "cured" })
		revise(tx, open.ID, func(p *enforcement.Proceeding) { step("suspend")(p); p.OutOfOrder, p.Due = true, "2026-03-10" })
	})
	signed, c := b.checkpoint()
	public, full := b.build(signed, c), b.build(signed, c, ledger.Classes...)

	p := public.Proceedings
	if p.Open != 1 || p.Closed != 1 || p.Overdue != 1 || p.OutOfOrder != 1 || p.Recurrences != 1 || p.Recurred != 1 ||
		p.Detect != (report.Span{Count: 2, Median: 1, Longest: 10}) || p.Correct != (report.Span{Count: 2, Median: 4, Longest: 9}) {
		t.Errorf("counted %+v", p)
	}
	counts := map[string]int{}
	for part, list := range map[string][]report.Tally{"stands ": p.Standing, "taken ": p.Taken, "outcome ": p.Outcomes, "grade ": p.Grades} {
		for _, x := range list {
			counts[part+x.Name] = x.Count
		}
	}
	for name, want := range map[string]int{"stands suspend": 1, "stands none": 0, "taken notice": 2, "taken cure": 1, "taken limit": 0, "taken suspend": 1, "outcome cured": 1, "grade high": 1} {
		if counts[name] != want {
			t.Errorf("%s: %d, want %d", name, counts[name], want)
		}
	}
	if want := (report.Attestations{Asked: 2, Answered: 1, Waiting: 1, Overdue: 1, Late: 1, Promised: 3, Agrees: 1, Contradicted: 1, NotKept: 1, Unknown: 2}); public.Attestations != want {
		t.Errorf("attestations %+v", public.Attestations)
	}
	if want := (report.Enforced{Waiting: 1, OldestDays: 17, Failed: 1, Took: report.Span{Count: 1, Median: 3, Longest: 3}, OpeningHours: 5, Openings: 1}); public.Decisions.Enforced != want {
		t.Errorf("enforced %+v", public.Decisions.Enforced)
	}
	if p.Impact != nil || p.ImpactWithheld != ledger.Customer {
		t.Errorf("the public sees what is known of harm: %+v", p.Impact)
	}
	cells := full.Proceedings.Impact
	for _, x := range cells.Cells {
		want := 0
		if x.Compliance == "kept" && x.Impact == "harm" || x.Compliance == "not_kept" && x.Impact == "unknown" {
			want = 1
		}
		if x.Count != want {
			t.Errorf("%+v", x)
		}
	}
	if len(cells.Cells) != 6 || len(cells.Against) != 1 || cells.Against[0].Text() != "unspoken-kept" {
		t.Errorf("against conditions: %+v", cells.Against)
	}
	for _, form := range []func(*report.Report, io.Writer) error{report.HTML, report.JSON} {
		if text := render(t, public, form); strings.Contains(text, "unspoken") {
			t.Error("the public report shows what is sealed")
		}
	}
	page := render(t, full, report.HTML)
	for _, want := range []string{"Found against the condition itself", "unspoken-kept", "2 cures were seen, half of them within 4 days, and the longest after 9", "For 1 of them it was tried and failed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
