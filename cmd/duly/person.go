package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"slices"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/whole"
	"duly/internal/workspace"
)

type personCmd struct {
	Add  personAddCmd  `cmd:"" help:"Add a person and make a signing key."`
	Key  personKeyCmd  `cmd:"" help:"Make a signing key in a file of your own, and print its public half for others to add you with."`
	Keys personKeysCmd `cmd:"" help:"List the keys of active people, for people to compare with their own and hand on to verifiers."`
}

type personKeysCmd struct{}

type keyRow struct {
	Key  string `json:"key"` // SHA-256 of the public key
	Name string `json:"name"`
}

// Run lists the keys, as duly verify --people reads them.
func (c *personKeysCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := store.Select(a.ctx, w.DB, people.Persons, "r.state = 'active'")
	if err != nil {
		return err
	}
	rows := []keyRow{}
	for _, p := range list {
		rows = append(rows, keyRow{p.Record.Key, p.Record.Name})
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintln(out, r.Key, r.Name)
		}
	})
}

type personAddCmd struct {
	Name string     `arg:"" help:"The name by which acts name the person (--as)."`
	Role []act.Role `help:"A role: administrator, analyst, approver, governing_body, sales, expert, auditor, panel_member or assessor." required:"" placeholder:"ROLE"`

	PublicKey string `help:"The public half of a key that the person keeps elsewhere; an assessor's always is." placeholder:"KEY"`
}

type personResult struct {
	Name  string     `json:"name"`
	Roles []act.Role `json:"roles"`
	Key   string     `json:"key_file,omitempty"`
}

// Run adds the person.
func (c *personAddCmd) Run(a *app) error {
	for _, r := range c.Role {
		if !slices.Contains(act.Roles, r) {
			return fault.Newf(fault.Invalid, "%q is not a role", r).WithFix(fmt.Sprintf("use one of %v", act.Roles))
		}
	}
	return a.write(func(w *workspace.Workspace) error {
		by, err := w.Actor(a.ctx, "")
		if err != nil {
			return err
		}
		if c.PublicKey != "" {
			key, err := ledger.ParsePublicKey(c.PublicKey)
			if err == nil {
				err = w.AddPersonByKey(a.ctx, by, c.Name, c.Role, key)
			}
			if err != nil {
				return err
			}
			return a.print(personResult{c.Name, c.Role, ""}, func(out io.Writer) {
				fmt.Fprintf(out, "Added %s with the roles %v.\nThe person signs with a key that is not here: name its file with --key\n", c.Name, c.Role)
			})
		}
		path, err := w.AddPerson(a.ctx, by, c.Name, c.Role)
		if err != nil {
			return err
		}
		return a.print(personResult{c.Name, c.Role, path}, func(out io.Writer) {
			fmt.Fprintf(out, "Added %s with the roles %v.\nThe key file belongs to the person: %s\n", c.Name, c.Role, path)
		})
	})
}

type personKeyCmd struct {
	File string `arg:"" help:"The file, which must not be there yet. Keep it where nobody else reads it."`
}

// Run makes the key. It needs no workspace, and writes into none.
func (c *personKeyCmd) Run(a *app) error {
	key, err := ledger.NewPersonKey(rand.Reader)
	if err != nil {
		return err
	}
	if err := whole.New(c.File, []byte(key.Encode()), 0o600); err != nil {
		return err
	}
	line := key.Public().Encode()
	return a.print(map[string]string{"public_key": line, "key": key.PublicHash()}, func(out io.Writer) { fmt.Fprintln(out, line) })
}

// outside gives the person whose key a file holds, which need not lie in the workspace,
// with that key. Without a file it is the person with the name, by the key kept here.
func (a *app) outside(w *workspace.Workspace, name, file string) (voice.Hand, error) {
	if file == "" {
		return a.hand(w, name)
	}
	text, err := readInput(file, maxKey)
	if err != nil {
		return voice.Hand{}, err
	}
	key, err := ledger.ParsePersonKey(string(text))
	if err != nil {
		return voice.Hand{}, err
	}
	person, err := people.ByKey(a.ctx, w.DB, key.ID())
	if err != nil {
		return voice.Hand{}, err
	}
	return voice.Hand{By: person.Actor(), Key: key, Now: w.Now()}, nil
}

// maxKey bounds a key file, in bytes.
const maxKey = 1 << 10
