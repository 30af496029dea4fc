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
	words := splitWords(s)
	if k != Person {
		words = joinInitials(words)
	}
	n := Name{Kind: k}
	aside := setAside(words, k)
	kept := 0
	for i := range words {
		if aside[i].words == 0 {
			words[kept] = words[i]
			kept++
		} else if a := aside[i]; a.text != "" {
			n.Aside = append(n.Aside, Token{Text: a.text, Class: a.class, form: a.form})
		}
	}
	if kept == 0 {
		n.Aside, kept = nil, len(words)
	}
	words = givenFirst(words[:kept], k)
	n.Cut = len(words) > maxTokens || len(s) > maxRunes && utf8.RuneCountInString(s) > maxRunes
	words = words[:min(len(words), maxTokens)]
	n.Tokens = make([]Token, len(words))
	for i, w := range words {
		n.Tokens[i] = newToken(w, k, i == 0, i == len(words)-1)
	}
	return n
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

// put is what setAside says of one word: part of a phrase that is set aside.
// The first word of the phrase carries its text.
type put struct {
	words int
	text  string
	form  string
	class Class
}

// setAside finds legal forms, titles and ship prefixes. Longer phrases win. A
// short form that is also a word counts only at the end of the name, or at its
// start where that is the custom.
func setAside(words []word, k Kind) []put {
	out := make([]put, len(words))
	end := len(words)
	for shrunk := true; shrunk; { // forms at the end come off one by one
		shrunk = false
		for size := min(longestPhrase, end); size > 0; size-- {
			if p, ok := lookup(words[end-size:end], k, true, false); ok {
				mark(out[end-size:end], p)
				end -= size
				shrunk = true
				break
			}
		}
	}
	for i := 0; i < end; {
		step := 1
		for size := min(longestPhrase, end-i); size > 0; size-- {
			if p, ok := lookup(words[i:i+size], k, false, i == 0); ok {
				mark(out[i:i+size], p)
				step = size
				break
			}
		}
		i += step
	}
	return out
}

func mark(out []put, p put) {
	for i := range out {
		out[i] = put{words: p.words}
	}
	out[0] = p
}

// lookup finds words as one phrase of the tables, with or without its spaces.
func lookup(words []word, k Kind, atEnd, atStart bool) (put, bool) {
	text := words[0].text
	for _, w := range words[1:] {
		text += w.text
	}
	p := put{words: len(words)}
	if k != Person && k != Vessel {
		form, ok := formOf[text]
		if !ok && len(text) >= 7 {
			form, ok = formOf[correct(words)]
		}
		if ok && (atEnd || words[0].dotted || !endOnlySet[text] || atStart && startTooSet[text]) {
			p.text, p.form, p.class = spaced(words), form, LegalForm
			return p, true
		}
	}
	if k != Organization && k != Vessel && honorificSet[text] || k == Vessel && atStart && prefixSet[text] {
		p.text, p.class = spaced(words), Honorific
		return p, true
	}
	return put{}, false
}

func spaced(words []word) string {
	text := words[0].text
	for _, w := range words[1:] {
		text += " " + w.text
	}
	return text
}

// correct gives the words as one, each that is one slip away from a word of a
// legal form put right. Without it "LIMOTED LIABILITY COMPANY" would be a name.
func correct(words []word) string {
	text := ""
	for _, w := range words {
		text += correctWord(w.text)
	}
	return text
}

func correctWord(text string) string {
	if len(text) < 4 || formWords[text] == text {
		return text
	}
	for i := -1; i < len(text); i++ {
		rest := text
		if i >= 0 {
			rest = text[:i] + text[i+1:]
		}
		if right := formWords[rest]; right != "" && osa(text, right) == 1 {
			return right
		}
	}
	return text
}

func newToken(w word, k Kind, first, last bool) Token {
	t := Token{Text: w.text, Abjad: w.abjad}
	number, roman := romans[w.text]
	switch {
	case isNumber(w.text):
		t.Class = Numeral
		if trimmed := strings.TrimLeft(w.text, "0"); trimmed != "" {
			t.Text = trimmed
		}
	case roman && !first && k != Person && (len(w.text) > 1 || last && k != Other):
		t.Class, t.Text = Numeral, number
	case particleSet[w.text]:
		t.Class = Particle
	case len(w.text) == 1:
		t.Class = Initial
	case k != Person && genericSet[w.text]:
		t.Class = Generic
	}
	t.Sound = sound(t.Text)
	t.Skeleton = skeleton(t.Sound)
	t.Bare = bare(t.Skeleton)
	for i := range len(t.Text) {
		t.bag |= 1 << (t.Text[i] & 63)
	}
	return t
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
