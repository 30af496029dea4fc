package main

import (
	"fmt"
	"io"
	"slices"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/workspace"
)

type personCmd struct {
	Add  personAddCmd  `cmd:"" help:"Add a person and make a signing key."`
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
	Role []act.Role `help:"A role: administrator, analyst, approver, governing_body, sales, expert, auditor or panel_member." required:"" placeholder:"ROLE"`
}

type personResult struct {
	Name  string     `json:"name"`
	Roles []act.Role `json:"roles"`
	Key   string     `json:"key_file"`
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
		path, err := w.AddPerson(a.ctx, by, c.Name, c.Role)
		if err != nil {
			return err
		}
		return a.print(personResult{c.Name, c.Role, path}, func(out io.Writer) {
			fmt.Fprintf(out, "Added %s with the roles %v.\nThe key file belongs to the person: %s\n", c.Name, c.Role, path)
		})
	})
}
