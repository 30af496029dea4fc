package assessment_test

import (
	"math/rand/v2"
	"testing"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestAlikeOnlyWhereTheSameIsKnown protects re-rating at scale, which works out once
// what deployments with the same facts come to: of many deployments with few facts
// each, every one comes out as when it is rated by itself, under both methods. It also
// protects that units which pass through memory that is used again stay apart.
func TestAlikeOnlyWhereTheSameIsKnown(t *testing.T) {
	const many = 600 // several parts of the survey
	c, _, _ := known(t, storetest.SQLite(t, rooms...))
	draw := rand.New(rand.NewPCG(3, 4))
	facts := baseline(t, "methods/rm-1.yaml")
	one := func(of ...string) string { return of[draw.IntN(len(of))] }
	ids := make([]string, many)
	for i := range ids {
		d := &register.Deployment{
			Origin: register.Origin{State: "active"}, Customer: one(c.sheriff, c.reseller), Product: c.product, Account: c.account,
			Capability: one("face_search", "video_storage", "database"), Jurisdiction: one("", "US", "US-OR", "US-NY", "FR"),
		}
		c.write(t, func(tx *store.Tx) (ref store.Ref, err error) {
			ref, err = store.Create(tx, register.Deployments, d)
			ids[i] = ref.ID
			return ref, err
		})
		said := map[string]any{}
		for _, fact := range []string{"harm.actual", "harm.vulnerable_group", "use.identification", "deployment.existing"} {
			switch draw.IntN(3) {
			case 0:
				said[fact] = facts[fact]
			case 1:
				said[fact] = map[string]any{"use.identification": one("none", "search", "live")}[fact]
				if said[fact] == nil {
					said[fact] = draw.IntN(2) == 0
				}
			}
		}
		if draw.IntN(4) > 0 {
			said["harm.liberty.scale"], said["harm.liberty.scope"], said["harm.liberty.irremediability"] = 1+draw.IntN(5), 1, 1
		}
		if i%3 == 0 { // of whom everything is known
			c.answer(t, ids[i], today, facts, said)
		} else {
			c.answer(t, ids[i], today, said)
		}
	}
	c.write(t, func(tx *store.Tx) (store.Ref, error) {
		return store.Create(tx, runs.Runs, &runs.Run{Task: "screen", Day: today})
	})
	from, to := shipped(t, "methods/rm-1.yaml"), averaged(t)
	a := c.whatIf(t, assessment.Question{From: from, To: to, Entry: -1})
	moved := map[string]assessment.Change{}
	for _, x := range a.Changes {
		moved[x.Subject] = x
	}
	if len(moved) < many/20 || len(moved) > many-many/20 {
		t.Fatalf("%d of %d move, which shows little", len(moved), many)
	}
	alone := func(name string, s *assessment.Summary, side func(assessment.Change) assessment.Side) map[string]assessment.Assessed {
		out := map[string]assessment.Assessed{}
		for _, r := range s.Subjects {
			out[r.Subject] = r
			x, moves := moved[r.Subject]
			if got := side(x); moves && (got.Best != r.Best || got.Worst != r.Worst || got.Tier != r.Tier || got.Decision != r.Decision || got.Pending != r.Pending) {
				t.Errorf("%s under %s: %+v, and alone %+v", r.Subject, name, got, r)
			}
		}
		return out
	}
	rate := func(which assessment.Which) *assessment.Summary {
		s, err := assessment.Assess(ctx, c.db, storetest.Actor, today, from, which, nil)
		if err != nil {
			t.Fatal(err, fault.CodeOf(err))
		}
		return s
	}
	before := alone("the first", rate(assessment.Which{IDs: ids}), func(x assessment.Change) assessment.Side { return x.From })
	again := rate(assessment.Which{Changed: true})
	if again.Assessed != many || again.Changed != 0 {
		t.Errorf("nothing changed, and yet %d of %d", again.Changed, again.Assessed)
	}
	from = to
	after := alone("the second", rate(assessment.Which{IDs: ids}), func(x assessment.Change) assessment.Side { return x.To })
	for _, id := range ids {
		x, y := before[id], after[id]
		differs := x.Best != y.Best || x.Worst != y.Worst || x.Tier != y.Tier || x.Decision != y.Decision || x.Pending != y.Pending
		if _, moves := moved[id]; differs && !moves {
			t.Errorf("%s does not move, and alone goes from %+v to %+v", id, x, y)
		}
	}
}
