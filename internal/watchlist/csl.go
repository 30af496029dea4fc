package watchlist

import (
	"cmp"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

// cslNeeded are the columns without which a file is not the Consolidated
// Screening List; other columns are used where they are there.
var cslNeeded = []string{"_id", "source", "entity_number", "type", "name", "alt_names"}

// readCSL reads the CSV of the US Consolidated Screening List, which has a
// header. Rows of one entity_number (a party on several lists) become one entity.
func readCSL(s *source) (*List, error) {
	s.list.Name = "US Consolidated Screening List"
	s.list.License = "public domain (work of the US government)"
	f, err := s.open("consolidated.csv")
	if err != nil {
		return nil, err
	}
	t, err := s.openTable(f, ',', cslNeeded, nil)
	if err != nil {
		f.disk.Close()
		return nil, err
	}
	c := &csl{table: t, byID: make(map[string]int)}
	return s.list, t.each(c.entry)
}

type csl struct {
	*table
	byID map[string]int // SourceID to the index in list.Entities
}

func (c *csl) entry() *fault.Error {
	get := c.get
	e := Entity{SourceID: get("entity_number"), List: get("source"), Name: get("name"), Title: get("title"), Remarks: get("remarks")}
	if e.SourceID == "" {
		e.SourceID = get("_id")
	}
	if e.SourceID == "" {
		return fault.New(fault.Invalid, "the entry has no id", "").At("", 0, "_id")
	}
	if e.Name == "" {
		return fault.New(fault.Invalid, "the entry has no name", "").At("", 0, "name")
	}
	switch strings.ToLower(get("type")) {
	case "individual":
		e.Kind = names.Person
	case "entity":
		e.Kind = names.Organization
	case "vessel", "aircraft":
		e.Kind = names.Vessel
	}
	if e.SourceID == get("entity_number") && strings.Contains(e.List, "Treasury") {
		e.References = []Reference{{"OFAC", e.SourceID}}
	}
	c.details(&e, get)
	if i, ok := c.byID[e.SourceID]; ok {
		c.list.Entities[i].merge(e)
		c.list.Merged++
		return nil
	}
	c.byID[e.SourceID] = len(c.list.Entities)
	c.list.Entities = append(c.list.Entities, e)
	return nil
}

func (c *csl) details(e *Entity, get func(string) string) {
	for name := range listed(get("alt_names")) {
		e.addAlias(name, false)
	}
	for p := range listed(get("programs")) {
		e.Programs = append(e.Programs, p)
	}
	for _, column := range []string{"federal_register_notice", "license_requirement", "license_policy"} {
		if v := get(column); v != "" {
			e.Bases = append(e.Bases, v)
		}
	}
	e.addListed(get("start_date"))
	for place := range listed(get("places_of_birth")) {
		e.BirthPlaces = append(e.BirthPlaces, Address{Text: place})
	}
	for text := range listed(get("addresses")) {
		a := Address{Text: text}
		if i := strings.LastIndexByte(text, ',') + 1; len(strings.TrimSpace(text[i:])) == 2 {
			a.Country = countryCode(text[i:])
			e.addCountry(a.Country)
		}
		e.Addresses = append(e.Addresses, a)
	}
	for _, column := range []string{"nationalities", "citizenships", "vessel_flag"} {
		for land := range listed(get(column)) {
			e.addCountry(land)
		}
	}
	for d := range listed(get("dates_of_birth")) {
		e.addBirth(d)
	}
	if v := get("call_sign"); v != "" {
		e.Identifiers = append(e.Identifiers, Identifier{Type: "Call sign", Value: v})
	}
	for id := range listed(get("ids")) {
		e.addCSLIdentifier(id)
	}
}

// addCSLIdentifier reads "CC, value, type" or "value, type". Statements in the
// same column that carry no digit (gender, directives) are no identifiers.
func (e *Entity) addCSLIdentifier(s string) {
	parts := strings.Split(s, ", ")
	if len(parts) < 2 {
		return
	}
	id := Identifier{Type: parts[len(parts)-1]}
	values := parts[:len(parts)-1]
	if len(values) > 1 && len(values[0]) == 2 {
		id.Country, values = values[0], values[1:]
	}
	id.Value = strings.Join(values, ", ")
	if id.Type == "Gender" {
		e.setGender(id.Value)
	}
	if strings.ContainsAny(id.Value, "0123456789") && !strings.Contains(id.Type, "Date") && !strings.Contains(id.Type, "Sanctions") {
		e.Identifiers = append(e.Identifiers, id)
	}
}

// merge adds what another row says of the same party.
func (e *Entity) merge(o Entity) {
	if !slices.Contains(strings.Split(e.List, "; "), o.List) {
		e.List += "; " + o.List
	}
	e.addAlias(o.Name, false)
	for _, a := range o.Aliases {
		e.addAlias(a.Name, a.Weak)
	}
	e.Programs = union(e.Programs, o.Programs)
	e.Reasons = union(e.Reasons, o.Reasons)
	e.Bases = union(e.Bases, o.Bases)
	e.BirthPlaces = union(e.BirthPlaces, o.BirthPlaces)
	e.References = union(e.References, o.References)
	e.Circa = sortedUnique(append(e.Circa, o.Circa...))
	e.Listed = sortedUnique(append(e.Listed, o.Listed...))
	e.Gender = cmp.Or(e.Gender, o.Gender)
	e.Title = cmp.Or(e.Title, o.Title)
	e.Addresses = union(e.Addresses, o.Addresses)
	e.Identifiers = union(e.Identifiers, o.Identifiers)
	e.Countries = sortedUnique(append(e.Countries, o.Countries...))
	e.BirthDates = sortedUnique(append(e.BirthDates, o.BirthDates...))
	if o.Remarks != "" && o.Remarks != e.Remarks {
		e.Remarks = joinNonEmpty("; ", e.Remarks, o.Remarks)
	}
}

func union[T comparable](a, b []T) []T {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// listed gives the parts of a cell that holds several values.
func listed(cell string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for part := range strings.SplitSeq(cell, ";") {
			if part = strings.TrimSpace(part); part != "" && !yield(part) {
				return
			}
		}
	}
}
