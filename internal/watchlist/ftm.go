package watchlist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"duly/internal/fault"
	"duly/internal/names"
)

// ftmKinds are the FollowTheMoney schemata that are parties, ships or aircraft.
// Source: the FollowTheMoney model, 4.0 and npm 4.5. Sanctions are added to the
// party that they are of, ties between parties become edges; every other schema
// (Address, Payment ...) is counted as skipped.
var ftmKinds = map[string]names.Kind{
	"Person": names.Person, "Organization": names.Organization, "Company": names.Organization,
	"PublicBody": names.Organization, "LegalEntity": names.Other, "Vessel": names.Vessel, "Airplane": names.Vessel,
}

// ftmEdges are the schemata that tie two parties, with the properties that name
// them: who owns, directs or belongs first.
var ftmEdges = map[string]struct{ kind, from, to string }{
	"Ownership": {"owner", "owner", "asset"}, "Directorship": {"director", "director", "organization"},
	"Membership": {"member", "member", "organization"}, "Employment": {"employee", "employee", "employer"},
	"Representation": {"agent", "agent", "client"}, "Family": {"relative", "person", "relative"},
	"Associate": {"associate", "person", "associate"}, "UnknownLink": {"link", "subject", "object"},
}

// ftmEntity is one line of a file of FollowTheMoney entities.
type ftmEntity struct {
	ID         string              `json:"id"`
	Caption    string              `json:"caption"`
	Schema     string              `json:"schema"`
	Datasets   []string            `json:"datasets"`
	LastSeen   string              `json:"last_seen"`
	LastChange string              `json:"last_change"`
	Properties map[string][]string `json:"properties"`
}

// ftmName names a list after its file, since the entities do not name it: a file
// of the same name is a newer version of the same list, another is another list.
func ftmName(path string) string {
	name := filepath.Base(filepath.Clean(path))
	for _, ending := range []string{".gz", ".json", ".jsonl", ".ijson", ".ftm"} {
		name = strings.TrimSuffix(name, ending)
	}
	return "FollowTheMoney: " + name
}

// readFTM reads FollowTheMoney JSON lines.
func readFTM(s *source) (*List, error) {
	s.list.Name = ftmName(s.path)
	f, err := s.open("entities.ftm.json")
	if err != nil {
		return nil, err
	}
	defer f.disk.Close()
	r := &ftm{source: s, seen: make(map[string]bool)}
	for line := 1; ; line++ {
		raw, tooLong, err := readLine(f)
		if err == io.EOF {
			r.apply()
			return s.list, s.close(f)
		}
		if err != nil {
			return nil, brokenOff(f, line, err)
		}
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		bad := fault.New(fault.Invalid, "the line is longer than 1 MiB", "")
		if !tooLong {
			bad = r.line(raw)
		}
		if bad != nil {
			if err := s.reject("entry", bad.At(f.path, line, ""), raw); err != nil {
				return nil, err
			}
		}
	}
}

// readLine reads one line without its end. Of a line beyond maxField it keeps
// the beginning and reads past the rest.
func readLine(f *file) (line []byte, tooLong bool, err error) {
	for {
		chunk, err := f.ReadSlice('\n')
		if !tooLong {
			line = append(line, chunk...)
		}
		if len(line) > maxField {
			line, tooLong = line[:maxRaw], true
		}
		switch {
		case err == nil:
			return bytes.TrimRight(line, "\r\n"), tooLong, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, tooLong, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		}
	}
}

// ftm is one reading of a file.
type ftm struct {
	*source
	seen      map[string]bool
	sanctions []ftmEntity // kept until all parties are read: a file may name them in any order
}

func (s *ftm) line(raw []byte) *fault.Error {
	if !utf8.Valid(raw) {
		return fault.New(fault.Invalid, "the text is not UTF-8", "convert the file to UTF-8")
	}
	var in ftmEntity
	if err := json.Unmarshal(raw, &in); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return fault.Newf(fault.Invalid, "a %s stands where FollowTheMoney has another type", wrong.Value).At("", 0, wrong.Field)
		}
		return fault.Wrap(fault.Invalid, err, "the line is not JSON")
	}
	switch {
	case in.ID == "":
		return fault.New(fault.Invalid, "the entity has no id", "").At("", 0, "id")
	case in.Schema == "":
		return fault.New(fault.Invalid, "the entity has no schema", "").At("", 0, "schema")
	case s.seen[in.ID]:
		return fault.New(fault.Invalid, "the id comes twice", "").At("", 0, "id")
	}
	s.list.Published = max(s.list.Published, day(in.LastSeen), day(in.LastChange))
	kind, party := ftmKinds[in.Schema]
	edge, ties := ftmEdges[in.Schema]
	switch {
	case in.Schema == "Sanction":
		s.sanctions = append(s.sanctions, in)
		return nil
	case ties:
		return s.tie(&in, edge.kind, edge.from, edge.to)
	case !party:
		s.list.Skipped++
		return nil
	}
	e := ftmParty(&in, kind)
	if e.Name == "" {
		return fault.New(fault.Invalid, "the entity has no name", "").At("", 0, "properties.name")
	}
	s.seen[in.ID] = true
	s.list.Entities = append(s.list.Entities, e)
	return nil
}

// tie keeps an edge for every pair of parties that the line names.
func (s *ftm) tie(in *ftmEntity, kind, from, to string) *fault.Error {
	p := in.Properties
	for _, property := range []string{from, to} {
		if len(p[property]) == 0 {
			return fault.Newf(fault.Invalid, "the %s names nobody", in.Schema).At("", 0, "properties."+property)
		}
	}
	s.seen[in.ID] = true
	for _, a := range p[from] {
		for _, b := range p[to] {
			s.list.Edges = append(s.list.Edges, Edge{Kind: kind, From: a, To: b, Percent: first(p["percentage"]),
				Role:  strings.Join(append(append([]string{}, p["role"]...), p["ownershipType"]...), "; "),
				Start: parseDate(first(p["startDate"])), End: parseDate(first(p["endDate"]))})
		}
	}
	return nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// apply adds the sanctions to the parties that they are of.
func (s *ftm) apply() {
	at := make(map[string]*Entity, len(s.list.Entities))
	for i := range s.list.Entities {
		at[s.list.Entities[i].SourceID] = &s.list.Entities[i]
	}
	for _, in := range s.sanctions {
		p, used := in.Properties, false
		for _, id := range p["entity"] {
			e := at[id]
			if e == nil {
				continue
			}
			used = true
			e.Programs = union(e.Programs, append(append([]string{}, p["program"]...), p["programId"]...))
			e.Reasons = union(e.Reasons, p["reason"])
			e.Bases = union(e.Bases, append(append([]string{}, p["authority"]...), p["provisions"]...))
			for _, d := range firstFull(p["listingDate"], p["startDate"]) {
				e.addListed(d)
			}
			for _, n := range p["unscId"] {
				e.addReference("UN", n)
			}
		}
		if !used {
			s.list.Skipped++
		}
	}
}

func firstFull(lists ...[]string) []string {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

func ftmParty(in *ftmEntity, kind names.Kind) Entity {
	p := in.Properties
	e := Entity{SourceID: in.ID, List: strings.Join(in.Datasets, "; "), Kind: kind, Name: strings.TrimSpace(in.Caption), Topics: p["topics"]}
	all := append(append([]string{}, p["name"]...), p["alias"]...)
	for _, n := range append(all, p["previousName"]...) {
		if n = strings.TrimSpace(n); e.Name == "" {
			e.Name = n
		}
		e.addAlias(n, false)
	}
	for _, property := range []string{"weakAlias", "abbreviation"} {
		for _, n := range p[property] {
			e.addAlias(strings.TrimSpace(n), true)
		}
	}
	for _, property := range []string{"program", "programId"} {
		e.Programs = union(e.Programs, p[property])
	}
	for _, property := range []string{"country", "nationality", "citizenship", "jurisdiction", "mainCountry", "flag"} {
		for _, c := range p[property] {
			e.addCountry(c)
		}
	}
	for _, text := range p["address"] {
		e.Addresses = append(e.Addresses, Address{Text: text})
	}
	for _, d := range p["birthDate"] {
		e.addBirth(d)
	}
	for _, place := range p["birthPlace"] {
		e.addBirthPlace("", place)
	}
	for _, g := range p["gender"] {
		e.setGender(g)
	}
	if number, ok := strings.CutPrefix(in.ID, "ofac-"); ok && isDigits(number) { // how OpenSanctions writes OFAC's numbers
		e.addReference("OFAC", number)
	}
	for _, property := range ftmIdentifiers {
		for _, v := range p[property] {
			e.Identifiers = append(e.Identifiers, Identifier{Type: property, Value: v})
		}
	}
	e.Title = strings.Join(p["position"], "; ")
	e.Remarks = strings.Join(p["notes"], "\n")
	return e
}

// ftmIdentifiers are the properties of FollowTheMoney's type "identifier" that
// parties, ships and aircraft have.
var ftmIdentifiers = []string{"idNumber", "taxNumber", "registrationNumber", "passportNumber", "innCode", "ogrnCode", "kppCode", "leiCode", "vatCode",
	"dunsCode", "uniqueEntityId", "npiCode", "swiftBic", "okpoCode", "imoNumber", "mmsi", "callSign", "serialNumber", "socialSecurityNumber", "uscCode", "cikCode"}

// day gives the date of a timestamp that begins with YYYY-MM-DD, else "".
func day(stamp string) string {
	if d := parseDate(stamp); len(d) == len("2006-01-02") {
		return d
	}
	return ""
}

// kindOf gives the kind of a FollowTheMoney schema, in any case.
func kindOf(schema string) names.Kind {
	for name, kind := range ftmKinds {
		if strings.EqualFold(name, schema) {
			return kind
		}
	}
	return names.Other
}
