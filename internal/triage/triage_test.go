package triage_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/triage"
)

const basePath = "../../packs/triage/base.yaml"

func base(t testing.TB) (*pack.Pack, *triage.Rules) {
	t.Helper()
	data, err := os.ReadFile(basePath)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(basePath, data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := triage.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// Protects: the released pack's own tests.
func TestBasePack(t *testing.T) {
	p, _ := base(t)
	for _, r := range triage.RunTests(p) {
		if !r.OK {
			t.Errorf("line %d, %s: %s", r.Line, r.Name, r.Detail)
		}
	}
}

// Each field's values from the best to the worst; what is not known stands
// between. Sectors that differ in name only are drawn at random.
var (
	goodToBad   = []rule.Tri{rule.False, rule.Unknown, rule.True}
	badIfNot    = []rule.Tri{rule.True, rule.Unknown, rule.False}
	sectors     = []string{"commercial", "", "policing"}
	countries   = []string{"DE", "", "MM"}
	scales      = []string{"small", "medium", "unknown", "large"}
	sameSectors = [][]string{{"commercial", "schools", "health", "courts"}, {"", "unknown"},
		{"policing", "immigration", "border", "detention", "intelligence", "military"}}
	capabilities = []string{"face_search", "face_compare", "live_face_recognition", "face_analysis", "object_detection",
		"video_analytics", "video_storage", "doorbell_requests", "plate_reader", "location_tracking", "interception",
		"device_forensics", "social_media_monitoring", "gunshot_detection", "drone", "predictive_policing", "data_fusion",
		"personal_data_analytics", "biometric_registry", "compute", "storage", "database", "machine_learning", "network",
		"other", "unknown", ""}
)

// level draws a position on a field's scale and, above or equal to it, a worse one.
func level[T any](t *rapid.T, of []T, worse bool, name string) (T, T) {
	i := rapid.IntRange(0, len(of)-1).Draw(t, name)
	j := i
	if worse {
		j = rapid.IntRange(i, len(of)-1).Draw(t, name+" worse")
	}
	return of[i], of[j]
}

// pair draws an account and one that is nowhere better.
func pair(t *rapid.T) (a, b triage.Account) {
	w := rapid.SliceOfN(rapid.Bool(), 17, 17).Draw(t, "what is made worse")
	sector := func(worse bool, name string) (string, string) {
		of := slices.Clone(sectors)
		for i, same := range sameSectors {
			of[i] = rapid.SampledFrom(same).Draw(t, name+" name")
		}
		return level(t, of, worse, name)
	}
	a.Sector, b.Sector = sector(w[0], "sector")
	a.EndUserSector, b.EndUserSector = sector(w[1], "end user sector")
	a.IntegratorSector, b.IntegratorSector = sector(w[2], "integrator sector")
	a.EndUserKnown, b.EndUserKnown = level(t, badIfNot, w[3], "end user known")
	a.Integrator, b.Integrator = level(t, goodToBad, w[4], "integrator")
	a.Country, b.Country = level(t, countries, w[5], "country")
	a.Conflict, b.Conflict = level(t, goodToBad, w[6], "conflict")
	a.Registry, b.Registry = level(t, badIfNot, w[7], "registry")
	a.OpenHit, b.OpenHit = level(t, goodToBad, w[8], "open hit")
	a.ConfirmedHit, b.ConfirmedHit = level(t, goodToBad, w[9], "confirmed hit")
	a.Ban, b.Ban = level(t, goodToBad, w[10], "ban")
	a.Moratorium, b.Moratorium = level(t, goodToBad, w[11], "moratorium")
	a.Scale, b.Scale = level(t, scales, w[12], "scale")
	a.Owned, b.Owned = level(t, goodToBad, w[15], "owned by listed parties")
	a.Owners, b.Owners = level(t, goodToBad, w[16], "doubt about owners")
	drawn := rapid.SliceOfN(rapid.SampledFrom(capabilities), 0, 3)
	a.Capabilities = drawn.Draw(t, "capabilities")
	b.Capabilities = a.Capabilities
	switch {
	case w[13]:
		b.Capabilities = nil // unmapped: worse than anything that is mapped
	case w[14] && len(a.Capabilities) > 0:
		b.Capabilities = slices.Concat(a.Capabilities, drawn.Draw(t, "more capabilities"))
	}
	return a, b
}

var lanes = []triage.Lane{triage.Auto, triage.Desk, triage.Person, triage.Stop}

// Protects: learning something worse of an account, knowing less of it, or a
// product that can do more, never makes the lane laxer.
func TestWorseIsNeverLaxer(t *testing.T) {
	_, r := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := pair(t)
		before, after := r.Lane(a), r.Lane(b)
		if slices.Index(lanes, after.Lane) < slices.Index(lanes, before.Lane) {
			t.Fatalf("%+v\n  is %s for %+v\n%+v\n  is only %s for %+v", a, before.Lane, before.Reasons, b, after.Lane, after.Reasons)
		}
	})
}

// Protects: what a verdict says of itself holds together, and nobody with power
// over people, no unscreened and no unmapped account comes into AUTO.
func TestVerdicts(t *testing.T) {
	_, r := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a, _ := pair(t)
		v := r.Lane(a)
		if v.ByDefault != (len(v.Reasons) == 0) || v.ByDefault && v.Lane != triage.Desk {
			t.Fatalf("%+v", v)
		}
		for _, reason := range v.Reasons {
			if reason.Rule == "" || reason.Text == "" {
				t.Fatalf("%+v", v)
			}
		}
		known := !slices.Contains([]rule.Tri{a.OpenHit, a.ConfirmedHit, a.Owned, a.Owners}, rule.Unknown)
		coercive := register.Coercive(a.Sector) || register.Coercive(a.EndUserSector)
		if v.Lane == triage.Auto && (!known || coercive || len(a.Capabilities) == 0 || a.Registry != rule.True) {
			t.Fatalf("%+v is in AUTO", a)
		}
	})
}

// Protects: the pack's expressions say what its rules mean, by a second reading of
// the rules in plain Go.
func TestPackAgreesWithPlainGo(t *testing.T) {
	_, r := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a, _ := pair(t)
		if got, want := r.Lane(a).Lane, plainLane(&a); got != want {
			t.Fatalf("%+v: %s, by the second reading %s", a, got, want)
		}
	})
}

func not(a rule.Tri) rule.Tri {
	return map[rule.Tri]rule.Tri{rule.True: rule.False, rule.False: rule.True}[a]
}

func or(a ...rule.Tri) rule.Tri {
	switch {
	case slices.Contains(a, rule.True):
		return rule.True
	case slices.Contains(a, rule.Unknown):
		return rule.Unknown
	}
	return rule.False
}

func and(a ...rule.Tri) rule.Tri {
	for i := range a {
		a[i] = not(a[i])
	}
	return not(or(a...))
}

func tri(b bool) rule.Tri {
	if b {
		return rule.True
	}
	return rule.False
}

func power(sector string) rule.Tri {
	if sector == "" || sector == "unknown" {
		return rule.Unknown
	}
	return tri(register.Coercive(sector))
}

// plainLane is the second reading, and what the benchmark compares with.
func plainLane(a *triage.Account) triage.Lane {
	can := func(of ...string) bool {
		return len(a.Capabilities) == 0 || slices.ContainsFunc(a.Capabilities, func(c string) bool {
			return c == "" || c == "unknown" || slices.Contains(of, register.RiskClass(c)) || slices.Contains(of, c)
		})
	}
	identifies := tri(can("identify", "track", "intercept", "doorbell_requests"))
	fuses, load := tri(can("fuse")), tri(can("compute"))
	coercive := or(power(a.Sector), power(a.EndUserSector))
	via := power(a.IntegratorSector)
	if via == rule.Unknown && a.Integrator == rule.False {
		via = rule.False
	}
	conflict := rule.Unknown
	switch {
	case a.Conflict == rule.True || a.Country == "MM":
		conflict = rule.True
	case a.Conflict == rule.False || a.Country != "":
		conflict = rule.False
	}
	large := map[string]rule.Tri{"large": rule.True, "medium": rule.False, "small": rule.False}[a.Scale]
	worst := -1
	call := func(answer rule.Tri, fires, unknown triage.Lane) {
		lane := map[rule.Tri]triage.Lane{rule.True: fires, rule.Unknown: unknown}[answer]
		worst = max(worst, slices.Index(lanes, lane))
	}
	call(a.ConfirmedHit, triage.Stop, triage.Desk)
	call(a.Owned, triage.Stop, triage.Desk)
	for _, stop := range []rule.Tri{a.Ban, a.Moratorium} {
		if stop == rule.True || identifies == rule.True {
			call(stop, triage.Stop, triage.Desk)
		}
	}
	call(a.OpenHit, triage.Person, triage.Desk)
	call(a.Owners, triage.Person, triage.Desk)
	call(and(coercive, identifies), triage.Person, triage.Person)
	call(and(via, identifies), triage.Person, triage.Desk)
	call(and(not(a.EndUserKnown), identifies), triage.Person, triage.Person)
	call(conflict, triage.Person, triage.Desk)
	call(and(or(coercive, via), or(fuses, and(load, large))), triage.Desk, triage.Desk)
	call(and(a.Integrator, coercive, load), triage.Desk, triage.Desk)
	if worst < 0 && and(a.Registry, not(coercive), not(via), not(identifies), not(fuses)) == rule.True {
		return triage.Auto
	}
	return lanes[max(worst, 1)]
}

const head = `id: t
kind: triage
version: "1"
title: T
status: project
scale: {medium_from: 1, large_from: 2}
conflict_countries: {source: s, as_of: d, grade: unverified, codes: [MM]}
`

// Protects: a pack that cannot mean what it says is refused at its place.
func TestLoadRefuses(t *testing.T) {
	rules := func(fields string) string { return head + "rules:\n  - {" + fields + "}\n" }
	for _, c := range []struct{ name, yaml, want string }{
		{"another kind", strings.Replace(head, "triage", "method", 1), "t.yaml:2:7: \"kind\": a pack of kind method"},
		{"no rules", head + "rules: []\n", "decides nothing"},
		{"no lane", rules("id: A, text: t, when: ban"), "t.yaml:9:5: missing here: lane"},
		{"wrong lane", rules("id: A, lane: GREEN, text: t, when: ban"), `"GREEN" is not a lane`},
		{"wrong id", rules("id: a b, lane: DESK, text: t, when: ban"), "cannot be a rule's id"},
		{"twice", head + "rules:\n  - {id: A, lane: DESK, text: t, when: ban}\n  - {id: A, lane: DESK, text: t, when: ban}\n", "t.yaml:10:10: \"rules[1].id\": the rule A stands twice"},
		{"unknown leads to AUTO", rules("id: A, lane: STOP, text: t, when: ban, unknown: AUTO"), "unknown cannot lead to"},
		{"unknown stricter than the rule", rules("id: A, lane: DESK, text: t, when: ban, unknown: STOP"), "unknown cannot lead to"},
		{"AUTO on unknown", rules("id: A, lane: AUTO, text: t, when: ban, unknown: DESK"), "fires only on what is known"},
		{"no such variable", rules("id: A, lane: DESK, text: t, when: bann"), "t.yaml:9:40: \"rules[0].when\""},
		{"not a truth value", rules("id: A, lane: DESK, text: t, when: scale"), "not true or false"},
		{"wrong unknown_matters", rules("id: A, lane: DESK, text: t, when: ban, unknown_matters: x"), "rules[0].unknown_matters"},
		{"term of a taken name", head + "terms:\n  - {id: ban, text: t, when: moratorium}\nrules: []\n", "cannot name a term"},
		{"term that reads a later one", head + "terms:\n  - {id: a, text: t, when: b}\n  - {id: b, text: t, when: ban}\nrules: []\n", "terms[0].when"},
		{"country", strings.Replace(head, "[MM]", "[Myanmar]", 1) + "rules: []\n", "is not a country code"},
		{"grade", strings.Replace(head, "grade: unverified", "grade: sure", 1) + "rules: []\n", "is not a grade"},
		{"scale", strings.Replace(head, "large_from: 2", "large_from: 1", 1) + "rules: []\n", "large must begin above medium"},
		{"unknown key", head + "rule: []\nrules: []\n", `the key "rule" is not known here`},
	} {
		p, err := pack.Parse("t.yaml", []byte(c.yaml))
		if err == nil {
			_, err = triage.Load(p)
		}
		if err == nil || fault.CodeOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), "t.yaml:") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// Protects: a pack's tests can fail: on a wrong lane, wrong reasons, a field that
// does not exist, a rule that no test shows.
func TestRunTestsFails(t *testing.T) {
	const rules = "rules:\n  - {id: BAN, lane: STOP, text: t, when: ban}\n"
	const both = "  - {name: n, with: {ban: false}, lane: DESK, default: true}\n"
	for _, c := range []struct {
		name, tests, want string
	}{
		{"good", "tests:\n  - {name: y, with: {ban: true}, lane: STOP, because: [BAN]}\n" + both, ""},
		{"lane", "tests:\n  - {name: y, with: {ban: true}, lane: DESK, because: [BAN]}\n" + both, "expected DESK because [BAN]"},
		{"reasons", "tests:\n  - {name: y, with: {ban: true}, lane: STOP}\n" + both, "expected STOP because []"},
		{"unknown", "tests:\n  - {name: y, with: {ban: unknown}, lane: DESK, because: [BAN]}\n" + both, "got DESK because [] unknown [BAN]"},
		{"default", "tests:\n  - {name: y, with: {ban: false}, lane: DESK}\n" + both, "by default"},
		{"field", "tests:\n  - {name: y, with: {bann: true}, lane: STOP}\n" + both, "no field"},
		{"value", "tests:\n  - {name: y, with: {ban: maybe}, lane: STOP}\n" + both, "cannot be maybe"},
		{"list", "tests:\n  - {name: y, with: {capabilities: drone}, lane: STOP}\n" + both, "cannot be drone"},
		{"one side", "tests:\n" + both, "both firing and not firing"},
		{"not a pack", "tests: 3\n", "not a list"},
	} {
		p, err := pack.Parse("t.yaml", []byte(head+rules+c.tests))
		if err != nil {
			t.Fatal(err)
		}
		failed := ""
		for _, r := range triage.RunTests(p) {
			if !r.OK {
				failed += r.Detail + "\n"
			}
		}
		if (failed == "") != (c.want == "") || !strings.Contains(failed, c.want) {
			t.Errorf("%s: %q, want %q", c.name, failed, c.want)
		}
	}
}

// Protects: sizes at their bounds, refunds and the missing amount.
func TestScale(t *testing.T) {
	_, r := base(t)
	for cents, want := range map[int64]string{0: "small", 99_999: "small", 100_000: "medium", 999_999: "medium",
		1_000_000: "large", -1_000_000: "large", -5: "small", -1 << 63: "large"} {
		if got := r.Scale(&cents); got != want {
			t.Errorf("%d: %s, want %s", cents, got, want)
		}
	}
	if got := r.Scale(nil); got != "unknown" {
		t.Errorf("no amount: %s", got)
	}
}

// Protects: a value that an expression cannot take makes its rule undecided, not
// silent.
func TestFailingRuleIsUndecided(t *testing.T) {
	_, r := base(t)
	many := make([]string, rule.MaxTexts+1)
	for i := range many {
		many[i] = "compute"
	}
	v := r.Lane(triage.Account{Sector: "commercial", EndUserSector: "commercial", EndUserKnown: rule.True,
		Integrator: rule.False, Country: "US", Registry: rule.True, OpenHit: rule.False, ConfirmedHit: rule.False, Owned: rule.False, Owners: rule.False,
		Scale: "small", Capabilities: many})
	if v.Lane == triage.Auto {
		t.Errorf("%+v", v)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(head + "rules:\n  - {id: A, lane: AUTO, text: t, when: 'product.capabilities.all(c, c in product.classes)'}\n"))
	f.Add([]byte(head + "terms:\n  - {id: a, text: t, when: 'scale.matches(\"(a+)+\")'}\nrules: []\nsample: {ban: [x]}\n"))
	f.Add([]byte(head + "rules:\n  - {id: B, lane: STOP, text: t, when: ban, unknown: PERSON, unknown_matters: product.mapped}\n" +
		"sample: {capabilities: [drone]}\ntests:\n  - {name: n, with: {ban: unknown}, lane: PERSON, unknown: [B]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pack.Parse("t.yaml", data)
		if err != nil {
			return
		}
		r, err := triage.Load(p)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%v is not a fault of the pack", err)
			}
			return
		}
		if v := r.Lane(triage.Account{}); !slices.Contains(lanes, v.Lane) {
			t.Fatalf("%+v", v)
		}
		triage.RunTests(p)
	})
}

func BenchmarkLane(b *testing.B) {
	_, r := base(b)
	a := triage.Account{Sector: "commercial", EndUserSector: "commercial", EndUserKnown: rule.True, Integrator: rule.False,
		Country: "US", Capabilities: []string{"compute"}, Registry: rule.True, OpenHit: rule.False, ConfirmedHit: rule.False, Owned: rule.False, Owners: rule.False, Scale: "small"}
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Lane(a)
		}
	})
	// The same rules by hand: what it costs that the rules are data.
	b.Run("baseline-plain-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plainLane(&a)
		}
	})
}

func ExampleRules_Lane() {
	p, err := pack.Parse("example.yaml", []byte(`
id: example
kind: triage
version: "1"
title: An example
status: project
scale: {medium_from: 100000, large_from: 1000000}
conflict_countries: {source: none, as_of: "2026-11-01", grade: unverified, codes: []}
rules:
  - id: POLICE-FACES
    lane: PERSON
    unknown: PERSON
    text: A police force searches faces.
    when: customer.sector == "policing" && "face_search" in product.capabilities
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	rules, err := triage.Load(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, sector := range []string{"policing", "unknown", "commercial"} {
		v := rules.Lane(triage.Account{Sector: sector, Capabilities: []string{"face_search"}})
		fmt.Println(v.Lane, v.ByDefault, len(v.Reasons))
	}
	// Output:
	// PERSON false 1
	// PERSON false 1
	// DESK true 0
}

func ExampleRunTests() {
	data, err := os.ReadFile(basePath)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := pack.Parse(basePath, data)
	if err != nil {
		fmt.Println(err)
		return
	}
	failed := 0
	for _, r := range triage.RunTests(p) {
		if !r.OK {
			failed++
		}
	}
	fmt.Println("failed:", failed)
	// Output: failed: 0
}

// Protects: a reason is read back from its record as it was, known or not.
func TestReasonsAreReadBack(t *testing.T) {
	for _, want := range []triage.Reason{
		{Rule: "STOP-BAN", Text: "Law forbids it: in part."},
		{Rule: "STOP-BAN", Text: "Law forbids it.", Unknown: []string{"ban"}},
		{Rule: "DESK-LARGE", Text: "Large. Not known: who.", Unknown: []string{"end_user.coercive", "integrator.coercive"}},
	} {
		if got := triage.ParseReason(want.String()); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read back as %+v", want, got)
		}
	}
}
