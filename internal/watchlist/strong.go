package watchlist

import (
	"regexp"
	"strconv"
	"strings"
)

// strongKinds sort identifiers into kinds that one authority gives once, by what
// lists call them. A number of a kind with needs is strong only with its country.
var strongKinds = []struct {
	kind    string
	match   *regexp.Regexp
	country bool // the number is unique within a country only
	least   int  // characters
	check   func(string) bool
}{
	{"LEI", regexp.MustCompile(`(?i)^lei|legal entity (number|identifier)`), false, 20, validLEI},
	{"IMO ship number", regexp.MustCompile(`(?i)\bimo\b|^imonumber$`), false, 7, validIMO},
	{"digital currency address", regexp.MustCompile(`(?i)digital currency`), false, 20, nil},
	{"Chinese social credit code", regexp.MustCompile(`(?i)social credit|^usccode$|^usccCode$`), false, 18, nil},
	{"passport", regexp.MustCompile(`(?i)passport|pasaporte|passeport`), true, 6, nil},
	{"tax number", regexp.MustCompile(`(?i)\btax\b|^taxnumber$|^inncode$|\bfiscal code`), true, 8, nil},
	{"national identity number", regexp.MustCompile(`(?i)national.*(id|identi)|identification card|cedula`), true, 7, nil},
	{"registration number", regexp.MustCompile(`(?i)registration (number|id)|^registrationnumber$|^ogrncode$|registry number|company number`), true, 6, nil},
}

// fixedCountry is where some of FollowTheMoney's properties belong.
var fixedCountry = map[string]string{"inncode": "RU", "ogrncode": "RU"}

// strongKey gives what an identifier says as a key that two lists share, or "" for
// one that may be given twice. An identifier without a country has that of the
// entity where it is only one.
func strongKey(id Identifier, countries []string) string {
	value := strings.TrimPrefix(numberKey(id.Value), "IMO")
	for _, k := range strongKinds {
		if !k.match.MatchString(id.Type) {
			continue
		}
		if k.kind == "digital currency address" {
			value = strings.TrimSpace(id.Value) // letters of either case count
		}
		if len(value) < k.least || k.check != nil && !k.check(value) || strings.Trim(value, value[:1]) == "" {
			return ""
		}
		if !k.country {
			return k.kind + " " + value
		}
		country := countryCode(firstOf(id.Country, fixedCountry[strings.ToLower(id.Type)]))
		if country == "" && len(countries) == 1 {
			country = countries[0]
		}
		if len(country) != 2 {
			return ""
		}
		return k.kind + " " + country + " " + value
	}
	return ""
}

// validIMO checks the check digit of an IMO ship number: the first six digits
// times 7 to 2 sum up to a number that ends in the seventh (IMO resolution A.1117).
func validIMO(s string) bool {
	if len(s) != 7 || !isDigits(s) {
		return false
	}
	sum := 0
	for i := range 6 {
		sum += int(s[i]-'0') * (7 - i)
	}
	return sum%10 == int(s[6]-'0')
}

// validLEI checks the two check digits of a legal entity identifier (ISO 17442,
// ISO 7064 MOD 97-10).
func validLEI(s string) bool {
	if len(s) != 20 {
		return false
	}
	rest := 0
	for _, c := range s {
		n, err := strconv.ParseInt(string(c), 36, 32)
		if err != nil {
			return false
		}
		if n > 9 {
			rest = (rest*100 + int(n)) % 97
		} else {
			rest = (rest*10 + int(n)) % 97
		}
	}
	return rest == 1
}
