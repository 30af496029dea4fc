package watchlist

import (
	"iter"
	"slices"

	"duly/internal/names"
)

// The backstop looks for names by three letters at a time, for questions that
// find nothing by whole words: several slips in a word, or slips where words are
// also parted in other places.
const (
	gramShare   = 0.5 // of the three-letter runs of a word that the question must have
	gramAtLeast = 2   // and so many of them
)

// grams yields a word with each run of three of its letters.
func grams(text string) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := 0; i+3 <= len(text); i++ {
			if !yield(hashOf(seedGram, text[i:i+3])) {
				return
			}
		}
	}
}

// mistyped says whether a word of the question that tells names apart is no word of
// any entry.
func (g *segment) mistyped(s *scratch) bool {
	for i := range s.asked {
		w := &s.asked[i]
		if !w.common && !slices.ContainsFunc(g.words.keys.get(hashOf(seedText, w.Text)), func(id uint32) bool { return g.words.textOf(id) == w.Text }) {
			return true
		}
	}
	return false
}

// backstop fills s.near with the entries whose words have most of their letters,
// three at a time, in the question.
func (g *segment) backstop(a *question, weights names.Weights, s *scratch) {
	s.near, s.touched = s.near[:0], s.touched[:0]
	text := ""
	for _, t := range a.as(a.kinds[0]).name.Tokens {
		text += t.Text
	}
	s.found = s.found[:0]
	for hash := range grams(text) {
		for _, id := range g.words.grams.get(hash) {
			if s.count[id]++; s.count[id] == 1 {
				s.found = append(s.found, found{word: id})
			}
		}
	}
	for _, f := range s.found {
		shared := float32(s.count[f.word])
		if s.count[f.word] = 0; shared < gramAtLeast {
			continue
		}
		all := float32(len(g.words.textOf(f.word)) - 2)
		if shared < gramShare*all {
			continue
		}
		for _, e := range g.posts[g.postFirst[f.word]:g.postFirst[f.word+1]] {
			s.add(e, all+2)
		}
	}
	s.kin.reset()
	for i := range s.asked {
		s.asked[i].later = true
	}
	for block := range slices.Chunk(s.touched, blockSize) {
		s.held = s.held[:0]
		for _, e := range block {
			met := s.score[e]
			s.score[e] = 0
			n := &g.entries[e]
			if whole := float32(n.whole >> lengthAt); met >= gramShare*max(whole, float32(len(text))) {
				f := a.form(a.kindFor(n), weights, s)
				s.held = append(s.held, held{f, e, sameLetters(f.whole, n.whole), false})
			}
		}
		g.weighUp(a, s)
	}
	s.sortNear()
}

// gramsOf yields the keys of a word for the backstop.
func gramsOf(t *names.Token) iter.Seq[uint64] { return grams(t.Text) }
