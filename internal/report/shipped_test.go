package report_test

import (
	"slices"
	"testing"

	"duly/internal/report"
	"duly/internal/runs"
	"duly/internal/store"
)

// Protects outsiders: what ships with every copy of the program is shown to them by
// name, and what a company wrote for itself is not.
func TestShippedPacksAreShown(t *testing.T) {
	s := newSmall(t)
	shipped := released(t, "conditions/face-search.yaml")
	s.write(func(tx *store.Tx) {
		if err := runs.Use(tx, shipped); err != nil {
			t.Fatal(err)
		}
	})
	signed, c := s.checkpoint()
	public := s.build(signed, c)
	at := slices.IndexFunc(public.Packs, func(p report.Pack) bool { return p.SHA256 == shipped.Hash })
	if at < 0 || public.Packs[at].Title.Hidden != nil || public.Packs[at].Title.Shown.String() != shipped.Title {
		t.Fatalf("packs %+v", public.Packs)
	}
	own := slices.IndexFunc(public.Packs, func(p report.Pack) bool { return p.SHA256 != shipped.Hash })
	if own < 0 || public.Packs[own].Title.Hidden == nil {
		t.Errorf("a pack of the company's own is shown: %+v", public.Packs)
	}
	clauses := map[bool]int{}
	for _, c := range public.Conditions {
		clauses[c.Clause.Hidden == nil]++
	}
	if clauses[true] == 0 || clauses[false] == 0 {
		t.Errorf("%d conditions are shown and %d withheld", clauses[true], clauses[false])
	}
}
