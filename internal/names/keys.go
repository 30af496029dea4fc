package names

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Keys yields coarse keys of what a word sounds like: its first consonants, in
// classes, in the ways in which a word of another script is mostly read. Words
// of two scripts that Similarity takes for alike nearly always share one. Equal
// keys alone say little. A Latin word has one key or two. Keys are the same in
// every run, but may change with the version.
func (t *Token) Keys(yield func(key uint32) bool) {
	table := soundsOf(t.Script)
	if table == nil || t.Native == "" {
		latinKeys(t.Text, yield)
		return
	}
	var b beam
	if !b.yield(table, t.Native, 0, mostKeys, yield) {
		return
	}
	if rest := article(t.Script, t.Native); rest > 0 && !b.yield(table, t.Native, rest, mostKeys, yield) {
		return
	}
	if t.Script.Unparted() && len(t.character()) < len(t.Native) {
		b.yield(table, t.character(), 0, characterKeys, yield)
	}
}

// yield yields at most so many keys of native writing without its first units.
func (b *beam) yield(t *sounds, native string, without, most int, yield func(key uint32) bool) bool {
	var units [mostUnits]uint16
	n := t.split(native, &units)
	keys := b.run(t, units[without:n])
	for _, k := range keys[:min(most, len(keys))] {
		if !yield(k.key()) {
			return false
		}
	}
	return true
}

// keyClasses is how many consonants a key holds.
const keyClasses = 3

// The classes of consonants. None stands for vowels, h and all else.
const (
	none uint32 = iota
	classP
	classB
	classF
	classT
	classD
	classK
	classG
	classS
	classSh
	classL
	classR
	classM
	classN
)

// classSeq is a run of classes, the first in the lowest four bits.
type classSeq struct {
	seq    uint32
	size   uint8
	closed bool // the last letter was a consonant: the same class again changes nothing
}

func (c classSeq) key() uint32 { return c.seq | uint32(c.size)<<28 }

func (c *classSeq) put(class uint32) {
	if class == none {
		c.closed = false
		return
	}
	if c.closed && c.size > 0 && c.seq>>(4*(c.size-1))&15 == class {
		return
	}
	c.closed = true
	if c.size < keyClasses {
		c.seq |= class << (4 * c.size)
		c.size++
	}
}

// latinKeys yields the keys of a Latin word: as it stands, with the letters soft
// or silent that are so in some languages, and each without the last consonant,
// which may be silent.
func latinKeys(text string, yield func(key uint32) bool) {
	var keys [4]uint32
	n := 0
	for _, soft := range []bool{false, true} {
		var c classSeq
		last := c
		for i := 0; i < len(text) && c.size < keyClasses; {
			class, size := classAt(text[i:])
			if soft {
				class, size = softClass(text[i:], class, size)
			}
			if class != none && !c.closed {
				last = c
			}
			c.put(class)
			if text[i] == 'x' && !soft {
				c.put(classS)
			}
			i += size
			if i >= len(text) && c.closed && c.size > 1 {
				keys[n] = last.key()
				n++
			}
		}
		keys[n] = c.key()
		n++
	}
	for i, k := range keys[:n] {
		if !slices.Contains(keys[:i], k) && !yield(k) {
			return
		}
	}
}

// softClass gives another class of the letters that text begins with, where
// languages differ.
func softClass(text string, class uint32, size int) (uint32, int) {
	next := byte(0)
	if len(text) > 1 {
		next = text[1]
	}
	switch text[0] {
	case 'j', 'w':
		return none, 1
	case 'r', 'l': // at the end of a syllable
		if next != 0 && !strings.ContainsRune("aeiouy", rune(next)) {
			return none, 1
		}
	case 'x':
		return classSh, 1
	case 'c':
		if next == 'h' {
			return classK, 2
		}
		return classSh, size
	case 'g':
		switch next {
		case 'e', 'i':
			return classSh, 1
		case 'h':
			return none, 2
		case 'n':
			return classN, 2
		case 'l':
			return classL, 2
		}
	}
	return class, size
}

// classAt gives the class of the letters that text begins with and how many they are.
func classAt(text string) (class uint32, n int) {
	next := byte(0)
	if len(text) > 1 {
		next = text[1]
	}
	switch text[0] {
	case 'p':
		if next == 'h' {
			return classF, 2
		}
		return classP, 1
	case 'b':
		return classB, 1
	case 'f', 'v', 'w':
		return classF, 1
	case 't':
		return classT, 1
	case 'd':
		return classD, 1
	case 'k', 'q', 'x':
		return classK, 1
	case 'g':
		return classG, 1
	case 'c':
		return classOfC(next)
	case 's':
		if next == 'h' {
			return classSh, 2
		}
		if len(text) > 2 && text[1:3] == "ch" {
			return classSh, 3
		}
		return classS, 1
	case 'z':
		if next == 'h' {
			return classSh, 2
		}
		return classS, 1
	case 'j':
		return classSh, 1
	case 'l':
		return classL, 1
	case 'r':
		return classR, 1
	case 'm':
		return classM, 1
	case 'n':
		return classN, 1
	case 'h':
		return none, 1
	}
	return none, 1
}

func classOfC(next byte) (uint32, int) {
	switch next {
	case 'h':
		return classSh, 2
	case 'k':
		return classK, 2
	case 'e', 'i', 'y':
		return classS, 1
	}
	return classK, 1
}

// classes is a way to read a unit, with its chance.
type classes struct {
	seq []uint8
	p   float32
}

// classesOf adds up the spellings of a unit that have the same classes.
func classesOf(fields []string) []classes {
	var out []classes
	total := float32(0)
	for _, f := range fields {
		text, cost := parseSpelling(f)
		p := float32(math.Exp(-float64(cost) / 10))
		total += p
		seq := classesOfText(text)
		if i := slices.IndexFunc(out, func(c classes) bool { return slices.Equal(c.seq, seq) }); i >= 0 {
			out[i].p += p
		} else {
			out = append(out, classes{seq, p})
		}
	}
	for i := range out {
		out[i].p /= total
	}
	out = slices.DeleteFunc(out, func(c classes) bool { return c.p < leastClass })
	slices.SortStableFunc(out, func(a, b classes) int { return cmp.Compare(b.p, a.p) })
	return out[:min(len(out), mostWays)]
}

// classesOfText gives the classes of letters, a run of vowels as one none.
func classesOfText(text string) []uint8 {
	var seq []uint8
	for i := 0; i < len(text); {
		class, n := classAt(text[i:])
		if n := len(seq); class != none || n == 0 || seq[n-1] != uint8(none) {
			seq = append(seq, uint8(class))
		}
		if text[i] == 'x' {
			seq = append(seq, uint8(classS))
		}
		i += n
	}
	return seq
}

// leastClass is the least chance of a reading that counts for Keys.
const leastClass = 0.01

// beam holds the likeliest beginnings of a word while its units are read.
type beam struct {
	now  [beamWidth]guess
	next [beamWidth * mostWays]guess
	n, m int // how many of each are in use
	keys [mostKeys]classSeq
}

type guess struct {
	c classSeq
	p float32
}

const (
	beamWidth = 32
	mostWays  = 8
	mostKeys  = 24

	characterKeys = 4 // of the first of several characters, which may be a family name

	leastGuess = 0.001 // the least chance of a beginning that is followed
)

// run gives the likeliest class runs of a word.
func (b *beam) run(t *sounds, units []uint16) []classSeq {
	b.now[0], b.n = guess{p: 1}, 1
	for _, id := range units {
		ways := t.units[id].classes
		if len(ways) == 0 {
			continue
		}
		b.m = 0
		full := true
		for _, g := range b.now[:b.n] {
			full = full && g.c.size == keyClasses
			for _, way := range ways {
				if g.p*way.p < leastGuess {
					break // the ways stand best first
				}
				c := g.c
				for _, class := range way.seq {
					c.put(uint32(class))
				}
				if c.size == keyClasses {
					c.closed = false // nothing comes after
				}
				b.add(guess{c, g.p * way.p})
			}
		}
		if full || b.m == 0 {
			break
		}
		b.trim()
	}
	n := 0
	for _, g := range b.now[:b.n] {
		g.c.closed = false
		if n < mostKeys && !slices.Contains(b.keys[:n], g.c) {
			b.keys[n] = g.c
			n++
		}
	}
	return b.keys[:n]
}

func (b *beam) add(g guess) {
	for i := range b.next[:b.m] {
		if b.next[i].c == g.c {
			b.next[i].p += g.p
			return
		}
	}
	b.next[b.m] = g
	b.m++
}

// trim moves the likeliest guesses to now, best first. Their chances sum to one.
func (b *beam) trim() {
	b.n = min(b.m, beamWidth)
	total := float32(0)
	for i := range b.n {
		best := i
		for j := i + 1; j < b.m; j++ {
			if b.next[j].p > b.next[best].p {
				best = j
			}
		}
		b.next[i], b.next[best] = b.next[best], b.next[i]
		total += b.next[i].p
	}
	for i := range b.n {
		b.now[i] = guess{b.next[i].c, b.next[i].p / total}
	}
}
