package usage_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/usage"
)

// Protects: another program, written without this room's reader, dispatch, memory and
// look-ups, counts the same of every input of the tests and of all real telemetry, rejects
// as much, and finds the same objects broken.
func TestSecondImplementationAgrees(t *testing.T) {
	p, _ := faceSearch(t)
	inputs := usage.Inputs(t)
	rules := []*pack.Pack{
		p, tenRules(t), shipped(t, "conditions/alpr.yaml"), shipped(t, "conditions/request-portal.yaml"),
		windowsOf(t, "rekognition.amazonaws.com", "SearchFacesByImage", "paths: [case]", "paths: [collectionId]"),
		windowsOf(t, "s3.amazonaws.com", "GetObject", "paths: [case]", "paths: [bucketName]", "paths: [who]", "paths: [key]"),
	}
	inputs["generated"] = string(telemetry(3000))
	for _, p := range rules {
		inputs["tests of "+p.ID] = packEvents(t, p)
	}
	everybody := append(fleet(), sheriff, usage.Deployment{ID: "tests", Accounts: []string{"1"}})
	everybody = append(everybody, usage.Deployment{ID: "company", Subject: conditions.Subject{Sector: "commercial", Purpose: "testing"}})
	if dir := os.Getenv("DULY_TESTDATA"); dir != "" {
		tree, err := usage.OpenTree(filepath.Join(dir, "telemetry"))
		if err != nil {
			t.Fatal(err)
		}
		defer tree.Close()
		for r := range monitor(t).ReadTree(t.Context(), "s", tree) {
			text, err := os.ReadFile(filepath.Join(dir, "telemetry", r.Name))
			if err != nil {
				t.Fatal(err)
			}
			inputs[r.Name] = string(text)
			for _, u := range r.Batch.Unmapped {
				everybody[len(everybody)-1].Accounts = append(everybody[len(everybody)-1].Accounts, u.Account)
			}
		}
	}
	slices.Sort(everybody[len(everybody)-1].Accounts)
	everybody[len(everybody)-1].Accounts = slices.Compact(everybody[len(everybody)-1].Accounts)
	for _, rules := range rules {
		m, other := bothOf(t, rules, everybody...)
		for _, name := range slices.Sorted(maps.Keys(inputs)) {
			compareSecond(t, m, other, name, inputs[name], other.object)
		}
	}
}

// compareSecond compares what the monitor makes of one object with what the second does,
// reading it by how.
func compareSecond(t *testing.T, m *usage.Monitor, other *second, name, text string, how func(testing.TB, string) *secondReader) {
	t.Helper()
	other.forget()
	b, r := read(t, m, name, text), how(t, text)
	if r.whole == (b.Object.Status == usage.Incomplete) {
		t.Errorf("%s: %s; the second reads all: %v", name, b.Object.Status, r.whole)
	}
	if !r.whole { // nothing of it is counted
		return
	}
	if r.read != b.Object.Read || r.rejected != b.Object.Rejected {
		t.Errorf("%s: read %d, rejected %d; the second says %d and %d", name, b.Object.Read, b.Object.Rejected, r.read, r.rejected)
	}
	counts := added(t, m, b)
	var sum [3]int64
	for _, c := range counts {
		sum = [3]int64{sum[0] + c.Exposures, sum[1] + c.Deviations, sum[2] + c.Unknown}
	}
	if len(counts) > 0 {
		t.Logf("%s: %d events, %d counts, %d exposures, %d deviations (%d by windows), %d unknown", name, r.read, len(counts), sum[0], sum[1], sum[1]-deviations(b.Counts), sum[2])
	}
	if diff := other.differs(counts); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// added gives the counts of objects together, with what their calls amount to in windows.
func added(t testing.TB, m *usage.Monitor, batches ...*usage.Batch) []usage.Count {
	t.Helper()
	tally := m.NewTally()
	for _, b := range batches {
		if _, err := tally.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	return tally.Result().Counts
}

func deviations(counts []usage.Count) (n int64) {
	for _, c := range counts {
		n += c.Deviations
	}
	return n
}

// packEvents gives the events of a pack's own tests, one a line.
func packEvents(t *testing.T, p *pack.Pack) string {
	t.Helper()
	var body struct {
		Tests []struct {
			Event map[string]any   `yaml:"event"`
			Also  []map[string]any `yaml:"also"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal(p.Bytes, &body); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range body.Tests {
		for _, event := range append(x.Also, x.Event) {
			event["recipientAccountId"] = "1"
			text, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(text, '\n'))
		}
	}
	return b.String()
}

// bothOf makes the monitor and the second of one pack.
func bothOf(t *testing.T, rules *pack.Pack, deployments ...usage.Deployment) (*usage.Monitor, *second) {
	t.Helper()
	set, err := conditions.Load(rules)
	if err != nil {
		t.Fatal(err)
	}
	m, err := usage.NewMonitor([]*conditions.Set{set}, deployments)
	if err != nil {
		t.Fatal(err)
	}
	return m, newSecond(t, rules, deployments...)
}

// windowsOf gives windowRules for calls of another name, with what else is replaced.
func windowsOf(t testing.TB, source, name string, replaced ...string) *pack.Pack {
	t.Helper()
	r := strings.NewReplacer(append([]string{`event.source == "s"`, fmt.Sprintf("event.source == %q", source), `["Search"]`, fmt.Sprintf("[%q]", name)}, replaced...)...)
	return parsePack(t, "w.yaml", r.Replace(windowRules))
}

// Protects: windows. However they are worded, and however calls that lack one thing or
// another are spread over objects, a program that keeps all calls and goes through them in
// the order of time counts the same.
func TestSecondImplementationAgreesOnWindows(t *testing.T) {
	deployments := []usage.Deployment{{ID: "one", Accounts: []string{"1", "2"}}, {ID: "two", Accounts: []string{"2"}}}
	begin := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	line := rapid.Custom(func(r *rapid.T) string {
		at := begin.Add(time.Duration(rapid.IntRange(0, 6*24*60).Draw(r, "minute")) * time.Minute)
		zone := time.FixedZone("", rapid.SampledFrom([]int{0, -11, 5}).Draw(r, "zone")*3600)
		one := func(name string) string {
			return fmt.Sprintf(`"%s":%s`, name, rapid.SampledFrom([]string{`"x"`, `"y"`, `"z"`, `"x"`, `"y"`, `""`, `null`, `7`, `["x"]`}).Draw(r, name))
		}
		list := rapid.SampledFrom([]string{`[]`, `["x","y"]`, `["x; y"]`, `["y","x"]`, `[{}]`, `null`}).Draw(r, "list")
		said := "{" + one("who") + "," + one("case") + `,"list":` + list + "}"
		params := rapid.SampledFrom([]string{said, said, said, said, "null", `{"omitted":true}`}).Draw(r, "params")
		failed := rapid.SampledFrom([]string{"", "", "", "", "", `"errorCode":"Denied",`}).Draw(r, "failed")
		return fmt.Sprintf(`{"eventTime":%q,"eventSource":"s","eventName":"Search",%s"recipientAccountId":"%d","requestParameters":%s}`+"\n",
			at.In(zone).Format(time.RFC3339), failed, rapid.IntRange(1, 3).Draw(r, "account"), params)
	})
	var found int64
	rapid.Check(t, func(r *rapid.T) {
		window := fmt.Sprintf("window: {by: [%s], count: %s, per: %s,",
			rapid.SampledFrom([]string{"", "param.case", "param.who, param.case", "param.list"}).Draw(r, "by"),
			rapid.SampledFrom([]string{"calls", "param.who", "param.list"}).Draw(r, "count"),
			rapid.SampledFrom([]string{"hour", "day", "month", "ever"}).Draw(r, "per"))
		rule := rapid.SampledFrom([]string{"window.count > 1", "window.count == 2", "window.count != 3", "window.count >= 1 && window.count < 4 || window.count > 6"}).Draw(r, "rule")
		rules := windowsOf(t, "s", "Search",
			"window: {by: [param.case], count: calls, per: ever,", window, "window.count > 2", rule,
			"window.count >= 24", fmt.Sprintf("window.count >= %d", rapid.IntRange(0, 30).Draw(r, "quiet")),
			"conditions:\n", "  - {name: list, text: Some., type: texts, paths: [\"list[]\"]}\nconditions:\n")
		m, other := bothOf(t, rules, deployments...)
		lines := rapid.SliceOfN(line, rapid.SampledFrom([]int{1, 10, 40}).Draw(r, "least"), 60).Draw(r, "calls")
		parts := make([]string, rapid.IntRange(1, 4).Draw(r, "objects"))
		for i, text := range lines {
			parts[i%len(parts)] += text
		}
		var batches []*usage.Batch
		for i, text := range parts {
			text += fmt.Sprintf(`{"n":%d}`, i) // so that no two objects have the same content
			batches = append(batches, read(t, m, fmt.Sprint(i), text))
			other.object(t, text)
		}
		counts := added(t, m, batches...)
		if diff := other.differs(counts); diff != "" {
			r.Fatalf("%s\n%s", diff, rules.Bytes)
		}
		found += deviations(counts)
	})
	t.Logf("%d deviations", found)
	if found == 0 {
		t.Error("nothing deviated: this test shows nothing")
	}
}
