package pack_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"duly/internal/fault"
	"duly/internal/pack"
)

const head = `id: sample
kind: triage
version: "1"
title: A sample
status: project
effective_from: 2024-01-31
sources:
  - {title: A report, ref: "https://example.org/r", grade: verified}
`

type body struct {
	Rules []struct {
		ID     string   `yaml:"id,required"`
		When   string   `yaml:"when,required"`
		Weight int      `yaml:"weight"`
		Share  float64  `yaml:"share"`
		On     bool     `yaml:"on"`
		Sev    [3]*int  `yaml:"sev"`
		Tags   []string `yaml:"tags"`
	} `yaml:"rules,required"`
	Notes map[string]string `yaml:"notes"`
	Facts map[string]any    `yaml:"facts"`
}

// Protects: a good pack gives its header, its exact hash and its body.
func TestParse(t *testing.T) {
	data := []byte(head + `rules:
  - id: r1
    when: a && b
    weight: 2
    share: 1
    on: true
    sev: [1, null, 3]
    tags: [x, "1"]
notes: {k: v, 5: five}
facts: {a: true, b: 3, c: word, d: null, e: [p, q], f: 1.5, g: {h: i}}
`)
	p, err := pack.Parse("x.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "sample" || p.Kind != pack.Triage || p.EffectiveFrom != "2024-01-31" || p.Sources[0].Grade != "verified" {
		t.Errorf("header %+v", p)
	}
	if p.Hash != fmt.Sprintf("%x", sha256.Sum256(data)) {
		t.Errorf("hash %s", p.Hash)
	}
	var b body
	if err := p.Decode(&b); err != nil {
		t.Fatal(err)
	}
	r := b.Rules[0]
	if r.Weight != 2 || r.Share != 1 || !r.On || *r.Sev[0] != 1 || r.Sev[1] != nil || r.Tags[1] != "1" || b.Notes["5"] != "five" {
		t.Errorf("body %+v", b)
	}
	if got := fmt.Sprintf("%v", b.Facts); got != "map[a:true b:3 c:word d:<nil> e:[p q] f:1.5 g:map[h:i]]" {
		t.Errorf("facts %s", got)
	}
}

// Protects: a pack is stale from the day on that it names, not before, and one that
// names none never is.
func TestStale(t *testing.T) {
	p, err := pack.Parse("p.yaml", []byte(head+"checked: 2024-01-31\nrecheck: 2025-01-31\nrules: []\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Checked != "2024-01-31" || p.Stale("2025-01-30") || !p.Stale("2025-01-31") || !p.Stale("2026-07-01") {
		t.Errorf("checked %s, stale by the days %v %v", p.Checked, p.Stale("2025-01-30"), p.Stale("2025-01-31"))
	}
	p.Recheck = ""
	if p.Stale("9999-12-31") {
		t.Error("stale without a day")
	}
}

// Protects: each thing a pack may not hold is refused with its place and words
// that tell what to do; among them the YAML tricks that make small files huge.
func TestRefuses(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown key", head + "rules: []\nruels: []\n", `p.yaml:10:1: the key "ruels" is not known here; use facts, notes, rules`},
		{"unknown key inside", head + "rules:\n  - id: a\n    when: b\n    weigth: 1\n", `p.yaml:12:5: the key "weigth"`},
		{"twice", head + "rules: []\nrules: []\n", `p.yaml:10:1: the key "rules" stands twice here, first in line 9`},
		{"missing", head + "rules:\n  - id: a\n", `p.yaml:10:5: missing here: when`},
		{"missing at the top", head, `p.yaml:1:1: missing here: rules`},
		{"text for number", head + "rules:\n  - {id: a, when: b, weight: two}\n", `p.yaml:10:30: this is "two", not a whole number`},
		{"fraction for whole", head + "rules:\n  - {id: a, when: b, weight: 2.0}\n", `not a whole number`},
		{"octal", head + "rules:\n  - {id: a, when: b, weight: 0o17}\n", `not a whole number`},
		{"infinite", head + "rules:\n  - {id: a, when: b, share: .inf}\n", `not a number`},
		{"number for text", head + "rules:\n  - {id: 1, when: b}\n", `this is "1", not a text; put it in quotes`},
		{"null for text", head + "rules:\n  - {id: , when: b}\n", `this is nothing, not a text`},
		{"yes", head + "rules:\n  - {id: a, when: b, on: yes}\n", `not true or false`},
		{"list for text", head + "rules:\n  - {id: [a], when: b}\n", `this is a list, not a text`},
		{"text for list", head + "rules: none\n", `p.yaml:9:8: this is "none", not a list`},
		{"wrong length", head + "rules:\n  - {id: a, when: b, sev: [1, 2]}\n", `2 items, not 3`},
		{"binary", head + "rules:\n  - {id: !!binary aGk=, when: b}\n", `leave out the tag`},
		{"anchor", head + "rules: &r []\n", `anchors and aliases`},
		{"alias bomb", head + "a: &a [x,x]\nb: &b [*a,*a]\nrules: [*b,*b]\n", `anchors and aliases`},
		{"merge", head + "notes:\n  <<: {a: b}\n", `cannot be a key`},
		{"second document", head + "rules: []\n---\nid: more\n", `a second one starts here`},
		{"empty", "", `p.yaml:1: the file is empty`},
		{"a list", "- a\n", `this is not a mapping`},
		{"not yaml", "id: [\n", `p.yaml:`},
		{"tabs", "id:\n\t- a\n", `not YAML`},
		{"deep", head + "rules: " + strings.Repeat("[", 50) + strings.Repeat("]", 50) + "\n", `nested more than`},
		{"huge", head + "#" + strings.Repeat("x", pack.MaxSize), `bytes, more than`},
		{"kind", strings.Replace(head, "triage", "recipe", 1), `p.yaml:2:7: "kind": "recipe" is not a kind of pack`},
		{"status", strings.Replace(head, "project", "good", 1), `is not a status`},
		{"version", strings.Replace(head, `"1"`, "1.0", 1), `this is "1.0", not a text; put it in quotes`},
		{"id", strings.Replace(head, "sample", "A sample", 1), `cannot be a pack's id`},
		{"date", strings.Replace(head, "2024-01-31", "2024-02-31", 1), `is not a date`},
		{"check again before", head + "checked: 2024-02-01\nrecheck: 2024-02-01\nrules: []\n", `"recheck": the day to check again is not after`},
		{"checked", head + "checked: soon\nrules: []\n", `"checked": "soon" is not a date`},
		{"grade", strings.Replace(head, "verified", "sure", 1), `"sources[0].grade": "sure" is not a grade`},
	} {
		p, err := pack.Parse("p.yaml", []byte(c.yaml))
		if err == nil {
			err = p.Decode(new(body))
		}
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Invalid || f.File != "p.yaml" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// Protects: a room's finding about an expression points into the pack's text,
// however the expression is quoted.
func TestPlace(t *testing.T) {
	p, err := pack.Parse("p.yaml", []byte(head+`rules:
  - {id: a, when: a && b}
  - {id: b, when: "a && b"}
  - id: c
    when: |
      a &&
        b
  - id: d
    when: >
      a &&
      b
`))
	if err != nil {
		t.Fatal(err)
	}
	inner := func(line, column int) *fault.Error {
		f := fault.Newf(fault.Invalid, "bad")
		f.Line, f.Column = line, column
		return f
	}
	for _, c := range []struct {
		rule int
		err  error
		want string
	}{
		{0, inner(1, 3), "p.yaml:10:21: "},
		{1, inner(1, 3), "p.yaml:11:22: "},
		{2, inner(2, 3), "p.yaml:15:9: "},
		{3, inner(2, 1), "p.yaml:17:11: "},
		{0, errors.New("plain"), "p.yaml:10:19: "},
	} {
		if got := p.Place(c.err, "rules", c.rule, "when").Error(); !strings.HasPrefix(got, c.want) {
			t.Errorf("rule %d: %s, want %s", c.rule, got, c.want)
		}
	}
	if p.Place(nil, "rules") != nil {
		t.Error("no error became one")
	}
	if got := p.Fault("gone", "", "rules", 1, "weight").Error(); !strings.HasPrefix(got, `p.yaml:11:5: "rules[1].weight": gone`) {
		t.Error(got)
	}
	if p.Line("rules", 2) != 12 {
		t.Error(p.Line("rules", 2))
	}
}

// Protects: reading a directory is ordered, complete, and refuses two packs that
// claim to be the same.
func TestReadDir(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	other := strings.Replace(head, "sample", "other", 1)
	fsys := fstest.MapFS{"packs/z.yaml": file(head), "packs/a/b.yaml": file(other), "packs/readme.md": file("no")}
	got, err := pack.ReadDir(fsys, "packs")
	if err != nil || len(got) != 2 || got[0].Path != "packs/a/b.yaml" || got[1].ID != "sample" {
		t.Fatalf("%v %v", got, err)
	}
	if one, err := pack.ReadDir(fsys, "packs/z.yaml"); err != nil || len(one) != 1 {
		t.Errorf("one file: %v %v", one, err)
	}
	if _, err := pack.ReadDir(fsys, "nothing"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("missing directory: %v", err)
	}
	fsys["packs/zz.yaml"] = file(head)
	if _, err := pack.ReadDir(fsys, "packs"); err == nil || !strings.Contains(err.Error(), "already in packs/z.yaml") {
		t.Errorf("same pack twice: %v", err)
	}
}

// Protects: a pack whose kind nobody tests does not pass for tested.
func TestTestNeedsARunner(t *testing.T) {
	p, err := pack.Parse("p.yaml", []byte(head))
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]pack.Runner{pack.Triage: func(p *pack.Pack) []pack.TestResult {
		return []pack.TestResult{{Name: p.ID, OK: true, Line: 1}}
	}}
	if got, err := p.Test(ran); err != nil || len(got) != 1 || got[0].Name != "sample" {
		t.Errorf("%v %v", got, err)
	}
	if _, err := p.Test(nil); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("no runner: %v", err)
	}
}

// Protects: a file that is no pack is read as strictly as one, keys of a pack's header
// among them, and JSON is read too.
func TestPlain(t *testing.T) {
	type file struct {
		Day  string            `yaml:"day,required"`
		Says map[string]string `yaml:"says"`
	}
	for _, c := range []struct{ text, want string }{
		{"day: 2024-01-31\nsays: {a: b}\n", ""},
		{"{\n\t\"day\": \"2024-01-31\",\n\t\"says\": {\"a\": \"b\"}\n}\n", ""},
		{"day: 2024-01-31\ntitle: x\n", `a.yaml:2:1: the key "title" is not known here; use day, says`},
		{"says: {a: b}\n", `a.yaml:1:1: missing here: day`},
		{"day: 2024-01-31\nsays: {a: b, a: c}\n", `the key "a" stands twice`},
		{"day: &d 2024-01-31\n", `anchors and aliases`},
		{"", `a.yaml:1: the file is empty`},
		{"#" + strings.Repeat("x", pack.MaxSize), `bytes, more than`},
	} {
		var f file
		p, err := pack.Plain("a.yaml", []byte(c.text), &f)
		if c.want == "" {
			if err != nil || f.Day != "2024-01-31" || f.Says["a"] != "b" || p.Line("says", "a") < 2 {
				t.Errorf("%q: %v %+v", c.text, err, f)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "rules: [{id: a, when: b, sev: [1, null, 2]}]\nfacts: {a: [1, {b: c}]}\n"))
	f.Add([]byte("id: &a [*a]"))
	f.Add([]byte("{a: {b: [1, 2, {c: null}]}}"))
	f.Add([]byte("? [k]\n: v\n"))
	f.Add([]byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pack.Parse("p.yaml", data)
		if err == nil {
			err = p.Decode(new(body))
		}
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("%v is not a fault of the input", err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(head + "rules:\n" + strings.Repeat("  - {id: a, when: 'a && b', weight: 2, tags: [x, y]}\n", 1000))
	b.Run("parse-and-decode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			p, err := pack.Parse("p.yaml", data)
			if err == nil {
				err = p.Decode(new(body))
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	// Parsing without decoding: what the strict decoder adds to YAML itself.
	b.Run("baseline-parse", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := pack.Parse("p.yaml", data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func ExampleParse() {
	p, err := pack.Parse("packs/triage/sample.yaml", []byte(`
id: sample
kind: triage
version: "1"
title: A sample
status: project
rules:
  - id: police
    when: sector == "police"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var body struct {
		Rules []struct {
			ID   string `yaml:"id,required"`
			When string `yaml:"when,required"`
		} `yaml:"rules,required"`
	}
	fmt.Println(p.ID, p.Decode(&body), body.Rules[0].When)
	// Output: sample <nil> sector == "police"
}
