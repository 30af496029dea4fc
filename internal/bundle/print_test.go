package bundle

import (
	"strings"
	"testing"
	"unicode/utf8"

	"duly/internal/ledger"
)

// TestPrintFitsATerminal protects whoever reads it in a terminal of 100 columns, with
// counts as large as they get in practice.
func TestPrintFitsATerminal(t *testing.T) {
	const many = 98765
	for _, level := range []Assurance{NoAssurance, KeyGiven} {
		r := Result{What: "workspace", Origin: "vendor.example/duly", Size: many, Root: ledger.Hash{}.String(), Uncovered: many, Assurance: level}
		r.Counts.Entries, r.Counts.Disclosed, r.Counts.Withheld, r.Counts.Erased, r.Counts.Signatures = many, 10*many, 10*many, many, many
		r.Counts.Ratings.Exact, r.Counts.Ratings.Consistent, r.Counts.Ratings.NotReplayed = many, many, many
		var out strings.Builder
		r.Print(&out)
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
}
