package watchlist

import (
	"cmp"
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
	{"2 Jan 2006", "2006-01-02"}, {"Jan 2006", "2006-01"}, {"2 January 2006", "2006-01-02"}, {"January 2006", "2006-01"},
	{"2/1/2006", "2006-01-02"}, {"00/1/2006", "2006-01"}, {"00/00/2006", "2006"}, {"2/00/2006", "2006"}, {"2-Jan-2006", "2006-01-02"},
}

var digitYears = regexp.MustCompile(`\b(1[89]\d\d|20\d\d)\b`)

// parseDate normalises a date of a list, day before month where both are
// numbers, to YYYY, YYYY-MM or YYYY-MM-DD. An
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

// about finds how lists call a date approximate.
var about = regexp.MustCompile(`(?i)\b(circa|approx\w*|about|around|early|mid|late)\b|^c\.? ?\d`)

// addBirth adds what a list says of a birth date: one date, or several with "or"
// or ";" between them.
func (e *Entity) addBirth(s string) {
	for part := range strings.SplitSeq(strings.NewReplacer(" OR ", ";", " or ", ";").Replace(s), ";") {
		e.addBirthDate(parseDate(part), about.MatchString(part))
	}
}

func (e *Entity) addBirthDate(d string, circa bool) {
	if d == "" {
		return
	}
	e.BirthDates = sortedUnique(append(e.BirthDates, d))
	if circa {
		e.Circa = sortedUnique(append(e.Circa, d))
	}
}

// addListed adds a day of listing; what is no full date is left out.
func (e *Entity) addListed(s string) {
	if d := day(s); d != "" {
		e.Listed = sortedUnique(append(e.Listed, d))
	}
}

// setGender takes the first gender that a list states.
func (e *Entity) setGender(s string) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "m", "male":
		e.Gender = cmp.Or(e.Gender, "male")
	case "f", "female":
		e.Gender = cmp.Or(e.Gender, "female")
	}
}

// addIdentifier adds a number that a list states, once.
func (e *Entity) addIdentifier(kind, value, country string) {
	if value != "" {
		e.Identifiers = union(e.Identifiers, []Identifier{{kind, value, country}})
	}
}

func (e *Entity) addReference(authority, number string) {
	if number != "" {
		e.References = union(e.References, []Reference{{authority, number}})
	}
}

// addAddress adds an address once, and its country.
func (e *Entity) addAddress(country string, parts ...string) {
	a := Address{Text: joinNonEmpty(", ", parts...), Country: countryCode(country)}
	if a != (Address{}) {
		e.Addresses = union(e.Addresses, []Address{a})
		e.addCountry(country)
	}
}

// addBirthPlace adds a place of birth once. Where somebody was born says nothing
// certain about a nationality, so it adds no country.
func (e *Entity) addBirthPlace(country string, parts ...string) {
	a := Address{Text: joinNonEmpty(", ", parts...), Country: countryCode(country)}
	if a != (Address{}) {
		e.BirthPlaces = union(e.BirthPlaces, []Address{a})
	}
}

// addText adds a text to a list of texts, once, when it says something.
func addText(list []string, s string) []string {
	if s = strings.TrimSpace(s); s == "" {
		return list
	}
	return union(list, []string{s})
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
	"democratic people's republic of korea": "KP", "republic of korea": "KR", "iran (islamic republic of)": "IR", "congo": "CG", "congo (democratic republic)": "CD",
	"myanmar": "MM", "state of palestine": "PS", "occupied palestinian territories": "PS", "region: west bank": "PS", "türkiye": "TR", "cabo verde": "CV",
	"united kingdom of great britain and northern ireland": "GB", "united republic of tanzania": "TZ", "united states of america": "US", "ivory coast (cote d'ivoire)": "CI",
	"saint kitts and nevis": "KN", "saint vincent and the grenadines": "VC", "virgin islands, british": "VG", "british virgin islands": "VG", "man, isle of": "IM",
	"china, hong kong special administrative region": "HK", "hong kong (china)": "HK", "venezuela (bolivarian republic of)": "VE", "bolivia (plurinational state of)": "BO",
	"lao people's democratic republic": "LA", "republic of moldova": "MD", "the netherlands": "NL", "none identified": "", "unknown": "",
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
