package watchlist

import (
	"iter"
	"slices"

	"duly/internal/names"
)

// segment holds the names of some parties, made ready for asking, in flat arrays.
// It never changes. The names are those of list entries, or of customers when an
// entry of a list asks for them.
type segment struct {
	parties int

	// By entry, which is one name of one party:
	party  []uint32
	alias  []uint32 // position among the other names of the party, or mainName
	marks  []uint16 // kind, number of words that are compared, and the marks below
	first  []uint32
	weight []float32 // what its words weigh together
	whole  []uint64  // shape of all its words written as one

	// The words of each entry, those of entry e in ids[first[e]:first[e+1]]: the
	// ones that are compared, then those set aside with the bit asideBit.
	ids    []uint32
	words  *vocabulary
	asides []names.Token

	postFirst []uint32 // by word, where in posts its entries begin
	posts     []uint32
	joined    multimap // neighbours written as one, first letters, initials, to entries
	numbers   multimap // identifiers, by their letters and digits, to parties
}

const (
	markKind  = 3
	markWeak  = 4       // the list itself calls the name weak
	markShort = 8       // a word may stand for others as initials
	markWords = 4       // from this bit on the number of words
	asideBit  = 1 << 31 // of a number in segment.ids
	mainName  = -1      // in place of the position of an alias
)

// party is what a segment files: all its names, of one kind or of several that
// are tried, and its identifiers.
type party struct {
	names   []partyName
	numbers []string // keys
}

type partyName struct {
	text  string
	kind  names.Kind
	alias int32
	weak  bool
}

// builder collects names for a segment.
type builder struct {
	segment
	table, aside wordTable
	numberOf     []filedNumber
}

type filedNumber struct {
	hash  uint64
	party uint32
}

func newBuilder() *builder {
	b := &builder{}
	b.table.first, b.aside.first = make(map[string]uint32), make(map[string]uint32)
	b.first = []uint32{0}
	return b
}

// add files one party. Names without a letter or digit are left out.
func (b *builder) add(p party) {
	id := uint32(b.parties)
	b.parties++
	for _, n := range p.names {
		name := names.Prepare(n.text, n.kind)
		if name.Empty() {
			continue
		}
		for i := range name.Tokens {
			b.ids = append(b.ids, b.table.number(&name.Tokens[i]))
		}
		for i := range name.Aside {
			b.ids = append(b.ids, b.aside.number(&name.Aside[i])|asideBit)
		}
		marks := uint16(n.kind) | uint16(len(name.Tokens))<<markWords
		if n.weak {
			marks |= markWeak
		}
		if anyShort(name.Tokens) {
			marks |= markShort
		}
		b.party, b.alias, b.marks = append(b.party, id), append(b.alias, uint32(n.alias)), append(b.marks, marks)
		b.first = append(b.first, uint32(len(b.ids)))
	}
	for _, key := range p.numbers {
		b.numberOf = append(b.numberOf, filedNumber{hashOf(seedNumber, key), id})
	}
}

// seal makes the segment. With known weights it uses those, else it counts its own.
func (b *builder) seal(known *names.Weights) (*segment, names.Weights) {
	g := b.segment
	g.words = newVocabulary(b.table.words)
	g.asides = slices.Clip(b.aside.words)
	weights := g.count()
	if known != nil {
		weights = *known
	}
	b.table, b.aside = wordTable{}, wordTable{}
	g.numbers = newMultimap(func(yield func(uint64, uint32) bool) {
		for _, n := range b.numberOf {
			if !yield(n.hash, n.party) {
				return
			}
		}
	})
	g.words.weigh(weights)
	g.words.file()
	g.file()
	return &g, weights
}

// file fills what follows from the words of the entries.
func (g *segment) file() {
	g.weigh()
	words := g.words.facts
	posts := g.posted
	g.postFirst = make([]uint32, len(words)+1)
	for id := range posts {
		g.postFirst[id+1]++
	}
	for id := range words {
		g.postFirst[id+1] += g.postFirst[id]
	}
	g.posts = make([]uint32, g.postFirst[len(words)])
	for id, e := range posts { // postFirst[id] runs ahead to where the entries of id end
		g.posts[g.postFirst[id]] = e
		g.postFirst[id]++
	}
	copy(g.postFirst[1:], g.postFirst)
	g.postFirst[0] = 0
	g.joined = newMultimap(g.joints)
}

// weigh adds up what the words of each entry weigh, and their shapes.
func (g *segment) weigh() {
	g.weight, g.whole = make([]float32, len(g.party)), make([]uint64, len(g.party))
	for e := range g.weight {
		for _, id := range g.tokens(uint32(e)) {
			g.weight[e] += g.words.facts[id].weight
			g.whole[e] = joint(g.whole[e], g.words.facts[id].shape)
		}
	}
}

// count counts in how many names the words of each sound are.
func (g *segment) count() names.Weights {
	number := make(map[string]uint32)
	sound := make([]uint32, len(g.words.facts))
	for id := range sound {
		text := g.words.token(uint32(id)).Sound
		n, ok := number[text]
		if !ok {
			n = uint32(len(number))
			number[text] = n
		}
		sound[id] = n
	}
	count, last := make([]int, len(number)), make([]int, len(number))
	for e := range g.party {
		for _, id := range g.tokens(uint32(e)) {
			if s := sound[id]; last[s] != e+1 {
				last[s] = e + 1
				count[s]++
			}
		}
	}
	bySound := make(map[string]int, len(number))
	for text, n := range number {
		bySound[text] = count[n]
	}
	return names.CountedWeights(bySound, len(g.party))
}

// tokens gives the numbers of the words of an entry that are compared.
func (g *segment) tokens(e uint32) []uint32 {
	from := g.first[e]
	return g.ids[from : from+uint32(g.marks[e]>>markWords)]
}

// anyShort says whether a word may stand for others as initials.
func anyShort(tokens []names.Token) bool {
	for i := range tokens {
		if isShort(shapeOf(tokens[i].Text)) {
			return true
		}
	}
	return false
}

func isShort(shape uint64) bool { return shape == anyShape || shape>>lengthAt <= 2 }

// posted yields every word with every entry that is found by it, entries
// ascending. Words that tie or stand for others are left out where two other
// words are left to find the name by.
func (g *segment) posted(yield func(id, entry uint32) bool) {
	for e := range uint32(len(g.party)) {
		ids := g.tokens(e)
		strong := 0
		for _, id := range ids {
			if g.words.facts[id].telling() {
				strong++
			}
		}
		for i, id := range ids {
			if strong >= 2 && !g.words.facts[id].telling() || contains(ids[:i], id) {
				continue
			}
			if !yield(id, e) {
				return
			}
		}
	}
}

func telling(c names.Class) bool { return c != names.Particle && c != names.Initial }

func contains(ids []uint32, id uint32) bool {
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}

// longestRun is how many neighbours are filed as one word.
const longestRun = 3

// joints yields the runs of neighbours of each entry written as one word, its
// first letters as an abbreviation, and its initials with each other word.
func (g *segment) joints(yield func(uint64, uint32) bool) {
	for e := range uint32(len(g.party)) {
		for hash := range g.runsOf(e) {
			if !yield(hash, e) {
				return
			}
		}
	}
}

func (g *segment) runsOf(e uint32) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		var texts [mostWords]string
		ids := g.tokens(e)
		for i, id := range ids {
			texts[i] = g.words.textOf(id)
		}
		for hash := range runs(texts[:len(ids)], 2) {
			if !yield(hash) {
				return
			}
		}
		if g.marks[e]&markShort == 0 {
			return
		}
		for i := range ids {
			for k, other := range ids {
				if k != i && len(texts[i]) == 1 && g.words.facts[other].telling() &&
					!yield(initialKey(texts[i][0], g.words.token(other).Sound)) {
					return
				}
			}
		}
	}
}

// initialKey is what a name of an initial and another word of this sound is filed under.
func initialKey(letter byte, sound string) uint64 {
	return hashOf(seedInitial, string(letter), sound)
}

// hasRun says whether an entry is filed under a hash, and not merely beside it.
func (g *segment) hasRun(e uint32, hash uint64) bool {
	for h := range g.runsOf(e) {
		if h == hash {
			return true
		}
	}
	return false
}

// runs yields the hashes of neighbours written as one, from so many up to
// longestRun, and of the first letters of three words or more.
func runs(texts []string, least int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range texts {
			for n := least; n <= longestRun && i+n <= len(texts); n++ {
				if !yield(hashOf(seedJoined, texts[i:i+n]...)) {
					return
				}
			}
		}
		if len(texts) < 3 || least < 2 {
			return
		}
		var letters [mostWords]byte
		for i, t := range texts {
			letters[i] = t[0]
		}
		yield(hashOf(seedJoined, string(letters[:len(texts)])))
	}
}

// name puts an entry's name together. It is valid until s is used again.
func (g *segment) name(e uint32, s *scratch) names.Name {
	s.tokens = s.tokens[:0]
	aside := 0
	for _, id := range g.ids[g.first[e]:g.first[e+1]] {
		if id&asideBit != 0 {
			s.tokens = append(s.tokens, g.asides[id&^asideBit])
			aside++
		} else {
			s.tokens = append(s.tokens, g.words.token(id))
		}
	}
	words := len(s.tokens) - aside
	return names.Assemble(names.Kind(g.marks[e]&markKind), s.tokens[:words], s.tokens[words:])
}
