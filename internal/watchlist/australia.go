package watchlist

import (
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

const australiaName = "Australia Consolidated List"

var australiaNeeded = []string{"Reference", "Name of Individual or Entity", "Type", "Name Type"}

// readAustralia reads the Consolidated List of Australia's foreign ministry as
// CSV: its one sheet, saved as such. Rows 12, 12a, 12b are names of entry 12.
func readAustralia(s *source) (*List, error) {
	s.list.Name, s.list.License = australiaName, "Creative Commons Attribution (DFAT)"
	f, err := s.openOnly(".csv")
	if err != nil {
		return nil, err
	}
	t, err := s.openTable(f, ',', australiaNeeded, nil)
	if err != nil {
		f.disk.Close()
		return nil, err
	}
	d := &distinct{source: s}
	return s.list, t.each(func() *fault.Error { return australiaRow(d, t) })
}

func australiaRow(d *distinct, t *table) *fault.Error {
	get := t.get
	id := strings.TrimRight(get("Reference"), "abcdefghijklmnopqrstuvwxyz")
	if !isDigits(id) {
		return fault.Newf(fault.Invalid, "%q is no reference of an entry", clip(get("Reference"))).At("", 0, "Reference")
	}
	e := Entity{SourceID: id, List: australiaName, Remarks: get("Additional Information")}
	switch strings.ToLower(get("Type")) {
	case "individual":
		e.Kind = names.Person
	case "entity":
		e.Kind = names.Organization
	case "vessel":
		e.Kind = names.Vessel
	}
	e.Programs = addText(nil, get("Committees"))
	e.Bases = addText(addText(nil, get("Instrument of Designation")), get("Listing Information"))
	e.addListed(get("Control Date"))
	e.addBirth(get("Date of Birth"))
	e.addBirthPlace("", get("Place of Birth"))
	for c := range listed(strings.NewReplacer(",", ";", "\n", ";").Replace(get("Citizenship"))) {
		e.addCountry(c)
	}
	e.addAddress("", get("Address"))
	e.addIdentifier("IMO", get("IMO Number"), "")
	return d.joinNamed(e, get("Name of Individual or Entity"), strings.EqualFold(get("Alias Strength"), "weak"))
}
