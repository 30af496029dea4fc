package names

import (
	"math/bits"
	"strings"
)

// How a comparison turns evidence into a score: what met, divided by what met
// plus what was lost.
const (
	lostReplaced = 1.0  // a word of a and a word of b stand against each other
	lostOnlyA    = 0.5  // a word of a without counterpart, nothing of b left over
	lostOnlyB    = 0.35 // a word of b without counterpart, nothing of a left over
	lostDoubt    = 0.08 // added to any loss: a little evidence survives a loss less well

	spellingSimilarity = 0.93
	initialSimilarity  = 0.85
	numeralFactor      = 0.55 // numbers contradict
	formFactor         = 0.95 // legal forms contradict
	orderLoss          = 0.02 // organisations and ships: words in another order
	commonFactor       = 0.6  // nothing but initials or common words met, and other words did not
	loneFactor         = 0.85 // of a person listed by several words a single one met
	familiarFactor     = 1.7  // how much more a typo costs between two names of the list
)

// Compare judges how alike a and b are, and says why. By custom a is the name
// that is asked about and b the name on a list: a word that only a list has (a
// middle name) costs less than a word that only the question has. Words of a
// person may come in any order. Numbers of organisations and ships that
// contradict each other (Fund II, Fund III) hold the score below 0.6.
// O(words of a × words of b) distances at most.
func Compare(a, b Name, w Weights) Match {
	c := comparison{a: a, b: b, w: w, explain: true}
	score := c.run()
	return Match{Score: score, Parts: c.parts, Contradiction: c.contradiction}
}

// Score is Compare without the explanation, several times faster.
func Score(a, b Name, w Weights) float64 {
	c := comparison{a: a, b: b, w: w}
	return c.run()
}

// comparison is one running comparison. freeA and freeB have a bit for each
// word that has met none so far.
type comparison struct {
	a, b         Name
	w            Weights
	freeA, freeB uint32
	met, lost    float64
	words, core  int             // how many times whole words met, and words that tell names apart
	metFrom      [maxTokens]int8 // for each word of b, the word of a it met, plus one

	explain       bool
	parts         []Part
	contradiction string
}

func (c *comparison) run() float64 {
	if c.a.Empty() || c.b.Empty() {
		return 0
	}
	c.freeA, c.freeB = 1<<len(c.a.Tokens)-1, 1<<len(c.b.Tokens)-1
	c.meetEqual()
	if c.freeA != 0 && c.freeB != 0 {
		c.meetAcross()
		c.meetJoined(c.a.Tokens, c.b.Tokens, &c.freeA, &c.freeB, false)
		c.meetJoined(c.b.Tokens, c.a.Tokens, &c.freeB, &c.freeA, true)
		c.meetRest(0)
		c.meetClose()
		c.meetInitials(c.a.Tokens, c.b.Tokens, &c.freeA, &c.freeB, false)
		c.meetInitials(c.b.Tokens, c.a.Tokens, &c.freeB, &c.freeA, true)
		c.meetRest(7)
	}
	numbers := c.numbersContradict()
	c.countRest()
	if c.met == 0 {
		return 0
	}
	if c.lost > 0 {
		c.lost += lostDoubt
	}
	score := c.met / (c.met + c.lost)
	if numbers {
		score *= numeralFactor
		c.contradiction = "The numbers contradict each other"
	}
	if c.formsContradict() {
		score *= formFactor
	}
	score *= c.thinness()
	if c.a.Kind != Person && c.b.Kind != Person && c.disordered() {
		score -= orderLoss * score
	}
	return score
}

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
					c.addJoined(many[i:k+1], one[j:j+1], swapped, similarity)
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

// addJoined counts words that met as one. Joined words weigh what the several
// words weigh together, since the one word is rare only by being joined.
func (c *comparison) addJoined(x, y []Token, swapped bool, similarity float64) {
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
	c.add(a, b, Joined, similarity, weight)
}

// meetClose pairs the words that are left by similarity, best first.
func (c *comparison) meetClose() {
	var table [maxTokens][maxTokens]float32
	for fa := c.freeA; fa != 0; fa &= fa - 1 {
		i := bits.TrailingZeros32(fa)
		for fb := c.freeB; fb != 0; fb &= fb - 1 {
			j := bits.TrailingZeros32(fb)
			table[i][j] = float32(c.similarity(&c.a.Tokens[i], &c.b.Tokens[j]))
		}
	}
	for {
		best, bi, bj := float32(0), 0, 0
		for fa := c.freeA; fa != 0; fa &= fa - 1 {
			i := bits.TrailingZeros32(fa)
			for fb := c.freeB; fb != 0; fb &= fb - 1 {
				if j := bits.TrailingZeros32(fb); table[i][j] > best {
					best, bi, bj = table[i][j], i, j
				}
			}
		}
		if best == 0 {
			return
		}
		how := Typo
		if c.a.Tokens[bi].Sound == c.b.Tokens[bj].Sound {
			how = Spelling
		}
		c.meet(bi, bj, how, float64(best))
	}
}

// similarity is Similarity, less where both words are names of their own.
func (c *comparison) similarity(a, b *Token) float64 {
	if a.Script != b.Script && (a.Script.unparted() || b.Script.unparted()) {
		return 0 // meetAcross has tried
	}
	s := Similarity(a, b)
	if s > 0 && a.Sound != b.Sound && c.w.familiar(a, b) {
		s = 1 - familiarFactor*(1-s)
		if s <= 0.5 {
			return 0
		}
	}
	return s
}

// meetInitials lets a single letter, or two letters such as JC, meet the words
// that begin with them. Not for ships, whose letters are names.
func (c *comparison) meetInitials(short, long []Token, freeShort, freeLong *uint32, swapped bool) {
	if c.a.Kind == Vessel || c.b.Kind == Vessel || c.a.Kind == Organization && c.b.Kind == Organization {
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
	x, y := pick(c.a.Tokens, c.freeA), pick(c.b.Tokens, c.freeB)
	s, t := texts(x, ""), texts(y, "")
	longest, slips := max(len(s), len(t)), 0
	if slipEvery > 0 {
		slips = longest / slipEvery
	}
	if longest < 4 || longest-min(len(s), len(t)) > slips {
		return
	}
	if d := osa(s, t); d <= slips {
		c.freeA, c.freeB = 0, 0
		c.addJoined(x, y, false, 0.97-float64(d)/float64(longest))
	}
}

// countRest counts the words that met none. What stands against each other on
// both sides costs twice; what is only missing on one side costs less.
func (c *comparison) countRest() {
	onlyA := c.sum(c.a.Tokens, c.freeA, true)
	onlyB := c.sum(c.b.Tokens, c.freeB, false)
	replaced := min(onlyA, onlyB)
	c.lost += 2*lostReplaced*replaced + lostOnlyA*(onlyA-replaced) + lostOnlyB*(onlyB-replaced)
}

func (c *comparison) sum(tokens []Token, free uint32, ofA bool) float64 {
	total := 0.0
	for ; free != 0; free &= free - 1 {
		t := &tokens[bits.TrailingZeros32(free)]
		weight := c.w.Of(t)
		total += weight
		if c.explain && ofA {
			c.parts = append(c.parts, Part{A: t.Text, How: OnlyA, Weight: weight})
		} else if c.explain {
			c.parts = append(c.parts, Part{B: t.Text, How: OnlyB, Weight: weight})
		}
	}
	return total
}

// thinness is the factor for evidence that looks like more than it is.
func (c *comparison) thinness() float64 {
	left := hasClass(c.a.Tokens, c.freeA, Core) || hasClass(c.b.Tokens, c.freeB, Core)
	switch {
	case c.words == 0 || c.core == 0 && left:
		return commonFactor
	case c.words == 1 && c.b.Kind == Person && hasClass(c.b.Tokens, c.freeB, Core):
		return loneFactor
	}
	return 1
}

// numbersContradict says whether both names have a number that the other lacks.
func (c *comparison) numbersContradict() bool {
	return c.a.Kind != Person && c.b.Kind != Person &&
		hasClass(c.a.Tokens, c.freeA, Numeral) && hasClass(c.b.Tokens, c.freeB, Numeral)
}

func hasClass(tokens []Token, free uint32, class Class) bool {
	for ; free != 0; free &= free - 1 {
		if tokens[bits.TrailingZeros32(free)].Class == class {
			return true
		}
	}
	return false
}

// formsContradict says whether both names have a legal form and no two agree.
func (c *comparison) formsContradict() bool {
	fa, fb := formSet(c.a.Aside), formSet(c.b.Aside)
	differ := fa != "" && fb != "" && fa != fb && fa != "company" && fb != "company"
	if c.explain && len(c.a.Aside)+len(c.b.Aside) > 0 {
		similarity := 1.0
		if differ {
			similarity = 0
		}
		c.parts = append(c.parts, Part{A: texts(c.a.Aside, " "), B: texts(c.b.Aside, " "), How: Form,
			Similarity: similarity, Weight: particleWeight})
	}
	return differ
}

// formSet gives the class of legal form that says most, or "" for none.
func formSet(aside []Token) string {
	best := ""
	for i := range aside {
		if f := aside[i].form; f != "" && (best == "" || best == "company") {
			best = f
		}
	}
	return best
}

// disordered says whether words that met stand in another order.
func (c *comparison) disordered() bool {
	last := int8(0)
	for _, from := range c.metFrom[:len(c.b.Tokens)] {
		if from == 0 {
			continue
		}
		if from < last {
			return true
		}
		last = from
	}
	return false
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
