package stats

import (
	"math"
	"math/big"

	"duly/internal/fault"
)

// AtMost gives the exact upper bound of a rate of which k cases were seen among n that
// were drawn at random: the highest rate at which seeing so few or fewer still has a
// probability of 1-confidence. It is one-sided; k = n gives 1. With none seen it is
// 1-(1-confidence)^(1/n), so that 299 drawn bound a rate at 1 % with 95 % confidence.
// O(k) for each of about 60 steps.
//
// Source: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits
// illustrated in the case of the binomial", Biometrika 26 (1934).
func AtMost(k, n int, confidence float64) (float64, error) {
	switch {
	case n < 1 || k < 0 || k > n:
		return 0, fault.Newf(fault.Invalid, "%d of %d is no count among those drawn", k, n)
	case !(confidence > 0 && confidence < 1):
		return 0, fault.Newf(fault.Invalid, "a confidence of %v is not between 0 and 1", confidence)
	case k == n:
		return 1, nil
	}
	low, high := float64(k)/float64(n), 1.0
	for range 64 {
		middle := low + (high-low)/2
		if fewer(k, n, middle) > 1-confidence {
			low = middle
		} else {
			high = middle
		}
	}
	return high, nil
}

// Most gives how many of a population at most are what seen of drawn are, when those were
// drawn at random, as a number of the population rounded up. Where all of it was drawn,
// that is no estimate: then it is their number. The confidence is as in [AtMost], to six
// digits. The number is exact: where rounding of [AtMost] could change it, whole numbers decide.
func Most(population, drawn, seen int64, confidence float64) (int64, error) {
	rate, err := AtMost(int(seen), int(drawn), confidence)
	switch {
	case err != nil:
		return 0, err
	case drawn > population:
		return 0, fault.Newf(fault.Invalid, "%d of %d is no count among those drawn", drawn, population)
	case drawn == population:
		return seen, nil
	}
	most := rate * float64(population)
	near := int64(math.Round(most))
	switch {
	case seen == drawn || math.Abs(most-float64(near)) > max(1e-6, 1e-9*most):
		return min(int64(math.Ceil(most)), population), nil
	case rare(near, population, drawn, seen, confidence):
		return near, nil
	}
	return near + 1, nil
}

// rare says whether seeing so few or fewer among those drawn has a probability of
// 1-confidence at most, where exactly some of the population are what is looked for. With
// m of N, k of n: whether the sum of C(n,i) m^i (N-m)^(n-i), i from 0 to k, is at most
// (1-confidence) N^n.
func rare(some, population, drawn, seen int64, confidence float64) bool {
	with, without := big.NewInt(some), big.NewInt(population-some)
	sum, term := big.NewInt(1), big.NewInt(1)
	for i := int64(1); i <= seen; i++ {
		term.Mul(term, with).Mul(term, big.NewInt(drawn-i+1)).Quo(term, big.NewInt(i))
		sum.Mul(sum, without).Add(sum, term)
	}
	sum.Mul(sum, without.Exp(without, big.NewInt(drawn-seen), nil))
	const digits = 1_000_000
	all := new(big.Int).Exp(big.NewInt(population), big.NewInt(drawn), nil)
	all.Mul(all, big.NewInt(int64(math.Round((1-confidence)*digits))))
	return sum.Mul(sum, big.NewInt(digits)).Cmp(all) <= 0
}

// fewer gives the probability of k cases or fewer among n, each with probability p.
func fewer(k, n int, p float64) float64 {
	if p >= 1 {
		return 0
	}
	logP, logQ := math.Log(p), math.Log1p(-p)
	sum := 0.0
	for i := 0; i <= k; i++ {
		term := float64(n-i) * logQ
		if i > 0 {
			term += choose(n, i) + float64(i)*logP
		}
		sum += math.Exp(term)
	}
	return sum
}

// choose gives the logarithm of n over k.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// Between gives the exact two-sided interval of a rate of which k cases were seen among
// n that were drawn at random: each end leaves out half of what the confidence leaves.
//
// Source: as for [AtMost].
func Between(k, n int, confidence float64) (low, high float64, err error) {
	each := 1 - (1-confidence)/2
	if high, err = AtMost(k, n, each); err != nil {
		return 0, 0, err
	}
	above, err := AtMost(n-k, n, each)
	return 1 - above, high, err
}

// Ratio is how many times a count is another, with its exact two-sided interval. High is
// infinite where the other count is zero.
type Ratio struct{ Value, Low, High float64 }

// RatioOf compares two counts of the same area and time, each as a Poisson count: given
// their sum, the first is binomial, and the bounds of that share are bounds of the ratio.
//
// Source: J. Przyborowski, H. Wilenski, "Homogeneity of results in testing samples from
// Poisson series", Biometrika 31 (1940).
func RatioOf(a, b int, confidence float64) (Ratio, error) {
	if a < 0 || b < 0 || a+b == 0 {
		return Ratio{}, fault.Newf(fault.Invalid, "%d and %d are no two counts with anything in them", a, b)
	}
	low, high, err := Between(a, a+b, confidence)
	return Ratio{float64(a) / float64(b), odds(low), odds(high)}, err
}

func odds(p float64) float64 { return p / (1 - p) }

// Growth gives how many times a quantity is what it was so many years before, and the
// same rate for each year (CAGR): (last/first)^(1/years) - 1. Tenfold in five years is
// 58.49 % a year.
func Growth(first, last, years float64) (factor, yearly float64, err error) {
	if first <= 0 || last < 0 || years <= 0 {
		return 0, 0, fault.Newf(fault.Invalid, "growth from %v to %v in %v years has no factor", first, last, years)
	}
	factor = last / first
	return factor, math.Pow(factor, 1/years) - 1, nil
}
