package names

// leastDoubt is the least that a comparison counts as lost beside any loss.
const leastDoubt = lostDoubt / 2

// Ceiling gives the most that Score can be where words of weight met meet words
// of the other name with a loss of lost, and words of weight onlyA and onlyB meet
// none, and the listed name is of kind k. An index uses it to leave names out that
// cannot reach a score.
func Ceiling(k Kind, met, lost, onlyA, onlyB float64) float64 {
	if met <= 0 {
		return 0
	}
	replaced := min(onlyA, onlyB)
	perA := lostOnlyA
	if k == Person {
		perA = lostOfPerson
	}
	lost += 2*lostReplaced*replaced + perA*(onlyA-replaced) + lostOnlyB*(onlyB-replaced)
	if lost > 0 {
		lost += leastDoubt
	}
	return met / (met + lost)
}

// MayMeet says whether two words that Similarity finds unlike may yet meet one for
// one in a comparison of names of kind k: as a nickname, an abbreviation, or with a
// legal form written onto one. The weights are what the words weigh, up to rounding.
func MayMeet(a, b *Token, weightA, weightB float32, k Kind) bool {
	if k == Person {
		return nicknames(a.Text, b.Text)
	}
	if a.Text[0] != b.Text[0] {
		return false
	}
	return glued(a.Text, b.Text) || glued(b.Text, a.Text) ||
		mayShorten(a, b, weightB) || mayShorten(b, a, weightA)
}

func mayShorten(short, long *Token, weight float32) bool {
	return short.Class == Core && weight < commonWeight+0.001 && abbreviates(short.Text, long.Text)
}

// MayStandFor says whether the letters of a word may be the first letters of some
// of so many words, as an acronym or as initials. firsts has a bit for each of their
// first letters, by its lowest five bits.
func (t *Token) MayStandFor(k Kind, words int, firsts uint32) bool {
	n := len(t.Text)
	if n > words || n > 8 || k == Vessel || n > 2 && k == Person || n < 2 && k == Organization {
		return false
	}
	for i := range n {
		if firsts>>(t.Text[i]&31)&1 == 0 {
			return false
		}
	}
	return true
}

// Thinness gives the factor that Score has where so many words met, core says that
// one of them tells names apart, and leftA and leftB that such a word of either name
// met none.
func Thinness(k Kind, words int, core, leftA, leftB bool) float64 {
	switch {
	case words == 0 || !core && (leftA || leftB):
		return commonFactor
	case words == 1 && k == Person && leftB:
		return loneFactor
	case words == 1 && k == Person && leftA:
		return aloneFactor
	}
	return 1
}

// Assemble puts a name together from words that Prepare has made for this kind.
func Assemble(k Kind, tokens, aside []Token) Name {
	n := Name{Kind: k, Tokens: tokens, Aside: aside, syllables: len(tokens) > 1 && k != Organization && k != Vessel}
	for i := range tokens {
		n.syllables = n.syllables && tokens[i].syllable
	}
	return n
}
