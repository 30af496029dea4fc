package watchlist

import (
	"cmp"
	"slices"

	"duly/internal/names"
)

// touch adds up what each entry shares with the question.
func (g *segment) touch(a *question, total, passed float32, s *scratch) {
	s.order = s.order[:0]
	for i := range s.asked {
		s.order = append(s.order, i)
	}
	slices.SortFunc(s.order, func(a, b int) int { return cmp.Compare(s.asked[b].cost, s.asked[a].cost) })
	beside := float32(0) // of words left for later that only one kind reads
	for i := range s.asked {
		if w := &s.asked[i]; w.later && w.forms < 2 {
			beside += w.weight
		}
	}
	g.touchRange(0, g.people, share{total, passed, beside, a.passable[0]}, s)
	others := share{0, 0, beside, a.passable[1]}
	tokens := a.as(a.kinds[1]).name.Tokens
	for i := range tokens {
		w := &s.asked[slices.IndexFunc(s.asked, func(w asked) bool { return w.Text == tokens[i].Text })]
		if others.total += w.weight; w.later {
			others.passed += w.weight
			if w.forms < 2 {
				others.beside -= w.weight
			}
		}
	}
	g.touchRange(g.people, uint32(len(g.entries)), others, s)
}

// share is the weight of a question, what of it is passed over, and what of it may be.
type share struct{ total, passed, beside, passable float32 }

// touchRange does so for entries from one number to another. The costliest words are
// passed over while together with those passed before they are a passable share.
func (g *segment) touchRange(first, end uint32, of share, s *scratch) {
	before := len(s.touched)
	passed, rest := of.passed, of.total-of.passed
	for _, i := range s.order {
		w := &s.asked[i]
		if w.cost > costly && passed+w.weight < of.passable*of.total {
			passed += w.weight
			rest -= w.weight
			continue
		}
		// What is alike to a rare word may be a common one, which is passed over by itself.
		skipped := float32(0)
		for _, f := range s.found[w.from:w.to] {
			value := f.similarity * min(w.weight, g.words.facts[f.word].weight())
			if len(g.postsOf(f.word)) > many && f.similarity < 1 && passed+value < of.passable*(passed+value+rest-w.weight) {
				skipped = max(skipped, value)
				continue
			}
			if of := g.words.facts[f.word].script; of != w.Script && (of.Unparted() || w.Script.Unparted()) {
				value = surely // one word of ours may be several characters of theirs, or the other way round
			}
			for _, e := range between(g.postsOf(f.word), first, end) {
				s.add(e, value)
			}
		}
		if skipped > 0 {
			passed += skipped
			rest -= w.weight
		}
	}
	for _, e := range s.touched[before:] {
		s.score[e] += passed + of.beside
	}
}

// between gives those of ascending entries that are in a range.
func between(posts []uint32, first, end uint32) []uint32 {
	if len(posts) == 0 || posts[0] >= first && posts[len(posts)-1] < end {
		return posts
	}
	from, _ := slices.BinarySearch(posts, first)
	to, _ := slices.BinarySearch(posts, end)
	return posts[from:to]
}

// touchJoined finds names whose words stand together where the question parts
// them, or the other way round, and names that the question abbreviates.
func (g *segment) touchJoined(a *question, s *scratch) {
	var texts [mostWords]string
	tokens := a.as(a.kinds[1]).name.Tokens
	for i := range tokens {
		texts[i] = tokens[i].Text
	}
	for i := range tokens {
		common := true
		for n := 1; n <= longestRun && i+n <= len(tokens); n++ {
			if t := &tokens[i+n-1]; t.Class == names.Core {
				common = false
			}
			if n == 1 || !common { // two common words stand together in many names
				g.addJoined(hashOf(seedJoined, texts[i:i+n]...), s)
			}
		}
	}
	tokens = a.as(a.kinds[0]).name.Tokens
	for i := range tokens {
		for k := range tokens {
			if k != i && telling(tokens[i].Class) && telling(tokens[k].Class) {
				g.addJoined(initialKey(tokens[i].Text[0], tokens[k].Sound), s)
			}
		}
	}
	tokens = a.as(a.kinds[1]).name.Tokens
	for i := range tokens {
		for n := 2; n <= longestRun && i+n <= len(tokens); n++ {
			run := ""
			for _, t := range texts[i : i+n] {
				run += t
			}
			for id := range g.words.spelt(run) {
				for _, e := range g.postsOf(id) {
					s.add(e, likely)
				}
			}
		}
	}
}

// addJoined adds the entries that are filed under a hash.
func (g *segment) addJoined(hash uint64, s *scratch) {
	for _, e := range g.joined.get(hash) {
		if g.hasRun(e, hash) {
			s.add(e, likely)
		}
	}
}

func (s *scratch) add(e uint32, value float32) {
	if s.score[e] == 0 {
		s.touched = append(s.touched, e)
	}
	s.score[e] += value
}
