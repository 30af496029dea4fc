package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// word is a run of letters and digits of the original text, folded.
type word struct {
	text   string
	dot    bool // a full stop follows, as in an abbreviation
	dotted bool // it was written as single letters with full stops
	comma  bool // a comma follows before the next word
	native string
	script Script
}

// splitWords folds a name and cuts it into words. Apostrophes and marks join
// (O'Brien is one word, a quote before a name is nothing); everything else that
// is not a letter or digit separates. A Han character is a word of its own.
func splitWords(s string) []word {
	if !isASCII(s) {
		s = norm.NFKC.String(s)
	}
	out := make([]word, 0, 8)
	var b, native strings.Builder
	script := Latin
	flush := func() {
		if b.Len() > 0 {
			out = append(out, word{text: b.String(), native: native.String(), script: script})
		}
		b.Reset()
		native.Reset()
		script = Latin
	}
	seen := 0
	for _, r := range s {
		if seen++; seen > maxRunes {
			break
		}
		if r < utf8.RuneSelf {
			foldASCII(byte(r), &b, flush, &out)
			continue
		}
		if isJoiner(r) {
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			flush()
			continue
		}
		if s := scriptOf(r); s != Latin {
			if s == Han {
				flush()
			}
			script = s
			native.WriteRune(unicode.ToLower(r))
		}
		foldRune(r, &b, flush)
	}
	flush()
	return out
}

// foldASCII adds one ASCII character to the word in b, or ends the word.
func foldASCII(c byte, b *strings.Builder, flush func(), out *[]word) {
	switch {
	case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		b.WriteByte(c)
	case c >= 'A' && c <= 'Z':
		b.WriteByte(c + 'a' - 'A')
	case c == '\'' || c == '`':
	default:
		flush()
		if n := len(*out); n > 0 {
			(*out)[n-1].dot = (*out)[n-1].dot || c == '.'
			(*out)[n-1].comma = (*out)[n-1].comma || c == ','
		}
		if c == '&' {
			*out = append(*out, word{text: "and"})
		}
	}
}

// foldRune adds the Latin reading of a letter beyond ASCII. A letter without a
// known reading stays what it is, in lower case, so that it can still be equal.
func foldRune(r rune, b *strings.Builder, flush func()) {
	latin := unidecode.Unidecode(string(r))
	switch {
	case r == 'ا': // alef, which go-unidecode leaves out
		latin = "a"
	case strings.TrimSpace(latin) == "":
		if unicode.IsLetter(r) && !unicode.In(r, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew, unicode.Lm) {
			b.WriteRune(unicode.ToLower(r))
		}
		return
	}
	if unicode.Is(unicode.Han, r) {
		defer flush()
	}
	for i := range len(latin) {
		switch c := latin[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		case c >= 'A' && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		}
	}
}

// isJoiner says whether r stands inside words without being a letter of them:
// apostrophes, ayn and hamza signs, soft hyphens, zero-width characters.
func isJoiner(r rune) bool {
	switch r {
	case '’', '‘', 'ʼ', 'ʻ', 'ʿ', 'ʾ', 'ʹ', 'ʺ', '´', '′', 'ˈ', '\u0640', '\u00ad':
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
