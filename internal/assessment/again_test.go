package assessment_test

import (
	"slices"
	"testing"

	"duly/internal/assessment"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
)

// TestWhatChangesNothingIsRatedAnew protects people who decide: nothing is decided on a
// rating that is older than its chain, so where somebody in the chain changed and the
// rating comes out the same, that it was found so again is a rating of its own.
func TestWhatChangesNothingIsRatedAnew(t *testing.T) {
	c := newChain(t, storetest.SQLite(t, rooms...))
	c.assess(t)
	newest := func() *store.Revision[assessment.Rating] {
		t.Helper()
		list, err := store.Select(ctx, c.db, assessment.Ratings, "")
		if err != nil || len(list) != 1 {
			t.Fatalf("%d ratings, %v", len(list), err)
		}
		return list[0]
	}
	before := newest()
	var changed store.Ref
	err := c.db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		changed, _, err = store.Revise(tx, register.Customers, c.reseller, &register.Customer{
			Origin: register.Origin{State: "active"}, Name: "Gullwing Resale Limited", Kind: "company", Sector: "commercial",
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, s := c.assess(t); s.Changed != 1 {
		t.Errorf("%d ratings changed", s.Changed)
	}
	after := newest()
	if after.Seq < changed.Seq || after.Rev != before.Rev+1 || after.Record.Trace != before.Record.Trace || !slices.Equal(after.Record.Inputs, before.Record.Inputs) {
		t.Errorf("the rating stands at %d, the change at %d", after.Seq, changed.Seq)
	}
	if _, s := c.assess(t); s.Changed != 0 {
		t.Errorf("nothing changed since, and %d ratings were written", s.Changed)
	}
}
