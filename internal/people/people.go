// Package people keeps who acts: persons as records with roles and keys.
//
// The log shows a person's roles and the hash of the public key; the name is
// sealed. Private keys belong to the persons and never enter the database.
package people

import (
	"context"
	"embed"
	"slices"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Person is somebody who acts in Duly.
type Person struct {
	State string   `duly:"state,public,enum=active|ended,column"`
	Roles []string `duly:"roles,public,enum=administrator|analyst|approver|governing_body|sales|expert|auditor|panel_member|assessor"`
	Key   string   `duly:"key,public,hash,column"` // SHA-256 of the Ed25519 public key
	KeyID string   `duly:"key_id,personal,column"` // the pseudonym that stands in leaves
	Name  string   `duly:"name,personal,column"`
}

// Persons is the kind of Person.
var Persons = ledger.Define[Person]("person", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are this room's tables.
var Migrations = store.Migrations{Room: "people", Files: files}

// Key is what is known of a person's key, also where only its public half is
// ([ledger.PersonKey], [ledger.PublicKey]).
type Key interface {
	ID() string         // the pseudonym that stands in leaves
	PublicHash() string // SHA-256 of the public key
}

// Add writes a new person with a key. Names are unique among active people, since
// acts name their person. An assessor has no other role (RS-03), and a key that is not
// given to the company: whether only its public half came here is for the caller.
func Add(tx *store.Tx, name string, roles []act.Role, key Key) (*Person, error) {
	if name == "" || len(roles) == 0 {
		return nil, fault.New(fault.Invalid, "a person needs a name and at least one role", "give NAME and --role ROLE")
	}
	if len(roles) > 1 && slices.Contains(roles, act.Assessor) {
		return nil, fault.New(fault.Refused, "an assessor is independent and has no other role", "add the person as an assessor alone")
	}
	p := &Person{State: "active", Key: key.PublicHash(), KeyID: key.ID(), Name: name}
	for _, r := range roles {
		p.Roles = append(p.Roles, string(r))
	}
	if _, _, err := Persons.Encode(p); err != nil { // before the name is asked for
		return nil, err
	}
	same, err := store.Select(context.Background(), tx, Persons, "r.name = $1 and r.state = 'active'", name)
	if err != nil {
		return nil, err
	}
	if len(same) > 0 {
		return nil, fault.Newf(fault.Refused, "there is already a person named %q", name)
	}
	_, err = store.Create(tx, Persons, p)
	return p, err
}

// Find gives the active person with a name.
func Find(ctx context.Context, q store.Queryer, name string) (*Person, error) {
	list, err := store.Select(ctx, q, Persons, "r.name = $1 and r.state = 'active'", name)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "there is no person named %q", name).
			WithFix("add one with `duly person add " + name + " --role ROLE`")
	}
	return list[0].Record, nil
}

// ByKey gives the active person whose key has the id. Asked under the log's lock, the
// roles are those that hold for the entry that follows.
//
// The code is Refused when there is none.
func ByKey(ctx context.Context, q store.Queryer, keyID string) (*Person, error) {
	list, err := store.Select(ctx, q, Persons, "r.key_id = $1 and r.state = 'active'", keyID)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Refused, "the key belongs to no active person", "add the person first")
	}
	return list[0].Record, nil
}

// Actor gives the person as an actor.
func (p *Person) Actor() act.Actor {
	a := act.Actor{Key: p.KeyID}
	for _, r := range p.Roles {
		a.Roles = append(a.Roles, act.Role(r))
	}
	return a
}
