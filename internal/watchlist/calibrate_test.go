package watchlist

import (
	"flag"
	"hash/fnv"
	"math"
	"slices"
	"testing"
)

var fit = flag.Bool("fit", false, "print new constants for calibrate.go")

// judged is a hit on a labelled question.
type judged struct {
	score float64 // of the name
	right bool
}

// judgedHits asks the labelled questions and splits their hits by a hash of the
// question's id, so that no question is on both sides.
func judgedHits(t *testing.T) (fitted, held []judged) {
	x := NewIndex(load(t, "ofac", "watchlists/ofac-2024-05"))
	for _, q := range questions(t) {
		h := fnv.New32a()
		h.Write([]byte(q.ID))
		for _, hit := range x.Search(Query{Name: q.Query}, 10) {
			j := judged{hit.Match.Score, hit.Entity.SourceID == q.Expected || slices.Contains(q.AlsoOK, hit.Entity.SourceID)}
			if h.Sum32()%2 == 0 {
				fitted = append(fitted, j)
			} else {
				held = append(held, j)
			}
		}
	}
	return fitted, held
}

// logistic fits base and slope by Newton's method.
func logistic(hits []judged) (base, slope float64) {
	for range 50 {
		var g0, g1, h00, h01, h11 float64
		for _, j := range hits {
			p := 1 / (1 + math.Exp(-(base + slope*j.score)))
			y := 0.0
			if j.right {
				y = 1
			}
			g0, g1 = g0+y-p, g1+(y-p)*j.score
			w := p*(1-p) + 1e-9
			h00, h01, h11 = h00+w, h01+w*j.score, h11+w*j.score*j.score
		}
		d := h00*h11 - h01*h01
		base, slope = base+(h11*g0-h01*g1)/d, slope+(h00*g1-h01*g0)/d
	}
	return base, slope
}

// calibrationError is the expected calibration error: the mean distance of the
// probability from the share that is right, over ten bins of probability.
func calibrationError(t *testing.T, hits []judged) float64 {
	var count, sum, right [10]float64
	for _, j := range hits {
		p := probability(j.score, 0)
		bin := min(int(p*10), 9)
		count[bin]++
		sum[bin] += p
		if j.right {
			right[bin]++
		}
	}
	total := 0.0
	for b := range count {
		if count[b] > 0 {
			t.Logf("probability %.1f: %3.0f hits, said %.2f, right %.2f", float64(b)/10, count[b], sum[b]/count[b], right[b]/count[b])
			total += math.Abs(sum[b] - right[b])
		}
	}
	return total / float64(len(hits))
}

// TestCalibration holds the probability of hits close to how often they are
// right, on questions that the constants were not fitted on.
func TestCalibration(t *testing.T) {
	fitted, held := judgedHits(t)
	if *fit {
		base, slope := logistic(fitted)
		t.Logf("calibrationBase  = %.2f\ncalibrationSlope = %.2f", base, slope)
	}
	e := calibrationError(t, held)
	t.Logf("expected calibration error %.3f on %d hits; fitted on %d others", e, len(held), len(fitted))
	if e > 0.05 {
		t.Errorf("expected calibration error %.3f, at most 0.05; fit the constants again with -fit", e)
	}
}
