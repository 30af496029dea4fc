package watchlist

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"duly/internal/names"

	"pgregory.net/rapid"
)

// person makes a made-up entry.
func person(id, name string, aliases ...string) Entity {
	e := Entity{SourceID: id, List: "test", Kind: names.Person, Name: name}
	for _, a := range aliases {
		e.addAlias(a, false)
	}
	return e
}

// crowd makes n entries with made-up names of three words from a small stock of
// syllables, so that many share words and near words.
func crowd(n int) *List {
	syllables := strings.Fields("ba dor kel min zor tav rim sul qua pen har vik lum nes gar")
	l := &List{Name: "crowd", Format: "test"}
	word := func(i int) string {
		return syllables[i%15] + syllables[i/15%15] + syllables[i/225%15]
	}
	for i := range n {
		given, middle, family := word(i*7), word(i*31+5), word(i*17+11)
		l.Entities = append(l.Entities, person(fmt.Sprint(100000+i), strings.ToUpper(family)+", "+given+" "+middle, given+" "+family))
	}
	return l
}

// text gives the name of an entry as its list writes it.
func (p *part) text(e int) string {
	text, _ := p.entities[p.entries[e].party].nameAt(int(p.entries[e].alias))
	return text
}

// bruteForce is Search without the index: every name is compared.
func (x *Index) bruteForce(q Query, limit int) []Hit {
	a := newAsking(&q)
	var best []scored
	for i := range x.parts {
		p := &x.parts[i]
		s := p.newScratch()
		for e := range uint32(len(p.entries)) {
			if b, name := x.score(p, a, e, s); name >= a.least {
				best = append(best, b)
			}
		}
	}
	best = ranked(best)
	var hits []Hit
	for _, b := range best[:min(limit, len(best))] {
		hits = append(hits, x.hit(a, b))
	}
	return hits
}

// TestIndexFindsWhatBruteForceFinds holds the index against comparing every
// name: after a slip in a name the best entity is found with its score, but for
// one in twenty (a slip that also joins two words).
func TestIndexFindsWhatBruteForceFinds(t *testing.T) {
	x := NewIndex(crowd(400))
	missed, asked := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := &x.parts[0]
		name := []byte(p.text(rapid.IntRange(0, len(p.entries)-1).Draw(t, "entry")))
		at := rapid.IntRange(0, len(name)-1).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "slip") {
		case 0:
			name = slices.Delete(name, at, at+1)
		case 1:
			name[at] = 'x'
		case 2:
			name = slices.Insert(name, at, 'e')
		}
		q := Query{Name: string(name)}
		want := x.bruteForce(q, 1)
		got := x.Search(q, 1)
		if len(want) == 0 || !want[0].Alert {
			return
		}
		asked++
		if len(got) == 0 || got[0].Score < want[0].Score {
			missed++
		}
	})
	if missed*20 > asked {
		t.Errorf("the index missed %d of %d", missed, asked)
	}
}

// TestSearch protects what one list entry must answer to, and in which order.
func TestSearch(t *testing.T) {
	l := crowd(200)
	ada := person("7", "PENNYWORTH, Ada Quimby", "THE PENNY")
	ada.Aliases[0].Weak = true
	ada.BirthDates, ada.Countries = []string{"1960-01-02"}, []string{"IR"}
	ada.Identifiers = []Identifier{{"Passport", "B 765-4321", "IR"}}
	twin := person("10", "PENNYWORTH, Ada Quimby")
	l.Entities = append(l.Entities, ada, twin, Entity{SourceID: "8", Kind: names.Organization, Name: "Pennyworth Holdings LLC"})
	x := NewIndex(l)
	ids := func(q Query) (out []string) {
		for _, h := range x.Search(q, 10) {
			if h.Alert {
				out = append(out, h.Entity.SourceID)
			}
		}
		return out
	}
	score := func(q Query) float64 {
		for _, h := range x.Search(q, 10) {
			if h.Entity.SourceID == "7" {
				return h.Score
			}
		}
		return 0
	}
	for _, c := range []struct {
		protects string
		q        Query
		want     []string
	}{
		{"ties by id", Query{Name: "Ada Quimby Pennyworth"}, []string{"10", "7"}},
		{"typo", Query{Name: "Ada Quimby Penyworth"}, []string{"10", "7"}},
		{"joined", Query{Name: "adaquimbypennyworth"}, []string{"10", "7"}},
		{"two joined", Query{Name: "Ada QuimbyPennyworth"}, []string{"10", "7"}},
		{"identifier with another name", Query{Name: "Boris Otherman", Identifiers: []string{"b7654321"}}, []string{"7"}},
		{"identifier without a name", Query{Identifiers: []string{"B765 4321"}}, []string{"7"}},
		{"organisation", Query{Name: "Pennyworth Holding"}, []string{"8"}},
		{"weak alias alone", Query{Name: "The Penny"}, []string{"7"}},
		{"nobody", Query{Name: "Xaver Unlisted"}, nil},
		{"nothing asked", Query{}, nil},
	} {
		if got := ids(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.protects, got, c.want)
		}
	}
	plain := score(Query{Name: "Ada Penyworth"})
	for _, agrees := range []Query{
		{Name: "Ada Penyworth", BirthDates: []string{"1960"}}, {Name: "Ada Penyworth", BirthDates: []string{"1960-02-01"}},
		{Name: "Ada Penyworth", Countries: []string{"Iran"}}, {Name: "Ada Penyworth", Countries: []string{"Atlantis"}}, {Name: "Ada Penyworth", Kind: names.Person},
	} {
		if got := score(agrees); got < plain {
			t.Errorf("%+v scores %.3f, below %.3f", agrees, got, plain)
		}
	}
	for _, contradicts := range []Query{
		{Name: "Ada Penyworth", BirthDates: []string{"1988"}}, {Name: "Ada Penyworth", Countries: []string{"FR"}}, {Name: "Ada Penyworth", Kind: names.Vessel},
	} {
		if got := score(contradicts); got >= plain {
			t.Errorf("%+v scores %.3f, not below %.3f", contradicts, got, plain)
		}
	}
	if h := x.Search(Query{Name: "Ada Quimby Pennyworth"}, 1); len(h) != 1 || h[0].MatchedName != "PENNYWORTH, Ada Quimby" || len(h[0].Match.Parts) != 3 {
		t.Errorf("hit %+v", h)
	}
}

// TestSearchIsDeterministic protects that hits do not depend on other searches,
// also when many run at once, and that an entity comes once.
func TestSearchIsDeterministic(t *testing.T) {
	x := NewIndex(crowd(300))
	ask := func(i int) []Hit { return x.Search(Query{Name: x.parts[0].text(i * 2)}, 10) }
	want := make([][]Hit, 50)
	for i := range want {
		want[i] = ask(i)
		seen := make(map[*Entity]bool)
		for k, h := range want[i] {
			if seen[h.Entity] {
				t.Fatal("an entity comes twice")
			}
			seen[h.Entity] = true
			if k > 0 && cmp.Compare(want[i][k-1].Score, h.Score) < 0 {
				t.Fatal("hits are not best first")
			}
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range want {
				if got := ask(i); !reflect.DeepEqual(got, want[i]) {
					t.Errorf("question %d is answered differently", i)
				}
			}
		})
	}
	all.Wait()
}

// TestComparePair protects the kinds and the default setting of duly pairs.
func TestComparePair(t *testing.T) {
	for _, c := range []struct {
		schema, a, b string
		alert        bool
	}{
		{"Person", "Ada Pennyworth", "PENNYWORTH, Ada", true},
		{"company", "Pennyworth LLC", "Pennyworth Ltd", true},
		{"Company", "Pennyworth Fund II", "Pennyworth Fund III", false},
		{"Unheard", "Ada Pennyworth", "Boris Otherman", false},
		{"", "", "", false},
	} {
		if score, alert := ComparePair(c.schema, c.a, c.b); alert != c.alert || alert != (score >= DefaultThreshold) {
			t.Errorf("%+v: %.2f %v", c, score, alert)
		}
	}
}

func ExampleIndex_Search() {
	list := &List{Name: "example", Entities: []Entity{{SourceID: "1", Kind: names.Organization, Name: "QUIBBLETON TRADING, L.L.C."}}}
	for _, hit := range NewIndex(list).Search(Query{Name: "Quibbelton Trading Ltd"}, 10) {
		fmt.Println(hit.Entity.SourceID, hit.Alert, hit.MatchedName)
	}
	// Output: 1 true QUIBBLETON TRADING, L.L.C.
}

// TestAskAlternatives protects that a question which holds several names asks for
// each, the same way round from the list, and gives an entity once.
func TestAskAlternatives(t *testing.T) {
	list := &List{Name: "l", Entities: []Entity{
		{SourceID: "1", List: "l", Kind: names.Person, Name: "Zorbin Quibbleton"},
		{SourceID: "2", List: "l", Kind: names.Organization, Name: "Pennyworth Guild"},
		{SourceID: "3", List: "l", Kind: names.Organization, Name: "Marrowfat Shipping"},
	}}
	x := NewIndex(list)
	for name, want := range map[string][]string{
		"Zorbin Quibbleton a.k.a. Pennyworth Guild": {"1", "2"},
		"Hollin Darble/Marrowfat Shipping":          {"3"},
		"Pennyworth Guild aka Penyworth Guild":      {"2"},
		"Hollin Darble":                             nil,
	} {
		var got []string
		for _, h := range x.Ask(Query{Name: name}, 10).Hits {
			if h.Alert {
				got = append(got, h.Entity.SourceID)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", name, got, want)
		}
		p := x.Population([]Query{{Name: name}})
		for i := range list.Entities {
			e := &list.Entities[i]
			if alert := p.Touched(e)[0].Alert; alert != slices.Contains(want, e.SourceID) {
				t.Errorf("%q touched by %q: %v", name, e.Name, alert)
			}
		}
	}
}
