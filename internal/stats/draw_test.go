package stats

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSampleSize protects the planner against the sizes that auditors' tables give.
func TestSampleSize(t *testing.T) {
	for _, c := range []struct {
		k                     int
		tolerable, confidence float64
		want                  int
	}{
		{0, 0.05, 0.95, 59}, {1, 0.05, 0.95, 93}, {2, 0.05, 0.95, 124}, {0, 0.01, 0.95, 299}, {0, 0.10, 0.90, 22}, {0, 0.5, 0.5, 1},
	} {
		if got, err := SampleSize(c.k, c.tolerable, c.confidence); err != nil || got != c.want {
			t.Errorf("%d expected, %v tolerable, %v: %d, %v, not %d", c.k, c.tolerable, c.confidence, got, err, c.want)
		}
	}
	for _, bad := range [][3]float64{{-1, 0.05, 0.95}, {0, 0, 0.95}, {0, 1, 0.95}, {0, 0.05, 1}, {0, 1e-9, 0.95}} {
		if n, err := SampleSize(int(bad[0]), bad[1], bad[2]); err == nil {
			t.Errorf("%v gives %d", bad, n)
		}
	}
}

// TestSampleSizeIsTheLeast protects cost and bound at once: what is planned bounds the
// rate as promised, and one less would not.
func TestSampleSizeIsTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(0, 10).Draw(t, "k")
		tolerable := float64(rapid.IntRange(5, 300).Draw(t, "permille")) / 1000
		confidence := float64(rapid.IntRange(50, 99).Draw(t, "percent")) / 100
		n, err := SampleSize(k, tolerable, confidence)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := AtMost(k, n, confidence); err != nil || at > tolerable+1e-12 {
			t.Fatalf("%d of %d bound at %v, %v", k, n, at, err)
		}
		if at, err := AtMost(k, n-1, confidence); err == nil && at <= tolerable-1e-12 {
			t.Fatalf("%d would do: %v", n-1, at)
		}
	})
}

// TestDraw protects the draw: as many as asked for, nobody twice, every stratum with its
// share, and the same again whatever the order in which the population is known.
func TestDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		population, sizes := map[string]string{}, map[string]int{}
		for i := range rapid.IntRange(0, 300).Draw(t, "population") {
			stratum := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "stratum")
			population[fmt.Sprint(i)] = stratum
			sizes[stratum]++
		}
		n, seed := rapid.IntRange(0, 320).Draw(t, "size"), rapid.String().Draw(t, "seed")
		drawn, strata := Draw(population, seed, n)
		if len(drawn) != min(n, len(population)) || strata != len(sizes) {
			t.Fatalf("%d drawn of %d from %d strata", len(drawn), len(population), strata)
		}
		again, _ := Draw(population, seed, n)
		if !slices.Equal(drawn, again) {
			t.Fatal("another draw gives others")
		}
		share, twice := map[string]int{}, map[string]bool{}
		for _, id := range drawn {
			if twice[id] {
				t.Fatalf("%s was drawn twice", id)
			}
			twice[id] = true
			share[population[id]]++
		}
		for stratum, size := range sizes {
			if fair := float64(size) * float64(len(drawn)) / float64(len(population)); float64(share[stratum]) < fair-1 || float64(share[stratum]) > fair+1 {
				t.Fatalf("%d of stratum %s were drawn, %.2f is its share", share[stratum], stratum, fair)
			}
		}
	})
}
