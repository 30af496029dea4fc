package enforcement

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/usage"
)

// TestClimbing protects the order of the ladder: up one step freely, further up or down
// for a reason, and nothing twice but a cure.
func TestClimbing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.IntRange(0, len(Steps)-1).Draw(t, "from"), rapid.IntRange(0, len(Steps)-1).Draw(t, "to")
		reason := rapid.SampledFrom([]string{"", "why"}).Draw(t, "reason")
		inOrder, err := climb(Steps[from], Steps[to], reason)
		cureAgain := from == to && Steps[to] == Cure
		want := to > 0 && (to == from+1 || reason != "" && (to != from || cureAgain))
		if (err == nil) != want {
			t.Fatalf("from %s to %s with %q: %v", Steps[from], Steps[to], reason, err)
		}
		if err == nil && inOrder != (to == from+1 || cureAgain) {
			t.Fatalf("from %s to %s: in order is %v", Steps[from], Steps[to], inOrder)
		}
	})
}

// TestEachStepHasItsDays protects that no step leaves a proceeding without a clock, and
// that a graver one never has a longer.
func TestEachStepHasItsDays(t *testing.T) {
	for _, s := range Steps {
		for i, days := range wait[s] {
			if days < 1 || i > 0 && days > wait[s][i-1] {
				t.Errorf("%s, %s: %d days", s, grades[i], days)
			}
		}
	}
	if !slices.IsSorted(kept[:]) {
		t.Errorf("a graver grade is seen kept on fewer days: %v", kept)
	}
}

// TestGrades protects that a graver finding never gives a lower grade, and that what is
// not known of a deployment never gives a lower one than what is known.
func TestGrades(t *testing.T) {
	for i, g := range grades {
		for _, rated := range []string{"LOW", "MEDIUM", "HIGH", "CRITICAL", "unrated"} {
			got := gradeOf(g, rated)
			if Compare(got, g) < 0 || Compare(gradeOf(g, "unrated"), got) < 0 {
				t.Errorf("%s rated %s is %s", g, rated, got)
			}
			if i > 0 && Compare(got, gradeOf(grades[i-1], rated)) < 0 {
				t.Errorf("%s rated %s is below %s", g, rated, grades[i-1])
			}
		}
	}
}

func shown(id, day string, calls int64, kind string) *found {
	return &found{Ref: store.Ref{ID: id, Hash: ledger.Hash{1}}, Record: &usage.FindingRecord{Grade: "medium", Kind: kind, Day: day, Calls: calls}}
}

func fresh() *Proceeding {
	return &Proceeding{State: Closed, Outcome: Withdrawn, Step: string(NoStep)}
}

// TestRounds protects how often something counts as having come again, and where the
// next round begins on the ladder.
func TestRounds(t *testing.T) {
	first := shown("f1", "2026-03-01", 3, usage.Breach)
	for name, c := range map[string]struct {
		outcome     string
		then        []*found
		state, step string
		recurrences int64
	}{
		"the same finding as before is settled":  {Cured, []*found{first}, Closed, "cure", 0},
		"after a cure it begins above the cure":  {Cured, []*found{first, shown("f2", "2026-04-01", 1, usage.Breach)}, Open, "cure", 1},
		"a late file of an old day is no return": {Cured, []*found{shown("f1", "2026-03-01", 5, usage.Breach)}, Open, "cure", 0},
		"after advice it begins above":           {Advised, []*found{shown("f2", "2026-04-01", 1, usage.Deviation)}, Open, "cure", 1},
		"what was no deviation left no step":     {NoDeviation, []*found{shown("f2", "2026-04-01", 1, usage.Breach)}, Open, "none", 0},
		"what nothing shows stays closed":        {Withdrawn, nil, Closed, "cure", 0},
		"what is shown again begins anew":        {Withdrawn, []*found{first}, Open, "none", 0},
	} {
		p := fresh()
		p.take([]*found{first}, "LOW", "2026-03-02")
		if p.State != Open || p.Opened != "2026-03-02" || p.Due != "2026-03-16" || p.Findings != 1 || p.Calls != 3 || !p.Binds {
			t.Fatalf("%s: opened as %+v", name, p)
		}
		p.Step = string(Cure)
		p.close(c.outcome, "2026-03-20")
		p.take(c.then, "LOW", "2026-04-02")
		if p.State != c.state || p.Step != c.step || p.Recurrences != c.recurrences || (p.Due != "") != (p.State == Open) {
			t.Errorf("%s: state %s, step %s, came again %d times, due %q", name, p.State, p.Step, p.Recurrences, p.Due)
		}
	}
}

// TestAnAcceptanceExpires protects that what was accepted for a time comes back.
func TestAnAcceptanceExpires(t *testing.T) {
	f := shown("f1", "2026-03-01", 3, usage.Breach)
	p := fresh()
	p.take([]*found{f}, "LOW", "2026-03-02")
	p.close(Accepted, "2026-03-03")
	p.Expires, p.Due = "2026-06-01", "2026-06-01"
	p.take([]*found{f, shown("f2", "2026-05-01", 1, usage.Breach)}, "LOW", "2026-05-31")
	if p.State != Closed {
		t.Error("it came back before its day")
	}
	p.take([]*found{f}, "LOW", "2026-06-01")
	if p.State != Open || p.Findings != 1 || p.Due != "2026-06-15" {
		t.Errorf("on its day it is %+v", p)
	}
}

// TestWithdrawn protects that what a corrected mapping no longer shows does not stand
// against anybody, and that a proposal does not outlive what it was about.
func TestWithdrawn(t *testing.T) {
	p := fresh()
	p.take([]*found{shown("f1", "2026-03-01", 3, usage.Deviation)}, "LOW", "2026-03-02")
	if p.Binds {
		t.Error("advice that nobody agreed to binds")
	}
	p.Proposed = NoDeviation
	p.take([]*found{shown("f1", "2026-03-01", 4, usage.Deviation)}, "LOW", "2026-03-02")
	if p.Proposed != "" {
		t.Error("what was proposed of 3 calls holds for 4")
	}
	p.take(nil, "LOW", "2026-03-03")
	if p.State != Closed || p.Outcome != Withdrawn || p.Due != "" || len(p.Evidence)+len(p.Past) > 0 {
		t.Errorf("withdrawn as %+v", p)
	}
}
