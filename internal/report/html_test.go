package report_test

import (
	"strings"
	"testing"

	"duly/internal/ledger"
	"duly/internal/page/pagetest"
	"duly/internal/report"
)

// Protects: the page is well formed, needs nothing from outside and may run nothing,
// whatever a record holds, and a reader with a screen reader meets the same structure.
func TestPageIsWellFormedSealedAndAccessible(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	for _, classes := range [][]ledger.Class{nil, ledger.Classes} {
		page := render(t, s.build(signed, c, classes...), report.HTML)
		pagetest.Check(t, page)
		if n := strings.Count(page, "<svg"); n != 2 {
			t.Errorf("%d drawings of two ratings", n)
		}
		if all := classes != nil; all != strings.Contains(page, "Bright &lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; Sons") {
			t.Errorf("shown to %v, a name that is markup is not shown as text", classes)
		}
	}
}

// Protects: the page says what is unknown, promised and withheld, beside what is
// known, and never calls a promise kept.
func TestPageSaysOnlyWhatIsSo(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	page := render(t, s.build(signed, c), report.HTML)
	for _, said := range []string{
		`<p class="result">Cannot tell yet</p>`, `<p class="result">Stopped by law</p>`, "Enforcement: not confirmed.", "Promised: nobody checked",
		"The rating lies between MEDIUM and CRITICAL.", "18 of 50 calls deviated.", "For 2 calls nobody can tell.", "withheld: customer",
		"Review due 2026-11-01: <strong>overdue</strong>", "screened, not assessed",
	} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	for _, never := range []string{"ompliant", "low risk.</", "green"} {
		if strings.Contains(strings.ReplaceAll(page, "not the same as low risk.</td>", ""), never) {
			t.Errorf("the page says %q", never)
		}
	}
}
