package watchlist

import (
	"cmp"
	"slices"

	"duly/internal/names"
)

// DefaultThreshold is the score from which a hit is shown to an analyst.
const DefaultThreshold = 0.70

// What Search does with scores.
const (
	leastScore    = 0.5  // hits below are not returned
	kindFactor    = 0.85 // a person asked for, an organisation listed
	weakFactor    = 0.9  // the list itself calls the name weak
	birthFactor   = 0.8  // dates of birth contradict
	countryFactor = 0.95 // countries contradict
	numberScore   = 0.98 // an identifier agrees, whatever the name
)

// Query is what is asked. Only Name or an identifier is needed; what else is
// given can lower a score where it contradicts, and never lowers it where it agrees.
type Query struct {
	Name        string
	Kind        names.Kind // Other when not known
	Countries   []string   // codes or English names
	BirthDates  []string   // YYYY, YYYY-MM, YYYY-MM-DD or as OFAC writes them
	Identifiers []string
}

// Hit is an entity that may be meant.
type Hit struct {
	Entity      *Entity
	Score       float64 // 0.5 to 1
	Alert       bool    // Score reaches DefaultThreshold
	Match       names.Match
	MatchedName string // the name of the entity that fits best
	Identifier  string // the identifier that agrees, if one does
}

// Search gives at most limit entities that the query may mean, best first, and
// at equal scores in order of SourceID, then List. An entity comes once, with
// the name that fits best. A query without name and identifier has no hits.
func (x *Index) Search(q Query, limit int) []Hit {
	if limit <= 0 {
		return nil
	}
	a := newAsking(&q)
	var best []scored
	for i := range x.parts {
		best = x.searchPart(&x.parts[i], a, limit, best)
	}
	best = ranked(best)
	hits := make([]Hit, 0, min(limit, len(best)))
	for _, b := range best[:min(limit, len(best))] {
		hits = append(hits, x.hit(a, b))
	}
	return hits
}

// searchPart adds what one part of the index has to answer.
func (x *Index) searchPart(p *part, a *asking, limit int, best []scored) []scored {
	s := p.scratch.Get().(*scratch)
	defer p.scratch.Put(s)
	p.collect(&a.question, x.weights, s)
	best = x.judge(p, a, s, limit, best)
	for _, number := range a.Identifiers {
		key := numberKey(number)
		if key == "" {
			continue
		}
		for _, id := range p.numbers.get(hashOf(seedNumber, key)) {
			if slices.ContainsFunc(p.entities[id].Identifiers, func(n Identifier) bool { return numberKey(n.Value) == key }) {
				best = append(best, scored{part: p, entity: p.entities[id], entry: -1, score: numberScore, number: number})
			}
		}
	}
	return best
}

// asking is a query made ready.
type asking struct {
	*Query
	question
	countries []string
	births    []string
}

func newAsking(q *Query) *asking {
	a := &asking{Query: q, question: question{text: q.Name, kinds: [2]names.Kind{names.Person, names.Organization}}}
	for _, c := range q.Countries {
		a.countries = append(a.countries, countryCode(c))
	}
	for _, d := range q.BirthDates {
		if d = parseDate(d); d != "" {
			a.births = append(a.births, d)
		}
	}
	return a
}

// scored is an entity that may be meant, with the name that was compared.
type scored struct {
	part   *part
	entity *Entity
	entry  int64 // in part, or -1 when no name was compared
	score  float64
	number string
}

// judge compares the candidates fully. It stops where no later one can come
// among the first limit.
func (x *Index) judge(p *part, a *asking, s *scratch, limit int, best []scored) []scored {
	alerts := 0
	for _, c := range s.near {
		if alerts >= limit && c.ceiling < DefaultThreshold {
			break // what follows is no alert, and comes after those that are
		}
		score := x.score(p, a, c.entry, s)
		if score < leastScore {
			continue
		}
		if score >= DefaultThreshold && !slices.ContainsFunc(best, func(b scored) bool { return b.entity == p.entities[p.party[c.entry]] }) {
			alerts++
		}
		best = append(best, scored{part: p, entity: p.entities[p.party[c.entry]], entry: int64(c.entry), score: score})
	}
	return best
}

// score is the judgement on one entry.
func (x *Index) score(p *part, a *asking, e uint32, s *scratch) float64 {
	listed := p.name(e, s)
	return names.Score(a.as(listed.Kind).name, listed, x.weights) * factor(a, p.entities[p.party[e]], p.marks[e]&markWeak != 0)
}

// ranked keeps the best judgement on each entity, best first.
func ranked(best []scored) []scored {
	order := func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.entity.SourceID, b.entity.SourceID),
			cmp.Compare(a.entity.List, b.entity.List), cmp.Compare(b.entry, a.entry))
	}
	slices.SortFunc(best, order)
	at := make(map[*Entity]int, len(best))
	kept := best[:0]
	for _, b := range best {
		if i, ok := at[b.entity]; ok {
			kept[i].number = cmp.Or(kept[i].number, b.number)
			if kept[i].entry < 0 {
				kept[i].entry = b.entry
			}
			continue
		}
		at[b.entity] = len(kept)
		kept = append(kept, b)
	}
	return kept
}

// factor is what the kind, dates and countries do to the score of an entry.
func factor(a *asking, entity *Entity, weak bool) float64 {
	f := 1.0
	if a.Kind != names.Other && entity.Kind != names.Other && a.Kind != entity.Kind {
		f *= kindFactor
	}
	if weak {
		f *= weakFactor
	}
	if birthsContradict(a.births, entity.BirthDates) {
		f *= birthFactor
	}
	if countriesContradict(a.countries, entity.Countries) {
		f *= countryFactor
	}
	return f
}

func (x *Index) hit(a *asking, b scored) Hit {
	h := Hit{Entity: b.entity, Score: b.score, Alert: b.score >= DefaultThreshold, Identifier: b.number}
	h.MatchedName = h.Entity.Name
	if b.entry >= 0 {
		h.MatchedName = b.part.text(uint32(b.entry))
	}
	listed := names.Prepare(h.MatchedName, h.Entity.Kind)
	h.Match = names.Compare(a.as(listed.Kind).name, listed, x.weights)
	return h
}
