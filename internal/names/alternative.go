package names

import (
	"regexp"
	"strings"
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
	if !slash.MatchString(s) && !also.MatchString(s) {
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
