package watchlist

import (
	"slices"
	"sort"

	"duly/internal/names"
)

// vocabulary holds the distinct words of all names of an index and finds the
// words that one word of a question may stand for.
//
// Typos are found by symmetric deletion: every word is filed under its first
// letters with up to two of them left out, and so is the question; what is at
// most two edits apart shares such a rest. (M. Mor and A. Fraenkel, "A hash code
// method for detecting and correcting spelling errors", 1982; W. Garbe's SymSpell.)
// Spellings are found by their consonants.
type vocabulary struct {
	words    []names.Token
	names    [][]int32        // for each word, the entries that have it, ascending
	byText   map[string]int32 // by Text and Native
	skeleton map[string][]int32
	latin    map[uint32][]int32 // Latin words, by their Keys
	native   map[uint32][]int32 // words of other scripts, by their Keys
	joined   map[string][]int32 // two neighbours written as one, to entries
	rests    []uint64           // hash of a rest in the high half, word in the low, ascending
	bucket   []uint32           // where in rests each value of the top bits begins
	shift    uint
}

// prefix is how many letters of a word are filed; longer words that differ only
// behind it are told apart by the check of the distance.
const prefix = 9

func newVocabulary() *vocabulary {
	return &vocabulary{
		byText: make(map[string]int32), skeleton: make(map[string][]int32), latin: make(map[uint32][]int32),
		native: make(map[uint32][]int32), joined: make(map[string][]int32),
	}
}

// add files the words of an entry. Words that tie or stand for others are left
// out where two other words are left to find the name by.
func (v *vocabulary) add(entry int32, n names.Name) {
	strong := 0
	for i := range n.Tokens {
		if indexed(&n.Tokens[i]) {
			strong++
		}
	}
	for i := range n.Tokens {
		t := &n.Tokens[i]
		if indexed(t) || strong < 2 {
			v.post(entry, t)
		}
		if i > 0 {
			v.joined[n.Tokens[i-1].Text+t.Text] = appendNew(v.joined[n.Tokens[i-1].Text+t.Text], entry)
		}
	}
}

func indexed(t *names.Token) bool {
	return t.Class != names.Particle && t.Class != names.Initial
}

func (v *vocabulary) post(entry int32, t *names.Token) {
	id, ok := v.byText[t.Text+t.Native]
	if !ok {
		id = int32(len(v.words))
		v.byText[t.Text+t.Native] = id
		v.words = append(v.words, *t)
		v.names = append(v.names, nil)
		v.skeleton[t.Skeleton] = append(v.skeleton[t.Skeleton], id)
		keys := v.latin
		if t.Script != names.Latin {
			keys = v.native
		}
		for key := range t.Keys {
			keys[key] = append(keys[key], id)
		}
	}
	v.names[id] = appendNew(v.names[id], entry)
}

func appendNew(list []int32, v int32) []int32 {
	if n := len(list); n > 0 && list[n-1] == v {
		return list
	}
	return append(list, v)
}

// seal builds the table of rests once all words are added.
func (v *vocabulary) seal() {
	for id := range v.words {
		for hash := range rests(v.words[id].Text) {
			v.rests = append(v.rests, uint64(hash)<<32|uint64(id))
		}
	}
	slices.Sort(v.rests)
	v.rests = slices.Clip(slices.Compact(v.rests))
	bits := uint(4)
	for 1<<bits < len(v.rests) && bits < 24 {
		bits++
	}
	v.shift = 64 - bits
	v.bucket = make([]uint32, 1<<bits+1)
	for b := range v.bucket {
		v.bucket[b] = uint32(sort.Search(len(v.rests), func(i int) bool { return v.rests[i]>>v.shift >= uint64(b) }))
	}
}

// found is a word of the vocabulary and how alike it is to the one asked for.
type found struct {
	word       int32
	similarity float32
}

// find appends the words that t may stand for to s.found, each once.
func (v *vocabulary) find(t *names.Token, s *scratch) {
	if s.turn++; s.turn == 0 { // the counter went round: forget all turns
		clear(s.seen)
		s.turn = 1
	}
	if id, ok := v.byText[t.Text+t.Native]; ok {
		s.seen[id] = s.turn
		s.found = append(s.found, found{id, 1})
	}
	if t.Class == names.Numeral {
		return
	}
	if len(t.Skeleton) >= 2 {
		v.try(t, v.skeleton[t.Skeleton], s)
	}
	for hash := range rests(t.Text) {
		b := uint64(hash) << 32 >> v.shift
		for _, rest := range v.rests[v.bucket[b]:v.bucket[b+1]] {
			if uint32(rest>>32) == hash {
				v.try(t, []int32{int32(uint32(rest))}, s)
			}
		}
	}
	for key := range t.Keys {
		v.try(t, v.native[key], s)
		if t.Script != names.Latin {
			v.try(t, v.latin[key], s)
		}
	}
}

// try appends those of the words that are alike enough and were not tried yet.
func (v *vocabulary) try(t *names.Token, words []int32, s *scratch) {
	for _, id := range words {
		if s.seen[id] == s.turn {
			continue
		}
		s.seen[id] = s.turn
		if alike := names.Similarity(t, &v.words[id]); alike > 0 {
			s.found = append(s.found, found{id, float32(alike)})
		}
	}
}

// rests gives the hashes of the first letters of a word, with up to Reach of
// them left out, some more than once.
func rests(word string) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		reach := names.Reach(len(word) + 1)
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

// hashWithout is FNV-1a of a word without its letters i and j.
func hashWithout(word string, i, j int) uint32 {
	h := uint32(2166136261)
	for k := range len(word) {
		if k != i && k != j {
			h = (h ^ uint32(word[k])) * 16777619
		}
	}
	return h
}
