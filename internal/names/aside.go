package names

import "math/bits"

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
// start where that is the custom. Where there is none it gives nil.
func setAside(words []word, k Kind) []put {
	known := knownWords(words, k)
	if known == nil {
		return nil
	}
	out := make([]put, len(words))
	end := len(words)
	for shrunk := true; shrunk; { // forms at the end come off one by one
		shrunk = false
		for size := min(longestPhrase, end); size > 0; size-- {
			if p, ok := lookup(words[end-size:end], known[end-size:end], k, true, false); ok {
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
			if p, ok := lookup(words[i:i+size], known[i:i+size], k, false, i == 0); ok {
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

// knownWords gives for each word the part of a phrase of the tables that it is,
// with one slip in a long word of a legal form put right, or "". Without that
// "LIMOTED LIABILITY COMPANY" would be a name. Most words are of no phrase, so
// for most names it gives nil.
func knownWords(words []word, k Kind) (known []string) {
	for i := range words {
		text := words[i].text
		if !phraseParts.has(text) {
			if k == Person || k == Vessel {
				continue
			}
			if text = correct(text); text == "" {
				continue
			}
		}
		if known == nil {
			known = make([]string, len(words))
		}
		known[i] = text
	}
	return known
}

// correct gives the word of a legal form that is one slip away, or "".
func correct(text string) string {
	if len(text) < 4 || len(text) >= len(formWords) {
		return ""
	}
	bag := bagOf(text)
	near := formWords[len(text)]
	for i := range near {
		f := &near[i]
		if bits.OnesCount64(f.bag^bag) <= 2 && osa(f.text, text) == 1 {
			return f.text
		}
	}
	return ""
}

// lookup finds words as one phrase of the tables, with or without its spaces.
func lookup(words []word, known []string, k Kind, atEnd, atStart bool) (put, bool) {
	if known[0] == "" {
		return put{}, false
	}
	text, right, whole := words[0].text, known[0], true
	for i := 1; i < len(words); i++ {
		text += words[i].text
		right += known[i]
		whole = whole && known[i] != ""
	}
	p := put{words: len(words)}
	if k != Person && k != Vessel {
		form, ok := formOf.get(text)
		if !ok && whole {
			form, ok = formOf.get(right)
		}
		if !ok {
			form, ok = nearForm(text)
		}
		if ok && (atEnd || words[0].dotted || !endOnlySet.has(text) || atStart && startTooSet.has(text)) {
			p.text, p.form, p.class = spaced(words), form, LegalForm
			return p, true
		}
	}
	if k != Organization && k != Vessel && honorificSet.has(text) || k == Vessel && atStart && prefixSet.has(text) {
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

// nearForm finds a long phrase of the tables with up to two slips in it, for
// phrases whose words were run together and misspelled too.
func nearForm(text string) (string, bool) {
	for size := len(text) - 2; size <= len(text)+2; size++ {
		for _, form := range longForms[size] {
			if form[0] == text[0] && osa(form, text) <= 2 {
				return formOf.values[form], true
			}
		}
	}
	return "", false
}
