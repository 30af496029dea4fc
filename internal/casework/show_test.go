package casework_test

import (
	"path/filepath"
	"testing"

	"duly/internal/casework"
	"duly/internal/ledger"
	"duly/internal/register"
)

// TestOnlyWhatCouldChangeTheDecisionIsAsked protects the analyst's time: of two facts
// that are unknown, the one is asked of which an answer gives another decision. What is
// billed is not shown.
func TestOnlyWhatCouldChangeTheDecisionIsAsked(t *testing.T) {
	o := newJudged(t, filepath.Join(t.TempDir(), "duly.db"))
	revise(o.office, register.Accounts, o.account, func(a *register.Account) { cents := int64(123456); a.Amount = &cents })
	o.state(o.deployed, "harm.liberty.scale", ledger.Unknown("nobody asked"))
	o.state(o.deployed, "use.bystanders", ledger.Unknown("nobody asked"))
	s := o.sweep()
	if s.Rated != 1 || s.Still != 0 || s.Events["rating"] != 1 {
		t.Fatalf("rated again: %+v", s)
	}
	v, err := casework.Show(ctx, o.db, o.open(o.police).ID, o.today)
	o.ok(err)
	if len(v.Units) != 1 || v.Units[0].Rating == nil || v.Units[0].Decision != "approve" || len(v.Units[0].Chain) != 1 || len(v.Earlier) != 1 {
		t.Fatalf("the case shows %+v", v)
	}
	r := v.Units[0].Rating
	asked := map[string]bool{}
	for _, q := range r.Ask {
		asked[q.Fact] = true
		other := false
		for _, a := range q.Answers {
			other = other || a.Decision != q.Answers[0].Decision || r.Outcome == "pending" && a.Worst.String() != r.Worst
		}
		if !other {
			t.Errorf("%s is asked, and every answer gives the same: %+v", q.Fact, q.Answers)
		}
	}
	if !asked["harm.liberty.scale"] || asked["use.bystanders"] {
		t.Errorf("asked: %v", asked)
	}
}
