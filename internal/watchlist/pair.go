package watchlist

import "duly/internal/names"

// ComparePair judges two names without a list, as `duly pairs` does. The schema
// is one of FollowTheMoney (Person, Company, Vessel ...), in any case; another
// one means that nothing is known of what the names belong to. Alert is what an
// analyst would be shown at the default setting.
func ComparePair(schema, a, b string) (score float64, alert bool) {
	kind := kindOf(schema)
	listed := names.Alternatives(b)
	for _, one := range names.Alternatives(a) {
		x := names.Prepare(one, kind)
		for _, other := range listed {
			score = max(score, names.Score(x, names.Prepare(other, kind), names.Weights{}))
		}
	}
	return score, score >= DefaultThreshold
}
