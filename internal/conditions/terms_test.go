package conditions_test

import (
	"slices"
	"strings"
	"testing"

	"duly/internal/conditions"
)

// Protects: what people agreed to stays the same while only its checking changes or a
// later version ends it, and is another as soon as it asks something else of somebody else.
func TestTerms(t *testing.T) {
	first := func(text string) *conditions.Condition {
		set, err := conditions.Load(parsed(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return set.Conditions[0]
	}
	c := first(sample)
	for old, new := range map[string]string{
		"param.level < 5.0": "param.level < 4.0", "severity: low": "severity: high", "2024-02-01": "2024-03-01",
		"What the level was for.": "Nothing of it.", "evidence: [param.level]": "evidence: []", "{title: s,": "{title: t,",
	} {
		if o := first(strings.Replace(sample, old, new, 1)); o.Terms != c.Terms || o.Hash == c.Hash {
			t.Errorf("%q for %q: other terms %v, other hash %v", new, old, o.Terms != c.Terms, o.Hash != c.Hash)
		}
	}
	for old, new := range map[string]string{
		"at least 5": "at least 6", "status: advisory": "status: mandatory", "2024-01-01": "2024-01-02", "    events:": "    scope: {sectors: [policing]}\n    events:",
	} {
		if first(strings.Replace(sample, old, new, 1)).Terms == c.Terms {
			t.Errorf("%q for %q: the same terms", new, old)
		}
	}
}

// Protects: a condition that took the place of another is known to go back to it, in
// each of its versions.
func TestLine(t *testing.T) {
	set, err := conditions.Load(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range set.Conditions {
		want := map[string][]string{"FS-85": {"FS-85"}, "FS-95": {"FS-95", "FS-85"}, "FS-99": {"FS-99", "FS-95", "FS-85"}, "LOG-ON": {"LOG-ON"}}[c.ID]
		if want != nil && !slices.Equal(c.Line, want) {
			t.Errorf("%s of %s goes back to %v, want %v", c.ID, c.From, c.Line, want)
		}
	}
}
