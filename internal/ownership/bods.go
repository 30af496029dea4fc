package ownership

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
)

// Limits of what is read.
const (
	maxBytes      = 1 << 30 // of one file
	maxStatements = 5_000_000
)

// Record is what a file says about who stands behind whom. Every statement that was
// read is a party, stands for interests, was rejected, or is another: one that a
// later one replaced, or of a sort that says nothing about ownership. Parties and
// interests are sorted by id and by owner, owned, role.
type Record struct {
	Parties    []Party
	Interests  []Interest
	Closed     []Stated       // records that the file says are no more
	Statements int            // read, of any kind
	Edges      int            // statements that interests stand for
	Rejects    []*fault.Error // statements that could not be used, with their place
}

// Other counts the statements that are neither parties nor interests nor rejected.
func (r *Record) Other() int { return r.Statements - len(r.Parties) - r.Edges - len(r.Rejects) }

// bodsStatement is one statement of the Beneficial Ownership Data Standard, version
// 0.4 (https://standard.openownership.org/en/0.4.0/).
type bodsStatement struct {
	StatementID   string `json:"statementId"`
	StatementDate string `json:"statementDate"`
	RecordID      string `json:"recordId"`
	RecordStatus  string `json:"recordStatus"`
	RecordType    string `json:"recordType"`
	Publication   struct {
		Publisher struct {
			Name string `json:"name"`
		} `json:"publisher"`
	} `json:"publicationDetails"`
	Details struct {
		Name  string `json:"name"`
		Names []struct {
			Type     string `json:"type"`
			FullName string `json:"fullName"`
		} `json:"names"`
		BirthDate     string `json:"birthDate"`
		Jurisdiction  struct{ Code string }
		Nationalities []struct{ Code string }
		Addresses     []struct {
			Country struct{ Code string }
		}
		EntityType struct {
			Type string `json:"type"`
		} `json:"entityType"`
		Identifiers []struct {
			Scheme     string `json:"scheme"`
			SchemeName string `json:"schemeName"`
			ID         string `json:"id"`
		} `json:"identifiers"`
		Subject         json.RawMessage `json:"subject"`
		InterestedParty json.RawMessage `json:"interestedParty"`
		Interests       []bodsInterest  `json:"interests"`
	} `json:"recordDetails"`

	number int // in the file
}

func (s *bodsStatement) stated() Stated {
	return Stated{Record: s.RecordID, Date: s.StatementDate, Publisher: strings.TrimSpace(s.Publication.Publisher.Name), Number: s.number}
}

type bodsInterest struct {
	Type     string `json:"type"`
	Indirect string `json:"directOrIndirect"`
	Start    string `json:"startDate"`
	End      string `json:"endDate"`
	Share    struct {
		Exact, Minimum, Maximum            *json.Number
		ExclusiveMinimum, ExclusiveMaximum *json.Number
	} `json:"share"`
}

// bodsRoles says what a type of interest is; any other, and none, may hide shares.
var bodsRoles = map[string]Role{
	"shareholding": Owns, "votingRights": Controls, "appointmentOfBoard": Controls, "otherInfluenceOrControl": Controls,
	"seniorManagingOfficial": Directs, "boardMember": Directs, "boardChair": Directs,
	"settlor": Controls, "trustee": Controls, "protector": Controls, "nominator": Controls, "nominee": Controls,
	"enjoymentAndUseOfAssets": Controls, "rightToProfitOrIncomeFromAssets": Controls,
	"rightsGrantedByContract": Controls, "conditionalRightsGrantedByContract": Controls,
	"controlViaCompanyRulesOrArticles": Controls, "controlByLegalFramework": Controls,
	"rightsToSurplusAssetsOnDissolution": Controls, "beneficiaryOfLegalArrangement": Controls,
}

// ReadBODS reads statements of BODS 0.4: one JSON array, or one statement a line.
// Of several statements on one record the latest counts, and a closed record not at
// all. A statement that cannot be used is rejected and the others are kept; a file
// that is no such JSON is an error. path is used in messages only.
func ReadBODS(in io.Reader, path string) (*Record, error) {
	latest := map[string]*bodsStatement{}
	record := &Record{}
	err := eachObject(in, path, func(n int, raw json.RawMessage) {
		record.Statements++
		var s bodsStatement
		if err := json.Unmarshal(raw, &s); err != nil {
			record.reject(path, n, "", "the statement has a value of the wrong type: "+err.Error())
			return
		}
		if s.RecordID == "" || s.RecordType == "" {
			record.reject(path, n, "recordId", "the statement names no record or type; only BODS 0.4 is read")
			return
		}
		s.number = n
		if before := latest[s.RecordID]; before == nil || cmp.Compare(before.StatementDate, s.StatementDate) <= 0 {
			latest[s.RecordID] = &s
		}
	})
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(latest)) {
		s := latest[id]
		if s.RecordStatus == "closed" {
			record.Closed = append(record.Closed, s.stated())
			continue
		}
		switch s.RecordType {
		case "entity", "person":
			record.Parties = append(record.Parties, s.party())
		case "relationship":
			record.relate(s, path)
		default:
			record.reject(path, s.number, s.StatementID, fmt.Sprintf("%q is not a type of record", s.RecordType))
		}
	}
	record.settle()
	return record, nil
}

// eachObject gives every object of a JSON array, or of lines of JSON, in order from 1.
func eachObject(in io.Reader, path string, each func(n int, raw json.RawMessage)) error {
	d := json.NewDecoder(io.LimitReader(in, maxBytes))
	broken := func(n int, err error) error {
		what := "the file is not JSON statements"
		if errors.Is(err, io.ErrUnexpectedEOF) {
			what = "the file breaks off, or is larger than 1 GiB"
		}
		return fault.Wrap(fault.Invalid, err, what).At(path, 0, fmt.Sprintf("statement %d", n)).WithFix("fetch it again; Duly reads one JSON array or one object a line")
	}
	for n, array := 1, false; ; n++ {
		var raw json.RawMessage
		if array && !d.More() {
			if _, err := d.Token(); err != nil {
				return broken(n, err)
			}
			return nil
		}
		if n == 1 && !array {
			first, err := firstByte(d)
			if err != nil {
				return broken(n, err)
			}
			if first == '[' {
				if _, err := d.Token(); err != nil {
					return broken(n, err)
				}
				array, n = true, 0
				continue
			}
		}
		if err := d.Decode(&raw); errors.Is(err, io.EOF) && !array && n > 1 {
			return nil
		} else if err != nil {
			return broken(n, err)
		}
		if n > maxStatements {
			return fault.Newf(fault.Invalid, "the file has more than %d statements", maxStatements).At(path, 0, "").WithFix("split it")
		}
		each(n, raw)
	}
}

// firstByte looks at the first byte of the decoder's input that is no white space.
func firstByte(d *json.Decoder) (byte, error) {
	d.More() // fills the buffer
	var one [1]byte
	for r := d.Buffered(); ; {
		if _, err := r.Read(one[:]); err != nil {
			return 0, cmp.Or(io.ErrUnexpectedEOF, err)
		}
		if one[0] != ' ' && one[0] != '\t' && one[0] != '\r' && one[0] != '\n' {
			return one[0], nil
		}
	}
}

func (r *Record) reject(path string, n int, field, what string) {
	field = strings.TrimSuffix(fmt.Sprintf("statement %d, %s", n, field), ", ")
	r.Rejects = append(r.Rejects, fault.New(fault.Invalid, what, "").At(path, 0, field))
}

// bodsSorts are the types of entity that are no organisation.
var bodsSorts = map[string]Sort{"state": State, "stateBody": State}

func (s *bodsStatement) party() Party {
	d := &s.Details
	p := Party{ID: s.RecordID, Name: d.Name, Sort: cmp.Or(bodsSorts[d.EntityType.Type], Organisation), BirthDate: day(d.BirthDate), Stated: s.stated()}
	if s.RecordType == "person" {
		p.Sort = Person
	}
	for _, n := range d.Names {
		if p.Name == "" || n.Type == "legal" {
			p.Name = n.FullName
		}
		p.Others = append(p.Others, n.FullName)
	}
	p.Countries = append(p.Countries, d.Jurisdiction.Code)
	for _, n := range d.Nationalities {
		p.Countries = append(p.Countries, n.Code)
	}
	for _, a := range d.Addresses {
		p.Countries = append(p.Countries, a.Country.Code)
	}
	for _, i := range d.Identifiers {
		p.Identifiers = append(p.Identifiers, Identifier{Scheme(cmp.Or(i.Scheme, i.SchemeName)), i.ID})
	}
	p.settle()
	return p
}

// settle puts what a party has several of in order.
func (p *Party) settle() {
	p.Name = strings.TrimSpace(p.Name)
	p.Others = slices.DeleteFunc(p.Others, func(n string) bool { return strings.TrimSpace(n) == "" || n == p.Name })
	for i, c := range p.Countries {
		c, _, _ = strings.Cut(strings.ToUpper(strings.TrimSpace(c)), "-") // a subdivision is of its country
		p.Countries[i] = c
	}
	p.Countries = slices.DeleteFunc(p.Countries, func(c string) bool { return c == "" })
	p.Identifiers = slices.DeleteFunc(p.Identifiers, func(i Identifier) bool { return i.Key() == "" })
	for _, list := range []*[]string{&p.Others, &p.Countries} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// relate adds the interests of a relationship, all of them or, when one cannot be
// used, none.
func (r *Record) relate(s *bodsStatement, path string) {
	bad := func(field, what string) {
		r.reject(path, s.number, strings.TrimPrefix(s.StatementID+", "+field, ", "), what)
	}
	subject, err := reference(s.Details.Subject)
	if err != nil || subject == "" {
		bad("subject", "the relationship names no subject")
		return
	}
	owner, err := reference(s.Details.InterestedParty)
	if err != nil {
		bad("interestedParty", "the interested party is neither a record nor a reason")
		return
	}
	interests := s.Details.Interests
	if len(interests) == 0 {
		interests = []bodsInterest{{}}
	}
	var made []Interest
	for _, b := range interests {
		i := Interest{Owner: owner, Owned: subject, Indirect: b.Indirect == "indirect", Stated: s.stated()}
		if i.Share, err = b.share(); err == nil {
			i.From, i.To, err = span(b.Start, b.End)
		}
		if err != nil {
			bad("interests", err.Error())
			return
		}
		if i.Role = bodsRoles[b.Type]; i.Role == "" {
			i.Role = Owns // any other type, and none, may hide shares
		}
		made = append(made, i)
	}
	r.Interests, r.Edges = append(r.Interests, made...), r.Edges+1
}

// reference reads a record id. An object in its place says why none is named.
func reference(raw json.RawMessage) (string, error) {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id, nil
	}
	var reason map[string]any
	return "", json.Unmarshal(raw, &reason)
}

func (b *bodsInterest) share() (Share, error) {
	s := Share{0, Whole}
	for _, bound := range []struct {
		value     *json.Number
		least     bool
		most      bool
		exclusive bool
	}{
		{b.Share.Exact, true, true, false}, {b.Share.Minimum, true, false, false}, {b.Share.ExclusiveMinimum, true, false, true},
		{b.Share.Maximum, false, true, false}, {b.Share.ExclusiveMaximum, false, true, true},
	} {
		if bound.value == nil {
			continue
		}
		low, high, err := hundredths(bound.value.String())
		if err != nil {
			return s, err
		}
		if bound.least {
			s.Least = max(s.Least, low)
		}
		if bound.most {
			if bound.exclusive {
				high--
			}
			s.Most = min(s.Most, max(high, 0))
		}
	}
	if s.Least > s.Most {
		return s, fmt.Errorf("the share is at least %s and at most %s", percent(s.Least), percent(s.Most))
	}
	return s, nil
}

// settle puts what was read in order.
func (r *Record) settle() {
	slices.SortStableFunc(r.Parties, func(a, b Party) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(r.Interests, func(a, b Interest) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Owned, b.Owned), cmp.Compare(a.Role, b.Role), cmp.Compare(a.From, b.From))
	})
}
