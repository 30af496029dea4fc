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
// Source: the FollowTheMoney model, 4.0 and npm 4.5. Every other schema
// (Address, Sanction, Ownership, Payment ...) is counted as skipped.
var ftmKinds = map[string]names.Kind{
	"Person": names.Person, "Organization": names.Organization, "Company": names.Organization,
	"PublicBody": names.Organization, "LegalEntity": names.Other, "Vessel": names.Vessel, "Airplane": names.Vessel,
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
	seen := make(map[string]bool)
	for line := 1; ; line++ {
		raw, tooLong, err := readLine(f)
		if err == io.EOF {
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
			bad = s.ftmLine(raw, seen)
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

func (s *source) ftmLine(raw []byte, seen map[string]bool) *fault.Error {
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
	case seen[in.ID]:
		return fault.New(fault.Invalid, "the id comes twice", "").At("", 0, "id")
	}
	s.list.Published = max(s.list.Published, day(in.LastSeen), day(in.LastChange))
	kind, party := ftmKinds[in.Schema]
	if !party {
		s.list.Skipped++
		return nil
	}
	e := ftmParty(&in, kind)
	if e.Name == "" {
		return fault.New(fault.Invalid, "the entity has no name", "").At("", 0, "properties.name")
	}
	seen[in.ID] = true
	s.list.Entities = append(s.list.Entities, e)
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
