package report_test

import (
	"bytes"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/report"
	"duly/packs"
)

func published(t *testing.T) (*report.Published, string) {
	t.Helper()
	folder, err := fs.Sub(packs.Files, "conditions")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pack.ReadDir(folder, ".")
	if err != nil {
		t.Fatal(err)
	}
	p, err := report.Publish(list)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	again, err := report.Publish(list)
	if err != nil {
		t.Fatal(err)
	}
	page, other := &bytes.Buffer{}, &bytes.Buffer{}
	for out, p := range map[io.Writer]*report.Published{page: p, other: again} {
		if err := report.PublishedHTML(p, out); err != nil {
			t.Fatal(err)
		}
	}
	if page.String() != other.String() {
		t.Error("the order in which packs are given changes the page")
	}
	return p, page.String()
}

// Protects PO-05: every version of every condition is published with its days, its text,
// its force, what checks it and what that cannot show, and what changed.
func TestPublishedHoldsEveryVersion(t *testing.T) {
	p, page := published(t)
	versions := 0
	for _, one := range p.Packs {
		for _, c := range one.Conditions {
			for i, v := range c.Versions {
				versions++
				if v.From == "" || v.Text == "" || len(v.CheckedBy) == 0 || v.Hash == "" || v.Terms == "" {
					t.Errorf("%s of %s: %+v", v.ID, v.From, v)
				}
				if slices.Contains(v.CheckedBy, conditions.Telemetry) != (v.Deviation != "") || v.Deviation != "" && v.NotSeen == "" {
					t.Errorf("%s of %s is checked by %v with the rule %q and without a word on what that cannot show", v.ID, v.From, v.CheckedBy, v.Deviation)
				}
				if i+1 < len(c.Versions) && (len(v.Changes) == 0 || v.From < c.Versions[i+1].From) {
					t.Errorf("%s of %s says nothing otherwise than the version before, or stands before it", v.ID, v.From)
				}
				if !strings.Contains(page, `datetime="`+v.From+`"`) {
					t.Errorf("the page lacks %s of %s", v.ID, v.From)
				}
			}
		}
	}
	if versions != p.Versions || versions < p.Newest {
		t.Errorf("%d versions, said %d of %d conditions", versions, p.Versions, p.Newest)
	}
}

// Protects: the number for face search is published with its whole history.
func TestPublishedTellsHowTheNumberMoved(t *testing.T) {
	p, _ := published(t)
	for _, one := range p.Packs {
		for _, c := range one.Conditions {
			if c.ID != "FS-99" {
				continue
			}
			var got []string
			for _, v := range c.Versions {
				got = append(got, v.ID+" "+v.From+" "+string(v.Status))
			}
			want := []string{"FS-99 2021-07-09 incorporated", "FS-99 2019-01-04 advisory", "FS-99 2018-07-27 advisory", "FS-95 2018-07-26 advisory", "FS-85 2017-07-01 advisory"}
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			return
		}
	}
	t.Error("there is no FS-99")
}

// Protects: the page stands by itself, runs nothing, loads nothing, can be read by
// machines for people who do not see it, and never says that somebody complies.
func TestPublishedPageIsSealedAndAccessible(t *testing.T) {
	_, page := published(t)
	for _, never := range []string{"<script", "javascript:", " src=", "@import", "<link", "<iframe", "complian", "complies"} {
		if strings.Contains(strings.ToLower(page), never) {
			t.Errorf("the page holds %q", never)
		}
	}
	for _, always := range []string{`<html lang="en">`, `class="skip" href="#first"`, `<main id="first">`, "<caption>", `scope="col"`, `scope="row"`, `aria-label=`} {
		if !strings.Contains(page, always) {
			t.Errorf("the page lacks %q", always)
		}
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			t.Errorf("the id %s stands twice", m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !seen[m[1]] {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
	if h := strings.Count(page, "<h1"); h != 1 {
		t.Errorf("%d headings of the first rank", h)
	}
}
