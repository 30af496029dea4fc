package watchlist

import (
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

// readUN reads the XML of the UN Security Council Consolidated List. The id of
// an entry is its permanent reference number (QDi.001): DATAID is not kept when
// the publisher makes an entry anew.
func readUN(s *source) (*List, error) {
	s.list.Name, s.list.License = "UN Security Council", "United Nations; reuse with attribution, under the terms of use of un.org"
	f, err := s.openOnly(".xml")
	if err != nil {
		return nil, err
	}
	u := &distinct{source: s}
	root := func(e *element) { s.list.Published = day(e.attr("dateGenerated")) }
	return s.list, s.eachElement(f, "CONSOLIDATED_LIST", root, handlers{
		"INDIVIDUAL": func(e *element) *fault.Error { return u.number(unEntry(e, names.Person, "INDIVIDUAL")) },
		"ENTITY":     func(e *element) *fault.Error { return u.number(unEntry(e, names.Organization, "ENTITY")) },
	})
}

func unEntry(in *element, kind names.Kind, prefix string) Entity {
	e := Entity{SourceID: in.first("REFERENCE_NUMBER"), List: "UN Security Council", Kind: kind, Remarks: in.first("COMMENTS1")}
	e.Name = joinNonEmpty(" ", in.first("FIRST_NAME"), in.first("SECOND_NAME"), in.first("THIRD_NAME"), in.first("FOURTH_NAME"))
	e.addAlias(in.first("NAME_ORIGINAL_SCRIPT"), false)
	e.Programs = addText(nil, in.first("UN_LIST_TYPE"))
	e.addReference("UN", e.SourceID)
	e.addListed(in.first("LISTED_ON"))
	e.setGender(in.first("GENDER"))
	for _, title := range append(in.items("TITLE", "VALUE"), in.items("DESIGNATION", "VALUE")...) {
		e.Title = joinNonEmpty("; ", e.Title, title.text)
	}
	for _, n := range in.items("NATIONALITY", "VALUE") {
		e.addCountry(n.text)
	}
	for _, a := range in.all(prefix + "_ALIAS") {
		for name := range listed(a.first("ALIAS_NAME")) {
			e.addAlias(name, strings.EqualFold(a.first("QUALITY"), "Low"))
		}
		e.addBirth(a.first("DATE_OF_BIRTH"))
		e.addBirthPlace(a.first("COUNTRY_OF_BIRTH"), a.first("CITY_OF_BIRTH"))
	}
	for _, a := range in.all(prefix + "_ADDRESS") {
		e.addAddress(a.first("COUNTRY"), a.first("STREET"), a.first("CITY"), a.first("STATE_PROVINCE"), a.first("ZIP_CODE"))
	}
	for _, d := range in.all("INDIVIDUAL_DATE_OF_BIRTH") {
		e.addUNBirth(d)
	}
	for _, p := range in.all("INDIVIDUAL_PLACE_OF_BIRTH") {
		e.addBirthPlace(p.first("COUNTRY"), p.first("STREET"), p.first("CITY"), p.first("STATE_PROVINCE"))
	}
	for _, d := range in.all("INDIVIDUAL_DOCUMENT") {
		e.addIdentifier(firstOf(d.first("TYPE_OF_DOCUMENT"), d.first("TYPE_OF_DOCUMENT2")), d.first("NUMBER"),
			firstOf(d.first("ISSUING_COUNTRY"), d.first("COUNTRY_OF_ISSUE")))
	}
	return e
}

// addUNBirth reads one date of birth: exact, approximate, or between two years.
func (e *Entity) addUNBirth(in *element) {
	circa := in.first("TYPE_OF_DATE") == "APPROXIMATELY" || about.MatchString(in.first("NOTE"))
	date := firstOf(in.first("DATE"), in.first("YEAR"), in.first("NOTE"))
	if from, to := in.first("FROM_YEAR"), in.first("TO_YEAR"); from != "" && to != "" {
		date = from + " to " + to
	}
	e.addBirthDate(parseDate(date), circa)
}
