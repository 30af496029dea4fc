package pack_test

import (
	"slices"
	"strings"
	"testing"

	"duly/internal/pack"
)

const beforeText = `id: made-up
kind: method
version: "1"
title: A method
status: project
facts:
  - {id: a.b, type: text, question: "What is a?", values: [one, two]}
  - {id: c.d, type: bool, question: "Is it d?"}
indicators:
  - {id: X-01, title: First, weight: 1, when: c.d}
  - {id: X-02, title: Second, weight: 2, when: "a.b == 'one'"}
controls: {percent_for_one: 60, named: [q, r]}
matrix:
  "2": LLMMM
  "1": LLLLL
tests: {cases: [1, 2]}
`

func parsed(t *testing.T, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse("made-up.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDiffSaysWhatDecides protects the announcement of a change: everything that
// decides is told, wherever it stands, and what decides nothing is not.
func TestDiffSaysWhatDecides(t *testing.T) {
	for name, c := range map[string]struct {
		change []string // pairs of old and new text
		want   []string
	}{
		"nothing":             {nil, nil},
		"comments and tests":  {[]string{"tests: {cases: [1, 2]}", "# a comment\ntests: {cases: [3]}"}, nil},
		"order of items":      {[]string{"  - {id: X-01, title: First, weight: 1, when: c.d}\n", "", "controls:", "  - {id: X-01, title: First, weight: 1, when: c.d}\ncontrols:"}, nil},
		"a weight":            {[]string{"Second, weight: 2", "Second, weight: 3"}, []string{"indicator X-02, weight: was 2, is 3."}},
		"an expression":       {[]string{"when: c.d", `when: "!c.d"`}, []string{"indicator X-01, when: was c.d, is !c.d."}},
		"a new indicator":     {[]string{"controls:", "  - {id: X-03, title: Third, weight: 1, when: c.d}\ncontrols:"}, []string{"indicator X-03: new, Third; weight 1; when c.d."}},
		"an indicator gone":   {[]string{"  - {id: X-01, title: First, weight: 1, when: c.d}\n", ""}, []string{"indicator X-01: not there any more: First; weight 1; when c.d."}},
		"values of a fact":    {[]string{"[one, two]", "[two, three]"}, []string{"fact a.b, values: adds three; drops one."}},
		"a key of a fact":     {[]string{`"Is it d?"`, `"Is it d?", required: true`}, []string{"fact c.d, required: new, true."}},
		"a threshold":         {[]string{"percent_for_one: 60", "percent_for_one: 70"}, []string{"controls, percent for one: was 60, is 70."}},
		"the order of values": {[]string{"[q, r]", "[r, q]"}, []string{"controls, named: stands in another order: r, q."}},
		"cells": {[]string{`"2": LLMMM`, `"2": LMMMH`}, []string{
			"matrix, severity 2 and likelihood 2: was LOW, is MEDIUM.", "matrix, severity 2 and likelihood 5: was MEDIUM, is HIGH."}},
		"a section gone": {[]string{"controls: {percent_for_one: 60, named: [q, r]}\n", ""}, []string{"controls: was percent for one 60; named [q, r], is not there any more."}},
		"the version":    {[]string{`version: "1"`, `version: "2"`}, []string{"version: was 1, is 2."}},
	} {
		after := strings.NewReplacer(c.change...).Replace(beforeText)
		if got := pack.Diff(parsed(t, beforeText), parsed(t, after)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
