package watchlist

import (
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/names"
)

// readOFACXML reads the plain XML (sdn.xml, consolidated.xml) or the advanced one
// (sdn_advanced.xml), which begin with different elements.
func readOFACXML(s *source) (*List, error) {
	f, err := s.openOnly(".xml")
	if err != nil {
		return nil, err
	}
	if !isXML(f) {
		f.disk.Close()
		return nil, fault.New(fault.Invalid, "this is not OFAC's XML", "give the XML, or the directory that holds sdn.csv").At(f.path, 0, "")
	}
	if start, _ := f.Peek(2048); strings.Contains(string(start), "<Sanctions") {
		return readOFACAdvanced(s, f)
	}
	o := &ofacXML{&distinct{source: s}}
	err = s.eachElement(f, "sdnList", nil, handlers{"publshInformation": o.published, "sdnEntry": o.entry})
	if err != nil {
		return nil, err
	}
	s.list.nameOFAC()
	s.list.link()
	return s.list, nil
}

type ofacXML struct{ *distinct }

// published reads the head of the file; the element is spelled so.
func (o *ofacXML) published(in *element) *fault.Error {
	if t, err := time.Parse("01/02/2006", in.first("Publish_Date")); err == nil {
		o.list.Published = t.Format(time.DateOnly)
	}
	return nil
}

func ofacKind(s string) names.Kind {
	switch strings.ToLower(s) {
	case "individual":
		return names.Person
	case "entity":
		return names.Organization
	case "vessel", "aircraft":
		return names.Vessel
	}
	return names.Other
}

func (o *ofacXML) entry(in *element) *fault.Error {
	e := Entity{SourceID: in.first("uid"), Kind: ofacKind(in.first("sdnType")), Title: in.first("title"), Remarks: in.first("remarks")}
	e.Name = ofacPersonName(in)
	e.addReference("OFAC", e.SourceID)
	for _, p := range in.items("programList", "program") {
		e.Programs = addText(e.Programs, p.text)
	}
	for _, a := range in.items("akaList", "aka") {
		e.addAlias(ofacPersonName(a), a.first("category") == "weak")
	}
	for _, a := range in.items("addressList", "address") {
		e.addAddress(a.first("country"), a.first("address1"), a.first("address2"), a.first("address3"), a.first("city"), a.first("stateOrProvince"), a.first("postalCode"))
	}
	for _, n := range append(in.items("nationalityList", "nationality"), in.items("citizenshipList", "citizenship")...) {
		e.addCountry(n.first("country"))
	}
	for _, d := range in.items("dateOfBirthList", "dateOfBirthItem") {
		e.addBirth(d.first("dateOfBirth"))
	}
	for _, p := range in.items("placeOfBirthList", "placeOfBirthItem") {
		e.addBirthPlace("", p.first("placeOfBirth"))
	}
	for _, id := range in.items("idList", "id") {
		e.addOFACFeature(id.first("idType"), id.first("idNumber"), id.first("idCountry"))
	}
	for _, v := range in.all("vesselInfo") {
		e.addIdentifier("Call sign", v.first("callSign"), "")
		e.addCountry(v.first("vesselFlag"))
	}
	return o.number(e)
}

// ofacPersonName writes a name as the CSV of the list does: LAST, First.
func ofacPersonName(in *element) string {
	return joinNonEmpty(", ", in.first("lastName"), in.first("firstName"))
}

// addOFACFeature sorts what OFAC keeps among the identifiers: numbers, but also
// the gender, what kind of organisation it is, and remarks on sanctions.
func (e *Entity) addOFACFeature(kind, value, country string) {
	switch {
	case value == "":
	case kind == "Gender":
		e.setGender(value)
	case strings.HasPrefix(kind, "Organization Type"), strings.HasPrefix(kind, "Target Type"):
		e.addClass(strings.TrimRight(kind, ": "), value)
	case strings.HasPrefix(kind, "Secondary sanctions risk"), strings.HasPrefix(kind, "Additional Sanctions Information"),
		strings.HasPrefix(kind, "Transactions Prohibited"), strings.HasSuffix(kind, "Date"), strings.Contains(kind, "Determination"):
	case !strings.ContainsAny(value, "0123456789") && !strings.HasPrefix(kind, "SWIFT") && !strings.HasPrefix(kind, "Digital"):
	default:
		e.addIdentifier(kind, value, country)
	}
}

// nonSDN are the programmes of lists that OFAC keeps beside the SDN list.
var nonSDN = []string{"UKRAINE-EO13662", "NS-PLC", "CMIC-EO13959", "561-Related", "FSE-IR", "FSE-SY", "MBS"}

// nameOFAC names the list after what most entries are listed for, since the file
// does not say which of the two lists it is.
func (l *List) nameOFAC() {
	others := 0
	for i := range l.Entities {
		if slices.ContainsFunc(l.Entities[i].Programs, func(p string) bool { return slices.Contains(nonSDN, p) }) {
			others++
		}
	}
	l.Name = sdnName
	if 2*others > len(l.Entities) {
		l.Name = nonSDNName
	}
	for i := range l.Entities {
		l.Entities[i].List = l.Name
	}
}
