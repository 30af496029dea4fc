package names

// What Ceiling takes for lost: the least that a comparison may count.
const (
	leastOnlyA = 0.38
	leastOnlyB = 0.35
	leastDoubt = lostDoubt / 2
)

// Ceiling gives the most that Score can be where words of weight met meet words
// of the other name with a loss of lost, and words of weight onlyA and onlyB meet
// none. An index uses it to leave names out that cannot reach a score.
func Ceiling(met, lost, onlyA, onlyB float64) float64 {
	if met <= 0 {
		return 0
	}
	replaced := min(onlyA, onlyB)
	lost += 2*lostReplaced*replaced + leastOnlyA*(onlyA-replaced) + leastOnlyB*(onlyB-replaced)
	if lost > 0 {
		lost += leastDoubt
	}
	return met / (met + lost)
}

// MayMeet says whether two words that Similarity finds unlike may yet meet in a
// comparison, alone or with their neighbours: as an initial, an abbreviation, an
// acronym. It says yes too often rather than too seldom.
func MayMeet(a, b *Token, people bool) bool {
	if people && nicknames(a.Text, b.Text) {
		return true
	}
	if a.Text[0] != b.Text[0] || a.Class == Numeral || b.Class == Numeral {
		return false
	}
	if people {
		return len(a.Text) <= 2 || len(b.Text) <= 2
	}
	return mayShorten(a.Text, b.Text) || mayShorten(b.Text, a.Text)
}

// mayShorten says whether short may be an abbreviation of long, begin it, or be
// the first letters of it and of the words after it.
func mayShorten(short, long string) bool {
	if len(short) <= 3 || len(short) <= 8 && skeleton(short) == short {
		return true
	}
	if len(long) < len(short)+2 {
		return false
	}
	i := 0
	for j := 0; i < len(short) && j < len(long); j++ {
		if short[i] == long[j] {
			i++
		}
	}
	return i == len(short)
}

// Assemble puts a name together from words that Prepare has made for this kind.
func Assemble(k Kind, tokens, aside []Token) Name {
	n := Name{Kind: k, Tokens: tokens, Aside: aside, syllables: len(tokens) > 1 && k != Organization && k != Vessel}
	for i := range tokens {
		n.syllables = n.syllables && tokens[i].syllable
	}
	return n
}
