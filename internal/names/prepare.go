package names

import (
	"strings"
	"unicode/utf8"
)

// Prepare folds a name and classes its words. Scripts are read as Latin, marks
// and case go, apostrophes join and other punctuation separates. "SURNAME, Given"
// of a person becomes Given Surname. Legal forms, titles and ship prefixes move
// to Aside, unless nothing else is left. At most the first 512 characters and 32
// words count. O(len(s)).
func Prepare(s string, k Kind) Name {
	var space [8]word // spares most names asking for memory
	words := space[:0]
	if isASCII(s[:min(len(s), maxBytes)]) {
		words = appendASCII(words, s)
	} else {
		words = splitWords(s)
	}
	if k != Person {
		words = partForms(joinInitials(words))
	}
	if k != Organization && k != Vessel {
		words = joinServant(words)
	}
	n := Name{Kind: k}
	words, n.Aside = withoutAside(words, setAside(words, k))
	words = givenFirst(words, k)
	if k != Person {
		words = spellOut(words)
	}
	n.Cut = len(words) > maxTokens || len(s) > maxRunes && utf8.RuneCountInString(s) > maxRunes
	words = words[:min(len(words), maxTokens)]
	n.Tokens = make([]Token, len(words))
	for i, w := range words {
		n.Tokens[i] = newToken(w, k, i == 0, i == len(words)-1)
		n.syllables = (i == 0 || n.syllables) && n.Tokens[i].syllable
	}
	n.syllables = n.syllables && len(words) > 1 && k != Organization && k != Vessel
	return n
}

// withoutAside parts what is set aside from the words, unless nothing would be left.
func withoutAside(words []word, aside []put) (left []word, forms []Token) {
	if aside == nil {
		return words, nil
	}
	kept := 0
	for i := range words {
		if aside[i].words == 0 {
			words[kept] = words[i]
			kept++
		} else if a := aside[i]; a.text != "" {
			forms = append(forms, Token{Text: a.text, Class: a.class, form: a.form})
		}
	}
	if kept == 0 {
		return words, nil
	}
	return words[:kept], forms
}

// givenFirst turns "SURNAME, Given" around. Of what may be a person, only a name
// with a single comma is.
func givenFirst(words []word, k Kind) []word {
	comma, commas := -1, 0
	for i := range words[:max(len(words)-1, 0)] {
		if words[i].comma {
			if commas++; commas == 1 {
				comma = i
			}
		}
	}
	if commas == 0 || k != Person && (k != Other || commas > 1) {
		return words
	}
	return append(words[comma+1:len(words):len(words)], words[:comma+1]...)
}

// official says whether the name has a legal form or a word that organisations share.
func (n *Name) official() bool {
	for i := range n.Aside {
		if n.Aside[i].Class == LegalForm {
			return true
		}
	}
	for i := range n.Tokens {
		if n.Tokens[i].Class == Generic {
			return true
		}
	}
	return false
}

// Empty says whether the name holds no letter or digit at all.
func (n Name) Empty() bool { return len(n.Tokens) == 0 }

// joinInitials turns runs of dotted letters into one word: L.L.C., S. A., G.m.b.H.
func joinInitials(words []word) []word {
	out := words[:0]
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && len(words[j].text) == 1 && (words[j].dot || j > i && words[j-1].dot) {
			j++
		}
		if j-i < 2 {
			out = append(out, words[i])
			i++
			continue
		}
		joined := words[i]
		for _, w := range words[i+1 : j] {
			joined.text += w.text
		}
		joined.dotted, joined.comma = true, words[j-1].comma
		out = append(out, joined)
		i = j
	}
	return out
}

func newToken(w word, k Kind, first, last bool) Token {
	t := Token{Text: w.text, Native: w.native, Script: w.script}
	number, roman := romans.get(w.text)
	switch {
	case w.script.Unparted() || w.script == Kana: // a reading is no particle or initial
	case isNumber(w.text):
		t.Class = Numeral
		if trimmed := strings.TrimLeft(w.text, "0"); trimmed != "" {
			t.Text = trimmed
		}
	case roman && !first && k != Person && (len(w.text) > 1 || last && k != Other):
		t.Class, t.Text = Numeral, number
	case particleSet.has(w.text):
		t.Class = Particle
	case len(w.text) == 1:
		t.Class = Initial
	case k != Person && genericSet.has(w.text):
		t.Class = Generic
	}
	t.syllable = isSyllable(t.Text)
	t.Sound, t.Skeleton = sounded(t.Text)
	t.bag = bagOf(t.Text)
	return t
}

// Stored puts a word together again from the parts that Prepare has made of it, noting
// the rarity that Weights gave it. It is not for words that were set aside.
func Stored(text, sound, skeleton, native string, script Script, class Class, syllable bool, rarity float32, listed bool) Token {
	t := Token{Text: text, Sound: sound, Skeleton: skeleton, Native: native, Script: script, Class: class, syllable: syllable, bag: bagOf(text)}
	t.note(rarity, listed)
	return t
}

// Syllable says whether a word is a single syllable as Chinese and Korean names have.
func (t *Token) Syllable() bool { return t.syllable }

// bagOf gives one bit for each letter or digit of a word.
func bagOf(text string) (bag uint64) {
	for i := range len(text) {
		bag |= 1 << (text[i] & 63)
	}
	return bag
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
