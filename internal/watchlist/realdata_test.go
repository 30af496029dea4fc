package watchlist

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testdata gives the directory of real files, or skips.
func testdata(t testing.TB) string {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set; it names a directory with watchlists/ and names/")
	}
	return dir
}

func load(t testing.TB, format, path string) *List {
	l, err := Read(format, filepath.Join(testdata(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// labelled is one question of names/watchlist-queries.jsonl.
type labelled struct {
	ID       string   `json:"id"`
	Query    string   `json:"query"`
	Kind     string   `json:"kind"`
	Expected string   `json:"expected_id"` // empty for a name that is on no list
	AlsoOK   []string `json:"also_ok"`
}

func questions(t testing.TB) []labelled {
	f, err := os.Open(filepath.Join(testdata(t), "names", "watchlist-queries.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labelled
	for s := bufio.NewScanner(f); s.Scan(); {
		var q labelled
		if err := json.Unmarshal(s.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		out = append(out, q)
	}
	return out
}

// labelledRows reads a file of names/ whole.
func labelledRows(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(testdata(t), "names", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// tally counts decisions against labels.
type tally struct{ right, wrong, missed int }

func (c tally) f1() (precision, recall, f1 float64) {
	precision = float64(c.right) / float64(max(c.right+c.wrong, 1))
	recall = float64(c.right) / float64(max(c.right+c.missed, 1))
	return precision, recall, 2 * precision * recall / max(precision+recall, 1e-9)
}

// TestScreeningAccuracy holds the alerts at the default setting above a bar on
// 1,000 labelled questions. A listed name whose alerts all name somebody else
// counts as missed and as wrong.
func TestScreeningAccuracy(t *testing.T) {
	x := NewIndex(load(t, "ofac", "watchlists/ofac-2024-05"))
	var all tally
	kinds := make(map[string][2]int) // questions, and alerts that are right (listed) or wrong (clean)
	first := 0
	for _, q := range questions(t) {
		expected := append([]string{q.Expected}, q.AlsoOK...)
		alerts, right := 0, false
		for i, h := range x.Search(Query{Name: q.Query}, 10) {
			hit := slices.Contains(expected, h.Entity.SourceID)
			if i == 0 && hit {
				first++
			}
			if h.Alert {
				alerts++
				right = right || hit
			}
		}
		k := kinds[q.Kind]
		k[0]++
		switch {
		case right:
			all.right++
			k[1]++
		case q.Expected != "":
			all.missed++
		}
		if alerts > 0 && !right {
			all.wrong++
			if q.Expected == "" {
				k[1]++
			}
		}
		kinds[q.Kind] = k
	}
	precision, recall, f1 := all.f1()
	t.Logf("precision %.3f, recall %.3f, F1 %.3f, right entity first %d; alerts by kind of question %v", precision, recall, f1, first, kinds)
	clean, flagged := 0, 0
	for kind, k := range kinds {
		if strings.HasPrefix(kind, "neg_") {
			clean, flagged = clean+k[0], flagged+k[1]
		}
	}
	share := func(kind string) float64 { return float64(kinds[kind][1]) / float64(max(kinds[kind][0], 1)) }
	t.Logf("clean names flagged %d of %d", flagged, clean)
	if recall < 0.985 || precision < 0.97 || first < 490 || flagged*50 > clean {
		t.Error("below the bar: recall .985, precision .97, the right entity first in .98, clean names flagged .02")
	}
	if share("joined") < 0.95 || share("legal_form") < 0.95 {
		t.Error("below the bar: joined words and legal forms .95 each")
	}
}

// TestPairAccuracy holds the decisions on 826 labelled pairs above a bar, and lets
// none be wrong whose label is beyond doubt.
func TestPairAccuracy(t *testing.T) {
	rows := labelledRows(t, "cases.csv")
	var all tally
	for _, r := range rows[1:] { // case_group, schema, name1, name2, is_match, quality, ...
		score, alert := ComparePair(r[1], r[2], r[3])
		if alert != (r[4] == "true") && r[5] == "STRONG" {
			t.Errorf("wrong where the label is strong: %q and %q, score %.3f", r[2], r[3], score)
		}
		all.add(alert, r[4] == "true")
	}
	precision, recall, f1 := all.f1()
	t.Logf("%d pairs: precision %.3f, recall %.3f, F1 %.3f", len(rows)-1, precision, recall, f1)
	if f1 < 0.85 {
		t.Error("below the bar: F1 .85")
	}
}

// TestPairsAgainstLogicV2 compares decisions row by row with those that
// OpenSanctions' logic-v2 made on the same pairs.
func TestPairsAgainstLogicV2(t *testing.T) {
	rows := labelledRows(t, "logicv2-frozen.csv")
	at := map[string]int{}
	for i, column := range rows[0] {
		at[column] = i
	}
	var ours, theirs tally
	both, neither, onlyOurs, onlyTheirs := 0, 0, 0, 0
	for _, r := range rows[1:] {
		match := r[at["is_match"]] == "true"
		_, alert := ComparePair(r[at["schema"]], r[at["name1"]], r[at["name2"]])
		predicted := r[at["predicted_match"]] == "true"
		ours.add(alert, match)
		theirs.add(predicted, match)
		switch {
		case alert == match && predicted == match:
			both++
		case alert == match:
			onlyOurs++
		case predicted == match:
			onlyTheirs++
		default:
			neither++
		}
	}
	p, r, f1 := ours.f1()
	q, s, g1 := theirs.f1()
	t.Logf("%d pairs: ours precision %.3f, recall %.3f, F1 %.3f; logic-v2 %.3f, %.3f, %.3f", len(rows)-1, p, r, f1, q, s, g1)
	t.Logf("right in both %d, only ours %d, only theirs %d, wrong in both %d", both, onlyOurs, onlyTheirs, neither)
	if f1 <= g1 || onlyOurs <= onlyTheirs {
		t.Error("logic-v2 is better on these pairs")
	}
}

func (c *tally) add(alert, match bool) {
	switch {
	case alert && match:
		c.right++
	case alert:
		c.wrong++
	case match:
		c.missed++
	}
}
