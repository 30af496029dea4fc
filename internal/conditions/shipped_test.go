package conditions_test

import (
	"os"
	"path/filepath"
	"testing"

	"duly/internal/conditions"
	"duly/internal/pack"
)

// packsOf gives every pack of conditions that ships.
func packsOf(t testing.TB) []*pack.Pack {
	t.Helper()
	files, err := filepath.Glob("../../packs/conditions/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var out []*pack.Pack
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pack.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// Protects: every test that a shipped pack holds, and that what telemetry checks is
// tested both ways: a pack whose rules never deviate, or never do not, would pass.
func TestShippedPacks(t *testing.T) {
	for _, p := range packsOf(t) {
		results := conditions.RunTests(p)
		for _, r := range results {
			if !r.OK {
				t.Errorf("%s:%d: %s: %s", p.Path, r.Line, r.Name, r.Detail)
			}
		}
		set, err := conditions.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		judged := 0
		for _, c := range set.Conditions {
			if _, deviation := c.Checked(); deviation {
				judged++
			}
		}
		if len(results) < 2*judged {
			t.Errorf("%s: %d tests for %d conditions that telemetry checks", p.Path, len(results), judged)
		}
	}
}
