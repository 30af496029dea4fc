package assurance

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"duly/internal/fault"
)

// The outcomes of one item.
const (
	Kept        = "kept"
	Deviation   = "deviation"
	NotTestable = "not_testable" // what would show it is not there; it counts as a deviation
)

// Causes lists why a control was not kept, as far as the assessor found out.
var Causes = []string{"design", "people", "system", "data", "pressure", "unknown"}

// Result is what came of one item of a test.
type Result struct {
	Item    string // as the sample names it
	Outcome string // Kept, Deviation or NotTestable
	Cause   string // of a deviation, one of Causes
	Note    string // what was found; needed unless kept
}

// String gives an exception as people read it.
func (r Result) String() string {
	if r.Cause == "" {
		return fmt.Sprintf("%s: %s (%s)", r.Item, r.Note, r.Outcome)
	}
	return fmt.Sprintf("%s: %s (%s, root cause: %s)", r.Item, r.Note, r.Outcome, r.Cause)
}

// maxResults bounds the items of one test.
const maxResults = 100_000

// resultHeader is the first line of a file of results.
var resultHeader = []string{"item", "result", "cause", "note"}

// ReadResults reads the results of a test, sorted by item, from a CSV file with the
// columns item, result, cause and note. Nothing is kept of a file that has a fault.
//
// Errors: Invalid with file and line for an unknown result or cause, a deviation without
// its cause and note, an item that could not be tested without a note, and an item twice.
func ReadResults(path string, data []byte) ([]Result, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(resultHeader)
	var out []Result
	seen := map[string]bool{}
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) && n > 0 {
			slices.SortFunc(out, func(a, b Result) int { return cmp.Compare(a.Item, b.Item) })
			return out, nil
		}
		line := 1
		if len(row) > 0 { // a row that cannot be read has no place of its own
			line, _ = r.FieldPos(0)
		}
		wrong := func(what, fix string) error { return fault.New(fault.Invalid, what, fix).At(path, line, "") }
		if err != nil {
			var at *csv.ParseError
			if errors.As(err, &at) {
				line = at.Line
			}
			return nil, wrong("the results cannot be read: "+err.Error(), "write one line for each item: "+strings.Join(resultHeader, ","))
		}
		if n == 0 {
			if !slices.Equal(row, resultHeader) {
				return nil, wrong("the first line does not name the columns", "write "+strings.Join(resultHeader, ","))
			}
			continue
		}
		one := Result{row[0], row[1], row[2], strings.TrimSpace(row[3])}
		if what, fix := one.refuses(); what != "" {
			return nil, wrong(what, fix)
		}
		if seen[one.Item] || n > maxResults {
			return nil, wrong("the item "+one.Item+" stands twice, or there are too many", "give each item once")
		}
		seen[one.Item] = true
		out = append(out, one)
	}
}

// refuses says what is wrong with a result; empty when nothing is.
func (r Result) refuses() (what, fix string) {
	for _, s := range []string{r.Item, r.Note} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return "a text is not UTF-8", ""
		}
	}
	switch {
	case r.Item == "" || strings.ContainsAny(r.Item, "= \t\r\n") || len(r.Item) > 128:
		return fmt.Sprintf("%q names no item of a sample", r.Item), "copy it from the sample"
	case r.Outcome == Kept && r.Cause != "":
		return "an item that was kept has no root cause", "leave it empty"
	case r.Outcome == Deviation && !slices.Contains(Causes, r.Cause):
		return fmt.Sprintf("%q is no root cause of a deviation", r.Cause), "use one of " + strings.Join(Causes, ", ")
	case r.Outcome == NotTestable && r.Cause != "":
		return "an item that could not be tested has no root cause", "say in the note what is missing"
	case r.Outcome != Kept && r.Note == "":
		return "nothing is said of an item that was not kept", "say in the note what was found"
	case r.Outcome != Kept && r.Outcome != Deviation && r.Outcome != NotTestable:
		return fmt.Sprintf("%q is no result", r.Outcome), "use kept, deviation or not_testable"
	}
	return "", ""
}
