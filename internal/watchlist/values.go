package watchlist

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// dateLayouts are the forms of dates on the lists, with the precision each has.
var dateLayouts = []struct{ in, out string }{
	{"2006-01-02", "2006-01-02"}, {"2006-01", "2006-01"}, {"2006", "2006"},
	{"2 Jan 2006", "2006-01-02"}, {"Jan 2006", "2006-01"},
}

var digitYears = regexp.MustCompile(`\b(1[89]\d\d|20\d\d)\b`)

// parseDate normalises a date of a list to YYYY, YYYY-MM or YYYY-MM-DD. An
// approximate date ("circa 1970") becomes its year, a range ("1960 to 1962")
// first/last year. It gives "" for a text that holds no year.
func parseDate(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 10 && s[4] == '-' && s[10] == 'T' {
		s = s[:10]
	}
	for _, l := range dateLayouts {
		if t, err := time.Parse(l.in, s); err == nil {
			return t.Format(l.out)
		}
	}
	years := digitYears.FindAllString(s, 2)
	switch {
	case len(years) == 2 && years[0] < years[1]:
		return years[0] + "/" + years[1]
	case len(years) > 0:
		return years[0]
	}
	return ""
}

func (e *Entity) addBirth(s string) {
	if d := parseDate(s); d != "" && !slices.Contains(e.BirthDates, d) {
		e.BirthDates = append(e.BirthDates, d)
		slices.Sort(e.BirthDates)
	}
}

func (e *Entity) addCountry(s string) {
	if c := countryCode(s); c != "" && !slices.Contains(e.Countries, c) {
		e.Countries = append(e.Countries, c)
		slices.Sort(e.Countries)
	}
}

// countrySpellings are names that the lists use and CLDR does not.
var countrySpellings = map[string]string{
	"korea, north": "KP", "north korea": "KP", "korea, south": "KR", "korea, democratic people's republic of": "KP",
	"burma": "MM", "turkey": "TR", "turkiye": "TR", "russian federation": "RU", "the gambia": "GM", "gambia, the": "GM",
	"congo, democratic republic of the": "CD", "congo, republic of the": "CG", "democratic republic of the congo": "CD",
	"cote d ivoire": "CI", "cote d'ivoire": "CI", "ivory coast": "CI", "hong kong": "HK", "macau": "MO", "palestinian": "PS",
	"west bank": "PS", "region: gaza": "PS", "gaza": "PS", "region: northern mali": "ML", "bosnia and herzegovina": "BA", "bosnia-herzegovina": "BA",
	"czech republic": "CZ", "macedonia": "MK", "north macedonia, the republic of": "MK", "st. kitts and nevis": "KN", "st. vincent and the grenadines": "VC",
	"trinidad and tobago": "TT", "antigua and barbuda": "AG", "vatican city": "VA", "holy see": "VA", "the bahamas": "BS", "bahamas, the": "BS",
	"swaziland": "SZ", "cape verde": "CV", "east timor": "TL", "region: kafia kingi": "SD", "region: crimea": "UA", "region: donetsk": "UA", "crimea": "UA",
	"kosovo": "XK", "usa": "US", "uk": "GB", "great britain": "GB", "uae": "AE", "sao tome and principe": "ST", "micronesia, federated states of": "FM",
	"turks and caicos islands": "TC", "curacao": "CW", "iran, islamic republic of": "IR", "syrian arab republic": "SY", "viet nam": "VN", "china, people's republic of": "CN",
}

// countryNames maps English names of countries (CLDR, by x/text) and the
// spellings above to ISO 3166-1 alpha-2.
var countryNames = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 400)
	english := display.English.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			region, err := language.ParseRegion(code)
			if err != nil || !region.IsCountry() || region.String() != code || region.Canonicalize() != region {
				continue
			}
			if name := english.Name(region); name != "" {
				m[strings.ToLower(name)] = code
			}
			m[strings.ToLower(code)] = code
			m[strings.ToLower(region.ISO3())] = code
		}
	}
	for name, code := range countrySpellings {
		m[name] = code
	}
	return m
})

// countryCode gives the two-letter code of a country's English name or code. A
// name without a known code comes back as it is, and "undetermined" as "".
func countryCode(s string) string {
	s = strings.TrimSpace(s)
	if code, ok := countryNames()[strings.ToLower(s)]; ok {
		return code
	}
	if strings.EqualFold(s, "undetermined") {
		return ""
	}
	return s
}

func sortedUnique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}
