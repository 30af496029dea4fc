package names

import "math"

// Weights says how rare a word is among the names of a list, so that a rare
// family name counts for more than a common first name. The zero value knows no
// list: then only the class of a word decides.
type Weights struct {
	rarity map[string]float32 // by Sound; absent means on no name of the list
}

// NewWeights counts the words of the names. Rarity is the inverse document
// frequency log(N/n)/log(N): 1 for a word of one name, towards 0 for a word of
// every name. Spellings of one sound are counted together, so that a rare
// spelling of a common name stays common.
func NewWeights(list []Name) Weights {
	count := make(map[string]int, len(list))
	for _, n := range list {
		for i, t := range n.Tokens {
			if !repeats(n.Tokens[:i], t.Sound) {
				count[t.Sound]++
			}
		}
	}
	return CountedWeights(count, len(list))
}

// CountedWeights gives the weights of a list whose words are counted already: for
// each Sound the number of names that have it, of so many names together.
func CountedWeights(count map[string]int, names int) Weights {
	total := math.Log(float64(max(names, 2)))
	rarity := make(map[string]float32, len(count))
	for s, n := range count {
		rarity[s] = float32(min(max(1-math.Log(float64(n))/total, 0), 1))
	}
	return Weights{rarity: rarity}
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
	switch t.Class {
	case Particle, LegalForm, Honorific:
		return particleWeight
	case Initial:
		return initialWeight
	case Numeral:
		return numeralWeight
	}
	if w.rarity == nil {
		if t.Class == Generic {
			return genericWeight
		}
		return 1
	}
	r, ok := w.rarity[t.Sound]
	if !ok {
		if t.Class == Generic {
			return genericWeight
		}
		r = 1
	}
	return leastWeight + (1-leastWeight)*float64(r)
}

// familiar says whether both words are names of several entries of the list, so
// that one is less likely a slip for the other: Dong and Song, Ahmad and Hamad.
func (w Weights) familiar(a, b *Token) bool {
	const several = 0.88 // about four of 33,000 names
	ra, oka := w.rarity[a.Sound]
	rb, okb := w.rarity[b.Sound]
	return oka && okb && ra < several && rb < several
}
