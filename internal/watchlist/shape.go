package watchlist

import (
	"math/bits"
	"unicode/utf8"
)

// A shape says which letters a word has, once and twice or more, one bit each in
// lowLetters and highLetters, and in the bits above how long it is. Digits are
// folded in. A word with other letters may be near to anything.
const (
	lowLetters  uint64 = 0x3ffffff
	highLetters uint64 = lowLetters << 26
	letters            = lowLetters | highLetters
	lengthAt           = 52
	anyShape           = ^uint64(0)
)

func shapeOf(text string) uint64 {
	set, all := uint64(0), byte(0)
	for i := range len(text) {
		bit := uint64(1) << ((text[i] - 1) & 31 % 26)
		set |= bit | set&bit<<26
		all |= text[i]
	}
	if all >= utf8.RuneSelf {
		return anyShape
	}
	return set | uint64(len(text))<<lengthAt
}

// joint gives the shape of two words written as one.
func joint(a, b uint64) uint64 {
	if a == anyShape || b == anyShape {
		return anyShape
	}
	set := (a|b)&letters | a&b&lowLetters<<26
	return set | (a>>lengthAt+b>>lengthAt)<<lengthAt
}

// lengthOf gives the length of the longer of two words.
func lengthOf(a, b uint64) int { return int(max(a, b) >> lengthAt) }

// closeShapes says whether words of two shapes may be at most reach edits apart: an
// edit changes at most two bits of the letters and the length by one.
func closeShapes(a, b uint64, reach int) bool {
	if a == anyShape || b == anyShape {
		return true
	}
	longer := int(a>>lengthAt) - int(b>>lengthAt)
	return longer <= reach && -longer <= reach && bits.OnesCount64((a^b)&letters) <= 2*reach
}

// bag counts the letters of a name, in 16 classes of four bits each, to tell two names
// apart whose words may be parted in other places. The rest of the alphabet shares
// classes, and digits are folded in. It counts to 15. Another letter makes it anyBag.
type bag uint64

const anyBag = ^bag(0)

// bagClass gives the class of a letter: the most frequent have one of their own.
var bagClass = func() (class [26]uint8) {
	for i, group := range [16]string{"a", "e", "i", "o", "n", "r", "s", "t", "l", "uwq", "dx", "hz", "kj", "mvf", "gb", "pcy"} {
		for _, letter := range group {
			class[letter-'a'] = uint8(4 * i)
		}
	}
	return class
}()

// with gives the bag of a name with one word more.
func (b bag) with(text string) bag {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return anyBag
		}
		if class := bagClass[(text[i]-1)&31%26]; b>>class&15 < 15 {
			b += 1 << class
		}
	}
	return b
}

// apart gives a number of edits that two names are at least away from each other.
func (b bag) apart(other bag) int {
	if b == anyBag || other == anyBag {
		return 0
	}
	return max(more(b, other), more(other, b))
}

// more counts the letters that a has more of than b, eight classes at once.
func more(a, b bag) (n int) {
	const (
		nibble bag = 0x0f0f0f0f0f0f0f0f
		top    bag = 0x8080808080808080
	)
	for range 2 {
		d := a&nibble | top - b&nibble // in each byte: 128 and what a has more
		sign := d & top                // in the bytes where it is not less
		n += int(d & (sign - sign>>7) * 0x0101010101010101 >> 56)
		a, b = a>>4, b>>4
	}
	return n
}

// sameLetters says whether two names of at most so many letters may be the same with
// spaces in other places and a slip for every seven.
func sameLetters(a, b bag, letters int) bool { return a.apart(b) <= max(1, letters/7) }
