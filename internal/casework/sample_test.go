package casework_test

import (
	"path/filepath"
	"slices"
	"testing"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

// auto makes accounts in AUTO: some of shops, some of schools.
func (o *office) auto(shops, schools int) (ids []string) {
	o.Helper()
	product := o.product("compute")
	o.write(func(tx *store.Tx) error {
		for i := range shops + schools {
			sector := "commercial"
			if i >= shops {
				sector = "schools"
			}
			c, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: "one", Sector: sector})
			if err != nil {
				return err
			}
			a, err := store.Create(tx, register.Accounts, &register.Account{Origin: active, Customer: c.ID, Product: product})
			if err != nil {
				return err
			}
			if _, err := store.Create(tx, triage.Triages, &triage.Triage{Lane: "AUTO", Account: a.ID}); err != nil {
				return err
			}
			ids = append(ids, a.ID)
		}
		_, err := store.Create(tx, runs.Runs, &runs.Run{Task: "triage", Day: o.today})
		return err
	})
	return ids
}

// TestTheSample protects the draw: it follows from the log, every stratum has its share,
// once a quarter, and what comes later changes nothing of it.
func TestTheSample(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn)
		ann := someone(t, 1, act.Analyst)
		if _, err := casework.Draw(ctx, o.db, act.Default, ann.Actor, today); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("drawn from nobody: %v", err)
		}
		ids := o.auto(900, 100)
		put(o, register.Customers, register.Customer{Origin: active, Name: "later"}) // moves the log's head
		s, err := casework.Draw(ctx, o.db, act.Default, ann.Actor, today)
		o.ok(err)
		r := s.Record
		if r.Quarter != "2026-01-01" || r.Population != 1000 || r.Size != 299 || r.Strata != 2 || len(r.Accounts) != 299 {
			t.Fatalf("drawn %+v", r)
		}
		schools, seen := 0, map[string]bool{}
		for _, a := range r.Accounts {
			if seen[a] || !slices.Contains(ids, a) {
				t.Fatalf("%s twice, or not of the population", a)
			}
			seen[a] = true
			if slices.Index(ids, a) >= 900 {
				schools++
			}
		}
		if schools < 29 || schools > 31 {
			t.Errorf("of 100 schools among 1000, %d were drawn", schools)
		}
		root, err := store.Root(ctx, o.db, r.Position)
		o.ok(err)
		if r.Seed != root.String() || r.Position >= s.Seq {
			t.Errorf("the seed is not the root at entry %d: %s", r.Position, r.Seed)
		}
		_, err = casework.Draw(ctx, o.db, act.Default, ann.Actor, "2026-03-31")
		o.refused(err, "was drawn already")
		next, err := casework.Draw(ctx, o.db, act.Default, ann.Actor, "2026-04-01")
		o.ok(err)
		if slices.Equal(next.Record.Accounts, r.Accounts) {
			t.Error("the next quarter draws the same")
		}
	})
}

// TestTheBound protects what is said of those whom nobody looked at.
func TestTheBound(t *testing.T) {
	o := newOffice(t, filepath.Join(t.TempDir(), "duly.db"))
	ann, sal := someone(t, 1, act.Analyst), someone(t, 2, act.Sales)
	o.auto(1000, 0)
	s, err := casework.Draw(ctx, o.db, act.Default, ann.Actor, today)
	o.ok(err)
	judge := func(by person, list ...casework.Judgement) (*casework.Sample, error) {
		return casework.Judge(ctx, o.db, act.Default, by.Actor, s.ID, list)
	}
	drawn := s.Record.Accounts
	_, err = judge(sal, casework.Judgement{Account: drawn[0]})
	o.refused(err, "sales may not work on cases")
	if b, _ := casework.Bound(s.Record); b != 1000 {
		t.Errorf("nobody was judged, and the bound is %d", b)
	}
	rest := make([]casework.Judgement, 0, len(drawn))
	for _, a := range drawn[1:] {
		rest = append(rest, casework.Judgement{Account: a})
	}
	if _, err := judge(ann, append(slices.Clone(rest), casework.Judgement{Account: "nobody"})...); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("judged whom nobody drew: %v", err)
	}
	after, err := judge(ann, rest...)
	o.ok(err)
	if after.Bound != nil || after.Judged != 298 {
		t.Errorf("before all are judged: %+v", after)
	}
	_, err = judge(ann, casework.Judgement{Account: drawn[1], Missed: true})
	o.refused(err, "was judged already")
	none := *s.Record
	none.Judged = none.Size
	if b, _ := casework.Bound(&none); b != 10 {
		t.Errorf("with none missed of 299 among 1000 the bound is %d", b)
	}
	after, err = judge(ann, casework.Judgement{Account: drawn[0], Missed: true})
	o.ok(err)
	if after.Bound == nil || *after.Bound != 16 || after.State != "judged" { // 1-sided 95 %: 1.578 %
		t.Errorf("with one missed: %+v", after)
	}
	sum := o.sweep()
	if sum.Events["sample"] != 1 {
		t.Errorf("who was missed has no case: %v", sum.Events)
	}
}
