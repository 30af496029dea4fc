package names

import "strings"

type digraphOf struct{ from, to string }

// digraphsAt holds digraphs by the lowest five bits of their first two letters.
var digraphsAt = func() (at [1 << 10][]digraphOf) {
	for _, d := range digraphs {
		i := int(d.from[0]&31)<<5 | int(d.from[1]&31)
		at[i] = append(at[i], d)
	}
	return at
}()

// digraphs gives one letter to groups that transliterations spell differently.
// Longer groups come first. Capitals stand for sounds without a letter of their own.
var digraphs = []digraphOf{
	{"shch", "S"}, {"tsch", "C"}, {"sch", "S"}, {"tch", "C"}, {"dzh", "j"},
	{"sh", "S"}, {"ch", "C"}, {"cz", "C"}, {"kh", "k"}, {"gh", "g"}, {"ph", "f"},
	{"th", "t"}, {"dh", "d"}, {"zh", "j"}, {"dj", "j"}, {"ck", "k"}, {"ts", "z"}, {"tz", "z"},
}

// sounded gives the sound of a word and its skeleton. The sound respells a folded
// word so that spellings of one sound become equal: Yevgeniy and Evgeny, Mohammed
// and Mohammad, Shahbaz and Schahbaz. Vowels fall into three classes (a; e i y; o
// u), runs of one class and doubled consonants become one, a silent h at the end
// goes. The skeleton keeps the consonants of the sound; a leading vowel stays as
// "a", since a name that begins with a vowel is seldom written without one.
func sounded(text string) (sound, skeleton string) {
	var space [2 * longestSound]byte
	out := appendSound(space[:0], text)
	size := len(out)
	out = appendSkeleton(out, out)
	if string(out[:size]) == text {
		return text, string(out[size:])
	}
	both := string(out)
	return both[:size], both[size:]
}

// longestSound is what fits without asking for memory.
const longestSound = 24

func appendSound(out []byte, text string) []byte {
	put := func(c byte) {
		if n := len(out); n == 0 || out[n-1] != c {
			out = append(out, c)
		}
	}
	for i := 0; i < len(text); {
		if to, n := digraph(text[i:]); n > 0 {
			put(to)
			i += n
			continue
		}
		c := text[i]
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		i++
		switch c {
		case 'e', 'i', 'y':
			put('i')
		case 'j':
			// After a vowel and before none it is the y of Sergej and Nikolaj.
			if n := len(out); n > 0 && isVowel(out[n-1]) && (next == 0 || !strings.ContainsRune("aeiouy", rune(next))) {
				put('i')
			} else {
				put('j')
			}
		case 'o', 'u':
			put('u')
		case 'c':
			if next == 'e' || next == 'i' || next == 'y' {
				put('s')
			} else {
				put('k')
			}
		case 'q':
			put('k')
		case 'w':
			put('v')
		case 'x':
			put('k')
			put('s')
		default:
			put(c)
		}
	}
	if n := len(out); n > 2 && out[n-1] == 'h' && isVowel(out[n-2]) {
		out = out[:n-1]
	}
	return out
}

func digraph(s string) (to byte, n int) {
	if len(s) < 2 || !digraphFirst.has(s[0]) || !digraphSecond.has(s[1]) {
		return 0, 0
	}
	for _, d := range digraphsAt[int(s[0]&31)<<5|int(s[1]&31)] {
		if strings.HasPrefix(s, d.from) {
			return d.to[0], len(d.from)
		}
	}
	return 0, 0
}

func appendSkeleton(out, sound []byte) []byte {
	start := len(out)
	for i, c := range sound {
		if isVowel(c) {
			if i > 0 {
				continue
			}
			c = 'a'
		}
		if n := len(out); n == start || out[n-1] != c {
			out = append(out, c)
		}
	}
	return out
}

// letterSet has a bit for each of a to z; what has the same lowest five bits may
// be in it by mistake.
type letterSet uint32

func letterSetOf(letters string) (s letterSet) {
	for i := range len(letters) {
		s |= 1 << (letters[i] & 31)
	}
	return s
}

func (s letterSet) has(c byte) bool { return s>>(c&31)&1 != 0 }

var digraphFirst, digraphSecond, vowelLetters = letterSetOf("stdckgpz"), letterSetOf("hscjkz"), letterSetOf("aeiou")

func isVowel(c byte) bool { return c == 'a' || c == 'i' || c == 'u' }

// isSyllable says whether a word may be one syllable of a Chinese or Korean name:
// consonants, vowels, and an ending that these languages have.
func isSyllable(text string) bool {
	start, vowels := 0, 0
	for start < len(text) && text[start] >= 'a' && text[start] <= 'z' && !vowelLetters.has(text[start]) {
		start++
	}
	for start+vowels < len(text) && text[start+vowels] >= 'a' && (vowelLetters.has(text[start+vowels]) || text[start+vowels] == 'y') && text[start+vowels] <= 'z' {
		vowels++
	}
	end := text[start+vowels:]
	if vowels == 0 && start > 0 && text[start-1] == 'y' { // Ky, Yi is read above
		return start <= 2
	}
	if start > 2 || vowels == 0 || vowels > 3 {
		return false
	}
	switch end {
	case "", "n", "ng", "k", "l", "m", "p", "t", "r", "h", "b":
		return start < 2 || strings.Contains("ch sh zh hs ts tz kw gw gy hy ky ny my by py ry", text[:2])
	}
	return false
}
