package framework_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/pack"
	"duly/internal/rule"
)

// small is a pack with one of everything, on which the tests below turn one thing.
const small = `id: small
kind: framework
version: "1"
title: A small text
status: law
issued: 2020-01-01
checked: 2024-05-01
recheck: 2025-05-01
sources:
  - {title: Made up, ref: none, grade: verified}
facts:
  - {id: customer.sector, type: text, question: "Which sector?", values: [police, shop]}
  - {id: customer.refuses, type: texts, question: "What is refused?", values: [audit, logs]}
  - {id: crimes, type: int, question: "How many?", min: 0, max: 10}
  - {id: crucial, type: bool, question: "Is it crucial?"}
sections:
  - id: ask
    title: What is asked
    items:
      - {id: ask-a, kind: criterion, text: Say who you are., duty: mandatory, grade: verified, maps_to: [KY-01]}
      - {id: ask-b, kind: question, text: Say what for., duty: advisory, grade: unverified, fact: crucial}
      - id: flag-a
        kind: red_flag
        text: Police that refuse audits.
        duty: advisory
        grade: verified
        when: customer.sector == "police" && "audit" in customer.refuses
        effect: {family: CUS, weight: 2}
  - id: later
    title: What comes later
    items:
      - {id: late-a, kind: duty, text: Publish., duty: incorporated, grade: verified, effective_from: 2024-06-01, effective_to: 2024-12-31}
      - {id: flag-b, kind: prohibition, text: No crimes., duty: mandatory, grade: verified, when: crimes > 2, effect: {stop: HS-P2}, effective_from: 2021-01-01}
tables:
  - id: act
    title: What to do
    columns:
      - {id: crucial, fact: crucial, question: "Is it crucial?", values: [true, false]}
      - {id: grave, question: "How grave?", values: [low, high, worst]}
    outcomes:
      do: {stay: You may stay., go: You go.}
    rows:
      - {when: {crucial: [true], grave: [low, high]}, then: {do: stay}, why: [ask-a]}
      - {when: {crucial: [false]}, then: {do: go}, why: [ask-b]}
      - {when: {grave: [worst]}, then: {do: go}, why: [ask-b]}
tests:
  flags:
    - id: flag-a
      raised: [{customer.sector: police, customer.refuses: [audit]}]
      clear: [{customer.sector: shop}]
      unknown: [{customer.refuses: [audit]}]
    - {id: flag-b, raised: [{crimes: 3}], clear: [{crimes: 2}], unknown: [{}]}
  dates:
    - {id: late-a, day: 2024-05-31, state: not_yet}
    - {id: late-a, day: 2024-06-01, state: in_effect, stale: true}
    - {id: late-a, day: 2025-01-01, state: ended, stale: true}
    - {id: flag-b, day: 2020-12-31, state: not_yet}
    - {id: flag-b, day: 2021-01-01, state: in_effect}
  tables:
    - {table: act, with: {crucial: false}, expect: [{do: go}]}
    - {table: act, with: {crucial: true, grave: low}, expect: [{do: stay}]}
    - {table: act, with: {crucial: true}, expect: [{do: stay}, {do: go}], unknown: [grave]}
  scorecards:
    - name: half of it
      answers: {ask-a: met, late-a: unmet}
      expect: {ask: {met: 1, unknown: 1}, later: {}}
`

func parse(t testing.TB, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func load(t testing.TB, text string) *framework.Framework {
	t.Helper()
	f, err := framework.Load(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Protects: each thing a framework may not hold is refused with its place and words
// that tell what to do.
func TestRefuses(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"kind of pack", "kind: framework", "kind: method", `f.yaml:2:7: "kind": this is a pack of kind method; give a framework`},
		{"unknown key", "duty: mandatory, grade: verified, maps_to", "duties: mandatory, grade: verified, maps_to", `f.yaml:20:62: the key "duties" is not known here`},
		{"missing grade", "duty: advisory, grade: unverified, fact", "duty: advisory, fact", `missing here: grade`},
		{"kind of item", "kind: criterion", "kind: wish", `"sections[0].items[0].kind": "wish" is not a kind of item; use question`},
		{"duty", "duty: mandatory, grade: verified, maps_to", "duty: must, grade: verified, maps_to", `"must" is not a degree of duty; use mandatory, incorporated`},
		{"duty beyond the status", "status: law", "status: guidance", `nothing in a pack of status guidance is mandatory by itself; use advisory`},
		{"grade", "grade: verified, maps_to", "grade: sure, maps_to", `"sure" is not a grade of an item`},
		{"verified by nothing", "ref: none, grade: verified", "ref: none, grade: unverified", `none of the pack's sources was read`},
		{"verified on no day", "checked: 2024-05-01\n", "", `does not say when it was compared`},
		{"requirement", "[KY-01]", "[KY-1]", `"KY-1" is not the id of a requirement; write it like KY-02`},
		{"item twice", "id: ask-b", "id: ask-a", `f.yaml:21:14: "sections[0].items[1].id": the item "ask-a" is there twice`},
		{"section twice", "id: later", "id: ask", `the section "ask" is there twice`},
		{"item id", "id: ask-b", "id: Ask B", `"Ask B" cannot be an id`},
		{"date", "effective_from: 2024-06-01", "effective_from: 2024-06-31", `"2024-06-31" is not a date; write it as YYYY-MM-DD`},
		{"ends first", "effective_to: 2024-12-31", "effective_to: 2024-05-31", `the item ends before it begins`},
		{"recheck", "effective_to: 2024-12-31", "recheck: 2024-05-01", `not after the day of the last check`},
		{"when of a criterion", "duty: mandatory, grade: verified, maps_to: [KY-01]", "duty: mandatory, grade: verified, when: crucial", `an item of kind criterion is met or not, and not raised`},
		{"effect", "{family: CUS, weight: 2}", "{family: CUS}", `an effect is a family with a weight of 1 or more, or a stop`},
		{"two effects", "{family: CUS, weight: 2}", "{family: CUS, weight: 2, stop: HS-P2}", `an effect is`},
		{"expression", `customer.sector == "police" &&`, `customer.sektor == "police" &&`, `f.yaml:27:23: "sections[0].items[2].when": the rule`},
		{"constant that is no value", `customer.sector == "police" &&`, `customer.sector == "polise" &&`, `f.yaml:27:34: "sections[0].items[2].when": "polise" is not a value of customer.sector; use police, shop`},
		{"expression that can fail", "when: crimes > 2", "when: 4 / crimes > 2", `can fail: it divides`},
		{"constant expression", "when: crimes > 2", "when: 1 > 2", `reads no fact`},
		{"fact of an item", "fact: crucial}\n      - id: flag-a", "fact: vital}\n      - id: flag-a", `there is no fact "vital" here`},
		{"fact that nothing reads", "when: crimes > 2, ", "", `f.yaml:14:10: "facts[2].id": nothing here reads the fact "crimes"; leave it out`},
		{"fact twice", "id: crimes", "id: crucial", `the fact "crucial" is there twice`},
		{"type of a fact", "type: int", "type: number", `"number" is not a type of fact`},
		{"values of a bool", "question: \"Is it crucial?\"}\nsections", "question: \"Is it crucial?\", values: [a]}\nsections", `values belong to facts of type text`},
		{"bounds", "min: 0, max: 10", "min: 11, max: 10", `min is above max`},
		{"hole", "grave: [low, high]}", "grave: [low]}", `f.yaml:43:7: "tables[0].rows": no row covers crucial true, grave high; add a row`},
		{"disagreement", "grave: [low, high]}", "grave: [low, high, worst]}", `f.yaml:45:16: "tables[0].rows[2].when": this row and the one in line 43 disagree on crucial true, grave worst; narrow one`},
		{"needless row", "{when: {grave: [worst]}, then", "{when: {crucial: [false], grave: [worst]}, then", `no row covers crucial true, grave worst`},
		{"row never reached", "why: [ask-b]}\ntests", "why: [ask-b]}\n      - {when: {crucial: [false], grave: [low]}, then: {do: go}, why: [ask-b]}\ntests", `the rows before this one cover all that it covers`},
		{"column", "{when: {crucial: [false]}", "{when: {vital: [false]}", `there is no column "vital"`},
		{"value of a column", "{when: {crucial: [false]}", "{when: {crucial: [no]}", `not values of the column crucial; use some of true, false`},
		{"no value of a column", "{when: {crucial: [false]}", "{when: {crucial: []}", `not values of the column crucial`},
		{"column without a value of its fact", "values: [true, false]", "values: [true]", `the column does not know the value "false" of its fact crucial`},
		{"fact of a column", "{id: crucial, fact: crucial", "{id: crucial, fact: vital", `there is no fact "vital" here`},
		{"many-valued fact of a column", "{id: grave, ", "{id: grave, fact: customer.refuses, ", `has no single value of few`},
		{"answer", "then: {do: stay}", "then: {do: run}", `"run" is not an answer to do; use one of go, stay`},
		{"no answer", "then: {do: stay}", "then: {}", `"" is not an answer to do`},
		{"answer to nothing", "then: {do: stay}", "then: {do: stay, say: no}", `answers what the table does not ask`},
		{"why", "why: [ask-a]", "why: [gone]", `there is no item "gone" here`},
		{"no why", "why: [ask-a]", "why: []", `a row rests on an item`},
		{"combinations", "values: [low, high, worst]", "values: [low, high, worst" + numbers(2100) + "]", `at most 4096 combinations`},
	} {
		text := strings.Replace(small, c.from, c.to, 1)
		if text == small {
			t.Fatalf("%s: nothing changed", c.name)
		}
		_, err := framework.Load(parse(t, text))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Invalid || f.File != "f.yaml" || f.Line == 0 || f.Column == 0 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", v%d", i)
	}
	return b.String()
}

// Protects: a pack's tests hold as written, and each fails when what it protects is
// gone from the pack or turned round.
func TestRunTests(t *testing.T) {
	for _, r := range framework.RunTests(parse(t, small)) {
		if !r.OK || r.Line == 0 {
			t.Errorf("%d: %s: %s", r.Line, r.Name, r.Detail)
		}
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"load", "kind: criterion", "kind: wish", "is not a kind of item"},
		{"weaker expression", "crimes > 2", "crimes > 3", "the answer is clear, not raised"},
		{"no test of clear", "clear: [{crimes: 2}]", "clear: []", "it has no test"},
		{"no test of a flag", "    - {id: flag-b, raised: [{crimes: 3}], clear: [{crimes: 2}], unknown: [{}]}\n", "", "it has no test"},
		{"test of nothing", "- id: flag-a\n      raised", "- id: flag-c\n      raised", "there is no such expression"},
		{"value", "clear: [{customer.sector: shop}]", "clear: [{customer.sector: zoo}]", `"zoo" is not a value`},
		{"fact that is not read", "raised: [{crimes: 3}]", "raised: [{crimes: 3, crucial: true}]", "does not read crucial"},
		{"dates", "effective_to: 2024-12-31", "effective_to: 2025-12-31", "the state is in_effect"},
		{"no test of dates", "    - {id: flag-b, day: 2020-12-31, state: not_yet}\n", "", "no test of a day in effect and of one that is not"},
		{"row", "then: {do: stay}", "then: {do: go}", "not do stay"},
		{"no test of a row", "    - {table: act, with: {crucial: true, grave: low}, expect: [{do: stay}]}\n    - {table: act, with: {crucial: true}, expect: [{do: stay}, {do: go}], unknown: [grave]}\n", "", "no test expects do stay"},
		{"what would tell", "unknown: [grave]}", "unknown: []}", "what would tell is grave, not "},
		{"counts", "expect: {ask: {met: 1, unknown: 1}", "expect: {ask: {met: 2}", "ask is {Met:1"},
		{"no scorecard", "expect: {ask: {met: 1, unknown: 1}, later: {}}", "expect: {ask: {met: 1, unknown: 1}}", "it has no test"},
	} {
		text := strings.Replace(small, c.from, c.to, 1)
		if text == small {
			t.Fatalf("%s: nothing changed", c.name)
		}
		var failed []string
		for _, r := range framework.RunTests(parse(t, text)) {
			if !r.OK {
				failed = append(failed, r.Name+": "+r.Detail)
			}
		}
		if !strings.Contains(strings.Join(failed, "\n"), c.want) {
			t.Errorf("%s: %v, want %s", c.name, failed, c.want)
		}
	}
}

// Protects: a flag is asked on its days only, has three states, names what would
// tell, and takes no value that its fact cannot have.
func TestFlags(t *testing.T) {
	f := load(t, small)
	ask := func(values framework.Values, day string) string {
		flags, err := f.Flags(values, day)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, x := range flags {
			out = append(out, fmt.Sprint(x.Item.ID, " ", x.State, " ", x.Unknown))
		}
		return strings.Join(out, "; ")
	}
	for _, c := range []struct {
		values framework.Values
		day    string
		want   string
	}{
		{nil, "2020-06-01", "flag-a unknown [customer.refuses customer.sector]"},
		{framework.Values{"customer.sector": "shop", "crimes": nil, "other": 1.5}, "2024-05-01", "flag-a false []; flag-b unknown [crimes]"},
		{framework.Values{"customer.sector": "police", "customer.refuses": []string{"audit"}, "crimes": 3}, "2024-05-01", "flag-a true []; flag-b true []"},
		{framework.Values{"customer.refuses": []string{}}, "2020-06-01", "flag-a false []"},
		{framework.Values{"customer.sector": "zoo"}, "2024-05-01", `"customer.sector": "zoo" is not a value of customer.sector; use police, shop`},
		{framework.Values{"crimes": 11}, "2024-05-01", `"crimes": 11 is not between 0 and 10`},
		{framework.Values{"crimes": "3"}, "2024-05-01", `"crimes": 3 is not of type int`},
		{framework.Values{"crucial": "yes"}, "2024-05-01", `"crucial": yes is not of type bool`},
	} {
		if got := ask(c.values, c.day); got != c.want {
			t.Errorf("%v on %s: %s, want %s", c.values, c.day, got, c.want)
		}
	}
}

// Protects: a planned change that nobody looked up shows as stale, and so does all of
// a pack from its own day on.
func TestStale(t *testing.T) {
	f := load(t, small)
	for _, c := range []struct {
		id, day, state string
		stale          bool
	}{
		{"ask-a", "2025-04-30", framework.InEffect, false},
		{"ask-a", "2025-05-01", framework.InEffect, true},
		{"late-a", "2024-05-31", framework.NotYet, false},
		{"late-a", "2024-06-01", framework.InEffect, true},
		{"late-a", "2024-12-31", framework.InEffect, true},
		{"late-a", "2025-01-01", framework.Ended, true},
		{"flag-b", "2021-01-01", framework.InEffect, false},
	} {
		x, ok := f.Item(c.id)
		if !ok || x.State(c.day) != c.state || x.Stale(c.day) != c.stale {
			t.Errorf("%s on %s: %s, stale %v", c.id, c.day, x.State(c.day), x.Stale(c.day))
		}
	}
	own := load(t, strings.Replace(small, "maps_to: [KY-01]", "recheck: 2024-05-02", 1))
	if x, _ := own.Item("ask-a"); x.Stale("2024-05-01") || !x.Stale("2024-05-02") {
		t.Error("an item's own day to look again does not count")
	}
}

// Law: a flag that is raised or clear stays so whatever else becomes known, and a
// score with an answer left out never has more met.
func TestUnknownLaws(t *testing.T) {
	f := load(t, small)
	rapid.Check(t, func(t *rapid.T) {
		whole := framework.Values{
			"customer.sector":  rapid.SampledFrom([]string{"police", "shop"}).Draw(t, "sector"),
			"customer.refuses": rapid.SliceOfDistinct(rapid.SampledFrom([]string{"audit", "logs"}), rapid.ID[string]).Draw(t, "refuses"),
			"crimes":           rapid.IntRange(0, 10).Draw(t, "crimes"),
		}
		part := framework.Values{}
		for id, v := range whole {
			if rapid.Bool().Draw(t, "known "+id) {
				part[id] = v
			}
		}
		some, err := f.Flags(part, "2024-05-01")
		if err != nil {
			t.Fatal(err)
		}
		all, err := f.Flags(whole, "2024-05-01")
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].State == rule.Unknown || some[i].State != rule.Unknown && some[i].State != all[i].State {
				t.Fatalf("%v: %v, and with all known %v", part, some[i], all[i])
			}
		}
		answers := map[string]framework.Answer{}
		for _, id := range []string{"ask-a", "ask-b", "late-a"} {
			answers[id] = framework.Answer{
				Result:   rapid.SampledFrom([]framework.Result{"met", "partly", "unmet", "unknown"}).Draw(t, id),
				Evidence: "a letter",
			}
		}
		full, err := f.Score(answers, "2024-07-01")
		if err != nil {
			t.Fatal(err)
		}
		delete(answers, rapid.SampledFrom([]string{"ask-a", "ask-b", "late-a"}).Draw(t, "left out"))
		less, err := f.Score(answers, "2024-07-01")
		if err != nil {
			t.Fatal(err)
		}
		if less.Total.Met > full.Total.Met || less.Total.Unknown < full.Total.Unknown || less.Total.Items() != full.Total.Items() {
			t.Fatalf("%+v, and with an answer less %+v", full.Total, less.Total)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(strings.Replace(small, "crimes > 2", "crimes > 2 || crucial", 1)))
	f.Add([]byte(strings.Replace(small, "[low, high]", "[low]", 1)))
	f.Add([]byte(banHead + banBody))
	f.Add([]byte("id: x\nkind: framework\nversion: \"1\"\ntitle: T\nstatus: law\nsections: []\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pack.Parse("f.yaml", data)
		if err != nil || p.Kind != pack.Framework {
			return
		}
		f, err := framework.Load(p)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%v is not a fault of the input", err)
			}
			return
		}
		if _, err := f.Flags(nil, "2024-05-01"); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		for _, table := range f.Tables() {
			if d, err := table.Decide(nil); err != nil || len(d.Rows) == 0 {
				t.Fatalf("table %s: %v %v", table.ID, d, err)
			}
		}
		if _, err := framework.Prohibited(f.Bans(), nil, "2024-05-01"); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		framework.RunTests(p)
	})
}
