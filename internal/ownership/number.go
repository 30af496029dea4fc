package ownership

import (
	"fmt"
	"strings"
)

// hundredths reads a decimal of per cent ("33.333", "5e1") as hundredths, rounded
// down and up. It takes what 0 to 100 per cent can be written as, and no more.
func hundredths(s string) (low, high int64, err error) {
	bad := fmt.Errorf("%q is not a share between 0 and 100 per cent", s)
	if mantissa, exponent, ok := strings.Cut(strings.ToLower(s), "e"); ok {
		switch exponent {
		case "0", "+0", "-0", "00", "+00":
			s = mantissa
		case "1", "+1", "01", "+01":
			whole, fraction, _ := strings.Cut(mantissa, ".")
			fraction += "0"
			s = whole + fraction[:1] + "." + fraction[1:]
		default:
			return 0, 0, bad
		}
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 4 {
		return 0, 0, bad
	}
	for _, c := range whole + fraction {
		if c < '0' || c > '9' {
			return 0, 0, bad
		}
	}
	for _, c := range whole {
		low = low*10 + int64(c-'0')
	}
	digits := fraction + "00"
	low = low*100 + int64(digits[0]-'0')*10 + int64(digits[1]-'0')
	high = low
	if strings.Trim(digits[2:], "0") != "" {
		high++
	}
	if high > Whole {
		return 0, 0, bad
	}
	return low, high, nil
}
