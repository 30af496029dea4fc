package watchlist

import (
	"cmp"
	"slices"

	"duly/internal/names"
)

// What leaves names out before they are compared.
const (
	slack     = 0.08 // what the quick estimate of a score may miss
	costly    = 1000 // entries from which the list of a common word may be passed over
	many      = 200  // entries from which one word that is alike may be passed over
	passAlone = 0.5  // of the weight of a question, a word that alone makes no alert
	mostWords = 32   // words of one name that are compared
	likely    = 50   // more than any name weighs: the ceiling of this name is worked out
	surely    = 1e3  // more than that: this name is compared
	heavy     = 2000 // entries of common words, alike to rarer ones, that are worth another look
)

// The shares: people who have only so much of a question, and nothing else, score
// .47/(.47+.38*.53) = .70 and .3/(.3+.38*.7) = .53, with a loss for doubt less; other
// names .58/(.58+.6*.42) = .70 and .37/(.37+.6*.63) = .49.
const (
	passAlerts      = 0.45
	passHits        = 0.3
	passAlertsOther = 0.58
	passHitsOther   = 0.37
)

// question is a name made ready to be asked for, once for each kind of entry.
type question struct {
	text  string
	kinds [2]names.Kind // the kinds whose words are looked up
	forms [names.Vessel + 1]form

	// The score that a name must have to be a hit, and the share of the weight of the
	// question that may be passed over, of people and of others: what is met by nothing
	// else is no alert with passAlerts, and no hit with passHits.
	least    float64
	passable [2]float32

	// Nothing but the name is asked, so that a score below the threshold is no alert.
	alone bool

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
	sounds  [mostWords]uint64
	short   uint32 // bits of the words that are short forms of first names
	total   float32
	at      []int8 // for each word asked for, where it is in the name, or -1
	twice   bool   // a word comes twice
	bag
	length int // of all words together, in bytes
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
func (a *question) kindFor(n *entry) names.Kind {
	if a.reversed {
		return a.kinds[0]
	}
	return n.kind()
}

// scratch is the working memory of one search in one segment, used again by
// later ones.
type scratch struct {
	score   []float32 // by entry; 0 between searches
	touched []uint32
	seen    []uint32 // by word: the turn in which find last tried it
	turn    uint32
	kin     kin
	hashes  []uint64 // of one word that is looked up, and
	spans   []span   // where each leads to, and
	maybe   []uint32 // the words that are there
	found   []found
	asked   []asked
	order   []int // of asked, the costliest first
	near    []candidate
	held    []held
	ids     []uint32 // of the words of those held
	alikes  []alike  // what they are alike to
	tokens  []names.Token
	count   []uint16 // by word; 0 between searches
	told    []bool   // by letter of the question: its word was looked up
	shared  kin      // letters that words have in the question
	meeting meeting
}

// asked is one word of the question with the words of the segment it may stand for.
type asked struct {
	*names.Token
	shape, sound uint64
	weight       float32
	forms        int  // how many kinds read it as a word
	common       bool // it tells no names apart
	later        bool // it is not looked up, but compared with the words of candidates
	from, to     int  // in scratch.found
	cost         int  // entries to touch
}

// candidate is an entry with the most that its score can be.
type candidate struct {
	entry   uint32
	ceiling float32
}

func (g *segment) newScratch() *scratch {
	return &scratch{score: make([]float32, len(g.entries)), seen: make([]uint32, len(g.words.facts)), count: make([]uint16, len(g.words.facts))}
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
	s.kin.reset()
	total := float32(0)
	for i, k := range a.kinds {
		if t := s.ask(a.as(k), weights); i == 0 || t < total {
			total = t
		}
	}
	for k := range a.forms {
		a.forms[k].at = nil // the words asked for are those of this segment
	}
	passed := g.look(s.leave(a, total), s)
	g.touch(a, total, passed, s)
	g.touchJoined(a, s)
	plain := a.plain()
	for block := range slices.Chunk(s.touched, blockSize) {
		s.held = s.held[:0]
		for _, e := range block {
			met := s.score[e]
			s.score[e] = 0
			n := &g.entries[e]
			f := a.form(a.kindFor(n), weights, s)
			together := sameLetters(f.bag, n.bag, max(f.length, int(n.length)))
			if met >= surely || together || g.plausible(a, n, met, total, plain) {
				s.held = append(s.held, held{f, e, together, met >= surely})
			}
		}
		g.weighUp(a, s)
	}
	s.sortNear()
}

// held is an entry whose ceiling is to be worked out.
type held struct {
	*form
	entry    uint32
	together bool // all its words and those of the question may be the same letters
	surely   bool // it is compared, whatever its ceiling
}

// blockSize is how many entries are gone through step by step, not one by one: what
// a step reads stands in many places of memory, and the processor waits for them
// together.
const blockSize = 64

// weighUp adds to s.near those of s.held that can be hits.
func (g *segment) weighUp(a *question, s *scratch) {
	s.ids, s.alikes = s.ids[:0], s.alikes[:0]
	for i := range s.held {
		s.ids = append(s.ids, g.tokens(s.held[i].entry)...)
	}
	for _, id := range s.ids {
		s.alikes = append(s.alikes, g.likeness(id, s))
	}
	from := 0
	for i := range s.held {
		h := &s.held[i]
		to := from + int(g.entries[h.entry].words)
		ceiling := 1.0
		if !h.surely {
			ceiling = g.ceiling(a, h, s.ids[from:to], s.alikes[from:to], &s.meeting)
		}
		if from = to; ceiling >= a.least {
			s.near = append(s.near, candidate{h.entry, float32(ceiling)})
		}
	}
}

// sortNear puts the highest ceiling first.
func (s *scratch) sortNear() {
	slices.SortFunc(s.near, func(a, b candidate) int {
		if a.ceiling != b.ceiling {
			return cmp.Compare(b.ceiling, a.ceiling)
		}
		return cmp.Compare(a.entry, b.entry)
	})
}

// plausible says by weights alone whether an entry may be a hit. plain
// says that the question has one or two words and none may be initials: where
// that is so of the entry too, what did not meet one for one cannot meet at all.
func (g *segment) plausible(a *question, n *entry, met, total float32, plain bool) bool {
	met = min(met, total, n.weight)
	onlyA, onlyB := total-met, n.weight-met
	if a.reversed {
		onlyA, onlyB = onlyB, onlyA
	}
	lost := 0.6*onlyA + 0.35*onlyB
	if plain && n.marks&markShort == 0 && n.words <= 2 {
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

// ask adds the words of a form that were not asked for yet, and gives what all
// its words weigh.
func (s *scratch) ask(f *form, weights names.Weights) (total float32) {
	weights.Note(f.name)
	for i := range f.name.Tokens {
		t := &f.name.Tokens[i]
		weight := float32(weights.Of(t))
		total += weight
		common := t.Class != names.Core && t.Class != names.Numeral || len(t.Text) <= 2
		if k := slices.IndexFunc(s.asked, func(k asked) bool { return k.Text == t.Text }); k >= 0 {
			s.asked[k].common = s.asked[k].common || common
			s.asked[k].forms++
		} else {
			s.asked = append(s.asked, asked{Token: t, shape: shapeOf(t.Text), sound: shapeOf(t.Sound), weight: weight, common: common, forms: 1})
		}
	}
	return total
}

// leave marks the words that need not be looked up, since what meets nothing else
// is no alert: the common ones, then those of least weight. It gives the weight of
// those that every kind reads.
func (s *scratch) leave(a *question, total float32) (passed float32) {
	telling, common := 0, float32(0)
	for i := range s.asked {
		w := &s.asked[i]
		switch {
		case w.forms < 2: // a legal form or a title to one of them
			w.common = true
		case w.common:
			common += w.weight
		case w.Script == names.Latin: // words of other scripts are always looked up
			telling++
		}
	}
	if telling == 0 {
		return 0
	}
	if a.alone || common < a.passable[0]*total {
		for i := range s.asked {
			s.asked[i].later = s.asked[i].common
		}
		passed = common
	}
	for ; telling > 1; telling-- {
		least := -1
		for i := range s.asked {
			if w := &s.asked[i]; !w.later && !w.common && w.Script == names.Latin && (least < 0 || w.weight < s.asked[least].weight) {
				least = i
			}
		}
		weight := s.asked[least].weight
		if passed+weight >= a.passable[0]*total && (!a.alone || passed > 0 || weight > passAlone*total) {
			break
		}
		s.asked[least].later = true
		passed += weight
	}
	return passed
}

// look looks up the words that are not left for later. It gives the weight that is
// passed over then.
func (g *segment) look(passed float32, s *scratch) float32 {
	common := 0
	for i := range s.asked {
		common += g.lookUp(i, s)
	}
	if common < heavy {
		return passed
	}
	for i := range s.asked { // the weight that may be passed over is better spent on these
		if w := &s.asked[i]; w.later && !w.common {
			w.later = false
			passed -= w.weight
			g.lookUp(i, s)
		}
	}
	return passed
}

// lookUp looks up one word, and gives how many entries there are of common words
// that are alike to it.
func (g *segment) lookUp(i int, s *scratch) (common int) {
	w := &s.asked[i]
	if w.from = len(s.found); w.later {
		s.nextTurn()
		g.words.findAcross(w.Token, s) // that finds by fewer keys, so each word counts
	} else {
		g.words.find(w.Token, s)
	}
	w.to, w.cost = len(s.found), 0
	for _, f := range s.found[w.from:] {
		cost := len(g.postsOf(f.word))
		if w.cost += cost; cost > many && f.similarity < 1 {
			common += cost
		}
		if old, _ := s.kin.get(f.word); old.similarity < f.similarity {
			s.kin.put(f.word, alike{word: uint16(i), similarity: f.similarity})
		}
	}
	return common
}

// likeness gives what of the question a word is most alike to, if anything.
func (g *segment) likeness(id uint32, s *scratch) alike {
	best, tried := s.kin.get(id)
	if best.done {
		return best
	}
	f := &g.words.facts[id]
	for i := range s.asked {
		w := &s.asked[i]
		if !w.later || w.Script == f.script && !f.near(w.shape, w.sound) {
			continue
		}
		tried = true
		if similarity := g.words.similarity(w.Token, id); best.similarity < similarity {
			best.word, best.similarity = uint16(i), similarity
		}
	}
	if best.done = true; tried {
		s.kin.put(id, best)
	}
	return best
}

// similarity gives how alike a word is to t.
func (v *vocabulary) similarity(t *names.Token, id uint32) float32 {
	word := v.token(id)
	if word.Text == t.Text && word.Native == t.Native {
		return 1
	}
	return float32(names.Similarity(t, &word))
}

// form gives the name as entries of kind k read it, with where each word that was
// asked for stands in it.
func (a *question) form(k names.Kind, weights names.Weights, s *scratch) *form {
	f := a.as(k)
	if f.at != nil {
		return f
	}
	f.at, f.total, f.twice, f.bag, f.length, f.short = make([]int8, len(s.asked)), 0, false, 0, 0, 0
	for i := range f.at {
		f.at[i] = -1
	}
	weights.Note(f.name)
	for i := range f.name.Tokens {
		t := &f.name.Tokens[i]
		f.weights[i] = float32(weights.Of(t))
		f.total += f.weights[i]
		f.shapes[i], f.sounds[i] = shapeOf(t.Text), shapeOf(t.Sound)
		f.bag = f.bag.with(t.Text)
		f.length += len(t.Text)
		if names.ShortName(t.Text) {
			f.short |= 1 << i
		}
		for k := range s.asked {
			if s.asked[k].Text == t.Text {
				f.twice = f.twice || f.at[k] >= 0
				f.at[k] = int8(i)
			}
		}
	}
	return f
}
