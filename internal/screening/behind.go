package screening

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"duly/internal/names"
	"duly/internal/register"
	"duly/internal/store"
)

// Subject is one party of the register as it is compared with lists.
type Subject struct {
	ID         string
	Kind       names.Kind
	Name       string
	Countries  []string
	BirthDates []string
	Numbers    []string
	Revision   store.Ref // of the record that says so
}

// Subjects gives everybody who is screened.
func Subjects(ctx context.Context, q store.Queryer) ([]Subject, error) {
	customers, err := store.Select(ctx, q, register.Customers, "")
	if err != nil {
		return nil, err
	}
	var out []Subject
	for _, c := range customers {
		if c.Record.State != "active" {
			continue
		}
		s := Subject{ID: c.ID, Kind: names.Organization, Name: c.Record.Name, Revision: c.Ref}
		if c.Record.Kind == "person" {
			s.Kind = names.Person
		}
		if country, _, _ := strings.Cut(c.Record.Jurisdiction, "-"); country != "" {
			s.Countries = []string{country}
		}
		out = append(out, s)
	}
	return out, nil
}

// State is a hash of all that is compared of the subject.
func (s *Subject) State() string {
	text, err := json.Marshal([]any{s.Kind, s.Name, s.Countries, s.BirthDates, s.Numbers})
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
