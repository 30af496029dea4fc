// Package pagetest checks pages that Duly writes, for tests: that they are well formed,
// run and load nothing whatever a record holds, and tell a screen reader what they tell
// the eye.
package pagetest

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tag       = regexp.MustCompile(`<(/?)([a-zA-Z0-9!]+)((?:\s+[a-zA-Z:-]+(?:="[^"<>]*")?)*)\s*(/?)>`)
	attribute = regexp.MustCompile(`([a-zA-Z:-]+)(?:="([^"<>]*)")?`)
	style     = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	policy    = regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`)
)

// elements and attributes are all that a page is made of: none of them runs or loads
// anything.
var (
	elements = strings.Fields(`!DOCTYPE html head meta title style body a header h1 h2 h3 p nav ul li main section article div span small strong b i bdi br
		table caption thead tbody tr th td dl dt dd code pre footer svg desc rect text`)
	attributes = strings.Fields(`html lang charset http-equiv content name class href id tabindex aria-label scope data-l viewBox width height role x y text-anchor colspan rowspan`)
)

// Check fails unless a page is well formed, sealed and accessible.
func Check(t testing.TB, page string) {
	t.Helper()
	bare := style.ReplaceAllString(page, "<style></style>")
	wellFormed(t, bare)
	sealed(t, page, bare)
	accessible(t, bare)
}

// wellFormed: every tag is closed in order, every angle bracket belongs to a tag, no id
// stands twice, and every link leads to one.
func wellFormed(t testing.TB, page string) {
	t.Helper()
	var open []string
	ids := map[string]bool{}
	var links []string
	for _, m := range tag.FindAllStringSubmatch(page, -1) {
		name := m[2]
		for _, a := range attribute.FindAllStringSubmatch(m[3], -1) {
			switch {
			case a[1] == "id" && ids[a[2]]:
				t.Errorf("id %s stands twice", a[2])
			case a[1] == "id":
				ids[a[2]] = true
			case a[1] == "href":
				links = append(links, a[2])
			}
		}
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
		at := strings.IndexAny(rest, "<>")
		t.Errorf("an angle bracket stands outside a tag: %q", rest[at:min(len(rest), at+40)])
	}
	for _, to := range links {
		if !ids[strings.TrimPrefix(to, "#")] {
			t.Errorf("%s leads nowhere", to)
		}
	}
}

// sealed: a page is made of elements and attributes that run and load nothing, links lead
// into it, and its policy allows its own style and nothing else.
func sealed(t testing.TB, page, bare string) {
	t.Helper()
	for _, m := range tag.FindAllStringSubmatch(bare, -1) {
		if !slices.Contains(elements, m[2]) {
			t.Errorf("the page has an element %s", m[2])
		}
		for _, a := range attribute.FindAllStringSubmatch(m[3], -1) {
			if !slices.Contains(attributes, a[1]) || a[1] == "href" && !strings.HasPrefix(a[2], "#") {
				t.Errorf("the page has an attribute %s", a[0])
			}
		}
	}
	css := style.FindStringSubmatch(page)
	if css == nil {
		t.Fatal("the page has no style")
	}
	if strings.Contains(css[1], "@import") || strings.Contains(css[1], "url(") {
		t.Error("the style loads something")
	}
	sum := sha256.Sum256([]byte(css[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	if got := policy.FindStringSubmatch(page); got == nil || html.UnescapeString(got[1]) != want {
		t.Errorf("the policy is %v, its own style needs %s", got, want)
	}
}

// accessible: language, one first heading and a main part; every table has a caption,
// every heading cell says what it heads, every drawing has a title and a description.
func accessible(t testing.TB, page string) {
	t.Helper()
	if !strings.Contains(page, `<html lang="en">`) || strings.Count(page, "<h1>") != 1 || !strings.Contains(page, "<main ") {
		t.Error("the page lacks its language, its heading or its main part")
	}
	if strings.Count(page, "<table") != strings.Count(page, "><caption>") {
		t.Error("a table has no caption")
	}
	if n := strings.Count(page, "<th"); n-strings.Count(page, "<thead") != strings.Count(page, "<th scope=") {
		t.Error("a heading cell does not say what it heads")
	}
	if n := strings.Count(page, "<svg"); strings.Count(page, `role="img"><title>`) != n || strings.Count(page, "<desc>") != n {
		t.Errorf("%d drawings, not all with a title and a description", n)
	}
}
