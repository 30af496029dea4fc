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
	for name := range canadaAliases(in.first("Aliases"), e.Kind) {
		e.addAlias(name, false)
	}
	return e
}

// languages are the words that the list puts before a name in another language.
var languages = regexp.MustCompile(`^[\pL ]+\p{Zs}?:\s*`)

// canadaAliases parts a cell of names at semicolons and, where they part names, at
// commas. Line ends are those of a table's cell and part nothing.
func canadaAliases(cell string, kind names.Kind) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for part := range listed(strings.Join(strings.Fields(cell), " ")) {
			for _, name := range commaNames(part, kind) {
				if name = strings.Trim(languages.ReplaceAllString(name, ""), " ,"); name != "" && !yield(name) {
					return
				}
			}
		}
	}
}

// commaNames parts a text at its commas. What follows the comma of a company may
// be its legal form, which stays. A comma of a person may stand between family
// and first name: it parts only where every part has two words or a language.
func commaNames(s string, kind names.Kind) []string {
	parts := strings.Split(s, ",")
	if kind == names.Person {
		for _, p := range parts {
			if p = strings.TrimSpace(p); p != "" && !strings.ContainsAny(p, " :") {
				return []string{s}
			}
		}
		return trimmed(parts)
	}
	var out []string
	for _, p := range trimmed(parts) {
		if n := len(out); n > 0 && len(names.Prepare(anyName+" "+p, names.Organization).Tokens) == 1 {
			out[n-1] += ", " + p
			continue
		}
		out = append(out, p)
	}
	return out
}

// anyName is a name by which a legal form is told: it adds no word to it.
const anyName = "quibbleton"

func trimmed(parts []string) []string {
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
