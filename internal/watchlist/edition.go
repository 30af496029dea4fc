package watchlist

import (
	"reflect"

	"duly/internal/names"
)

// Edition is how a list differs from an earlier edition of it. A changed entity is
// on both sides.
type Edition struct {
	Gone []*Entity // of the earlier edition
	Come []*Entity // of the later edition
}

// place is what an entity is known by from one edition of a list to the next.
type place struct{ list, id string }

func placeOf(e *Entity) place { return place{e.List, e.SourceID} }

// Diff compares two editions of a list by the ids of its entities.
func Diff(earlier, later *List) Edition {
	var d Edition
	old := make(map[place]*Entity, len(earlier.Entities))
	for i := range earlier.Entities {
		old[placeOf(&earlier.Entities[i])] = &earlier.Entities[i]
	}
	for i := range later.Entities {
		e := &later.Entities[i]
		was := old[placeOf(e)]
		delete(old, placeOf(e))
		switch {
		case was == nil:
			d.Come = append(d.Come, e)
		case !reflect.DeepEqual(was, e):
			d.Gone, d.Come = append(d.Gone, was), append(d.Come, e)
		}
	}
	for i := range earlier.Entities {
		if e := &earlier.Entities[i]; old[placeOf(e)] == e {
			d.Gone = append(d.Gone, e)
		}
	}
	return d
}

// Apply gives an index without what went and with what came. x stays as it is and
// may be asked meanwhile; who shares it through an atomic.Pointer swaps it when
// Apply is done. What came is kept in a small part of its own, with the weights of
// words that x has, until it is an eighth of the names: then all is built again.
func (x *Index) Apply(d Edition) *Index {
	next := &Index{weights: x.weights, gone: make(map[place]bool, len(x.gone)+len(d.Gone))}
	leaves := make(map[place]bool, len(d.Gone)+len(d.Come))
	for _, e := range d.Gone {
		leaves[placeOf(e)] = true
	}
	for _, e := range d.Come {
		leaves[placeOf(e)] = true
	}
	for p := range x.gone {
		next.gone[p] = true
	}
	for p := range leaves {
		next.gone[p] = true
	}
	var recent []*Entity
	for _, p := range x.parts[1:] {
		for _, e := range p.entities {
			if !leaves[placeOf(e)] {
				recent = append(recent, e)
			}
		}
	}
	recent = append(recent, d.Come...)
	next.parts = x.parts[:1:1]
	if len(recent)+len(next.gone) > len(x.parts[0].entities)/8+1000 {
		return build(append(next.old(), recent...))
	}
	if len(recent) > 0 {
		p, _ := newPart(recent, &x.weights)
		next.parts = append(next.parts, p)
	}
	return next
}

// old lists what is left of the large part.
func (x *Index) old() (entities []*Entity) {
	for _, e := range x.parts[0].entities {
		if !x.gone[placeOf(e)] {
			entities = append(entities, e)
		}
	}
	return entities
}

// whole gives the index as one part.
func (x *Index) whole() *Index {
	if len(x.parts) == 1 && len(x.gone) == 0 {
		return x
	}
	entities := x.old()
	for _, p := range x.parts[1:] {
		entities = append(entities, p.entities...)
	}
	return build(entities)
}

// left says whether an entity is still in the index. Only the large part holds
// entities that went.
func (x *Index) left(p *part, e *Entity) bool {
	return len(x.gone) == 0 || p.segment != x.parts[0].segment || !x.gone[placeOf(e)]
}

// Population is many queries, such as all customers, made ready for being asked
// by entities of a list. It never changes and may be shared.
type Population struct {
	part
	queries []Query
	weights names.Weights
}

// Population files the queries. It is good for x and for what Apply makes of x.
func (x *Index) Population(queries []Query) *Population {
	b := newBuilder()
	for _, kind := range []names.Kind{names.Person, names.Organization} {
		for i := range queries {
			for _, name := range names.Alternatives(queries[i].Name) {
				b.name(uint32(i), name, kind, mainName)
			}
		}
	}
	for i := range queries {
		for _, n := range queries[i].Identifiers {
			b.number(uint32(i), newTyped("", n).key)
		}
	}
	g, _ := b.seal(&x.weights)
	return &Population{part: partOf(g, nil), queries: queries, weights: x.weights}
}

// Touched gives, for each entity, the queries that have it as a hit, by their
// place among the queries of the population, and the hits: the same as Ask gives
// for each query when the entity is in the index. So a delta of a list is screened
// by asking with what came.
func (p *Population) Touched(e *Entity) map[int]Hit {
	s := p.scratch.Get().(*scratch)
	defer p.scratch.Put(s)
	hits := make(map[int]Hit)
	x := &Index{weights: p.weights}
	var listed []scored
	ask := make(map[uint32]bool)
	for i := -1; i < len(e.Aliases); i++ {
		text, weak := e.nameAt(i)
		ready := names.Prepare(text, e.Kind)
		p.weights.Note(ready)
		listed = append(listed, scored{entity: e, name: text, weak: weak, ready: ready})
		p.collect(&question{text: text, kinds: [2]names.Kind{e.Kind, e.Kind}, least: leastScore, passable: [2]float32{passHits, passHits}, reversed: true}, p.weights, s)
		for _, c := range s.near {
			ask[p.entries[c.entry].party] = true
		}
	}
	byNumber := make(map[uint32]bool)
	for _, n := range e.Identifiers {
		if key := numberKey(n.Value); key != "" {
			for _, id := range p.numbers.get(hashOf(seedNumber, key)) {
				byNumber[id], ask[id] = true, true
			}
		}
	}
	for id := range ask {
		best, found := scored{}, false
		for _, a := range newAsking(&p.queries[id]).alternatives() {
			agrees := byNumber[id] && a.sharesNumber(e)
			p.weights.Note(a.as(e.Kind).name)
			for _, b := range listed {
				name := names.Score(a.as(e.Kind).name, b.ready, p.weights)
				b.score, _ = a.weigh(name, e, b.name, b.weak, nil)
				if (name >= a.least || agrees) && (!found || b.score > best.score) {
					best, found = b, true
					best.asked = a
				}
			}
		}
		if found {
			hits[int(id)] = x.hit(best.asked, best)
		}
	}
	return hits
}

// sharesNumber says whether an identifier of the query is one of the entity.
func (a *asking) sharesNumber(e *Entity) bool {
	for _, n := range a.numbers {
		for _, l := range e.Identifiers {
			if n.key != "" && n.key == numberKey(l.Value) {
				return true
			}
		}
	}
	return false
}
