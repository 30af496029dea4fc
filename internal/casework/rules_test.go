package casework_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/casework"
	"duly/internal/pack"
	"duly/packs"
)

// TestBadRules protects against a pack that forgets an event, gives no time or names
// what there is not: it is refused with its place.
func TestBadRules(t *testing.T) {
	data, err := fs.ReadFile(packs.Files, "casework/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, says string }{
		"no event":        {"  - {id: concern, why: information, days: 14, opens: always, text: \"somebody raised a concern\"}\n", "", "does not say what concern opens"},
		"another event":   {"id: concern, why", "id: whisper, why", `knows no event "whisper"`},
		"twice":           {"id: concern, why", "id: stale, why", "stands twice"},
		"no time":         {"id: stale, why: stale, days: 60", "id: stale, why: stale, days: 0", "between 1 and 3650"},
		"no such class":   {"why: contract", "why: money", `"money" is not a class`},
		"no such opening": {"opens: material", "opens: sometimes", `"sometimes" is not when`},
		"no such lane":    {"lanes: {STOP: 5}", "lanes: {SOFA: 5}", "STOP, PERSON, DESK and AUTO"},
		"a fact twice":    {"facts: [country.situation]", "facts: [law.local_ban]", "already a trigger of law"},
		"no severity":     {"unrated: {STOP: 5, ", "unrated: {STOP: 9, ", "severity from 0 to 5 for STOP"},
		"another kind":    {"kind: casework", "kind: triage", "not of kind casework"},
		"too long":        {"stale_days: 730", "stale_days: 730000", "a number of days"},
	} {
		text := strings.Replace(string(data), c.from, c.to, 1)
		if text == string(data) {
			t.Fatalf("%s: the pack does not hold %q any more", name, c.from)
		}
		p, err := pack.Parse("base.yaml", []byte(text))
		if err == nil {
			_, err = casework.Load(p)
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "base.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTriggersAreReadAsWritten protects what a case says: what String wrote is what
// ParseTrigger reads, whatever the text.
func TestTriggersAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := casework.Trigger{
			Event: rapid.SampledFrom([]string{"list_hit", "first_look", "cycle"}).Draw(t, "event"),
			Cause: rapid.StringMatching(`[a-z2-7]{24}(@[0-9]{1,9})?`).Draw(t, "cause"),
			Day:   rapid.StringMatching(`20[0-9]{2}-[01][0-9]-[0-3][0-9]`).Draw(t, "day"),
			Text:  rapid.String().Draw(t, "text"),
		}
		if got := casework.ParseTrigger(was.String()); got != was {
			t.Errorf("%+v became %+v", was, got)
		}
	})
}

func FuzzParseTrigger(f *testing.F) {
	f.Add("list_hit abc@12 2026-01-02: eu, 1: somebody")
	f.Add("")
	f.Add(": ")
	f.Fuzz(func(t *testing.T, s string) {
		if got := casework.ParseTrigger(casework.ParseTrigger(s).String()); strings.Contains(got.Event, " ") || strings.Contains(got.Cause, " ") {
			t.Errorf("%q gives %+v", s, got)
		}
	})
}

// What is published of a lane that holds more than people can work on.
func ExampleLane_String() {
	fmt.Println(casework.Lane{Lane: "PERSON", Open: 214, Waiting: 214, Worked: 300, Days: 91, Oldest: 41, PerWeek: 43, Weeks: 5, Over: true})
	// Output: PERSON: 300 worked in 91 days, 214 waiting, oldest 41 days; the lane holds 214 and takes 43 a week: the last waits 5 weeks
}
