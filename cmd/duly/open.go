package main

import (
	"fmt"
	"io"

	"duly/internal/bundle"
	"duly/internal/workspace"
)

type openCmd struct {
	Bundle string `arg:"" help:"A bundle of a whole log in which all is disclosed." type:"path"`
	Dir    string `arg:"" help:"The directory of the copy; it must be new or empty."`
	trustFlags
}

// trustFlags are what somebody who checks a log brings from outside.
type trustFlags struct {
	Key        string   `help:"The log's verifier key, as you got it from outside." placeholder:"VKEY"`
	Checkpoint string   `help:"A signed checkpoint that you kept, or got from elsewhere." type:"path" placeholder:"FILE"`
	People     string   `help:"Keys of people who sign, as you got them from the people: one SHA-256 a line." type:"path" placeholder:"FILE"`
	Witness    []string `help:"The verifier key of an outsider who cosigns checkpoints. Say it once for each." sep:"none" placeholder:"VKEY"`
	Assessor   string   `help:"The verifier key of the assessor, who cosigns too." placeholder:"VKEY"`
	Policy     string   `help:"Which witnesses must have cosigned: a file of log, witness, group and quorum lines (C2SP tlog-policy)." type:"path" placeholder:"FILE"`
	Handover   []string `help:"A file that leads from your key to the next, after a rotation. Say it once for each, in their order." sep:"none" type:"path" placeholder:"FILE"`
}

// trust reads what the flags name.
func (f *trustFlags) trust() (bundle.Trust, error) {
	return bundle.Sources{
		Key: f.Key, Checkpoint: f.Checkpoint, People: f.People, Policy: f.Policy, Assessor: f.Assessor, Witnesses: f.Witness, Handovers: f.Handover,
	}.Trust(func(path string) ([]byte, error) { return readInput(path, maxSource) })
}

// Run verifies the bundle and makes a copy of the log that every reading command reads.
func (c *openCmd) Run(a *app) error {
	trust, err := c.trust()
	if err != nil {
		return err
	}
	known, err := released()
	if err != nil {
		return err
	}
	result, err := workspace.CopyBundle(a.ctx, c.Bundle, c.Dir, known, kinds(), trust, a.options())
	if err != nil {
		return err
	}
	return a.print(result, func(out io.Writer) {
		result.Print(out)
		fmt.Fprintf(out, "%s is a copy of it to read: duly --workspace %s\n", c.Dir, c.Dir)
	})
}
