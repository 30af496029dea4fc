package watchlist

import (
	"iter"

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

// backstop fills s.near with the entries whose words have most of their letters,
// three at a time, in the question. The ceiling is 1, since nothing is known of how
// the words meet.
func (g *segment) backstop(a *question, s *scratch) {
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
		shared, all := float32(s.count[f.word]), float32(len(g.words.words[f.word].Text)-2)
		s.count[f.word] = 0
		if shared < gramAtLeast || shared < gramShare*all {
			continue
		}
		for _, e := range g.posts[g.postFirst[f.word]:g.postFirst[f.word+1]] {
			s.add(e, all+2)
		}
	}
	for _, e := range s.touched {
		met := s.score[e]
		s.score[e] = 0
		if whole := float32(g.whole[e] >> lengthAt); met >= gramShare*max(whole, float32(len(text))) {
			s.near = append(s.near, candidate{e, 1})
		}
	}
}

// gramsOf yields the keys of a word for the backstop.
func gramsOf(t *names.Token) iter.Seq[uint64] { return grams(t.Text) }
