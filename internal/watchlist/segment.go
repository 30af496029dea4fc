package watchlist

import (
	"iter"
	"math"
	"slices"

	"duly/internal/names"
)

// segment holds the names of some parties, made ready for asking, in flat arrays.
// It never changes. The names are those of list entries, or of customers when an
// entry of a list asks for them.
type segment struct {
	entries []entry // people first
	people  uint32  // how many of them are people

	// The words of each entry, those of entry e from entries[e].first on: the ones
	// that are compared, then those set aside with the bit asideBit.
	ids    []uint32
	words  *vocabulary
	asides []names.Token

	postFirst []uint32 // by word, where in posts its entries begin
	posts     []uint32
	joined    multimap // neighbours written as one, first letters, initials, to entries
	numbers   multimap // identifiers, by their letters and digits, to parties
}

// entry is one name of one party.
type entry struct {
	bag
	weight float32 // what its words weigh together
	party  uint32
	alias  int32  // position among the other names of the party, or mainName
	first  uint32 // where in ids its words begin
	aside  uint16 // how many words are set aside
	words  uint8  // how many words are compared
	marks  uint8
	length uint16 // of its words together, in bytes
}

const (
	markKind  = 3       // bits of entry.marks that give the kind
	markShort = 4       // a word may stand for others as initials
	asideBit  = 1 << 31 // of a number in segment.ids
	mainName  = -1      // in place of the position of an alias
)

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
	return b
}

// name files a name of a party. Names of people come first. What has no letter or
// digit is left out.
func (b *builder) name(party uint32, text string, kind names.Kind, alias int32) {
	name := names.Prepare(text, kind)
	if name.Empty() {
		return
	}
	n := entry{party: party, alias: alias, first: uint32(len(b.ids)), words: uint8(len(name.Tokens)), aside: uint16(len(name.Aside)), marks: uint8(kind)}
	for i := range name.Tokens {
		b.ids = append(b.ids, b.table.number(&name.Tokens[i]))
	}
	for i := range name.Aside {
		b.ids = append(b.ids, b.aside.number(&name.Aside[i])|asideBit)
	}
	if anyShort(name.Tokens) {
		n.marks |= markShort
	}
	b.entries = append(b.entries, n)
	if kind == names.Person {
		b.people = uint32(len(b.entries))
	}
}

// number files an identifier of a party.
func (b *builder) number(party uint32, key string) {
	if key != "" {
		b.numberOf = append(b.numberOf, filedNumber{hashOf(seedNumber, key), party})
	}
}

// seal makes the segment. With known weights it uses those, else it counts its own.
func (b *builder) seal(known *names.Weights) (*segment, names.Weights) {
	g := b.segment
	g.entries, g.ids = slices.Clone(b.entries), slices.Clone(b.ids) // without room to grow
	g.words = newVocabulary(b.table.words)
	g.asides = slices.Clip(b.aside.words)
	g.rare(known)
	b.table, b.aside = wordTable{}, wordTable{}
	g.numbers = newMultimap(fewInBucket, func(yield func(uint64, uint32) bool) {
		for _, n := range b.numberOf {
			if !yield(n.hash, n.party) {
				return
			}
		}
	})
	g.words.file()
	g.file()
	if known != nil {
		return &g, *known
	}
	return &g, g.words.weights()
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
	g.joined = newMultimap(fewInBucket, g.joints)
}

// weigh adds up what the words of each entry weigh, and their letters.
func (g *segment) weigh() {
	for e := range g.entries {
		n := &g.entries[e]
		for _, id := range g.tokens(uint32(e)) {
			n.weight += g.words.facts[id].weight()
			n.bag = n.bag.with(g.words.textOf(id))
			n.length += uint16(min(g.words.lengthOf(id), math.MaxUint16-int(n.length)))
		}
	}
}

// rare sets how rare the words are: as is known, or by counting in how many names
// those of each sound are.
func (g *segment) rare(known *names.Weights) {
	if known != nil {
		for id := range g.words.facts {
			g.words.facts[id].rare(known.Rarity(g.words.soundOf(uint32(id))))
		}
		return
	}
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
	for e := range g.entries {
		for _, id := range g.tokens(uint32(e)) {
			if s := sound[id]; last[s] != e+1 {
				last[s] = e + 1
				count[s]++
			}
		}
	}
	for id, of := range sound {
		g.words.facts[id].rare(names.Rarity(count[of], len(g.entries)), count[of] > 0)
	}
}

// postsOf gives the entries that are found by a word.
func (g *segment) postsOf(word uint32) []uint32 {
	return g.posts[g.postFirst[word]:g.postFirst[word+1]]
}

// tokens gives the numbers of the words of an entry that are compared.
func (g *segment) tokens(e uint32) []uint32 {
	n := &g.entries[e]
	return g.ids[n.first : n.first+uint32(n.words)]
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
	for e := range uint32(len(g.entries)) {
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
	for e := range uint32(len(g.entries)) {
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
		if g.entries[e].marks&markShort == 0 {
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
	n := &g.entries[e]
	ids := g.ids[n.first:][:uint32(n.words)+uint32(n.aside)]
	s.tokens = s.tokens[:0]
	for _, id := range ids[:n.words] {
		s.tokens = append(s.tokens, g.words.token(id))
	}
	for _, id := range ids[n.words:] {
		s.tokens = append(s.tokens, g.asides[id&^asideBit])
	}
	return names.Assemble(n.kind(), s.tokens[:n.words], s.tokens[n.words:])
}

func (n *entry) kind() names.Kind { return names.Kind(n.marks & markKind) }
