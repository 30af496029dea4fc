package attestation_test

import (
	"errors"
	"strings"
	"testing"

	"duly/internal/attestation"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/packs"
)

// header is that of a pack of which a test changes the rest.
const header = `id: q
kind: attestation
version: "1"
title: A questionnaire
status: project
`

const good = header + `conditions: sample
every_months: 6
questions:
  - {id: a, condition: A, text: Is it kept, type: yes_no, not_kept: ["no"], evidence: A page}
  - {id: n, condition: B, text: How many, type: number, not_kept_below: 2, not_kept_above: 9}
  - {id: c, condition: B, text: Which, type: choice, choices: [one, two], not_kept: [two]}
  - {id: d, condition: B, text: When, type: date}
  - {id: t, condition: B, text: Why, type: text, optional: true}
tests: []
`

func load(t testing.TB, text string) (*attestation.Questionnaire, error) {
	t.Helper()
	p, err := pack.Parse("q.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return attestation.Load(p)
}

// Protects: a questionnaire that could not be answered, or that no answer could fail, is
// refused at its line.
func TestQuestionnaireRefuses(t *testing.T) {
	if _, err := load(t, good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"every_months: 6", "every_months: 0", "q.yaml:7:15"},
		{"id: n,", "id: a,", `"questions[1].id": a stands twice`},
		{"id: n,", "id: N,", "cannot name a question"},
		{"type: date", "type: day", "q.yaml:12:45"},
		{`not_kept: ["no"]`, `not_kept: ["never"]`, "cannot be answered here"},
		{", not_kept: [\"no\"]", "", "no answer can say that A is not kept"},
		{"choices: [one, two]", "choices: [one, two, unknown]", "unknown is always one"},
		{"type: text", "type: text, not_kept_above: 3", "are for numbers"},
		{"type: text", "type: text, choices: [x]", "belong to a question of type choice"},
		{"optional: true", "optional: true, weight: 3", `the key "weight" is not known`},
	} {
		_, err := load(t, strings.Replace(good, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

// Protects: what answers say. One answer is enough that a condition is not kept; an
// answer that is not there never says that it is.
func TestSays(t *testing.T) {
	q, err := load(t, good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ a, n, c, d, wantA, wantB string }{
		{"yes", "2", "one", "2026-01-31", "kept", "kept"},
		{"no", "9", "two", "2026-01-31", "not_kept", "not_kept"},
		{"unknown", "1", "unknown", "unknown", "unknown", "not_kept"},
		{"yes", "10", "one", "unknown", "kept", "not_kept"},
		{"yes", "unknown", "one", "2026-01-31", "kept", "unknown"},
		{"yes", "unknown", "two", "2026-01-31", "kept", "not_kept"},
	} {
		says, err := q.Says(map[string]string{"a": c.a, "n": c.n, "c": c.c, "d": c.d})
		if err != nil || says["A"] != c.wantA || says["B"] != c.wantB {
			t.Errorf("%+v: %v %v", c, says, err)
		}
	}
	for id, answer := range map[string]string{"a": "maybe", "n": "4.5", "c": "three", "d": "31.1.2026", "t": strings.Repeat("x", 4001), "other": "yes"} {
		answers := map[string]string{"a": "yes", "n": "4", "c": "one", "d": "2026-01-31"}
		answers[id] = answer
		_, err := q.Says(answers)
		var f *fault.Error
		if !errors.As(err, &f) || f.Field != id || f.Code != fault.Invalid {
			t.Errorf("%s: %.5s: %v", id, answer, err)
		}
	}
	if _, err := q.Says(map[string]string{"a": "yes"}); err == nil || !strings.Contains(err.Error(), "the question n: there is no answer") {
		t.Errorf("without an answer: %v", err)
	}
}

// Protects: a pack's own tests fail where they should, and those that ship hold and ask
// about conditions that there are.
func TestPacksOfQuestionnaires(t *testing.T) {
	p, err := pack.Parse("q.yaml", []byte(strings.Replace(good, "tests: []", "tests: [{name: t, answers: {a: yes, n: 3, c: one, d: unknown}, expect: {A: kept, B: not_kept}}]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if r := attestation.RunTests(p); len(r) != 1 || r[0].OK {
		t.Errorf("a number where a text belongs: %+v", r)
	}
	p, err = pack.Parse("q.yaml", []byte(strings.Replace(good, "tests: []", `tests: [{name: t, answers: {a: "yes", n: "3", c: one, d: unknown}, expect: {A: kept, B: not_kept}}]`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, r := range attestation.RunTests(p) {
		if !r.OK {
			failed++
		}
	}
	if failed != 3 { // the test itself, A and B never shown not kept
		t.Errorf("%d failed", failed)
	}
	for _, name := range []string{"face-search", "plate-search"} {
		p := shipped(t, "attestations/"+name+".yaml")
		q, err := attestation.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := attestation.Join(p, shipped(t, "conditions/"+q.Conditions+".yaml")); err != nil {
			t.Error(err)
		}
		for _, r := range attestation.RunTests(p) {
			if !r.OK {
				t.Errorf("%s: %s: %s", name, r.Name, r.Detail)
			}
		}
	}
	if _, err := attestation.Join(shipped(t, "attestations/face-search.yaml"), shipped(t, "conditions/alpr.yaml")); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("conditions of another pack: %v", err)
	}
}

func shipped(t testing.TB, name string) *pack.Pack {
	t.Helper()
	data, err := packs.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("packs/"+name, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
