package assessment_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"duly/internal/assessment"
	"duly/internal/ledger"
	"duly/internal/store/storetest"
)

// TestABatchAsksWhatEachAsks protects the questions of a batch, in which those of whom the
// same is known share them: each is asked what it is asked when rated alone.
func TestABatchAsksWhatEachAsks(t *testing.T) {
	db := storetest.Begin(t, filepath.Join(t.TempDir(), "duly.db"), rooms...)
	var sites []*site
	var ids []string
	for i := range 12 {
		s := newSite(t, db, school, []string{"storage", "live_face_recognition"}[i%2])
		if i%3 == 0 {
			s.says(t, "use.registers", ledger.Texts([]string{"children"}), "2026-01-01")
		}
		if i%4 == 0 {
			s.says(t, "harm.liberty.scale", ledger.Unknown("nobody asked"), "2026-01-01")
		}
		sites, ids = append(sites, s), append(ids, s.deployment)
	}
	together, err := assessment.Assess(ctx, db, storetest.Actor, today, shipped(t, "methods/rm-1.yaml"), assessment.Which{IDs: ids, Prohibitions: sites[0].rules}, nil)
	if err != nil {
		t.Fatal(err)
	}
	different := map[string]bool{}
	for i, s := range sites {
		alone := s.on(t, today)
		if got := together.Subjects[i]; got.Subject != s.deployment || !slices.Equal(got.Ask, alone.Ask) || !slices.Equal(got.Flips, alone.Flips) {
			t.Errorf("site %d is asked %v and %v in a batch, %v and %v alone", i, got.Ask, got.Flips, alone.Ask, alone.Flips)
		}
		different[fmt.Sprint(alone.Ask, alone.Flips)] = true
	}
	if len(different) < 2 {
		t.Error("all are asked the same: the test shows nothing")
	}
}
