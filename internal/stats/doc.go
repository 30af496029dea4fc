// Package stats holds the statistics that Duly's reports rest on, as pure functions
// with their formulas, sources and published reference values.
//
// Results are floating point and stay out of ratings: whoever hashes or publishes one
// rounds it to declared digits first.
//
//	table, err := stats.Table([]int{0, 1, 1}, []int{0, 1, 0}, 2)
//	a := table.Agreement(stats.Unweighted) // a.Observed, a.Expected, a.Kappa
package stats
