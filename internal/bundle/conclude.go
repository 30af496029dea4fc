package bundle

import (
	"fmt"
	"slices"

	"duly/internal/stats"
)

// Whole is a rate of 100 % in hundredths of a per cent, as all rates of an assessor are.
const Whole = 10000

// Confidence is that of every bound that an assessor states.
const Confidence = 0.95

// LeastCoverage gives by level of assurance how much of a population has to be examined
// before anything favourable is concluded, in hundredths of a per cent. An assessor's
// library may ask for more. The figures are the project's own.
var LeastCoverage = map[string]int64{"limited": 5000, "reasonable": 8000}

// Tolerated says whether deviations in at most so many of a population are within a rate
// that is tolerated.
func Tolerated(bound, population, rate int64) bool { return bound*Whole <= population*rate }

// Concluded says why a conclusion of a test of a control does not follow from what came of
// it; empty when it does. missed counts what deviated and what could not be tested.
func Concluded(how, conclusion string, population, items, missed, tolerable int64) string {
	switch {
	case conclusion == "extend" && (how != "sample" || items >= population):
		return "there is nothing to extend"
	case conclusion == "effective" && how == "inspection" && missed > 0:
		return "what was inspected deviates, and the control is said to be effective"
	case conclusion != "effective" || how == "inspection":
		return ""
	}
	bound, err := stats.Most(population, items, missed, Confidence)
	switch {
	case err != nil:
		return "it has no sample from which anything follows"
	case !Tolerated(bound, population, tolerable):
		return fmt.Sprintf("of %d, %d at most deviate, more than the tolerable %d in 10000", population, bound, tolerable)
	}
	return ""
}

// Control gives what came of a control whose design and operation were concluded so; ""
// as long as one of them is not. One that is absent, or not effective in either, is so.
func Control(design, operation string) string {
	for _, worst := range []string{"absent", "not_effective"} {
		if design == worst || operation == worst {
			return worst
		}
	}
	if design == "effective" && operation == "effective" {
		return "effective"
	}
	return ""
}

// Parts are the involvements by which the company has a part of its own in harm.
var Parts = []string{"cause", "contribute"}

// Involved says why an impact cannot stand as it is; empty when it can. Whoever causes harm
// or contributes to it has a plan to put it right, with its day (RS-12). What a customer
// says of its own use shows no harm that happened, and no absence of it (RS-09).
func Involved(involvement, planDue string, actual bool, knownFrom []string) string {
	switch {
	case slices.Contains(Parts, involvement) && planDue == "":
		return "the company has a part in the harm, and there is no plan with a day to put it right"
	case actual && !slices.ContainsFunc(knownFrom, func(b string) bool { return b != "stated" }):
		return "the harm is said to have happened, on nothing but what the customer says of its use"
	}
	return ""
}

// Covered gives how much of a population was examined, as a rate rounded down, where a rate
// of what is billed maps to nothing and is not covered.
func Covered(population, examined, unmapped int64) int64 {
	if population < 1 || examined < 0 || examined > population || unmapped < 0 || unmapped > Whole {
		return 0
	}
	return examined * (Whole - unmapped) / population
}

// Basis is what an answer rests on.
type Basis struct {
	Coverage, Required int64 // rates
	Controls           int64 // of the library
	Effective          int64 // of them
	Failed             int64 // of them those that are absent or not effective
	Involved           int64 // impacts that happened and that the company has a part in
}

// Determined says why an answer does not follow; empty when it does. Nothing favourable is
// concluded below the required coverage: that nothing was found where nobody looked is
// indeterminate (RS-08).
func Determined(question, conclusion string, b Basis) string {
	favourable := question == "contribution" && conclusion == "no" || question == "process" && conclusion == "yes"
	switch {
	case conclusion == "indeterminate":
		return ""
	case favourable && b.Coverage < b.Required:
		return fmt.Sprintf("%d in 10000 of the population were examined, and %d are required: whether nothing is wrong is indeterminate", b.Coverage, b.Required)
	case question == "contribution" && (conclusion == "no") != (b.Involved == 0):
		return fmt.Sprintf("the answer is %s, and %d impacts are held that happened and that the company has a part in", conclusion, b.Involved)
	case question == "process" && conclusion == "yes" && b.Effective < b.Controls:
		return fmt.Sprintf("%d of %d controls were found to be effective", b.Effective, b.Controls)
	case question == "process" && conclusion == "no" && b.Failed == 0:
		return "no control was found to be absent or not effective"
	case question == "process" && conclusion == "partly" && (b.Effective == 0 || b.Failed == 0):
		return fmt.Sprintf("%d controls were found to be effective and %d not", b.Effective, b.Failed)
	}
	return ""
}

// reasons gives by class the reasons for which a field may be withheld.
var reasons = map[string][]string{
	"customer": {"privacy", "contract", "safety", "law"}, "trade_secret": {"competition", "contract"}, "security": {"security", "safety"},
	"personal": {"privacy", "safety"}, "legal": {"law"},
}

// Withheld says why a field of a class is not withheld for a reason; empty when it may be.
func Withheld(class, reason string) string {
	if !slices.Contains(reasons[class], reason) {
		return fmt.Sprintf("a field of class %s is not withheld for the reason %q", class, reason)
	}
	return ""
}
