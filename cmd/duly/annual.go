package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"duly/internal/annual"
	"duly/internal/assurance"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

type annualCmd struct {
	Year       string   `arg:"" help:"The year."`
	Out        string   `help:"The directory of the site; it must be new or empty." required:"" placeholder:"DIR"`
	Conditions []string `help:"Packs of conditions that the company publishes; all that ship otherwise." placeholder:"PACK" sep:"none"`
	PDF        bool     `help:"Print the year as annual.pdf too, with a Chromium of this machine."`
	As         string   `help:"Who publishes." placeholder:"PERSON"`

	publishing
}

// Run writes the site of the last checkpoint.
func (c *annualCmd) Run(a *app) error {
	if c.Refresh {
		return c.complete(a, c.As, c.Out)
	}
	known, err := released()
	if err != nil {
		return err
	}
	packs, err := conditionPacks(c.Conditions)
	if err != nil {
		return err
	}
	if c.PDF && chromium() == "" {
		return errNoChromium("index.html")
	}
	var year *annual.Annual
	err = a.read(c.As, false, func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		year, err = writeYear(a, w.Config.Key, q, signed, point, known, packs, c.Year, c.Out)
		return err
	})
	if err != nil {
		return err
	}
	if c.PDF {
		if err := printPDF(a.ctx, filepath.Join(c.Out, "index.html"), filepath.Join(c.Out, "annual.pdf")); err != nil {
			return err
		}
	}
	if c.Publish {
		return c.public(a, c.As, c.Out, assurance.OfYear, "", year.Report.Log.Size, nil)
	}
	return a.print(map[string]any{"out": c.Out, "listed": len(year.Register.Lines), "unlisted": year.Register.Unlisted}, func(out io.Writer) {
		fmt.Fprintf(out, "wrote %s: %d deployments listed, %d at public bodies are not; begin with index.html\n", c.Out, len(year.Register.Lines), year.Register.Unlisted)
	})
}

// errNoChromium is that nothing here can print a page.
func errNoChromium(page string) error {
	return fault.New(fault.Invalid, "there is no Chromium on this machine to print with", "install chromium, or leave --pdf out and print "+page+" from a browser")
}

// chromium finds a Chromium of this machine; "" when there is none.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// printTime bounds how long a browser may take to print one page.
const printTime = 2 * time.Minute

// printPDF prints a page. The page loads nothing, so the browser needs no network.
func printPDF(ctx context.Context, page, pdf string) error {
	page, err := filepath.Abs(page)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot print the page")
	}
	profile, err := os.MkdirTemp("", "duly-print-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot print the page")
	}
	defer os.RemoveAll(profile)
	ctx, stop := context.WithTimeout(ctx, printTime)
	defer stop()
	args := []string{"--headless", "--disable-gpu", "--no-pdf-header-footer", "--user-data-dir=" + profile, "--print-to-pdf=" + pdf}
	if os.Geteuid() == 0 { // its sandbox refuses to start as root
		args = append(args, "--no-sandbox")
	}
	out, err := exec.CommandContext(ctx, chromium(), append(args, "file://"+filepath.ToSlash(page))...).CombinedOutput()
	if info, statErr := os.Stat(pdf); err != nil || statErr != nil || info.Size() == 0 {
		return fault.Newf(fault.Failed, "the browser did not print the page: %.300s", strconv.Quote(string(out))).WithFix("leave --pdf out and print index.html from a browser")
	}
	return nil
}
