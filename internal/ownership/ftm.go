package ownership

import (
	"encoding/json"
	"io"
	"strings"
)

// ftmEntity is one entity of FollowTheMoney: every property has a list of texts.
type ftmEntity struct {
	ID         string              `json:"id"`
	Caption    string              `json:"caption"`
	Schema     string              `json:"schema"`
	Properties map[string][]string `json:"properties"`
}

// ftmEdges are the schemata that tie one party to another.
var ftmEdges = map[string]struct {
	owner, owned string
	role         Role
}{
	"Ownership":    {"owner", "asset", Owns},
	"Directorship": {"director", "organization", Directs},
	"Control":      {"controller", "controlled", Controls},
}

// ftmParties are the schemata of persons and organisations.
var ftmParties = map[string]bool{
	"Person": true, "Company": true, "Organization": true, "PublicBody": true, "LegalEntity": true,
}

// ReadFTM reads FollowTheMoney entities, one a line, or one array of them: persons
// and organisations, Ownership, Directorship and Control. Everything else is passed
// over. An edge with several owners or assets stands for each pair. path is used
// in messages only.
func ReadFTM(in io.Reader, path string) (*Record, error) {
	record := &Record{}
	err := eachObject(in, path, func(n int, raw json.RawMessage) {
		record.Statements++
		var e ftmEntity
		if err := json.Unmarshal(raw, &e); err != nil || e.ID == "" {
			record.reject(path, n, "", "the line is not an entity with an id and lists of texts")
			return
		}
		if ftmParties[e.Schema] {
			record.Parties = append(record.Parties, e.party())
			return
		}
		if _, edge := ftmEdges[e.Schema]; edge {
			record.tie(&e, path, n)
		}
	})
	if err != nil {
		return nil, err
	}
	record.settle()
	return record, nil
}

func (e *ftmEntity) first(names ...string) string {
	for _, n := range names {
		if v := e.Properties[n]; len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

func (e *ftmEntity) party() Party {
	p := Party{ID: e.ID, Name: e.first("name"), Person: e.Schema == "Person", BirthDate: e.first("birthDate"),
		Country: strings.ToUpper(e.first("jurisdiction", "nationality", "country"))}
	if p.Name == "" {
		p.Name = e.Caption
	}
	for _, scheme := range []string{"leiCode", "registrationNumber", "taxNumber", "innCode", "ogrnCode", "passportNumber", "idNumber"} {
		for _, v := range e.Properties[scheme] {
			p.Identifiers = append(p.Identifiers, Identifier{scheme, v})
		}
	}
	return p
}

func (r *Record) tie(e *ftmEntity, path string, n int) {
	edge := ftmEdges[e.Schema]
	share := Share{0, Whole}
	if text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(e.first("percentage")), "%")); text != "" {
		low, high, err := hundredths(strings.Replace(text, ",", ".", 1))
		if err != nil {
			r.reject(path, n, "percentage", err.Error())
			return
		}
		share = Share{low, high}
	}
	for _, owner := range e.Properties[edge.owner] {
		for _, owned := range e.Properties[edge.owned] {
			r.Interests = append(r.Interests, Interest{
				Owner: owner, Owned: owned, Role: edge.role, Share: share, From: e.first("startDate"), To: e.first("endDate"),
			})
		}
	}
}
