package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/workspace"
)

type verifyCmd struct {
	Path       string `arg:"" optional:"" help:"A workspace, a bundle or a disclosure; the workspace of --workspace otherwise."`
	Key        string `help:"The log's verifier key, as you got it from outside." placeholder:"VKEY"`
	Checkpoint string `help:"A signed checkpoint that you kept, or got from elsewhere." type:"path" placeholder:"FILE"`
	People     string `help:"Keys of people who sign, as you got them from the people: one SHA-256 a line." type:"path" placeholder:"FILE"`

	Handover []string `help:"A file that leads from the key that you have to the next one; several in their order." type:"path" placeholder:"FILE"`
}

// maxPeople bounds the file of people's keys, in bytes.
const maxPeople = 16 << 20

// Run checks what the path names.
func (c *verifyCmd) Run(a *app) error {
	path := c.Path
	if path == "" {
		path = a.cli.Workspace
	}
	trust := bundle.Trust{Key: c.Key}
	if c.Checkpoint != "" {
		var err error
		if trust.Checkpoint, err = os.ReadFile(c.Checkpoint); err != nil {
			return fault.Wrap(fault.Invalid, err, "cannot read the checkpoint")
		}
	}
	if c.People != "" {
		text, err := readInput(c.People, maxPeople)
		if err != nil {
			return err
		}
		if trust.People, err = bundle.ReadPeople(string(text)); err != nil {
			return err
		}
	}
	for _, name := range c.Handover {
		text, err := readInput(name, maxCheckpoint)
		if err != nil {
			return err
		}
		trust.Handovers = append(trust.Handovers, text)
	}
	known, err := released()
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return fault.Wrap(fault.NotFound, errors.Unwrap(err), "cannot read "+path)
	}
	if !info.IsDir() {
		result, err := bundle.VerifyFile(path, known, trust)
		if err != nil {
			return err
		}
		return a.print(result, result.Print)
	}
	w, err := workspace.OpenUnchecked(a.ctx, path, a.options())
	if err != nil {
		return err
	}
	defer w.Close()
	report, err := w.Verify(a.ctx, known, trust)
	if err != nil {
		return err
	}
	return a.print(report, func(out io.Writer) {
		report.Print(out)
		for _, line := range report.NotEvidence {
			fmt.Fprint(out, wrap("not evidence: ", line))
		}
	})
}
