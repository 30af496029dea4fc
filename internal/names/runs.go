package names

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on how words of two scripts are parted: characters of a run that may
// stand for one Latin word, and Latin words that one native word may stand for.
const (
	mostCharacters = 8
	mostLatin      = 3
)

// crossing is a run of words of one name that may stand for a run of the other.
type crossing struct {
	a, b  uint32  // bits of the words
	scale float64 // see sounds.scale: it goes on above mostAcross, so that the best one shows
}

// meetAcross pairs words of two scripts, best first: runs of Han characters or
// Hangul syllables with one Latin word, and a word of another script with one to
// three Latin words.
func (c *comparison) meetAcross() {
	if c.freeA == 0 || c.freeB == 0 || scripts(c.a.Tokens)|scripts(c.b.Tokens) == 1<<Latin {
		return
	}
	found := crossings(nil, c.a.Tokens, c.b.Tokens, c.freeA, c.freeB, false)
	found = crossings(found, c.b.Tokens, c.a.Tokens, c.freeB, c.freeA, true)
	slices.SortStableFunc(found, func(x, y crossing) int {
		return cmp.Or(cmp.Compare(y.scale, x.scale), bits.OnesCount32(y.a|y.b)-bits.OnesCount32(x.a|x.b))
	})
	for _, x := range found {
		if c.freeA&x.a == x.a && c.freeB&x.b == x.b {
			c.cross(x)
		}
	}
}

// cross counts one crossing. It weighs what its words weigh on the side that
// has more of them.
func (c *comparison) cross(x crossing) {
	a, b := pick(c.a.Tokens, x.a), pick(c.b.Tokens, x.b)
	c.freeA &^= x.a
	c.freeB &^= x.b
	c.metFrom[bits.TrailingZeros32(x.b)] = int8(bits.TrailingZeros32(x.a) + 1)
	c.words++
	many := a
	if len(b) > len(a) {
		many = b
	}
	weight := 0.0
	for i := range many {
		weight += c.w.Of(&many[i])
	}
	if a[0].Class == Core || b[0].Class == Core {
		c.core++
	}
	c.addWords(a, b, Across, min(x.scale, mostAcross), weight)
}

// addWords counts words that met. Where their scripts differ, the explanation
// shows them as they are written, with the reading.
func (c *comparison) addWords(a, b []Token, how How, similarity, weight float64) {
	if !c.explain || a[0].Script == b[0].Script {
		c.add(texts(a, " "), texts(b, " "), how, similarity, weight)
		return
	}
	c.add(written(a), written(b), Across, similarity, weight)
	part := &c.parts[len(c.parts)-1]
	for _, words := range [][]Token{a, b} {
		if words[0].Script != Latin {
			part.Reading = strings.TrimSpace(part.Reading + " " + texts(words, ""))
		}
	}
}

// written gives words as their name writes them, folded.
func written(words []Token) string {
	var b strings.Builder
	for i := range words {
		t := &words[i]
		switch {
		case t.Script.Unparted():
			b.WriteString(t.character())
		case i > 0:
			b.WriteByte(' ')
			fallthrough
		default:
			b.WriteString(cmp.Or(t.Native, t.Text))
		}
	}
	return b.String()
}

// character gives the one character of a Han or Hangul token.
func (t *Token) character() string {
	_, n := utf8.DecodeRuneInString(t.Native)
	return t.Native[:n]
}

// scripts gives a bit for each script of the words.
func scripts(words []Token) (set uint32) {
	for i := range words {
		set |= 1 << words[i].Script
	}
	return set
}

// crossings appends the ways in which free words of native may stand for free
// words of other. swapped says that native is the second name.
func crossings(found []crossing, native, other []Token, freeNative, freeOther uint32, swapped bool) []crossing {
	add := func(of, to uint32, scale float64) {
		if scale > 0 && swapped {
			found = append(found, crossing{to, of, scale})
		} else if scale > 0 {
			found = append(found, crossing{of, to, scale})
		}
	}
	for free := freeOther; free != 0; free &= free - 1 {
		j := bits.TrailingZeros32(free)
		text := ""
		for k := j; k < min(j+mostLatin, len(other)) && freeOther>>k&1 != 0 && plain(&other[k]); k++ {
			text += other[k].Text
			var w latinWord
			if !w.ready(text) {
				break
			}
			for fn := freeNative; fn != 0; fn &= fn - 1 {
				i := bits.TrailingZeros32(fn)
				if native[i].Script == other[j].Script || !plain(&native[i]) {
					continue
				}
				if !native[i].Script.Unparted() {
					add(1<<i, 1<<(k+1)-1<<j, acrossReady(native[i].Script, native[i].Native, &w))
				} else if k == j {
					runs(native, i, freeNative, func(size int, run string) {
						add(1<<(i+size)-1<<i, 1<<j, acrossReady(native[i].Script, run, &w))
					})
				}
			}
		}
	}
	return found
}

// plain says whether a word may meet words of other scripts by its sound.
func plain(t *Token) bool { return t.Class != Numeral && t.Class != Initial }

// runs yields the runs of free characters that begin with word i and were
// written together.
func runs(words []Token, i int, free uint32, yield func(size int, run string)) {
	whole, end := words[i].Native, 0
	for k := i; k < min(i+mostCharacters, len(words)) && free>>k&1 != 0 && words[k].Native == whole[end:]; k++ {
		end += len(words[k].character())
		yield(k-i+1, whole[:end])
		if end == len(whole) {
			return
		}
	}
}

// mostRun is how many words a run of Han or Hangul characters is taken for, at
// most, when it is not yet known what it meets.
const mostRun = 2

// Weigh gives what the words of a name weigh together. Characters that are
// written together count for mostRun words at most, since they may be one word.
func (n Name) Weigh(w Weights) float64 {
	total, run, rest := 0.0, 0, ""
	for i := range n.Tokens {
		t := &n.Tokens[i]
		if t.Script.Unparted() && t.Native == rest {
			run++
		} else {
			run = 1
		}
		rest = ""
		if t.Script.Unparted() {
			rest = t.Native[len(t.character()):]
		}
		if run <= mostRun {
			total += w.Of(t)
		}
	}
	return total
}
