package intake

import (
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// text makes one value from a row. misses is told of each text that a lookup
// does not list. A blank value is "".
func (v *value) text(columns []string, misses func(l *lookup, text string)) (string, *fault.Error) {
	if v.column < 0 {
		return v.constant, nil
	}
	return v.transform(columns[v.column], misses)
}

// list is text for a field that holds a list.
func (v *value) list(columns []string, misses func(l *lookup, text string)) ([]string, *fault.Error) {
	pieces := []string{v.constant}
	if v.column >= 0 {
		pieces = []string{columns[v.column]}
		if v.split != "" {
			pieces = strings.Split(columns[v.column], v.split)
		}
	}
	var out []string
	for _, p := range pieces {
		if v.column >= 0 {
			var err *fault.Error
			if p, err = v.transform(p, misses); err != nil {
				return nil, err
			}
		}
		if p != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

// transform applies a value's steps, always in this order: white space at both
// ends is dropped, blanks, strip, case, then date, money or lookup, then prefix.
func (v *value) transform(text string, misses func(l *lookup, text string)) (string, *fault.Error) {
	text = strings.TrimSpace(text)
	for _, b := range v.blank {
		if text == b {
			text = ""
		}
	}
	if v.strip != "" {
		text = strings.TrimSpace(strings.Map(func(r rune) rune {
			if strings.ContainsRune(v.strip, r) {
				return -1
			}
			return r
		}, text))
	}
	switch v.fold {
	case "upper":
		text = strings.ToUpper(text)
	case "lower":
		text = strings.ToLower(text)
	}
	var ok bool
	switch {
	case v.lookup != nil:
		result, listed := v.lookup.find(text)
		if !listed && misses != nil && text != "" {
			misses(v.lookup, text)
		}
		text = result
	case text == "":
	case v.dates != nil:
		given := text
		if text, ok = date(given, v.dates); !ok {
			return "", fault.Newf(fault.Invalid, "%q is not a date of the form %s", shorten(given), strings.Join(v.dates, " or "))
		}
	case v.decimal != 0:
		given := text
		if text, ok = cents(given, v.decimal); !ok {
			return "", fault.Newf(fault.Invalid, "%q is not an amount of money with at most two decimals", shorten(given))
		}
	}
	if text != "" {
		text = v.prefix + text
	}
	return text, nil
}

// cents turns a decimal amount into whole cents without a detour over floating
// point: "-1.5" is "-150". Parentheses mean negative, as in accounts. More than
// two decimals are accepted only when they are zeros.
func cents(text string, decimal byte) (string, bool) {
	negative := false
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		negative, text = true, text[1:len(text)-1]
	} else if strings.HasPrefix(text, "-") {
		negative, text = true, text[1:]
	} else {
		text = strings.TrimPrefix(text, "+")
	}
	whole, fraction, pointed := strings.Cut(text, string(decimal))
	if pointed && fraction == "" || whole == "" && fraction == "" {
		return "", false
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		return "", false
	}
	digits := whole + (fraction + "00")[:2]
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return "", false
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > ledger.MaxInt {
		return "", false
	}
	if negative {
		n = -n
	}
	return strconv.FormatInt(n, 10), true
}

// date reads a date in the first of the forms that fits and writes it
// YYYY-MM-DD. In a form, YYYY and YY stand for the year (YY from 70 on is
// 19YY), MM and DD for two digits, M and D for one or two, and a star at the end
// for anything. A form without month or day means their first.
func date(text string, forms []string) (string, bool) {
	for _, form := range forms {
		if day, ok := dateIn(text, form); ok {
			return day, true
		}
	}
	return "", false
}

func dateIn(text, form string) (string, bool) {
	year, month, day := 0, 1, 1
	for form != "" {
		if form == "*" {
			text = ""
			break
		}
		run := 1
		for run < len(form) && form[run] == form[0] {
			run++
		}
		token := form[:run]
		if !strings.ContainsRune("YMD", rune(form[0])) {
			run, token = 1, form[:1]
		}
		form = form[run:]
		least, most := run, run
		if token == "M" || token == "D" {
			most = 2
		}
		var n int
		var ok bool
		switch token[0] {
		case 'Y', 'M', 'D':
			n, text, ok = number(text, least, most)
		default:
			text, ok = strings.CutPrefix(text, token)
		}
		if !ok {
			return "", false
		}
		switch token {
		case "YYYY":
			year = n
		case "YY":
			year = 2000 + n
			if n >= 70 {
				year = 1900 + n
			}
		case "MM", "M":
			month = n
		case "DD", "D":
			day = n
		}
	}
	if text != "" || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return "", false
	}
	return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2), true
}

// number takes between least and most digits off the text.
func number(text string, least, most int) (int, string, bool) {
	n, i := 0, 0
	for i < len(text) && i < most && text[i] >= '0' && text[i] <= '9' {
		n = 10*n + int(text[i]-'0')
		i++
	}
	return n, text[i:], i >= least
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func pad(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(width-len(s), 0)) + s
}
