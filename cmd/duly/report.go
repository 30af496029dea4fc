package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/casework"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"
)

type reportCmd struct {
	Out      string   `help:"The directory for report.html and report.json." default:"report" placeholder:"DIR"`
	Disclose []string `help:"A class that the reader may see: customer, trade_secret, security, personal, legal; or all, or none." default:"all" placeholder:"CLASS"`
	PDF      bool     `help:"Print the page as PDF too, with a Chromium of this machine."`
	As       string   `help:"Who makes the report." placeholder:"PERSON"`

	publishing

	Engagement string `help:"Write the report of an independent assessment instead, as assessment.html and assessment.json: its record id or title." placeholder:"ID"`
}

// Run writes the report of the last checkpoint. Twice from the same checkpoint
// gives the same bytes.
func (c *reportCmd) Run(a *app) error {
	classes, err := parseClasses(c.Disclose)
	if err != nil {
		return err
	}
	if c.Refresh {
		return c.complete(a, c.As, c.Out)
	}
	if c.PDF && chromium() == "" {
		return errNoChromium("the page")
	}
	what, id, size := assurance.OfReport, "", int64(0)
	err = a.read(c.As, slices.Contains(classes, ledger.TradeSecret), func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) (err error) {
		if size = point.Size; c.Engagement != "" {
			what = assurance.OfAssessment
			id, err = c.assessed(a, q, signed, point, classes)
			return err
		}
		r, err := report.Build(a.ctx, q, point, signed, classes)
		if err != nil {
			return err
		}
		return c.write(a, "report", point, func(out io.Writer) error { return report.JSON(r, out) }, func(out io.Writer) error { return report.HTML(r, out) })
	})
	if err == nil && c.PDF {
		page := filepath.Join(c.Out, report.ReleaseFiles[what][1])
		err = printPDF(a.ctx, page, strings.TrimSuffix(page, ".html")+".pdf")
	}
	if err != nil {
		return err
	}
	return c.public(a, c.As, c.Out, what, id, size, classes)
}

// assessed writes the report of an independent assessment, and gives the engagement's id.
func (c *reportCmd) assessed(a *app, q store.Queryer, signed []byte, point ledger.Checkpoint, classes []ledger.Class) (string, error) {
	known, err := released()
	if err != nil {
		return "", err
	}
	id, err := engagement.Find(a.ctx, q, c.Engagement)
	if err != nil {
		return "", err
	}
	r, err := report.BuildAssessed(a.ctx, q, point, signed, classes, known, id)
	if err != nil {
		return "", err
	}
	return id, c.write(a, "assessment", point, func(out io.Writer) error { return report.AssessedJSON(r, out) }, func(out io.Writer) error { return report.AssessedHTML(r, out) })
}

// write writes a report in both forms, and its JSON to standard output when that is asked
// for.
func (c *reportCmd) write(a *app, name string, point ledger.Checkpoint, asJSON, asHTML func(io.Writer) error) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	page := filepath.Join(c.Out, name+".html")
	if err := writeWhole(filepath.Join(c.Out, name+".json"), asJSON); err != nil {
		return err
	}
	if err := writeWhole(page, asHTML); err != nil {
		return err
	}
	switch {
	case a.cli.JSON && c.Publish: // the publication is what is told
		return nil
	case a.cli.JSON:
		return asJSON(a.stdout)
	}
	fmt.Fprintf(a.stdout, "%s of %d entries: %s and %s.json beside it\n", name, point.Size, page, name)
	return nil
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
