package names

import "math"

// Weights says how rare a word is among the names of a list, so that a rare
// family name counts for more than a common first name. The zero value knows no
// list: then only the class of a word decides.
type Weights struct {
	rarity func(sound string) (rarity float32, listed bool)
}

// WeightsOf gives the weights of a list of which a function tells the Rarity of a
// Sound, and whether a name of the list has it.
func WeightsOf(rarity func(sound string) (rarity float32, listed bool)) Weights {
	return Weights{rarity: rarity}
}

// NewWeights counts the words of the names. Spellings of one sound are counted
// together, so that a rare spelling of a common name stays common.
func NewWeights(list []Name) Weights {
	count := make(map[string]int, len(list))
	for _, n := range list {
		for i, t := range n.Tokens {
			if !repeats(n.Tokens[:i], t.Sound) {
				count[t.Sound]++
			}
		}
	}
	return WeightsOf(func(sound string) (float32, bool) {
		n, listed := count[sound]
		return Rarity(n, len(list)), listed
	})
}

// Rarity is the inverse document frequency log(N/n)/log(N) of a word that n of N
// names have: 1 for a word of one name, towards 0 for a word of every name.
func Rarity(n, names int) float32 {
	return float32(min(max(1-math.Log(float64(max(n, 1)))/math.Log(float64(max(names, 2))), 0), 1))
}

// Rarity gives the rarity of a word of the list by its Sound, and whether it is one.
func (w Weights) Rarity(sound string) (rarity float32, listed bool) {
	if w.rarity == nil {
		return 0, false
	}
	return w.rarity(sound)
}

func (w Weights) of(t *Token) (rarity float32, listed bool) {
	if t.noted != 0 {
		return t.rarity, t.noted == notedListed
	}
	return w.Rarity(t.Sound)
}

// Note keeps in the words of a name what these weights say of them, so that
// comparing the name does not look for it again. The name is for these weights then.
func (w Weights) Note(n Name) {
	for i := range n.Tokens {
		if t := &n.Tokens[i]; w.rarity != nil && t.noted == 0 {
			rarity, listed := w.rarity(t.Sound)
			t.note(rarity, listed)
		}
	}
}

// What Token.noted says of Token.rarity.
const (
	notedListed   = 1
	notedUnlisted = 2
)

func (t *Token) note(rarity float32, listed bool) {
	if t.rarity, t.noted = rarity, notedUnlisted; listed {
		t.noted = notedListed
	}
}

func repeats(tokens []Token, sound string) bool {
	for i := range tokens {
		if tokens[i].Sound == sound {
			return true
		}
	}
	return false
}

// What a word weighs by its class where no list is known, and what a word that
// every name has still weighs where one is.
const (
	genericWeight  = 0.45
	particleWeight = 0.12
	initialWeight  = 0.5
	numeralWeight  = 0.9
	leastWeight    = 0.2
)

// Of gives what a word weighs, above 0 and at most 1.
func (w Weights) Of(t *Token) float64 {
	if t.Class != Core && t.Class != Generic {
		return t.Class.Weight(0, false)
	}
	rarity, listed := float32(0), false
	if w.rarity != nil {
		rarity, listed = w.of(t)
	}
	return t.Class.Weight(rarity, listed)
}

// Weight gives what a word of a class weighs that has a rarity where a name of the
// list has it.
func (c Class) Weight(rarity float32, listed bool) float64 {
	switch c {
	case Particle, LegalForm, Honorific:
		return particleWeight
	case Initial:
		return initialWeight
	case Numeral:
		return numeralWeight
	}
	switch {
	case listed:
		return leastWeight + (1-leastWeight)*float64(rarity)
	case c == Generic:
		return genericWeight
	}
	return 1
}

// familiar says whether both words are names of several entries of the list, so
// that one is less likely a slip for the other: Dong and Song, Ahmad and Hamad.
func (w Weights) familiar(a, b *Token) bool {
	const several = 0.88 // about four of 33,000 names
	if w.rarity == nil {
		return false
	}
	ra, oka := w.of(a)
	rb, okb := w.of(b)
	return oka && okb && ra < several && rb < several
}
