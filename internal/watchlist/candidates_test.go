package watchlist

import (
	"testing"

	"duly/internal/names"

	"pgregory.net/rapid"
)

// TestNothingPlausibleIsMissed is the law that lets the index leave names out:
// what comparing every name finds from the threshold, the index finds with the
// same score. One in 100 may be missed: several slips in a name that is also
// parted in other places, beside a word that met.
func TestNothingPlausibleIsMissed(t *testing.T) {
	l := newSynthetic(9).list(1500)
	for _, name := range []string{"J Smythington", "Abdul Rahman al Kelmin", "Quibble Trading Group", "QTG", "Dor Kel Min", "Quibbleton Maritime Services LLC", "Kel Dor"} {
		for _, k := range []names.Kind{names.Person, names.Organization} {
			l.Entities = append(l.Entities, Entity{SourceID: name, Kind: k, Name: name})
		}
	}
	x := NewIndex(l)
	p := &x.parts[0]
	plausible, missed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		random := newSynthetic(uint64(rapid.IntRange(0, 1<<20).Draw(t, "seed")))
		name := rapid.OneOf(
			rapid.SampledFrom([]string{"John Smythington", "abdulrahman kelmin", "abdulrahmn al kelmin", "Quibble Trdng Grp", "Quibble Trading Group", "dorkel min", "Quibbleton Marit Srvcs", "Quibbletonllc Maritime Services"}),
			rapid.Just(random.slip(p.text(random.random.IntN(len(p.entries))))),
			rapid.Just(random.slip(random.slip(p.text(random.random.IntN(len(p.entries))))))).Draw(t, "name")
		got := make(map[*Entity]float64)
		for _, h := range x.Search(Query{Name: name}, len(l.Entities)) {
			got[h.Entity] = h.Score
		}
		for _, h := range x.bruteForce(Query{Name: name}, len(l.Entities)) {
			if !h.Alert {
				continue
			}
			if plausible++; got[h.Entity] < h.Score {
				missed++
				t.Logf("%q is not found by %q: %.3f instead of %.3f", h.MatchedName, name, got[h.Entity], h.Score)
			}
		}
	})
	t.Logf("%d of %d missed", missed, plausible)
	if missed*100 > plausible+50 {
		t.Errorf("%d of %d missed", missed, plausible)
	}
}
