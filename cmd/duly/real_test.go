package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// realFile gives a file of the public test data, and skips where there is none.
func realFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA does not name the public test data")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRealQueries protects the form in which others read the answers to queries:
// every query is answered, with exactly these keys, best hit first.
func TestRealQueries(t *testing.T) {
	queries, list := realFile(t, "names/watchlist-queries.jsonl"), realFile(t, "watchlists/ofac-2024-05")
	o := &office{dir: t.TempDir(), program: program(t, "duly")}
	o.must(t, "screen", "--lists", "ofac:"+list, "--queries", queries, "--out", "r.jsonl")
	asked, answers := objects(t, queries), objects(t, o.path("r.jsonl"))
	if len(asked) == 0 || len(answers) != len(asked) {
		t.Fatalf("%d queries have %d answers", len(asked), len(answers))
	}
	hits := 0
	for i, row := range answers {
		want := []string{"also_ok", "expected_id", "hits", "id", "kind", "ms", "query"}
		if got := slices.Sorted(maps.Keys(row)); !slices.Equal(got, want) {
			t.Fatalf("row %d has the keys %q, want %q", i+1, got, want)
		}
		for _, key := range []string{"id", "kind", "query", "expected_id", "also_ok"} {
			if got, want := decoded(t, row[key]), decoded(t, asked[i][key]); !reflect.DeepEqual(got, want) {
				t.Fatalf("row %d: %s is %v, the query has %v", i+1, key, got, want)
			}
		}
		hits += checkHits(t, i+1, row["hits"])
		var ms float64
		if err := json.Unmarshal(row["ms"], &ms); err != nil || ms < 0 {
			t.Errorf("row %d: ms is %s", i+1, row["ms"])
		}
	}
	if hits == 0 {
		t.Error("no query has a hit")
	}
}

func decoded(t *testing.T, text json.RawMessage) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func checkHits(t *testing.T, row int, text json.RawMessage) int {
	t.Helper()
	var hits []struct {
		SourceID *string  `json:"sourceID"`
		Match    *float64 `json:"match"`
		Alert    *bool    `json:"alert"`
	}
	if err := json.Unmarshal(text, &hits); err != nil || hits == nil || len(hits) > 10 {
		t.Fatalf("row %d: %d hits, %v", row, len(hits), err)
	}
	best := 1.0
	for _, h := range hits {
		if h.SourceID == nil || h.Match == nil || h.Alert == nil {
			t.Fatalf("row %d: a hit lacks sourceID, match or alert: %s", row, text)
		}
		if _, err := strconv.Atoi(*h.SourceID); err != nil {
			t.Fatalf("row %d: %q is no entry number", row, *h.SourceID)
		}
		if *h.Match < 0 || *h.Match > best {
			t.Fatalf("row %d: a hit of %v stands behind one of %v", row, *h.Match, best)
		}
		best = *h.Match
	}
	return len(hits)
}

func objects(t *testing.T, name string) (rows []map[string]json.RawMessage) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		row := map[string]json.RawMessage{}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestRealPairs protects the form of compared pairs: all rows and columns of the
// input as they were, with score and alert behind them.
func TestRealPairs(t *testing.T) {
	in := realFile(t, "names/cases.csv")
	o := &office{dir: t.TempDir(), program: program(t, "duly")}
	o.must(t, "pairs", in, "--out", "out.csv")
	before, after := table(t, in), table(t, o.path("out.csv"))
	if len(before) < 2 || len(after) != len(before) {
		t.Fatalf("%d rows became %d", len(before), len(after))
	}
	n := len(before[0])
	for i, row := range after {
		if !slices.Equal(row[:n], before[i]) || len(row) != n+2 {
			t.Fatalf("row %d is %q, was %q", i+1, row, before[i])
		}
		if i == 0 {
			if row[n] != "score" || row[n+1] != "alert" {
				t.Fatalf("the new columns are %q", row[n:])
			}
			continue
		}
		score, err := strconv.ParseFloat(row[n], 64)
		if err != nil || score < 0 || score > 1 {
			t.Fatalf("row %d: the score is %q", i+1, row[n])
		}
		if row[n+1] != "true" && row[n+1] != "false" {
			t.Fatalf("row %d: the alert is %q", i+1, row[n+1])
		}
	}
}

func table(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
