package watchlist

import (
	"regexp"
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

const canadaName = "Canada Autonomous Sanctions"

// readCanada reads the XML of Canada's Consolidated Autonomous Sanctions List
// (Special Economic Measures Act, Justice for Victims of Corrupt Foreign Officials
// Act). The list gives no ids: one is made of regulation, schedule and item.
func readCanada(s *source) (*List, error) {
	s.list.Name, s.list.License = canadaName, "Open Government Licence - Canada"
	f, err := s.openOnly(".xml")
	if err != nil {
		return nil, err
	}
	d := &distinct{source: s}
	return s.list, s.eachElement(f, "data-set", nil, handlers{
		"record": func(e *element) *fault.Error { return d.number(canadaEntry(e)) },
	})
}

func canadaEntry(in *element) Entity {
	regulation, _, _ := strings.Cut(in.first("Country"), " / ")
	e := Entity{List: canadaName, Kind: names.Person}
	e.SourceID = joinNonEmpty(", ", regulation, in.first("Schedule"), in.first("Item"))
	e.Name = joinNonEmpty(" ", in.first("GivenName"), in.first("LastName"))
	e.Programs = addText(nil, regulation)
	e.addListed(in.first("DateOfListing"))
	e.Title = in.first("TitleOrShip")
	if name := in.first("EntityOrShip"); name != "" {
		e.Name, e.Kind = name, names.Organization
	}
	imo := in.first("ShipIMONumber")
	switch {
	case imo != "":
		e.Kind = names.Vessel
		e.addIdentifier("IMO", imo, "")
	case e.Kind == names.Person:
		e.addBirth(in.first("DateOfBirthOrShipBuildDate"))
	}
	for name := range canadaAliases(in.first("Aliases")) {
		e.addAlias(name, false)
	}
	return e
}

// languages are the words that the list puts before a name in another language.
var languages = regexp.MustCompile(`^[\pL ]+\p{Zs}?:\s*`)

// canadaAliases parts a cell of names. Names of organisations may hold a comma,
// so a comma parts names only where a language is named after it or no semicolon
// stands in the cell and every part has a word gap of its own.
func canadaAliases(cell string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		parts := strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '\n' })
		for _, part := range parts {
			for _, name := range commaNames(part) {
				name = strings.TrimSpace(languages.ReplaceAllString(strings.TrimSpace(name), ""))
				if name != "" && !yield(name) {
					return
				}
			}
		}
	}
}

// commaNames parts a text at commas where every part could be a name by itself:
// two words or more, or with a language before it.
func commaNames(s string) []string {
	parts := strings.Split(s, ",")
	for _, p := range parts {
		p = strings.TrimSpace(p)
		if !strings.Contains(p, " ") && !strings.Contains(p, ":") {
			return []string{s}
		}
	}
	return parts
}
