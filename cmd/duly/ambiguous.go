package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/intake"
	"duly/internal/store"
	"duly/internal/workspace"
)

type ambiguousCmd struct {
	List    ambiguousListCmd    `cmd:"" help:"List rows that wait."`
	Resolve ambiguousResolveCmd `cmd:"" help:"Say whom a row means; importing its file again then acts on it."`
}

type ambiguousListCmd struct{}

type ambiguousRow struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Name       string   `json:"name"`
	Source     string   `json:"source"`
	Row        string   `json:"row"`
	Candidates []string `json:"candidates"`
}

// Run lists the open ambiguities.
func (ambiguousListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := store.Select(a.ctx, w.DB, intake.Ambiguities, "")
	if err != nil {
		return err
	}
	rows := []ambiguousRow{}
	for _, r := range list {
		if x := r.Record; x.State == "open" {
			rows = append(rows, ambiguousRow{r.ID, x.Kind, x.Name, x.Source, x.SourceRef, x.Candidates})
		}
	}
	return a.print(rows, func(out io.Writer) {
		if len(rows) == 0 {
			a.progress("no row waits")
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %s %q (%s, row %s)\n    may be: %s\n", r.ID, r.Kind, r.Name, r.Source, r.Row, strings.Join(r.Candidates, " "))
		}
	})
}

type ambiguousResolveCmd struct {
	ID     string `arg:"" help:"The ambiguity."`
	SameAs string `help:"The record that the row means; without it, a new one." placeholder:"ID"`
	As     string `help:"Who says so." placeholder:"PERSON"`
}

// Run closes an ambiguity.
func (c *ambiguousResolveCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		if err := intake.Resolve(a.ctx, w.DB, actor.Key, c.ID, c.SameAs); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.ID, "same_as": c.SameAs}, func(out io.Writer) {
			fmt.Fprintf(out, "resolved %s; import the row's file again\n", c.ID)
		})
	})
}
