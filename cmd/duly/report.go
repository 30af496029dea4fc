package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"
)

type reportCmd struct {
	Out      string   `help:"The directory for report.html and report.json." default:"report" placeholder:"DIR"`
	Disclose []string `help:"A class that the reader may see: customer, trade_secret, security, personal, legal; or all, or none." default:"all" placeholder:"CLASS"`
	As       string   `help:"Who makes the report." placeholder:"PERSON"`
}

// Run writes the report of the last checkpoint. Twice from the same checkpoint
// gives the same bytes.
func (c *reportCmd) Run(a *app) error {
	classes, err := parseClasses(c.Disclose)
	if err != nil {
		return err
	}
	return a.read(c.As, slices.Contains(classes, ledger.TradeSecret), func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		r, err := report.Build(a.ctx, q, point, signed, classes)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot make the directory")
		}
		files := map[string]func(*report.Report, io.Writer) error{"report.json": report.JSON, "report.html": report.HTML}
		for _, name := range []string{"report.json", "report.html"} {
			if err := writeWhole(filepath.Join(c.Out, name), func(out io.Writer) error { return files[name](r, out) }); err != nil {
				return err
			}
		}
		if a.cli.JSON {
			return report.JSON(r, a.stdout)
		}
		fmt.Fprintf(a.stdout, "report of %d entries: %s and report.json beside it\n", point.Size, filepath.Join(c.Out, "report.html"))
		return nil
	})
}

type discloseCmd struct {
	Entry int64  `arg:"" help:"The entry's position in the log."`
	Field string `arg:"" help:"The sealed field."`
	As    string `help:"Who discloses." placeholder:"PERSON"`
}

// Run prints a disclosure: a file that anybody can check against a checkpoint.
func (c *discloseCmd) Run(a *app) error {
	known, err := released()
	if err != nil {
		return err
	}
	secret := false
	for _, s := range known {
		secret = secret || slices.ContainsFunc(s.Sealed, func(f ledger.Field) bool { return f.Name == c.Field && f.Class == ledger.TradeSecret })
	}
	return a.read(c.As, secret, func(w *workspace.Workspace, q store.Queryer, signed []byte, _ ledger.Checkpoint) error {
		proof, err := report.Disclose(a.ctx, q, signed, w.Config.Key, known, c.Entry, c.Field)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(proof.Encode())
		return err
	})
}

// read opens the workspace for a pure read of the last checkpoint, for a person
// who may publish, and who may see money if that is in what is read.
func (a *app) read(as string, money bool, fn func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	actor, err := a.may(w, as, act.Publish)
	if err == nil && money {
		err = casework.MaySeeMoney(a.ctx, w.DB, act.Default, actor)
	}
	if err != nil {
		return err
	}
	signed, point, err := w.Checkpoint()
	if err != nil {
		return err
	}
	return w.DB.Snapshot(a.ctx, func(q store.Queryer) error { return fn(w, q, signed, point) })
}

// parseClasses reads the classes of an audience, in the order of ledger.Classes.
func parseClasses(names []string) ([]ledger.Class, error) {
	var out []ledger.Class
	for _, n := range names {
		switch {
		case n == "none" && len(names) == 1:
			return nil, nil
		case n == "all":
			return slices.Clone(ledger.Classes), nil
		case !slices.Contains(ledger.Classes, ledger.Class(n)):
			return nil, fault.Newf(fault.Invalid, "%q is not a class that can be disclosed", n).WithFix(fmt.Sprintf("use some of %v, all, or none", ledger.Classes))
		}
	}
	for _, c := range ledger.Classes {
		if slices.Contains(names, string(c)) {
			out = append(out, c)
		}
	}
	return out, nil
}
