package usage_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/evidence"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/usage"
	"duly/packs"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var rooms = []store.Migrations{register.Migrations, evidence.Migrations, runs.Migrations, agreement.Migrations, usage.Migrations}

// search writes one constructed face search.
func search(id string, threshold int) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","eventTime":"2026-11-03T10:00:00Z","eventSource":"rekognition.amazonaws.com",`+
		`"eventName":"SearchFacesByImage","awsRegion":"us-east-1","recipientAccountId":"111122223333","eventID":%q,`+
		`"requestParameters":{"collectionId":"c","faceMatchThreshold":%d}}`, id, threshold)
}

func facePack(t *testing.T) []*pack.Pack {
	t.Helper()
	data, err := packs.Files.ReadFile("conditions/face-search.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("face-search.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return []*pack.Pack{p}
}

func registerSheriff(t *testing.T, db *store.DB) {
	t.Helper()
	registerAccount(t, db, "111122223333")
}

func registerAccount(t *testing.T, db *store.DB, account string) {
	t.Helper()
	active := register.Origin{State: "active"}
	err := db.Write(context.Background(), storetest.Actor, func(tx *store.Tx) error {
		c, err := store.Create(tx, register.Customers, &register.Customer{Origin: active, Name: "Made-up Sheriff", Sector: "policing"})
		if err != nil {
			return err
		}
		_, err = store.Create(tx, register.Deployments, &register.Deployment{Origin: active, Customer: c.ID, Capability: "face_search", Telemetry: []string{account}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, db *store.DB, paths ...string) *usage.Summary {
	t.Helper()
	return runBy(t, db, facePack(t), paths...)
}

func runBy(t *testing.T, db *store.DB, by []*pack.Pack, paths ...string) *usage.Summary {
	t.Helper()
	return runTask(t, db, usage.Task{Conditions: by, Paths: paths})
}

func runTask(t *testing.T, db *store.DB, task usage.Task) *usage.Summary {
	t.Helper()
	task.Actor, task.Today = storetest.Actor, "2026-11-24"
	s, err := usage.Run(context.Background(), db, task, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counted sums the exposures and deviations of the threshold condition.
func counted(t *testing.T, db *store.DB) (exposures, deviations int64) {
	t.Helper()
	list, err := store.Select(context.Background(), db, usage.Counts, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Record.Clause == "FS-99" {
			exposures += c.Record.Exposures
			deviations += c.Record.Deviations
		}
	}
	return exposures, deviations
}

// TestEachObjectIsCountedOnce protects counts from whatever is delivered twice,
// renamed or changed.
func TestEachObjectIsCountedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		registerSheriff(t, db)
		dir := t.TempDir()
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("a.jsonl", search("1", 80)+"\n"+search("2", 99)+"\n")
		if s := run(t, db, dir); s.Objects != 1 || s.Read != 2 || s.Matched+s.Unmatched+s.Rejected != s.Read || s.Findings == 0 {
			t.Fatalf("first run %+v", s)
		}
		for _, name := range []string{"a.jsonl", "renamed.jsonl"} {
			write(name, search("1", 80)+"\n"+search("2", 99)+"\n")
			if s := run(t, db, dir); s.Objects != 0 || s.Known == 0 {
				t.Errorf("%s again: %+v", name, s)
			}
		}
		if e, d := counted(t, db); e != 2 || d != 1 {
			t.Errorf("%d exposures, %d deviations; want 2, 1", e, d)
		}
		write("b.jsonl", search("3", 50)+"\n")
		run(t, db, dir)
		if e, d := counted(t, db); e != 3 || d != 2 {
			t.Errorf("after another object: %d exposures, %d deviations; want 3, 2", e, d)
		}
		write("b.jsonl", search("4", 50)+"\n")
		if s := run(t, db, dir); s.Changed != 1 || len(s.Faults) == 0 {
			t.Errorf("a name with other content went unsaid: %+v", s)
		}
		findings, err := store.Select(context.Background(), db, usage.Findings, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Record.Clause == "FS-99" && (f.Record.Calls != 3 || f.Record.Grade != "high") {
				t.Errorf("finding %+v", f.Record)
			}
		}
	})
}

// TestAMissingPathWritesNothing protects against a half-done run on a typing error.
func TestAMissingPathWritesNothing(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	file := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(file, []byte(search("1", 80)), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := store.Head(context.Background(), db)
	if _, err := usage.Run(context.Background(), db, usage.Task{Actor: storetest.Actor, Today: "2026-11-24", Conditions: facePack(t), Paths: []string{file, file + "x"}}, nil); err == nil {
		t.Error("a path that does not exist was accepted")
	}
	if after, _ := store.Head(context.Background(), db); after.Size != before.Size {
		t.Errorf("the log grew from %d to %d", before.Size, after.Size)
	}
}

// TestOtherRulesAddNothingTwice protects counts from a pack that changes beside the
// conditions that were counted, and from packs named together.
func TestOtherRulesAddNothingTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		db := storetest.Begin(t, dsn, rooms...)
		registerSheriff(t, db)
		file := filepath.Join(t.TempDir(), "a.jsonl")
		if err := os.WriteFile(file, []byte(search("1", 80)+"\n"+search("2", 99)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		data, err := packs.Files.ReadFile("conditions/face-search.yaml")
		if err != nil {
			t.Fatal(err)
		}
		parse := func(text string) []*pack.Pack {
			p, err := pack.Parse("face-search.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return []*pack.Pack{p}
		}
		run(t, db, file)
		if s := runBy(t, db, parse(string(data)+"# a note\n"), file); s.Known != 1 || s.Exposures != 0 || s.Findings != 0 {
			t.Errorf("a pack with another comment: %+v", s)
		}
		if e, d := counted(t, db); e != 2 || d != 1 {
			t.Errorf("%d exposures, %d deviations; want 2, 1", e, d)
		}
		// A condition that changed is another condition, with counts of its own.
		harder := strings.ReplaceAll(string(data), "deviation: param.threshold < 99.0", "deviation: param.threshold < 99.5")
		if s := runBy(t, db, parse(harder), file); s.Known != 1 || s.Exposures != 2 || s.Deviations != 2 || s.Findings != 1 {
			t.Errorf("another threshold: %+v", s)
		}
		if s := run(t, db, file); s.Exposures != 0 || s.Findings != 0 {
			t.Errorf("back to the first pack: %+v", s)
		}
		objects, err := store.Select(context.Background(), db, usage.ObjectRecords, "")
		if err != nil || len(objects) != 1 {
			t.Errorf("%d objects, %v; want one content", len(objects), err)
		}
	})
}

// TestMappingLaterCounts protects events that came before anybody had said whose
// account it is.
func TestMappingLaterCounts(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	file := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(file, []byte(search("1", 80)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := run(t, db, file); s.Unmapped != 1 || s.Exposures != 0 {
		t.Fatalf("before the mapping: %+v", s)
	}
	registerSheriff(t, db)
	for _, want := range []int{2, 0} { // threshold and moratorium
		if s := run(t, db, file); s.Known != 1 || s.Findings != want {
			t.Errorf("want %d findings: %+v", want, s)
		}
	}
	if e, d := counted(t, db); e != 1 || d != 1 {
		t.Errorf("%d exposures, %d deviations; want 1, 1", e, d)
	}
	objects, err := store.Select(context.Background(), db, usage.ObjectRecords, "")
	if err != nil || len(objects) != 1 || objects[0].Record.Unmapped != 0 {
		t.Errorf("objects %+v, %v", objects, err)
	}
}

// TestCutOffThenWhole protects the remedy that the program itself names, and what
// is told about it.
func TestCutOffThenWhole(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	file := filepath.Join(t.TempDir(), "a.jsonl")
	whole := search("1", 80) + "\n" + search("2", 80) + "\n"
	for i, text := range []string{whole[:len(whole)-20], whole} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := run(t, db, file)
		if s.Incomplete != int64(1-i) || s.Findings != 2*i || s.Changed != 0 {
			t.Errorf("reading %d: %+v", i, s)
		}
	}
	if e, d := counted(t, db); e != 2 || d != 2 {
		t.Errorf("%d exposures, %d deviations; want 2, 2", e, d)
	}
}

// TestSummaryTells protects the figures of a run over several files: one finding is
// one however many files show it, what is passed over is said, and hours without
// events are told as what they are.
func TestSummaryTells(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.jsonl": search("1", 80) + "\n" + `{"note":"no event"}` + "\n",
		"b.jsonl": search("2", 80) + "\n",
		"c.jsonl": strings.Replace(search("3", 99), "2026-11-03T10", "2026-11-05T12", 1) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // what was counted before is not silent
		s := run(t, db, dir)
		if len(s.Silent) != 1 || s.Silent[0].Hours != 49 || len(s.Unseen) != 0 {
			t.Errorf("silences %+v, unseen %v", s.Silent, s.Unseen)
		}
		if s.Known == 0 && (s.Findings != 3 || len(s.List) != 3 || s.List[0].Calls != 2 || len(s.Faults) != 1) {
			t.Errorf("first run %+v", s)
		}
	}
}

// TestBindingSaysWhatADeviationIs protects the difference between a breach and a
// deviation: a mandatory condition is breached only where an agreement of that day binds
// to the version that was in force, and each finding says how it bound.
func TestBindingSaysWhatADeviationIs(t *testing.T) {
	db := storetest.SQLite(t, rooms...)
	registerSheriff(t, db)
	ctx := context.Background()
	deployments, err := store.Select(ctx, db, register.Deployments, "")
	if err != nil {
		t.Fatal(err)
	}
	var source store.Ref
	if err := db.Write(ctx, storetest.Actor, func(tx *store.Tx) (err error) {
		source, err = store.Create(tx, evidence.Sources, &evidence.Source{Origin: evidence.Origin{State: "active"}, Grade: "official", Title: "Terms"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	analyst := act.Actor{Key: storetest.Actor, Roles: []act.Role{act.Analyst}}
	promise := agreement.Promise{Subject: deployments[0].ID, From: "2023-01-01", Clause: "as amended", Source: source.ID}
	if _, _, err := agreement.Agree(ctx, db, act.Default, analyst, facePack(t)[0], promise); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.jsonl")
	call := func(id, day string) string {
		return strings.Replace(search(id, 99), "2026-11-03", day, 1)
	}
	text := call("1", "2022-12-31") + "\n" + call("2", "2023-01-01") + "\n" + call("3", "2024-01-01") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, db, file)
	list, err := store.Select(ctx, db, usage.Findings, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range list {
		if f.Record.Clause == "FS-MORATORIUM" {
			got[f.Record.Day] = f.Record.Kind + " " + f.Record.Binding
		}
	}
	want := map[string]string{"2022-12-31": "deviation none", "2023-01-01": "breach agreed", "2024-01-01": "breach amended"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
