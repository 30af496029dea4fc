package names

import "unicode/utf8"

// osa gives the optimal string alignment distance of a and b in characters:
// insertions, deletions, substitutions and swaps of neighbours cost one each,
// and no part is edited twice. For ASCII with one side of at most 64 letters it
// takes O(len) steps, by the bit-parallel method of H. Hyyrö, "A bit-vector
// algorithm for computing Levenshtein and Damerau edit distances" (2003).
func osa(a, b string) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] && a[len(a)-1] < utf8.RuneSelf {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	for len(a) > 0 && a[0] == b[0] && a[0] < utf8.RuneSelf {
		a, b = a[1:], b[1:]
	}
	if len(a) == 0 {
		return utf8.RuneCountInString(b)
	}
	if len(b) == 1 && a[0] < utf8.RuneSelf && b[0] < utf8.RuneSelf {
		return 1
	}
	if len(a) > 64 {
		return osaTable([]rune(a), []rune(b))
	}
	var where [utf8.RuneSelf]uint64 // bit i: a[i] is this letter
	letters := byte(0)
	for i := range len(a) {
		where[a[i]%utf8.RuneSelf] |= 1 << i
		letters |= a[i]
	}
	last := uint64(1) << (len(a) - 1)
	dist := len(a)
	var down, diagonal, before uint64
	up := ^uint64(0)
	for j := range len(b) {
		here := where[b[j]%utf8.RuneSelf]
		letters |= b[j]
		swap := ((^diagonal & here) << 1) & before
		diagonal = (((here & up) + up) ^ up) | here | down | swap
		rise := down | ^(diagonal | up)
		fall := diagonal & up
		if rise&last != 0 {
			dist++
		}
		if fall&last != 0 {
			dist--
		}
		rise = rise<<1 | 1
		fall <<= 1
		up = fall | ^(diagonal | rise)
		down = rise & diagonal
		before = here
	}
	if letters >= utf8.RuneSelf {
		return osaTable([]rune(a), []rune(b))
	}
	return dist
}

// osaTable is the textbook dynamic program for the same distance, for letters
// beyond ASCII and words beyond 64 letters. O(len(a)·len(b)).
func osaTable(a, b []rune) int {
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}
