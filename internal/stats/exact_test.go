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

// TestMost protects the figure that reports print: customers, rounded up, and no estimate
// where all were looked at.
func TestMost(t *testing.T) {
	for _, c := range []struct{ population, drawn, seen, want int64 }{
		{1000, 59, 0, 50}, {1000, 93, 1, 50}, {50_000, 299, 0, 499}, {12, 12, 0, 0}, {12, 12, 3, 3}, {60, 59, 59, 60}, {2, 1, 0, 2},
	} {
		if got, err := Most(c.population, c.drawn, c.seen, 0.95); err != nil || got != c.want {
			t.Errorf("%+v: %d, %v", c, got, err)
		}
	}
	for _, bad := range [][3]int64{{10, 11, 0}, {10, 0, 0}, {10, 5, 6}, {10, 5, -1}, {0, 0, 0}} {
		if _, err := Most(bad[0], bad[1], bad[2], 0.95); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// TestMostIsExact protects the figure to its last unit, which a second implementation has
// to reach: it is the least number under which seeing so few is rare, counted in whole
// numbers. 1 of 60 bounds at exactly 57, where the root is a hair above it.
func TestMostIsExact(t *testing.T) {
	if got, err := Most(60, 1, 0, 0.95); err != nil || got != 57 {
		t.Errorf("none of 1 bounds 60 at %d, %v", got, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		population := rapid.Int64Range(2, 5000).Draw(t, "population")
		drawn := rapid.Int64Range(1, min(population-1, 300)).Draw(t, "drawn")
		seen := rapid.Int64Range(0, drawn-1).Draw(t, "seen")
		got, err := Most(population, drawn, seen, 0.95)
		if err != nil || !rare(got, population, drawn, seen, 0.95) || rare(got-1, population, drawn, seen, 0.95) {
			t.Errorf("%d of %d bound %d at %d, %v", seen, drawn, population, got, err)
		}
	})
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

// TestBetween holds the two-sided interval against its one-sided halves and values that
// can be computed by hand.
func TestBetween(t *testing.T) {
	low, high, err := Between(0, 10, 0.95)
	if err != nil || low != 0 || math.Abs(high-(1-math.Pow(0.025, 0.1))) > 1e-9 {
		t.Errorf("none of ten: %v to %v, %v", low, high, err)
	}
	low, high, err = Between(10, 10, 0.95)
	if err != nil || high != 1 || math.Abs(low-math.Pow(0.025, 0.1)) > 1e-9 {
		t.Errorf("ten of ten: %v to %v, %v", low, high, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		low, high, err := Between(k, n, 0.9)
		if share := float64(k) / float64(n); err != nil || low > share || high < share {
			t.Fatalf("%d of %d: %v to %v, %v", k, n, low, high, err)
		}
		over, under, err := Between(n-k, n, 0.9)
		if err != nil || math.Abs(low-(1-under)) > 1e-9 || math.Abs(high-(1-over)) > 1e-9 {
			t.Fatalf("%d of %d is not the mirror of the rest", k, n)
		}
	})
	if _, _, err := Between(3, 2, 0.95); err == nil {
		t.Error("three of two passed")
	}
}

// TestRatioOf protects comparisons of two counts: equal counts are compatible with one,
// a count of nothing has no upper bound, and turning the two about turns the ratio.
func TestRatioOf(t *testing.T) {
	equal, err := RatioOf(50, 50, 0.95)
	if err != nil || equal.Value != 1 || equal.Low >= 1 || equal.High <= 1 {
		t.Errorf("equal counts: %+v, %v", equal, err)
	}
	if r, err := RatioOf(3, 0, 0.95); err != nil || !math.IsInf(r.High, 1) || r.Low <= 0 {
		t.Errorf("three against none: %+v, %v", r, err)
	}
	if _, err := RatioOf(0, 0, 0.95); err == nil {
		t.Error("nothing was compared with nothing")
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.IntRange(1, 500).Draw(t, "a"), rapid.IntRange(1, 500).Draw(t, "b")
		one, err1 := RatioOf(a, b, 0.95)
		other, err2 := RatioOf(b, a, 0.95)
		if err1 != nil || err2 != nil || math.Abs(one.Low*other.High-1) > 1e-6 || math.Abs(one.High*other.Low-1) > 1e-6 {
			t.Fatalf("%+v and %+v: %v, %v", one, other, err1, err2)
		}
	})
}

// TestGrowth holds the figure that the requirement names (GC-02).
func TestGrowth(t *testing.T) {
	factor, yearly, err := Growth(1, 10, 5)
	if err != nil || factor != 10 || math.Abs(yearly-0.5849) > 0.00005 {
		t.Errorf("tenfold in five years: %v, %v, %v", factor, yearly, err)
	}
	for _, bad := range [][3]float64{{0, 10, 5}, {1, -1, 5}, {1, 10, 0}} {
		if _, _, err := Growth(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v has growth", bad)
		}
	}
}
