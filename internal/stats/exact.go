package stats

import (
	"math"

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
