package assurance_test

import (
	"slices"
	"strings"
	"testing"

	"duly/internal/assurance"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/packs"
)

func base(t testing.TB) string {
	t.Helper()
	data, err := packs.Files.ReadFile("controls/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func parse(t testing.TB, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse("controls.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTheShippedLibraryHasNoGap protects RS-07 and RG-04: every step of OECD's guidance
// and each of the eight findings is answered by a control at least, and every rule by
// which the verifier holds the whole log is used.
func TestTheShippedLibraryHasNoGap(t *testing.T) {
	l, err := assurance.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if gaps := l.Gaps(); len(gaps) != 0 {
		t.Errorf("nothing serves %v", gaps)
	}
	for _, r := range bundle.Rules {
		if !slices.ContainsFunc(l.Controls, func(c assurance.Control) bool { return c.Whole == r.ID }) {
			t.Errorf("no control is bound to the verifier's rule %s", r.ID)
		}
	}
	names := map[string]bool{}
	for _, c := range l.Controls {
		if names[l.Name(c.ID)] {
			t.Errorf("%s has the name of another control", c.ID)
		}
		names[l.Name(c.ID)] = true
	}
	for _, r := range assurance.RunTests(parse(t, base(t))) {
		if !r.OK {
			t.Errorf("line %d, %s: %s", r.Line, r.Name, r.Detail)
		}
	}
}

// TestAGapIsFound protects RS-07: what no control serves is found, whoever wrote the
// library.
func TestAGapIsFound(t *testing.T) {
	text := strings.Replace(base(t), ", findings: [retention]", "", 1)
	text = strings.ReplaceAll(text, "oecd: [6]", "oecd: [5]")
	text = strings.ReplaceAll(text, "oecd: [2, 6]", "oecd: [2]")
	l, err := assurance.LoadLibrary(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.Gaps(), []assurance.Gap{{Of: "oecd", Name: "6"}, {Of: "finding", Name: "retention"}}; !slices.Equal(got, want) {
		t.Errorf("gaps %v, not %v", got, want)
	}
}

// TestLibrariesAreReadStrictly protects assessors who write their own library.
func TestLibrariesAreReadStrictly(t *testing.T) {
	good := base(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"a coverage below the verifier's floor": {"limited: 6000", "limited: 4999", "from 5000 to 10000"},
		"a coverage that is missing":            {"limited: 6000, ", "", "needs limited"},
		"a level that nobody knows":             {"limited: 6000,", "limited: 6000, absolute: 9000,", "not known"},
		"a control twice":                       {"id: ROLE-1", "id: POL-1", "stands twice"},
		"an owner that is no role":              {"owner: governing_body", "owner: somebody", "no role"},
		"a frequency that is none":              {"frequency: yearly", "frequency: sometimes", "no frequency"},
		"means that are none":                   {"means: manual", "means: magic", "not automated"},
		"a seventh step":                        {"oecd: [1]", "oecd: [7]", "six steps"},
		"a principle for states":                {"ungp: [15, 16]", "ungp: [3]", "principles 11 to 31"},
		"a ninth finding":                       {"findings: [retention]", "findings: [colour]", "none of the findings"},
		"more deviations than anybody takes":    {"tolerable: 1000", "tolerable: 2001", "tolerable rate"},
		"a rule that the verifier lacks":        {"whole: signed", "whole: blessed", "no rule"},
		"a rule about something else":           {"whole: signed", "whole: counted", "none of the kinds"},
		"a key that nobody knows":               {"title: Methods", "colour: red, title: Methods", "colour"},
		"no objective":                          {`objective: "Nobody judges customers by a method, or by conditions, that the governing body has not adopted."`, `objective: ""`, "has an id, an objective"},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		if name == "a rule about something else" {
			text = strings.Replace(text, "kinds: [decision, opinion, vote, person, refusal]", "kinds: [decision]", 1)
		}
		if text == good {
			t.Fatalf("%s: %q is not in the pack", name, c.from)
		}
		_, err := assurance.LoadLibrary(parse(t, text))
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "controls.yaml:") {
			t.Errorf("%s: %v, want %q and its place", name, err, c.want)
		}
	}
	other := strings.Replace(good, "kind: controls", "kind: casework", 1)
	if _, err := assurance.LoadLibrary(parse(t, other)); err == nil {
		t.Error("a pack of another kind is read as controls")
	}
}

// TestALibraryTestsItself protects the tests that a library carries: one that does not
// hold fails, and so does a kind of entry that does not exist or a control without a test.
func TestALibraryTestsItself(t *testing.T) {
	for name, c := range map[string]struct{ from, to string }{
		"a kind that does not exist": {"kinds: [contact]", "kinds: [contact, conract]"},
		"a trail that is not":        {"LE-5: elsewhere,\n", "LE-5: recorded,\n"},
		"a finding of others":        {"controls: [LE-3]", "controls: [LE-4]"},
		"a bound that is not":        {"at_most: 67", "at_most: 66"},
		"an untested control":        {"CONT-1: recorded, ", ""},
	} {
		text := strings.Replace(base(t), c.from, c.to, 1)
		failed := 0
		for _, r := range assurance.RunTests(parse(t, text)) {
			if !r.OK {
				failed++
			}
		}
		if failed != 1 || text == base(t) {
			t.Errorf("%s: %d tests fail, not one", name, failed)
		}
	}
}

// FuzzLibrary protects the loader against any file: it refuses or reads, and what it read
// names every control that it has.
func FuzzLibrary(f *testing.F) {
	f.Add(base(f))
	f.Add("id: a\nkind: controls\nversion: \"1\"\ntitle: t\nstatus: project\nrequired_coverage: {limited: 5000, reasonable: 8000}\ncontrols: []\ntests: {trails: [], samples: []}\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pack.Parse("f.yaml", []byte(text))
		if err != nil {
			return
		}
		l, err := assurance.LoadLibrary(p)
		if err != nil {
			return
		}
		l.Gaps()
		for _, c := range l.Controls {
			if got, err := l.Control(c.ID); err != nil || got.ID != c.ID {
				t.Errorf("%q: %v", c.ID, err)
			}
		}
		assurance.RunTests(p)
	})
}
