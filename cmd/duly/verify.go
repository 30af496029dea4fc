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
	Path       string   `arg:"" optional:"" help:"A workspace, a bundle or a disclosure; the workspace of --workspace otherwise."`
	Key        string   `help:"The log's verifier key, as you got it from outside." placeholder:"VKEY"`
	Checkpoint string   `help:"A signed checkpoint that you kept, or got from elsewhere." type:"path" placeholder:"FILE"`
	People     string   `help:"Keys of people who sign, as you got them from the people: one SHA-256 a line." type:"path" placeholder:"FILE"`
	Witness    []string `help:"The verifier key of an outsider who cosigns checkpoints. Say it once for each." sep:"none" placeholder:"VKEY"`
	Assessor   string   `help:"The verifier key of the assessor, who cosigns too." placeholder:"VKEY"`
	Policy     string   `help:"Which witnesses must have cosigned: a file of log, witness, group and quorum lines (C2SP tlog-policy)." type:"path" placeholder:"FILE"`
	Handover   []string `help:"A file that leads from your key to the next, after a rotation. Say it once for each, in their order." sep:"none" type:"path" placeholder:"FILE"`
	Explain    bool     `help:"Say of each check what it proves, and what it cannot."`
}

// maxSource bounds each file that a verifier brings, in bytes.
const maxSource = 16 << 20

// Run checks what the path names.
func (c *verifyCmd) Run(a *app) error {
	path := c.Path
	if path == "" {
		path = a.cli.Workspace
	}
	trust, err := bundle.Sources{
		Key: c.Key, Checkpoint: c.Checkpoint, People: c.People, Policy: c.Policy, Assessor: c.Assessor, Witnesses: c.Witness, Handovers: c.Handover,
	}.Trust(func(path string) ([]byte, error) { return readInput(path, maxSource) })
	if err != nil {
		return err
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
		if c.Explain {
			result.Explain()
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
	if c.Explain {
		report.Explain()
	}
	return a.print(report, func(out io.Writer) {
		report.Print(out)
		for _, line := range report.NotEvidence {
			fmt.Fprint(out, wrap("not evidence: ", line))
		}
	})
}
