package watchlist

import "strings"

// gradeBirths compares dates of birth and gives the best agreement of any two, or
// "" where one side has none.
func gradeBirths(asked, listed []string) (grade Grade, a, b string) {
	for _, x := range asked {
		for _, y := range listed {
			if g := gradeBirth(x, y); grade == "" || birthEffects[g].lift > birthEffects[grade].lift {
				grade, a, b = g, x, y
			}
		}
	}
	return grade, a, b
}

// gradeBirth compares two dates as parseDate gives them. What is explained by one
// slip of somebody who typed or read the date is no contradiction.
func gradeBirth(a, b string) Grade {
	if first, last, ok := strings.Cut(b, "/"); ok {
		if a[:4] >= first && a[:4] <= last {
			return InRange
		}
		return apart(a[:4], first, last)
	}
	if strings.Contains(a, "/") {
		return gradeBirth(b, a)
	}
	n := min(len(a), len(b))
	if a[:n] == b[:n] {
		return map[int]Grade{len("2006"): SameYear, len("2006-01"): SameMonth, len("2006-01-02"): Exact}[n]
	}
	if n == len("2006-01-02") {
		if a[:4] == b[:4] && a[5:7] == b[8:] && a[8:] == b[5:7] {
			return Swapped
		}
		if oneDigit(a, b) {
			return OneDigit
		}
		return apart(a[:4], b[:4], b[:4])
	}
	if y := years(a[:4]) - years(b[:4]); y == 1 || y == -1 {
		return NextYear
	}
	return apart(a[:4], b[:4], b[:4])
}

func oneDigit(a, b string) bool {
	differ := 0
	for i := range len(a) {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ == 1
}

// apart grades a contradiction by the years between a and the span.
func apart(a, first, last string) Grade {
	y := max(years(first)-years(a), years(a)-years(last))
	if y <= 5 {
		return Differs
	}
	return Contradicts
}

func years(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}
