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
	script Script
	native string // see Token.Native
}

// maxBytes bounds what is normalised of one name. It holds maxRunes letters of
// any script.
const maxBytes = maxRunes * utf8.UTFMax

// splitWords folds a name and cuts it into words. Apostrophes and marks join
// (O'Brien is one word, a quote before a name is nothing); everything else that
// is not a letter or digit separates. Each Han character and each Hangul syllable
// is a word, since these scripts do not part the words of a name.
func splitWords(s string) []word {
	s = s[:min(len(s), maxBytes)]
	if isASCII(s) {
		return appendASCII(nil, s)
	}
	s = norm.NFKC.String(s)
	f := folder{out: make([]word, 0, 8), run: make([]rune, 0, 24)}
	seen := 0
	for _, r := range s {
		if seen++; seen > maxRunes {
			break
		}
		if r < utf8.RuneSelf {
			f.ascii(byte(r))
		} else {
			f.beyond(r)
		}
	}
	f.flush()
	return f.out
}

// appendASCII does what a folder does, for a text of ASCII alone: all words share
// one text.
func appendASCII(out []word, s string) []word {
	s = s[:min(len(s), maxRunes)]
	var space [64]byte
	letters := space[:0]
	for i := range len(s) {
		if c := lower(s[i]); isLetter(c) {
			letters = append(letters, c)
		}
	}
	text, size := string(letters), 0 // size is of the word so far
	for i := range len(s) {
		c := s[i]
		if isLetter(lower(c)) {
			size++
			continue
		}
		if c == '\'' || c == '`' {
			continue
		}
		if size > 0 {
			out = append(out, word{text: text[:size]})
			text, size = text[size:], 0
		}
		if n := len(out); n > 0 {
			out[n-1].dot = out[n-1].dot || c == '.'
			out[n-1].comma = out[n-1].comma || c == ','
		}
		if c == '&' {
			out = append(out, word{text: "and"})
		}
	}
	if size > 0 {
		out = append(out, word{text: text[:size]})
	}
	return out
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// isLetter says whether c is a lower-case letter or a digit.
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// folder cuts a name into words.
type folder struct {
	out   []word
	run   []rune // the letters of the word so far, lower case
	other Script // the script of the last letter in run that is not Latin
}

func (f *folder) ascii(c byte) {
	switch {
	case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		f.put(rune(c), Latin)
	case c >= 'A' && c <= 'Z':
		f.put(rune(c)+'a'-'A', Latin)
	case c == '\'' || c == '`':
		if f.other == Hebrew {
			f.run = append(f.run, geresh)
		}
	default:
		f.flush()
		if n := len(f.out); n > 0 {
			f.out[n-1].dot = f.out[n-1].dot || c == '.'
			f.out[n-1].comma = f.out[n-1].comma || c == ','
		}
		if c == '&' {
			f.out = append(f.out, word{text: "and"})
		}
	}
}

func (f *folder) beyond(r rune) {
	switch {
	case f.other == Hebrew && (r == geresh || r == '’'):
		f.run = append(f.run, geresh)
	case isJoiner(r):
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		script := scriptOf(r)
		if r = foldNative(unicode.ToLower(r), script); r != 0 {
			f.put(r, script)
		}
	default:
		f.flush()
	}
}

// put adds a letter. Scripts that do not part words end the word of another script.
func (f *folder) put(r rune, script Script) {
	if len(f.run) > 0 && script != f.other && (script.Unparted() || f.other.Unparted()) {
		f.flush()
	}
	f.run = append(f.run, r)
	if script != Latin {
		f.other = script
	}
}

// flush ends the word.
func (f *folder) flush() {
	if len(f.run) == 0 {
		return
	}
	f.other = unmask(f.run, f.other)
	native := ""
	if f.other != Latin {
		native = string(f.run)
	}
	if !f.other.Unparted() || len(f.run) == 1 {
		if text := reading(f.run, native, f.other); text != "" {
			f.out = append(f.out, word{text: text, script: f.other, native: native})
		}
	} else {
		at := 0
		for i, r := range f.run {
			if text := reading(f.run[i:i+1], native[at:], f.other); text != "" {
				f.out = append(f.out, word{text: text, script: f.other, native: native[at:]})
			}
			at += utf8.RuneLen(r)
		}
	}
	f.run, f.other = f.run[:0], Latin
}

// reading gives the Latin reading of a word: by the table of its script where
// that is made by hand, else letter by letter.
func reading(run []rune, native string, script Script) string {
	if script.readByTable() {
		if text := soundsOf(script).read(native); text != "" {
			return text
		}
	}
	var b strings.Builder
	for _, r := range run {
		if r < utf8.RuneSelf {
			b.WriteByte(byte(r))
			continue
		}
		readRune(r, &b)
	}
	return b.String()
}

// readRune adds the Latin reading of a letter beyond ASCII. A letter without a
// known reading stays what it is, so that it can still be equal.
func readRune(r rune, b *strings.Builder) {
	latin := unidecode.Unidecode(string(r))
	switch {
	case r == 'ا': // alef, which go-unidecode leaves out
		latin = "a"
	case r == geresh:
		return
	case strings.TrimSpace(latin) == "":
		if unicode.IsLetter(r) && !unicode.In(r, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew, unicode.Lm) {
			b.WriteRune(r)
		}
		return
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
