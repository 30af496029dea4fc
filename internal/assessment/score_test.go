package assessment_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// scorer is a made-up person who scores.
type scorer struct {
	by  act.Actor
	key store.Signer
}

func newScorer(t *testing.T, seed byte, role act.Role) scorer {
	t.Helper()
	key, err := ledger.NewPersonKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return scorer{act.Actor{Key: key.ID(), Roles: []act.Role{role}}, key}
}

func rm1(t *testing.T) *rating.Method {
	t.Helper()
	m, err := rating.Load(shipped(t, "methods/rm-1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// rights answers every right of RM-1: privacy as given, all others not affected.
func rights(scale, scope, irremediability int64) []assessment.Severity {
	out := []assessment.Severity{{Right: "privacy", Scale: scale, Scope: scope, Irremediability: irremediability}}
	for _, r := range []string{"expression", "association", "assembly", "belief", "non_discrimination", "participation", "liberty", "services"} {
		out = append(out, assessment.Severity{Right: r})
	}
	return out
}

// TestTwoScorersDoNotSeeEachOther protects blind double rating (IM-13): nothing of the
// first score is a fact before the second is in, one person cannot be both, and the
// graver figure counts, not the middle.
func TestTwoScorersDoNotSeeEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		c := newChain(t, storetest.Begin(t, dsn, rooms...))
		m := rm1(t)
		ann, bob := newScorer(t, 1, act.Analyst), newScorer(t, 2, act.Expert)
		give := func(who scorer, r []assessment.Severity) (assessment.Given, error) {
			return assessment.GiveScore(ctx, c.db, act.Default, m, assessment.Scoring{
				Subject: c.deployment, Rights: r, Reason: "arrests follow from it", By: who.by, Key: who.key, Today: today,
			})
		}
		if g, err := give(ann, rights(2, 3, 5)); err != nil || g.Complete || g.Round != 1 {
			t.Fatalf("%+v, %v", g, err)
		}
		if about, err := evidence.About(ctx, c.db, c.deployment); err != nil || len(about["harm.privacy.scale"]) != 0 {
			t.Errorf("the first score shows: %v, %v", about, err)
		}
		if _, err := give(ann, rights(4, 3, 3)); fault.CodeOf(err) != fault.Refused {
			t.Errorf("the same person scored twice: %v", err)
		}
		g, err := give(bob, rights(4, 2, 5))
		if err != nil || !g.Complete || !slices.Equal(g.Disputed, []string{"privacy"}) {
			t.Fatalf("%+v, %v", g, err)
		}
		about, err := evidence.About(ctx, c.db, c.deployment)
		if err != nil {
			t.Fatal(err)
		}
		for fact, want := range map[string]int64{"harm.privacy.scale": 4, "harm.privacy.scope": 3, "harm.privacy.irremediability": 5, "harm.liberty.scale": 0} {
			for _, s := range about[fact] {
				if s.Fact.Value.Value() != want {
					t.Errorf("%s is %v, want %d", fact, s.Fact.Value, want)
				}
			}
			if len(about[fact]) != 2 {
				t.Errorf("%s rests on %d statements", fact, len(about[fact]))
			}
		}
		if g, err := give(ann, rights(1, 1, 1)); err != nil || g.Round != 2 || g.Complete {
			t.Errorf("the next round: %+v, %v", g, err)
		}
		rounds, held, err := assessment.Rounds(ctx, c.db)
		if err != nil || len(rounds) != 1 || held != 1 {
			t.Errorf("%d rounds, %d held back, %v", len(rounds), held, err)
		}
		if g, err := give(bob, rights(1, 2, 1)); err != nil || !g.Complete {
			t.Fatalf("%+v, %v", g, err)
		}
		if about, err = evidence.About(ctx, c.db, c.deployment); err != nil {
			t.Fatal(err)
		}
		for _, s := range about["harm.privacy.scale"] {
			if s.Fact.Value.Value() != int64(1) {
				t.Errorf("the earlier round still speaks on the same day: %v", s.Fact.Value)
			}
		}
	})
}

// TestAScoreAnswersEveryRight names what is missing or wrong (IN-07).
func TestAScoreAnswersEveryRight(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	m := rm1(t)
	ann, sam := newScorer(t, 1, act.Analyst), newScorer(t, 3, act.Sales)
	for name, x := range map[string]struct {
		who  scorer
		r    []assessment.Severity
		want fault.Code
	}{
		"a right left out":   {ann, rights(1, 1, 1)[1:], fault.Invalid},
		"a right twice":      {ann, append(rights(1, 1, 1), assessment.Severity{Right: "privacy"}), fault.Invalid},
		"an unknown right":   {ann, append(rights(1, 1, 1), assessment.Severity{Right: "comfort"}), fault.Invalid},
		"too high":           {ann, rights(6, 1, 1), fault.Invalid},
		"no scope":           {ann, rights(3, 0, 1), fault.Invalid},
		"by those who sell":  {sam, rights(1, 1, 1), fault.Refused},
		"with another's key": {scorer{ann.by, sam.key}, rights(1, 1, 1), fault.Refused},
	} {
		_, err := assessment.GiveScore(ctx, c.db, act.Default, m, assessment.Scoring{
			Subject: c.deployment, Rights: x.r, Reason: "looked", By: x.who.by, Key: x.who.key, Today: today,
		})
		if fault.CodeOf(err) != x.want {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
}

// TestAgreementOfScorers protects the figure: it compares what the method makes of the
// scores, and only rounds by that method.
func TestAgreementOfScorers(t *testing.T) {
	m := rm1(t)
	round := func(method string, first, second [3]int64) assessment.Round {
		score := func(v [3]int64) *store.Revision[assessment.Score] {
			values := []string{}
			for _, s := range rights(v[0], v[1], v[2]) {
				if s.Scale == 0 {
					values = append(values, "harm."+s.Right+".scale=0")
					continue
				}
				values = append(values, "harm.privacy.scale="+string(rune('0'+s.Scale)), "harm.privacy.scope="+string(rune('0'+s.Scope)), "harm.privacy.irremediability="+string(rune('0'+s.Irremediability)))
			}
			return &store.Revision[assessment.Score]{Record: &assessment.Score{Values: values}}
		}
		return assessment.Round{Method: method, First: score(first), Second: score(second)}
	}
	a, err := assessment.Agree(m, []assessment.Round{
		round(m.Hash, [3]int64{5, 1, 1}, [3]int64{5, 5, 5}), // severity 5 both ways
		round(m.Hash, [3]int64{1, 1, 1}, [3]int64{1, 1, 1}),
		round(m.Hash, [3]int64{2, 2, 2}, [3]int64{0, 0, 0}),
		round(ledger.Hash{}.String(), [3]int64{1, 1, 1}, [3]int64{5, 5, 5}), // another method
	})
	if err != nil || a.Rounds != 3 || a.Affected.Cases != 27 || a.Overall.Cases != 3 {
		t.Fatalf("%+v, %v", a, err)
	}
	// 2 of 27 rights affected by both, 1 by the first alone: observed 26/27.
	if want := 26.0 / 27; math.Abs(a.Affected.Observed-want) > 1e-9 || math.Abs(a.Affected.Kappa-0.780488) > 1e-5 {
		t.Errorf("affected: %+v", a.Affected)
	}
	if a.Overall.Kappa >= 1 || a.Overall.Kappa <= 0 {
		t.Errorf("overall: %+v", a.Overall)
	}
}
