package stats_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/stats"
)

// TestKappaReferences holds published and recomputed values.
func TestKappaReferences(t *testing.T) {
	for _, x := range []struct {
		name                             string
		table                            stats.Counts
		w                                stats.Weighting
		observed, expected, kappa, error float64
	}{
		{"two by two", stats.Counts{{20, 5}, {10, 15}}, stats.Unweighted, 0.70, 0.50, 0.40, 0.1265},
		// Fleiss, Cohen and Everitt (1969), table 1: 200 cases, three categories.
		{"three categories", stats.Counts{{106, 10, 4}, {22, 28, 10}, {2, 12, 6}}, stats.Unweighted, 0.70, 0.475, 0.4286, 0.0537},
		{"all agree", stats.Counts{{3, 0}, {0, 4}}, stats.Unweighted, 1, 25.0 / 49, 1, 0},
		{"none agree", stats.Counts{{0, 5}, {5, 0}}, stats.Unweighted, 0, 0.5, -1, 0},
	} {
		a := x.table.Agreement(x.w)
		for _, v := range []struct {
			what      string
			got, want float64
		}{{"observed", a.Observed, x.observed}, {"expected", a.Expected, x.expected}, {"kappa", a.Kappa, x.kappa}, {"error", a.Error, x.error}} {
			if math.Abs(v.got-v.want) > 5e-4 {
				t.Errorf("%s: %s %.4f, want %.4f", x.name, v.what, v.got, v.want)
			}
		}
	}
}

// TestKappaOfOneCategory protects from a figure where none exists: raters who only
// ever choose one category show no agreement beyond chance, nor its lack.
func TestKappaOfOneCategory(t *testing.T) {
	for _, table := range []stats.Counts{{{9, 0}, {0, 0}}, {{0, 0}, {0, 0}}} {
		if a := table.Agreement(stats.Unweighted); !math.IsNaN(a.Kappa) || !math.IsNaN(a.Error) {
			t.Errorf("%v gives %v", table, a)
		}
	}
}

// TestTableRefuses names what is wrong with choices.
func TestTableRefuses(t *testing.T) {
	if _, err := stats.Table([]int{0}, nil, 2); err == nil {
		t.Error("a case with one rater passed")
	}
	if _, err := stats.Table([]int{2}, []int{0}, 2); err == nil {
		t.Error("a choice beyond the categories passed")
	}
}

// TestKappaLaws holds for any choices: the raters may change places, agreement is at
// most 1, and of two categories weights change nothing.
func TestKappaLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 5).Draw(t, "categories")
		choices := rapid.SliceOfN(rapid.IntRange(0, k-1), 1, 60)
		first := choices.Draw(t, "first")
		second := rapid.SliceOfN(rapid.IntRange(0, k-1), len(first), len(first)).Draw(t, "second")
		for _, w := range []stats.Weighting{stats.Unweighted, stats.Linear, stats.Quadratic} {
			there, err := stats.Table(first, second, k)
			if err != nil {
				t.Fatal(err)
			}
			back, err := stats.Table(second, first, k)
			if err != nil {
				t.Fatal(err)
			}
			a, b := there.Agreement(w), back.Agreement(w)
			if math.IsNaN(a.Kappa) != math.IsNaN(b.Kappa) || math.Abs(a.Kappa-b.Kappa) > 1e-9 || math.Abs(a.Error*a.Error-b.Error*b.Error) > 1e-12 {
				// Errors are roots: of a variance that is 0 but for rounding they are a million times as large.
				t.Fatalf("%v and %v", a, b)
			}
			if a.Kappa > 1+1e-12 || a.Cases != len(first) {
				t.Fatalf("%v", a)
			}
			if plain := there.Agreement(stats.Unweighted); k == 2 && math.Abs(plain.Observed-a.Observed) > 1e-12 {
				t.Fatalf("weights change two categories: %v, %v", plain, a)
			}
		}
	})
}

func Example() {
	table, err := stats.Table([]int{0, 0, 1, 1}, []int{0, 0, 1, 0}, 2)
	if err != nil {
		panic(err)
	}
	a := table.Agreement(stats.Unweighted)
	fmt.Printf("%d cases, observed %.2f, kappa %.2f\n", a.Cases, a.Observed, a.Kappa)
	// Output: 4 cases, observed 0.75, kappa 0.50
}
