package watchlist

import (
	"math/bits"
	"slices"

	"duly/internal/names"
)

// ceiling gives the most that the score of an entry can be, by the numbers of its
// words and by what they are alike to. Words that may meet by other ways than one
// for one count as met.
func (g *segment) ceiling(a *question, h *held, ids []uint32, alikes []alike, m *meeting) float64 {
	f := h.form
	m.used, m.exact, m.many, m.free, m.core = 0, 0, 0, 0, false
	for i, id := range ids {
		if at, similarity := g.likeIn(f, id, alikes[i]); similarity > 0 {
			m.meet(g, f, id, at, similarity)
		} else {
			m.leave(id)
		}
	}
	all := uint32(1)<<len(f.name.Tokens) - 1
	if h.together && m.sameRest(g, f, all, g.entries[h.entry].bag) {
		return 1
	}
	free := all &^ m.used
	var may ways
	if free != 0 && m.free > 0 {
		may = g.mayMeet(f, free, m)
		if m.many != 0 {
			may.a, may.b, may.several = free, may.b|m.many, true
		}
	}
	onlyA, onlyB, maybeA, maybeB := float32(0), float32(0), float32(0), float32(0)
	coreA, coreB := false, false
	for rest := free; rest != 0; rest &= rest - 1 {
		at := bits.TrailingZeros32(rest)
		if may.a>>at&1 != 0 {
			maybeA += f.weights[at]
			continue
		}
		onlyA += f.weights[at]
		coreA = coreA || f.name.Tokens[at].Class == names.Core
	}
	for i, id := range m.left[:m.free] {
		if may.b>>i&1 != 0 {
			maybeB += g.words.facts[id].weight()
			continue
		}
		onlyB += g.words.facts[id].weight()
		coreB = coreB || g.words.facts[id].class == names.Core
	}
	thin := 1.0
	if a.reversed {
		onlyA, onlyB, coreA, coreB = onlyB, onlyA, coreB, coreA
	}
	if may.a == 0 {
		thin = names.Thinness(f.name.Kind, bits.OnesCount32(m.used), m.core, coreA, coreB)
	}
	maybe := min(maybeA, maybeB)
	if may.several {
		maybe = maybeA + maybeB
	}
	return thin * names.Ceiling(f.name.Kind, float64(m.met()+mostOther*maybe), float64(m.lost()+(1-mostOther)*maybe), float64(onlyA), float64(onlyB))
}

// likeIn gives which word of a form a word of an entry is most alike to.
func (g *segment) likeIn(f *form, id uint32, k alike) (at int, similarity float32) {
	if k.similarity == 0 {
		return 0, 0
	}
	if at := f.at[k.word]; at >= 0 {
		return int(at), k.similarity
	}
	for i := range f.name.Tokens { // it is most alike to a word that another kind reads here
		word := &g.words.facts[id]
		if f.name.Tokens[i].Script == word.script && !word.near(f.shapes[i], f.sounds[i]) {
			continue
		}
		if alike := g.words.similarity(&f.name.Tokens[i], id); alike > similarity {
			at, similarity = i, alike
		}
	}
	return at, similarity
}

// mostOther is how alike words are, at most, that meet by other ways.
const mostOther = 0.97

// meeting is what is known of two names while their words meet one for one. It is
// used again for the next two: arrays hold what the bits and counts say.
type meeting struct {
	used, exact uint32 // words of the question that met any, and that met an equal one
	core        bool   // one of them tells names apart
	many        uint32 // bits of left: words alike to one of the question that met another
	left        [mostWords]uint32
	free        int // words of the entry that met none, in left
	by          [mostWords]uint32
	best, both  [mostWords]float32 // by word of the question: how alike what met it is, and what they weigh

	a, b [mostWords]uint64 // shapes of the words that met none
	at   [mostWords]int    // where those of the question are
}

// leave counts a word of the entry that met none.
func (m *meeting) leave(id uint32) {
	m.left[m.free] = id
	m.free++
}

// meet counts a word of the entry that is alike to one of the question.
func (m *meeting) meet(g *segment, f *form, id uint32, at int, similarity float32) {
	if f.twice && m.used>>at&1 != 0 {
		for i := range f.name.Tokens {
			if m.used>>i&1 == 0 && f.name.Tokens[i].Text == f.name.Tokens[at].Text {
				at = i
			}
		}
	}
	if m.used>>at&1 != 0 {
		m.many |= 1 << m.free
		if similarity <= m.best[at] {
			m.leave(id)
			return
		}
		m.leave(m.by[at])
	}
	m.used |= 1 << at
	m.by[at], m.best[at], m.both[at] = id, similarity, f.weights[at]
	if similarity < 1 {
		m.both[at] = min(f.weights[at], g.words.facts[id].weight())
	} else {
		m.exact |= 1 << at
	}
	m.core = m.core || f.name.Tokens[at].Class == names.Core || g.words.facts[id].class == names.Core
}

func (m *meeting) met() (met float32) {
	for rest := m.used; rest != 0; rest &= rest - 1 {
		at := bits.TrailingZeros32(rest)
		met += m.both[at] * m.best[at]
	}
	return met
}

func (m *meeting) lost() (lost float32) {
	for rest := m.used; rest != 0; rest &= rest - 1 {
		at := bits.TrailingZeros32(rest)
		lost += m.both[at] * (1 - m.best[at])
	}
	return lost
}

// sameRest says whether the words that met no equal one may be the same letters. The
// others have the same on both sides.
func (m *meeting) sameRest(g *segment, f *form, all uint32, listed bag) bool {
	a, b, n, others := 0, 0, 0, m.free
	for free := all &^ m.exact; free != 0; free &= free - 1 {
		at := bits.TrailingZeros32(free)
		a += len(f.name.Tokens[at].Text)
		n++
		if m.used>>at&1 != 0 {
			b += g.words.lengthOf(m.by[at])
			others++
		}
	}
	for _, id := range m.left[:m.free] {
		b += g.words.lengthOf(id)
	}
	return n > 0 && others > 0 && n+others > 2 && sameLetters(f.bag, listed, max(a, b))
}

// ways says which words that met none one for one may do so in other ways, with a
// bit for each. several says that one word may meet several.
type ways struct {
	a, b    uint32
	several bool
}

// mayMeet finds words that may meet as initials, abbreviations, or written together.
func (g *segment) mayMeet(f *form, free uint32, m *meeting) (w ways) {
	left, a, b, at := m.left[:m.free], &m.a, &m.b, &m.at
	firstsA, firstsB, n := uint32(0), uint32(0), 0
	for rest := free; rest != 0; rest &= rest - 1 {
		at[n] = bits.TrailingZeros32(rest)
		a[n] = f.shapes[at[n]]
		firstsA |= 1 << (f.name.Tokens[at[n]].Text[0] & 31)
		n++
	}
	for i, id := range left {
		b[i] = g.words.facts[id].shape
		firstsB |= 1 << (g.words.facts[id].first & 31)
	}
	people := f.name.Kind == names.Person
	everyB := uint32(1)<<len(left) - 1
	for _, i := range at[:n] {
		t := &f.name.Tokens[i]
		if t.MayStandFor(f.name.Kind, len(left), firstsB) {
			w.a, w.b, w.several = w.a|1<<i, everyB, true
		}
		far := g.soundsFar(f.sounds[i], left)
		for j, id := range left {
			word := &g.words.facts[id]
			may := word.first == t.Text[0]
			if people {
				may = word.marks&factShort != 0 || f.short>>i&1 != 0
			}
			if !far && may {
				other := g.words.token(id)
				may = names.MayMeet(t, &other, f.weights[i], word.weight(), f.name.Kind)
			}
			if far || may {
				w.a, w.b = w.a|1<<i, w.b|1<<j
			}
		}
	}
	for j, id := range left {
		if int(b[j]>>lengthAt) > n {
			continue
		}
		if word := g.words.token(id); word.MayStandFor(f.name.Kind, n, firstsA) {
			w.a, w.b, w.several = free, w.b|1<<j, true
		}
	}
	if n+len(left) < 3 {
		return w
	}
	many, one := joins(a[:n], b[:len(left)])
	w.b |= one
	for i := range n {
		w.a |= many >> i & 1 << at[i]
	}
	w.several = w.several || many != 0
	many, one = joins(b[:len(left)], a[:n])
	w.b |= many
	for i := range n {
		w.a |= one >> i & 1 << at[i]
	}
	w.several = w.several || many != 0
	return w
}

// soundsFar says whether a long word may be alike to one of those left by a sound
// that is further away than rests reach.
func (g *segment) soundsFar(shape uint64, left []uint32) bool {
	if names.SoundReach(int(shape>>lengthAt)) < 2 {
		return false
	}
	return slices.ContainsFunc(left, func(id uint32) bool {
		far := names.SoundReach(lengthOf(shape, g.words.facts[id].sound))
		return far > 2 && closeShapes(shape, g.words.facts[id].sound, far)
	})
}

// joins gives bits of neighbours of many that may be one of the others as one word,
// and of those.
func joins(many, others []uint64) (of, one uint32) {
	for i := range many {
		run := many[i]
		for k := i + 1; k < min(i+4, len(many)); k++ {
			run = joint(run, many[k])
			slip := 0
			if run>>lengthAt >= 8 {
				slip = 1
			}
			for j, other := range others {
				if closeShapes(run, other, slip) {
					of |= 1<<(k+1) - 1<<i
					one |= 1 << j
				}
			}
		}
	}
	return of, one
}
