package framework_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/pack"
	"duly/internal/rule"
	"duly/packs"
)

func shippedBans(t testing.TB, name string) *framework.Framework {
	t.Helper()
	data, err := packs.Files.ReadFile("frameworks/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse("packs/frameworks/"+name+".yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := framework.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// city is a city police department that compares faces in criminal investigations.
func city(over framework.Values) framework.Values {
	out := framework.Values{
		"deployment.jurisdiction": "US-OR", "end_user.sector": "policing", "end_user.level": "below_national",
		"deployment.capability": "face_compare", "use.identification": "search", "use.purposes": []string{"investigation"},
	}
	for fact, v := range over {
		out[fact] = v
	}
	return out
}

// TestWhatAMoratoriumCovers protects the cases of scope that the model must pass: a
// moratorium is for its feature, its customers and its purpose, an exemption is by
// purpose, and what the words leave open is asked and never passed over.
func TestWhatAMoratoriumCovers(t *testing.T) {
	var amazon []*framework.Ban
	for _, b := range shippedBans(t, "moratoria").Bans() {
		if b.Provider == "amazon" {
			amazon = append(amazon, b)
		}
	}
	for _, c := range []struct {
		name, day string
		facts     framework.Values
		want      framework.Standing
		open      string // what must be asked
	}{
		{"C15-1: the day before", "2020-06-09", city(nil), framework.None, ""},
		{"C15-1: the first day", "2020-06-10", city(nil), framework.Applies, ""},
		{"C15-1: the last day of the announcement alone", "2021-07-08", city(nil), framework.Applies, ""},
		{"C15-1: the day after, in the terms", "2021-07-09", city(nil), framework.Applies, ""},
		{"C15-2: missing persons", "2022-03-01", city(framework.Values{"use.purposes": []string{"missing_persons"}}), framework.Exempt, ""},
		{"C15-3: a bureau of the nation, feature unspecified", "2024-01-25", city(framework.Values{
			"deployment.jurisdiction": "US", "end_user.level": "national", "deployment.capability": nil, "use.identification": nil,
		}), framework.Unclear, "defines neither"},
		{"C15-3: the feature is not known", "2024-01-25", city(framework.Values{
			"end_user.level": "national", "deployment.capability": nil, "use.identification": nil,
		}), framework.Unclear, "deployment.capability"},
		{"C15-4: moderating content", "2022-03-01", city(framework.Values{"deployment.capability": "other", "use.identification": "none"}), framework.None, ""},
		{"C11: an organisation looks for missing children", "2022-03-01", city(framework.Values{
			"end_user.sector": "nonprofit", "use.purposes": []string{"missing_persons"}}), framework.Exempt, ""},
		{"C11: it investigates trafficking", "2022-03-01", city(framework.Values{"end_user.sector": "nonprofit"}), framework.None, ""},
		{"C11: police investigate trafficking", "2022-03-01", city(nil), framework.Applies, ""},
	} {
		rulings, err := framework.Prohibited(amazon, c.facts, c.day)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		worst := rulings[0]
		if worst.Standing != c.want || !strings.Contains(strings.Join(worst.Open, "\n"), c.open) {
			t.Errorf("%s: %s says %s %s, open %q", c.name, worst.Ban.ID, worst.Standing, worst.Why, worst.Open)
		}
		if (worst.Standing == framework.Unclear) != (len(worst.Open) > 0) {
			t.Errorf("%s: %s, and open is %q", c.name, worst.Standing, worst.Open)
		}
	}
}

// TestABanByDate protects C04b: the stop is for the capability and not for the
// customer, and it holds from its first day.
func TestABanByDate(t *testing.T) {
	bans := shippedBans(t, "bans").Bans()
	school := framework.Values{
		"deployment.jurisdiction": "US-NY", "end_user.sector": "schools", "end_user.kind": "public_body",
		"deployment.capability": "live_face_recognition", "use.identification": "live",
		"use.registers": []string{"children", "staff"}, "use.settings": []string{"school"},
	}
	for day, want := range map[string]framework.Standing{
		"2020-12-21": framework.None, "2020-12-22": framework.Applies, "2023-09-26": framework.Applies, "2023-09-27": framework.Applies, "2026-11-26": framework.Applies,
	} {
		rulings, err := framework.Prohibited(bans, school, day)
		if err != nil || rulings[0].Standing != want {
			t.Errorf("%s: %v, %v", day, rulings[0].Standing, err)
		}
	}
	cameras := maps.Clone(school)
	cameras["deployment.capability"], cameras["use.identification"] = "video_storage", "none"
	if rulings, err := framework.Prohibited(bans, cameras, "2024-01-01"); err != nil || rulings[0].Standing != framework.None {
		t.Errorf("cameras without it: %v, %v", rulings[0], err)
	}
	if _, err := framework.Prohibited(bans, framework.Values{"end_user.sector": "academy"}, "2024-01-01"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a word that is no answer passed as one: %v", err)
	}
}

// facts draws a value for every fact that bans read.
func facts(t *rapid.T, f *framework.Framework) framework.Values {
	out := framework.Values{
		framework.FactJurisdiction: rapid.SampledFrom([]string{"US", "US-NY", "US-NY-001", "US-OR", "US-CA", "US-IL", "US-TX", "FR", "KE"}).Draw(t, "jurisdiction"),
		framework.FactTown:         rapid.SampledFrom([]string{"Portland", "multnomah county", "Salem", "San Francisco"}).Draw(t, "town"),
	}
	for _, fact := range f.Facts() {
		switch fact.Type {
		case rule.Bool:
			out[fact.ID] = rapid.Bool().Draw(t, fact.ID)
		case rule.Text:
			out[fact.ID] = rapid.SampledFrom(fact.Values).Draw(t, fact.ID)
		case rule.Texts:
			out[fact.ID] = rapid.SliceOfNDistinct(rapid.SampledFrom(fact.Values), 0, 3, rapid.ID[string]).Draw(t, fact.ID)
		}
	}
	return out
}

// TestNotKnowingLiftsNothing is the law of prohibitions: to leave facts unknown never
// turns what applies or is unclear into none or exempt, and never makes anything
// apply that did not.
func TestNotKnowingLiftsNothing(t *testing.T) {
	for _, name := range []string{"bans", "moratoria"} {
		f := shippedBans(t, name)
		rapid.Check(t, func(t *rapid.T) {
			known := facts(t, f)
			hidden := maps.Clone(known)
			for _, fact := range slices.Sorted(maps.Keys(known)) {
				if rapid.Bool().Draw(t, "hide "+fact) {
					delete(hidden, fact)
				}
			}
			day := rapid.SampledFrom([]string{"2008-01-01", "2020-06-10", "2020-12-22", "2021-07-08", "2021-07-09", "2023-09-26", "2024-05-05", "2027-12-31"}).Draw(t, "day")
			for _, b := range f.Bans() {
				with, err := b.On(known, day)
				without, err2 := b.On(hidden, day)
				if err := errors.Join(err, err2); err != nil {
					t.Fatal(err)
				}
				if with.Standing >= framework.Unclear && without.Standing < framework.Unclear {
					t.Fatalf("%s: %s became %s by not knowing", b.ID, with.Standing, without.Standing)
				}
				if without.Standing == framework.Applies && with.Standing != framework.Applies {
					t.Fatalf("%s: applies for want of knowing that it is %s", b.ID, with.Standing)
				}
			}
			full, err := f.Complete(known)
			part, err2 := f.Complete(hidden)
			if err := errors.Join(err, err2); err != nil || part == rule.True && full != rule.True {
				t.Fatalf("the list claims to be complete for want of knowing: %v", err)
			}
		})
	}
}

const banHead = `id: sample
kind: framework
version: "1"
title: A sample
status: law
facts:
  - {id: end_user.sector, type: text, question: "Which?", values: [schools, policing]}
prohibitions:
`

const banBody = `  - id: one
    basis: law
    title: t
    text: t
    reference: r
    grade: unverified
    effective_from: 2024-01-31
    scope: end_user.sector == "schools"
`

// TestBadProhibitionsAreRefused protects whoever writes one: each mistake is told
// with its place.
func TestBadProhibitionsAreRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"basis", "basis: law", "basis: custom", `p.yaml:10:12: "prohibitions[0].basis": "custom" is not what a prohibition rests on`},
		{"law of a vendor", "basis: law", "basis: law\n    provider: acme", "a policy names the provider"},
		{"policy of nobody", "basis: law", "basis: policy", "a policy names the provider"},
		{"grade", "grade: unverified", "grade: sure", `"sure" is not a grade`},
		{"date", "2024-01-31", "2024-02-31", `p.yaml:15:21: "prohibitions[0].effective_from": "2024-02-31" is not a date`},
		{"ends before", "2024-01-31", "2024-01-31\n    effective_to: 2024-01-30", "ends before it begins"},
		{"scope", `== "schools"`, "== 3", "p.yaml:16:"},
		{"unknown fact", "end_user.sector ==", "end_user.sectors ==", "p.yaml:16:"},
		{"a word that is no value", `"schools"`, `"academy"`, `p.yaml:16:31: "prohibitions[0].scope": "academy" is not a value of end_user.sector`},
		{"always the same", `end_user.sector == "schools"`, `1 == 2`, "reads no fact"},
		{"place", "title: t", "title: t\n    places: [{area: US, counties: [A]}]", "counties belong to a town"},
		{"exemption", "title: t", "title: t\n    except: [{id: A b, text: t, when: 'true'}]", `"A b" cannot be an id`},
		{"exemption that does not compile", "title: t", "title: t\n    except: [{id: a, text: t, when: 'maybe'}]", `p.yaml:12:`},
		{"id", "id: one", "id: One", `"One" cannot be an id`},
		{"unknown key", "title: t", "title: t\n    exempt: none", `the key "exempt" is not known here`},
		{"verified without a check", "grade: unverified", "grade: verified", "does not say when it was compared"},
	} {
		text := banHead + strings.Replace(banBody, c.old, c.new, 1)
		p, err := pack.Parse("p.yaml", []byte(text))
		if err == nil {
			_, err = framework.Load(p)
		}
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	p, err := pack.Parse("p.yaml", []byte(banHead+banBody+banBody))
	if err == nil {
		_, err = framework.Load(p)
	}
	if !strings.Contains(fmt.Sprint(err), `the prohibition "one" is there twice`) {
		t.Errorf("twice: %v", err)
	}
}

// TestAPlannedEndIsLookedAt protects whom a ban protects: an end that lay ahead when
// somebody last looked does not lift it by itself, and one that was seen does.
func TestAPlannedEndIsLookedAt(t *testing.T) {
	text := strings.Replace(banHead, "status: law\n", "status: law\nchecked: 2024-06-01\n", 1) + strings.Replace(banBody, "2024-01-31", "2024-01-31\n    effective_to: %s", 1)
	for _, c := range []struct {
		end, sector, day string
		want             framework.Standing
		stale            bool
	}{
		{"2024-12-31", "schools", "2024-12-31", framework.Applies, false},
		{"2024-12-31", "schools", "2025-01-01", framework.Unclear, true},
		{"2024-12-31", "policing", "2025-01-01", framework.None, true},
		{"2024-05-31", "schools", "2024-06-01", framework.None, false},
	} {
		p, err := pack.Parse("p.yaml", fmt.Appendf(nil, text, c.end))
		if err != nil {
			t.Fatal(err)
		}
		f, err := framework.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Bans()[0].On(framework.Values{"end_user.sector": c.sector}, c.day)
		if err != nil || r.Standing != c.want || r.Stale != c.stale || r.Standing == framework.Unclear && (r.Since != "2025-01-01" || len(r.Open) != 1) {
			t.Errorf("ends %s, %s on %s: %+v, %v", c.end, c.sector, c.day, r, err)
		}
	}
}

// TestUntestedProhibitionsFail protects the packs: a prohibition that its tests do not
// show from every side does not pass for tested.
func TestUntestedProhibitionsFail(t *testing.T) {
	tests := `tests:
  prohibitions:
    - {name: a, days: ["2024-01-31"], facts: {end_user.sector: schools}, expect: {one: applies}}
    - {name: b, days: ["2024-01-31"], facts: {end_user.sector: policing}, expect: {one: none}}
    - {name: c, days: ["2024-01-31"], facts: {}, expect: {one: unclear}}
`
	before := `    - {name: d, days: ["2024-01-30"], facts: {}, expect: {one: none}}` + "\n"
	for text, want := range map[string]string{
		tests: "no test expects: the day before, 2024-01-30", tests + before: "",
		strings.Replace(tests+before, "one: applies", "one: none", 1): "says applies",
	} {
		p, err := pack.Parse("p.yaml", []byte(banHead+banBody+text))
		if err != nil {
			t.Fatal(err)
		}
		failed := ""
		for _, r := range framework.RunTests(p) {
			if !r.OK {
				failed += r.Detail + "\n"
			}
		}
		if want == "" && failed != "" || !strings.Contains(failed, want) {
			t.Errorf("%q, want %q", failed, want)
		}
	}
}

// BenchmarkProhibited is what each deployment costs when a portfolio is rated again.
func BenchmarkProhibited(b *testing.B) {
	var list []*framework.Ban
	var packs []*framework.Framework
	for _, name := range []string{"bans", "moratoria"} {
		f := shippedBans(b, name)
		list, packs = append(list, f.Bans()...), append(packs, f)
	}
	values := city(framework.Values{"use.registers": []string{"offenders"}, "use.settings": []string{"public_space"}, "end_user.kind": "public_body"})
	b.Run("all-shipped", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := framework.Prohibited(list, values, "2026-11-26"); err != nil {
				b.Fatal(err)
			}
		}
	})
	// One claim of each pack: checking the values, and one expression.
	b.Run("baseline-one-expression-each", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, f := range packs {
				if _, err := f.Complete(values); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
