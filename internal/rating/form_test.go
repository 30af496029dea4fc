package rating_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
)

// edited loads a pack of the test data after edits: pairs of old and new text.
func edited(t testing.TB, name string, edits ...string) (*rating.Method, error) {
	t.Helper()
	text := string(file(t, "testdata/"+name))
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%s no longer holds %q", name, edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	p, err := pack.Parse(name, []byte(text))
	if err != nil {
		return nil, err
	}
	return rating.Load(p)
}

// Protects: what a pack asks of the answers to a fact, and what it rests on, reach
// those who gather facts and those who hold the framework packs.
func TestEvidenceAndBasis(t *testing.T) {
	m, err := edited(t, "engine.yaml",
		"facts:\n", "frameworks: [ungp, eff-kyc]\nfacts:\n",
		`question: "Who?",`, `question: "Who?", shelf_days: 365, sources: 2, answers: [customer, analyst], evidence: a licence, rests_on: [ungp/gp31-a],`,
		`origin: test, when: secret`, `origin: test, rests_on: [eff-kyc/q-3, ungp/gp31-a], when: secret`,
		`basis: policy, when`, `basis: policy, rests_on: [ungp/gp19], when`)
	if err != nil {
		t.Fatal(err)
	}
	who, _ := m.Fact("who")
	if who.ShelfDays != 365 || who.Sources != 2 || !slices.Equal(who.Answers, []string{"customer", "analyst"}) || who.Evidence != "a licence" {
		t.Errorf("%+v", who)
	}
	if tools, _ := m.Fact("tools"); tools.ShelfDays != 0 || tools.Sources != 1 || len(tools.Answers) > 0 {
		t.Errorf("%+v", tools)
	}
	if got := m.Basis(); !reflect.DeepEqual(got, []string{"eff-kyc/q-3", "ungp/gp19", "ungp/gp31-a"}) {
		t.Errorf("basis %v", got)
	}
	if got := m.Frameworks(); !reflect.DeepEqual(got, []string{"ungp", "eff-kyc"}) {
		t.Errorf("frameworks %v", got)
	}
}

// Protects: what the newer keys of a pack may not say, each refused with its place.
func TestFormRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"engine.yaml", `question: "Who?",`, `question: "Who?", shelf_days: -1,`, "number of days"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", sources: 10,`, "number of sources"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", answers: [boss],`, "nobody who may answer"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", shelf_days: soon,`, "whole number"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", rests_on: [ungp/gp19],`, "not among the method's frameworks"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", rests_on: [gp19],`, "pack/item"},
	} {
		_, err := edited(t, c.name, c.old, c.new)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.name+":") {
			t.Errorf("%q: %v, want %q", c.new, err, c.want)
		}
	}
}
