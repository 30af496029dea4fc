package names

import "strings"

// digraphs gives one letter to groups that transliterations spell differently.
// Longer groups come first. Capitals stand for sounds without a letter of their own.
var digraphs = []struct{ from, to string }{
	{"shch", "S"}, {"tsch", "C"}, {"sch", "S"}, {"tch", "C"}, {"dzh", "j"},
	{"sh", "S"}, {"ch", "C"}, {"cz", "C"}, {"kh", "k"}, {"gh", "g"}, {"ph", "f"},
	{"th", "t"}, {"dh", "d"}, {"zh", "j"}, {"dj", "j"}, {"ck", "k"}, {"ts", "z"}, {"tz", "z"},
}

// sound respells a folded word so that spellings of one sound become equal:
// Yevgeniy and Evgeny, Mohammed and Mohammad, Shahbaz and Schahbaz. Vowels fall
// into three classes (a; e i y; o u), runs of one class and doubled consonants
// become one, a silent h at the end goes.
func sound(text string) string {
	out := make([]byte, 0, len(text))
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
	return string(out)
}

func digraph(s string) (to byte, n int) {
	if len(s) < 2 || !strings.ContainsRune("stdckgpz", rune(s[0])) {
		return 0, 0
	}
	for _, d := range digraphs {
		if strings.HasPrefix(s, d.from) {
			return d.to[0], len(d.from)
		}
	}
	return 0, 0
}

// skeleton keeps the consonants of a sound. A leading vowel stays as "a", since
// a name that begins with a vowel is seldom written without one.
func skeleton(sound string) string {
	out := make([]byte, 0, len(sound))
	for i := range len(sound) {
		c := sound[i]
		if isVowel(c) {
			if i > 0 {
				continue
			}
			c = 'a'
		}
		if n := len(out); n == 0 || out[n-1] != c {
			out = append(out, c)
		}
	}
	return string(out)
}

func isVowel(c byte) bool { return c == 'a' || c == 'i' || c == 'u' }

// isSyllable says whether a word may be one syllable of a Chinese or Korean name:
// consonants, vowels, and an ending that these languages have.
func isSyllable(text string) bool {
	rest := strings.TrimLeft(text, "bcdfghjklmnpqrstvwxyz")
	start := len(text) - len(rest)
	end := strings.TrimLeft(rest, "aeiouy")
	vowels := len(rest) - len(end)
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
