package screening

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"duly/internal/names"
	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/watchlist"
)

// The kinds of record that a subject may be.
const (
	isCustomer = "customer" // also one that integrates, resells or uses in the end
	isOwner    = "owner"    // declared by a customer
	isParty    = "party"    // told by an ownership file
)

// Subject is one party of the register as it is compared with lists: a customer, an
// owner that a customer declared, or a party that stands behind one.
type Subject struct {
	ID         string
	Record     string // kind of its record: customer, owner or party
	Kind       names.Kind
	Name       string
	Others     []string // further names
	Countries  []string
	BirthDates []string
	Numbers    []string  // of registries and authorities, without their schemes
	Revision   store.Ref // of the record that says so
	Sort       ownership.Sort
}

// Subjects gives everybody who is screened: customers, declared owners and parties
// that are active and have a name, each kind in the order of the log. An owner who
// is a customer under the same name is screened as that customer.
func Subjects(ctx context.Context, q store.Queryer) ([]Subject, error) {
	return subjectsAt(ctx, q, store.Now, nil)
}

// subjectsAt is Subjects as of a point: those of them that are among some or, for nil,
// all. Where an owner is among them, the customer that declared it and the one that it is
// have to be, too.
func subjectsAt(ctx context.Context, q store.Queryer, at store.At, of []string) ([]Subject, error) {
	const active = "r.state = 'active'"
	customers, err := selectOf(ctx, q, register.Customers, at, active, "id", of)
	if err != nil {
		return nil, err
	}
	identifiers, err := selectOf(ctx, q, register.Identifiers, at, active, "subject", of)
	if err != nil {
		return nil, err
	}
	numbers := map[string][]string{}
	for _, i := range identifiers {
		if ownership.Joins(i.Record.Scheme) {
			numbers[i.Record.Subject] = append(numbers[i.Record.Subject], i.Record.Value)
		}
	}
	var out []Subject
	called := map[string]string{}
	for _, c := range customers {
		called[c.ID] = c.Record.Name
		s := Subject{ID: c.ID, Record: isCustomer, Kind: names.Organization, Sort: ownership.Organisation, Name: c.Record.Name, Numbers: numbers[c.ID], Revision: c.Ref}
		switch c.Record.Kind {
		case "person":
			s.Kind, s.Sort = names.Person, ownership.Person
		case "public_body":
			s.Sort = ownership.State
		}
		if country, _, _ := strings.Cut(c.Record.Jurisdiction, "-"); country != "" {
			s.Countries = []string{country}
		}
		out = append(out, s)
	}
	owners, err := selectOf(ctx, q, register.Owners, at, active, "customer", of)
	if err != nil {
		return nil, err
	}
	for _, o := range owners {
		if name, known := called[o.Record.Party]; o.Record.Name == "" || known && strings.EqualFold(name, o.Record.Name) {
			continue
		}
		out = append(out, ownerSubject(o))
	}
	parties, err := selectOf(ctx, q, register.Parties, at, active, "id", of)
	if err != nil {
		return nil, err
	}
	for _, p := range parties {
		if p.Record.Name != "" {
			out = append(out, partySubject(p))
		}
	}
	return out, nil
}

// ownerSubject takes a declared owner as the last of its chain, except a parent,
// which is an organisation that somebody owns in turn.
func ownerSubject(o *store.Revision[register.Owner]) Subject {
	s := Subject{ID: o.ID, Record: isOwner, Kind: names.Other, Sort: ownership.Person, Name: o.Record.Name, Revision: o.Ref}
	switch o.Record.Role {
	case "director":
		s.Kind = names.Person
	case "parent":
		s.Kind, s.Sort = names.Organization, ownership.Organisation
	}
	return s
}

func partySubject(p *store.Revision[register.Party]) Subject {
	s := Subject{ID: p.ID, Record: isParty, Kind: names.Organization, Sort: ownership.Sort(p.Record.Sort), Name: p.Record.Name,
		Others: p.Record.Others, Countries: p.Record.Countries, Revision: p.Ref}
	switch s.Sort {
	case ownership.Person:
		s.Kind = names.Person
	case "", "unknown":
		s.Kind = names.Other
	}
	if p.Record.BirthDate != "" {
		s.BirthDates = []string{p.Record.BirthDate}
	}
	for _, number := range p.Record.Numbers {
		_, value, _ := strings.Cut(number, ":")
		s.Numbers = append(s.Numbers, value)
	}
	return s
}

// State is a hash of all that is compared of the subject.
func (s *Subject) State() string {
	text, err := json.Marshal([]any{s.Kind, s.Name, s.Others, s.Countries, s.BirthDates, s.Numbers})
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// queries asks for each name of the subject.
func (s *Subject) queries() []watchlist.Query {
	q := watchlist.Query{Name: s.Name, Kind: s.Kind, Countries: s.Countries, BirthDates: s.BirthDates, Identifiers: s.Numbers}
	out := []watchlist.Query{q}
	for _, q.Name = range s.Others {
		out = append(out, q)
	}
	return out
}

// Alerts compares all names of the subject with lists and gives every entity that
// an analyst is to see, once, at its best, best first.
func (s *Subject) Alerts(index *watchlist.Index) []watchlist.Hit {
	var best []watchlist.Hit
	at := map[*watchlist.Entity]int{}
	for _, q := range s.queries() {
		for _, h := range alerts(index, q) {
			i, met := at[h.Entity]
			switch {
			case !met:
				at[h.Entity] = len(best)
				best = append(best, h)
			case best[i].Score < h.Score:
				best[i] = h
			}
		}
	}
	slices.SortStableFunc(best, func(a, b watchlist.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Entity.SourceID, b.Entity.SourceID), cmp.Compare(a.Entity.List, b.Entity.List))
	})
	return best
}

// alerts gives all alerts of a query. Few names have more than the first limit, and
// asking for more from the start would explain weak resemblances for nothing.
func alerts(index *watchlist.Index, q watchlist.Query) []watchlist.Hit {
	const first = 20
	found := index.Ask(q, first)
	if found.More > 0 {
		found = index.Ask(q, first+found.More)
	}
	return slices.DeleteFunc(found.Hits, func(h watchlist.Hit) bool { return !h.Alert })
}
