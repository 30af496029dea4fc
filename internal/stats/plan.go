package stats

import "duly/internal/fault"

// MaxSample bounds a planned sample: beyond it, everything is looked at.
const MaxSample = 1 << 20

// SampleSize gives how many to draw so that with k deviations among them a rate above
// tolerable is ruled out at a confidence: the least n for which [AtMost] does not exceed
// it. With none expected, 95 % and 5 % it is 59, at 1 % 299; with one expected, 95 % and
// 5 % it is 93. O(k log n).
//
// Source: as for [AtMost]. Auditors call it attribute sampling.
func SampleSize(k int, tolerable, confidence float64) (int, error) {
	switch {
	case k < 0:
		return 0, fault.Newf(fault.Invalid, "%d deviations cannot be expected", k)
	case !(tolerable > 0 && tolerable < 1):
		return 0, fault.Newf(fault.Invalid, "a tolerable rate of %v is not between 0 and 1", tolerable)
	case !(confidence > 0 && confidence < 1):
		return 0, fault.Newf(fault.Invalid, "a confidence of %v is not between 0 and 1", confidence)
	}
	enough := func(n int) bool { return n > k && fewer(k, n, tolerable) <= 1-confidence }
	high := k + 1
	for !enough(high) {
		if high *= 2; high > MaxSample {
			return 0, fault.Newf(fault.Invalid, "more than %d would have to be drawn", MaxSample).WithFix("tolerate a higher rate, or look at everything")
		}
	}
	low := high / 2 // not enough
	for low+1 < high {
		if middle := low + (high-low)/2; enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, nil
}
