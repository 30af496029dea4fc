package bundle

import (
	"fmt"
	"math/bits"
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

// Tested is what came of one test of a control. What is grave is looked at whether it was
// drawn or not; a bound is on the others, of which those drawn are a sample.
type Tested struct {
	How, Conclusion string
	Population      int64 // of the grave and the others
	Items           int64 // looked at, the grave ones included
	Missed          int64 // of them those that deviate or cannot be tested
	Grave           int64
	GraveMissed     int64
	Tolerable       int64 // rate
}

// Bound gives how many of the population deviate at most, with [Confidence].
func (t Tested) Bound() (int64, error) {
	rest, drawn := t.Population-t.Grave, t.Items-t.Grave
	if rest == 0 && drawn == 0 && t.Grave > 0 {
		return t.GraveMissed, nil
	}
	most, err := stats.Most(rest, drawn, t.Missed-t.GraveMissed, Confidence)
	return t.GraveMissed + most, err
}

// Refuses says why the conclusion does not follow; empty when it does.
func (t Tested) Refuses() string {
	switch {
	case t.Conclusion == "extend" && (t.How != "sample" || t.Items >= t.Population):
		return "there is nothing to extend"
	case t.Conclusion == "effective" && t.How == "inspection" && t.Missed > 0:
		return "what was inspected deviates, and the control is said to be effective"
	case t.Conclusion != "effective" || t.How == "inspection":
		return ""
	}
	bound, err := t.Bound()
	switch {
	case err != nil:
		return "it has no sample from which anything follows"
	case !Tolerated(bound, t.Population, t.Tolerable):
		return fmt.Sprintf("of %d, %d at most deviate, more than the tolerable %d in 10000", t.Population, bound, t.Tolerable)
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

// Unmapped gives which rate of the rows of a list from outside maps to nothing in the log
// with certainty, rounded up; all of an empty list.
func Unmapped(rows, lost int64) int64 {
	if rows < 1 || lost < 0 || lost > rows {
		return Whole
	}
	high, low := bits.Mul64(uint64(lost), Whole) // rows are anything that an assessor writes
	rate, rest := bits.Div64(high, low, uint64(rows))
	if rest > 0 {
		rate++
	}
	return int64(rate)
}

// Has says whether a population has a record of a kind.
func (p *Population) Has(kind, id string) bool {
	u := p.units[id]
	return u != nil && u.kind == kind && p.within(u)
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
