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
	Path string `arg:"" optional:"" help:"A workspace, a bundle or a disclosure; the workspace of --workspace otherwise."`
	trustFlags
	Explain bool `help:"Say of each check what it proves, and what it cannot."`
}

// maxSource bounds each file that a verifier brings, in bytes.
const maxSource = 16 << 20

// Run checks what the path names.
func (c *verifyCmd) Run(a *app) error {
	path := c.Path
	if path == "" {
		path = a.cli.Workspace
	}
	trust, err := c.trust()
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
