package rating_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/rule"
	"duly/packs"
)

func read(t testing.TB) *pack.Pack {
	t.Helper()
	list, err := pack.ReadDir(packs.Files, "methods/rm-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

func rm1(t testing.TB) *rating.Method {
	t.Helper()
	m, err := rating.Load(read(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Protects: RM-1's 25 worked cases, every field of the expected output.
func TestCases(t *testing.T) {
	in := file(t, "testdata/cases.json")
	out, err := rm1(t).RunCases(in)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Cases []struct{ Expected map[string]any }
	}
	var got struct{ Cases []map[string]any }
	if err := json.Unmarshal(in, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if len(want.Cases) != 25 || len(got.Cases) != 25 {
		t.Fatalf("%d cases, %d results", len(want.Cases), len(got.Cases))
	}
	for i, c := range want.Cases {
		for key, v := range c.Expected {
			if !reflect.DeepEqual(got.Cases[i][key], v) {
				t.Errorf("%v: %s is %v, want %v", c.Expected["id"], key, got.Cases[i][key], v)
			}
		}
	}
}

// Protects: the pack's own tests pass, and the worked cases are among them, by
// their facts too.
func TestPackTests(t *testing.T) {
	names := map[string]bool{}
	for _, r := range rating.RunTests(read(t)) {
		if !r.OK {
			t.Errorf("rm-1.yaml:%d: %s: %s", r.Line, r.Name, r.Detail)
		}
		names[r.Name] = true
	}
	var cases struct {
		Cases []struct{ Input, Expected map[string]any }
	}
	if err := json.Unmarshal(file(t, "testdata/cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases.Cases {
		id := c.Input["id"].(string)
		if !names["case "+id+" by its facts"] {
			t.Errorf("%s is not tried by its facts", id)
		}
		for key, want := range packCase(t, id) {
			have, ok := c.Input[key]
			if _, expected := c.Expected[key]; expected {
				have, ok = c.Expected[key], true
			}
			if ok && !reflect.DeepEqual(have, want) || !ok && want != false {
				t.Errorf("%s: %s is %v in the pack and %v in the case file", id, key, want, have)
			}
		}
	}
	m := rm1(t)
	if n := len(m.Indicators()); n != 34 {
		t.Errorf("%d indicators", n)
	}
	for _, x := range m.Indicators() {
		if f, ok := m.Fact(x.When); ok && f.Type == rule.Bool {
			t.Errorf("%s is one yes/no fact", x.ID)
		}
	}
}

// packCase gives what the pack says of a worked case, by the keys of the case file.
func packCase(t *testing.T, id string) map[string]any {
	t.Helper()
	var body struct {
		Tests struct {
			Cases []struct {
				ID                           string
				Raises                       []any
				Sev                          []any
				Actual, Existing, Incomplete bool
				Expect                       map[string]any
			}
		}
	}
	if err := yaml.Unmarshal(read(t).Bytes, &body); err != nil {
		t.Fatal(err)
	}
	for _, c := range body.Tests.Cases {
		if c.ID == id {
			out := map[string]any{"ind": c.Raises, "sev": c.Sev, "actual": c.Actual, "existing": c.Existing, "incomplete": c.Incomplete}
			maps.Copy(out, c.Expect)
			b, err := json.Marshal(out)
			if err == nil {
				err = json.Unmarshal(b, &out)
			}
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	t.Fatalf("the pack has no case %s", id)
	return nil
}

// Protects: the pack's tests notice a changed pack. Each change is one that a
// careless edit could make.
func TestPackTestsNotice(t *testing.T) {
	text := string(read(t).Bytes)
	for _, c := range []struct{ old, new string }{
		{`"4": MHHHC`, `"4": MHHCC`},
		{"percent_for_one: 60", "percent_for_one: 61"},
		{"irremediable_floor: 4", "irremediable_floor: 3"},
		{"vulnerable_raises_scale_by: 1", "vulnerable_raises_scale_by: 0"},
		{"abuse_record_years <= 5", "abuse_record_years < 5"},
		{"ownership.sanctioned_percent >= 50", "ownership.sanctioned_percent > 50 || ownership.sanctioned_percent >= 49"},
		{"CRITICAL: {new: DECLINE, existing: SUSPEND}", "CRITICAL: {new: DECLINE, existing: DECLINE}"},
		{"HIGH: {tier: EDD, review_months: 12}", "HIGH: {tier: EDD, review_months: 18}"},
		{"incomplete_at_least: HIGH", "incomplete_at_least: MEDIUM"},
		{"    - id: SAF-06\n      adds", "    - id: SAF-05\n      adds"},
		{"adds: {SAF: 1}", "adds: {SAF: 2}"},
		{"family: CND\n    weight: 2", "family: CND\n    weight: 1"},
		{"family: USE", "family: CTX"},
		{"basis: policy", "basis: legal"},
		{`"5": HHCCC`, `"5": MHCCC`},
		{"percent_for_two: 100", "percent_for_two: 99"},
		{`"border", `, ""},
		{"LOW: {new: APPROVE, existing: APPROVE}", "LOW: {new: APPROVE, existing: KEEP}"},
		{"type: texts, required: true", "type: texts"},
		{"type: bool, question", "type: bool, required: true, question"},
		{`local_ban != "unclear" && `, ""},
		{`when: guidance.threshold == "below" || guidance.forced_top_n`, `when: guidance.threshold == "below" || guidance.forced_top_n && false`},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("the pack no longer holds %q", c.old)
		}
		p, err := pack.Parse("rm-1.yaml", []byte(strings.Replace(text, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(rating.RunTests(p), func(r pack.TestResult) bool { return !r.OK }) {
			t.Errorf("no test of the pack notices %q", c.new)
		}
	}
}

// Protects: packs that would let risk lower a result, or that lead nowhere, are
// refused with their place.
func TestLoadRefuses(t *testing.T) {
	text := string(read(t).Bytes)
	for _, c := range []struct{ old, new, want string }{
		{"weight: 1", "weight: 0", "lower the result"},
		{"weight: 1", "weight: -2", "lower the result"},
		{`"3": LMMHH`, `"3": LMMHM`, "severity 3, likelihood 5 is below"},
		{`"2": LLMMM`, `"2": LLMMC`, "severity 3, likelihood 5 is below"},
		{`"5": HHCCC`, `"5": HHCC`, "five letters"},
		{`"5": HHCCC`, `"5": HHCCX`, "is not a band"},
		{"family: CTX", "family: XXX", "is not a family"},
		{"- id: CTX-02", "- id: CTX-01", "there twice"},
		{"id: harm.actual,", "id: harm.privacy.scope,", "there already"},
		{"{id: association,", "{id: privacy,", "there already"},
		{"- id: HS-L2", "- id: HS-L1", "there twice"},
		{"basis: legal", "basis: moral", "use legal or policy"},
		{"when: country.freedom == ", "when: country.fredom == ", "undeclared reference"},
		{"when: country.freedom == ", "when: ", "rm-1.yaml"},
		{"actual_harm: harm.actual", "actual_harm: harm.none", "not a fact of type bool"},
		{"existing: deployment.existing", "existing: customer.sector", "not a fact of type bool"},
		{"type: bool, question", "type: number, question", "not a type of fact"},
		{"min: 0, max: 100, question", "min: 9, max: 1, question", "min is above max"},
		{"min: 0, max: 100, question", "min: 0, max: 9007199254740992, question", "2^53"},
		{"cap: 5", "cap: 6", "not between"},
		{"percent_for_one: 60", "percent_for_one: 160", "not between"},
		{"HIGH: {tier: EDD, review_months: 12}", "HIGH: {tier: EDD, review_months: 36}", "at least as often"},
		{"kind: method", "kind: triage", "pack of kind triage"},
		{"origin:", "orgin:", "not known here"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("the pack no longer holds %q", c.old)
		}
		p, err := pack.Parse("rm-1.yaml", []byte(strings.Replace(text, c.old, c.new, 1)))
		if err == nil {
			_, err = rating.Load(p)
		}
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "rm-1.yaml:") {
			t.Errorf("%q: %v, want %q", c.new, err, c.want)
		}
	}
}

// Protects: what duly rate says of unknowns, and that unknown is not no.
func TestUnknownCases(t *testing.T) {
	m := rm1(t)
	three := 3
	r, err := m.RateCase(rating.Case{
		ID: "u", Sev: [3]*int{&three, nil, &three}, Ind: []string{"CUS-01"}, Unknown: []string{"USE-02", "USE-01", "CUS-02"},
	})
	if err != nil {
		t.Fatal(err)
	}
	best, worst := r.Interval.Best, r.Interval.Worst
	if best.S != 3 || best.Sum != 2 || best.Residual != rating.Medium {
		t.Errorf("best %+v", best)
	}
	if worst.S != 4 || worst.Sum != 5 || worst.Residual != rating.Critical || r.Decision != "DECLINE" || r.S != 4 {
		t.Errorf("worst %+v, %s", worst, r.Decision)
	}
	if r.Fam["USE"] != 2 || r.Fam["CUS"] != 2 {
		t.Errorf("families %v", r.Fam)
	}
	both, err := m.RateCase(rating.Case{ID: "b", Sev: [3]*int{&three, &three, &three}, Ind: []string{"CUS-02"}, Unknown: []string{"CUS-02"}})
	if err != nil || both.Interval.Best != both.Interval.Worst || both.Sum != 3 {
		t.Errorf("raised and unknown: %+v %v", both, err)
	}
}

// Protects: bad cases are refused by name of case and field, and nothing comes out.
func TestRunCasesRefuses(t *testing.T) {
	m := rm1(t)
	good := `{"id": "a", "sev": [1, 2, 3]}`
	for _, c := range []struct{ in, want string }{
		{``, "cannot be read"},
		{`{"cases": [`, "line 1"},
		{"{\n\"cases\": [\n{\"id\": \"a\",}]}", "line 3"},
		{`{}`, `"cases": there are no cases`},
		{`null`, "there are no cases"},
		{`7`, "cannot be read"},
		{`{"model": "RM-2", "cases": []}`, "not for rm-1"},
		{`{"cases": [], "cases": []}`, "duplicate"},
		{`[3]`, `case 1: it is not an object`},
		{`[` + good + `, {"sev": [1, 1, 1]}]`, `"id": case 2: it is missing`},
		{`[{"id": 7, "sev": [1, 1, 1]}]`, `"id": case 1: 7 is not a text`},
		{`[{"id": "b"}]`, `"sev": case "b": it is missing`},
		{`[{"id": "b", "sev": [1, 2]}]`, `"sev": case "b"`},
		{`[{"id": "b", "sev": [1, 2, 6]}]`, `"sev[2]": case "b": 6 is not between 1 and 5`},
		{`[{"id": "b", "sev": [1, 2.5, 3]}]`, `"sev[1]": case "b": 2.5 is not a whole number`},
		{`[{"id": "b", "sev": [1, "2", 3]}]`, `"sev[1]"`},
		{`[{"id": "b", "sev": [1, 2, 3], "ind": ["CTX-99"]}]`, `"ind[0]": case "b": "CTX-99" is not an indicator`},
		{`[{"id": "b", "sev": [1, 2, 3], "ind": "CTX-01"}]`, `"ind": case "b"`},
		{`[{"id": "b", "sev": [1, 2, 3], "ind": [null]}]`, `"ind[0]"`},
		{`[{"id": "b", "sev": [1, 2, 3], "unknown": ["X"]}]`, `"unknown[0]"`},
		{"[\n" + good + ",\n\n{\"id\": \"b\",\n\"sev\": [1, 2, 9]}]", `4: "sev[2]": case "b"`},
		{`[{"id": "b", "sev": [1, 2, 3], "hs": ["HS-Z"]}]`, `"hs[0]"`},
		{`[{"id": "b", "sev": [1, 2, 3], "ctrl": 3}]`, `"ctrl": case "b": 3 is not a control credit`},
		{`[{"id": "b", "sev": [1, 2, 3], "actual": null}]`, `"actual": case "b": null is not true or false`},
		{`[{"id": "b", "sev": [1, 2, 3], "existing": "yes"}]`, `"existing"`},
		{`[{"id": "b", "sev": [1, 2, 3], "incomplet": true}]`, `"incomplet": case "b": a case has no such field`},
		{`[{"id": "b", "sev": [1, 2, 3], "ind": [], "ind": []}]`, "cannot be read"},
	} {
		out, err := m.RunCases([]byte(c.in))
		if out != nil || fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.in, err, c.want)
		}
	}
	for _, in := range []string{`[]`, `[` + good + `]`, `{"cases": [{"input": ` + good + `, "expected": {}, "note": 1}], "more": []}`} {
		if _, err := m.RunCases([]byte(in)); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// Protects: inputs that a method cannot use are refused by the fact's name.
func TestRateRefuses(t *testing.T) {
	m := rm1(t)
	for _, c := range []struct {
		fact  string
		value any
	}{
		{"no.such.fact", true}, {"customer.sector", "polcing"}, {"customer.sector", true}, {"harm.actual", "yes"},
		{"harm.privacy.scale", 6}, {"harm.privacy.scale", -1}, {"harm.privacy.scale", 2.0}, {"use.registers", []string{"cats"}},
		{"use.registers", "children"},
	} {
		_, err := m.Rate(rating.Inputs{c.fact: rating.Known(c.value)})
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"`+c.fact+`"`) {
			t.Errorf("%s = %v: %v", c.fact, c.value, err)
		}
	}
}

// Protects: of nothing known comes the whole interval, pending, never a low rating.
func TestNothingKnown(t *testing.T) {
	r := rate(t, rm1(t), nil)
	if r.Best.Residual != rating.Low || r.Worst.Residual != rating.Critical || !r.Pending || r.Known != 0 {
		t.Errorf("%+v", r)
	}
	if !strings.HasPrefix(r.Decision, "PENDING") || len(r.Missing) == 0 || len(r.PossibleStops) != 9 {
		t.Errorf("%s, missing %d, possible %v", r.Decision, len(r.Missing), r.PossibleStops)
	}
	again := rate(t, rm1(t), rating.Inputs{"harm.actual": rating.Unknown("not asked")})
	if !bytes.Equal(r.Canonical(), again.Canonical()) {
		t.Error("an unknown fact and an absent one give different traces")
	}
}

// Protects: a method rates from several goroutines at once as it does from one.
func TestRateConcurrently(t *testing.T) {
	m := rm1(t)
	few, all := rating.Inputs{"customer.sector": rating.Known("policing")}, answers(m, 0)
	wantFew, wantAll := rate(t, m, few), rate(t, m, all)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				a, err := m.Rate(few)
				b, err2 := m.Rate(all)
				if err != nil || err2 != nil || !bytes.Equal(a.Canonical(), wantFew.Canonical()) || !bytes.Equal(b.Canonical(), wantAll.Canonical()) {
					t.Errorf("another result: %v %v", err, err2)
				}
			}
		})
	}
	group.Wait()
}
