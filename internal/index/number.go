package index

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"duly/internal/fault"
)

// Number is a value times ten to the power of its value's decimals: whole, so that
// every machine compares it alike.
type Number = int64

var numberRE = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,30})?([eE]-?[0-9]{1,2})?$`)

// parseNumber reads a decimal number and rounds it, halves away from zero.
func parseNumber(text string, decimals int) (Number, error) {
	bad := fault.Newf(fault.Invalid, "%q is not a number", text)
	if !numberRE.MatchString(text) {
		return 0, bad
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, bad
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)))
	n, ok := new(big.Int).SetString(r.FloatString(0), 10)
	if !ok || !n.IsInt64() || n.BitLen() > 52 {
		return 0, bad
	}
	return n.Int64(), nil
}

// formatNumber writes a number with its decimals.
func formatNumber(n Number, decimals int) string {
	if decimals == 0 {
		return strconv.FormatInt(n, 10)
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	digits := strconv.FormatInt(n, 10)
	if short := decimals + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	at := len(digits) - decimals
	return sign + digits[:at] + "." + digits[at:]
}

// restorePoint puts back the decimal point that a file lost, after the given count of
// digits: 1132 is 11.32 and 896 is 89.6 after two. Shorter numbers have none.
func restorePoint(text string, after int) (string, error) {
	for _, r := range text {
		if r < '0' || r > '9' {
			return "", fault.Newf(fault.Invalid, "%q is not a number that lost its point", text)
		}
	}
	if len(text) <= after {
		return text, nil
	}
	return text[:after] + "." + text[after:], nil
}
