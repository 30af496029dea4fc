package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/workspace"
	"duly/schemas"
)

// app is what commands share: the context, the flags and the streams.
type app struct {
	ctx    context.Context
	cli    *cli
	stdout io.Writer
	stderr io.Writer
}

// rooms lists the tables of every room, in the order in which they are made.
func rooms() []store.Migrations {
	return []store.Migrations{}
}

// kinds lists the schema of every kind of record, for the released documents.
func kinds() []*ledger.Schema {
	return []*ledger.Schema{
		store.Epochs.Schema(), store.Erasures.Schema(), people.Persons.Schema(),
	}
}

func options() workspace.Options { return workspace.Options{Rooms: rooms()} }

// open opens the workspace that the flags name.
func (a *app) open() (*workspace.Workspace, error) {
	return workspace.Open(a.ctx, a.cli.Workspace, options())
}

// write opens the workspace, runs fn and signs what it committed, even when fn
// failed half-way: what is committed is covered.
func (a *app) write(fn func(*workspace.Workspace) error) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	err = fn(w)
	if _, signErr := w.Sign(context.WithoutCancel(a.ctx)); err == nil {
		err = signErr
	}
	return err
}

// print writes v as JSON when --json is given, and as text otherwise.
func (a *app) print(v any, text func(io.Writer)) error {
	if !a.cli.JSON {
		text(a.stdout)
		return nil
	}
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the output")
	}
	return nil
}

// progress writes a line to standard error.
func (a *app) progress(format string, args ...any) {
	fmt.Fprintf(a.stderr, format+"\n", args...)
}

func released() (bundle.Schemas, error) { return bundle.ReadSchemas(schemas.Files) }
