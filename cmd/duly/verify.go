package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/workspace"
)

type verifyCmd struct {
	Path string `arg:"" optional:"" help:"A workspace, a bundle or a disclosure; the workspace of --workspace otherwise."`
	trustFlags
	Explain bool   `help:"Say of each check what it proves, and what it cannot."`
	Report  string `help:"Build the reports of this directory again, and compare them byte for byte." type:"path" placeholder:"DIR"`
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
	if c.Report != "" {
		return c.rebuild(a, path, info.IsDir(), known, trust)
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

// rebuild verifies, and builds the given reports again from what was verified: of a bundle
// from a copy, which is removed afterwards.
func (c *verifyCmd) rebuild(a *app, path string, isDir bool, known bundle.Schemas, trust bundle.Trust) error {
	var checked *bundle.Result
	if !isDir {
		tmp, err := os.MkdirTemp("", "duly-verify-")
		if err != nil {
			return fault.Wrap(fault.Failed, err, "cannot make a copy")
		}
		defer os.RemoveAll(tmp)
		opened := filepath.Join(tmp, "copy")
		if checked, err = workspace.CopyBundle(a.ctx, path, opened, known, kinds(), trust, a.options()); err != nil {
			return err
		}
		path = opened
	}
	w, err := workspace.Open(a.ctx, path, a.options())
	if err != nil {
		return err
	}
	defer w.Close()
	if isDir {
		found, err := w.Verify(a.ctx, known, trust)
		if err != nil {
			return err
		}
		checked = &found.Result
	}
	if c.Explain {
		checked.Explain()
	}
	again, err := a.rebuild(w, c.Report, known, trust)
	if err != nil {
		return err
	}
	err = a.print(struct {
		*bundle.Result
		Rebuilt *rebuilt `json:"rebuilt"`
	}{checked, again}, func(out io.Writer) {
		checked.Print(out)
		again.print(out)
	})
	if err == nil {
		err = again.err()
	}
	return err
}
