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
	slack         = 0.08 // what the estimate of a score may miss
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
	s := x.scratch.Get().(*scratch)
	defer x.scratch.Put(s)
	a := newQuestion(&q)
	x.collect(a, s)
	best := x.judge(a, s, limit)
	for _, number := range q.Identifiers {
		for _, id := range x.byNumber[numberKey(number)] {
			best = raise(best, scored{entity: id, entry: -1, score: numberScore, number: number})
		}
	}
	x.sort(best)
	hits := make([]Hit, 0, min(limit, len(best)))
	for _, b := range best[:min(limit, len(best))] {
		hits = append(hits, x.hit(a, b))
	}
	return hits
}

// question is a query made ready: its name, once for each kind of entry.
type question struct {
	*Query
	name      [names.Vessel + 1]names.Name
	ready     [names.Vessel + 1]bool
	countries []string
	births    []string
}

func newQuestion(q *Query) *question {
	a := &question{Query: q}
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

// as gives the name prepared for a comparison with an entry of kind k.
func (a *question) as(k names.Kind) names.Name {
	if !a.ready[k] {
		a.name[k], a.ready[k] = names.Prepare(a.Name, k), true
	}
	return a.name[k]
}

// scratch is the working memory of one search, used again by later ones.
type scratch struct {
	score   []float32 // by entry; 0 between searches
	touched []int32
	seen    []uint32 // by word: the turn in which find last tried it
	turn    uint32
	found   []found
	asked   []asked
	ranked  []ranked
}

// asked is one word of the question with the words of the index it may stand for.
type asked struct {
	weight   float32
	from, to int // in scratch.found
	cost     int // entries to touch
}

type ranked struct {
	entry    int32
	estimate float32
}

type scored struct {
	entity, entry int32
	score         float64
	number        string
}

// collect fills s.ranked with the entries that share enough with the question,
// best estimate first.
func (x *Index) collect(a *question, s *scratch) {
	s.touched, s.found, s.asked, s.ranked = s.touched[:0], s.found[:0], s.asked[:0], s.ranked[:0]
	total := x.ask(a.as(names.Person), nil, s)
	organization := a.as(names.Organization)
	total = min(total, x.ask(organization, a.as(names.Person).Tokens, s))
	x.touch(a, total, s)
	for _, id := range s.touched {
		met := min(s.score[id], min(total, x.entries[id].weight))
		s.score[id] = 0
		lost := 0.6*(total-met) + 0.35*(x.entries[id].weight-met)
		if estimate := met / (met + max(lost, 0)); estimate >= leastScore-slack {
			s.ranked = append(s.ranked, ranked{id, estimate})
		}
	}
	slices.SortFunc(s.ranked, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.estimate, a.estimate), cmp.Compare(a.entry, b.entry))
	})
}

// ask looks up the words of n that are not among known, and gives what all words
// of n weigh.
func (x *Index) ask(n names.Name, known []names.Token, s *scratch) (total float32) {
	for i := range n.Tokens {
		t := &n.Tokens[i]
		weight := float32(x.weights.Of(t))
		total += weight
		if slices.ContainsFunc(known, func(k names.Token) bool { return k.Text == t.Text }) {
			continue
		}
		from := len(s.found)
		x.words.find(t, s)
		cost := 0
		for _, f := range s.found[from:] {
			cost += len(x.words.names[f.word])
		}
		s.asked = append(s.asked, asked{weight, from, len(s.found), cost})
	}
	return total
}

// touch adds up what each entry shares with the question. The costliest words
// are passed over while together they weigh too little to reach leastScore
// without another word.
func (x *Index) touch(a *question, total float32, s *scratch) {
	slices.SortFunc(s.asked, func(a, b asked) int { return cmp.Compare(b.cost, a.cost) })
	passed := float32(0)
	for _, w := range s.asked {
		if w.cost > 1000 && passed+w.weight < 0.3*total {
			passed += w.weight
			continue
		}
		for _, f := range s.found[w.from:w.to] {
			value := f.similarity * min(w.weight, float32(x.weights.Of(&x.words.words[f.word])))
			for _, id := range x.words.names[f.word] {
				s.add(id, value)
			}
		}
	}
	for _, id := range s.touched {
		s.score[id] += passed
	}
	x.touchJoined(a.as(names.Organization).Tokens, s)
}

// touchJoined finds names whose words stand together where the question parts
// them, or the other way round.
func (x *Index) touchJoined(tokens []names.Token, s *scratch) {
	for i := range tokens {
		weight := float32(x.weights.Of(&tokens[i]))
		for _, id := range x.words.joined[tokens[i].Text] {
			s.add(id, max(weight, 1)*2)
		}
		if i == 0 {
			continue
		}
		if id, ok := x.words.byText[tokens[i-1].Text+tokens[i].Text]; ok {
			for _, entry := range x.words.names[id] {
				s.add(entry, 2)
			}
		}
	}
}

func (s *scratch) add(id int32, value float32) {
	if s.score[id] == 0 {
		s.touched = append(s.touched, id)
	}
	s.score[id] += value
}

// judge compares the candidates fully, best estimate first, and stops when no
// later one can come among the first limit.
func (x *Index) judge(a *question, s *scratch, limit int) []scored {
	best := make([]scored, 0, 2*limit)
	for _, r := range s.ranked {
		better := 0
		for _, b := range best {
			if b.score > float64(r.estimate)+slack {
				better++
			}
		}
		if better >= limit {
			break
		}
		e := &x.entries[r.entry]
		score := names.Score(a.as(e.name.Kind), e.name, x.weights) * x.factor(a, e)
		if score >= leastScore {
			best = raise(best, scored{entity: e.entity, entry: r.entry, score: score})
		}
	}
	return best
}

// raise keeps the better of two judgements on one entity.
func raise(best []scored, n scored) []scored {
	for i := range best {
		if best[i].entity == n.entity {
			if n.entry < 0 {
				n.entry = best[i].entry
			}
			if n.score > best[i].score {
				n.number = cmp.Or(n.number, best[i].number)
				best[i] = n
			}
			return best
		}
	}
	return append(best, n)
}

func (x *Index) sort(best []scored) {
	slices.SortFunc(best, func(a, b scored) int {
		ea, eb := x.entities[a.entity], x.entities[b.entity]
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(ea.SourceID, eb.SourceID), cmp.Compare(ea.List, eb.List), cmp.Compare(a.entity, b.entity))
	})
}

// factor is what the kind, dates and countries do to the score of an entry.
func (x *Index) factor(a *question, e *entry) float64 {
	entity := x.entities[e.entity]
	f := 1.0
	if a.Kind != names.Other && entity.Kind != names.Other && a.Kind != entity.Kind {
		f *= kindFactor
	}
	if e.weak {
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

func (x *Index) hit(a *question, b scored) Hit {
	h := Hit{Entity: x.entities[b.entity], Score: b.score, Alert: b.score >= DefaultThreshold, Identifier: b.number}
	h.MatchedName = h.Entity.Name
	listed := names.Name{}
	if b.entry >= 0 {
		e := &x.entries[b.entry]
		h.MatchedName, listed = x.text(e), e.name
	} else {
		listed = names.Prepare(h.Entity.Name, h.Entity.Kind)
	}
	h.Match = names.Compare(a.as(listed.Kind), listed, x.weights)
	return h
}
