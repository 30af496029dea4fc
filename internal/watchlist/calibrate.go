package watchlist

import "math"

// probability gives how likely it is that a hit is the party that was asked for,
// from the score of its name and the odds of the evidence beside it. It never
// falls when either rises.
func probability(name, odds float64) float64 {
	return 1 / (1 + math.Exp(-(calibrationBase + calibrationSlope*name + odds)))
}

// The constants are the logistic regression of TestCalibration on half of the
// labelled questions; `go test -run Calibration -fit ./internal/watchlist` prints
// new ones after the scores of names have changed.
const (
	calibrationBase  = -21.94
	calibrationSlope = 28.58
)
