package conditions_test

import (
	"strings"
	"testing"

	"duly/internal/conditions"
)

// Protects: only judged calls are said to have been checked; everything else is promised.
func TestStanding(t *testing.T) {
	seen := strings.Replace(sample, "    deviation: param.level < 5.0\n", "", 1)
	seen = strings.Replace(seen, "[telemetry]", "[audit, attestation]", 1)
	for _, c := range []struct {
		text                          string
		exposures, deviating, unknown int64
		want                          string
	}{
		{sample, 0, 0, 0, "promised: telemetry could check it, and nothing is recorded"},
		{sample, 12, 0, 0, "checked by telemetry: 0 of 12 judged calls deviated"},
		{sample, 12, 2, 3, "checked by telemetry: 2 of 9 judged calls deviated; of 3 calls nobody can tell"},
		{sample, 0, 0, 3, "checked by telemetry: 0 of 0 judged calls deviated; of 3 calls nobody can tell"},
		{seen, 12, 0, 0, "promised: audit or attestation could check it, and nothing is recorded; 12 calls fell under it"},
		{strings.Replace(seen, "[audit, attestation]", "[nobody]", 1), 12, 0, 0, "promised: nobody checks it"},
	} {
		set, err := conditions.Load(parsed(t, c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Conditions[0].Standing(c.exposures, c.deviating, c.unknown); got != c.want {
			t.Errorf("%d %d %d: %q, want %q", c.exposures, c.deviating, c.unknown, got, c.want)
		}
	}
}
