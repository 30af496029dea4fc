package stats

import (
	"math"

	"duly/internal/fault"
)

// Weighting says how much a disagreement between two categories counts.
type Weighting int

// Unweighted counts every disagreement alike, for categories without an order.
// Linear counts it by the number of steps between the categories, Quadratic by the
// square of it, both for categories in order.
const (
	Unweighted Weighting = iota
	Linear
	Quadratic
)

// Counts is a square table of how often the first rater chose the row's category
// while the second chose the column's.
type Counts [][]int

// Table counts the choices of two raters over the same cases, as category numbers
// from 0 to categories-1.
func Table(first, second []int, categories int) (Counts, error) {
	if len(first) != len(second) {
		return nil, fault.Newf(fault.Invalid, "the raters chose %d and %d times", len(first), len(second)).WithFix("each case needs both")
	}
	table := make(Counts, categories)
	for i := range table {
		table[i] = make([]int, categories)
	}
	for i, a := range first {
		b := second[i]
		if a < 0 || a >= categories || b < 0 || b >= categories {
			return nil, fault.Newf(fault.Invalid, "case %d: the choices %d and %d are not both between 0 and %d", i, a, b, categories-1)
		}
		table[a][b]++
	}
	return table, nil
}

// Agreement is how far two raters agree.
type Agreement struct {
	Cases    int
	Observed float64 // share of agreement, 0 to 1; partial with weights
	Expected float64 // the same if both chose independently with the frequencies seen
	Kappa    float64 // (Observed-Expected)/(1-Expected), at most 1; NaN where Expected is 1 or there is no case
	Error    float64 // its large-sample standard error; NaN where Kappa is
}

// Agreement gives Cohen's kappa of a table.
//
// Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and
// Psychological Measurement 20 (1960); weights and standard error: J. L. Fleiss, J.
// Cohen, B. S. Everitt, "Large sample standard errors of kappa and weighted kappa",
// Psychological Bulletin 72 (1969).
func (c Counts) Agreement(w Weighting) Agreement {
	n := 0
	rows, columns := make([]float64, len(c)), make([]float64, len(c))
	for i := range c {
		for j, count := range c[i] {
			n += count
			rows[i] += float64(count)
			columns[j] += float64(count)
		}
	}
	out := Agreement{Cases: n, Kappa: math.NaN(), Error: math.NaN()}
	if n == 0 {
		return out
	}
	total := float64(n)
	for i := range c {
		rows[i] /= total
		columns[i] /= total
	}
	// What a category's choices agree with the other rater's, on the average.
	rowMean, columnMean := make([]float64, len(c)), make([]float64, len(c))
	for i := range c {
		for j, count := range c[i] {
			weight := w.of(i, j, len(c))
			out.Observed += weight * float64(count) / total
			out.Expected += weight * rows[i] * columns[j]
			rowMean[i] += weight * columns[j]
			columnMean[j] += weight * rows[i]
		}
	}
	if 1-out.Expected < 1e-12 {
		return out
	}
	out.Kappa = (out.Observed - out.Expected) / (1 - out.Expected)
	spread := 0.0
	for i := range c {
		for j, count := range c[i] {
			d := w.of(i, j, len(c)) - (rowMean[i]+columnMean[j])*(1-out.Kappa)
			spread += float64(count) / total * d * d
		}
	}
	middle := out.Kappa - out.Expected*(1-out.Kappa)
	out.Error = math.Sqrt(max(spread-middle*middle, 0)/total) / (1 - out.Expected)
	return out
}

// of gives the share of agreement between two categories.
func (w Weighting) of(i, j, categories int) float64 {
	if i == j {
		return 1
	}
	if w == Unweighted {
		return 0
	}
	steps := math.Abs(float64(i-j)) / float64(categories-1)
	if w == Quadratic {
		steps *= steps
	}
	return 1 - steps
}
