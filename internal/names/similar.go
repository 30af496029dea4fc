package names

import "math/bits"

// Reach gives how many edits a word of so many letters may be away from another
// and still be taken for a typo of it. An index must find words within this
// distance and words of an equal Skeleton, and between words of two scripts those
// that share one of their Keys.
func Reach(length int) int {
	switch {
	case length < 3:
		return 0
	case length < 7:
		return 1
	default:
		return 2
	}
}

// sameReading is how alike words are that differ only in what they are written in.
const sameReading = 0.97

// SoundReach is Reach for the Sound of words.
func SoundReach(length int) int {
	if length < 4 {
		return 0
	}
	return max(1, length/4)
}

// Similarity says how alike two words are that are not equal: 0 when they are
// taken for different words, else above 0.5 and below 1.
func Similarity(a, b *Token) float64 {
	if a.Class == Numeral || b.Class == Numeral || a.Class == Initial || b.Class == Initial {
		return 0
	}
	if a.Text == b.Text {
		return sameReading
	}
	if a.Script != b.Script {
		if s, ok := acrossScripts(a, b); ok {
			return s
		}
	}
	if a.Script == b.Script && a.Script.Unparted() && a.Text != b.Text {
		return 0 // single characters have no typos
	}
	long := max(len(a.Text), len(b.Text))
	if a.Sound == b.Sound {
		return spellingSimilarity - 0.3*float64(osa(a.Text, b.Text)-1)/float64(long)
	}
	if a.Class == Particle || b.Class == Particle {
		return particleSimilarity(a, b)
	}
	best := 0.0
	if d := within(a.Text, b.Text, a.bag, b.bag, Reach(long)); d >= 0 {
		best = 1 - typoCost(d)/float64(long)
	}
	soundLong := max(len(a.Sound), len(b.Sound))
	if soundLong >= 4 && min(len(a.Skeleton), len(b.Skeleton)) >= 2 {
		if d := within(a.Sound, b.Sound, 0, 0, SoundReach(soundLong)); d >= 0 && osa(a.Text, b.Text) <= max(2, long/2) {
			cost := typoCost(d) / float64(soundLong)
			if a.Skeleton == b.Skeleton {
				cost *= 0.6
			}
			best = max(best, spellingSimilarity-cost)
		}
	}
	if best <= 0.5 {
		return 0
	}
	return best
}

// particleSimilarity lets a slip in a short particle cost little: "ak" for "al".
func particleSimilarity(a, b *Token) float64 {
	if len(a.Text) <= 3 && len(b.Text) <= 3 && osa(a.Text, b.Text) == 1 {
		return 0.6
	}
	return 0
}

// typoCost makes the second and third slip in one word cost more than the first.
func typoCost(d int) float64 { return float64(d) * (0.9 + 0.1*float64(d)) }

// within gives the distance of two words when it is at most reach, else -1. The
// bags reject most pairs: each edit changes at most two letters of the set.
func within(a, b string, bagA, bagB uint64, reach int) int {
	if reach == 0 || len(a)-len(b) > reach || len(b)-len(a) > reach || bits.OnesCount64(bagA^bagB) > 2*reach {
		return -1
	}
	if d := osa(a, b); d <= reach {
		return d
	}
	return -1
}
