package watchlist

import "duly/internal/names"

// ComparePair judges two names without a list, as `duly pairs` does. The schema
// is one of FollowTheMoney (Person, Company, Vessel ...), in any case; another
// one means that nothing is known of what the names belong to. Alert is what an
// analyst would be shown at the default setting.
func ComparePair(schema, a, b string) (score float64, alert bool) {
	kind := kindOf(schema)
	score = names.Score(names.Prepare(a, kind), names.Prepare(b, kind), names.Weights{})
	return score, score >= DefaultThreshold
}
