package names

import (
	"strconv"
	"strings"
)

// partForms parts a legal form from the word that it was written onto:
// "quibbletongmbh". Only forms that no word ends in are parted.
func partForms(words []word) []word {
	for i := 0; i < len(words); i++ {
		stem, form := cutForm(words[i].text)
		if form == "" {
			continue
		}
		tail := words[i]
		tail.text, words[i].text = form, stem
		words[i].comma, words[i].dot = false, false
		words = append(words[:i+1], append([]word{tail}, words[i+1:]...)...)
		i++
	}
	return words
}

func cutForm(text string) (stem, form string) {
	if phraseParts.has(text) {
		return text, ""
	}
	for _, f := range gluedForms {
		if rest, ok := strings.CutSuffix(text, f); ok && len(rest) >= 4 {
			return rest, f
		}
	}
	return text, ""
}

// joinServant writes "abd al" as one word, as other spellings of the name do:
// Abd al-Aziz, Abdul Aziz.
func joinServant(words []word) []word {
	out := words[:0]
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w.text == "abd" && i+2 < len(words) && len(words[i+1].text) == 2 && particleSet.has(words[i+1].text) {
			w.text += words[i+1].text
			i++
		}
		out = append(out, w)
	}
	return out
}

// spellOut writes numbers in digits ("forty four", "first", "1st") and common
// abbreviations in full, so that either spelling meets the other.
func spellOut(words []word) []word {
	out := words[:0]
	for i := 0; i < len(words); i++ {
		w := words[i]
		if full, ok := abbreviated.get(w.text); ok {
			w.text = full
		} else if n, ok := numberWord(w.text); ok {
			if n >= 20 && n%10 == 0 && i+1 < len(words) {
				if unit, ok := numberWord(words[i+1].text); ok && unit > 0 && unit < 10 {
					n += unit
					i++
				}
			}
			w.text = strconv.Itoa(n)
		}
		out = append(out, w)
	}
	return out
}

// numberWord reads a cardinal or ordinal from 1 to 99: "four", "4th", "fourth".
func numberWord(text string) (n int, ok bool) {
	if n, ok := numberWords.get(text); ok {
		return n, true
	}
	if len(text) < 3 || len(text) > 5 {
		return 0, false
	}
	digits, end := text[:len(text)-2], text[len(text)-2:]
	if !isNumber(digits) || end != "st" && end != "nd" && end != "rd" && end != "th" {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}
