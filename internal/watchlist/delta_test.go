package watchlist

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"duly/internal/fault"
	"duly/internal/names"

	"pgregory.net/rapid"
)

// editions gives two editions of a list: the later one lacks some entities, has
// others with another name, and new ones.
func editions(n int) (earlier, later *List) {
	earlier, later = crowd(n), &List{Name: "crowd"}
	for i, e := range crowd(n).Entities {
		switch i % 10 {
		case 3:
			continue
		case 5:
			e.Name = "QUIBBLETON, " + e.Aliases[0].Name
		}
		later.Entities = append(later.Entities, e)
	}
	later.Entities = append(later.Entities, person("7", "PENNYWORTH, Ada"))
	later.Entities[len(later.Entities)-1].Identifiers = []Identifier{{"Passport", "B7654321", ""}}
	return earlier, later
}

// ids gives the alerts of a search.
func ids(hits []Hit) (out []string) {
	for _, h := range hits {
		if h.Alert {
			out = append(out, h.Entity.SourceID+" "+h.MatchedName)
		}
	}
	return out
}

// TestApplyIsLikeBuilding protects that an index to which a delta was applied
// answers as one that was built of the later edition: the same alerts, with
// scores that differ only by the weights of words, which stay.
func TestApplyIsLikeBuilding(t *testing.T) {
	earlier, later := editions(400)
	d := Diff(earlier, later)
	if len(d.Gone) != 80 || len(d.Come) != 41 {
		t.Fatalf("%d gone, %d come", len(d.Gone), len(d.Come))
	}
	base := NewIndex(earlier)
	applied, built := base.Apply(d), NewIndex(later)
	if e1, n1 := applied.Len(); true {
		if e2, n2 := built.Len(); e1 != e2 || n1 != n2 {
			t.Errorf("%d entities with %d names, built %d with %d", e1, n1, e2, n2)
		}
	}
	for i := range built.parts[0].entries {
		name := built.parts[0].text(i)
		if got, want := ids(applied.Search(Query{Name: name}, 1)), ids(built.Search(Query{Name: name}, 1)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, e := range d.Gone {
		if e.Name != "" && slices.ContainsFunc(applied.Search(Query{Name: e.Name}, 50), func(h Hit) bool { return h.Entity == e }) {
			t.Errorf("%s went and is still found", e.Name)
		}
	}
	if hits := applied.Search(Query{Name: "Boris Otherman", Identifiers: []string{"B7654321"}}, 1); len(hits) != 1 {
		t.Error("an identifier that came is not found")
	}
	back := applied.Apply(Diff(later, earlier))
	for i := range earlier.Entities {
		q := Query{Name: earlier.Entities[i].Name}
		if got, want := ids(back.Search(q, 1)), ids(base.Search(q, 1)); !reflect.DeepEqual(got, want) {
			t.Errorf("after going back %s: %v, want %v", q.Name, got, want)
		}
	}
}

// TestManyDeltasAreBuiltAgain protects that the small part does not grow without end.
func TestManyDeltasAreBuiltAgain(t *testing.T) {
	x := NewIndex(crowd(100))
	for range 3 {
		x = x.Apply(Diff(&List{}, newSynthetic(5).list(2000)))
	}
	if len(x.parts) > 2 || len(x.parts[0].entities) < 500 {
		t.Errorf("%d parts, the large one of %d", len(x.parts), len(x.parts[0].entities))
	}
}

// TestSwapWhileAsking protects that searches go on while a delta is applied and
// that each sees one edition or the other.
func TestSwapWhileAsking(t *testing.T) {
	earlier, later := editions(300)
	var live atomic.Pointer[Index]
	live.Store(NewIndex(earlier))
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for range 200 {
				x := live.Load()
				hits := x.Search(Query{Name: "Ada Pennyworth"}, 1)
				if (len(hits) == 1) != (len(x.parts) == 2) {
					t.Error("half an edition was asked")
				}
			}
		})
	}
	live.Store(live.Load().Apply(Diff(earlier, later)))
	all.Wait()
}

// TestTouchedIsSearchTheOtherWay is the law of the reverse search: what an entity
// touches is what finds it, with the same score.
func TestTouchedIsSearchTheOtherWay(t *testing.T) {
	l := lawList()
	x := NewIndex(l)
	s := newSynthetic(2)
	var queries []Query
	for i := range 300 {
		e := &l.Entities[i*7%len(l.Entities)]
		q := Query{Name: e.Name, Kind: []names.Kind{names.Other, names.Person, names.Organization}[i%3]}
		if i%2 == 0 {
			q.Name = s.slip(e.Name)
		}
		if i%5 == 0 {
			q.Name, q.Identifiers = "Xaver Unlisted", []string{"P0007919"}
		}
		if i%4 == 0 {
			q.BirthDates, q.Countries = []string{"1931-02-02"}, []string{"FR"}
		}
		queries = append(queries, q)
	}
	p := x.Population(queries)
	missed, asked := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		e := x.parts[0].entities[rapid.IntRange(0, len(l.Entities)-1).Draw(t, "entity")]
		touched := p.Touched(e)
		for i, q := range queries {
			h, found := hitOn(x, q, e)
			got, touches := touched[i]
			if found && h.Alert {
				asked++
			}
			if found != touches && (h.Alert || got.Alert) || found && touches && math.Abs(h.Score-got.Score) > 1e-9 {
				missed++
			}
		}
	})
	if asked == 0 || missed*200 > asked {
		t.Errorf("%d of %d hits are others the other way round", missed, asked)
	}
}

// TestSavedIndex protects that a loaded index answers as the saved one, and that
// any damage is seen and said.
func TestSavedIndex(t *testing.T) {
	earlier, later := editions(300)
	x := NewIndex(earlier).Apply(Diff(earlier, later))
	var file bytes.Buffer
	if err := x.Save(&file, "lists 1"); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadIndex(bytes.NewReader(file.Bytes()), "lists 1")
	if err != nil {
		t.Fatal(err)
	}
	whole := x.whole()
	for i := range later.Entities {
		q := Query{Name: later.Entities[i].Name, Identifiers: []string{"B7654321"}}
		if got, want := loaded.Search(q, 10), whole.Search(q, 10); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v: %+v, want %+v", q, got, want)
		}
	}
	var again bytes.Buffer
	if err := loaded.Save(&again, "lists 1"); err != nil || !bytes.Equal(again.Bytes(), file.Bytes()) {
		t.Errorf("saving what was loaded gives another file: %v", err)
	}
	var f *fault.Error
	if _, err := LoadIndex(bytes.NewReader(file.Bytes()), "lists 2"); !errors.As(err, &f) || f.Code != fault.Broken {
		t.Errorf("other lists: %v", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		damaged := slices.Clone(file.Bytes())
		at := rapid.IntRange(0, len(damaged)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			damaged = damaged[:at]
		} else {
			damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		}
		if _, err := LoadIndex(bytes.NewReader(damaged), "lists 1"); !errors.As(err, &f) || f.Code != fault.Broken || f.Fix == "" {
			t.Fatalf("damage at %d: %v", at, err)
		}
	})
}
