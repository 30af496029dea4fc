package conditions_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rule"
)

func shipped(t testing.TB) *pack.Pack {
	t.Helper()
	return parsed(t, shippedText(t))
}

func shippedText(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("../../packs/conditions/face-search.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func parsed(t testing.TB, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Protects: a pack's tests can fail: each of the shipped pack's rules, changed a
// little, breaks at least one of its tests.
func TestPackTestsNotice(t *testing.T) {
	for _, c := range [][2]string{
		{"param.threshold < 99.0", "param.threshold <= 99.0"},
		{"param.threshold < 99.0", "param.threshold < 98.0"},
		{`{"*": 80, AssociateFaces: 75}`, `{"*": 99, AssociateFaces: 99}`},
		{`{"*": 80, AssociateFaces: 75}`, `{}`},
		{"at_least: {CreateStreamProcessor: 80}", "at_least: {CreateStreamProcessor: 99}"},
		{"param.max_candidates > 1", "param.max_candidates >= 1"},
		{"effective_from: 2019-01-04", "effective_from: 2019-01-05"},
		{"effective_from: 2021-07-09", "effective_from: 2021-07-10"},
		{"exempt: [missing_persons]", "exempt: []"},
		{"absent: {CreateStreamProcessor: false}", "absent: {}"},
		{`missing: ["true", All]`, `missing: ["false", All]`},
		{`"true All" in param.selectors`, `param.selectors.exists(s, s.startsWith("true"))`},
		{`!s.contains("rekognition")`, `!s.contains("nothing")`},
		{"param.multi_region && param.global_events && param.file_validation", "param.global_events && param.file_validation"},
		{"param.selectors_given && ", ""},
		{`"StopLogging", "DeleteTrail"]`, `"StopLogging"]`},
		{"policing, immigration,", "policing,"},
		{"param.threshold < 95.0", "param.threshold <= 95.0"},
		{"effective_from: 2018-07-27", "effective_from: 2018-07-28"},
		{"effective_until: 2018-07-26", "effective_until: 2018-07-25"},
		{"effective_from: 2023-08-23", "effective_from: 2023-08-24"},
	} {
		text := strings.ReplaceAll(shippedText(t), c[0], c[1])
		if text == shippedText(t) {
			t.Errorf("%q is not in the pack", c[0])
			continue
		}
		failed := 0
		for _, r := range conditions.RunTests(parsed(t, text)) {
			if !r.OK {
				failed++
			}
		}
		if failed == 0 {
			t.Errorf("no test notices %q in place of %q", c[1], c[0])
		}
	}
}

const header = `id: sample
kind: conditions
version: "1"
title: A sample
status: project
`

const sample = header + `parameters:
  - name: level
    text: A level.
    type: number
    paths: [level, "deep.level"]
conditions:
  - id: C1
    title: Level
    text: The level is at least 5.
    status: advisory
    effective_from: 2024-01-01
    effective_until: 2024-02-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: What the level was for.
    severity: low
    source: {title: s, ref: r, grade: verified}
    events: event.source == "s" && event.name == "n"
    deviation: param.level < 5.0
    evidence: [param.level]
tests: []
`

// Protects: each thing that a pack of conditions may not hold is refused with its
// line and column, and words that tell what to do.
func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"kind: conditions", "kind: triage", "p.yaml:2:7: "},
		{"id: C1", "id: c one", `p.yaml:12:9: "conditions[0].id": "c one" cannot be a condition's id; use capital letters`},
		{"status: advisory", "status: wished", `p.yaml:15:13: "conditions[0].status": "wished" is not a status; use mandatory, incorporated, advisory`},
		{"status: advisory", "status: mandatory\n    incorporated_by: x", "a condition is incorporated by a clause"},
		{"status: advisory", "status: incorporated", "a condition is incorporated by a clause"},
		{"status: advisory", "status: advisory\n    replaces: C0", "C0 does not end on 2024-01-01"},
		{"[telemetry]", "[hope]", `"hope" does not say what checks it`},
		{"[telemetry]", "[audit, audit]", "use each once"},
		{"[telemetry]", "[]", "checked_by is what checks the condition, or nobody"},
		{"[telemetry]", "[telemetry, nobody]", "checked_by is what checks the condition, or nobody"},
		{"[telemetry]", "[audit]", "telemetry checks what has a rule for deviations"},
		{"    deviation: param.level < 5.0\n", "", "telemetry checks what has a rule for deviations"},
		{"    not_seen: What the level was for.\n", "", "no telemetry shows everything"},
		{"param.level < 5.0", "window.count > 5", "window.count is counted by a window, and there is none"},
		{"evidence: [param.level]", "evidence: [window.count]", `"window.count" is not a field of an event`},
		{"enforcement: technical", "enforcement: hope", "use technical, attestation, audit"},
		{"severity: low", "severity: none", "use low, medium, high, critical"},
		{"grade: verified", "grade: rumour", "use verified or unverified"},
		{"2024-01-01", "2024-13-01", `"2024-13-01" is not a day`},
		{"2024-02-01", "soon", `"soon" is not a day`},
		{"2024-02-01", "2024-01-01", "ends before it begins"},
		{"event.source == \"s\" && ", "", "events must name the service and the calls"},
		{"param.level < 5.0", "param.lebel < 5.0", "p.yaml:24:"},
		{"param.level < 5.0", "param.level", "gives double, not true or false"},
		{"evidence: [param.level]", "evidence: [event.user]", `"event.user" is not a field of an event`},
		{"    events: event.source == \"s\" && event.name == \"n\"\n", "", "without events there is nothing to judge"},
		{"type: number", "type: float", "use number, int, bool, text, texts or present"},
		{"type: number", "type: texts", "a path through a list gives texts"},
		{"type: number", "type: number\n    absent: {\"*\": high}", "high is not a value of type number"},
		{"type: number", "type: number\n    join: [a]", "join is for texts"},
		{`"deep.level"`, `"deep..level"`, `p.yaml:10:20: "parameters[0].paths[1]": "deep..level" is not a path`},
		{"paths: [level, \"deep.level\"]", "paths: []", "at least one path"},
		{"name: level", "name: Level", `"Level" cannot name a parameter`},
		{"tests: []", "tests: []\nextra: 1", `the key "extra" is not known`},
	} {
		if !strings.Contains(sample, c.old) {
			t.Fatalf("%q is not in the sample", c.old)
		}
		set, err := conditions.Load(parsed(t, strings.Replace(sample, c.old, c.new, 1)))
		var f *fault.Error
		if set != nil || !errors.As(err, &f) || f.Code != fault.Invalid || f.Line == 0 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.new, err, c.want)
		}
	}
	twice := sample[strings.Index(sample, "  - id: C1"):strings.Index(sample, "tests:")]
	overlapping := strings.Replace(sample, "tests:", strings.Replace(twice, "2024-01-01", "2024-01-31", 1)+"tests:", 1)
	if _, err := conditions.Load(parsed(t, overlapping)); err == nil || !strings.Contains(err.Error(), "two versions of C1 hold on 2024-01-31") {
		t.Errorf("overlapping versions: %v", err)
	}
	following := strings.Replace(sample, "tests:", strings.NewReplacer("2024-01-01", "2024-02-01", "2024-02-01", "2024-03-01").Replace(twice)+"tests:", 1)
	if set, err := conditions.Load(parsed(t, following)); err != nil || len(set.Conditions) != 2 {
		t.Errorf("versions one after another: %v", err)
	}
}

// Protects: days are half open, and a version's hash changes with what decides
// about calls: its rules, its days, and the defaults of what it reads.
func TestDaysAndHash(t *testing.T) {
	load := func(text string) *conditions.Condition {
		set, err := conditions.Load(parsed(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return set.Conditions[0]
	}
	c := load(sample)
	for at, want := range map[string]bool{
		"2023-12-31T23:59:59Z": false, "2024-01-01T00:00:00Z": true, "2024-01-31T23:59:59Z": true, "2024-02-01T00:00:00Z": false,
	} {
		day, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if c.InForce(day) != want {
			t.Errorf("in force on %s: %v", at, !want)
		}
	}
	seen := map[string]string{c.Hash: "the sample"}
	for _, change := range [][2]string{{"< 5.0", "< 6.0"}, {"2024-02-01", "2024-03-01"}, {"type: number", "type: number\n    absent: {n: 1}"}, {"severity: low", "severity: high"}} {
		hash := load(strings.Replace(sample, change[0], change[1], 1)).Hash
		if was, ok := seen[hash]; ok {
			t.Errorf("%q has the hash of %s", change[1], was)
		}
		seen[hash] = change[1]
	}
	if load(strings.Replace(sample, "title: A sample", "title: Another", 1)).Hash != c.Hash {
		t.Error("the pack's title changes a condition's hash")
	}
}

// Protects: how scope deals with what is not known, and that an exemption wins.
func TestApplies(t *testing.T) {
	scope := func(text string) *conditions.Condition {
		set, err := conditions.Load(parsed(t, "sector_groups: {force: [policing, border]}\n"+strings.Replace(sample, "    events:", "    scope: "+text+"\n    events:", 1)))
		if err != nil {
			t.Fatal(err)
		}
		return set.Conditions[0]
	}
	for _, c := range []struct {
		scope   string
		subject conditions.Subject
		applies bool
		assumed string
	}{
		{`{}`, conditions.Subject{}, true, ""},
		{`{sectors: [force]}`, conditions.Subject{Sector: "border"}, true, ""},
		{`{sectors: [force, schools]}`, conditions.Subject{Sector: "schools"}, true, ""},
		{`{sectors: [force]}`, conditions.Subject{Sector: "health"}, false, ""},
		{`{sectors: [force]}`, conditions.Subject{Sector: "unknown"}, true, "sector"},
		{`{sectors: [force], capabilities: [face_search]}`, conditions.Subject{Capability: "compute"}, false, ""},
		{`{sectors: [force], capabilities: [face_search]}`, conditions.Subject{}, true, "sector capability"},
		{`{purposes: [p]}`, conditions.Subject{}, true, "purpose"},
		{`{purposes: [p, q], exempt: [q]}`, conditions.Subject{Purpose: "q"}, false, ""},
		{`{exempt: [q]}`, conditions.Subject{Purpose: "p"}, true, ""},
		{`{exempt: [q]}`, conditions.Subject{}, true, "purpose"},
		{`{jurisdictions: [US]}`, conditions.Subject{Jurisdiction: "US-OR"}, true, ""},
		{`{jurisdictions: [US-OR]}`, conditions.Subject{Jurisdiction: "US"}, true, "jurisdiction"},
		{`{jurisdictions: [US]}`, conditions.Subject{Jurisdiction: "USA"}, false, ""},
	} {
		applies, assumed := scope(c.scope).Applies(c.subject)
		if applies != c.applies || strings.Join(assumed, " ") != c.assumed {
			t.Errorf("%s for %+v: %v, assuming %v", c.scope, c.subject, applies, assumed)
		}
	}
}

// Protects: what a parameter is, whatever shape the request has.
func TestJudge(t *testing.T) {
	set, err := conditions.Load(parsed(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	c := set.Conditions[0]
	for _, x := range []struct {
		params string
		want   rule.Tri
		shown  string
	}{
		{`{"level":4}`, rule.True, "4"}, {`{"LEVEL":5}`, rule.False, "5"}, {`{"l\u0065vel":4.5}`, rule.True, "4.5"}, {`{"deep":{"Level":1e1}}`, rule.False, "10"},
		{`{"deep":{"level":4}, "level":4}`, rule.Unknown, "not recorded"}, {`{"level":1,"level":9}`, rule.Unknown, "not recorded"},
		{`{}`, rule.Unknown, "not recorded"}, {`null`, rule.Unknown, "not recorded"}, {``, rule.Unknown, "not recorded"}, {`"text"`, rule.Unknown, "not recorded"},
		{`{"level":"4"}`, rule.Unknown, "not recorded"}, {`{"level":{"x":4}}`, rule.Unknown, "not recorded"}, {`{"level":1e999}`, rule.Unknown, "not recorded"},
		{`{"deep":3}`, rule.Unknown, "not recorded"}, {`{"deep":null,"level":7}`, rule.False, "7"}, {`{"omitted":true,"level":7}`, rule.Unknown, "not recorded"},
	} {
		call := &conditions.Call{Source: "s", Name: "n", Params: []byte(x.params)}
		exposure, deviation, err := c.Judge(call)
		if err != nil || exposure != rule.True || deviation != x.want {
			t.Errorf("%s: %v %v %v", x.params, exposure, deviation, err)
		}
		if got := fmt.Sprint(c.Evidence(call)); got != "[{param.level "+x.shown+"}]" {
			t.Errorf("%s shows %s", x.params, got)
		}
	}
}

// Protects: a pack that does not load is one failed result, and a test that
// expects what is not so says what came.
func TestRunTestsTells(t *testing.T) {
	if r := conditions.RunTests(parsed(t, strings.Replace(sample, "id: C1", "id: c1", 1))); len(r) != 1 || r[0].OK {
		t.Errorf("%+v", r)
	}
	text := strings.Replace(sample, "tests: []", `tests:
  - name: wrong
    origin: constructed
    event: {eventTime: "2024-01-05T00:00:00Z", eventSource: s, eventName: n, requestParameters: {level: 9}}
    expect: {C1: deviation, C2: kept}`, 1)
	r := conditions.RunTests(parsed(t, text))
	if len(r) != 1 || r[0].OK || r[0].Line != 27 || r[0].Detail != "C1: kept, expected deviation; C2 is not a condition of this pack" {
		t.Errorf("%+v", r)
	}
}

func ExampleCondition_Judge() {
	data, _ := os.ReadFile("../../packs/conditions/face-search.yaml")
	p, _ := pack.Parse("face-search.yaml", data)
	set, _ := conditions.Load(p)
	day := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	sheriff := conditions.Subject{Sector: "policing"} // the purpose is not known
	call := &conditions.Call{Source: "rekognition.amazonaws.com", Name: "CompareFaces", Params: []byte(`{"similarityThreshold":90}`)}
	for _, c := range set.Conditions {
		if applies, assumed := c.Applies(sheriff); applies && c.InForce(day) {
			exposure, deviation, _ := c.Judge(call)
			if exposure == rule.True {
				fmt.Println(c.ID, c.Status, deviation, c.Evidence(call), assumed)
			}
		}
	}
	// Output:
	// FS-99 incorporated true [{event.name CompareFaces} {param.threshold 90}] [purpose]
	// FS-MORATORIUM mandatory true [{event.name CompareFaces}] [purpose]
}

func BenchmarkJudge(b *testing.B) {
	set, err := conditions.Load(shipped(b))
	if err != nil {
		b.Fatal(err)
	}
	call := &conditions.Call{Source: "rekognition.amazonaws.com", Name: "SearchFacesByImage",
		Params: []byte(`{"collectionId":"c","image":{"s3Object":{"bucket":"b","name":"n"}},"faceMatchThreshold":98.5,"maxFaces":5}`)}
	var fs99 *conditions.Condition
	for _, c := range set.Conditions {
		if c.ID == "FS-99" {
			fs99 = c
		}
	}
	b.Run("condition", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, deviation, err := fs99.Judge(call); err != nil || deviation != rule.True {
				b.Fatal(deviation, err)
			}
		}
	})
	// The same question of values that were read before: the rule alone.
	b.Run("baseline-rule-on-values", func(b *testing.B) {
		env, err := rule.NewEnv(map[string]rule.Type{"threshold": rule.Number})
		if err != nil {
			b.Fatal(err)
		}
		r, err := env.Compile("threshold < 99.0")
		if err != nil {
			b.Fatal(err)
		}
		lookup := func(string) (any, bool) { return 98.5, true }
		b.ReportAllocs()
		for b.Loop() {
			if deviation, err := r.Eval(lookup); err != nil || deviation != rule.True {
				b.Fatal(deviation, err)
			}
		}
	})
}

// Protects: a pack says at most once what a call shows, as deployments declare it.
func TestShows(t *testing.T) {
	shows := func(text string) (*conditions.Set, error) {
		return conditions.Load(parsed(t, strings.Replace(sample, "conditions:\n", "shows: "+text+"\nconditions:\n", 1)))
	}
	set, err := shows("[{capability: face_search, source: s, names: [A, B]}, {capability: face_compare, source: s, names: [C]}]")
	if err != nil {
		t.Fatal(err)
	}
	if set.Shows("s", "B") != "face_search" || set.Shows("s", "C") != "face_compare" || set.Shows("t", "A") != "" || len(set.Capabilities()) != 2 {
		t.Error("calls show something else than the pack says")
	}
	for _, bad := range []string{"[{capability: Face search, source: s, names: [A]}]", "[{capability: a, source: s, names: [A]}, {capability: b, source: s, names: [A]}]", "[{capability: a, source: s}]"} {
		if _, err := shows(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
