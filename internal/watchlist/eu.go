package watchlist

import (
	"strings"

	"duly/internal/fault"
	"duly/internal/names"
)

const euName = "EU Financial Sanctions"

// readEU reads the consolidated list of EU financial sanctions (FSF), as XML 1.1
// or as CSV with semicolons. The id of an entry is its EU reference number, which
// the publisher's own logical id replaces where there is none.
func readEU(s *source) (*List, error) {
	s.list.Name, s.list.License = euName, "European Union; reuse with attribution (Decision 2011/833/EU)"
	f, err := s.openOnly(".xml", ".csv")
	if err != nil {
		return nil, err
	}
	d := &distinct{source: s}
	if !isXML(f) {
		return readEUTable(d, f)
	}
	root := func(e *element) { s.list.Published = day(e.attr("generationDate")) }
	return s.list, s.eachElement(f, "export", root, handlers{
		"sanctionEntity": func(e *element) *fault.Error { return d.number(euEntry(e)) },
	})
}

func euKind(code string) names.Kind {
	switch strings.ToLower(code) {
	case "person", "p":
		return names.Person
	case "enterprise", "e":
		return names.Organization
	case "vessel", "ship":
		return names.Vessel
	}
	return names.Other
}

func euEntry(in *element) Entity {
	e := Entity{SourceID: firstOf(in.attr("euReferenceNumber"), in.attr("logicalId")), List: euName}
	for _, t := range in.all("subjectType") {
		e.Kind = euKind(t.attr("code"))
	}
	e.addReference("EU", in.attr("euReferenceNumber"))
	e.addReference("UN", in.attr("unitedNationId"))
	e.addListed(in.attr("designationDate"))
	e.Reasons = addText(nil, in.attr("designationDetails"))
	for _, r := range in.all("remark") {
		e.Remarks = joinNonEmpty("\n", e.Remarks, r.text)
	}
	for _, r := range in.all("regulation") {
		e.Programs = addText(e.Programs, r.attr("programme"))
		e.Bases = addText(e.Bases, r.attr("numberTitle"))
		if len(e.Listed) == 0 {
			e.addListed(r.attr("publicationDate"))
		}
	}
	for _, n := range in.all("nameAlias") {
		name := firstOf(n.attr("wholeName"), joinNonEmpty(" ", n.attr("firstName"), n.attr("middleName"), n.attr("lastName")))
		e.addName(name, n.attr("strong") == "false")
		e.Title = firstOf(e.Title, joinNonEmpty("; ", n.attr("title"), n.attr("function")))
		e.setGender(n.attr("gender"))
	}
	for _, c := range in.all("citizenship") {
		e.addCountry(euCountry(c.attr("countryIso2Code"), c.attr("countryDescription")))
	}
	for _, a := range in.all("address") {
		e.addAddress(euCountry(a.attr("countryIso2Code"), a.attr("countryDescription")),
			a.attr("street"), a.attr("poBox"), a.attr("place"), a.attr("city"), a.attr("region"), a.attr("zipCode"))
	}
	for _, b := range in.all("birthdate") {
		date := firstOf(b.attr("birthdate"), euYears(b.attr("yearRangeFrom"), b.attr("yearRangeTo")), b.attr("year"))
		e.addBirthDate(parseDate(date), b.attr("circa") == "true")
		e.addBirthPlace(euCountry(b.attr("countryIso2Code"), b.attr("countryDescription")), b.attr("place"), b.attr("city"), b.attr("region"))
	}
	for _, i := range in.all("identification") {
		if i.attr("knownFalse") != "true" {
			e.addIdentifier(firstOf(i.attr("identificationTypeDescription"), i.attr("identificationTypeCode")),
				firstOf(i.attr("number"), i.attr("latinNumber")), euCountry(i.attr("countryIso2Code"), i.attr("countryDescription")))
		}
	}
	return e
}

// addName takes the first strong name as the main name and others as aliases.
func (e *Entity) addName(name string, weak bool) {
	if e.Name == "" {
		e.Name = name
		return
	}
	e.addAlias(name, weak)
}

// euCountry gives the code of a country; the EU writes 00 and UNKNOWN for none.
func euCountry(code, name string) string {
	if code == "" || code == "00" {
		if strings.EqualFold(name, "unknown") {
			return ""
		}
		return name
	}
	return code
}

func euYears(from, to string) string {
	if from == "" || to == "" {
		return ""
	}
	return from + " to " + to
}

// euNeeded are the columns without which a file is not the CSV of the list.
var euNeeded = []string{"Entity_LogicalId", "NameAlias_WholeName"}

// readEUTable reads the CSV: a row for each name, address, date and number of an
// entity, with the columns of the others empty.
func readEUTable(d *distinct, f *file) (*List, error) {
	t, err := d.openTable(f, ';', euNeeded, nil)
	if err != nil {
		f.disk.Close()
		return nil, err
	}
	return d.list, t.each(func() *fault.Error { return euRow(d, t) })
}

func euRow(d *distinct, t *table) *fault.Error {
	get := t.get
	if d.list.Published == "" {
		d.list.Published = day(get("fileGenerationDate"))
	}
	e := Entity{SourceID: firstOf(get("Entity_EU_ReferenceNumber"), get("Entity_LogicalId")), List: euName}
	if e.Kind = euKind(get("Entity_SubjectType_ClassificationCode")); e.Kind == names.Other {
		e.Kind = euKind(get("Entity_SubjectType"))
	}
	e.addReference("EU", get("Entity_EU_ReferenceNumber"))
	e.addReference("UN", get("Entity_UnitedNationId"))
	e.addListed(firstOf(get("Entity_DesignationDate"), get("Entity_Regulation_PublicationDate")))
	e.Reasons = addText(nil, get("Entity_DesignationDetails"))
	e.Remarks = get("Entity_Remark")
	e.Programs = addText(nil, get("Entity_Regulation_Programme"))
	e.Bases = addText(nil, get("Entity_Regulation_NumberTitle"))
	name := firstOf(get("NameAlias_WholeName"), joinNonEmpty(" ", t.gather("NameAlias_FirstName", "NameAlias_MiddleName", "NameAlias_LastName")...))
	e.Title = joinNonEmpty("; ", get("NameAlias_Title"), get("NameAlias_Function"))
	e.setGender(get("NameAlias_Gender"))
	e.addCountry(euCountry(get("Citizenship_CountryIso2Code"), get("Citizenship_CountryDescription")))
	e.addAddress(euCountry(get("Address_CountryIso2Code"), get("Address_CountryDescription")),
		t.gather("Address_Street", "Address_PoBox", "Address_Place", "Address_City", "Address_Region", "Address_ZipCode")...)
	e.addBirthDate(parseDate(firstOf(get("BirthDate_BirthDate"), get("BirthDate_Year"))), get("BirthDate_Circa") == "true")
	e.addBirthPlace(euCountry(get("BirthDate_CountryIso2Code"), get("BirthDate_CountryDescription")), t.gather("BirthDate_Place", "BirthDate_City", "BirthDate_Region")...)
	e.addIdentifier(firstOf(get("Identification_TypeDescription"), get("Identification_TypeCode")),
		firstOf(get("Identification_Number"), get("Identification_LatinNumber")), euCountry(get("Identification_CountryIso2Code"), get("Identification_CountryDescription")))
	return d.joinNamed(e, name, false)
}
