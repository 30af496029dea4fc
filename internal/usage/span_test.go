package usage_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

// Protects: what is put beside an attestation. Days outside count for nothing, a meter
// covers no hour, an hour that is missing makes a day not whole, and two versions of a
// condition on the same day count once, by the graver.
func TestWithin(t *testing.T) {
	ctx := context.Background()
	db := storetest.Begin(t, filepath.Join(t.TempDir(), "duly.db"), rooms...)
	registerSheriff(t, db)
	list, err := usage.Deployments(ctx, db)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	id := list[0].ID
	err = db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		for _, c := range []usage.CoverageRecord{
			{Day: "2026-05-01", Basis: usage.Events, Hours: "ffffff"},
			{Day: "2026-05-02", Basis: usage.Events, Hours: "7fffff"},
			{Day: "2026-05-03", Basis: usage.Metering, Hours: "ffffff"},
			{Day: "2026-05-05", Basis: usage.Events, Hours: "ffffff"},
		} {
			c.Account, c.Identity = "111122223333", c.Day
			if _, err := store.Create(tx, usage.Coverages, &c); err != nil {
				return err
			}
		}
		for _, c := range []usage.CountRecord{
			{Condition: strings.Repeat("1", 64), Day: "2026-05-01", Exposures: 9, Deviations: 2, Unknown: 1},
			{Condition: strings.Repeat("2", 64), Day: "2026-05-01", Exposures: 9, Deviations: 3, Unknown: 1},
			{Condition: strings.Repeat("2", 64), Day: "2026-05-02", Exposures: 4},
			{Condition: strings.Repeat("2", 64), Day: "2026-05-05", Exposures: 50, Deviations: 50},
		} {
			c.Basis, c.Deployment, c.Clause, c.Identity = usage.Events, id, "C", c.Condition+c.Day
			if _, err := store.Create(tx, usage.Counts, &c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := usage.Within(ctx, db, id, "2026-05-01", "2026-05-04")
	if err != nil || s.Days != 4 || s.Whole != 1 || s.Judged["C"] != 12 || s.Deviations["C"] != 3 || s.Unknown["C"] != 1 {
		t.Errorf("%+v %v", s, err)
	}
	for _, days := range [][2]string{{"2026-05-04", "2026-05-01"}, {"May", "2026-05-01"}} {
		if _, err := usage.Within(ctx, db, id, days[0], days[1]); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%v: %v", days, err)
		}
	}
}
