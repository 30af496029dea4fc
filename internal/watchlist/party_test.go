package watchlist

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/names"
)

func listOf(name string, entities ...Entity) *List {
	for i := range entities {
		entities[i].List = name
	}
	return &List{Name: name, Entities: entities}
}

// TestPartiesTieOnlyWhatIsCertain protects both ways: a party on two lists is one,
// and likeness alone is none.
func TestPartiesTieOnlyWhatIsCertain(t *testing.T) {
	person := func(id string, change func(*Entity)) Entity {
		e := Entity{SourceID: id, Kind: names.Person, Name: "Zoran QUIBBLETON"}
		change(&e)
		return e
	}
	passport := func(number, country string) func(*Entity) {
		return func(e *Entity) { e.Identifiers = []Identifier{{"Passport", number, country}} }
	}
	born := func(d ...string) func(*Entity) { return func(e *Entity) { e.BirthDates = d } }
	un := func(n string) func(*Entity) { return func(e *Entity) { e.References = []Reference{{"UN", n}} } }
	both := func(f ...func(*Entity)) func(*Entity) {
		return func(e *Entity) {
			for _, c := range f {
				c(e)
			}
		}
	}
	company := func(typ, number, country string) func(*Entity) {
		return func(e *Entity) {
			e.Kind, e.Name, e.Identifiers = names.Organization, "Quibbleton Optics LLC", []Identifier{{typ, number, country}}
		}
	}
	named := func(n string) func(*Entity) { return func(e *Entity) { e.Name = n } }
	for _, c := range []struct {
		protects string
		a, b     func(*Entity)
		one      bool
	}{
		{"nothing but the name", both(), both(), false},
		{"UN number", un("QDi.901"), both(un("QDi.901"), named("Somebody ELSE")), true},
		{"UN number beats a typo in a date", both(un("QDi.901"), born("1970-03-12")), both(un("QDi.901"), born("1970-03-13")), true},
		{"two UN numbers", un("QDi.901"), un("QDi.902"), false},
		{"passport", passport("A1234567", "Uganda"), passport("a 1234567", "UG"), true},
		{"passports of two countries", passport("A1234567", "Uganda"), passport("A1234567", "Kenya"), false},
		{"passports without country", passport("A1234567", ""), passport("A1234567", ""), false},
		{"a passport of zeros", passport("0000000", "Uganda"), passport("0000000", "Uganda"), false},
		{"passport of another name", passport("A1234567", "Uganda"), both(passport("A1234567", "Uganda"), named("Somebody ELSE")), false},
		{"passport and another birth", both(passport("A1234567", "Uganda"), born("1970-03-12")), both(passport("A1234567", "Uganda"), born("1980-03-12")), false},
		{"name and birth", born("1970-03-12"), both(born("1970-03-12"), named("Quibbleton, Zoran")), true},
		{"name and year", born("1970"), born("1970"), false},
		{"name and 1 January", born("1970-01-01"), born("1970-01-01"), false},
		{"name and approximate birth", born("1970-03-12"), both(born("1970-03-12"), func(e *Entity) { e.Circa = e.BirthDates }), false},
		{"one word and birth", both(born("1970-03-12"), named("Zoran")), both(born("1970-03-12"), named("Zoran")), false},
		{"another gender", both(born("1970-03-12"), func(e *Entity) { e.Gender = "male" }), both(born("1970-03-12"), func(e *Entity) { e.Gender = "female" }), false},
		{"tax number", company("Tax ID No.", "7702235133", "Russia"), company("innCode", "7702235133", ""), true},
		{"a person and a company", passport("A1234567", "Uganda"), company("Passport", "A1234567", "Uganda"), false},
		{"LEI", company("LEI", "529900T8BM49AURSDO55", ""), company("leiCode", "529900T8BM49AURSDO55", ""), true},
		{"LEI with a wrong digit", company("LEI", "529900T8BM49AURSDO56", ""), company("leiCode", "529900T8BM49AURSDO56", ""), false},
		{"IMO number", company("IMO", "9074729", ""), company("Vessel Registration Identification IMO", "IMO 9074729", ""), true},
		{"IMO number with a wrong digit", company("IMO", "9074728", ""), company("IMO", "9074728", ""), false},
	} {
		x, y := listOf("one", person("a", c.a)), listOf("two", person("b", c.b))
		got := Parties(x, y)
		if one := len(got) == 1; one != c.one {
			t.Errorf("%s: %d parties, want one: %v", c.protects, len(got), c.one)
		}
		if c.one && (len(got[0].Because) != 1 || !strings.Contains(got[0].Because[0], "one a and two b")) {
			t.Errorf("%s: because %q", c.protects, got[0].Because)
		}
		if same := listOf("one", person("a", c.a), person("b", c.b)); len(Parties(same)) != 2 {
			t.Errorf("%s: two of one list became one", c.protects)
		}
	}
}

// drawLists makes lists of which entities share numbers, names and dates often.
func drawLists(t *rapid.T) []*List {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	var lists []*List
	for l := range rapid.IntRange(1, 4).Draw(t, "lists") {
		var entities []Entity
		for i := range rapid.IntRange(1, 6).Draw(t, "entities") {
			e := Entity{SourceID: fmt.Sprint(i), Name: pick("name", "Zoran Quibbleton", "Quibbleton, Zoran", "Ada Pennyworth"),
				Kind: rapid.SampledFrom([]names.Kind{names.Person, names.Person, names.Other, names.Organization}).Draw(t, "kind"), Gender: pick("gender", "", "male", "female")}
			e.addBirth(pick("born", "", "1970-03-12", "1971-04-13", "1970"))
			e.addReference("UN", pick("un", "", "", "QDi.901", "QDi.902"))
			e.addIdentifier("Passport", pick("passport", "", "A1234567", "B1234567"), "UG")
			entities = append(entities, e)
		}
		lists = append(lists, listOf(fmt.Sprint("list ", l), entities...))
	}
	return lists
}

// canonical writes parties down without their order.
func canonical(parties []Party) []string {
	var out []string
	for _, p := range parties {
		var members []string
		for _, e := range p.Listings {
			members = append(members, e.List+" "+e.SourceID)
		}
		slices.Sort(members)
		because := slices.Sorted(slices.Values(p.Because))
		out = append(out, fmt.Sprint(members, because))
	}
	slices.Sort(out)
	return out
}

// TestPartyLaws holds: everybody is in one party, nobody of one list twice in a
// party, every tie has a reason, and the order of the lists changes nothing.
func TestPartyLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := drawLists(t)
		parties := Parties(lists...)
		seen := map[*Entity]bool{}
		for _, p := range parties {
			from := map[string]bool{}
			for _, e := range p.Listings {
				if seen[e] || from[e.List] {
					t.Fatalf("%s %s is there twice", e.List, e.SourceID)
				}
				seen[e], from[e.List] = true, true
			}
			if len(p.Because) != len(p.Listings)-1 {
				t.Fatalf("%d listings, %d reasons", len(p.Listings), len(p.Because))
			}
		}
		n := 0
		for _, l := range lists {
			n += len(l.Entities)
		}
		if len(seen) != n {
			t.Fatalf("%d of %d entities are in a party", len(seen), n)
		}
		shuffled := rapid.Permutation(lists).Draw(t, "order")
		if a, b := canonical(parties), canonical(Parties(shuffled...)); !slices.Equal(a, b) {
			t.Fatalf("the order of lists matters:\n%v\n%v", a, b)
		}
	})
}

// TestDelta protects that what changed between two versions is told, all of it and
// nothing else, and that when an entity was seen is no change.
func TestDelta(t *testing.T) {
	older := listOf("x", Entity{SourceID: "9", Name: "A"}, Entity{SourceID: "10", Name: "B"}, Entity{SourceID: "11", Name: "C"})
	newer := listOf("x", Entity{SourceID: "9", Name: "A", FirstSeen: "2026-01-01"}, Entity{SourceID: "10", Name: "B", Remarks: "new"}, Entity{SourceID: "100", Name: "D"}, Entity{SourceID: "20", Name: "E"})
	want := Delta{Added: []string{"20", "100"}, Removed: []string{"11"}, Changed: []string{"10"}}
	if got := Compare(older.Contents(), newer.Contents()); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := Compare(newer.Contents(), newer.Contents()); !got.Empty() {
		t.Errorf("the same version: %+v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) Contents {
			return rapid.MapOfN(rapid.StringMatching(`[a-c][0-9]`), rapid.SampledFrom([]string{"x", "y"}), 0, 12).Draw(t, label)
		}
		a, b := draw("older"), draw("newer")
		there, back := Compare(a, b), Compare(b, a)
		if !slices.Equal(there.Added, back.Removed) || !slices.Equal(there.Removed, back.Added) || !slices.Equal(there.Changed, back.Changed) {
			t.Fatalf("%+v there, %+v back", there, back)
		}
		if len(a)+len(there.Added)-len(there.Removed) != len(b) {
			t.Fatalf("%d + %d - %d is not %d", len(a), len(there.Added), len(there.Removed), len(b))
		}
	})
}

// TestEveryFieldIsPartOfTheHash protects the delta: a field that is added to
// Entity later must not change unseen.
func TestEveryFieldIsPartOfTheHash(t *testing.T) {
	plain := (&Entity{}).Hash()
	for i := range reflect.TypeFor[Entity]().NumField() {
		e := &Entity{}
		f := reflect.ValueOf(e).Elem().Field(i)
		switch f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		default:
			f.Set(reflect.ValueOf(names.Person).Convert(f.Type()))
		}
		name := reflect.TypeFor[Entity]().Field(i).Name
		if seen := name == "FirstSeen" || name == "LastSeen"; (e.Hash() == plain) != seen {
			t.Errorf("%s: part of the hash is %v", name, !seen)
		}
	}
}
