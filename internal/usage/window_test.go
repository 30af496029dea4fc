package usage_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
)

var secret = bytes.Repeat([]byte("k"), 32)

// windowRules has every sort of window: at most two calls by one reference, two people a
// day, and a log that is never silent for a day.
const windowRules = `id: windows
kind: conditions
version: "1"
title: Bounds over several made-up calls
status: project
sources: [{title: Made up, ref: none, grade: unverified}]
parameters:
  - {name: case, text: Which case., type: text, paths: [case]}
  - {name: who, text: Who., type: text, paths: [who]}
conditions:
  - id: W-CASE
    title: At most two calls for one case
    text: A case is asked about at most twice.
    status: mandatory
    effective_from: 2020-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: A case under another number.
    severity: high
    source: {title: Made up, ref: none, grade: unverified}
    events: event.source == "s" && event.name in ["Search"]
    window: {by: [param.case], count: calls, per: ever, keep_days: 30}
    deviation: window.count > 2
  - id: W-WHO
    title: At most two people a day
    text: At most two people are searched for a day.
    status: mandatory
    effective_from: 2020-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: Who they are.
    severity: low
    source: {title: Made up, ref: none, grade: unverified}
    events: event.source == "s" && event.name in ["Search"]
    window: {count: param.who, per: day, keep_days: 30}
    deviation: window.count > 2
  - id: W-SILENT
    title: No day without a call
    text: The log is never silent for a day.
    status: mandatory
    effective_from: 2020-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: Why it was.
    severity: medium
    blind_spot: true
    source: {title: Made up, ref: none, grade: unverified}
    events: event.source == "s" && event.name in ["Search"]
    window: {count: quiet_hours, per: ever, keep_days: 30}
    deviation: window.count >= 24
tests: []
`

// asked writes a call that asks of whom for which case; a text that is empty is not recorded.
func asked(id string, hour int, who, what string) string {
	params := "null"
	if who != "" {
		params = fmt.Sprintf(`{"who":%q,"case":%q}`, who, what)
	}
	return fmt.Sprintf(`{"eventID":%q,"eventTime":"2026-11-%02dT%02d:00:00Z","eventSource":"s","eventName":"Search","awsRegion":"r","recipientAccountId":"111122223333","requestParameters":%s}`,
		id, 3+hour/24, hour%24, params)
}

// told gives all counts and open findings of the windows.
func told(t testing.TB, db *store.DB) string {
	t.Helper()
	ctx := context.Background()
	counts, err := store.Select(ctx, db, usage.Counts, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range counts {
		r := c.Record
		out = append(out, fmt.Sprintf("%s %s %d/%d/%d", r.Clause, r.Day, r.Exposures, r.Deviations, r.Unknown))
	}
	findings, err := store.Select(ctx, db, usage.Findings, "r.state = 'open'")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if r := f.Record; strings.HasPrefix(r.Clause, "W-") {
			out = append(out, fmt.Sprintf("finding %s %s %s %s %d calls, %s to %s, %s", r.Clause, r.Day, r.Kind, r.Grade, r.Calls, r.First, r.Last, strings.Join(r.Evidence, "; ")))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// keyed gives a key as a workspace does.
func keyed(key []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return key, nil }
}

func windowTask(t testing.TB, today string, paths ...string) usage.Task {
	t.Helper()
	return usage.Task{Actor: storetest.Actor, Today: today, Conditions: []*pack.Pack{parsePack(t, "w.yaml", windowRules)}, Paths: paths, Secret: keyed(secret)}
}

func runOn(t testing.TB, db *store.DB, task usage.Task) *usage.Summary {
	t.Helper()
	s, err := usage.Run(context.Background(), db, task, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// inClear fails where a value that windows tell apart stands anywhere in their state.
func inClear(t testing.TB, db *store.DB, values ...string) {
	t.Helper()
	for _, query := range []string{
		"select mark || scope from window_state", "select mark || object || mapping || item || seen from window_part",
		"select scope || mark || first || last from window_beyond",
	} {
		rows, err := db.Query(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if strings.Contains(text, v) {
					t.Errorf("%q stands in clear in %s", v, text)
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}

// TestWindowsAreCounted protects what several calls show together: a call that passes a
// bound deviates on its day whatever file it comes in and however late, a finding names
// it and how far the count went, and no value is kept in clear.
func TestWindowsAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		registerAccount(t, db, "111122223333")
		dir := t.TempDir()
		write(t, dir, "a.jsonl", asked("1", 0, "ann-lee", "case-7")+"\n"+asked("2", 30, "bob-lee", "case-7")+"\n"+asked("3", 31, "", "")+"\n")
		if s := runOn(t, db, windowTask(t, "2026-11-24", dir)); s.Deviations != 1 || s.Findings != 1 {
			t.Errorf("%+v", s)
		}
		write(t, dir, "b.jsonl", asked("4", 54, "cem-lee", "case-7")+"\n"+asked("5", 55, "cem-lee", "case-8")+"\n")
		if s := runOn(t, db, windowTask(t, "2026-11-25", dir)); s.Deviations != 1 || s.Known != 1 {
			t.Errorf("%+v", s)
		}
		write(t, dir, "late.jsonl", asked("6", 29, "dan-lee", "case-7")+"\n"+asked("7", 32, "eve-lee", "case-8")+"\n")
		for range 2 {
			runOn(t, db, windowTask(t, "2026-11-26", dir))
			want := `W-CASE 2026-11-03 1/0/0
W-CASE 2026-11-04 4/1/1
W-CASE 2026-11-05 2/1/0
W-SILENT 2026-11-03 1/0/0
W-SILENT 2026-11-04 4/1/0
W-SILENT 2026-11-05 2/0/0
W-WHO 2026-11-03 1/0/0
W-WHO 2026-11-04 4/1/1
W-WHO 2026-11-05 2/0/0
finding W-CASE 2026-11-04 deviation high 1 calls, 2026-11-04T06:00:00Z 2 to 2026-11-04T06:00:00Z 2, window = calls by deployment, param.case; window.count = 3; windows = 1
finding W-CASE 2026-11-05 deviation high 1 calls, 2026-11-05T06:00:00Z 4 to 2026-11-05T06:00:00Z 4, window = calls by deployment, param.case; window.count = 4; windows = 1
finding W-SILENT 2026-11-04 blind_spot medium 1 calls, 2026-11-04T05:00:00Z 6 to 2026-11-04T08:00:00Z 7, window = whole hours without a call between two calls by deployment; window.count = 28; windows = 1
finding W-WHO 2026-11-04 deviation low 1 calls, 2026-11-04T05:00:00Z 6 to 2026-11-04T08:00:00Z 7, window = different values of param.who by deployment, per day; window.count = 3; windows = 1`
			if got := told(t, db); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		}
		if got, want := tallied(t, db, files(t, dir)), told(t, db); got != want {
			t.Errorf("in memory\n%s\nrecorded\n%s", got, want)
		}
		inClear(t, db, "lee", "case-")
		r, err := usage.Recount(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-11-26"}, "")
		if err != nil || r.Same != 3 || r.Unequal != 0 || r.Untold != 0 || !r.Held() {
			t.Errorf("%+v, %v", r, err)
		}
		if err := os.Remove(filepath.Join(dir, "b.jsonl")); err != nil {
			t.Fatal(err)
		}
		if r, err = usage.Recount(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-11-26"}, ""); err != nil || r.Gone != 1 || r.Untold != 9 || !r.Held() {
			t.Errorf("with a file gone: %+v, %v", r, err)
		}
	})
}

// tallied gives what a tally in memory makes of files, as told does of what is recorded.
func tallied(t *testing.T, db *store.DB, names []string) string {
	t.Helper()
	set, err := conditions.Load(parsePack(t, "w.yaml", windowRules))
	if err != nil {
		t.Fatal(err)
	}
	deployments, err := usage.Deployments(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	m, err := usage.NewMonitor([]*conditions.Set{set}, deployments)
	if err != nil {
		t.Fatal(err)
	}
	tally := m.NewTally()
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tally.Add(read(t, m, name, string(text))); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	r := tally.Result()
	for _, c := range r.Counts {
		out = append(out, fmt.Sprintf("%s %s %d/%d/%d", c.Condition, c.Day, c.Exposures, c.Deviations, c.Unknown))
	}
	for _, f := range r.Findings {
		var evidence []string
		for _, e := range f.Evidence {
			evidence = append(evidence, e.Name+" = "+e.Value)
		}
		kind := f.Kind
		if kind == usage.Breach { // nobody agreed, as the workspace knows and a monitor alone does not
			kind = usage.Deviation
		}
		out = append(out, fmt.Sprintf("finding %s %s %s %s %d calls, %s %s to %s %s, %s", f.Condition, f.Day, kind, f.Grade, f.Calls,
			f.First.Time, f.First.ID, f.Last.Time, f.Last.ID, strings.Join(evidence, "; ")))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestWindowsAnySplit protects exactly once: however a stream is split into files,
// delivered in whatever order and again, counts and findings are those of a single run, and
// the counts are those of a program that keeps all calls.
func TestWindowsAnySplit(t *testing.T) {
	whole, split := storetest.SQLite(t, rooms...), storetest.SQLite(t, rooms...)
	n, other := 0, newSecond(t, parsePack(t, "w.yaml", windowRules))
	rapid.Check(t, func(r *rapid.T) {
		if n++; n > 15 { // each is a database's work
			return
		}
		account := fmt.Sprintf("%012d", n)
		registerAccount(t, whole, account)
		registerAccount(t, split, account)
		lines := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string {
			who := rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(r, "who")
			what := rapid.SampledFrom([]string{"x", "y"}).Draw(r, "case")
			hour := rapid.IntRange(0, 120).Draw(r, "hour")
			id := fmt.Sprint(rapid.IntRange(0, 1<<30).Draw(r, "id"))
			return strings.Replace(asked(id, hour, who, what), "111122223333", account, 1) + "\n"
		}), 1, 25).Draw(r, "calls")
		one, many := t.TempDir(), t.TempDir()
		write(t, one, "all.jsonl", strings.Join(lines, ""))
		parts := rapid.IntRange(1, 5).Draw(r, "files")
		for i := range parts {
			var text string
			for k, line := range lines {
				if k%parts == i {
					text += line
				}
			}
			write(t, many, fmt.Sprintf("%d.jsonl", rapid.IntRange(0, 1<<20).Draw(r, "name")*8+i), text+"\n"+fmt.Sprintf(`{"n":%d}`, i))
		}
		runOn(t, whole, windowTask(t, "2026-11-24", one))
		for range 2 {
			for _, name := range rapid.Permutation(files(t, many)).Draw(r, "order") {
				runOn(t, split, windowTask(t, "2026-11-24", name))
			}
		}
		if got, want := told(t, split), told(t, whole); got != want {
			r.Fatalf("%s\nin one run\n%s", got, want)
		}
		other.deployments = append(other.deployments, usage.Deployment{ID: account, Accounts: []string{account}})
		other.object(t, strings.Join(lines, ""))
		if got, want := countsOf(told(t, split)), other.told(t); got != want {
			r.Fatalf("%s\nthe second says\n%s", got, want)
		}
	})
}

// countsOf leaves the findings out of what was told.
func countsOf(told string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(told, "\n"), func(line string) bool { return strings.HasPrefix(line, "finding ") }), "\n")
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWindowsEnd protects retention: state goes on its day and that is told; what it
// amounted to stays; of the days before, what comes later is unknown and not innocent;
// what comes of later days begins anew. A recount says what it cannot tell.
func TestWindowsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		registerAccount(t, db, "111122223333")
		dir := t.TempDir()
		write(t, dir, "a.jsonl", asked("1", 0, "a", "x")+"\n"+asked("2", 1, "a", "x")+"\n"+asked("3", 24, "a", "x")+"\n")
		runOn(t, db, windowTask(t, "2026-11-24", dir))
		write(t, dir, "b.jsonl", asked("4", 2, "a", "x")+"\n"+asked("5", 48, "a", "x")+"\n")
		if s := runOn(t, db, windowTask(t, "2026-12-25", dir)); s.Swept.Windows != 4 || s.Unknown != 3 || s.Deviations != 0 {
			t.Errorf("%+v", s)
		}
		got := told(t, db)
		for _, want := range []string{"W-CASE 2026-11-03 3/0/1", "W-CASE 2026-11-04 1/1/0", "W-CASE 2026-11-05 1/0/0", "W-WHO 2026-11-03 3/0/1", "finding W-CASE 2026-11-04 deviation high 1 calls"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
		r, err := usage.Recount(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-12-25"}, "")
		if err != nil || r.Same != 2 || r.Untold != r.Counts || !r.Held() {
			t.Errorf("%+v, %v", r, err)
		}
		other := windowTask(t, "2026-12-25", dir)
		other.Secret = keyed(bytes.Repeat([]byte("x"), 32))
		if _, err := usage.Run(context.Background(), db, other, nil); err == nil || !strings.Contains(err.Error(), "another one") {
			t.Errorf("another key: %v", err)
		}
		task := usage.Task{Actor: storetest.Actor, Today: "2026-12-26", Inbox: t.TempDir()}
		if s, err := usage.Sweep(context.Background(), db, task, false); err != nil || *s != (usage.Swept{}) {
			t.Errorf("nothing is over: %+v, %v", s, err)
		}
		if s, err := usage.Sweep(context.Background(), db, task, true); err != nil || s.Windows != 3 || s.Unsaid != 0 {
			t.Errorf("all: %+v, %v", s, err)
		}
		if n := rowsIn(t, db, "window_state") + rowsIn(t, db, "window_part") + rowsIn(t, db, "window_key"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		runOn(t, db, other)
		if _, err := usage.Run(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-12-26", Conditions: other.Conditions, Paths: []string{dir}}, nil); err == nil {
			t.Error("windows are counted without a key")
		}
	})
}

func rowsIn(t testing.TB, db *store.DB, table string) (n int) {
	t.Helper()
	rows, err := db.Query(context.Background(), "select count(*) from "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func(r *sql.Rows) { r.Close() }(rows)
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}
