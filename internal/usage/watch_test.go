package usage_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

// quiet gives searches of the sheriff in each hour that begins the given number of
// hours after the first of October 2026.
func quiet(hours ...int) string {
	var b strings.Builder
	first := time.Date(2026, 10, 1, 0, 30, 0, 0, time.UTC)
	for _, h := range hours {
		at := first.Add(time.Duration(h) * time.Hour).Format(time.RFC3339)
		fmt.Fprintln(&b, strings.Replace(search(fmt.Sprint("q", h), 99), "2026-11-03T10:00:00Z", at, 1))
	}
	return b.String()
}

func every(from, to int) (out []int) {
	for h := from; h < to; h++ {
		out = append(out, h)
	}
	return out
}

// blindSpots gives the open findings of the room's own watches.
func blindSpots(t *testing.T, db *store.DB) []string {
	t.Helper()
	list, err := store.Select(context.Background(), db, usage.Findings, "r.state = 'open'")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range list {
		if r := f.Record; strings.HasPrefix(r.Clause, "USE-") {
			out = append(out, fmt.Sprint(r.Clause, " ", r.Day, " ", r.Calls, " ", r.First, " ", r.Last, " ", r.Evidence))
		}
	}
	slices.Sort(out)
	return out
}

func covered(t *testing.T, db *store.DB) string {
	t.Helper()
	list, err := store.Select(context.Background(), db, usage.Coverages, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprint(c.Record.Day, " ", c.Record.Covered, " ", c.Record.Hours))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// TestSilenceBeyondHabit protects the statistic of silence: it needs a past, speaks of
// what is longer than all of it, and takes back what later files fill.
func TestSilenceBeyondHabit(t *testing.T) {
	for _, c := range []struct {
		name  string
		hours []int
		want  []string
	}{
		{"too short a past", append(every(0, 90), 200), nil},
		{"a long silence", append(every(0, 110), 200), []string{"USE-SILENCE 2026-10-05 0 2026-10-05T13 2026-10-09T08 [hours without events = 90]"}},
		{"as long as one before", append(append(every(0, 110), 200), 291), []string{"USE-SILENCE 2026-10-05 0 2026-10-05T13 2026-10-09T08 [hours without events = 90]"}},
		{"less than a day", append(every(0, 110), 130), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := storetest.SQLite(t, rooms...)
			registerSheriff(t, db)
			file := filepath.Join(t.TempDir(), "a.jsonl")
			if err := os.WriteFile(file, []byte(quiet(c.hours...)), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, db, file)
			if got := blindSpots(t, db); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if len(c.want) != 1 {
				return
			}
			if err := os.WriteFile(file, []byte(quiet(every(110, 200)...)), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, db, file)
			if got := blindSpots(t, db); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "USE-SILENCE 2026-10-05") }) {
				t.Errorf("filled, and still silent: %q", got)
			}
		})
	}
}

// TestCoverageAddsUp protects the rows of coverage: whatever the order and number of
// files and runs, they say the same, and one row stands for a day however many events
// it has.
func TestCoverageAddsUp(t *testing.T) {
	db := func() *store.DB {
		d := storetest.SQLite(t, rooms...)
		registerSheriff(t, d)
		return d
	}
	all := append(every(0, 30), 50)
	whole := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(whole, []byte(quiet(all...)+quiet(3)), 0o600); err != nil {
		t.Fatal(err)
	}
	d := db()
	run(t, d, whole)
	want := covered(t, d)
	if want != "2026-10-01 24 ffffff; 2026-10-02 6 3f; 2026-10-03 1 4" {
		t.Fatal(want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		d := db()
		defer d.Close()
		order := rapid.Permutation(all).Draw(rt, "order")
		at := rapid.IntRange(0, len(order)).Draw(rt, "at")
		for i, part := range [][]int{order[:at], order[at:], order[:at]} {
			name := filepath.Join(t.TempDir(), fmt.Sprint(i, ".jsonl"))
			if err := os.WriteFile(name, []byte(quiet(part...)+"\n"), 0o600); err != nil {
				rt.Fatal(err)
			}
			if len(part) > 0 {
				run(t, d, name)
			}
		}
		if got := covered(t, d); got != want {
			rt.Errorf("%s, want %s", got, want)
		}
	})
}

// TestBlindSpots protects what is said of logs that cannot be right, or do not show
// what rules ask: once each, however often they are read.
func TestBlindSpots(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("late_20261103T0900Z_x.jsonl", search("a", 99)+"\n") // at 10, delivered at 9
	write("right_20261103T1005Z_x.jsonl", search("b", 99)+"\n")
	write("future.jsonl", strings.Replace(search("c", 99), "2026-11-03", "2100-01-01", 1)+"\n")
	write("unrecorded.jsonl", strings.Replace(search("d", 99), `{"collectionId":"c","faceMatchThreshold":99}`, "null", 1)+"\n")
	var want []string
	for i := range 2 {
		run(t, db, dir)
		got := blindSpots(t, db)
		if i == 0 {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("read again: %q, want %q", got, want)
		}
	}
	text := strings.Join(want, "\n")
	for _, part := range []string{
		"USE-CLOCK 2026-11-03 0 2026-11-03T10 2026-11-03T10 [delivered at 2026-11-03T09:00:00Z]",
		"USE-CLOCK 2100-01-01 0 2100-01-01T10 2100-01-01T10 [read on 2026-11-24]",
		"USE-FIELDS 2026-11-03 1   [",
	} {
		if strings.Count(text, part) != 1 {
			t.Errorf("%q is not there once in\n%s", part, text)
		}
	}
	if len(want) != 3 {
		t.Errorf("%d blind spots:\n%s", len(want), text)
	}
	write("right_20261103T1005Z_x.jsonl", search("e", 99)+"\n")
	run(t, db, dir)
	if got := strings.Join(blindSpots(t, db), "\n"); strings.Count(got, "USE-OVERWRITTEN 2026-11-24") != 1 {
		t.Errorf("an overwritten object is no finding:\n%s", got)
	}
}
