package rating_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
)

// edited loads a pack of the test data after edits: pairs of old and new text.
func edited(t testing.TB, name string, edits ...string) (*rating.Method, error) {
	t.Helper()
	text := string(file(t, "testdata/"+name))
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%s no longer holds %q", name, edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	p, err := pack.Parse(name, []byte(text))
	if err != nil {
		return nil, err
	}
	return rating.Load(p)
}

// Protects: what a pack asks of the answers to a fact, and what it rests on, reach
// those who gather facts and those who hold the framework packs.
func TestEvidenceAndBasis(t *testing.T) {
	m, err := edited(t, "engine.yaml",
		"facts:\n", "frameworks: [ungp, eff-kyc]\nfacts:\n",
		`question: "Who?",`, `question: "Who?", shelf_days: 365, sources: 2, answers: [customer, analyst], evidence: a licence, rests_on: [ungp/gp31-a],`,
		`origin: test, when: secret`, `origin: test, rests_on: [eff-kyc/q-3, ungp/gp31-a], when: secret`,
		`basis: policy, when`, `basis: policy, rests_on: [ungp/gp19], when`)
	if err != nil {
		t.Fatal(err)
	}
	who, _ := m.Fact("who")
	if who.ShelfDays != 365 || who.Sources != 2 || !slices.Equal(who.Answers, []string{"customer", "analyst"}) || who.Evidence != "a licence" {
		t.Errorf("%+v", who)
	}
	if tools, _ := m.Fact("tools"); tools.ShelfDays != 0 || tools.Sources != 1 || len(tools.Answers) > 0 {
		t.Errorf("%+v", tools)
	}
	if got := m.Basis(); !reflect.DeepEqual(got, []string{"eff-kyc/q-3", "ungp/gp19", "ungp/gp31-a"}) {
		t.Errorf("basis %v", got)
	}
	if got := m.Frameworks(); !reflect.DeepEqual(got, []string{"ungp", "eff-kyc"}) {
		t.Errorf("frameworks %v", got)
	}
}

// Protects: the parts of a method by name, for those who explain a rating.
func TestPartsByName(t *testing.T) {
	m, err := edited(t, "engine-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if u := m.Uses(); len(u) != 2 || u[1].ID != "PU-2" || u[1].Stop != "P" || u[1].Status != "proposed" || u[1].From != "2026-06-01" ||
		!slices.Equal(u[1].Facts, []string{"live", "search", "who"}) {
		t.Errorf("%+v", m.Uses())
	}
	if c := m.Controls(); len(c) != 3 || c[1].Title != "Human review" || c[1].Fact != "control.review" || !slices.Equal(c[1].Requires, []string{"training"}) {
		t.Errorf("%+v", c)
	}
	if in := m.Inputs(); len(in) != 2 || in[1] != (rating.Input{ID: "heard", Title: "Affected people were heard", From: "affected_people"}) {
		t.Errorf("%+v", in)
	}
	if s := m.Stops(); s[1].When != "" || !slices.Equal(s[1].Facts, []string{"live", "score", "search", "who"}) || s[0].To != "2025-11-09" {
		t.Errorf("%+v", s)
	}
	if x := m.Indicators()[1]; !slices.Equal(x.Controls, []string{"floor", "review"}) || !m.Dated() {
		t.Errorf("%+v", x)
	}
	if len(rm1(t).Inputs())+len(rm1(t).Controls())+len(rm1(t).Uses()) > 0 {
		t.Error("RM-1 has parts that it does not have")
	}
}

// Protects: prohibited uses and controls rest on frameworks too.
func TestBasisOfParts(t *testing.T) {
	m, err := edited(t, "engine-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Basis(); !reflect.DeepEqual(got, []string{"ungp/gp16", "ungp/gp17", "ungp/gp19"}) {
		t.Errorf("basis %v", got)
	}
}

// Protects: what the newer keys of a pack may not say, each refused with its place.
func TestFormRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"engine.yaml", `question: "Who?",`, `question: "Who?", shelf_days: -1,`, "number of days"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", sources: 10,`, "number of sources"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", answers: [boss],`, "nobody who may answer"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", shelf_days: soon,`, "whole number"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", rests_on: [ungp/gp19],`, "not among the method's frameworks"},
		{"engine.yaml", `question: "Who?",`, `question: "Who?", rests_on: [gp19],`, "pack/item"},
		{"engine-2.yaml", "rule: dominant", "rule: product", "use dominant or mean"},
		{"engine-2.yaml", "scope_floor: 4", "scope_floor: 6", "not between 0 and 5"},
		{"engine-2.yaml", "always_answered: [privacy]", "always_answered: [privacy, belief]", `"belief" must always be answered`},
		{"engine-2.yaml", "second_scorer: {answers: [expert]", "second_scorer: {answers: [friend]", "nobody who may answer"},
		{"engine-2.yaml", "controls: [floor, review]", "controls: [flor]", `"flor" is not a necessary control`},
		{"engine-2.yaml", "controls: [floor, review], ", "", "U-1 names no necessary control"},
		{"engine-2.yaml", "named_by: [U, C]", "named_by: [X]", "not a family"},
		{"engine-2.yaml", "title: Training of reviewers,", "title: Training of reviewers, requires: [review],", "in a circle: review, training, review"},
		{"engine-2.yaml", "title: Threshold floor,", "title: Threshold floor, requires: [floor],", "in a circle: floor, floor"},
		{"engine-2.yaml", "requires: [training]", "requires: [schooling]", "not a necessary control"},
		{"engine-2.yaml", "id: training, title", "id: floor, title", "there twice"},
		{"engine-2.yaml", `  question: "how far has it come?"` + "\n", "", "question about necessary controls"},
		{"engine-2.yaml", "id: L, title: Banned,", "id: U-1, title: Banned,", `the id "U-1" is there twice, first in line 29`},
		{"engine-2.yaml", "id: U-2, title", "id: U-1, title", `the id "U-1" is there twice`},
		{"engine-2.yaml", "{id: R, title", "{id: PU-1, title", "there twice"},
		{"engine-2.yaml", "title: Prohibited use, basis: policy", "title: Prohibited use, basis: policy, when: live", "prohibited uses too"},
		{"engine-2.yaml", "basis: legal, when: banned,", "basis: legal,", "missing here: when"},
		{"engine-2.yaml", "stop: P, when: score", "stop: Q, when: score", `"Q" is not a hard stop`},
		{"engine-2.yaml", "effective_from: 2026-06-01", "effective_from: 2026-06-31", "not a date"},
		{"engine-2.yaml", "effective_to: 2025-11-09", "effective_to: 2025-09-01", "ends before it begins"},
		{"engine-2.yaml", "status: project, reference", "status: rumour, reference", "not a status"},
		{"engine-2.yaml", "grade: verified}", "grade: sure}", "not a grade"},
		{"engine-2.yaml", "broken_by: [C-1]", "broken_by: [C-9]", `"C-9" is not an indicator`},
		{"engine-2.yaml", "broken_by: [C-1]", "broken_by: []", "nothing would ever count as broken"},
		{"engine-2.yaml", "harmful_from: HIGH", "harmful_from: SOME", "not a band"},
		{"engine-2.yaml", "HIGH: [opinion], CRITICAL: [opinion, heard]", "HIGH: [heard], CRITICAL: [opinion]", `CRITICAL does not require "heard"`},
		{"engine-2.yaml", "HIGH: [opinion], CRITICAL", "CRITICAL", "missing here: HIGH"},
		{"engine-2.yaml", "HIGH: [opinion], CRITICAL", "HIGH: [vote], CRITICAL", `"vote" is not an input`},
		{"engine-2.yaml", "from: affected_people", "from: sales", "nobody who gives an input"},
		{"engine-2.yaml", "id: heard, title", "id: opinion, title", "there twice"},
		// Expressions that no facts can settle as they were meant.
		{"engine-2.yaml", "when: below}", "when: 100 / tested > 3}", "can fail: it divides"},
		{"engine-2.yaml", "when: below}", "when: below && !below}", "C-1 can never be true: no allowed values of below"},
		{"engine-2.yaml", "when: below}", "when: needed > 60 && tested < 0}", "C-1 can never be true"},
		{"engine-2.yaml", "when: below}", `when: who == "shop" && who == "police"}`, "C-1 can never be true"},
		{"engine-2.yaml", `when: who == "police", rests_on`, `when: who == "polise", rests_on`, `"polise" is not a value of who; use one of police, shop, unnamed`},
		{"engine.yaml", `when: '"search" in tools'`, `when: 'tools.exists(x, x == "seek")'`, `"seek" is not a value of tools`},
		{"engine.yaml", `when: '"search" in tools'`, `when: '"search" in tools && tools.size() == 0'`, "B-1 can never be true"},
	} {
		_, err := edited(t, c.name, c.old, c.new)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.name+":") {
			t.Errorf("%q: %v, want %q", c.new, err, c.want)
		}
	}
}

// Protects: the place of a refusal. A mistake within an expression is pointed at.
func TestRefusalPlace(t *testing.T) {
	_, err := edited(t, "engine-2.yaml", `when: who == "police", rests_on`, `when: who == "polise", rests_on`)
	if err == nil || !strings.HasPrefix(err.Error(), "engine-2.yaml:28:81: ") {
		t.Error(err)
	}
}

// Protects: an expression whose values are too many to try is not refused on a guess;
// that no test raises it says so.
func TestCannotTell(t *testing.T) {
	text := string(file(t, "testdata/engine-2.yaml"))
	text = strings.Replace(text, "when: below}", "when: needed + tested > 300}", 1)
	text = strings.Replace(text, "raised: [{below: true}], clear: [{below: false}], unknown: [{below: null}]}", "raised: [], clear: [{needed: 1}], unknown: [{needed: null}]}", 1)
	p, err := pack.Parse("engine-2.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rating.RunTests(p), func(r pack.TestResult) bool {
		return r.Name == "C-1 raised" && strings.Contains(r.Detail, "does not tell whether any facts make it true")
	}) {
		t.Error("nothing says that C-1 may never be raised")
	}
}

// Protects: the tests in a pack notice a changed optional part.
func TestOptionalTestsNotice(t *testing.T) {
	text := string(file(t, "testdata/engine-2.yaml"))
	for _, c := range []struct{ old, new string }{
		{"scope_floor: 4", "scope_floor: 3"},
		{"{answers: [expert], when:", "{when: running &&"},
		{"    unmet: [{who: unnamed}]\n    unknown: [{who: null}]\n  compliance", "    unmet: []\n    unknown: [{who: null}]\n  compliance"},
		{"said_days >= 90", "said_days > 90"},
		{"controls: [floor, review], when", "controls: [floor], when"},
		{", requires: [training]", ""},
		{"effective_from: 2026-01-01", "effective_from: 2025-12-31"},
		{"effective_to: 2025-11-09", "effective_to: 2025-11-10"},
		{"effective_from: 2026-06-01", "effective_from: 2026-05-31"},
		{"when: live && search && who", "when: live && who"},
		{"broken_by: [C-1]", "broken_by: [C-1, U-2]"},
		{"harm_shown_by: [U-2]", "harm_shown_by: []"},
		{"CRITICAL: [opinion, heard]", "CRITICAL: [opinion]"},
		{"HIGH: [opinion], CRITICAL", "HIGH: [], CRITICAL"},
		{"    floor: [U-1, C-1]\n", ""},
		{"    - {facts: {below: true}, compliance: broken, impact: not_harmful}\n", ""},
		{"dormant_on: [2026-05-31]", "dormant_on: []"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("the pack no longer holds %q", c.old)
		}
		p, err := pack.Parse("engine-2.yaml", []byte(strings.Replace(text, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(rating.RunTests(p), func(r pack.TestResult) bool { return !r.OK }) {
			t.Errorf("no test of the pack notices %q", c.new)
		}
	}
	p, err := pack.Parse("engine-2.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rating.RunTests(p) {
		if !r.OK {
			t.Errorf("engine-2.yaml:%d: %s: %s", r.Line, r.Name, r.Detail)
		}
	}
}

// Protects: the order for those who work through ratings: band, then the sum before
// the cap, then severity.
func TestCompare(t *testing.T) {
	ends := []rating.End{
		{Residual: rating.High, Sum: 9, S: 5}, {Residual: rating.Critical, Sum: 5, S: 5}, {Residual: rating.Critical, Sum: 8, S: 4},
		{Residual: rating.Critical, Sum: 8, S: 5},
	}
	slices.SortFunc(ends, rating.End.Compare)
	if ends[0].S != 5 || ends[0].Sum != 8 || ends[1].S != 4 || ends[2].Sum != 5 || ends[3].Residual != rating.High {
		t.Errorf("%+v", ends)
	}
}

// Protects: a day that is no day is refused, and one on which nothing of the method
// turns changes nothing.
func TestDay(t *testing.T) {
	m := rm1(t)
	if _, err := m.RateOn("2026-02-30", nil); fault.CodeOf(err) != fault.Invalid {
		t.Error(err)
	}
	a := rate(t, m, answers(m, 3))
	b, err := m.RateOn("2026-02-28", answers(m, 3))
	if err != nil || !reflect.DeepEqual(a, b) || m.Dated() {
		t.Errorf("RM-1 gives another rating on a day: %v", err)
	}
}

// Protects: of a method with every optional part, forgetting facts and then the day only
// widens the interval, no stop vanishes, and the trace is canonical.
func TestForgettingTheDayOnlyWidens(t *testing.T) {
	m, err := edited(t, "engine-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		full := drawInputs(t, m)
		some := rating.Inputs{}
		for _, f := range m.Facts() {
			if rapid.IntRange(0, 3).Draw(t, "keep") > 0 {
				some[f.ID] = full[f.ID]
			}
		}
		day := rapid.SampledFrom([]string{"2025-09-28", "2025-09-29", "2025-11-09", "2025-11-10", "2025-12-31", "2026-01-01", "2026-05-31", "2026-06-01"}).Draw(t, "day")
		var ratings []rating.Rating
		for _, x := range []struct {
			day string
			in  rating.Inputs
		}{{day, full}, {day, some}, {"", some}} {
			r, err := m.RateOn(x.day, x.in)
			if err != nil {
				t.Fatal(err)
			}
			b, err := jsonv2.Marshal(r)
			want := jsontext.Value(b)
			if err != nil || want.Canonicalize() != nil || string(r.Canonical()) != string(want) {
				t.Fatalf("%v: %s is not %s", err, r.Canonical(), want)
			}
			ratings = append(ratings, r)
		}
		if ratings[0].Best != ratings[0].Worst || len(ratings[0].PossibleStops) > 0 {
			t.Fatalf("all is known and yet %+v", ratings[0])
		}
		for i, out := range ratings[1:] {
			in := ratings[i]
			if !inside(out.Best, in.Best) || !inside(in.Worst, out.Worst) {
				t.Fatalf("[%+v %+v] is not inside [%+v %+v]", in.Best, in.Worst, out.Best, out.Worst)
			}
			for _, id := range in.HardStops {
				if !slices.Contains(out.HardStops, id) && !slices.Contains(out.PossibleStops, id) {
					t.Fatalf("the stop %s vanished", id)
				}
			}
			for _, pair := range [][2]string{{in.Axes.Compliance, out.Axes.Compliance}, {in.Axes.Impact, out.Axes.Impact}, {in.Axes.Guideline.String(), out.Axes.Guideline.String()}} {
				if pair[0] != pair[1] && pair[1] != "unknown" {
					t.Fatalf("less is known, and %s became %s", pair[0], pair[1])
				}
			}
		}
	})
}
