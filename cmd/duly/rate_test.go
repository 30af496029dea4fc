package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// TestRateCases protects the method's whole scale: `duly rate` gives the expected
// output for every case of the method's case file, and the same bytes twice.
func TestRateCases(t *testing.T) {
	const cases = "../../internal/rating/testdata/cases.json"
	data, err := os.ReadFile(cases)
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		Cases []struct {
			Expected map[string]any `json:"expected"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		t.Fatal(err)
	}
	first, second := rate(t, cases), rate(t, cases)
	if string(first) != string(second) {
		t.Error("the same cases gave other bytes the second time")
	}
	var out struct {
		Cases []map[string]any `json:"cases"`
	}
	if err := json.Unmarshal(first, &out); err != nil {
		t.Fatal(err)
	}
	if len(in.Cases) == 0 || len(out.Cases) != len(in.Cases) {
		t.Fatalf("%d cases gave %d ratings", len(in.Cases), len(out.Cases))
	}
	for i, c := range in.Cases {
		for _, key := range []string{"id", "S", "L", "fam", "inherent", "ctrl", "LR", "residual", "tier", "hs", "decision", "review"} {
			want, ok := c.Expected[key]
			if got := out.Cases[i][key]; !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("%v: %s is %v, want %v", c.Expected["id"], key, got, want)
			}
		}
	}
}

func rate(t *testing.T, cases string) []byte {
	t.Helper()
	o := &office{dir: ".", program: program(t, "duly")}
	out := filepath.Join(t.TempDir(), "out.json")
	o.must(t, "rate", "--method", "rm-1", "--in", cases, "--out", out)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
