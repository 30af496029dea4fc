package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/workspace"
)

type importCmd struct {
	Files   []string `arg:"" name:"file" help:"CSV or JSON files, plain or gzip."`
	Map     string   `help:"The mapping from rows to records." required:"" placeholder:"MAP.yaml"`
	DryRun  bool     `help:"Report what would happen and write nothing to the workspace."`
	Strict  bool     `help:"Write nothing when a row is rejected, and exit with 1."`
	Rejects string   `help:"Where rejected rows go, one JSON line each; beside the database otherwise." placeholder:"FILE"`
	As      string   `help:"Who imports." placeholder:"PERSON"`
}

// Run imports the files.
func (c *importCmd) Run(a *app) error {
	text, err := os.ReadFile(c.Map)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot read the mapping")
	}
	mapping, err := intake.ParseMapping(c.Map, text)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		rejects := &lazyFile{path: c.rejectsPath(w, mapping.Source)}
		if err := rejects.clear(); err != nil {
			return err
		}
		defer rejects.Close()
		report, err := intake.Import(a.ctx, w.DB, actor.Key, mapping, c.Files, intake.Options{
			Received: w.Today(), DryRun: c.DryRun, Strict: c.Strict, Rejects: rejects, Progress: a.count("rows"),
		})
		if err != nil {
			return err
		}
		if rejects.err != nil {
			return rejects.err
		}
		return a.print(report, func(out io.Writer) { printImport(out, report, rejects.path) })
	})
}

func printImport(out io.Writer, r *intake.Report, rejects string) {
	dry := ""
	if r.DryRun {
		dry = " (dry run: nothing was written)"
	}
	fmt.Fprintf(out, "rows       %d%s\n", r.Rows, dry)
	for _, o := range []struct {
		name string
		n    int
	}{{"created", r.Created}, {"revised", r.Revised}, {"same", r.Same}, {"ambiguous", r.Ambiguous}, {"rejected", r.Rejected}} {
		fmt.Fprintf(out, "%-10s %d\n", o.name, o.n)
	}
	kinds := make([]string, 0, len(r.Records))
	for k := range r.Records {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		fmt.Fprintf(out, "  %-12s %d created, %d revised\n", k, r.Records[k].Created, r.Records[k].Revised)
	}
	if r.Spine != nil && r.Spine.Accounts > 0 {
		rows, money := r.Spine.UnmappedShare()
		fmt.Fprintf(out, "billed and mapped to no customer or product: %d of %d rows (%s), %s of the money\n",
			r.Spine.Unmapped, r.Spine.Accounts, percent(rows), percent(money))
	}
	for _, l := range r.Lookups {
		fmt.Fprintf(out, "lookup %s: %d values are not listed\n", l.Lookup, l.Count)
	}
	if r.Conflict > 0 {
		fmt.Fprintf(out, "%d statements about shared records were not taken over\n", r.Conflict)
	}
	if r.Rejected > 0 && rejects != "" {
		fmt.Fprintf(out, "rejected rows with their reasons: %s\n", rejects)
	}
	if r.Ambiguous > 0 {
		fmt.Fprintln(out, "ambiguous rows wait for a person to say whom they mean")
	}
}

// percent writes hundredths of a per cent.
func percent(n int64) string { return fmt.Sprintf("%d.%02d %%", n/100, n%100) }

// rejectsPath gives where rejected rows go: what the flag says, nowhere in a dry
// run, or a file beside the database that is named after the source and the files
// read, so that one import's rejects never replace another's.
func (c *importCmd) rejectsPath(w *workspace.Workspace, source string) string {
	if c.Rejects != "" || c.DryRun {
		return c.Rejects
	}
	sum := sha256.New()
	for _, f := range c.Files {
		if abs, err := filepath.Abs(f); err == nil {
			f = abs
		}
		fmt.Fprintln(sum, f)
	}
	return filepath.Join(w.Dir, fmt.Sprintf("rejects-%s-%x.jsonl", source, sum.Sum(nil)[:4]))
}

// lazyFile is made when the first byte is written, so that an import without
// rejects leaves no file.
type lazyFile struct {
	path string
	file *os.File
	err  error
}

// Write implements io.Writer.
func (l *lazyFile) Write(p []byte) (int, error) {
	if l.path == "" {
		return len(p), nil
	}
	if l.file == nil {
		if l.file, l.err = os.Create(l.path); l.err != nil {
			l.err = fault.Wrap(fault.Failed, l.err, "cannot write the rejects file")
			return 0, l.err
		}
	}
	return l.file.Write(p)
}

// clear removes what an earlier import of the same files left.
func (l *lazyFile) clear() error {
	if l.path == "" {
		return nil
	}
	if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Failed, err, "cannot write the rejects file")
	}
	return nil
}

// Close implements io.Closer.
func (l *lazyFile) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
