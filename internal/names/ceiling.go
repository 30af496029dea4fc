package names

// Ceiling gives the most that Score can be where words of weight met meet words
// of the other name with a loss of lost, and words of weight onlyA and onlyB meet
// none. An index uses it to leave names out that cannot reach a score.
func Ceiling(met, lost, onlyA, onlyB float64) float64 {
	if met <= 0 {
		return 0
	}
	replaced := min(onlyA, onlyB)
	lost += 2*lostReplaced*replaced + lostOnlyA*(onlyA-replaced) + lostOnlyB*(onlyB-replaced)
	if lost > 0 {
		lost += lostDoubt
	}
	return met / (met + lost)
}
