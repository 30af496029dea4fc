package watchlist

import (
	"strings"
	"sync"

	"duly/internal/names"
)

// Index finds names on lists. It never changes and may be shared.
type Index struct {
	parts   []part // the large one, then what came after it was built
	weights names.Weights
	gone    map[place]bool // entities of the large part that are no longer listed
}

// part is a segment of an index with the entities it was made of.
type part struct {
	*segment
	entities []*Entity
	scratch  *sync.Pool // of *scratch
}

// NewIndex builds an index over all names of the lists. The lists must not
// change afterwards. Time and memory grow in proportion to the names.
func NewIndex(lists ...*List) *Index {
	count := 0
	for _, l := range lists {
		count += len(l.Entities)
	}
	entities := make([]*Entity, 0, count)
	for _, l := range lists {
		for i := range l.Entities {
			entities = append(entities, &l.Entities[i])
		}
	}
	return build(entities)
}

func build(entities []*Entity) *Index {
	p, weights := newPart(entities, nil)
	return &Index{parts: []part{p}, weights: weights}
}

func newPart(entities []*Entity, known *names.Weights) (part, names.Weights) {
	b := newBuilder()
	for _, people := range []bool{true, false} {
		for id, e := range entities {
			if people != (e.Kind == names.Person) {
				continue
			}
			for i := -1; i < len(e.Aliases); i++ {
				text, _ := e.nameAt(i)
				b.name(uint32(id), text, e.Kind, int32(i))
			}
		}
	}
	for id, e := range entities {
		for _, n := range e.Identifiers {
			b.number(uint32(id), numberKey(n.Value))
		}
	}
	g, weights := b.seal(known)
	return partOf(g, entities), weights
}

func partOf(g *segment, entities []*Entity) part {
	return part{g, entities, &sync.Pool{New: func() any { return g.newScratch() }}}
}

// Len gives the numbers of entities and of names in the index.
func (x *Index) Len() (entities, names int) {
	for i := range x.parts {
		p := &x.parts[i]
		for _, e := range p.entities {
			if x.left(p, e) {
				entities++
			}
		}
		for i := range p.entries {
			if x.left(p, p.entities[p.entries[i].party]) {
				names++
			}
		}
	}
	return entities, names
}

// numberKey makes identifiers comparable: capitals and digits, nothing else.
// Fewer than five characters identify nobody.
func numberKey(s string) string {
	key := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
	if len(key) < 5 || !strings.ContainsAny(key, "0123456789") {
		return ""
	}
	return key
}
