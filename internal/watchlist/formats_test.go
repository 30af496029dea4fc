package watchlist

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/names"
)

// More fixtures, made up in the layouts of the lists. See docs/lists.md.
const (
	unFile = `<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z"><INDIVIDUALS><INDIVIDUAL>
<DATAID>1</DATAID><FIRST_NAME>ZORAN</FIRST_NAME><SECOND_NAME>QUIBBLETON</SECOND_NAME><UN_LIST_TYPE>Al-Qaida</UN_LIST_TYPE>
<REFERENCE_NUMBER>QDi.901</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON><GENDER>Male</GENDER><COMMENTS1>Made up &amp; harmless.</COMMENTS1>
<NATIONALITY><VALUE>Democratic Republic of the Congo</VALUE></NATIONALITY><DESIGNATION><VALUE>Director</VALUE></DESIGNATION>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Z. Kwibbleton; Zoran Kwib</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Quib</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ADDRESS><STREET>1 Road</STREET><CITY>Exampletown</CITY><COUNTRY>Rwanda</COUNTRY></INDIVIDUAL_ADDRESS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1971</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1960</FROM_YEAR><TO_YEAR>1962</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_PLACE_OF_BIRTH><CITY>Otherville</CITY><COUNTRY>Uganda</COUNTRY></INDIVIDUAL_PLACE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>A1234567</NUMBER><ISSUING_COUNTRY>Uganda</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
</INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY><FIRST_NAME>QUIBBLETON FRONT</FIRST_NAME><UN_LIST_TYPE>DRC</UN_LIST_TYPE>
<REFERENCE_NUMBER>CDe.901</REFERENCE_NUMBER><ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>QF</ALIAS_NAME></ENTITY_ALIAS></ENTITY></ENTITIES></CONSOLIDATED_LIST>`

	euXMLFile = `<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-04-15T15:29:22.497+02:00">
<sanctionEntity designationDate="2021-03-22" unitedNationId="QDi.901" euReferenceNumber="EU.901.11" logicalId="5295"><remark>Made up.</remark>
<regulation publicationDate="2021-03-22" numberTitle="2021/999 (OJ L99)" programme="HR"/><subjectType code="person" classificationCode="P"/>
<nameAlias firstName="Zoran" lastName="Quibbleton" wholeName="Zoran Quibbleton" strong="true" gender="M" function="Director"/>
<nameAlias wholeName="Quib" strong="false"/><citizenship countryIso2Code="CD" countryDescription="CONGO"/>
<birthdate circa="true" year="1971" city="Otherville" countryIso2Code="UG"/><birthdate circa="false" birthdate="1970-03-12" countryIso2Code="00" countryDescription="UNKNOWN"/>
<address street="1 Road" city="Exampletown" countryIso2Code="RW"/>
<identification number="A1234567" knownFalse="false" identificationTypeCode="passport" identificationTypeDescription="National passport" countryIso2Code="UG"/>
<identification number="FAKE1234" knownFalse="true" identificationTypeCode="passport" countryIso2Code="UG"/></sanctionEntity></export>`

	euCSVFile = "\ufefffileGenerationDate;Entity_LogicalId;Entity_EU_ReferenceNumber;Entity_UnitedNationId;Entity_DesignationDate;Entity_Remark;Entity_SubjectType;Entity_SubjectType_ClassificationCode;Entity_Regulation_NumberTitle;Entity_Regulation_Programme;NameAlias_WholeName;NameAlias_Gender;Address_City;Address_CountryIso2Code;BirthDate_BirthDate;BirthDate_Year;Identification_Number;Identification_TypeDescription;Identification_CountryIso2Code;Citizenship_CountryIso2Code\n" +
		"15/04/2026;5295;EU.901.11;QDi.901;2021-03-22;Made up.;P;person;2021/999 (OJ L99);HR;Zoran Quibbleton;M;;;;;;;;\n" +
		"15/04/2026;5295;EU.901.11;QDi.901;2021-03-22;Made up.;P;person;2021/999 (OJ L99);HR;Zoran Kwibbleton;;;;;;;;;\n" +
		"15/04/2026;5295;EU.901.11;QDi.901;2021-03-22;Made up.;P;person;2021/999 (OJ L99);HR;;;Exampletown;RW;;;;;;\n" +
		"15/04/2026;5295;EU.901.11;QDi.901;2021-03-22;Made up.;P;person;2021/999 (OJ L99);HR;;;;;1970-03-12;1970;A1234567;National passport;UG;CD\n"

	ukFile = "Report Date: 13-Feb-2026\n" +
		"Last Updated,Unique ID,OFSI Group ID,UN Reference Number,Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,Name type,Alias strength,Title,Name non-latin script,Regime Name,Designation Type,Designation source,Sanctions Imposed,Other Information,UK Statement of Reasons,Address Line 1,Address Postal Code,Address Country,Date Designated,D.O.B,Nationality(/ies),National Identifier number,Passport number,Position,Gender,Town of birth,Country of birth,Business registration number (s),IMO number\n" +
		"12/01/2026,AFG0901,12903,QDi.901,QUIB,,,,,,Alias,Low,,,The Global Human Rights Sanctions Regulations 2020,Individual,UK,Asset freeze,,Quibbleton supplied spyware that was used in violation of human rights.,,,,06/07/2020,12/03/1970,Uganda; Rwanda,,A1234567,Director,Male,Otherville,Uganda,,\n" +
		"12/01/2026,AFG0901,12903,QDi.901,QUIBBLETON,Zoran,,,,,Primary Name,,Mr,Зоран К,The Global Human Rights Sanctions Regulations 2020,Individual,UK,Asset freeze,,Quibbleton supplied spyware that was used in violation of human rights.,1 Road,X1,Rwanda,06/07/2020,00/00/1971,Uganda; Rwanda,,A1234567,Director,Male,Otherville,Uganda,,\n" +
		"12/01/2026,RUS0902,12904,,QUIBBLE STAR,,,,,,Primary Name,,,,The Made Up Regulations,Ship,UK,,,,,,,06/07/2020,,,,,,,,,,9074729\n"

	conListFile = "Last Updated,27/04/2026,,\n" +
		"Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,Title,Name Non-Latin Script,DOB,Town of Birth,Country of Birth,Nationality,Passport Number,National Identification Number,Position,Address 1,Post/Zip Code,Country,Other Information,Group Type,Alias Type,Alias Quality,Regime,Listed On,UK Sanctions List Date Designated,Last Updated,Group ID\n" +
		"QUIBBLETON,Zoran,,,,,,,12/03/1970,Otherville,Uganda,(1) Uganda,,,Director,1 Road,,Rwanda (as at May 2008),(UK Sanctions List Ref):AFG0901 (UN Ref):QDi.901. (UK Statement of Reasons):Made up. (Gender):Male,Individual,Primary name,,Made up,24/03/2007,06/07/2020,27/06/2017,12903\n" +
		"KWIBBLETON,Zoran,,,,,,,00/00/1971,,,,,,,,,,,Individual,AKA,Low,Made up,24/03/2007,,27/06/2017,12903\n"

	canadaFile = `<?xml version="1.0" encoding="UTF-8"?><data-set>
<record><Country>Belarus / Bélarus</Country><LastName>Quibbleton</LastName><GivenName>Zoran</GivenName><DateOfBirthOrShipBuildDate>1970-03-12 or 1971-03-12</DateOfBirthOrShipBuildDate><Schedule>1, Part 1</Schedule><Aliases>Belarusian: Зоран К, Russian: Зоран Б; Zoran Kwib</Aliases><Item>1</Item><DateOfListing>2020-09-28</DateOfListing></record>
<record><Country>Belarus / Bélarus</Country><LastName>Pennyworth</LastName><GivenName>Ada</GivenName><Schedule>1, Part 1</Schedule><Item>1</Item><DateOfListing>2020-09-28</DateOfListing></record>
<record><Country>Iran</Country><EntityOrShip>Quibbleton Optics, Ltd.</EntityOrShip><Aliases>Quibble Works, Inc.</Aliases><Schedule>1</Schedule><Item>7</Item><DateOfListing>2021-01-01</DateOfListing></record>
<record><Country>Iran</Country><EntityOrShip>QUIBBLE STAR</EntityOrShip><TitleOrShip>Oil Tanker</TitleOrShip><ShipIMONumber>9074729</ShipIMONumber><DateOfBirthOrShipBuildDate>2001</DateOfBirthOrShipBuildDate><Schedule>1</Schedule><Item>8</Item><DateOfListing>2021-01-01</DateOfListing></record>
</data-set>`

	australiaFile = "Reference,Name of Individual or Entity,Type,Name Type,Alias Strength,Date of Birth,Place of Birth,Citizenship,Address,Additional Information,Listing Information,IMO Number,Committees,Control Date,Instrument of Designation\n" +
		"12,Zoran Quibbleton,Individual,Primary Name,,12/03/1970,Otherville,\"Uganda, Rwanda\",1 Road,Made up.,Listed by the committee,,1267/1989/2253 (ISIL (Da'esh) and Al-Qaida),6/07/2020,An instrument\n" +
		"12a,Zoran Kwibbleton,Individual,Alias,Strong,12/03/1970,,,,Made up.,,,,6/07/2020,\n" +
		"12b,Quib,Individual,Alias,Weak,,,,,,,,,,\n" +
		"x,Nobody,Individual,Alias,Weak,,,,,,,,,,\n"

	sdnXMLFile = `<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML">
<publshInformation><Publish_Date>08/07/2026</Publish_Date><Record_Count>2</Record_Count></publshInformation>
<sdnEntry><uid>101</uid><firstName>Zoran</firstName><lastName>QUIBBLETON</lastName><title>Director</title><sdnType>Individual</sdnType><remarks>(Linked To: QUIBBLETON TRADING, L.L.C.)</remarks>
<programList><program>SDGT</program><program>IRAN-HR</program></programList>
<idList><id><uid>1</uid><idType>Passport</idType><idNumber>A1234567</idNumber><idCountry>Uganda</idCountry></id><id><uid>2</uid><idType>Gender</idType><idNumber>Male</idNumber></id></idList>
<akaList><aka><uid>3</uid><type>a.k.a.</type><category>strong</category><lastName>KWIBBLETON</lastName><firstName>Zoran</firstName></aka><aka><uid>4</uid><category>weak</category><lastName>QUIB</lastName></aka></akaList>
<addressList><address><uid>5</uid><address1>1 Road</address1><city>Exampletown</city><country>Rwanda</country></address></addressList>
<nationalityList><nationality><country>Uganda</country></nationality></nationalityList>
<dateOfBirthList><dateOfBirthItem><dateOfBirth>12 Mar 1970</dateOfBirth></dateOfBirthItem><dateOfBirthItem><dateOfBirth>circa 1971</dateOfBirth></dateOfBirthItem></dateOfBirthList>
<placeOfBirthList><placeOfBirthItem><placeOfBirth>Otherville, Uganda</placeOfBirth></placeOfBirthItem></placeOfBirthList></sdnEntry>
<sdnEntry><uid>102</uid><lastName>QUIBBLETON TRADING, L.L.C.</lastName><sdnType>Entity</sdnType><programList><program>CUBA</program></programList>
<idList><id><idType>Organization Type:</idType><idNumber>Defense activities</idNumber></id></idList></sdnEntry></sdnList>`

	advancedFile = `<?xml version="1.0" encoding="utf-8"?>
<Sanctions xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/ADVANCED_XML">
<DateOfIssue><Year>2026</Year><Month>8</Month><Day>7</Day></DateOfIssue>
<ReferenceValueSets><PartySubTypeValues><PartySubType ID="4">Unknown</PartySubType><PartySubType ID="3">Unknown</PartySubType></PartySubTypeValues>
<FeatureTypeValues><FeatureType ID="8">Birthdate</FeatureType><FeatureType ID="224">Gender</FeatureType><FeatureType ID="25">Location</FeatureType><FeatureType ID="10">Nationality Country</FeatureType></FeatureTypeValues>
<NamePartTypeValues><NamePartType ID="1520">Last Name</NamePartType><NamePartType ID="1521">First Name</NamePartType></NamePartTypeValues>
<DetailReferenceValues><DetailReference ID="91">Male</DetailReference></DetailReferenceValues><IDRegDocTypeValues><IDRegDocType ID="1571">Passport</IDRegDocType></IDRegDocTypeValues>
<CountryValues><Country ID="11">Uganda</Country><Country ID="12">Rwanda</Country></CountryValues><SanctionsTypeValues><SanctionsType ID="1">Program</SanctionsType></SanctionsTypeValues>
<LegalBasisValues><LegalBasis ID="1">Executive Order 13224</LegalBasis></LegalBasisValues><RelationTypeValues><RelationType ID="15003">Owned or Controlled By</RelationType></RelationTypeValues></ReferenceValueSets>
<Locations><Location ID="26"><LocationCountry CountryID="12"/><LocationPart><LocationPartValue><Value>Exampletown</Value></LocationPartValue></LocationPart></Location><Location ID="27"><LocationCountry CountryID="11"/></Location></Locations>
<IDRegDocuments><IDRegDocument ID="2" IDRegDocTypeID="1571" IdentityID="6" IssuedBy-CountryID="11"><IDRegistrationNo>A1234567</IDRegistrationNo></IDRegDocument></IDRegDocuments>
<DistinctParties><DistinctParty FixedRef="101"><Profile ID="501" PartySubTypeID="4"><Identity ID="6" Primary="true">
<Alias Primary="false" LowQuality="true"><DocumentedName><DocumentedNamePart><NamePartValue NamePartGroupID="2">QUIB</NamePartValue></DocumentedNamePart></DocumentedName></Alias>
<Alias Primary="true" LowQuality="false"><DocumentedName><DocumentedNamePart><NamePartValue NamePartGroupID="1">QUIBBLETON</NamePartValue></DocumentedNamePart><DocumentedNamePart><NamePartValue NamePartGroupID="2">Zoran</NamePartValue></DocumentedNamePart></DocumentedName></Alias>
<NamePartGroups><MasterNamePartGroup><NamePartGroup ID="1" NamePartTypeID="1520"/></MasterNamePartGroup><MasterNamePartGroup><NamePartGroup ID="2" NamePartTypeID="1521"/></MasterNamePartGroup></NamePartGroups></Identity>
<Feature FeatureTypeID="8"><FeatureVersion><DatePeriod><Start Approximate="false"><From><Year>1970</Year><Month>3</Month><Day>12</Day></From></Start><End Approximate="false"><To><Year>1970</Year><Month>3</Month><Day>12</Day></To></End></DatePeriod></FeatureVersion></Feature>
<Feature FeatureTypeID="8"><FeatureVersion><DatePeriod><Start Approximate="true"><From><Year>1971</Year><Month>1</Month><Day>1</Day></From></Start><End><To><Year>1971</Year><Month>12</Month><Day>31</Day></To></End></DatePeriod></FeatureVersion></Feature>
<Feature FeatureTypeID="224"><FeatureVersion><VersionDetail DetailReferenceID="91"/></FeatureVersion></Feature><Feature FeatureTypeID="25"><FeatureVersion><VersionLocation LocationID="26"/></FeatureVersion></Feature>
<Feature FeatureTypeID="10"><FeatureVersion><VersionLocation LocationID="27"/></FeatureVersion></Feature></Profile></DistinctParty>
<DistinctParty FixedRef="102"><Profile ID="502" PartySubTypeID="3"><Identity ID="7"><Alias Primary="true"><DocumentedName><DocumentedNamePart><NamePartValue>QUIBBLETON TRADING</NamePartValue></DocumentedNamePart></DocumentedName></Alias></Identity></Profile></DistinctParty></DistinctParties>
<ProfileRelationships><ProfileRelationship From-ProfileID="502" To-ProfileID="501" RelationTypeID="15003"/></ProfileRelationships>
<SanctionsEntries><SanctionsEntry ProfileID="501"><EntryEvent LegalBasisID="1"><Date><Year>2020</Year><Month>7</Month><Day>6</Day></Date></EntryEvent><SanctionsMeasure SanctionsTypeID="1"><Comment>SDGT</Comment></SanctionsMeasure></SanctionsEntry></SanctionsEntries></Sanctions>`

	ownMapping = `name: Our own list
license: for this company only
published: 2026-01-31
file: parties.csv
columns:
  id: Ref
  name: Name
  kind: Type
  aliases: [AKA]
  countries: [Land]
  birth_dates: [Born]
  reasons: [Why]
  identifiers: [{column: Tax, type: Tax number, country: UG}]
kinds: {P: person, C: organization}
topics: [export.risk]
`
	ownFile = "Ref,Name,Type,AKA,Land,Born,Why,Tax\n1,Zoran Quibbleton,P,Quib; Zoran K,Uganda,12 Mar 1970,Used forced labour.,12345678\n2,Quibble Ltd,C,,,,,\n3,Odd,X,,,,,\n"

	ftmEdgeFile = `{"id":"s1","schema":"Sanction","properties":{"entity":["q1"],"program":["Made up"],"programId":["US-UFLPA"],"reason":["A reason."],"listingDate":["2024-01-02"],"unscId":["QDi.901"],"authority":["An office"]}}
{"id":"q1","caption":"Quibbleton Ltd","schema":"Company","properties":{"name":["Quibbleton Ltd"]},"datasets":["x"]}
{"id":"ofac-101","caption":"Zoran Quibbleton","schema":"Person","properties":{"name":["Zoran Quibbleton"],"gender":["male"],"birthPlace":["Otherville"]},"datasets":["x"]}
{"id":"o1","schema":"Ownership","properties":{"owner":["ofac-101"],"asset":["q1"],"percentage":["51"],"startDate":["2020-01-01"]}}
{"id":"d1","schema":"Directorship","properties":{"director":["ofac-101"],"organization":["q1"],"role":["chair"]}}
{"id":"o2","schema":"Ownership","properties":{"owner":["ofac-101"]}}
`
)

// readText reads one file of a format.
func readText(t testing.TB, format, name, text string) *List {
	t.Helper()
	dir := write(t, map[string]string{name: text})
	if format == "own" {
		dir = write(t, map[string]string{"list.yaml": ownMapping, "parties.csv": text})
	} else {
		dir = filepath.Join(dir, name)
	}
	l, err := Read(format, dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestEveryFormatReadsEveryField protects what each primary format says of one
// made-up person: the same facts, however a publisher writes them down.
func TestEveryFormatReadsEveryField(t *testing.T) {
	passport := []Identifier{{"Passport", "A1234567", "Uganda"}}
	born := []Address{{"Otherville", "UG"}}
	road := []Address{{"1 Road, Exampletown", "RW"}}
	for _, c := range []struct {
		format, name, text, published string
		summary                       Summary
		want                          Entity
	}{
		{"un", "un.xml", unFile, "2026-02-27", Summary{Entities: 2, Aliases: 4}, Entity{
			SourceID: "QDi.901", List: "UN Security Council", Kind: names.Person, Name: "ZORAN QUIBBLETON", Title: "Director", Gender: "male",
			Aliases: []Alias{{"Z. Kwibbleton", false}, {"Zoran Kwib", false}, {"Quib", true}}, Programs: []string{"Al-Qaida"}, Countries: []string{"CD", "RW"},
			Addresses: road, BirthDates: []string{"1960/1962", "1971"}, Circa: []string{"1971"}, BirthPlaces: born, Identifiers: passport,
			References: []Reference{{"UN", "QDi.901"}}, Listed: []string{"2012-12-31"}, Topics: []string{"crime.terror", "sanction"}, Remarks: "Made up & harmless."}},
		{"eu", "eu.xml", euXMLFile, "2026-04-15", Summary{Entities: 1, Aliases: 1}, Entity{
			SourceID: "EU.901.11", List: euName, Kind: names.Person, Name: "Zoran Quibbleton", Title: "Director", Gender: "male", Aliases: []Alias{{"Quib", true}},
			Programs: []string{"HR"}, Bases: []string{"2021/999 (OJ L99)"}, Countries: []string{"CD", "RW"}, Addresses: road, BirthDates: []string{"1970-03-12", "1971"},
			Circa: []string{"1971"}, BirthPlaces: born, Identifiers: []Identifier{{"National passport", "A1234567", "UG"}},
			References: []Reference{{"EU", "EU.901.11"}, {"UN", "QDi.901"}}, Listed: []string{"2021-03-22"}, Topics: []string{TopicRights, "sanction"}, Remarks: "Made up."}},
		{"eu", "eu.csv", euCSVFile, "2026-04-15", Summary{Entities: 1, Aliases: 1, Merged: 3}, Entity{
			SourceID: "EU.901.11", List: euName, Kind: names.Person, Name: "Zoran Quibbleton", Gender: "male", Aliases: []Alias{{"Zoran Kwibbleton", false}},
			Programs: []string{"HR"}, Bases: []string{"2021/999 (OJ L99)"}, Countries: []string{"CD", "RW"}, Addresses: []Address{{"Exampletown", "RW"}},
			BirthDates: []string{"1970-03-12"}, Identifiers: []Identifier{{"National passport", "A1234567", "UG"}},
			References: []Reference{{"EU", "EU.901.11"}, {"UN", "QDi.901"}}, Listed: []string{"2021-03-22"}, Topics: []string{TopicRights, "sanction"}, Remarks: "Made up."}},
		{"uk", "uk.csv", ukFile, "2026-02-13", Summary{Entities: 2, Aliases: 2, Merged: 1}, Entity{
			SourceID: "AFG0901", List: "UK Sanctions List", Kind: names.Person, Name: "Zoran QUIBBLETON", Title: "Director", Gender: "male",
			Aliases: []Alias{{"QUIB", true}, {"Зоран К", false}}, Programs: []string{"The Global Human Rights Sanctions Regulations 2020"},
			Reasons: []string{"Quibbleton supplied spyware that was used in violation of human rights."}, Bases: []string{"UK", "Asset freeze"}, Countries: []string{"RW", "UG"},
			Addresses: []Address{{"1 Road, X1", "RW"}}, BirthDates: []string{"1970-03-12", "1971"}, BirthPlaces: born, Identifiers: []Identifier{{"Passport", "A1234567", ""}},
			References: []Reference{{"UK", "AFG0901"}, {"OFSI", "12903"}, {"UN", "QDi.901"}}, Listed: []string{"2020-07-06"},
			Topics: []string{TopicRights, "sanction", TopicSurveillance}}},
		{"uk", "conlist.csv", conListFile, "2026-04-27", Summary{Entities: 1, Aliases: 1, Merged: 1}, Entity{
			SourceID: "12903", List: "UK OFSI Consolidated List", Kind: names.Person, Name: "Zoran QUIBBLETON", Title: "Director", Gender: "male",
			Aliases: []Alias{{"Zoran KWIBBLETON", true}}, Programs: []string{"Made up"}, Reasons: []string{"Made up."}, Countries: []string{"RW", "UG"},
			Addresses: []Address{{"1 Road", "RW"}}, BirthDates: []string{"1970-03-12", "1971"}, BirthPlaces: born,
			References: []Reference{{"OFSI", "12903"}, {"UK", "AFG0901"}, {"UN", "QDi.901"}}, Listed: []string{"2007-03-24", "2020-07-06"}, Topics: []string{"sanction"},
			Remarks: "(UK Sanctions List Ref):AFG0901 (UN Ref):QDi.901. (UK Statement of Reasons):Made up. (Gender):Male"}},
		{"ca", "ca.xml", canadaFile, "", Summary{Entities: 4, Aliases: 4, Twice: 1}, Entity{
			SourceID: "Belarus, 1, Part 1, 1", List: canadaName, Kind: names.Person, Name: "Zoran Quibbleton", Aliases: []Alias{{"Зоран К", false}, {"Зоран Б", false}, {"Zoran Kwib", false}},
			Programs: []string{"Belarus"}, BirthDates: []string{"1970-03-12", "1971-03-12"}, Listed: []string{"2020-09-28"}, Topics: []string{"sanction"}}},
		{"au", "au.csv", australiaFile, "", Summary{Entities: 1, Aliases: 2, Merged: 2, Rejects: 1}, Entity{
			SourceID: "12", List: australiaName, Kind: names.Person, Name: "Zoran Quibbleton", Aliases: []Alias{{"Zoran Kwibbleton", false}, {"Quib", true}},
			Programs: []string{"1267/1989/2253 (ISIL (Da'esh) and Al-Qaida)"}, Bases: []string{"An instrument", "Listed by the committee"}, Countries: []string{"RW", "UG"},
			Addresses: []Address{{"1 Road", ""}}, BirthDates: []string{"1970-03-12"}, BirthPlaces: []Address{{"Otherville", ""}}, Listed: []string{"2020-07-06"}, Topics: []string{"sanction"}, Remarks: "Made up."}},
		{"ofac", "sdn.xml", sdnXMLFile, "2026-08-07", Summary{Entities: 2, Aliases: 2, Edges: 1}, Entity{
			SourceID: "101", List: sdnName, Kind: names.Person, Name: "QUIBBLETON, Zoran", Title: "Director", Gender: "male", Aliases: []Alias{{"KWIBBLETON, Zoran", false}, {"QUIB", true}},
			Programs: []string{"SDGT", "IRAN-HR"}, Countries: []string{"RW", "UG"}, Addresses: road, BirthDates: []string{"1970-03-12", "1971"}, Circa: []string{"1971"},
			BirthPlaces: []Address{{"Otherville, Uganda", ""}}, Identifiers: passport, References: []Reference{{"OFAC", "101"}},
			Topics: []string{"crime.terror", TopicRights, "sanction"}, Remarks: "(Linked To: QUIBBLETON TRADING, L.L.C.)"}},
		{"ofac", "sdn_advanced.xml", advancedFile, "2026-08-07", Summary{Entities: 2, Aliases: 1, Edges: 1}, Entity{
			SourceID: "101", List: sdnName, Kind: names.Person, Name: "QUIBBLETON, Zoran", Gender: "male", Aliases: []Alias{{"QUIB", true}}, Programs: []string{"SDGT"},
			Bases: []string{"Executive Order 13224"}, Countries: []string{"RW", "UG"}, Addresses: []Address{{"Exampletown", "RW"}}, BirthDates: []string{"1970-03-12", "1971"},
			Circa: []string{"1971"}, Identifiers: passport, References: []Reference{{"OFAC", "101"}}, Listed: []string{"2020-07-06"}, Topics: []string{"crime.terror", "sanction"}}},
		{"own", "parties.csv", ownFile, "2026-01-31", Summary{Entities: 2, Aliases: 2, Rejects: 1}, Entity{
			SourceID: "1", List: "Our own list", Kind: names.Person, Name: "Zoran Quibbleton", Aliases: []Alias{{"Quib", false}, {"Zoran K", false}}, Reasons: []string{"Used forced labour."},
			Countries: []string{"UG"}, BirthDates: []string{"1970-03-12"}, Identifiers: []Identifier{{"Tax number", "12345678", "UG"}}, Topics: []string{"export.risk", TopicForcedLabour}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := readText(t, c.format, c.name, c.text)
			if l.Summary() != c.summary || l.Published != c.published || l.License == "" {
				t.Errorf("%+v, published %q, licence %q; want %+v, %q", l.Summary(), l.Published, l.License, c.summary, c.published)
			}
			got := reflect.ValueOf(l.Entities[0])
			for i := range got.NumField() {
				if want := reflect.ValueOf(c.want).Field(i); !reflect.DeepEqual(got.Field(i).Interface(), want.Interface()) {
					t.Errorf("%s:\n got %#v\nwant %#v", got.Type().Field(i).Name, got.Field(i), want)
				}
			}
		})
	}
}

// TestShipsAndCompanies protects kinds other than people where a format tells
// them in a way of its own.
func TestShipsAndCompanies(t *testing.T) {
	uk, ca := readText(t, "uk", "uk.csv", ukFile).Entities[1], readText(t, "ca", "ca.xml", canadaFile).Entities
	for _, ship := range []Entity{uk, ca[3]} {
		if ship.Kind != names.Vessel || ship.Name != "QUIBBLE STAR" || !slices.Contains(ship.Identifiers, Identifier{"IMO", "9074729", ""}) || len(ship.BirthDates) > 0 {
			t.Errorf("ship %+v", ship)
		}
	}
	if works := ca[2]; works.Kind != names.Organization || !slices.Equal(works.Aliases, []Alias{{"Quibble Works, Inc.", false}}) {
		t.Errorf("company %+v", works)
	}
	if twice := ca[1]; twice.SourceID != "Belarus, 1, Part 1, 1 #2" || twice.Name != "Ada Pennyworth" {
		t.Errorf("the second of one number is lost: %+v", twice)
	}
}

// TestCanadianAliases protects names that stand in one cell, parted in several ways.
func TestCanadianAliases(t *testing.T) {
	for _, c := range []struct {
		cell string
		kind names.Kind
		want []string
	}{
		{"QOC, QBW, Quibbleton Works", names.Organization, []string{"QOC", "QBW", "Quibbleton Works"}},
		{"Quibble Works Co., Ltd., Quibble, Inc.; Кверти, ООО", names.Organization, []string{"Quibble Works Co., Ltd.", "Quibble, Inc.", "Кверти, ООО"}},
		{"Quibble Five Star\nWorks", names.Organization, []string{"Quibble Five Star Works"}},
		{"Zoran Kwib, Zoran Kwibb,", names.Person, []string{"Zoran Kwib", "Zoran Kwibb"}},
		{"Kwibbleton, Zoran", names.Person, []string{"Kwibbleton, Zoran"}},
		{"Belarusian: Зоран К, Russian\u00a0: Зоран Б", names.Person, []string{"Зоран К", "Зоран Б"}},
		{" ; ,", names.Person, nil},
	} {
		if got := slices.Collect(canadaAliases(c.cell, c.kind)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.cell, got, c.want)
		}
	}
}

// TestEdgesAndSanctionsOfFTM protects ownership, which screening follows, and what
// a sanction says of its party, in whatever order the file has them.
func TestEdgesAndSanctionsOfFTM(t *testing.T) {
	l := readText(t, "ftm", "x.json", ftmEdgeFile)
	if got, want := l.Summary(), (Summary{Entities: 2, Edges: 2, Rejects: 1}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	if f := l.Rejects[0].Fault; f.Line != 6 || f.Field != "properties.asset" {
		t.Errorf("reject %v", f)
	}
	want := []Edge{{Kind: "owner", From: "ofac-101", To: "q1", Percent: "51", Start: "2020-01-01"}, {Kind: "director", From: "ofac-101", To: "q1", Role: "chair"}}
	if !slices.Equal(l.Edges, want) {
		t.Errorf("edges %+v", l.Edges)
	}
	q, z := l.Entities[0], l.Entities[1]
	if !slices.Equal(q.Programs, []string{"Made up", "US-UFLPA"}) || !slices.Equal(q.Reasons, []string{"A reason."}) || !slices.Equal(q.Listed, []string{"2024-01-02"}) ||
		!slices.Equal(q.References, []Reference{{"UN", "QDi.901"}}) || !slices.Equal(q.Topics, []string{TopicForcedLabour}) {
		t.Errorf("company %+v", q)
	}
	if !slices.Equal(z.References, []Reference{{"OFAC", "101"}}) || z.Gender != "male" {
		t.Errorf("person %+v", z)
	}
	if a := readText(t, "ofac", "a.xml", advancedFile); a.Edges[0] != (Edge{Kind: "owner", From: "101", To: "102", Role: "Owned or Controlled By"}) {
		t.Errorf("advanced XML: %+v", a.Edges)
	}
	if a := readText(t, "ofac", "s.xml", sdnXMLFile); a.Edges[0] != (Edge{Kind: "link", From: "101", To: "102", Role: "Linked To"}) {
		t.Errorf("XML: %+v", a.Edges)
	}
}

// TestBadFiles protects that a file that is cut, empty, malicious or another
// format is an error with its place, within bounded memory, and never half a list.
func TestBadFiles(t *testing.T) {
	bomb := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><CONSOLIDATED_LIST>&b;</CONSOLIDATED_LIST>`
	header, _, _ := strings.Cut(australiaFile, "\n")
	for _, c := range []struct{ protects, format, name, text, what string }{
		{"XML cut in half", "un", "x.xml", unFile[:len(unFile)/2], "breaks off"},
		{"EU XML cut in half", "eu", "x.xml", euXMLFile[:len(euXMLFile)/2], "breaks off"},
		{"advanced XML cut in half", "ofac", "x.xml", advancedFile[:len(advancedFile)/2], "breaks off"},
		{"entity expansion", "un", "x.xml", bomb, "document type"},
		{"unknown entity", "un", "x.xml", strings.Replace(unFile, "&amp;", "&nope;", 1), "not XML"},
		{"another root", "un", "x.xml", canadaFile, "begins with <data-set>"},
		{"no entries", "un", "x.xml", `<CONSOLIDATED_LIST dateGenerated="2026-01-01"></CONSOLIDATED_LIST>`, "names nobody"},
		{"empty", "eu", "x.xml", "", "no such column"},
		{"deep", "un", "x.xml", "<CONSOLIDATED_LIST>" + strings.Repeat("<a>", 100), "deep"},
		{"deep record", "un", "x.xml", "<CONSOLIDATED_LIST><ENTITY>" + strings.Repeat("<a>", 100), "deep"},
		{"wide record", "un", "x.xml", "<CONSOLIDATED_LIST><ENTITY>" + strings.Repeat("<a/>", maxElements+1), "elements"},
		{"long text", "un", "x.xml", "<CONSOLIDATED_LIST><ENTITY><FIRST_NAME>" + strings.Repeat("x", 2<<20), "longer than 1 MiB"},
		{"long attribute", "un", "x.xml", `<CONSOLIDATED_LIST a="` + strings.Repeat("x", 2<<20), "longer than 1 MiB"},
		{"not UTF-8", "un", "x.xml", strings.Replace(unFile, "ZORAN", "Z\xffRAN", 1), "not XML"},
		{"other encoding", "un", "x.xml", strings.Replace(unFile, "UTF-8", "ISO-8859-1", 1), "cannot be read"},
		{"a header only", "au", "x.csv", header, "names nobody"},
		{"another CSV", "uk", "x.csv", "a,b\n1,2\n", "no such column"},
		{"no rows", "uk", "x.csv", "", "no such column"},
		{"neither UK list", "uk", "x.csv", "Name 6,Name 1\nA,B\n", "no list of the United Kingdom"},
		{"web page", "eu", "x.xml", "<html><body>Service unavailable</body></html>", "begins with <html>"},
	} {
		t.Run(c.protects, func(t *testing.T) {
			l, err := Read(c.format, filepath.Join(write(t, map[string]string{c.name: c.text}), c.name))
			if l != nil || err == nil || !strings.Contains(err.Error(), c.what) || fault.CodeOf(err) != fault.Invalid {
				t.Errorf("list %v, error %.300v", l != nil, err)
			}
		})
	}
}

// TestBadRecords protects that a bad record of an XML file is kept with its line
// and stops nothing.
func TestBadRecords(t *testing.T) {
	good := `<ENTITY><FIRST_NAME>Q</FIRST_NAME><REFERENCE_NUMBER>CDe.%d</REFERENCE_NUMBER></ENTITY>` + "\n"
	text := "<CONSOLIDATED_LIST>\n" + fmt.Sprintf(good, 1) + "<ENTITY><FIRST_NAME>NOBODY</FIRST_NAME></ENTITY>\n" + fmt.Sprintf(good, 2) + "</CONSOLIDATED_LIST>"
	l := readText(t, "un", "x.xml", text)
	if len(l.Entities) != 2 || len(l.Rejects) != 1 {
		t.Fatalf("%+v", l.Summary())
	}
	if r := l.Rejects[0]; r.Fault.Line != 3 || r.Fault.Field != "id" || !strings.Contains(r.Raw, "NOBODY") {
		t.Errorf("%v, %q", r.Fault, r.Raw)
	}
}

// TestOwnMapping protects that a mistake in a mapping is told with its place.
func TestOwnMapping(t *testing.T) {
	for _, c := range []struct{ mapping, what string }{
		{"", "no name"},
		{"name: x", "no CSV file"},
		{"name: x\nfile: parties.csv", "no column for the name"},
		{"name: x\nfile: parties.csv\ncolumns: {name: Nope}", "no such column"},
		{"name: x\nfile: parties.csv\nwhat: 1", "what"},
		{"name: x\nfile: none.csv\ncolumns: {name: Name}", "no such file"},
		{"name: x\nfile: ../parties.csv\ncolumns: {name: Name}", "leads out"},
		{"name: x\nfile: parties.csv\ncolumns: {name: Name}\nkinds: {P: planet}", "none of person"},
		{"name: x\nfile: parties.csv\ncolumns: {name: Name}\npublished: soon", "not a date"},
	} {
		_, err := Read("own", write(t, map[string]string{"list.yaml": c.mapping, "parties.csv": ownFile}))
		if err == nil || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%q: %v", c.mapping, err)
		}
	}
}

// TestTopicsAreExplained protects that a topic that Duly works out can be traced
// to the words of the list, and that names give none.
func TestTopicsAreExplained(t *testing.T) {
	for _, c := range []struct {
		protects string
		e        Entity
		topics   []string
	}{
		{"military end user list", Entity{List: "Military End User (MEU) List - Bureau of Industry and Security"}, []string{TopicMilitary, "export.control"}},
		{"licence rule", Entity{Bases: []string{"See §§ 746.8(b) and 744.21(e)."}}, []string{TopicMilitary}},
		{"intelligence licence rule", Entity{Bases: []string{"See § 744.22 of the EAR"}}, []string{TopicMilitary, TopicSecurity}},
		{"another paragraph", Entity{Bases: []string{"See § 744.211"}}, nil},
		{"security by class", Entity{Bases: []string{"Organization Type: Public order and safety activities"}}, []string{TopicSecurity}},
		{"FollowTheMoney", Entity{Topics: []string{"gov.security"}}, []string{TopicSecurity, "gov.security"}},
		{"notice on spyware", Entity{Bases: []string{"86 FR 60760"}}, []string{TopicSurveillance}},
		{"reasons", Entity{Reasons: []string{"It provides surveillance technology that enables abuses of human rights."}}, []string{TopicRights, TopicSurveillance}},
		{"who uses it supplies nothing", Entity{Reasons: []string{"It was watched by surveillance technology."}}, nil},
		{"mixed programme", Entity{Programs: []string{"GLOMAG"}}, nil},
		{"mixed regulation", Entity{Programs: []string{"Human Rights (or Corruption)"}}, nil},
		{"a name", Entity{Name: "Forced Labour Spyware Military Police", Remarks: "human rights violations"}, nil},
	} {
		l := &List{Entities: []Entity{c.e}}
		assignTopics(l)
		if got := l.Entities[0].Topics; !slices.Equal(got, c.topics) {
			t.Errorf("%s: %v, want %v", c.protects, got, c.topics)
		}
		for _, topic := range c.topics {
			because := l.Entities[0].TopicBecause(topic)
			if len(because) == 0 && topic != "gov.security" {
				t.Errorf("%s: nothing says why %s", c.protects, topic)
			}
		}
	}
}

// fuzzFormat holds for a parser that no file breaks it, that what is read twice is
// the same, and that ids are one of a kind.
func fuzzFormat(f *testing.F, format, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(s[:len(s)/2]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := map[string]string{name: string(data)}
		if format == "own" {
			mapping, table, _ := strings.Cut(string(data), "\n---\n")
			files = map[string]string{"list.yaml": mapping, "parties.csv": table}
		}
		dir := write(t, files)
		one, err1 := Read(format, dir)
		two, err2 := Read(format, dir)
		if (err1 == nil) != (err2 == nil) {
			t.Fatalf("%v, then %v", err1, err2)
		}
		if err1 != nil {
			return
		}
		if !reflect.DeepEqual(one, two) {
			t.Fatal("the same file is read differently")
		}
		if contents := one.Contents(); len(contents) != len(one.Entities) {
			t.Fatalf("%d entities have %d ids", len(one.Entities), len(contents))
		}
		for i := range one.Entities {
			if one.Entities[i].SourceID == "" || one.Entities[i].Name == "" {
				t.Fatalf("entry without id or name: %+v", one.Entities[i])
			}
		}
		Parties(one, two)
	})
}

func FuzzUN(f *testing.F)           { fuzzFormat(f, "un", "x.xml", unFile) }
func FuzzEUXML(f *testing.F)        { fuzzFormat(f, "eu", "x.xml", euXMLFile) }
func FuzzEUTable(f *testing.F)      { fuzzFormat(f, "eu", "x.csv", euCSVFile) }
func FuzzUK(f *testing.F)           { fuzzFormat(f, "uk", "x.csv", ukFile, conListFile) }
func FuzzCanada(f *testing.F)       { fuzzFormat(f, "ca", "x.xml", canadaFile) }
func FuzzAustralia(f *testing.F)    { fuzzFormat(f, "au", "x.csv", australiaFile) }
func FuzzOFACXML(f *testing.F)      { fuzzFormat(f, "ofac", "x.xml", sdnXMLFile) }
func FuzzOFACAdvanced(f *testing.F) { fuzzFormat(f, "ofac", "x.xml", advancedFile) }
func FuzzFTM(f *testing.F)          { fuzzFormat(f, "ftm", "entities.ftm.json", ftmFile, ftmEdgeFile) }
func FuzzOwn(f *testing.F)          { fuzzFormat(f, "own", "", ownMapping+"\n---\n"+ownFile) }
