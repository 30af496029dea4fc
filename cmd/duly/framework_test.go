package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/packs"
)

const houseRules = `id: house
kind: framework
version: "1"
title: House rules
status: project
facts:
  - {id: use.data_fusion, type: bool, question: "Is data from several sources joined on persons?"}
sections:
  - id: ask
    title: What is asked
    items:
      - {id: who, kind: criterion, text: Say who you are., duty: advisory, grade: unverified}
      - {id: joined, kind: question, text: Say what you join., duty: advisory, grade: unverified, fact: use.data_fusion}
      - {id: publish, kind: duty, text: Publish., duty: mandatory, grade: unverified}
tests:
  scorecards:
    - {name: nothing is answered, answers: {}, expect: {ask: {unknown: 3}}}
`

// Protects: what a method rests on is found in the frameworks, what it leaves is told,
// and a name that leads nowhere fails, both when asked and when packs are tested.
func TestFrameworkCovered(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	rm1, err := packs.Files.ReadFile("methods/rm-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	method := func(item string) string {
		t.Helper()
		text := strings.Replace(string(rm1), "id: rm-1\n", "id: mine\nframeworks: [house]\n", 1)
		with := strings.Replace(text, "    origin: FATF customer risk factor\n", "    origin: test\n    rests_on: ["+item+"]\n", 1)
		if with == text {
			t.Fatal("rm-1 no longer holds the indicator that this test turns")
		}
		return with
	}
	house := write("house.yaml", houseRules)
	good, wrong := write("good.yaml", method("house/who")), write("wrong.yaml", method("house/gone"))
	for _, c := range []struct {
		name string
		args []string
		code fault.Code // of the error; empty for none
		says string
	}{
		{"named, asked and left", []string{"framework", "covered", good, house}, "",
			`house: mine rests on 1 of 3 items\n  named:   who\n  asked:   joined \(advisory\): Say what you join.\n  nothing: publish \(mandatory\): Publish.`},
		{"machine-readable", []string{"--json", "framework", "covered", good, house}, "", `"named": \[\n\s+"who"\n\s+\]`},
		{"a name that leads nowhere", []string{"framework", "covered", wrong, house}, fault.Broken, `MISSING: house/gone`},
		{"a framework that is not here", []string{"framework", "covered", good}, fault.NotFound, ``},
		{"a method without frameworks", []string{"framework", "covered", "rm-1"}, "", `rm-1 composes no framework`},
		{"tests of both packs", []string{"pack", "test", good, house}, "", `good.yaml: \d+ tests hold, 0 do not`},
		{"tests find the name", []string{"pack", "test", wrong, house}, fault.Broken, `rests on house: there is no house/gone`},
		{"tests find no framework", []string{"pack", "test", good}, fault.Broken, `rests on house: there is no such framework here`},
	} {
		var stdout, stderr bytes.Buffer
		err := execute(context.Background(), c.args, &stdout, &stderr)
		if (err != nil) != (c.code != "") || err != nil && fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
		if !regexp.MustCompile(c.says).MatchString(stdout.String()) {
			t.Errorf("%s: %s", c.name, stdout.String())
		}
	}
}
