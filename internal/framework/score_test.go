package framework_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/rule"
)

// Protects: answers are read strictly, with their places, and only for their framework.
func TestReadAnswers(t *testing.T) {
	f := load(t, small)
	answers, day, err := f.ReadAnswers("a.json", []byte(`{"framework": "small", "day": "2024-07-01", "answers": {"ask-a": {"result": "met", "evidence": "a letter"}, "ask-b": "unmet"}}`))
	if err != nil || day != "2024-07-01" || answers["ask-a"] != (framework.Answer{Result: framework.Met, Evidence: "a letter"}) || answers["ask-b"].Result != framework.Unmet {
		t.Errorf("%v %s %v", answers, day, err)
	}
	for _, c := range []struct{ text, want string }{
		{"framework: ungp\nanswers: {}\n", `a.yaml:1:12: "framework": these are answers to "ungp"; give answers to small`},
		{"framework: small\nday: soon\nanswers: {}\n", `a.yaml:2:6: "day": "soon" is not a date`},
		{"framework: small\nanswers:\n  ask-a: met\n", `a.yaml:3:10: "answers.ask-a": an item is met by evidence, and none is named`},
		{"framework: small\nanswers:\n  ask-a: {result: met, proof: x}\n", `"answers.ask-a": the key "proof" is not known here; write met, partly`},
		{"framework: small\nanswers:\n  ask-a: [met]\n", `is not an answer`},
		{"framework: small\nanswers:\n  ask-a: {result: 1}\n", `the result of an answer is a text`},
		{"framework: small\nanswers:\n  ask-a: {evidence: x}\n", `"" is not a result`},
		{"framework: small\nanswers:\n  gone: unmet\n", `"answers.gone": the framework small has no such item; see duly framework show small`},
		{"framework: small\nanswers:\n  flag-a: unmet\n", `raised or clear, and not met`},
		{"framework: small\nscore: {}\nanswers: {}\n", `the key "score" is not known here`},
	} {
		_, _, err := f.ReadAnswers("a.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// Protects: facts are read strictly, null is unknown, and what the framework does not
// read is named and not taken for unknown.
func TestReadFacts(t *testing.T) {
	f := load(t, small)
	values, unread, day, err := f.ReadFacts("a.yaml", []byte("day: 2024-07-01\nfacts: {customer.sector: police, customer.refuses: [audit], crimes: null, crime: 3}\n"))
	if err != nil || day != "2024-07-01" || !slices.Equal(unread, []string{"crime"}) {
		t.Errorf("%v %v %s %v", values, unread, day, err)
	}
	flags, err := f.Flags(values, day)
	if err != nil || len(flags) != 2 || flags[0].State != rule.True || flags[1].State != rule.Unknown {
		t.Errorf("%+v %v", flags, err)
	}
	for _, c := range []struct{ text, want string }{
		{"facts:\n  crimes: 11\n", `a.yaml:2:11: "facts.crimes": 11 is not between 0 and 10`},
		{"facts: {customer.refuses: [audits]}\n", `"facts.customer.refuses": "audits" is not a value`},
		{"facts: {customer.sector: [police]}\n", `is not of type text`},
		{"day: 1 May\nfacts: {}\n", `"day": "1 May" is not a date`},
		{"crimes: 3\n", `the key "crimes" is not known here`},
	} {
		_, _, _, err := f.ReadFacts("a.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// Protects: what a method names is told from what it does not, and a name that leads
// nowhere is not passed over.
func TestCovered(t *testing.T) {
	c := load(t, small).Covered([]string{"small/ask-a", "other/ask-b", "small/gone"})
	var unnamed []string
	for _, x := range c.Unnamed {
		unnamed = append(unnamed, x.ID)
	}
	if len(c.Named) != 1 || c.Named[0].ID != "ask-a" || !slices.Equal(c.Missing, []string{"small/gone"}) ||
		!slices.Equal(unnamed, []string{"ask-b", "flag-a", "late-a", "flag-b"}) {
		t.Errorf("%+v", c)
	}
}

// Protects: what nobody answered is unknown and never met; nothing is met without
// evidence; items out of effect and red flags are not scored.
func TestScore(t *testing.T) {
	f := load(t, small)
	card, err := f.Score(map[string]framework.Answer{"ask-a": {Result: framework.Met, Evidence: "a letter"}}, "2024-07-01")
	if err != nil {
		t.Fatal(err)
	}
	if card.Total != (framework.Counts{Met: 1, Unknown: 2}) || len(card.Sections) != 2 || card.Sections[0].Items[1].Result != framework.Unanswered {
		t.Errorf("%+v", card)
	}
	if card, err = f.Score(nil, "2024-05-01"); err != nil || card.Total != (framework.Counts{Unknown: 2}) || len(card.Sections) != 1 {
		t.Errorf("before it holds: %+v %v", card, err)
	}
	for id, a := range map[string]framework.Answer{
		"ask-a":  {Result: framework.Met, Evidence: " "},
		"ask-b":  {Result: framework.Partly},
		"gone":   {Result: framework.Unmet},
		"flag-a": {Result: framework.Unmet},
		"late-a": {Result: "mostly", Evidence: "a letter"},
	} {
		_, err := f.Score(map[string]framework.Answer{id: a}, "2024-07-01")
		var bad *fault.Error
		if !errors.As(err, &bad) || bad.Field != id || bad.Fix == "" {
			t.Errorf("%s %v: %v", id, a, err)
		}
	}
}

func FuzzReadAnswers(f *testing.F) {
	f.Add([]byte("framework: small\nday: 2024-07-01\nanswers: {ask-a: {result: met, evidence: x}, ask-b: unmet}\n"))
	f.Add([]byte(`{"framework": "small", "answers": {"late-a": "partly", "gone": 1}}`))
	fw := load(f, small)
	f.Fuzz(func(t *testing.T, data []byte) {
		answers, day, err := fw.ReadAnswers("a.yaml", data)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%v is not a fault of the input", err)
			}
			return
		}
		card, err := fw.Score(answers, day)
		if err != nil {
			t.Fatalf("what was read cannot be scored: %v", err)
		}
		met := 0
		for _, a := range answers {
			if a.Result == framework.Met {
				met++
			}
		}
		if card.Total.Met > met {
			t.Fatalf("%d met of %d answers", card.Total.Met, met)
		}
	})
}
