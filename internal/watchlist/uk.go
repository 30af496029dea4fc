package watchlist

import (
	"regexp"
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

// readUK reads the lists of the United Kingdom as CSV: the UK Sanctions List of
// the Foreign Office, and the older Consolidated List (ConList) of OFSI, which
// differ in their header. Both have a line with their date above it and a row for
// each combination of name, date of birth and address.
func readUK(s *source) (*List, error) {
	s.list.License = "Open Government Licence v3.0"
	f, err := s.openOnly(".csv")
	if err != nil {
		return nil, err
	}
	t, err := s.openTable(f, ',', []string{"Name 6", "Name 1"}, func(rec row) { s.list.Published = firstOf(ukDate(rec), s.list.Published) })
	if err != nil {
		f.disk.Close()
		return nil, err
	}
	u := &uk{table: t, distinct: &distinct{source: s}}
	if _, newer := t.at["unique id"]; newer {
		s.list.Name = "UK Sanctions List"
		return s.list, t.each(u.entry)
	}
	if _, older := t.at["group id"]; older {
		s.list.Name = "UK OFSI Consolidated List"
		return s.list, t.each(u.target)
	}
	f.disk.Close()
	return nil, fault.New(fault.Invalid, "the header has no such column, so this is no list of the United Kingdom", "").At(f.path, 1, "Unique ID")
}

type uk struct {
	*table
	distinct *distinct
}

// ukDate finds the date in "Report Date: 13-Feb-2026" or "Last Updated,27/04/2020".
func ukDate(rec row) string {
	for _, cell := range rec.fields {
		_, after, _ := strings.Cut(cell, ":")
		for _, s := range []string{cell, after} {
			if d := day(s); d != "" {
				return d
			}
		}
	}
	return ""
}

func ukKind(s string) names.Kind {
	switch strings.ToLower(s) {
	case "individual":
		return names.Person
	case "entity":
		return names.Organization
	case "ship":
		return names.Vessel
	}
	return names.Other
}

// name gives the name of a row; Name 6 is the family name or the whole name.
func (u *uk) name() string {
	return joinNonEmpty(" ", u.gather("Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6")...)
}

// common reads the columns that both lists have.
func (u *uk) common(id string) Entity {
	get := u.get
	e := Entity{SourceID: id, List: u.list.Name, Title: joinNonEmpty("; ", get("Title"), get("Position")), Remarks: get("Other Information")}
	e.addAlias(get("Name Non-Latin Script"), false)
	e.addBirthPlace(ukCountry(get("Country of birth")), get("Town of birth"))
	for n := range listed(get("Nationality(/ies)") + ";" + get("Nationality")) {
		e.addCountry(ukCountry(n))
	}
	e.addIdentifier("Passport", get("Passport number"), "")
	return e
}

var numbering = regexp.MustCompile(`^\(\d+\)\s*`)

// ukCountry takes off what ConList puts around a country: the number of one of
// several, and a note in brackets.
func ukCountry(s string) string {
	s = numbering.ReplaceAllString(strings.TrimSpace(s), "")
	if before, _, noted := strings.Cut(s, " ("); noted && len(countryCode(s)) != 2 && len(countryCode(before)) == 2 {
		return before
	}
	return s
}

// entry reads a row of the UK Sanctions List.
func (u *uk) entry() *fault.Error {
	get := u.get
	e := u.common(get("Unique ID"))
	e.Kind = ukKind(get("Designation Type"))
	e.addReference("UK", e.SourceID)
	e.addReference("OFSI", get("OFSI Group ID"))
	e.addReference("UN", get("UN Reference Number"))
	e.Programs = addText(nil, get("Regime Name"))
	e.Reasons = addText(nil, get("UK Statement of Reasons"))
	e.Bases = addText(addText(nil, get("Designation source")), get("Sanctions Imposed"))
	e.addListed(get("Date Designated"))
	e.addBirth(get("D.O.B"))
	e.setGender(get("Gender"))
	e.addAddress(ukCountry(get("Address Country")), u.gather("Address Line 1", "Address Line 2", "Address Line 3", "Address Line 4", "Address Line 5", "Address Line 6", "Address Postal Code")...)
	e.addCountry(get("Current believed flag of ship"))
	e.addIdentifier("National identifier", get("National Identifier number"), "")
	e.addIdentifier("Business registration number", get("Business registration number (s)"), "")
	e.addIdentifier("IMO", get("IMO number"), "")
	if v := get("Type of entity"); v != "" {
		e.Bases = addText(e.Bases, "Type of entity: "+v)
	}
	kind := strings.ToLower(get("Name type"))
	return u.join(e, kind == "primary name", strings.Contains(strings.ToLower(get("Alias strength")), "low"))
}

// references finds the numbers that ConList keeps in its free text.
var references = regexp.MustCompile(`\((UK Sanctions List|UN) Ref\.?\):?\s*([A-Za-z]+\.?\d+)|\bUN Ref:? ([A-Z]{2,}[ie]\.\d+)`)

// target reads a row of ConList.
func (u *uk) target() *fault.Error {
	get := u.get
	e := u.common(get("Group ID"))
	e.Kind = ukKind(get("Group Type"))
	e.addReference("OFSI", e.SourceID)
	for _, m := range references.FindAllStringSubmatch(e.Remarks, -1) {
		switch {
		case m[1] == "UK Sanctions List":
			e.addReference("UK", m[2])
		default:
			e.addReference("UN", m[2]+m[3])
		}
	}
	if _, reason, ok := strings.Cut(e.Remarks, "(UK Statement of Reasons):"); ok {
		reason, _, _ = strings.Cut(reason, "(Gender):")
		e.Reasons = addText(nil, reason)
	}
	if _, gender, ok := strings.Cut(e.Remarks, "(Gender):"); ok {
		e.setGender(strings.Fields(gender + " -")[0])
	}
	e.Programs = addText(nil, get("Regime"))
	e.addListed(firstOf(get("UK Sanctions List Date Designated"), get("Listed On")))
	e.addBirth(get("DOB"))
	e.addAddress(ukCountry(get("Country")), u.gather("Address 1", "Address 2", "Address 3", "Address 4", "Address 5", "Address 6", "Post/Zip Code")...)
	e.addIdentifier("National identification number", get("National Identification Number"), "")
	kind := strings.ToLower(get("Alias Type"))
	return u.join(e, strings.HasPrefix(kind, "prime") || kind == "primary name", strings.Contains(strings.ToLower(get("Alias Quality")), "low"))
}

// join adds the row; a primary name that comes after an alias becomes the main one.
func (u *uk) join(e Entity, primary, weak bool) *fault.Error {
	name := firstOf(u.name(), firstAlias(&e))
	i, known := u.distinct.byID[e.SourceID]
	if bad := u.distinct.joinNamed(e, name, weak); bad != nil || !known || !primary {
		return bad
	}
	u.list.Entities[i].promote(name, u.distinct.weak[e.SourceID])
	return nil
}

func firstAlias(e *Entity) string {
	if len(e.Aliases) == 0 {
		return ""
	}
	return e.Aliases[0].Name
}

// promote makes one of the aliases the main name; weak is what the list says of
// the name that was.
func (e *Entity) promote(name string, weak bool) {
	for i := range e.Aliases {
		if e.Aliases[i].Name == name {
			e.Aliases[i], e.Name = Alias{e.Name, weak}, name
			return
		}
	}
}
