package ownership

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ftmEntity is one entity of FollowTheMoney: every property has a list of texts.
type ftmEntity struct {
	ID         string              `json:"id"`
	Caption    string              `json:"caption"`
	Schema     string              `json:"schema"`
	Changed    string              `json:"last_change"`
	Properties map[string][]string `json:"properties"`

	number int // in the file
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
var ftmParties = map[string]Sort{
	"Person": Person, "Company": Organisation, "Organization": Organisation, "PublicBody": State, "LegalEntity": Organisation,
}

// ftmNumbers are the properties that hold numbers of parties.
var ftmNumbers = []string{
	"leiCode", "uniqueEntityId", "dunsCode", "imoNumber", "cikCode", "innCode", "ogrnCode",
	"registrationNumber", "taxNumber", "vatCode", "passportNumber", "idNumber",
}

// ReadFTM reads FollowTheMoney entities, one a line, or one array of them: persons
// and organisations, Ownership, Directorship and Control. Everything else is passed
// over. An edge with several owners or assets stands for each pair. path is used
// in messages only.
func ReadFTM(in io.Reader, path string) (*Record, error) {
	record, parties, edges, things := &Record{}, map[string]Party{}, map[string]ftmEntity{}, map[string]bool{}
	err := eachObject(in, path, func(n int, raw json.RawMessage) {
		record.Statements++
		var e ftmEntity
		if err := json.Unmarshal(raw, &e); err != nil || e.ID == "" {
			record.reject(path, n, "", "the line is not an entity with an id and lists of texts")
			return
		}
		if ftmParties[e.Schema] != "" {
			parties[e.ID] = e.party(n)
			return
		}
		if _, edge := ftmEdges[e.Schema]; edge {
			e.number = n
			edges[e.ID] = e
			return
		}
		things[e.ID] = true
	})
	if err != nil {
		return nil, err
	}
	record.Parties = slices.Collect(maps.Values(parties)) // of one id that comes again, the last counts
	for _, id := range slices.Sorted(maps.Keys(edges)) {
		e := edges[id]
		record.tie(&e, path, things)
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

func (e *ftmEntity) party(n int) Party {
	p := Party{ID: e.ID, Name: e.first("name"), Sort: ftmParties[e.Schema], BirthDate: day(e.first("birthDate")),
		Stated: Stated{Record: e.ID, Date: e.Changed, Number: n}}
	if p.Name == "" {
		p.Name = e.Caption
	}
	for _, property := range []string{"name", "alias", "previousName"} {
		p.Others = append(p.Others, e.Properties[property]...)
	}
	for _, property := range []string{"jurisdiction", "nationality", "citizenship", "country", "mainCountry"} {
		p.Countries = append(p.Countries, e.Properties[property]...)
	}
	for _, property := range ftmNumbers {
		for _, v := range e.Properties[property] {
			scheme := Scheme(property)
			if scheme == "registration" && strings.EqualFold(e.first("jurisdiction"), "gb") {
				scheme = "gb-coh"
			}
			p.Identifiers = append(p.Identifiers, Identifier{scheme, v})
		}
	}
	p.settle()
	return p
}

// tie adds the interests of an edge, one for each pair of its ends. An edge of which
// an end is no party, such as a ship, is passed over.
func (r *Record) tie(e *ftmEntity, path string, things map[string]bool) {
	edge := ftmEdges[e.Schema]
	bad := func(field, what string) { r.reject(path, e.number, e.ID+", "+field, what) }
	i := Interest{Role: edge.role, Share: Share{0, Whole}, Stated: Stated{Record: e.ID, Date: e.Changed, Number: e.number}}
	var err error
	if text := strings.TrimSpace(e.first("percentage")); text != "" {
		if i.Share, err = percentage(text); err != nil {
			bad("percentage", err.Error())
			return
		}
	}
	if i.From, i.To, err = span(e.first("startDate"), e.first("endDate")); err != nil {
		bad("startDate", err.Error())
		return
	}
	for _, field := range []string{edge.owner, edge.owned} {
		ends := e.Properties[field]
		if len(ends) == 0 {
			bad(field, "the edge does not say who")
			return
		}
		if slices.ContainsFunc(ends, func(id string) bool { return things[id] }) {
			return
		}
	}
	r.Edges++
	for _, i.Owner = range e.Properties[edge.owner] {
		for _, i.Owned = range e.Properties[edge.owned] {
			r.Interests = append(r.Interests, i)
		}
	}
}

// percentage reads a share as people write it: 25.5, 25,5 %, 25-50.
func percentage(text string) (Share, error) {
	clean := strings.NewReplacer("%", "", ",", ".", " ", "", "\u00a0", "").Replace(text)
	from, to, band := strings.Cut(clean, "-")
	if !band {
		to = from
	}
	low, _, err := hundredths(from)
	if err != nil {
		return Share{}, fmt.Errorf("%q is not a share between 0 and 100 per cent", text)
	}
	_, high, err := hundredths(to)
	if err != nil || high < low {
		return Share{}, fmt.Errorf("%q is not a share between 0 and 100 per cent", text)
	}
	return Share{low, high}, nil
}
