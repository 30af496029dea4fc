package watchlist

import (
	"iter"
	"math/bits"
	"slices"
	"strings"

	"duly/internal/names"
)

// vocabulary holds the distinct words of the names of a segment and finds the
// words that one word of a question may stand for.
//
// Typos are found by symmetric deletion: every word is filed under its first
// letters with up to two of them left out, and so is the question; what is at
// most two edits apart shares such a rest. (M. Mor and A. Fraenkel, "A hash code
// method for detecting and correcting spelling errors", 1982; W. Garbe's SymSpell.)
// Other spellings are found by keys of their sound.
type vocabulary struct {
	facts []fact
	text  string                 // the parts of all words, those of one beside each other
	long  map[uint32]names.Token // the few words with a part of more than longestPart bytes

	keys   multimap // sounds, to words
	rests  multimap // first letters with some left out, to words with a mark of the hash
	grams  multimap // three letters, to words
	native bool     // there are words in other scripts than Latin
}

// fact is a word, without its letters: what is asked of it most often, in half a
// line of the processor's cache.
type fact struct {
	shape, sound uint64 // letters and length of the word and of its sound, to reject without reading it
	rarity       float32
	at           uint32              // where its parts are in vocabulary.text
	sizes        [countOfParts]uint8 // of the parts, in bytes
	class        names.Class
	script       names.Script
	first        byte // letter
	marks        uint8
}

// The parts of a word that are kept as letters.
const (
	partText = iota
	partSound
	partSkeleton
	partNative
	countOfParts

	longestPart = 255
)

// The bits of fact.marks.
const (
	factShort    = 1 << iota // a short form of a first name
	factSyllable             // a single syllable
	factLong                 // to be found in vocabulary.long
	factListed               // a name of the list has it, and rarity says how rare it is
)

// prefix is how many letters of a word are filed; longer words that differ only
// behind it are told apart by the check of the distance.
const prefix = 8

// newVocabulary is a vocabulary of words that are all different. How rare
// they are is set by rare, and they are found after file.
func newVocabulary(words []names.Token) *vocabulary {
	v := &vocabulary{facts: make([]fact, len(words)), long: make(map[uint32]names.Token)}
	size := 0
	for i := range words {
		for _, part := range partsOf(&words[i]) {
			size += len(part)
		}
	}
	var text strings.Builder
	text.Grow(size)
	for id := range words {
		t := &words[id]
		f := &v.facts[id]
		*f = fact{shape: shapeOf(t.Text), sound: shapeOf(t.Sound), at: uint32(text.Len()), class: t.Class, script: t.Script, first: t.Text[0]}
		v.native = v.native || t.Script != names.Latin
		if names.ShortName(t.Text) {
			f.marks |= factShort
		}
		if t.Syllable() {
			f.marks |= factSyllable
		}
		if parts := partsOf(t); slices.ContainsFunc(parts[:], func(part string) bool { return len(part) > longestPart }) {
			f.marks |= factLong
			v.long[uint32(id)] = *t
		} else {
			for i, part := range parts {
				f.sizes[i] = uint8(len(part))
				text.WriteString(part)
			}
		}
	}
	v.text = text.String()
	return v
}

func partsOf(t *names.Token) [countOfParts]string {
	return [...]string{partText: t.Text, partSound: t.Sound, partSkeleton: t.Skeleton, partNative: t.Native}
}

// rare says how rare a word is.
func (f *fact) rare(rarity float32, listed bool) {
	if f.rarity = rarity; listed {
		f.marks |= factListed
	}
}

func (f *fact) weight() float32 {
	return float32(f.class.Weight(f.rarity, f.marks&factListed != 0))
}

// weights gives the weights of the names that the words are of.
func (v *vocabulary) weights() names.Weights { return names.WeightsOf(v.rarityOf) }

// rarityOf says how rare words of a sound are.
func (v *vocabulary) rarityOf(sound string) (rarity float32, listed bool) {
	for id := range v.filed(sound) {
		if v.soundOf(id) == sound {
			return v.facts[id].rarity, v.facts[id].marks&factListed != 0
		}
	}
	return 0, false
}

// spelt yields the words of a text.
func (v *vocabulary) spelt(text string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for id := range v.filed(text) {
			if v.textOf(id) == text && !yield(id) {
				return
			}
		}
	}
}

// filed yields the words that may have a text or a sound: the rests of each hold the
// whole of it.
func (v *vocabulary) filed(text string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		hash := hashWithout(text[:min(len(text), prefix)], -1, -1)
		mark := v.mark(hash)
		for _, marked := range v.rests.get(hash) {
			if id := marked ^ mark; id < uint32(len(v.facts)) && !yield(id) {
				return
			}
		}
	}
}

// file lets the words be found.
func (v *vocabulary) file() {
	v.keys = newMultimap(someInBucket, v.each(filedUnder))
	v.rests = newMultimap(someInBucket, func(yield func(uint64, uint32) bool) {
		var before []uint64 // of the same word: a rest of its text may be one of its sound
		last := uint32(0)
		for hash, id := range v.each(rests) {
			if id != last {
				before, last = before[:0], id
			}
			if slices.Contains(before, hash) {
				continue
			}
			if before = append(before, hash); !yield(hash, id|v.mark(hash)) {
				return
			}
		}
	})
	v.grams = newMultimap(manyInBucket, v.each(gramsOf))
}

// token gives a word as it was prepared.
func (v *vocabulary) token(id uint32) names.Token {
	f := &v.facts[id]
	if f.marks&factLong != 0 {
		t := v.long[id]
		return names.Stored(t.Text, t.Sound, t.Skeleton, t.Native, f.script, f.class, f.marks&factSyllable != 0, f.rarity, f.marks&factListed != 0)
	}
	rest := v.text[f.at:]
	text, rest := rest[:f.sizes[partText]], rest[f.sizes[partText]:]
	sound, rest := rest[:f.sizes[partSound]], rest[f.sizes[partSound]:]
	skeleton, rest := rest[:f.sizes[partSkeleton]], rest[f.sizes[partSkeleton]:]
	return names.Stored(text, sound, skeleton, rest[:f.sizes[partNative]], f.script, f.class, f.marks&factSyllable != 0, f.rarity, f.marks&factListed != 0)
}

// lengthOf gives how many bytes the letters of a word are.
func (v *vocabulary) lengthOf(id uint32) int {
	f := &v.facts[id]
	if f.marks&factLong != 0 {
		return len(v.long[id].Text)
	}
	return int(f.sizes[partText])
}

// textOf gives the letters of a word.
func (v *vocabulary) textOf(id uint32) string {
	f := &v.facts[id]
	if f.marks&factLong != 0 {
		return v.long[id].Text
	}
	return v.text[f.at:][:f.sizes[partText]]
}

// soundOf gives the Sound of a word.
func (v *vocabulary) soundOf(id uint32) string {
	f := &v.facts[id]
	if f.marks&factLong != 0 {
		return v.long[id].Sound
	}
	return v.text[f.at:][f.sizes[partText]:][:f.sizes[partSound]]
}

// telling says whether a word tells more than that it ties or stands for others.
func (f *fact) telling() bool { return telling(f.class) }

// each yields what a function gives for every word, with the word.
func (v *vocabulary) each(hashes func(t *names.Token) iter.Seq[uint64]) iter.Seq2[uint64, uint32] {
	return func(yield func(uint64, uint32) bool) {
		var t names.Token
		for id := range v.facts {
			t = v.token(uint32(id))
			for hash := range hashes(&t) {
				if !yield(hash, uint32(id)) {
					return
				}
			}
		}
	}
}

// filedUnder gives the keys that a word is found by, beside its rests.
func filedUnder(t *names.Token) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if len(t.Skeleton) >= 2 && !yield(hashOf(seedSkeleton, t.Skeleton)) {
			return
		}
		seed := seedLatin
		if t.Script != names.Latin {
			seed = seedNative
		}
		for key := range t.Keys {
			if !yield(soundKey(seed, key)) {
				return
			}
		}
	}
}

// askedBy gives the keys that the counterparts of a word in another script are
// filed under. Latin words meet each other by their rests.
func askedBy(t *names.Token) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for key := range t.Keys {
			if !yield(soundKey(seedNative, key)) || t.Script != names.Latin && !yield(soundKey(seedLatin, key)) {
				return
			}
		}
	}
}

func soundKey(seed uint64, key uint32) uint64 { return spread((seed ^ uint64(key)) * 1099511628211) }

// found is a word of the vocabulary and how alike it is to the one asked for.
type found struct {
	word       uint32
	similarity float32
	apart      bool // it shares nothing with a word that was looked up
}

// find appends the words that t may stand for to s.found, each once.
func (v *vocabulary) find(t *names.Token, s *scratch) {
	s.nextTurn()
	for id := range v.spelt(t.Text) {
		if s.seen[id] != s.turn && v.token(id).Native == t.Native {
			s.seen[id] = s.turn
			s.found = append(s.found, found{word: id, similarity: 1})
		}
	}
	if t.Class == names.Numeral {
		return
	}
	if len(t.Skeleton) >= 2 {
		for _, id := range v.keys.get(hashOf(seedSkeleton, t.Skeleton)) {
			if f := &v.facts[id]; f.marks&factLong != 0 || int(f.sizes[partSkeleton]) == len(t.Skeleton) && v.token(id).Skeleton == t.Skeleton {
				v.try(t, id, s)
			}
		}
	}
	v.findAcross(t, s)
	v.findNear(t, s)
}

// findNear appends the words that may be t with slips, by text or by sound.
//
// It goes through all keys step by step, not key by key: what one step reads stands
// in many places of memory, and the processor waits for them together.
func (v *vocabulary) findNear(t *names.Token, s *scratch) {
	s.hashes = slices.AppendSeq(s.hashes[:0], restsOf(t.Text, names.Reach(len(t.Text)+1)))
	if t.Sound != t.Text {
		s.hashes = slices.AppendSeq(s.hashes, restsOf(t.Sound, names.SoundReach(len(t.Sound)+1)))
	}
	s.spans = v.rests.spans(s.hashes, s.spans[:0])
	s.maybe = s.maybe[:0]
	for i, at := range s.spans {
		mark := v.mark(s.hashes[i])
		for _, marked := range v.rests.ids[at.from:at.to] {
			if id := marked ^ mark; id < uint32(len(v.facts)) && s.seen[id] != s.turn {
				s.seen[id] = s.turn
				s.maybe = append(s.maybe, id)
			}
		}
	}
	text, sound := shapeOf(t.Text), shapeOf(t.Sound)
	near := s.maybe[:0]
	for _, id := range s.maybe {
		if v.facts[id].near(text, sound) {
			near = append(near, id)
		}
	}
	s.tokens = s.tokens[:0]
	for _, id := range near {
		s.tokens = append(s.tokens, v.token(id))
	}
	for i, id := range near {
		if alike := names.Similarity(t, &s.tokens[i]); alike > 0 {
			s.found = append(s.found, found{word: id, similarity: float32(alike)})
		}
	}
}

// near says whether a word may be as alike as names takes for a slip, to a word of
// these shapes of text and sound.
func (f *fact) near(text, sound uint64) bool {
	return closeShapes(text, f.shape, max(1, names.Reach(lengthOf(text, f.shape)))) ||
		closeShapes(sound, f.sound, names.SoundReach(lengthOf(sound, f.sound)))
}

// mark gives bits of a hash above those that number a word, so that what a bucket
// of rests holds of other hashes is told apart without reading the word.
func (v *vocabulary) mark(hash uint64) uint32 {
	return uint32(hash>>32) << bits.Len(uint(len(v.facts)))
}

// findAcross appends the words of other scripts that t may stand for.
func (v *vocabulary) findAcross(t *names.Token, s *scratch) {
	if !v.native && t.Script == names.Latin {
		return
	}
	for hash := range askedBy(t) {
		for _, id := range v.keys.get(hash) {
			v.try(t, id, s)
		}
	}
}

// try appends a word that is alike enough and was not tried yet.
func (v *vocabulary) try(t *names.Token, id uint32, s *scratch) {
	if s.seen[id] == s.turn {
		return
	}
	s.seen[id] = s.turn
	word := v.token(id)
	if alike := names.Similarity(t, &word); alike > 0 {
		s.found = append(s.found, found{word: id, similarity: float32(alike)})
	}
}

// rests gives the hashes of the first letters of a word and of its sound, with
// as many left out as two words that are alike may differ by.
func rests(t *names.Token) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for hash := range restsOf(t.Text, names.Reach(len(t.Text)+1)) {
			if !yield(hash) {
				return
			}
		}
		if t.Sound != t.Text {
			restsOf(t.Sound, names.SoundReach(len(t.Sound)+1))(yield)
		}
	}
}

// restsOf gives the hashes of the first letters of a word, with up to reach of
// them left out, some more than once.
func restsOf(word string, reach int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		word = word[:min(len(word), prefix)]
		for i := -1; i < len(word); i++ { // -1 leaves nothing out
			if reach == 0 && i >= 0 {
				return
			}
			for j := i; j < len(word); j++ {
				if j > i && (i < 0 || reach < 2) {
					break
				}
				if !yield(hashWithout(word, i, j)) {
					return
				}
			}
		}
	}
}

// hashWithout is the hash of a word without its letters i and j.
func hashWithout(word string, i, j int) uint64 {
	h := seedText
	for k := range len(word) {
		if k != i && k != j {
			h = (h ^ uint64(word[k])) * 1099511628211
		}
	}
	return spread(h)
}

// wordTable gives every distinct word a number while a segment is built.
type wordTable struct {
	words []names.Token
	first map[string]uint32 // text to the first word that has it
	next  []uint32          // the next word of the same text, plus one
}

// number gives the number of a word, a new one for a new word. Words of one text
// differ where they are of another class or script.
func (w *wordTable) number(t *names.Token) uint32 {
	id, ok := w.first[t.Text]
	for ok {
		if w.words[id] == *t {
			return id
		}
		if w.next[id] == 0 {
			w.next[id] = uint32(len(w.words)) + 1
			break
		}
		id = w.next[id] - 1
	}
	id = uint32(len(w.words))
	if !ok {
		w.first[t.Text] = id
	}
	w.words, w.next = append(w.words, *t), append(w.next, 0)
	return id
}
