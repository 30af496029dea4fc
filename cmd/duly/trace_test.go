package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
)

// says fails unless an output holds some lines, and none of others. Wrapped lines are
// compared as one.
func says(t *testing.T, out string, want, never []string) {
	t.Helper()
	flat := strings.Join(strings.Fields(out), " ")
	for _, text := range want {
		if !strings.Contains(flat, text) {
			t.Errorf("it does not say %q", text)
		}
	}
	for _, text := range never {
		if strings.Contains(flat, text) {
			t.Errorf("it says %q", text)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestTraceTellsAllThatAMethodAsks protects the explanation under a method that asks
// for more than RM-1: two scorers, necessary controls, shelf life, two axes, and who is
// to be heard; and what principle 19 says, with nothing guessed.
func TestTraceTellsAllThatAMethodAsks(t *testing.T) {
	b := newBook(t, &told{cases: map[string]string{}})
	b.duly("person", "add", "Bo", "--role", "governing_body")
	b.on("2026-01-02")
	b.duly("method", "commit", "rm-2", "--as", "Ann")
	b.duly("method", "adopt", "rm-2@1.0", "--from", "2026-01-02", "--by", "Bo", "--reason", "what Duly recommends")
	b.buys("W-1", "Example County Sheriff,sheriff.example,public_body,policing,US,Faces,face_search,investigation")
	b.refused(fault.NotFound, "has not been assessed", "trace", "W-1")
	b.refused(fault.Invalid, "name one rating", "trace")
	b.refused(fault.NotFound, "", "trace", "--entry", "999999")
	b.screens()
	b.answers("W-1")
	b.learns("W-1", "media", "A morning paper", `
		use.identification: search
		use.personal_data: true
		use.consequences: [arrest]
		use.automated_matches: true
		disparity.sector_evidence: documented
		guidance.threshold: below
		harm.liberty.scale: 4
		harm.liberty.scope: 3
		harm.liberty.irremediability: 3
		impact.involvement: linked
		leverage.state: none`)
	b.learns("W-1", "media", "An evening paper", "guidance.threshold: met")
	b.assess("W-1")
	says(t, b.duly("trace", "W-1"), []string{
		"rated on 2026-01-02 under rm-2 1.0, prepared by Ann", "the same, to the last byte of its trace",
		"guidance and conditions: unknown; impact: harmful", "to be heard before anybody decides: A written opinion of a civil-rights expert",
		"Privacy 5, by the second scorer: nobody has answered, so it is taken at its worst",
		"guidance.threshold is unknown: sources disagree", "actual_harm, cannot be ruled out: harm counts as confirmed",
		"no credit without human_review, which is not known to operate",
		"disparity.sector_evidence is documented [1] as of 2026-01-02, entered 2026-01-02 by Ann, single source of 2 asked for, good until",
		"PU-4, cannot be ruled out", "second.harm.privacy.*",
		"PRINCIPLE 19 of the UN Guiding Principles (ungp@1.0), with involvement linked, leverage none, severe true",
		"action: No leverage is left.", "relationship, one of 2:", "it turns on: Is the relationship crucial to the vendor? (relationship.crucial)",
		"[1] media: A morning paper",
	}, []string{"NOT exact", "told above) (told"})

	b.learns("W-1", "official", "The vendor's accounts", "relationship.crucial: false")
	b.assess("W-1")
	says(t, b.duly("trace", "W-1"), []string{"relationship: Consider ending the relationship"}, []string{"it turns on: Is the relationship crucial"})

	// A day later than an answer may be used, the answer is out of date, and says since when.
	b.on("2026-06-01")
	b.assess("W-1")
	says(t, b.duly("trace", "W-1", "--all"), []string{"guidance.forced_top_n is unknown: out of date since 2026-04-02"}, nil)

	// An earlier rating can still be asked for by its entry, and says what it said then.
	var x struct {
		Exact   bool
		Entry   int64
		Decided *decideResult
		Missing []string
	}
	b.read(&x, "trace", "W-1")
	if !x.Exact || x.Decided != nil || !slices.Contains(x.Missing, "disparity.baseline") {
		t.Errorf("as JSON: exact %v, decided %v, missing %v", x.Exact, x.Decided, x.Missing)
	}
	b.decides("W-1", "decline", "too much is unknown")
	b.learns("W-1", "official", "A tender", "use.match_alone: true")
	b.assess("W-1")
	says(t, b.duly("trace", "W-1"), []string{"use.match_alone is yes"}, []string{"decided on it"})
	says(t, b.duly("trace", "--entry", fmt.Sprint(x.Entry)), []string{"decided on it: decline, signed by Abe in entry"}, []string{"use.match_alone is yes"})
	b.closes()
}
