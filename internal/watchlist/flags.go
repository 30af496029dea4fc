package watchlist

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"duly/internal/names"
)

// Flag says, in a sentence, what of a query was not used as it was given. No hits
// and a flag is not the same as no match.
type Flag string

// The flags that do not quote the query.
const (
	NothingAsked  Flag = "neither a name nor an identifier was given"
	NothingToRead Flag = "nothing in the name could be compared"
	NotText       Flag = "the name is not valid UTF-8; what is no text was left out"
	HiddenLetters Flag = "the name holds invisible characters; they were left out"
	MixedScripts  Flag = "a word of the name mixes letters of several scripts, which may look alike"
)

// flags lists what could not be used.
func (a *asking) flags() (out []Flag) {
	name := a.as(names.Organization).name
	switch {
	case strings.TrimSpace(a.Name) == "" && len(a.numbers) == 0:
		out = append(out, NothingAsked)
	case a.Name != "" && name.Empty():
		out = append(out, NothingToRead)
	case name.Cut:
		out = append(out, Flag(fmt.Sprintf("the name is too long: it was cut off after %d words", len(name.Tokens))))
	}
	if !plainText(a.Name) {
		out = append(out, oddities(a.Name)...)
	}
	for _, d := range a.BirthDates {
		if parseDate(d) == "" {
			out = append(out, Flag(fmt.Sprintf("the date of birth %q could not be read", d)))
		}
	}
	for _, n := range a.numbers {
		switch {
		case n.key == "":
			out = append(out, Flag(fmt.Sprintf("the identifier %q is too short or has no digit, and was not used", n.text)))
		case n.bad:
			out = append(out, Flag(fmt.Sprintf("the check digits of the %s %q are wrong", n.of.name, n.text)))
		}
	}
	return out
}

// oddities lists what is unusual in the letters of a name.
func oddities(name string) (out []Flag) {
	if !utf8.ValidString(name) {
		out = append(out, NotText)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Cf, r) || unicode.IsControl(r) }) {
		out = append(out, HiddenLetters)
	}
	if mixesScripts(name) {
		out = append(out, MixedScripts)
	}
	return out
}

func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mixesScripts says whether a word has letters of two of the scripts whose
// letters look alike.
func mixesScripts(s string) bool {
	in := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Latin, r):
			in |= 1
		case unicode.Is(unicode.Cyrillic, r):
			in |= 2
		case unicode.Is(unicode.Greek, r):
			in |= 4
		case unicode.IsSpace(r):
			in = 0
		}
		if in&(in-1) != 0 {
			return true
		}
	}
	return false
}
