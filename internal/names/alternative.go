package names

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// also parts names that one field holds together: "A a.k.a. B", "A d/b/a B".
var also = regexp.MustCompile(`(?i)[\s,;(]+(?:a\.?\s?k\.?\s?a\.?|also known as|f\.?\s?k\.?\s?a\.?|formerly(?: known as)?|d\.?\s?/?\s?b\.?\s?/?\s?a\.?|doing business as|trading as|t/a|n\.?\s?k\.?\s?a\.?|now known as)[\s:,]+`)

// slash is one between two words; one beside a single letter belongs to it (A/S).
var slash = regexp.MustCompile(`(\pL\pL)\s*/\s*(\pL\pL)`)

// Alternatives gives the names that one written name holds, the whole first:
// "Quibbleton a.k.a. Pennyworth" and "Quibbleton/Pennyworth" hold two more. A
// slash inside a legal form (A/S) parts nothing. At most eight.
func Alternatives(s string) []string {
	out := []string{s}
	if !mayHoldMore(s) || !slash.MatchString(s) && !also.MatchString(s) {
		return out
	}
	for _, part := range also.Split(s, -1) {
		out = appendName(out, part)
		for piece := range strings.SplitSeq(slash.ReplaceAllString(part, "$1\x00$2"), "\x00") {
			out = appendName(out, piece)
		}
	}
	return out[:min(len(out), 8)]
}

// alsoBegins are the first letters of what also finds, without what parts them.
// "t/a" is known by its slash.
var alsoBegins = []string{"aka", "alsoknow", "fka", "formerly", "dba", "doingbus", "tradinga", "nka", "nowknown"}

// mayHoldMore says whether s may hold several names. It says yes too often, but
// spares most names the search by patterns.
func mayHoldMore(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf || c == '/':
			return true
		case i > 0 && (c|0x20 == 'a' || c|0x20 == 'f' || c|0x20 == 'd' || c|0x20 == 't' || c|0x20 == 'n') && strings.IndexByte(" \t\n\f\r,;(", s[i-1]) >= 0:
			letters := firstLetters(s[i:])
			for _, begin := range alsoBegins {
				if strings.HasPrefix(string(letters[:]), begin) {
					return true
				}
			}
		}
	}
	return false
}

// firstLetters gives the first eight letters of s in lower case, without spaces
// and full stops between them.
func firstLetters(s string) (letters [8]byte) {
	n := 0
	for i := 0; i < len(s) && n < len(letters); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\n', '\f', '\r', '.':
		default:
			letters[n] = c | 0x20
			n++
		}
	}
	return letters
}

// appendName adds a part that is long enough to be a name and is not there yet.
func appendName(out []string, part string) []string {
	part = strings.Trim(part, " ,;()")
	letters := 0
	for _, w := range splitWords(part) {
		letters += len(w.text)
	}
	if letters < 4 {
		return out
	}
	for _, known := range out {
		if known == part {
			return out
		}
	}
	return append(out, part)
}
