package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/store"
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
	found, err := w.Verify(a.ctx, known, trust)
	if err != nil {
		return err
	}
	if c.Explain {
		found.Explain()
	}
	return a.print(found, func(out io.Writer) {
		found.Print(out)
		for _, line := range found.NotEvidence {
			fmt.Fprint(out, wrap("not evidence: ", line))
		}
	})
}

// rebuild verifies, and builds the given reports again from what was verified: of a bundle
// from a copy, which is removed afterwards. Of a bundle that withholds anything they are
// recounted, as far as that goes.
func (c *verifyCmd) rebuild(a *app, path string, isDir bool, known bundle.Schemas, trust bundle.Trust) error {
	b := &rebuilder{app: a, dir: c.Report, known: known, trust: trust}
	var checked *bundle.Result
	var again *rebuilt
	var err error
	switch {
	case isDir:
		checked, again, err = c.ofWorkspace(a, b, path)
	default:
		checked, again, err = c.ofBundle(a, b, path)
	}
	if err != nil {
		return err
	}
	if c.Explain {
		checked.Explain()
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

// ofWorkspace verifies a workspace and builds reports again from it.
func (c *verifyCmd) ofWorkspace(a *app, b *rebuilder, path string) (*bundle.Result, *rebuilt, error) {
	w, err := workspace.Open(a.ctx, path, a.options())
	if err != nil {
		return nil, nil, err
	}
	defer w.Close()
	found, err := w.Verify(a.ctx, b.known, b.trust)
	if err != nil {
		return nil, nil, err
	}
	var again *rebuilt
	err = w.DB.Snapshot(a.ctx, func(q store.Queryer) error {
		b.q, b.keys = q, w.Keys()
		again, err = b.rebuild()
		return err
	})
	return &found.Result, again, err
}

// ofBundle verifies a bundle and builds reports again from what it shows.
func (c *verifyCmd) ofBundle(a *app, b *rebuilder, path string) (checked *bundle.Result, again *rebuilt, err error) {
	checked, err = workspace.Read(a.ctx, path, b.known, kinds(), b.trust, a.options(), func(q store.Queryer, m bundle.Manifest) error {
		b.q, b.keys, b.clear = q, []string{m.Key}, m.Withholds()
		again, err = b.rebuild()
		return err
	})
	return checked, again, err
}
