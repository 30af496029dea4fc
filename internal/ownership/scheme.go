package ownership

import "strings"

// schemes are the names under which files keep identifiers of one registry, to the
// name that Duly uses. Codes of org-id.guide (GB-COH) stay as they are, in small
// letters.
var schemes = map[string]string{
	"xi-lei": "lei", "leicode": "lei", "gleif": "lei", "global legal entity identifier index": "lei",
	"us-uei": "uei", "uniqueentityid": "uei", "dunscode": "duns", "us-duns": "duns", "imonumber": "imo", "ciknumber": "cik",
	"inncode": "ru-inn", "ogrncode": "ru-ogrn", "gb company number": "gb-coh",
	"taxnumber": "tax", "vatcode": "vat", "passportnumber": "passport", "idnumber": "id", "registrationnumber": "registration",
}

// Scheme gives the one name of a registry's identifiers, in small letters.
func Scheme(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if known, ok := schemes[name]; ok {
		return known
	}
	return name
}

// Key writes an identifier so that the same number is the same text, however a file
// writes it: scheme:VALUE, without white space. It is "" where either is missing.
func (i Identifier) Key() string {
	scheme, value := Scheme(i.Scheme), strings.ToUpper(strings.Join(strings.Fields(i.Value), ""))
	if scheme == "" || value == "" {
		return ""
	}
	return scheme + ":" + value
}

// Joins says whether a registry gives each number of a scheme to one party only, so
// that two records with it are one. Numbers whose country or registry is not said
// are given more than once.
func Joins(scheme string) bool {
	switch scheme = Scheme(scheme); scheme {
	case "lei", "uei", "duns", "imo", "cik", "ori":
		return true
	}
	country, registry, ok := strings.Cut(scheme, "-") // gb-coh
	return ok && len(country) == 2 && registry != ""
}
