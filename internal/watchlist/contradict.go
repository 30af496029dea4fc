package watchlist

import (
	"slices"
	"strings"
)

// birthsContradict says whether both sides have dates of birth and none fits.
// Dates fit when they agree as far as both go, or when one slip explains the
// difference: one digit, day and month swapped, or a year more or less.
func birthsContradict(asked, listed []string) bool {
	for _, a := range asked {
		for _, b := range listed {
			if datesFit(a, b) {
				return false
			}
		}
	}
	return len(asked) > 0 && len(listed) > 0
}

func datesFit(a, b string) bool {
	if first, last, ok := strings.Cut(b, "/"); ok {
		return a[:4] >= first && a[:4] <= last
	}
	if strings.Contains(a, "/") {
		return datesFit(b, a)
	}
	n := min(len(a), len(b))
	if a[:n] == b[:n] {
		return true
	}
	if n < len("2006-01-02") {
		return near(a[:4], b[:4])
	}
	differ := 0
	for i := range n {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ == 1 || a[:4] == b[:4] && a[5:7] == b[8:] && a[8:] == b[5:7]
}

// near says whether two years are the same or neighbours.
func near(a, b string) bool {
	number := func(s string) (n int) {
		for _, c := range s {
			n = n*10 + int(c-'0')
		}
		return n
	}
	d := number(a) - number(b)
	return d >= -1 && d <= 1
}

// countriesContradict says whether both sides have countries, all of them with a
// known code, and none is the same.
func countriesContradict(asked, listed []string) bool {
	if len(asked) == 0 || len(listed) == 0 {
		return false
	}
	for _, c := range asked {
		if len(c) != 2 || slices.Contains(listed, c) {
			return false
		}
	}
	return !slices.ContainsFunc(listed, func(c string) bool { return len(c) != 2 })
}
