package names

import "strings"

// longestLatin bounds the Latin words that are compared with words of other scripts.
const longestLatin = 40

// latinWord is a Latin word made ready to be met by words of other scripts.
type latinWord struct {
	size     int
	letter   [longestLatin + 1]byte
	window   [longestLatin + 1]uint32 // the next six letters
	surprise int32                    // what its letters cost when no name is known
}

// ready fills w and says whether the word has letters and is not too long.
func (w *latinWord) ready(text string) bool {
	w.size = 0
	for i := range len(text) {
		if l := letterOf(text[i]); l != 0 {
			if w.size == longestLatin {
				return false
			}
			w.letter[w.size] = l
			w.size++
		}
	}
	if w.size == 0 {
		return false
	}
	table := surprise()
	before, window := byte(0), uint32(0)
	w.letter[w.size], w.window[w.size] = 0, 0
	for i := w.size - 1; i >= 0; i-- {
		window = window>>5 | uint32(w.letter[i])<<(5*(longestSpelling-1))
		w.window[i] = window
	}
	w.surprise = 0
	for i := 0; i <= w.size; i++ {
		w.surprise += table[before][w.letter[i]]
		before = w.letter[i]
	}
	return true
}

// fitOffset keeps the fit of short words from growing without bound: two nats.
const fitOffset = 20

// fit says how much better a Latin word is explained as a spelling of a native
// one than as letters of any name: the ratio of the two surprisals. Below
// t.limit it gives 0. The cheapest alignment is found by dynamic programming
// over the units, O(units × letters), and given up when none can reach the limit.
func (t *sounds) fit(units []uint16, w *latinWord) float64 {
	budget := int32(float64(w.surprise)/t.limit) - fitOffset
	var rows [2][longestLatin + 1]int32
	row, next := &rows[0], &rows[1]
	for j := range row[:w.size+1] {
		row[j] = unreachable
	}
	row[0] = 0
	for i := 0; ; i++ {
		if i > 0 { // no letter is inserted before the first unit
			for j := range w.size {
				row[j+1] = min(row[j+1], row[j]+t.insert[w.letter[j]])
			}
		}
		if i == len(units) {
			break
		}
		for j := range next[:w.size+1] {
			next[j] = unreachable
		}
		alive := false
		for j := 0; j <= w.size; j++ {
			if row[j] <= budget {
				alive = true
				t.units[units[i]].spread(row[j], j, w, next)
			}
		}
		if !alive {
			return 0
		}
		row, next = next, row
	}
	if row[w.size] > budget {
		return 0
	}
	return float64(w.surprise) / float64(row[w.size]+fitOffset)
}

// spread lets a unit stand for letters of w from j on.
func (u *unit) spread(cost int32, j int, w *latinWord, next *[longestLatin + 1]int32) {
	empty := int32(dropCost)
	for _, s := range u.spellings[:u.from[1]] {
		empty = min(empty, int32(s.cost))
	}
	next[j] = min(next[j], cost+empty)
	if j == w.size {
		return
	}
	next[j+1] = min(next[j+1], cost+replaceCost)
	l := w.letter[j]
	for _, s := range u.spellings[u.from[l]:u.from[l+1]] {
		if w.window[j]&s.mask == s.letters {
			k := j + int(s.size)
			next[k] = min(next[k], cost+int32(s.cost))
		}
	}
}

// scale makes fits of all scripts comparable: 0 below the limit, 0.55 at it, 0.9
// for an ordinary pair of spellings. A similarity is at most mostAcross of it.
func (t *sounds) scale(fit float64) float64 {
	if fit < t.limit {
		return 0
	}
	return 0.55 + 0.35*(fit-t.limit)/(t.good-t.limit)
}

// mostAcross is how alike two words can be that do not read the same.
const mostAcross = 0.95

// acrossScripts compares words of two scripts by what the letters of each may
// stand for, and says whether it could: one of the scripts needs a table. Words
// that read the same are alike in any case.
func acrossScripts(a, b *Token) (float64, bool) {
	sa, oka := a.across(b.Text)
	sb, okb := b.across(a.Text)
	best := min(max(sa, sb), mostAcross)
	if (oka || okb) && best < spellingSimilarity && a.Sound == b.Sound {
		best = spellingSimilarity
	}
	return best, oka || okb
}

// across compares a word with the Latin reading of one of another script: its
// first character and all that was written together, where these differ. Words
// with digits are left to their readings.
func (t *Token) across(latin string) (float64, bool) {
	if soundsOf(t.Script) == nil || t.Native == "" || strings.ContainsAny(t.Native, "0123456789") {
		return 0, false
	}
	var w latinWord
	if !w.ready(latin) {
		return 0, true
	}
	scale := acrossReady(t.Script, t.Native, &w)
	if t.Script.Unparted() {
		scale = max(scale, acrossReady(t.Script, t.character(), &w))
	}
	return scale, true
}

// acrossReady gives the scale of how native writing fits a Latin word.
func acrossReady(script Script, native string, w *latinWord) float64 {
	t := soundsOf(script)
	if t == nil {
		return 0
	}
	var units [mostUnits]uint16
	n := t.split(native, &units)
	fit := t.fit(units[:n], w)
	if rest := article(script, native); rest > 0 {
		fit = max(fit, t.fit(units[rest:n], w))
	}
	return t.scale(fit)
}

// article gives how many letters the Arabic article at the start of a word has,
// which Latin spellings leave out or part from the word.
func article(script Script, native string) int {
	const al = "ال"
	if script == Arabic && len(native) >= len(al)+4 && native[:len(al)] == al {
		return 2
	}
	return 0
}
