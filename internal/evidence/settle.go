package evidence

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/ledger"
)

// grades lists the grades of sources, the strongest first (GC-09): a court's
// finding, a regulator's, a report of a state or the United Nations, a
// non-governmental report with its method, media, an allegation, what the vendor
// or the customer says of itself, and not graded.
var grades = []string{"court", "regulator", "official", "ngo", "media", "allegation", "party", "unknown"}

// Strength ranks a grade: 0 is the strongest. What is not a grade ranks as
// unknown, the weakest.
func Strength(grade string) int {
	if i := slices.Index(grades, grade); i >= 0 {
		return i
	}
	return len(grades) - 1
}

// Statement is a fact with the sources that it cites, as far as they are known.
type Statement struct {
	Fact    *Fact
	Sources []*Source
}

// strength is that of the best source; a statement without one is the weakest.
func (s Statement) strength() int {
	best := len(grades) - 1
	for _, source := range s.Sources {
		best = min(best, Strength(source.Grade))
	}
	return best
}

// Fresh says whether what was seen on asOf may still be used on day: not later
// than it, and at most shelf days old. A shelf of 0 never expires; a day that is
// not stated is not fresh unless the shelf is 0.
func Fresh(asOf, day string, shelf int) bool {
	if asOf == "" {
		return shelf == 0
	}
	if asOf > day {
		return false
	}
	if shelf == 0 {
		return true
	}
	seen, err := time.Parse(time.DateOnly, asOf)
	if err != nil {
		return false
	}
	return seen.AddDate(0, 0, shelf).Format(time.DateOnly) >= day
}

// ParseValue reads the value of a fact as people and files write it: true and
// false, unknown, a whole number, or else text.
func ParseValue(text string) ledger.Scalar {
	switch text {
	case "true":
		return ledger.Bool(true)
	case "false":
		return ledger.Bool(false)
	case "unknown":
		return ledger.Unknown("stated as unknown")
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text && n <= ledger.MaxInt && n >= -ledger.MaxInt {
		return ledger.Int(n)
	}
	return ledger.Text(text)
}

// OutOfDate begins the reason of a value that is unknown because all that was stated
// of it is older than its shelf life. The reason goes on with the day from which on it
// is.
const OutOfDate = "out of date"

func outOfDate(asOf string, shelf int) string {
	seen, err := time.Parse(time.DateOnly, asOf)
	if err != nil {
		return OutOfDate + ": it is not stated on which day it was seen"
	}
	return OutOfDate + " since " + seen.AddDate(0, 0, shelf+1).Format(time.DateOnly)
}

// Settle gives the value that a judgement may use on a day, from all statements
// of one fact about one subject. Among the fresh ones that know the value, the
// strongest grade counts, and within it the latest day seen. A claim counts for
// nothing, whatever it cites (GC-03). Where statements of
// that grade and day disagree, where all are out of date, or where nobody knows,
// the value is unknown with the reason; it is absent when nothing was stated.
// The order of the statements does not matter.
func Settle(statements []Statement, day string, shelf int) ledger.Scalar {
	best, reason := -1, ""
	for i := range statements {
		f := statements[i].Fact
		why, unknown := f.Value.UnknownReason()
		switch {
		case f.Claim || f.Value.IsNull() || f.AsOf > day:
		case unknown:
			reason = max(reason, why)
		case !Fresh(f.AsOf, day, shelf):
			reason = max(reason, outOfDate(f.AsOf, shelf))
		case best < 0 || statements[i].before(&statements[best]) < 0:
			best = i
		}
	}
	switch {
	case best >= 0:
		return agreed(statements, best, day, shelf)
	case reason == "":
		return ledger.Scalar{}
	}
	return ledger.Unknown(reason)
}

// before orders statements by what counts first: the stronger, then the later seen.
func (s *Statement) before(o *Statement) int {
	return cmp.Or(s.strength()-o.strength(), strings.Compare(o.Fact.AsOf, s.Fact.AsOf))
}

// agreed gives the value of the statement that counts first, unless another that
// counts as much gives another one.
func agreed(statements []Statement, best int, day string, shelf int) ledger.Scalar {
	value := statements[best].Fact.Value
	for i := range statements {
		f := statements[i].Fact
		_, unknown := f.Value.UnknownReason()
		if i != best && !f.Claim && !f.Value.IsNull() && !unknown && !f.Value.Equal(value) && statements[i].before(&statements[best]) == 0 && Fresh(f.AsOf, day, shelf) {
			return ledger.Unknown("sources disagree")
		}
	}
	return value
}

// Support counts the independent sources of a statement: two of one publisher
// count once, and a source that names no publisher counts for itself. Fewer than
// two is to be shown as single-source (GC-09).
func (s Statement) Support() int {
	return support(s.Sources)
}

// SupportOf counts the independent sources of all statements that may be used on a
// day and give the value.
func SupportOf(statements []Statement, value ledger.Scalar, day string, shelf int) int {
	var sources []*Source
	for _, s := range statements {
		if !s.Fact.Claim && Fresh(s.Fact.AsOf, day, shelf) && s.Fact.Value.Equal(value) {
			sources = append(sources, s.Sources...)
		}
	}
	return support(sources)
}

func support(sources []*Source) int {
	publishers, unnamed := map[string]bool{}, 0
	for _, source := range sources {
		if source.Publisher == "" {
			unnamed++
		} else {
			publishers[source.Publisher] = true
		}
	}
	return len(publishers) + unnamed
}
