package watchlist

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/names"
)

// Grade says how far a piece of evidence agrees.
type Grade string

// The grades, from agreement to contradiction.
const (
	Exact       Grade = "exact"
	SameMonth   Grade = "same month"
	SameYear    Grade = "same year"
	InRange     Grade = "in range"           // the list gives a span of years
	Swapped     Grade = "day, month swapped" // 3 April for 4 March
	OneDigit    Grade = "one character differs"
	NextYear    Grade = "a year apart"
	SamePlace   Grade = "same place"   // of addresses: the town, or part of the street
	OtherType   Grade = "another type" // the number agrees, what it is does not
	WeakName    Grade = "weak name"    // the list itself says that the name identifies nobody
	Differs     Grade = "differs"      // no slip explains it, and it is not far off
	Contradicts Grade = "contradicts"
)

// Evidence is one thing beside the name that was compared. The effects of all
// evidence and the score of the name add up to the score of the hit.
type Evidence struct {
	Kind   string  `json:"kind"` // name, kind, birth, country, identifier, address, gender
	Asked  string  `json:"asked,omitempty"`
	Listed string  `json:"listed,omitempty"`
	Grade  Grade   `json:"grade"`
	Effect float64 `json:"effect"` // what it adds to the score or takes from it
}

// effect is what a grade does. A lift above 0 is the share of what is missing to
// 1 that is added, below 0 the share of the score that is taken. The score is at
// least floor. odds is what it adds to the logarithm of the odds.
type effect struct{ lift, floor, odds float64 }

func (e effect) better(o effect) bool {
	return e.floor > o.floor || e.floor == o.floor && e.lift > o.lift
}

// The effects are set by judgement: how often strangers with like names agree so,
// and how often one party does. No labelled data has such evidence.
var (
	birthEffects = map[Grade]effect{
		Exact: {0.35, 0, 3.5}, Swapped: {0.2, 0, 2}, SameMonth: {0.15, 0, 2}, OneDigit: {0.12, 0, 1.2}, SameYear: {0.06, 0, 0.8},
		InRange: {0.04, 0, 0.5}, NextYear: {0, 0, 0}, Differs: {-0.12, 0, -1}, Contradicts: {-0.2, 0, -2.5},
	}
	numberEffects = map[Grade]effect{
		Exact: {0.5, 0.98, 6}, OtherType: {0.1, 0.75, 2}, OneDigit: {0.1, 0, 1}, Contradicts: {-0.15, 0, -2},
	}
	countryEffects = map[Grade]effect{Exact: {0.03, 0, 0.5}, Contradicts: {-0.05, 0, -0.7}}
	addressEffects = map[Grade]effect{Exact: {0.25, 0, 2.5}, SamePlace: {0.05, 0, 0.8}}
	genderEffects  = map[Grade]effect{Exact: {0.01, 0, 0.2}, Contradicts: {-0.1, 0, -1.5}}
	kindEffects    = map[Grade]effect{Contradicts: {-0.15, 0, -1.5}}
	weakEffects    = map[Grade]effect{WeakName: {-0.1, 0, -0.5}}
)

// lowest is what all contradictions together leave of a score.
const lowest = 0.6

// beside is everything that is asked beside the name, made ready.
type beside struct {
	kind      names.Kind
	countries []string
	births    []string
	numbers   []typed
	addresses [][]string
	gender    string
	bare      bool // nothing but the kind is asked
}

func newBeside(q *Query) beside {
	b := beside{kind: q.Kind, gender: genderOf(q.Gender)}
	for _, c := range q.Countries {
		if c = countryCode(c); c != "" {
			b.countries = append(b.countries, c)
		}
	}
	for _, d := range q.BirthDates {
		if d = parseDate(d); d != "" {
			b.births = append(b.births, d)
		}
	}
	for _, n := range q.Identifiers {
		b.numbers = append(b.numbers, newTyped("", n))
	}
	for _, a := range q.Addresses {
		b.addresses = append(b.addresses, addressWords(a))
	}
	b.bare = b.gender == "" && len(b.countries)+len(b.births)+len(b.numbers)+len(b.addresses) == 0
	return b
}

// weighing is evidence that is put together to a score.
type weighing struct {
	items []item
}

type item struct {
	Evidence
	effect
}

func (w *weighing) add(kind string, effects map[Grade]effect, grade Grade, asked, listed string) {
	if e, ok := effects[grade]; ok {
		w.items = append(w.items, item{Evidence{Kind: kind, Asked: asked, Listed: listed, Grade: grade}, e})
	}
}

// gather compares all that is known beside the name.
func (b *beside) gather(entity *Entity, alias string, w *weighing) {
	if alias != "" {
		w.add("name", weakEffects, WeakName, "", alias)
	}
	if b.kind != names.Other && entity.Kind != names.Other && b.kind != entity.Kind {
		w.add("kind", kindEffects, Contradicts, b.kind.String(), entity.Kind.String())
	}
	if b.bare {
		return
	}
	grade, asked, listed := gradeBirths(b.births, entity.BirthDates)
	w.add("birth", birthEffects, grade, asked, listed)
	grade, asked, listed = gradeNumbers(b.numbers, entity.Identifiers)
	w.add("identifier", numberEffects, grade, asked, listed)
	grade = gradeCountries(b.countries, entity.Countries)
	w.add("country", countryEffects, grade, strings.Join(b.countries, ", "), strings.Join(entity.Countries, ", "))
	grade, asked, listed = gradeAddresses(b.addresses, entity.Addresses)
	w.add("address", addressEffects, grade, asked, listed)
	if g := genderOf(entity.Remarks); b.gender != "" && g != "" {
		grade = Exact
		if b.gender != g {
			grade = Contradicts
		}
		w.add("gender", genderEffects, grade, b.gender, g)
	}
}

// score puts the evidence on top of the score of the name: first what
// contradicts, then what agrees. It fills in the effects and gives the odds too.
func (w *weighing) score(name float64) (score, odds float64) {
	score = name
	for i := range w.items {
		if n := &w.items[i]; n.lift < 0 {
			after := max(score*(1+n.lift), name*lowest)
			n.Effect, score = after-score, after
		}
	}
	for i := range w.items {
		if n := &w.items[i]; n.lift >= 0 {
			after := max(score+(1-score)*n.lift, n.floor)
			n.Effect, score = after-score, after
		}
		odds += w.items[i].odds
	}
	return score, odds
}

// gradeCountries says whether both sides have countries, all of them with a known
// code, and whether one is the same.
func gradeCountries(asked, listed []string) Grade {
	unknown := func(c string) bool { return len(c) != 2 }
	for _, c := range asked {
		if slices.Contains(listed, c) {
			return Exact
		}
	}
	if len(asked) == 0 || len(listed) == 0 || slices.ContainsFunc(asked, unknown) || slices.ContainsFunc(listed, unknown) {
		return ""
	}
	return Contradicts
}

// addressWords gives the words of an address that tell places apart.
func addressWords(text string) []string {
	var words []string
	for _, t := range names.Prepare(text, names.Other).Tokens {
		if t.Class == names.Numeral || t.Class == names.Core && len(t.Text) > 2 && !streetWords[t.Text] {
			words = append(words, t.Text)
		}
	}
	return sortedUnique(words)
}

var streetWords = map[string]bool{"street": true, "road": true, "avenue": true, "ave": true, "str": true, "building": true, "bldg": true, "floor": true,
	"suite": true, "box": true, "apt": true, "room": true, "block": true, "unit": true, "house": true, "lane": true, "square": true, "village": true, "area": true, "number": true}

// gradeAddresses gives the best agreement of two addresses. People move: an
// address that differs says nothing.
func gradeAddresses(asked [][]string, listed []Address) (grade Grade, a, b string) {
	for _, x := range asked {
		for _, l := range listed {
			y := addressWords(l.Text)
			same, number := 0, false
			for _, word := range x {
				if slices.Contains(y, word) {
					same++
					number = number || digits(word)
				}
			}
			g := Grade("")
			switch {
			case same >= 3 && number && same*10 >= 7*min(len(x), len(y)):
				g = Exact
			case same > 1 || same == 1 && !number:
				g = SamePlace
			}
			if addressEffects[g].lift > addressEffects[grade].lift {
				grade, a, b = g, strings.Join(x, " "), l.Text
			}
		}
	}
	return grade, a, b
}

// genderOf reads a gender as a query or the remarks of OFAC write it.
func genderOf(s string) string {
	if _, after, ok := strings.Cut(s, "Gender "); ok {
		s = after
	} else if len(s) > len("female") {
		return ""
	}
	s = strings.ToLower(s)
	switch {
	case s == "f" || strings.HasPrefix(s, "female"):
		return "female"
	case s == "m" || strings.HasPrefix(s, "male"):
		return "male"
	}
	return ""
}

// Sentence tells a piece of evidence in plain English.
func (e Evidence) Sentence() string {
	switch e.Grade {
	case WeakName:
		return fmt.Sprintf("the list says that the name %q alone identifies nobody", e.Listed)
	case Exact:
		return fmt.Sprintf("%s agrees: %s", e.Kind, e.Listed)
	case Contradicts, Differs:
		return fmt.Sprintf("%s %s: %s was asked, %s is listed", e.Kind, e.Grade, e.Asked, e.Listed)
	}
	return fmt.Sprintf("%s nearly agrees (%s): %s was asked, %s is listed", e.Kind, e.Grade, e.Asked, e.Listed)
}
