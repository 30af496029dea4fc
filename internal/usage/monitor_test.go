package usage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/usage"
)

func faceSearch(t testing.TB) (*pack.Pack, *conditions.Set) {
	t.Helper()
	data, err := os.ReadFile("../../packs/conditions/face-search.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("face-search.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	set, err := conditions.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, set
}

var sheriff = usage.Deployment{
	ID: "sheriff-search", Accounts: []string{"111122223333"},
	Subject: conditions.Subject{Sector: "policing", Capability: "face_search", Purpose: "patrol_support", Jurisdiction: "US-OR"},
}

func monitor(t testing.TB, deployments ...usage.Deployment) *usage.Monitor {
	t.Helper()
	_, set := faceSearch(t)
	m, err := usage.NewMonitor([]*conditions.Set{set}, deployments)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t testing.TB, m *usage.Monitor, name, data string) *usage.Batch {
	t.Helper()
	b, err := m.Read(context.Background(), "test", name, strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// call makes the event of one constructed call.
func call(id, at, account, name, params string) string {
	return fmt.Sprintf(`{"eventID":%q,"eventTime":%q,"eventSource":"rekognition.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","requestParameters":%s,"recipientAccountId":%q}`,
		id, at, name, params, account)
}

// Protects: a pack's own tests give the same through telemetry as by themselves:
// the reader hands the rules what the pack's author wrote.
func TestPackTestsThroughTelemetry(t *testing.T) {
	p, set := faceSearch(t)
	var body struct {
		Groups     any `yaml:"sector_groups"`
		Shows      any `yaml:"shows"`
		Parameters any `yaml:"parameters"`
		Conditions any `yaml:"conditions"`
		Tests      []struct {
			Name   string            `yaml:"name"`
			Origin string            `yaml:"origin"`
			By     map[string]string `yaml:"by"`
			Event  map[string]any    `yaml:"event"`
			Expect map[string]string `yaml:"expect"`

			Also       any `yaml:"also"` // for windows; this pack has none
			Deviations any `yaml:"deviations"`
			Applies    any `yaml:"applies"`
		} `yaml:"tests"`
	}
	if err := p.Decode(&body); err != nil {
		t.Fatal(err)
	}
	seenOnly := map[string]bool{}
	for _, c := range set.Conditions {
		if _, judged := c.Checked(); !judged {
			seenOnly[c.ID] = true
		}
	}
	for _, x := range body.Tests {
		x.Event["recipientAccountId"] = "1"
		text, err := json.Marshal(x.Event)
		if err != nil {
			t.Fatal(err)
		}
		d := usage.Deployment{ID: "d", Accounts: []string{"1"}, Subject: conditions.Subject{
			Sector: x.By["sector"], Capability: x.By["capability"], Purpose: x.By["purpose"], Jurisdiction: x.By["jurisdiction"],
		}}
		m, err := usage.NewMonitor([]*conditions.Set{set}, []usage.Deployment{d})
		if err != nil {
			t.Fatal(err)
		}
		b := read(t, m, "x", string(text))
		got := map[string]string{}
		for _, c := range b.Counts {
			switch {
			case c.Deviations > 0:
				got[c.Condition] = "deviation"
			case c.Unknown > 0:
				got[c.Condition] = "unknown"
			case seenOnly[c.Condition]:
				got[c.Condition] = "exposure"
			default:
				got[c.Condition] = "kept"
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(x.Expect) {
			t.Errorf("%s: %v, want %v; faults %v", x.Name, got, x.Expect, b.Object.Faults)
		}
	}
}

// Protects: counts per condition, deployment and day, and a finding with the
// least that shows it.
func TestCountsAndFindings(t *testing.T) {
	m := monitor(t, sheriff)
	b := read(t, m, "x", strings.Join([]string{
		call("e2", "2024-03-05T10:00:00Z", "111122223333", "SearchFacesByImage", `{"faceMatchThreshold":70,"maxFaces":5}`),
		call("e1", "2024-03-05T09:00:00Z", "111122223333", "SearchFacesByImage", `{}`),
		call("e3", "2024-03-05T23:59:59Z", "111122223333", "SearchFacesByImage", `{"faceMatchThreshold":99.5}`),
		call("e4", "2024-03-06T00:00:00Z", "111122223333", "SearchFacesByImage", `null`),
		call("e5", "2024-03-06T00:00:00Z", "999999999999", "SearchFacesByImage", `{}`),
		call("e6", "2024-03-06T00:00:00Z", "999999999999", "DetectLabels", `{}`),
		strings.Replace(call("e7", "2024-03-06T00:00:00Z", "111122223333", "SearchFaces", `{}`), "{", `{"errorCode":"AccessDenied",`, 1),
	}, "\n"))
	if o := b.Object; o.Read != 7 || o.Matched != 5 || o.Unmatched != 2 || o.Rejected != 0 || b.Failed != 1 {
		t.Errorf("%+v, failed %d", o, b.Failed)
	}
	var counts []string
	for _, c := range b.Counts {
		counts = append(counts, fmt.Sprintln(c.Condition, c.Day, c.Exposures, c.Deviations, c.Unknown, c.Assumed))
	}
	want := []string{
		"FS-99 2024-03-05 3 2 0 []\n", "FS-99 2024-03-06 1 0 1 []\n",
		"FS-TOP-N 2024-03-05 3 1 0 []\n", "FS-TOP-N 2024-03-06 1 0 1 []\n",
	}
	if !slices.Equal(counts, want) {
		t.Errorf("counts %q", counts)
	}
	if len(b.Findings) != 2 {
		t.Fatalf("findings %+v", b.Findings)
	}
	f := b.Findings[0]
	if f.Kind != usage.Deviation || f.Grade != "high" || f.Condition != "FS-99" || f.Calls != 2 || f.First.ID != "e1" || f.Last.ID != "e2" ||
		!strings.Contains(f.IncorporatedBy, "1.2") {
		t.Errorf("finding %+v", f)
	}
	if got := fmt.Sprint(f.Evidence); got != "[{event.name SearchFacesByImage} {param.threshold 80 (left out: the service's default)}]" {
		t.Errorf("evidence %s", got)
	}
	if got := fmt.Sprint(b.Unmapped); got != "[{999999999999 2 1}]" {
		t.Errorf("unmapped %s", got)
	}
	if got := fmt.Sprint(b.Coverage[0]); len(b.Coverage) != 5 || got != "{111122223333 us-east-1 2024-03-05T09 1}" {
		t.Errorf("coverage %v", b.Coverage)
	}
}

// Protects: scope and days of deployments; what is not known counts as in scope
// and is named.
func TestScope(t *testing.T) {
	event := call("e", "2024-03-05T10:00:00Z", "111122223333", "CompareFaces", `{"similarityThreshold":80}`)
	with := func(change func(*usage.Deployment)) usage.Deployment {
		d := sheriff
		change(&d)
		return d
	}
	for _, c := range []struct {
		name        string
		deployments []usage.Deployment
		want        string // condition, deployment and assumptions of each count
		unmapped    int
	}{
		{"in scope", []usage.Deployment{sheriff}, "FS-99 sheriff-search []", 0},
		{"sector unknown", []usage.Deployment{with(func(d *usage.Deployment) { d.Sector = "unknown" })}, "FS-99 sheriff-search [sector]", 0},
		{"purpose unknown", []usage.Deployment{with(func(d *usage.Deployment) { d.Purpose = "" })}, "FS-99 sheriff-search [purpose];FS-MORATORIUM sheriff-search [purpose]", 0},
		{"a shop", []usage.Deployment{with(func(d *usage.Deployment) { d.Sector = "commercial" })}, "", 0},
		{"before its first day", []usage.Deployment{with(func(d *usage.Deployment) { d.From = "2024-03-06" })}, "", 1},
		{"on its first day", []usage.Deployment{with(func(d *usage.Deployment) { d.From = "2024-03-05" })}, "FS-99 sheriff-search []", 0},
		{"on the day it ended", []usage.Deployment{with(func(d *usage.Deployment) { d.Until = "2024-03-05" })}, "", 1},
		{"one account, two deployments", []usage.Deployment{sheriff, with(func(d *usage.Deployment) { d.ID, d.Sector = "other", "border" })},
			"FS-99 other [account];FS-99 sheriff-search [account]", 0},
	} {
		b := read(t, monitor(t, c.deployments...), "x", event)
		var got []string
		for _, n := range b.Counts {
			got = append(got, fmt.Sprint(n.Condition+" "+n.Deployment+" ", n.Assumed))
		}
		if strings.Join(got, ";") != c.want || len(b.Unmapped) != c.unmapped {
			t.Errorf("%s: %q, unmapped %v", c.name, got, b.Unmapped)
		}
	}
}

// Protects: whatever the order, and however often an object is delivered, the
// result is the same bytes; contents are counted once, repeated event ids and
// changed contents are told.
func TestOrderDoesNotMatter(t *testing.T) {
	m := monitor(t, sheriff, usage.Deployment{ID: "quiet", Accounts: []string{"000000000000"}},
		usage.Deployment{ID: "sharing", Accounts: []string{"111122223333", "999999999999"}})
	rapid.Check(t, func(t *rapid.T) {
		var objects []*usage.Batch
		for i := range rapid.IntRange(1, 6).Draw(t, "objects") {
			var lines []string
			for range rapid.IntRange(0, 8).Draw(t, "events") {
				lines = append(lines, call(
					rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "id"),
					rapid.SampledFrom([]string{"2024-03-05T10:00:00Z", "2024-03-05T11:00:00Z", "2024-03-09T00:00:00Z"}).Draw(t, "at"),
					rapid.SampledFrom([]string{"111122223333", "999999999999", "888888888888"}).Draw(t, "account"),
					rapid.SampledFrom([]string{"SearchFaces", "DetectLabels", "IndexFaces"}).Draw(t, "name"),
					rapid.SampledFrom([]string{"null", "{}", `{"faceMatchThreshold":99}`, `{"faceMatchThreshold":10}`}).Draw(t, "params")))
			}
			name := fmt.Sprint("object ", i%4)
			b, err := m.Read(context.Background(), "s", name, strings.NewReader(strings.Join(lines, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, b)
		}
		deliveries := append(objects, rapid.SliceOfN(rapid.SampledFrom(objects), 0, 4).Draw(t, "again")...)
		one := result(t, m, deliveries)
		if other := result(t, m, rapid.Permutation(deliveries).Draw(t, "order")); !bytes.Equal(one, other) {
			t.Fatalf("the order matters:\n%s\n%s", one, other)
		}
		if once := result(t, m, objects); !bytes.Equal(one, once) {
			t.Fatalf("a second delivery matters:\n%s\n%s", one, once)
		}
		var r usage.Result
		if err := json.Unmarshal(one, &r); err != nil {
			t.Fatal(err)
		}
		if r.Read != r.Matched+r.Unmatched+r.Rejected {
			t.Fatalf("%+v", r)
		}
	})
}

func result(t *rapid.T, m *usage.Monitor, batches []*usage.Batch) []byte {
	tally := m.NewTally()
	for _, b := range batches {
		if _, err := tally.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	out, err := json.Marshal(tally.Result())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Protects: counts add up: an object cut in two at a line gives in sum what it
// gives whole, and reading objects at the same time changes nothing.
func TestCountsAddUp(t *testing.T) {
	m := monitor(t, append(fleet(), usage.Deployment{ID: "sharing", Accounts: []string{"111122223301", "111122223399"}})...)
	lines := bytes.SplitAfter(telemetry(400), []byte("\n"))
	whole := m.NewTally()
	if _, err := whole.Add(read(t, m, "whole", string(bytes.Join(lines, nil)))); err != nil {
		t.Fatal(err)
	}
	want := sums(t, whole)
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(0, 200).Draw(t, "cut")
		parts := [][][]byte{lines[:cut], lines[cut:300], lines[300:]}
		batches := make([]*usage.Batch, len(parts))
		var wait sync.WaitGroup
		for i, p := range parts {
			wait.Go(func() {
				var err error
				if batches[i], err = m.Read(context.Background(), "s", fmt.Sprint(i), bytes.NewReader(bytes.Join(p, nil))); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		tally := m.NewTally()
		for _, b := range batches {
			if _, err := tally.Add(b); err != nil {
				t.Fatal(err)
			}
		}
		if got := sums(t, tally); got != want {
			t.Fatalf("cut at %d:\n%s\nwhole:\n%s", cut, got, want)
		}
	})
}

func sums(t interface{ Fatal(...any) }, tally *usage.Tally) string {
	r := tally.Result()
	out, err := json.Marshal([]any{r.Read, r.Matched, r.Unmatched, r.Failed, r.Repeated, r.Counts, r.Findings, r.Unmapped, r.Coverage, r.Silent, r.Unseen})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Protects: what a tally tells beside the counts.
func TestTallyTells(t *testing.T) {
	m := monitor(t, sheriff, usage.Deployment{ID: "quiet", Accounts: []string{"000000000000"}})
	search := call("e1", "2024-03-05T10:00:00Z", "111122223333", "SearchFaces", `{}`)
	later := call("e2", "2024-03-07T10:00:00Z", "111122223333", "SearchFaces", `{}`)
	tally := m.NewTally()
	for _, o := range [][2]string{{"a", search}, {"b", search}, {"c", search + "\n" + later}, {"a", later}, {"d", "nonsense"}} {
		if _, err := tally.Add(read(t, m, o[0], o[1])); err != nil {
			t.Fatal(err)
		}
	}
	r := tally.Result()
	if r.Objects != 4 || r.Again != 1 || r.Read != 4 || r.Repeated != 2 || fmt.Sprint(r.RepeatedIn, r.Changed) != "[a a c] [a]" {
		t.Errorf("%+v", r)
	}
	if len(r.Incomplete) != 1 || r.Incomplete[0].Name != "d" || fmt.Sprint(r.Unseen) != "[000000000000]" {
		t.Errorf("incomplete %v, unseen %v", r.Incomplete, r.Unseen)
	}
	if fmt.Sprint(r.Silent) != "[{111122223333 2024-03-05T10 2024-03-07T10 47}]" {
		t.Errorf("silent %v", r.Silent)
	}
	if _, err := monitor(t, sheriff).NewTally().Add(read(t, m, "a", search)); err != nil {
		t.Errorf("the same packs: %v", err)
	}
	none, err := usage.NewMonitor(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.NewTally().Add(read(t, m, "a", search)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("other rules: %v", err)
	}
}

// Protects: a hostile object with endless different hours ends as a fault of the
// object, not with the machine's memory.
func TestTooManyKeys(t *testing.T) {
	var b strings.Builder
	for i := range 1<<17 + 10 {
		b.WriteString(call("e", "2024-03-05T10:00:00Z", fmt.Sprint(i), "DetectLabels", "null"))
	}
	o := read(t, monitor(t), "x", b.String()).Object
	if o.Status != usage.Incomplete || len(o.Faults) != 1 || !strings.Contains(o.Faults[0].What, "more than 131072 different") {
		t.Errorf("%+v", o)
	}
}

// Protects: monitors that cannot be right are refused.
func TestNewMonitorRefuses(t *testing.T) {
	_, set := faceSearch(t)
	other := *set
	other.ID, other.Hash = "other", "0"
	for _, c := range []struct {
		sets        []*conditions.Set
		deployments []usage.Deployment
		want        string
	}{
		{[]*conditions.Set{set, &other}, nil, "is in the packs other and face-search"},
		{nil, []usage.Deployment{{ID: "a"}, {ID: "a"}}, `two deployments have the id "a"`},
		{nil, []usage.Deployment{{ID: "a", Until: "soon"}}, "not a day"},
	} {
		if _, err := usage.NewMonitor(c.sets, c.deployments); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// readTree reads all files of a tree into a tally.
func readTree(t testing.TB, m *usage.Monitor, path string) (*usage.Result, []error) {
	t.Helper()
	tree, err := usage.OpenTree(path)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	tally := m.NewTally()
	var refused []error
	for name, err := range tree.Names() {
		if err != nil {
			refused = append(refused, err)
			continue
		}
		f, err := tree.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.Read(context.Background(), path, name, f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: read %d = matched %d + unmatched %d + rejected %d; %s, %d digests, %d foreign",
			name, b.Object.Read, b.Object.Matched, b.Object.Unmatched, b.Object.Rejected, b.Object.Status, b.Object.Digests, b.Object.Foreign)
		if _, err := tally.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	return tally.Result(), refused
}

// Protects: a directory is read in order and never left.
func TestTree(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	write := func(path, data string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	day := filepath.Join(dir, "AWSLogs", "111122223333", "CloudTrail", "us-east-1", "2024", "03", "05")
	write(filepath.Join(day, "a.json"), call("e1", "2024-03-05T10:00:00Z", "111122223333", "SearchFaces", `{}`))
	write(filepath.Join(day, "b.jsonl"), call("e2", "2024-03-05T10:00:00Z", "111122223333", "SearchFaces", `{}`))
	write(filepath.Join(dir, "README.md"), "notes")
	write(filepath.Join(out, "secret.json"), call("e3", "2024-03-05T10:00:00Z", "111122223333", "SearchFaces", `{}`))
	for link, to := range map[string]string{
		"out.json": filepath.Join(out, "secret.json"), "outdir": out, "within.json": "AWSLogs/111122223333/CloudTrail/us-east-1/2024/03/05/a.json",
		"up.json": "../../../../../../../../etc/hostname", "nowhere.json": "missing", "self": ".",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	r, refused := readTree(t, monitor(t, sheriff), dir)
	if r.Objects != 2 || r.Again != 1 || r.Read != 2 {
		t.Errorf("%+v", r)
	}
	var names []string
	for _, err := range refused {
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Refused {
			t.Errorf("%v", err)
			continue
		}
		names = append(names, f.File)
	}
	if fmt.Sprint(names) != "[nowhere.json out.json outdir up.json]" {
		t.Errorf("refused %v", names)
	}
	if r, _ := readTree(t, monitor(t, sheriff), filepath.Join(dir, "within.json")); r.Read != 1 {
		t.Errorf("a file named by a link: %+v", r)
	}
	if _, err := usage.OpenTree(filepath.Join(dir, "missing")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

// Protects: the sums of real telemetry, and that nothing in it is lost.
func TestRealTelemetry(t *testing.T) {
	dir := os.Getenv("DULY_TESTDATA")
	if dir == "" {
		t.Skip("DULY_TESTDATA is not set: real telemetry was not read")
	}
	m := monitor(t, usage.Deployment{ID: "a company", Accounts: []string{"123837392027"}, Subject: conditions.Subject{Sector: "commercial", Purpose: "testing"}}, sheriff)
	for _, c := range []struct {
		path                                        string
		read, matched, unmatched, rejected, skipped int64
	}{
		{"invictus_cloudtrail_20230710.jsonl", 2900, 4, 2896, 0, 0},
		{"rekognition", 9, 1, 8, 0, 3}, // a comparison of faces in March 2018, when 85 was the number
	} {
		r, refused := readTree(t, m, filepath.Join(dir, "telemetry", c.path))
		if r.Read != c.read || r.Matched != c.matched || r.Unmatched != c.unmatched || r.Rejected != c.rejected || r.Skipped != c.skipped || len(refused) > 0 {
			t.Errorf("%s: read %d, matched %d, unmatched %d, rejected %d, skipped %d, incomplete %v", c.path, r.Read, r.Matched, r.Unmatched, r.Rejected, r.Skipped, r.Incomplete)
		}
		for _, f := range r.Findings {
			t.Logf("%+v", f)
		}
		t.Logf("counts %+v unmapped %+v failed %d repeated %d", r.Counts, r.Unmapped, r.Failed, r.Repeated)
	}
}
