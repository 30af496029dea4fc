package watchlist

import (
	"fmt"
	"slices"
	"testing"

	"duly/internal/names"

	"pgregory.net/rapid"
)

// lawList has entries with everything that can agree or contradict.
func lawList() *List {
	l := crowd(300)
	for i := range l.Entities {
		e := &l.Entities[i]
		if i%3 != 0 {
			e.BirthDates = []string{fmt.Sprintf("19%02d-%02d-%02d", 30+i%60, 1+i%12, 1+i%28)}
		}
		if i%4 != 0 {
			e.Countries = []string{[]string{"FR", "IR", "BR", "JP"}[i%4]}
		}
		if i%5 != 0 {
			e.Identifiers = []Identifier{{"Passport", fmt.Sprintf("P%07d", i*7919), ""}}
		}
		if i%2 != 0 {
			e.Addresses = []Address{{Text: fmt.Sprintf("%d Quiverly Lane, Nowheretown", i), Country: "FR"}}
		}
		e.Remarks = []string{"", "DOB 1961; Gender Male; also known", "Gender Female."}[i%3]
		if i%7 == 0 {
			e.Aliases[0].Weak = true
		}
	}
	return l
}

// hitOn gives the hit on an entity, if the query has one.
func hitOn(x *Index, q Query, e *Entity) (Hit, bool) {
	for _, h := range x.Search(q, len(x.parts[0].entities)) {
		if h.Entity == e {
			return h, true
		}
	}
	return Hit{}, false
}

// TestAgreeingEvidenceNeverHurts is the law that more of the truth never loses a
// hit: whatever is added that agrees with the entity, its score does not fall.
func TestAgreeingEvidenceNeverHurts(t *testing.T) {
	x := NewIndex(lawList())
	rapid.Check(t, func(t *rapid.T) {
		e := x.parts[0].entities[rapid.IntRange(0, len(x.parts[0].entities)-1).Draw(t, "entity")]
		name := []byte(e.Name)
		at := rapid.IntRange(0, len(name)-1).Draw(t, "at")
		name[at] = rapid.SampledFrom([]byte("aexz ")).Draw(t, "slip")
		q := Query{Name: string(name)}
		before, found := hitOn(x, q, e)
		for _, what := range rapid.SliceOfN(rapid.SampledFrom([]string{"birth", "year", "country", "number", "kind", "address", "town", "gender"}), 1, 5).Draw(t, "evidence") {
			switch {
			case what == "birth" && len(e.BirthDates) > 0:
				q.BirthDates = append(q.BirthDates, e.BirthDates[0])
			case what == "year" && len(e.BirthDates) > 0:
				q.BirthDates = append(q.BirthDates, e.BirthDates[0][:4])
			case what == "country" && len(e.Countries) > 0:
				q.Countries = append(q.Countries, e.Countries[0])
			case what == "number" && len(e.Identifiers) > 0:
				q.Identifiers = append(q.Identifiers, e.Identifiers[0].Value)
			case what == "address" && len(e.Addresses) > 0:
				q.Addresses = append(q.Addresses, e.Addresses[0].Text)
			case what == "town" && len(e.Addresses) > 0:
				q.Addresses = append(q.Addresses, "Nowheretown")
			case what == "gender":
				q.Gender = genderOf(e.Remarks)
			case what == "kind":
				q.Kind = names.Person
			}
			after, still := hitOn(x, q, e)
			if found && !still || after.Score < before.Score || before.Alert && !after.Alert || after.Probability < before.Probability {
				t.Fatalf("%+v: %s took the score of %q from %.3f to %.3f", q, what, e.Name, before.Score, after.Score)
			}
			before, found = after, still
		}
	})
}

// TestOneWrongDigitKeepsTheHit protects a hit whose date of birth was mistyped.
func TestOneWrongDigitKeepsTheHit(t *testing.T) {
	x := NewIndex(lawList())
	rapid.Check(t, func(t *rapid.T) {
		e := x.parts[0].entities[rapid.IntRange(0, len(x.parts[0].entities)-1).Draw(t, "entity")]
		if len(e.BirthDates) == 0 {
			return
		}
		date := []byte(e.BirthDates[0])
		at := rapid.SampledFrom([]int{2, 3, 6, 9}).Draw(t, "digit")
		date[at] = byte('0' + (int(date[at]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10)
		if parseDate(string(date)) != string(date) {
			return // no such day
		}
		plain, _ := hitOn(x, Query{Name: e.Name}, e)
		wrong, found := hitOn(x, Query{Name: e.Name, BirthDates: []string{string(date)}}, e)
		if !found || wrong.Alert != plain.Alert || !slices.Contains([]string{e.Name, e.Aliases[0].Name}, wrong.MatchedName) {
			t.Fatalf("%s for %s: %+v", date, e.BirthDates[0], wrong)
		}
	})
}
