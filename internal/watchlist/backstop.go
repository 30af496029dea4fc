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
		known := w.common
		for range g.words.spelt(w.Text) {
			known = true
		}
		if !known {
			return true
		}
	}
	return false
}

// backstop fills s.near with the entries whose words have most of their letters,
// three at a time, in the question, and some of those in the words that were looked
// up: what shares only words that were passed over is no hit.
func (g *segment) backstop(a *question, weights names.Weights, s *scratch) {
	s.near, s.touched = s.near[:0], s.touched[:0]
	letters := g.findByGrams(a.as(a.kinds[0]).name.Tokens, s)
	passed := g.touchByGrams(s)
	s.kin.reset()
	for i := range s.asked {
		s.asked[i].later = true
	}
	for block := range slices.Chunk(s.touched, blockSize) {
		s.held = s.held[:0]
		for _, e := range block {
			met := s.score[e] + passed
			s.score[e] = 0
			if met < gramShare*letters {
				continue
			}
			n := &g.entries[e]
			bar := gramShare * max(letters, float32(n.length))
			if met >= bar && (passed == 0 || g.lettersIn(e, s) >= bar) {
				f := a.form(a.kindFor(n), weights, s)
				s.held = append(s.held, held{f, e, sameLetters(f.bag, n.bag, max(f.length, int(n.length))), false})
			}
		}
		g.weighUp(a, s)
	}
	s.sortNear()
}

// touchByGrams adds up how many letters each entry has in the words that were found,
// of those that share some with a word that was looked up. It gives the letters that
// are passed over: those of common words.
func (g *segment) touchByGrams(s *scratch) (passed float32) {
	for _, f := range s.found {
		if !f.apart {
			for _, e := range g.postsOf(f.word) {
				s.add(e, f.similarity)
			}
		}
	}
	for _, f := range s.found {
		if !f.apart {
			continue
		}
		posts := g.postsOf(f.word)
		if len(posts) > many {
			passed += f.similarity
			continue
		}
		for _, e := range posts {
			if s.score[e] > 0 {
				s.score[e] += f.similarity
			}
		}
	}
	return passed
}

// lookedUp is the bit of scratch.count for a word that shares letters with one that
// was looked up.
const lookedUp = 1 << 15

// findByGrams finds the words that have most of their letters, three at a time, in
// words of the question, and gives how many letters those have. s.shared has how many
// letters each word has, in place of a similarity, and s.found has the words that
// share some with a word that was looked up.
func (g *segment) findByGrams(tokens []names.Token, s *scratch) (letters float32) {
	text := ""
	s.told = s.told[:0]
	for i := range tokens {
		text += tokens[i].Text
		w := slices.IndexFunc(s.asked, func(w asked) bool { return w.Text == tokens[i].Text })
		for len(s.told) < len(text) {
			s.told = append(s.told, !s.asked[w].later)
		}
	}
	s.maybe = s.maybe[:0]
	at := 0
	for hash := range grams(text) {
		mark := uint16(0)
		if s.told[at] || s.told[at+1] || s.told[at+2] {
			mark = lookedUp
		}
		at++
		for _, id := range g.words.grams.get(hash) {
			s.count[id] = (s.count[id] + 1) | mark
			if s.count[id]&^lookedUp == gramAtLeast {
				s.maybe = append(s.maybe, id)
			}
		}
	}
	s.shared.reset()
	s.found = s.found[:0]
	for _, id := range s.maybe {
		size := float32(len(g.words.textOf(id)))
		if float32(s.count[id]&^lookedUp) >= gramShare*(size-2) {
			s.shared.put(id, alike{similarity: size})
			s.found = append(s.found, found{id, size, s.count[id]&lookedUp == 0})
		}
	}
	for hash := range grams(text) {
		for _, id := range g.words.grams.get(hash) {
			s.count[id] = 0
		}
	}
	return float32(len(text))
}

// lettersIn gives how many letters an entry has in the words that findByGrams found.
func (g *segment) lettersIn(e uint32, s *scratch) (letters float32) {
	for _, id := range g.tokens(e) {
		shared, _ := s.shared.get(id)
		letters += shared.similarity
	}
	return letters
}

// gramsOf yields the keys of a word for the backstop.
func gramsOf(t *names.Token) iter.Seq[uint64] { return grams(t.Text) }
