package watchlist

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/names"
)

// advanced reads OFAC's advanced XML, in which an entry refers to tables that
// stand before it and is referred to by its sanctions, which stand after it.
// Source: the schema of the Advanced Sanctions Data Model.
type advanced struct {
	*distinct
	values    map[string]string     // name of a table and id to its text
	locations map[string]Address    // by location id; Country as its English name
	documents map[string][]*element // by identity
	byProfile map[string]int        // profile to the index in list.Entities
}

func readOFACAdvanced(s *source, f *file) (*List, error) {
	a := &advanced{distinct: &distinct{source: s}, values: map[string]string{}, locations: map[string]Address{},
		documents: map[string][]*element{}, byProfile: map[string]int{}}
	err := s.eachElement(f, "Sanctions", nil, handlers{
		"DateOfIssue": a.issued, "ReferenceValueSets": a.tables, "Location": a.location, "IDRegDocument": a.document,
		"DistinctParty": a.party, "ProfileRelationship": a.relation, "SanctionsEntry": a.sanction,
	})
	if err != nil {
		return nil, err
	}
	s.list.nameOFAC()
	return s.list, nil
}

func (a *advanced) issued(in *element) *fault.Error {
	if a.list.Published == "" {
		a.list.Published = fullDate(in)
	}
	return nil
}

// fullDate reads Year, Month and Day.
func fullDate(in *element) string {
	y, _ := strconv.Atoi(in.first("Year"))
	m, _ := strconv.Atoi(in.first("Month"))
	d, _ := strconv.Atoi(in.first("Day"))
	if t, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%02d-%02d", y, m, d)); err == nil {
		return t.Format(time.DateOnly)
	}
	return ""
}

func (a *advanced) tables(in *element) *fault.Error {
	for _, table := range in.sub {
		for _, v := range table.sub {
			a.values[v.name+" "+v.attr("ID")] = v.text
		}
	}
	return nil
}

// value gives what an attribute of an element refers to.
func (a *advanced) value(table string, in *element, attribute string) string {
	return a.values[table+" "+in.attr(attribute)]
}

func (a *advanced) location(in *element) *fault.Error {
	var parts []string
	country := ""
	for _, c := range in.all("LocationCountry") {
		country = a.value("Country", c, "CountryID")
	}
	for _, p := range in.all("LocationPart") {
		for _, v := range p.all("LocationPartValue") {
			parts = append(parts, v.first("Value"))
		}
	}
	a.locations[in.attr("ID")] = Address{joinNonEmpty(", ", parts...), country}
	return nil
}

func (a *advanced) document(in *element) *fault.Error {
	id := in.attr("IdentityID")
	a.documents[id] = append(a.documents[id], in)
	return nil
}

func (a *advanced) party(in *element) *fault.Error {
	e := Entity{SourceID: in.attr("FixedRef"), Remarks: in.first("Comment")}
	e.addReference("OFAC", e.SourceID)
	profiles := in.all("Profile")
	for _, p := range profiles {
		e.Kind = ofacKind(a.value("PartySubType", p, "PartySubTypeID"))
		switch p.attr("PartySubTypeID") { // these two the table calls "Unknown", as parts of a type
		case "3":
			e.Kind = names.Organization
		case "4":
			e.Kind = names.Person
		}
		for _, identity := range p.all("Identity") {
			a.identity(&e, identity)
		}
		for _, feature := range p.all("Feature") {
			a.feature(&e, feature)
		}
	}
	if bad := a.number(e); bad != nil {
		return bad
	}
	for _, p := range profiles {
		a.byProfile[p.attr("ID")] = len(a.list.Entities) - 1
	}
	return nil
}

// identity reads the names and documents of an entry.
func (a *advanced) identity(e *Entity, in *element) {
	types := map[string]string{} // name part group to what it is
	for _, groups := range in.all("NamePartGroups") {
		for _, master := range groups.all("MasterNamePartGroup") {
			for _, g := range master.all("NamePartGroup") {
				types[g.attr("ID")] = a.value("NamePartType", g, "NamePartTypeID")
			}
		}
	}
	aliases := in.all("Alias")
	slices.SortStableFunc(aliases, func(a, b *element) int { // the primary name first
		return cmp.Compare(b.attr("Primary"), a.attr("Primary"))
	})
	for _, alias := range aliases {
		for _, documented := range alias.all("DocumentedName") {
			e.addName(advancedName(documented, types), alias.attr("LowQuality") == "true")
		}
	}
	for _, d := range a.documents[in.attr("ID")] {
		e.addOFACFeature(a.value("IDRegDocType", d, "IDRegDocTypeID"), d.first("IDRegistrationNo"), a.value("Country", d, "IssuedBy-CountryID"))
	}
}

// advancedName writes a name as the other files of the list do: LAST, First.
func advancedName(in *element, types map[string]string) string {
	var last, rest []string
	for _, p := range in.all("DocumentedNamePart") {
		for _, v := range p.all("NamePartValue") {
			if types[v.attr("NamePartGroupID")] == "Last Name" {
				last = append(last, v.text)
			} else {
				rest = append(rest, v.text)
			}
		}
	}
	return joinNonEmpty(", ", strings.Join(last, " "), strings.Join(rest, " "))
}

func (a *advanced) feature(e *Entity, in *element) {
	kind := a.value("FeatureType", in, "FeatureTypeID")
	for _, version := range in.all("FeatureVersion") {
		for _, period := range version.all("DatePeriod") {
			if kind == "Birthdate" {
				e.addBirthDate(datePeriod(period))
			}
		}
		for _, l := range version.all("VersionLocation") {
			a.place(e, kind, a.locations[l.attr("LocationID")])
		}
		for _, d := range version.all("VersionDetail") {
			value := firstOf(d.text, a.value("DetailReference", d, "DetailReferenceID"))
			switch kind {
			case "Title":
				e.Title = joinNonEmpty("; ", e.Title, value)
			case "Place of Birth":
				e.addBirthPlace("", value)
			default:
				e.addOFACFeature(kind, value, "")
			}
		}
	}
}

func (a *advanced) place(e *Entity, kind string, where Address) {
	switch {
	case kind == "Location":
		e.addAddress(where.Country, where.Text)
	case kind == "Place of Birth":
		e.addBirthPlace(where.Country, where.Text)
	case strings.HasPrefix(kind, "Nationality"), strings.HasPrefix(kind, "Citizenship"), strings.Contains(kind, "Flag"):
		e.addCountry(firstOf(where.Country, where.Text))
	}
}

// datePeriod gives a date as exact as the beginning and end of a period allow.
func datePeriod(in *element) (date string, circa bool) {
	from, to := "", ""
	for _, s := range in.all("Start") {
		circa = circa || s.attr("Approximate") == "true"
		for _, p := range s.all("From") {
			from = fullDate(p)
		}
	}
	for _, s := range in.all("End") {
		circa = circa || s.attr("Approximate") == "true"
		for _, p := range s.all("To") {
			to = fullDate(p)
		}
	}
	switch {
	case from == "":
		return to, circa
	case to == "" || from == to:
		return from, circa
	case from[:7] == to[:7]:
		return from[:7], circa
	case from[:4] == to[:4]:
		return from[:4], circa
	}
	return parseDate(from[:4] + " to " + to[:4]), circa
}

// relation turns a relationship into an edge. "Owned or Controlled By" is said of
// what is owned.
func (a *advanced) relation(in *element) *fault.Error {
	from, ok := a.byProfile[in.attr("From-ProfileID")]
	to, both := a.byProfile[in.attr("To-ProfileID")]
	if !ok || !both {
		return nil
	}
	edge := Edge{Kind: "link", From: a.list.Entities[from].SourceID, To: a.list.Entities[to].SourceID, Role: a.value("RelationType", in, "RelationTypeID")}
	if strings.HasPrefix(edge.Role, "Owned or Controlled") {
		edge.Kind, edge.From, edge.To = "owner", edge.To, edge.From
	}
	a.list.Edges = append(a.list.Edges, edge)
	return nil
}

// sanction adds programmes, legal bases and days of listing to an entry.
func (a *advanced) sanction(in *element) *fault.Error {
	i, ok := a.byProfile[in.attr("ProfileID")]
	if !ok {
		return nil
	}
	e := &a.list.Entities[i]
	for _, event := range in.all("EntryEvent") {
		e.Bases = addText(e.Bases, a.value("LegalBasis", event, "LegalBasisID"))
		for _, d := range event.all("Date") {
			e.addListed(fullDate(d))
		}
	}
	for _, m := range in.all("SanctionsMeasure") {
		if a.value("SanctionsType", m, "SanctionsTypeID") == "Program" {
			e.Programs = addText(e.Programs, m.first("Comment"))
		}
	}
	return nil
}
