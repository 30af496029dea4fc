package main

import (
	"fmt"
	"io"

	"duly/internal/workspace"
)

type initCmd struct {
	Dir      string `arg:"" help:"The directory to make."`
	Origin   string `help:"Name of the log, such as example.com/duly." placeholder:"NAME"`
	Admin    string `help:"Name of the first person, who runs the workspace and can decide nothing." default:"admin"`
	Database string `help:"A postgres:// URL; SQLite in the directory otherwise." placeholder:"URL"`
}

type initResult struct {
	Workspace string `json:"workspace"`
	Origin    string `json:"origin"`
	Key       string `json:"key"`
	Admin     string `json:"admin"`
}

// Run makes the workspace and prints the key that outsiders need.
func (c *initCmd) Run(a *app) error {
	w, err := workspace.Init(a.ctx, c.Dir, workspace.InitOptions{
		Options: a.options(), Origin: c.Origin, Operator: c.Admin, Database: c.Database,
	})
	if err != nil {
		return err
	}
	defer w.Close()
	r := initResult{c.Dir, w.Config.Origin, w.Config.Key, c.Admin}
	return a.print(r, func(out io.Writer) {
		fmt.Fprintf(out, "Made the workspace %s for the log %s.\n", r.Workspace, r.Origin)
		fmt.Fprintf(out, "Give outsiders this key by another way than the log itself:\n  %s\n", r.Key)
		fmt.Fprintf(out, "%s runs it and can decide nothing. Add people: duly person add NAME --role ROLE\n", r.Admin)
	})
}
