package watchlist

import (
	"cmp"
	"slices"
	"strings"

	"duly/internal/names"
)

// DefaultThreshold is the score from which a hit is shown to an analyst.
const DefaultThreshold = 0.70

// The score that a name must have for its entity to be a hit: with evidence beside
// the name, which may lift it to an alert, and without.
const (
	leastScore = 0.5
	leastAlone = 0.55
)

// Query is what is asked. Only Name or an identifier is needed; what else is
// given can lower a score where it contradicts, and never lowers it where it agrees.
type Query struct {
	Name        string
	Kind        names.Kind // Other when not known
	Countries   []string   // codes or English names
	BirthDates  []string   // YYYY, YYYY-MM, YYYY-MM-DD or as OFAC writes them
	Identifiers []string   // a number, or its type and the number: "LEI: 5493..."
	Addresses   []string   // street, city and the rest of each
	Gender      string     // male, female, or empty when not known
}

// Hit is an entity that may be meant.
type Hit struct {
	Entity      *Entity
	Score       float64 // 0.3 to 1; it decides about Alert
	Alert       bool    // Score reaches DefaultThreshold
	Probability float64 // that the entity is meant, 0 to 1; it orders the work on hits
	Match       names.Match
	MatchedName string     // the name of the entity that fits best
	Evidence    []Evidence // what else was compared, in the order it was counted
	Identifier  string     // the listed identifier that agrees, if one does
}

// Answer is all that a search has to say.
type Answer struct {
	Hits  []Hit
	More  int    // alerts that came after the limit
	Flags []Flag // what of the query could not be used as it was given
}

// Search gives the hits of Ask.
func (x *Index) Search(q Query, limit int) []Hit { return x.Ask(q, limit).Hits }

// Ask gives at most limit entities that the query may mean, highest score first,
// and at equal scores in order of SourceID, then List. An entity comes once, with
// the name that fits best; a query for "X a.k.a. Y" asks for each. Where nothing but
// the name is asked, hits below DefaultThreshold that share with it only common words,
// or so little of its weight that it makes no alert, are left out. A query without name
// and identifier has no hits; that and whatever else was not used is flagged.
func (x *Index) Ask(q Query, limit int) Answer {
	a := newAsking(&q)
	out := Answer{Flags: a.flags()}
	limit = max(limit, 0)
	var best []scored
	for _, a := range a.alternatives() {
		for i := range x.parts {
			best = x.searchPart(&x.parts[i], a, limit, best)
		}
	}
	best = ranked(best)
	out.Hits = make([]Hit, 0, min(limit, len(best)))
	for _, b := range best[:min(limit, len(best))] {
		out.Hits = append(out.Hits, x.hit(b.asked, b))
	}
	for _, b := range best[len(out.Hits):] {
		if b.score >= DefaultThreshold {
			out.More++
		}
	}
	return out
}

// searchPart adds what one part of the index has to answer.
func (x *Index) searchPart(p *part, a *asking, limit int, best []scored) []scored {
	s := p.scratch.Get().(*scratch)
	defer p.scratch.Put(s)
	p.collect(&a.question, x.weights, s)
	before := len(best)
	if best = x.judge(p, a, s, limit, best); len(best) == before && p.mistyped(s) {
		p.backstop(&a.question, x.weights, s)
		best = x.judge(p, a, s, limit, best)
	}
	for _, n := range a.numbers {
		if n.key == "" {
			continue
		}
		for _, id := range p.numbers.get(hashOf(seedNumber, n.key)) {
			if x.left(p, p.entities[id]) && slices.ContainsFunc(p.entities[id].Identifiers, func(l Identifier) bool { return numberKey(l.Value) == n.key }) {
				best = append(best, x.byNumber(p, a, id))
			}
		}
	}
	return best
}

// byNumber judges an entity that an identifier has found, whatever its names.
func (x *Index) byNumber(p *part, a *asking, id uint32) scored {
	entity := p.entities[id]
	out := scored{asked: a, part: p, entity: entity, name: entity.Name}
	for i := -1; i < len(entity.Aliases); i++ {
		text, weak := entity.nameAt(i)
		score, _ := a.weigh(names.Score(a.as(entity.Kind).name, names.Prepare(text, entity.Kind), x.weights), entity, text, weak, nil)
		if score > out.score {
			out.score, out.name, out.weak = score, text, weak
		}
	}
	return out
}

// asking is a query made ready.
type asking struct {
	*Query
	question
	beside
}

func newAsking(q *Query) *asking {
	a := &asking{Query: q, question: question{text: q.Name, kinds: [2]names.Kind{names.Person, names.Organization}}, beside: newBeside(q)}
	a.least, a.passable = leastScore, [2]float32{passHits, passHitsOther}
	if a.alone = a.bare; a.bare {
		a.least, a.passable = leastAlone, [2]float32{passAlerts, passAlertsOther}
	}
	return a
}

// alternatives gives the asking for each name that the name of the query holds.
func (a *asking) alternatives() []*asking {
	out := []*asking{a}
	for _, name := range names.Alternatives(a.Name)[1:] {
		q := *a.Query
		q.Name = name
		out = append(out, newAsking(&q))
	}
	return out
}

// scored is an entity that may be meant, with the name that was compared.
type scored struct {
	asked  *asking
	part   *part
	entity *Entity
	name   string // as listed
	weak   bool
	ready  names.Name // name, where it is prepared already
	score  float64
}

// nameAt gives the main name for -1, else the alias.
func (e *Entity) nameAt(i int) (text string, weak bool) {
	if i == mainName {
		return e.Name, false
	}
	return e.Aliases[i].Name, e.Aliases[i].Weak
}

// weigh puts the evidence beside the name on top of the score of the name. The
// items go to w, if it is not nil.
func (a *asking) weigh(name float64, entity *Entity, text string, weak bool, w *weighing) (score, odds float64) {
	if a.bare && !weak && (a.Kind == names.Other || entity.Kind == a.Kind) {
		return name, 0
	}
	if w == nil {
		w = &weighing{}
	}
	if !weak {
		text = ""
	}
	a.gather(entity, text, w)
	return w.score(name)
}

// judge compares the candidates fully. It stops where no later one can come
// among the first limit.
func (x *Index) judge(p *part, a *asking, s *scratch, limit int, best []scored) []scored {
	strong := make(map[*Entity]bool)
	for _, c := range s.near {
		if a.bare && len(strong) >= limit && c.ceiling < DefaultThreshold {
			break // what follows is no alert, and comes after those that are
		}
		b, name := x.score(p, a, c.entry, s)
		if name < a.least || !x.left(p, b.entity) {
			continue
		}
		if b.score >= DefaultThreshold {
			strong[b.entity] = true
		}
		best = append(best, b)
	}
	return best
}

// score is the judgement on one entry, with the score of the name alone.
func (x *Index) score(p *part, a *asking, e uint32, s *scratch) (b scored, name float64) {
	listed := p.name(e, s)
	b = scored{asked: a, part: p, entity: p.entities[p.entries[e].party]}
	name = names.Score(a.as(listed.Kind).name, listed, x.weights)
	b.name, b.weak = b.entity.nameAt(int(p.entries[e].alias))
	b.score, _ = a.weigh(name, b.entity, b.name, b.weak, nil)
	return b, name
}

// ranked keeps the best judgement on each entity, best first.
func ranked(best []scored) []scored {
	slices.SortStableFunc(best, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.entity.SourceID, b.entity.SourceID), cmp.Compare(a.entity.List, b.entity.List))
	})
	seen := make(map[*Entity]bool, len(best))
	return slices.DeleteFunc(best, func(b scored) bool {
		again := seen[b.entity]
		seen[b.entity] = true
		return again
	})
}

// hit explains a judgement.
func (x *Index) hit(a *asking, b scored) Hit {
	h := Hit{Entity: b.entity, Score: b.score, Alert: b.score >= DefaultThreshold, MatchedName: b.name}
	listed := names.Prepare(b.name, b.entity.Kind)
	h.Match = names.Compare(a.as(listed.Kind).name, listed, x.weights)
	var w weighing
	_, odds := a.weigh(h.Match.Score, b.entity, b.name, b.weak, &w)
	for _, n := range w.items {
		h.Evidence = append(h.Evidence, n.Evidence)
		if n.Kind == "identifier" && n.floor > 0 {
			h.Identifier = n.Listed
		}
	}
	h.Probability = probability(h.Match.Score, odds)
	return h
}

// Sentence tells in plain English why the entity is a hit and what speaks against it.
func (h Hit) Sentence() string {
	text := h.Match.Sentence()
	for _, e := range h.Evidence {
		text += " " + strings.ToUpper(e.Sentence()[:1]) + e.Sentence()[1:] + "."
	}
	return text
}
