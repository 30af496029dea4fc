package watchlist

import "strings"

// numberType is a type of identifier whose values can be checked, or that two
// lists may name differently.
type numberType struct {
	name  string
	words []string              // lower case; one of them is in what a list calls it
	check func(key string) bool // whether the check digits fit; nil where it has none
	alone bool                  // a party has one of it, so that two values contradict
	loose bool                  // check says too little to tell the type by
}

// numberTypes are matched in this order.
var numberTypes = []numberType{
	{name: "LEI", words: []string{"lei", "legal entity"}, check: checkLEI, alone: true},
	{name: "IMO", words: []string{"imo", "vessel registration identification"}, check: checkIMO, alone: true, loose: true},
	{name: "MMSI", words: []string{"mmsi"}},
	{name: "ISIN", words: []string{"isin"}, check: checkISIN},
	{name: "IBAN", words: []string{"iban"}, check: checkIBAN},
	{name: "UEI", words: []string{"uei", "unique entity"}, check: formUEI, alone: true, loose: true},
	{name: "DUNS", words: []string{"duns", "d-u-n-s"}},
	{name: "OGRN", words: []string{"ogrn", "primary state registration"}, check: checkOGRN, alone: true, loose: true},
	{name: "INN", words: []string{"inn", "taxpayer"}, check: checkINN, alone: true, loose: true},
	{name: "USCC", words: []string{"unified social credit", "uscc"}, check: checkUSCC, alone: true},
	{name: "CN resident", words: []string{"chinese resident", "resident identity"}, check: checkResident, loose: true},
	{name: "CNPJ", words: []string{"cnpj"}, check: checkCNPJ, loose: true},
	{name: "CPF", words: []string{"cpf"}, check: checkCPF, loose: true},
	{name: "passport", words: []string{"passport"}},
	{name: "SWIFT", words: []string{"swift", "bic"}},
	{name: "wallet", words: []string{"wallet", "digital currency", "crypto"}},
	{name: "tax number", words: []string{"tax", "vat", "rfc", "nit", "rif", "ruc", "rtn"}},
	{name: "national number", words: []string{"national id", "identification", "cedula", "identity card", "ssn", "birth certificate", "residen", "personal", "curp", "dni", "tazkira"}},
	{name: "company number", words: []string{"registration", "company number", "commercial", "registry", "license", "incorporation", "business number"}},
}

// typed is an identifier made comparable.
type typed struct {
	text string
	key  string
	of   *numberType // nil when not known
	bad  bool        // its type has check digits and they do not fit
}

// newTyped reads an identifier. A type comes from what it is called; without a
// name it comes from check digits that seldom fit by chance. An asked identifier
// may carry its type: "LEI: 5493...".
func newTyped(called, value string) typed {
	if name, rest, ok := strings.Cut(value, ":"); ok && called == "" && numberKey(rest) != "" {
		called, value = name, rest
	}
	t := typed{text: strings.TrimSpace(value), key: numberKey(value)}
	called = strings.ToLower(called)
	for i := range numberTypes {
		n := &numberTypes[i]
		if called != "" && !named(called, n.words) || called == "" && (n.check == nil || n.loose || !n.check(t.key)) {
			continue
		}
		t.of, t.bad = n, n.check != nil && !n.check(t.key)
		return t
	}
	return t
}

// named says whether one of the words is in what an identifier is called; short
// words only as whole words.
func named(called string, words []string) bool {
	fields := strings.FieldsFunc(called, func(r rune) bool { return r < 'a' || r > 'z' })
	for _, w := range words {
		if len(w) > 4 && strings.Contains(called, w) {
			return true
		}
		for _, f := range fields {
			if f == w {
				return true
			}
		}
	}
	return false
}

// gradeNumbers compares identifiers and gives the best agreement of any two.
func gradeNumbers(asked []typed, listed []Identifier) (grade Grade, a, b string) {
	for _, x := range asked {
		if x.key == "" {
			continue
		}
		for _, l := range listed {
			if g := gradeNumber(x, newTyped(l.Type, l.Value)); g != "" && (grade == "" || numberEffects[g].better(numberEffects[grade])) {
				grade, a, b = g, x.text, strings.TrimSpace(l.Type+" "+l.Value)
			}
		}
	}
	return grade, a, b
}

func gradeNumber(x, y typed) Grade {
	same := x.of != nil && x.of == y.of
	switch {
	case x.key == y.key && (same || x.of == nil || y.of == nil):
		return Exact
	case x.key == y.key:
		return OtherType
	case y.key == "" || !same:
		return ""
	case len(x.key) == len(y.key) && oneDigit(x.key, y.key):
		return OneDigit
	case x.of.alone && !x.bad && !y.bad:
		return Contradicts
	}
	return ""
}

// mod97 is the remainder of ISO 7064 with letters as 10 to 35.
func mod97(key string) int {
	r := 0
	for i := range len(key) {
		v := value36(key[i])
		if v >= 10 {
			r *= 10
		}
		r = (r*10 + v) % 97
	}
	return r
}

func value36(c byte) int {
	if c >= 'A' {
		return int(c-'A') + 10
	}
	return int(c - '0')
}

// checkLEI: ISO 17442, twenty characters, ISO 7064 mod 97-10.
func checkLEI(key string) bool { return len(key) == 20 && digits(key[18:]) && mod97(key) == 1 }

// checkIBAN: ISO 13616, the first four characters moved to the end, mod 97-10.
func checkIBAN(key string) bool {
	return len(key) >= 15 && len(key) <= 34 && !digits(key[:1]) && digits(key[2:4]) && mod97(key[4:]+key[:4]) == 1
}

// checkIMO: seven digits; the last is the last of 7a+6b+5c+4d+3e+2f.
func checkIMO(key string) bool {
	key = strings.TrimPrefix(key, "IMO")
	return len(key) == 7 && digits(key) && weighted(key[:6], 7, 6, 5, 4, 3, 2)%10 == int(key[6]-'0')
}

// checkISIN: ISO 6166, Luhn over the digits with letters as 10 to 35.
func checkISIN(key string) bool {
	if len(key) != 12 || digits(key[:1]) || digits(key[1:2]) || !digits(key[11:]) {
		return false
	}
	sum, double := 0, false
	add := func(d int) {
		if double {
			d *= 2
		}
		sum += d/10 + d%10
		double = !double
	}
	for i := len(key) - 1; i >= 0; i-- {
		v := value36(key[i])
		add(v % 10)
		if v >= 10 {
			add(v / 10)
		}
	}
	return sum%10 == 0
}

// formUEI: twelve letters and digits without I and O, not beginning with 0. The
// rule of its check character is not published.
func formUEI(key string) bool {
	return len(key) == 12 && key[0] != '0' && !strings.ContainsAny(key, "IO")
}

// checkOGRN: the number of the Russian state register, 13 or 15 digits; the last
// is the rest of the others by 11 or 13, its last digit.
func checkOGRN(key string) bool {
	if !digits(key) || len(key) != 13 && len(key) != 15 {
		return false
	}
	n, last := 0, len(key)-1
	for _, c := range key[:last] {
		n = (n*10 + int(c-'0')) % (len(key) - 2)
	}
	return n%10 == int(key[last]-'0')
}

// checkINN: the Russian tax number, 10 digits for companies and 12 for people.
func checkINN(key string) bool {
	if !digits(key) {
		return false
	}
	switch len(key) {
	case 10:
		return weighted(key[:9], 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(key[9]-'0')
	case 12:
		return weighted(key[:10], 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(key[10]-'0') &&
			weighted(key[:11], 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(key[11]-'0')
	}
	return false
}

// checkUSCC: the Chinese unified social credit code, GB 32100, 18 characters, mod 31.
func checkUSCC(key string) bool {
	const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	if len(key) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(letters, key[i])
		if v < 0 {
			return false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return strings.IndexByte(letters, key[17]) == (31-sum%31)%31
}

// checkResident: the number of a Chinese resident, GB 11643, ISO 7064 mod 11-2.
func checkResident(key string) bool {
	if len(key) != 18 || !digits(key[:17]) {
		return false
	}
	return key[17] == "10X98765432"[weighted(key[:17], 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)%11]
}

// checkCNPJ and checkCPF: Brazilian companies and people, two digits by mod 11.
func checkCNPJ(key string) bool {
	return len(key) == 14 && digits(key) &&
		brazil(weighted(key[:12], 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == key[12] &&
		brazil(weighted(key[:13], 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == key[13]
}

func checkCPF(key string) bool {
	return len(key) == 11 && digits(key) &&
		brazil(weighted(key[:9], 10, 9, 8, 7, 6, 5, 4, 3, 2)) == key[9] &&
		brazil(weighted(key[:10], 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == key[10]
}

func brazil(sum int) byte {
	if r := sum % 11; r >= 2 {
		return byte('0' + 11 - r)
	}
	return '0'
}

func weighted(key string, weights ...int) (sum int) {
	for i, w := range weights {
		sum += int(key[i]-'0') * w
	}
	return sum
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
