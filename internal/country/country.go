package country

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"duly/internal/fault"
)

// Country is a country, or a territory that ISO gives a code of its own.
type Country struct {
	Alpha3 string // its code here; three letters
	Alpha2 string // "" for one whose two letters mean another country today
	Name   string // in English
	From   int    // first year, where it matters; 0 otherwise
	To     int    // last year of a country that is no more; 0 otherwise
}

// Schemes are the ways to name a country that [Find] reads.
var Schemes = []string{"iso2", "iso3", "numeric", "cow", "gw", "worldbank", "name"}

//go:embed countries.csv
var file string

// table is the file by scheme and code. One number may belong to several
// countries that followed each other.
var table = sync.OnceValue(func() map[string]map[string][]*Country {
	out := map[string]map[string][]*Country{}
	for _, s := range Schemes {
		out[s] = map[string][]*Country{}
	}
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		panic("country: the embedded table cannot be read: " + err.Error())
	}
	for _, row := range rows[1:] {
		names := strings.Split(row[8], "|")
		c := &Country{Alpha3: row[0], Alpha2: row[1], Name: names[0], From: year(row[6]), To: year(row[7])}
		add := func(scheme string, codes ...string) {
			for _, code := range codes {
				if code != "" {
					out[scheme][code] = append(out[scheme][code], c)
				}
			}
		}
		add("iso3", row[0])
		add("iso2", row[1])
		add("numeric", plain(row[2]))
		add("cow", strings.Fields(row[3])...)
		add("gw", strings.Fields(cmp.Or(row[4], row[3]))...)
		add("worldbank", row[0], row[5])
		for _, n := range names {
			add("name", fold(n))
		}
	}
	return out
})

func year(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// plain takes leading zeros from a number: 004 is written 4 by many files.
func plain(code string) string {
	if code == "" {
		return ""
	}
	return strings.TrimLeft(code[:len(code)-1], "0") + code[len(code)-1:]
}

// Find gives the country that a code or a name means in a year; 0 is any year. Of
// countries that shared a number in a year, the one that followed is meant.
//
// Errors: Invalid for a scheme or a code that is none, and for a country that had
// ended by then.
func Find(scheme, code string, year int) (Country, error) {
	codes, known := table()[scheme]
	if !known {
		return Country{}, fault.Newf(fault.Invalid, "%q is not a kind of country code", scheme).WithFix("use one of: " + strings.Join(Schemes, ", "))
	}
	key := code
	switch scheme {
	case "name":
		key = fold(code)
	case "numeric", "cow", "gw":
		key = plain(code)
	}
	var found *Country
	ended := 0
	for _, c := range codes[key] {
		switch {
		case year != 0 && c.To != 0 && year > c.To:
			ended = c.To
		case found == nil || better(c, found, year):
			found = c
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case ended != 0:
		return Country{}, fault.Newf(fault.Invalid, "%q is a country that ended in %d", code, ended)
	}
	return Country{}, fault.Newf(fault.Invalid, "%q is not a country", code)
}

// better says whether a number means a rather than b in a year: rather one that had
// begun, of those the later, and in any year one that goes on.
func better(a, b *Country, year int) bool {
	if year == 0 {
		return a.To == 0 && b.To != 0
	}
	begun, other := a.From <= year, b.From <= year
	if begun != other {
		return begun
	}
	return begun && a.From > b.From
}

// Of gives the country of a jurisdiction as the register writes it: a code of ISO
// 3166-1, of two or three letters, or one of ISO 3166-2, of which the country counts.
func Of(jurisdiction string) (Country, bool) {
	code, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(jurisdiction)), "-")
	scheme := map[int]string{2: "iso2", 3: "iso3"}[len(code)]
	if scheme == "" {
		return Country{}, false
	}
	c, err := Find(scheme, code, 0)
	return c, err == nil && c.To == 0
}

// fold makes spellings of a name meet: case, accents, punctuation, "and" and "the"
// do not tell countries apart.
func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ReplaceAll(name, "&", " and ")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	words := slices.DeleteFunc(strings.Fields(b.String()), func(w string) bool { return w == "the" || w == "of" })
	return strings.Join(words, " ")
}
