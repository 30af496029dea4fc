package names

import (
	"math/bits"
)

// How a comparison turns evidence into a score: what met, divided by what met
// plus what was lost.
const (
	lostReplaced = 1.05 // a word of a and a word of b stand against each other
	lostOnlyA    = 0.6  // a word of a without counterpart, nothing of b left over
	lostOfPerson = 0.38 // the same, of a person: lists leave out what papers have
	lostOnlyB    = 0.35 // a word of b without counterpart, nothing of a left over
	lostNumber   = 0.6  // a number that only one of two organisations or ships has
	lostDoubt    = 0.08 // added to any loss: a little evidence survives a loss less well

	spellingSimilarity = 0.93
	initialSimilarity  = 0.85
	acronymSimilarity  = 0.9
	shortSimilarity    = 0.85 // a common word and its abbreviation
	nickSimilarity     = 0.9
	gluedSimilarity    = 0.95
	syllableSimilarity = 0.7  // two spellings of one sound in a name of single syllables
	commonWeight       = 0.6  // what a word weighs at most to be abbreviated
	numeralFactor      = 0.55 // numbers contradict
	formFactor         = 0.95 // legal forms contradict
	orderLoss          = 0.02 // organisations and ships: words in another order
	commonFactor       = 0.6  // nothing but initials or common words met, and other words did not
	loneFactor         = 0.85 // of a person listed by several words a single one met
	aloneFactor        = 0.95 // of a person listed by one word, the question has another too
	familiarFactor     = 1.7  // how much more a typo costs between two names of the list
)

// acronymFactor is, by its letters, for an acronym that is the only evidence: many
// organisations share three letters, few share five.
var acronymFactor = [...]float64{3: 0.7, 4: 0.8, 5: 0.9}

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
	acronym      int             // letters of an acronym, where nothing else met before it
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
		c.meetAcronym(c.a.Tokens, c.b.Tokens, &c.freeA, &c.freeB, false)
		c.meetAcronym(c.b.Tokens, c.a.Tokens, &c.freeB, &c.freeA, true)
		c.meetInitials(c.a.Tokens, c.b.Tokens, &c.freeA, &c.freeB, false)
		c.meetInitials(c.b.Tokens, c.a.Tokens, &c.freeB, &c.freeA, true)
		c.meetRest(7)
	}
	numbers := c.numbersContradict()
	c.countRest()
	if c.met == 0 {
		return 0
	}
	agree, contradict := c.forms()
	switch {
	case c.lost > 0 && agree:
		c.lost += lostDoubt / 2
	case c.lost > 0:
		c.lost += lostDoubt
	}
	score := c.met / (c.met + c.lost)
	if numbers {
		score *= numeralFactor
		c.contradiction = "The numbers contradict each other"
	}
	if contradict {
		score *= formFactor
	}
	score *= c.thinness()
	if c.a.Kind != Person && c.b.Kind != Person && c.disordered() {
		score -= orderLoss * score
	}
	return score
}

// countRest counts the words that met none. What stands against each other on
// both sides costs twice; what is only missing on one side costs less.
func (c *comparison) countRest() {
	onlyA := c.sum(c.a.Tokens, c.freeA, true)
	onlyB := c.sum(c.b.Tokens, c.freeB, false)
	replaced := min(onlyA, onlyB)
	perA := lostOnlyA
	if c.b.Kind == Person {
		perA = lostOfPerson
	}
	c.lost += 2*lostReplaced*replaced + perA*(onlyA-replaced) + lostOnlyB*(onlyB-replaced)
	if !c.people() {
		numbers := c.sumOf(c.a.Tokens, c.freeA, Numeral) + c.sumOf(c.b.Tokens, c.freeB, Numeral)
		c.lost += lostNumber * numbers
	}
}

func (c *comparison) sumOf(tokens []Token, free uint32, class Class) float64 {
	total := 0.0
	for ; free != 0; free &= free - 1 {
		if t := &tokens[bits.TrailingZeros32(free)]; t.Class == class {
			total += c.w.Of(t)
		}
	}
	return total
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
	leftA, leftB := hasClass(c.a.Tokens, c.freeA, Core), hasClass(c.b.Tokens, c.freeB, Core)
	if c.acronym > 0 && c.words > 0 && (c.core > 0 || !leftA && !leftB) {
		return acronymFactor[min(c.acronym, len(acronymFactor)-1)]
	}
	return Thinness(c.b.Kind, c.words, c.core > 0, leftA, leftB)
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

// forms says whether both names have a legal form of one class, or forms of two
// that cannot be one.
func (c *comparison) forms() (agree, differ bool) {
	fa, fb := formSet(c.a.Aside), formSet(c.b.Aside)
	agree = fa != "" && fa == fb
	differ = fa != "" && fb != "" && fa != fb && fa != "company" && fb != "company"
	if c.explain && len(c.a.Aside)+len(c.b.Aside) > 0 {
		similarity := 1.0
		if differ {
			similarity = 0
		}
		c.parts = append(c.parts, Part{A: texts(c.a.Aside, " "), B: texts(c.b.Aside, " "), How: Form,
			Similarity: similarity, Weight: particleWeight})
	}
	return agree, differ
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
