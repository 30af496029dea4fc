package names

import (
	"math/bits"
	"strings"
)

// meet records that words i of a and j of b met with a similarity.
func (c *comparison) meet(i, j int, how How, similarity float64) {
	weight := c.w.Of(&c.a.Tokens[i])
	if how != Equal {
		weight = min(weight, c.w.Of(&c.b.Tokens[j]))
	}
	c.words++
	if c.a.Tokens[i].Class == Core || c.b.Tokens[j].Class == Core {
		c.core++
	}
	c.freeA &^= 1 << i
	c.freeB &^= 1 << j
	c.metFrom[j] = int8(i + 1)
	c.addWords(c.a.Tokens[i:i+1], c.b.Tokens[j:j+1], how, similarity, weight)
}

func (c *comparison) add(a, b string, how How, similarity, weight float64) {
	c.met += weight * similarity
	c.lost += weight * (1 - similarity)
	if c.explain {
		c.parts = append(c.parts, Part{A: a, B: b, How: how, Similarity: similarity, Weight: weight})
	}
}

func (c *comparison) meetEqual() {
	for i := range c.a.Tokens {
		for free := c.freeB; free != 0; free &= free - 1 {
			j := bits.TrailingZeros32(free)
			if c.a.Tokens[i].Text == c.b.Tokens[j].Text {
				c.meet(i, j, Equal, 1)
				break
			}
		}
	}
}

// meetJoined lets a word of one name meet two to four neighbours of the other
// that read the same without their spaces, up to a typo in a long word. swapped
// says that the neighbours are of b.
func (c *comparison) meetJoined(many, one []Token, freeMany, freeOne *uint32, swapped bool) {
	for free := *freeOne; free != 0; free &= free - 1 {
		j := bits.TrailingZeros32(free)
		want := one[j].Text
		if len(want) < 3 {
			continue
		}
		for i := 0; i+1 < len(many) && *freeOne&(1<<j) != 0; i++ {
			length := len(many[i].Text)
			for k := i + 1; k < min(i+4, len(many)); k++ {
				run := uint32(1<<(k+1) - 1<<i)
				length += len(many[k].Text)
				if *freeMany&run != run || length > len(want)+1 {
					break
				}
				if similarity := joinedSimilarity(many[i:k+1], length, want); similarity > 0 {
					*freeMany &^= run
					*freeOne &^= 1 << j
					c.addRun(many[i:k+1], one[j:j+1], Joined, similarity, swapped)
					break
				}
			}
		}
	}
}

func joinedSimilarity(many []Token, length int, want string) float64 {
	if length < len(want)-1 {
		return 0
	}
	joined := texts(many, "")
	if joined == want {
		return 0.97
	}
	if length >= 8 && osa(joined, want) == 1 {
		return 0.97 - 1/float64(length)
	}
	return 0
}

// addRun counts a word that met several. They weigh what the several words weigh
// together, since the one word is rare only by being joined. swapped says that x
// is of b.
func (c *comparison) addRun(x, y []Token, how How, similarity float64, swapped bool) {
	weight := 0.0
	many := x
	if len(y) > len(x) {
		many = y
	}
	for i := range many {
		weight += c.w.Of(&many[i])
	}
	if swapped {
		x, y = y, x
	}
	a, b := "", ""
	if c.explain {
		a, b = texts(x, " "), texts(y, " ")
	}
	c.words += 2
	c.core++
	c.add(a, b, how, similarity, weight)
}

// meetClose pairs the words that are left by similarity, best first.
func (c *comparison) meetClose() {
	wide := len(c.b.Tokens)
	var space [64]float32
	table := space[:]
	if size := len(c.a.Tokens) * wide; size > len(table) {
		table = make([]float32, size)
	}
	met := false
	for fa := c.freeA; fa != 0; fa &= fa - 1 {
		i := bits.TrailingZeros32(fa)
		for fb := c.freeB; fb != 0; fb &= fb - 1 {
			j := bits.TrailingZeros32(fb)
			alike, _ := c.similarity(&c.a.Tokens[i], &c.b.Tokens[j])
			table[i*wide+j] = float32(alike)
			met = met || alike > 0
		}
	}
	if !met {
		return
	}
	for {
		best, bi, bj := float32(0), 0, 0
		for fa := c.freeA; fa != 0; fa &= fa - 1 {
			i := bits.TrailingZeros32(fa)
			for fb := c.freeB; fb != 0; fb &= fb - 1 {
				if j := bits.TrailingZeros32(fb); table[i*wide+j] > best {
					best, bi, bj = table[i*wide+j], i, j
				}
			}
		}
		if best == 0 {
			return
		}
		_, how := c.similarity(&c.a.Tokens[bi], &c.b.Tokens[bj])
		c.meet(bi, bj, how, float64(best))
	}
}

// similarity is Similarity in view of the names that the words stand in: less
// where both are names of their own, more for nicknames and abbreviations.
func (c *comparison) similarity(a, b *Token) (float64, How) {
	if a.Script != b.Script && (a.Script.Unparted() || b.Script.Unparted()) {
		return 0, Across // meetAcross has tried
	}
	s, how := Similarity(a, b), Typo
	switch {
	case a.Script != b.Script:
		how = Across
	case a.Sound == b.Sound:
		how = Spelling
	}
	switch {
	case s > 0 && c.syllables() && a.syllable && b.syllable:
		if how == Typo {
			return 0, how
		}
		s = min(s, syllableSimilarity)
	case s > 0 && how == Typo && c.w.familiar(a, b):
		if s = 1 - familiarFactor*(1-s); s <= 0.5 {
			s = 0
		}
	}
	switch {
	case s < gluedSimilarity && !c.people() && (glued(a.Text, b.Text) || glued(b.Text, a.Text)):
		return gluedSimilarity, Joined
	case s < nickSimilarity && c.people() && nicknames(a.Text, b.Text):
		return nickSimilarity, Nickname
	case s < shortSimilarity && !c.people() && (c.shortens(a, b) || c.shortens(b, a)):
		return shortSimilarity, Abbreviation
	}
	return s, how
}

// glued says whether long is short with a legal form written onto it: SiemensAG.
func glued(long, short string) bool {
	form, ok := strings.CutPrefix(long, short)
	return ok && len(short) >= 4 && formOf.values[form] != ""
}

// organisations says whether both names are of organisations, as far as their kinds
// or their words tell.
func (c *comparison) organisations() bool {
	if c.people() {
		return false
	}
	return c.a.Kind == Organization && c.b.Kind == Organization || c.a.official() || c.b.official()
}

func (c *comparison) people() bool { return c.a.Kind == Person || c.b.Kind == Person }

// syllables says whether both names are of a language whose names are single
// syllables, where another letter is another name: Fan and Fang.
func (c *comparison) syllables() bool { return c.a.syllables && c.b.syllables }

// shortens says whether short abbreviates a common word: GRP, COMM, SRVCES.
func (c *comparison) shortens(short, long *Token) bool {
	return c.w.Of(long) <= commonWeight && short.Class == Core && abbreviates(short.Text, long.Text)
}

// abbreviates says whether short begins long, or has letters of it in order with
// the first and the last and few vowels.
func abbreviates(short, long string) bool {
	if len(short) < 3 || len(long) < len(short)+2 || short[0] != long[0] {
		return false
	}
	if strings.HasPrefix(long, short) {
		return len(short) >= 4
	}
	if short[len(short)-1] != long[len(long)-1] {
		return false
	}
	i, vowels := 0, 0
	for j := 0; i < len(short) && j < len(long); j++ {
		if short[i] == long[j] {
			if i > 0 && strings.IndexByte("aeiou", short[i]) >= 0 {
				vowels++
			}
			i++
		}
	}
	return i == len(short) && vowels <= 1
}

// meetAcronym lets one word of an organisation stand for the words that its
// letters begin: PLA, U.S. Particles between them may have no letter.
func (c *comparison) meetAcronym(short, long []Token, freeShort, freeLong *uint32, swapped bool) {
	if c.people() || c.a.Kind == Vessel || c.b.Kind == Vessel {
		return
	}
	for fs := *freeShort; fs != 0; fs &= fs - 1 {
		i := bits.TrailingZeros32(fs)
		letters := short[i].Text
		if short[i].Class != Core && short[i].Class != Particle || len(letters) < 2 || len(letters) > 8 || len(letters) == 2 && c.words == 0 {
			continue
		}
		for j := range long {
			end := acronymEnd(long, *freeLong, j, letters)
			if end == 0 || len(letters) == 2 && hasCore(long[j:end]) {
				continue
			}
			*freeShort &^= 1 << i
			*freeLong &^= 1<<end - 1<<j
			if c.words == 0 {
				c.acronym = len(letters)
			}
			c.addRun(short[i:i+1], long[j:end], Acronym, acronymSimilarity, swapped)
			break
		}
	}
}

// hasCore says whether a word tells names apart: two letters stand for too many
// words to be taken for such.
func hasCore(words []Token) bool {
	for i := range words {
		if words[i].Class == Core {
			return true
		}
	}
	return false
}

// acronymEnd gives where the words end that begin at from and that letters stand
// for, or 0.
func acronymEnd(words []Token, free uint32, from int, letters string) int {
	k := 0
	for j := from; j < len(words) && free&(1<<j) != 0; j++ {
		switch {
		case words[j].Text[0] == letters[k] && words[j].Class != Numeral:
			if k++; k == len(letters) {
				return j + 1
			}
		case words[j].Class != Particle || j == from:
			return 0
		}
	}
	return 0
}

// meetInitials lets a single letter, or two letters such as JC, meet the words
// that begin with them. Not for ships, whose letters are names.
func (c *comparison) meetInitials(short, long []Token, freeShort, freeLong *uint32, swapped bool) {
	if c.a.Kind == Vessel || c.b.Kind == Vessel || c.organisations() {
		return
	}
	for fs := *freeShort; fs != 0; fs &= fs - 1 {
		i := bits.TrailingZeros32(fs)
		letters := short[i].Text
		if len(letters) > 2 || len(letters) == 2 && (short[i].Class != Core || short[i].Skeleton != short[i].Sound) {
			continue
		}
		for j := 0; j+len(letters) <= len(long); j++ {
			run := uint32(1<<(j+len(letters)) - 1<<j)
			if *freeLong&run != run || !beginWith(long[j:j+len(letters)], letters) {
				continue
			}
			*freeShort &^= 1 << i
			*freeLong &^= run
			a, b := short[i].Text, texts(long[j:j+len(letters)], " ")
			if swapped {
				a, b = b, a
			}
			c.add(a, b, Initials, initialSimilarity, initialWeight*float64(len(letters)))
			break
		}
	}
}

func beginWith(words []Token, letters string) bool {
	for i := range words {
		if len(words[i].Text) < 2 || words[i].Text[0] != letters[i] || words[i].Class == Numeral {
			return false
		}
	}
	return true
}

// meetRest compares all that is left on both sides as one run of letters, for
// spaces that stand in different places: "bank e" and "ban ke". It allows one
// slip for each slipEvery letters, none when that is 0.
func (c *comparison) meetRest(slipEvery int) {
	if c.freeA == 0 || c.freeB == 0 || bits.OnesCount32(c.freeA)+bits.OnesCount32(c.freeB) < 3 {
		return
	}
	sizeA, bagA := lettersOf(c.a.Tokens, c.freeA)
	sizeB, bagB := lettersOf(c.b.Tokens, c.freeB)
	longest, slips := max(sizeA, sizeB), 0
	if slipEvery > 0 {
		slips = longest / slipEvery
	}
	if longest < 4 || longest-min(sizeA, sizeB) > slips || bits.OnesCount64(bagA^bagB) > lettersOfSlip*slips {
		return
	}
	x, y := pick(c.a.Tokens, c.freeA), pick(c.b.Tokens, c.freeB)
	s, t := texts(x, ""), texts(y, "")
	if d := osa(s, t); d <= slips {
		c.freeA, c.freeB = 0, 0
		c.addRun(x, y, Joined, 0.97-float64(d)/float64(longest), false)
	}
}

// lettersOfSlip is how many bits of a bag a slip may change, at most: those of two
// letters, which are of up to four bytes.
const lettersOfSlip = 8

// lettersOf gives how many letters some words have together, and the bag of them.
func lettersOf(tokens []Token, which uint32) (size int, bag uint64) {
	for ; which != 0; which &= which - 1 {
		t := &tokens[bits.TrailingZeros32(which)]
		size += len(t.Text)
		bag |= t.bag
	}
	return size, bag
}

func pick(tokens []Token, which uint32) []Token {
	out := make([]Token, 0, bits.OnesCount32(which))
	for ; which != 0; which &= which - 1 {
		out = append(out, tokens[bits.TrailingZeros32(which)])
	}
	return out
}

func texts(tokens []Token, between string) string {
	if len(tokens) == 1 {
		return tokens[0].Text
	}
	size := 0
	for i := range tokens {
		size += len(tokens[i].Text) + len(between)
	}
	var b strings.Builder
	b.Grow(size)
	for i := range tokens {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(tokens[i].Text)
	}
	return b.String()
}
