package stats

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestAtMost protects the bound on what nobody looks at, against values that can be
// computed by hand.
func TestAtMost(t *testing.T) {
	for _, c := range []struct {
		k, n       int
		confidence float64
		want       float64
	}{
		{0, 1, 0.95, 0.95},
		{0, 299, 0.95, 1 - math.Pow(0.05, 1.0/299)},
		{0, 10, 0.95, 1 - math.Pow(0.05, 0.1)},
		{1, 2, 0.95, math.Sqrt(0.95)},      // 1-p^2 = 0.05
		{9, 10, 0.95, math.Pow(0.95, 0.1)}, // 1-p^10 = 0.05
		{3, 3, 0.95, 1},
	} {
		got, err := AtMost(c.k, c.n, c.confidence)
		if err != nil || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d of %d: %v, %v, not %v", c.k, c.n, got, err, c.want)
		}
	}
	if none, _ := AtMost(0, 299, 0.95); none > 0.01 {
		t.Errorf("299 with none missed bound at %v, not 1 %%", none)
	}
	if none, _ := AtMost(0, 298, 0.95); none <= 0.01 {
		t.Errorf("298 would do already: %v", none)
	}
	for _, bad := range [][3]float64{{0, 0, 0.95}, {-1, 5, 0.95}, {6, 5, 0.95}, {1, 5, 0}, {1, 5, 1}, {1, 5, math.NaN()}} {
		if _, err := AtMost(int(bad[0]), int(bad[1]), bad[2]); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// TestAtMostSolvesItsEquation protects the exactness: at the bound, the sum of exact
// binomial terms is what the confidence leaves.
func TestAtMostSolvesItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "n")
		k := rapid.IntRange(0, min(n-1, 30)).Draw(t, "k")
		confidence := rapid.Float64Range(0.5, 0.999).Draw(t, "confidence")
		p, err := AtMost(k, n, confidence)
		if err != nil {
			t.Fatal(err)
		}
		at, rest := new(big.Float).SetPrec(400).SetFloat64(p), new(big.Float).SetPrec(400).SetFloat64(1)
		rest.Sub(rest, at)
		sum := new(big.Float).SetPrec(400)
		for i := 0; i <= k; i++ {
			term := new(big.Float).SetPrec(400).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
			for range i {
				term.Mul(term, at)
			}
			for range n - i {
				term.Mul(term, rest)
			}
			sum.Add(sum, term)
		}
		if got, _ := sum.Float64(); math.Abs(got-(1-confidence)) > 1e-9 {
			t.Errorf("%d of %d at %v: %v, not %v", k, n, p, got, 1-confidence)
		}
	})
}
