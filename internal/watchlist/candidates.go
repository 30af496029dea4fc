package watchlist

import (
	"cmp"
	"math/bits"
	"slices"

	"duly/internal/names"
)

// What leaves names out before they are compared.
const (
	slack     = 0.08 // what the quick estimate of a score may miss
	costly    = 1000 // entries from which the list of a common word may be passed over
	mostWords = 32   // words of one name that are compared
	surely    = 1e3  // more than any name weighs: this name is compared
)

// The shares: names that have only so much of a question, and nothing else, score
// .47/(.47+.38*.53) = .70 and .3/(.3+.38*.7) = .53, with a loss for doubt less.
const (
	passAlerts = 0.45
	passHits   = 0.3
)

// question is a name made ready to be asked for, once for each kind of entry.
type question struct {
	text  string
	kinds [2]names.Kind // the kinds whose words are looked up
	forms [names.Vessel + 1]form

	// The score that a name must have to be a hit, and the share of the weight of the
	// question that may be passed over: what is met by nothing else is no alert with
	// passAlerts, and no hit with passHits.
	least    float64
	passable float32

	// The name is one of a list, and customers are asked. Their names are prepared
	// as a person's and as an organisation's, whatever the kind of the list entry.
	reversed bool
}

// form is the name as one kind of entry reads it.
type form struct {
	ready   bool
	name    names.Name
	weights [mostWords]float32
	shapes  [mostWords]uint64
	total   float32
	at      []int8 // for each word asked for, where it is in the name, or -1
	twice   bool   // a word comes twice
	whole   uint64 // shape of all words written as one
}

// as gives the name prepared for a comparison with an entry of kind k.
func (a *question) as(k names.Kind) *form {
	f := &a.forms[k]
	if !f.ready {
		f.name, f.ready = names.Prepare(a.text, k), true
	}
	return f
}

// kindFor gives the kind that the name is prepared as for an entry.
func (a *question) kindFor(marks uint16) names.Kind {
	if a.reversed {
		return a.kinds[0]
	}
	return names.Kind(marks & markKind)
}

// scratch is the working memory of one search in one segment, used again by
// later ones.
type scratch struct {
	score   []float32 // by entry; 0 between searches
	touched []uint32
	seen    []uint32 // by word: the turn in which find last tried it
	turn    uint32
	alike   []alike // by word: what of the question it is alike to
	asking  uint32  // the number of this search
	found   []found
	asked   []asked
	near    []candidate
	tokens  []names.Token
	count   []uint16 // by word; 0 between searches
}

// alike says which word of the question a word of the vocabulary is most alike to.
type alike struct {
	asking     uint32
	word       uint16
	similarity float32
}

// asked is one word of the question with the words of the segment it may stand for.
type asked struct {
	text     string
	script   names.Script
	weight   float32
	from, to int // in scratch.found
	cost     int // entries to touch
}

// candidate is an entry with the most that its score can be.
type candidate struct {
	entry   uint32
	ceiling float32
}

func (g *segment) newScratch() *scratch {
	return &scratch{score: make([]float32, len(g.party)), seen: make([]uint32, len(g.words.words)), alike: make([]alike, len(g.words.words)), count: make([]uint16, len(g.words.words))}
}

// nextTurn forgets which words were tried.
func (s *scratch) nextTurn() {
	if s.turn++; s.turn == 0 {
		clear(s.seen)
		s.turn = 1
	}
}

// collect fills s.near with every entry that can be a hit, highest
// ceiling first.
func (g *segment) collect(a *question, weights names.Weights, s *scratch) {
	s.touched, s.found, s.asked, s.near = s.touched[:0], s.found[:0], s.asked[:0], s.near[:0]
	if s.asking++; s.asking == 0 {
		clear(s.alike)
		s.asking = 1
	}
	total := float32(0)
	for i, k := range a.kinds {
		if t := g.ask(a.as(k), weights, s); i == 0 || t < total {
			total = t
		}
	}
	for k := range a.forms {
		a.forms[k].at = nil // the words asked for are those of this segment
	}
	g.touch(total, a.passable, s)
	g.touchJoined(a, s)
	plain := a.plain()
	for _, e := range s.touched {
		met := s.score[e]
		s.score[e] = 0
		f := a.form(a.kindFor(g.marks[e]), weights, s)
		together := sameLetters(f.whole, g.whole[e])
		if met < surely && !together && !g.plausible(a, e, met, total, plain) {
			continue
		}
		ceiling := 1.0
		if met < surely {
			ceiling = g.ceiling(a, f, e, together, s)
		}
		if ceiling >= a.least {
			s.near = append(s.near, candidate{e, float32(ceiling)})
		}
	}
	slices.SortFunc(s.near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.ceiling, a.ceiling), cmp.Compare(a.entry, b.entry))
	})
}

// plausible says by weights alone whether an entry may be a hit. plain
// says that the question has one or two words and none may be initials: where
// that is so of the entry too, what did not meet one for one cannot meet at all.
func (g *segment) plausible(a *question, e uint32, met, total float32, plain bool) bool {
	met = min(met, total, g.weight[e])
	onlyA, onlyB := total-met, g.weight[e]-met
	if a.reversed {
		onlyA, onlyB = onlyB, onlyA
	}
	lost := 0.6*onlyA + 0.35*onlyB
	if plain && g.marks[e]&markShort == 0 && g.marks[e]>>markWords <= 2 {
		lost += 1.4*min(onlyA, onlyB) - 0.1*onlyA
	}
	return met >= (float32(a.least)-slack)*(met+lost)
}

// plain says whether no form of the question may meet a name of two words in
// other ways than word for word.
func (a *question) plain() bool {
	for _, k := range a.kinds {
		if t := a.as(k).name.Tokens; len(t) > 2 || anyShort(t) {
			return false
		}
	}
	return true
}

// ask looks up the words of a form that were not asked for yet, and gives what
// all its words weigh.
func (g *segment) ask(f *form, weights names.Weights, s *scratch) (total float32) {
	for i := range f.name.Tokens {
		t := &f.name.Tokens[i]
		weight := float32(weights.Of(t))
		total += weight
		if slices.ContainsFunc(s.asked, func(k asked) bool { return k.text == t.Text }) {
			continue
		}
		from := len(s.found)
		g.words.find(t, s)
		cost := 0
		for _, f := range s.found[from:] {
			cost += int(g.postFirst[f.word+1] - g.postFirst[f.word])
			if old := &s.alike[f.word]; old.asking != s.asking || old.similarity < f.similarity {
				*old = alike{s.asking, uint16(len(s.asked)), f.similarity}
			}
		}
		s.asked = append(s.asked, asked{t.Text, t.Script, weight, from, len(s.found), cost})
	}
	return total
}

// touch adds up what each entry shares with the question. The costliest words
// are passed over while together they are a passable share.
func (g *segment) touch(total, passable float32, s *scratch) {
	order := make([]int, len(s.asked))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(s.asked[b].cost, s.asked[a].cost) })
	passed := float32(0)
	for _, i := range order {
		w := s.asked[i]
		if w.cost > costly && passed+w.weight < passable*total {
			passed += w.weight
			continue
		}
		for _, f := range s.found[w.from:w.to] {
			value := f.similarity * min(w.weight, g.words.weight[f.word])
			if of := g.words.words[f.word].Script; of != w.script && (of.Unparted() || w.script.Unparted()) {
				value = surely // one word of ours may be several characters of theirs, or the other way round
			}
			for _, e := range g.posts[g.postFirst[f.word]:g.postFirst[f.word+1]] {
				s.add(e, value)
			}
		}
	}
	for _, e := range s.touched {
		s.score[e] += passed
	}
}

// touchJoined finds names whose words stand together where the question parts
// them, or the other way round, and names that the question abbreviates.
func (g *segment) touchJoined(a *question, s *scratch) {
	var texts [mostWords]string
	tokens := a.as(a.kinds[1]).name.Tokens
	for i := range tokens {
		texts[i] = tokens[i].Text
	}
	for hash := range runs(texts[:len(tokens)], 1) {
		for _, e := range g.joined.get(hash) {
			if g.hasRun(e, hash) {
				s.add(e, surely)
			}
		}
	}
	for i := range tokens {
		for n := 2; n <= longestRun && i+n <= len(tokens); n++ {
			run := ""
			for _, t := range texts[i : i+n] {
				run += t
			}
			for _, id := range g.words.keys.get(hashOf(seedText, run)) {
				if g.words.words[id].Text != run {
					continue
				}
				for _, e := range g.posts[g.postFirst[id]:g.postFirst[id+1]] {
					s.add(e, surely)
				}
			}
		}
	}
}

func (s *scratch) add(e uint32, value float32) {
	if s.score[e] == 0 {
		s.touched = append(s.touched, e)
	}
	s.score[e] += value
}

// form gives the name as entries of kind k read it, with where each word that was
// asked for stands in it.
func (a *question) form(k names.Kind, weights names.Weights, s *scratch) *form {
	f := a.as(k)
	if f.at != nil {
		return f
	}
	f.at, f.total, f.twice, f.whole = make([]int8, len(s.asked)), 0, false, 0
	for i := range f.at {
		f.at[i] = -1
	}
	for i := range f.name.Tokens {
		t := &f.name.Tokens[i]
		f.weights[i] = float32(weights.Of(t))
		f.total += f.weights[i]
		f.shapes[i] = shapeOf(t.Text)
		f.whole = joint(f.whole, f.shapes[i])
		for k := range s.asked {
			if s.asked[k].text == t.Text {
				f.twice = f.twice || f.at[k] >= 0
				f.at[k] = int8(i)
			}
		}
	}
	return f
}

// ceiling gives the most that the score of an entry can be, by the numbers of its
// words alone. Where words that met none may still meet by other ways than one
// for one, it gives 1. together says that all words of both may be the same letters.
func (g *segment) ceiling(a *question, f *form, e uint32, together bool, s *scratch) float64 {
	var m meeting
	for _, id := range g.tokens(e) {
		k := s.alike[id]
		switch {
		case k.asking != s.asking:
			m.leave(g, id)
		case f.at[k.word] < 0:
			return 1 // it is most alike to a word that another kind reads here
		default:
			m.meet(g, f, id, k)
		}
	}
	all := uint32(1)<<len(f.name.Tokens) - 1
	if together && m.sameRest(f, all) {
		return 1
	}
	if m.used != all && (m.many || f.twice || m.free > 0 && g.mayMeet(f, all&^m.used, m.left[:m.free])) {
		return 1
	}
	onlyA, onlyB := float32(0), m.onlyB
	for rest := all &^ m.used; rest != 0; rest &= rest - 1 {
		onlyA += f.weights[bits.TrailingZeros32(rest)]
	}
	if a.reversed {
		onlyA, onlyB = onlyB, onlyA
	}
	return names.Ceiling(float64(m.met), float64(m.lost), float64(onlyA), float64(onlyB))
}

// meeting is what is known of two names while their words meet one for one.
type meeting struct {
	used, exact      uint32 // words of the question that met any, and that met an equal one
	many             bool   // one of them met several
	left             [mostWords]uint32
	free             int    // words of the entry that met none, in left
	rest             uint64 // shape of the words of the entry that met no equal one
	others           int    // how many those are
	best             [mostWords]float32
	met, lost, onlyB float32
}

// leave counts a word of the entry that met none.
func (m *meeting) leave(g *segment, id uint32) {
	m.left[m.free] = id
	m.free++
	m.onlyB += g.words.weight[id]
	m.rest = joint(m.rest, g.words.shape[id])
	m.others++
}

// meet counts a word of the entry that is alike to one of the question.
func (m *meeting) meet(g *segment, f *form, id uint32, k alike) {
	at := f.at[k.word]
	m.many = m.many || m.used&(1<<at) != 0
	m.used |= 1 << at
	if k.similarity <= m.best[at] {
		m.leave(g, id)
		return
	}
	both := f.weights[at]
	if k.similarity < 1 {
		both = min(both, g.words.weight[id])
		m.rest = joint(m.rest, g.words.shape[id])
		m.others++
	} else {
		m.exact |= 1 << at
	}
	m.best[at] = k.similarity
	m.met += both * k.similarity
	m.lost += both * (1 - k.similarity)
}

// sameRest says whether the words that met no equal one may be the same letters.
func (m *meeting) sameRest(f *form, all uint32) bool {
	rest, n := uint64(0), 0
	for free := all &^ m.exact; free != 0; free &= free - 1 {
		rest = joint(rest, f.shapes[bits.TrailingZeros32(free)])
		n++
	}
	return n > 0 && m.others > 0 && n+m.others > 2 && sameLetters(rest, m.rest)
}

// mayMeet says whether words that met none one for one may do so in other ways:
// as initials, abbreviations, or written together.
func (g *segment) mayMeet(f *form, free uint32, left []uint32) bool {
	var a, b [mostWords]uint64
	people := f.name.Kind == names.Person
	for i, id := range left {
		b[i] = g.words.shape[id]
	}
	n := 0
	for rest := free; rest != 0; rest &= rest - 1 {
		at := bits.TrailingZeros32(rest)
		t := &f.name.Tokens[at]
		a[n] = f.shapes[at]
		n++
		if g.soundsFar(t, left) {
			return true
		}
		for _, id := range left {
			if names.MayMeet(t, &g.words.words[id], people) {
				return true
			}
		}
	}
	if n+len(left) < 3 {
		return false
	}
	return joinsOne(a[:n], b[:len(left)]) || joinsOne(b[:len(left)], a[:n])
}

// soundsFar says whether a long word may be alike to one of those left by a sound
// that is further away than rests reach.
func (g *segment) soundsFar(t *names.Token, left []uint32) bool {
	reach := names.SoundReach(len(t.Sound))
	if reach < 2 {
		return false
	}
	shape := shapeOf(t.Sound)
	return slices.ContainsFunc(left, func(id uint32) bool {
		far := names.SoundReach(lengthOf(shape, g.words.sound[id]))
		return far > 2 && closeShapes(shape, g.words.sound[id], far)
	})
}

// sameLetters says whether two names may be the same letters with spaces in other
// places and a slip for every seven.
func sameLetters(a, b uint64) bool {
	return a != anyShape && b != anyShape && closeShapes(a, b, max(1, lengthOf(a, b)/7))
}

// joinsOne says whether neighbours of many may be one of the others as one word.
func joinsOne(many, others []uint64) bool {
	for i := range many {
		run := many[i]
		for k := i + 1; k < min(i+4, len(many)); k++ {
			run = joint(run, many[k])
			for _, one := range others {
				if closeShapes(run, one, 1) {
					return true
				}
			}
		}
	}
	return false
}
