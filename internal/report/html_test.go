package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"strings"
	"testing"

	"duly/internal/ledger"
	"duly/internal/report"
)

var (
	tag   = regexp.MustCompile(`<(/?)([a-zA-Z0-9!]+)((?:\s+[a-zA-Z:-]+(?:="[^"<>]*")?)*)\s*(/?)>`)
	style = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	id    = regexp.MustCompile(`\sid="([^"]*)"`)
)

// Protects: the page is well formed: every tag is closed in order, every angle
// bracket belongs to a tag, and no id stands twice.
func TestPageIsWellFormed(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	for _, classes := range [][]ledger.Class{nil, ledger.Classes} {
		page := style.ReplaceAllString(render(t, s.build(signed, c, classes...), report.HTML), "<style></style>")
		var open []string
		for _, m := range tag.FindAllStringSubmatch(page, -1) {
			name := m[2]
			switch {
			case name == "!DOCTYPE" || name == "meta" || name == "br" || m[4] == "/":
			case m[1] == "":
				open = append(open, name)
			case len(open) == 0 || open[len(open)-1] != name:
				t.Fatalf("</%s> closes %v", name, open)
			default:
				open = open[:len(open)-1]
			}
		}
		if len(open) != 0 {
			t.Errorf("not closed: %v", open)
		}
		if rest := tag.ReplaceAllString(page, ""); strings.ContainsAny(rest, "<>") {
			t.Errorf("an angle bracket stands outside a tag: %q", rest[strings.IndexAny(rest, "<>"):][:40])
		}
		seen := map[string]bool{}
		for _, m := range id.FindAllStringSubmatch(page, -1) {
			if seen[m[1]] {
				t.Errorf("id %s stands twice", m[1])
			}
			seen[m[1]] = true
		}
		for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if !seen[link[1]] {
				t.Errorf("#%s leads nowhere", link[1])
			}
		}
	}
}

// Protects: the page needs nothing from outside and may run nothing, whatever a
// record holds.
func TestPageIsSealed(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	page := render(t, s.build(signed, c, ledger.Classes...), report.HTML)
	for _, never := range []string{"<script", "http:", "https:", "src=", "@import", "url(", "javascript:", " style=", " onload", "<iframe", "<link"} {
		if strings.Contains(page, never) {
			t.Errorf("the page holds %q", never)
		}
	}
	if !strings.Contains(page, "Bright &lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; Sons") {
		t.Error("a name that is markup is not shown as text")
	}
	css := style.FindStringSubmatch(page)[1]
	sum := sha256.Sum256([]byte(css))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if policy == nil || html.UnescapeString(policy[1]) != want {
		t.Errorf("the policy is %v, its own style needs %s", policy, want)
	}
}

// Protects: a reader with a screen reader meets the same structure.
func TestPageIsAccessible(t *testing.T) {
	s := newSmall(t)
	signed, c := s.checkpoint()
	for _, classes := range [][]ledger.Class{nil, ledger.Classes} {
		page := render(t, s.build(signed, c, classes...), report.HTML)
		if !strings.Contains(page, `<html lang="en">`) || strings.Count(page, "<h1>") != 1 || !strings.Contains(page, "<main ") {
			t.Error("the page lacks its language, its heading or its main part")
		}
		if strings.Count(page, "<table") != strings.Count(page, "><caption>") {
			t.Error("a table has no caption")
		}
		if n := strings.Count(page, "<th"); n-strings.Count(page, "<thead") != strings.Count(page, "<th scope=") {
			t.Error("a heading cell does not say what it heads")
		}
		if n := strings.Count(page, "<svg"); n != 2 || strings.Count(page, `role="img"><title>`) != n || strings.Count(page, "<desc>") != n {
			t.Errorf("%d drawings, not all with a title and a description", n)
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
