package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/register"
	"duly/internal/whole"
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
	text, err := readInput(c.Map, intake.MaxMapping)
	if err != nil {
		return err
	}
	mapping, err := intake.ParseMapping(c.Map, text)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err == nil && mapping.StatesFacts() {
			err = act.Default.May(actor, act.SetFact)
		}
		if err != nil {
			return err
		}
		rejects := &rejectsFile{path: c.rejectsPath(w, mapping.Source)}
		if err := rejects.check(append(slices.Clone(c.Files), c.Map)); err != nil {
			return err
		}
		defer rejects.discard()
		report, err := intake.Import(a.ctx, w.DB, actor.Key, mapping, c.Files, intake.Options{
			Received: w.Today(), DryRun: c.DryRun, Strict: c.Strict, Rejects: rejects, Checked: rejects.keep, Progress: a.count("rows"),
		})
		if err != nil && fault.CodeOf(err) != fault.Refused {
			return err
		}
		printed := a.print(report, func(out io.Writer) { printImport(out, report, rejects.path) })
		return cmp.Or(err, printed)
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
		rows, _ := r.Spine.UnmappedShare()
		fmt.Fprintf(out, "billed and mapped to no customer or product: %d of %d rows (%s), %s\n",
			r.Spine.Unmapped, r.Spine.Accounts, percent(rows), unmappedMoney(r.Spine))
		if held := r.Rejected + r.Ambiguous; held > 0 {
			fmt.Fprintf(out, "  of these, %d rejected and %d ambiguous: they make no account yet\n", r.Rejected, r.Ambiguous)
		}
	}
	for _, l := range r.Lookups {
		fmt.Fprintf(out, "lookup %s: %d values are not listed\n", l.Lookup, l.Count)
	}
	if r.Conflict > 0 {
		fmt.Fprintf(out, "%d statements about shared records were not taken over\n", r.Conflict)
	}
	if len(r.Blank) > 0 {
		fmt.Fprintf(out, "columns that no row fills: %s\n", strings.Join(r.Blank, ", "))
	}
	if r.Outdated > 0 {
		fmt.Fprintf(out, "%d of the same rows have newer content already\n", r.Outdated)
	}
	for _, reject := range r.Rejects {
		fmt.Fprintf(out, "rejected: %v\n", reject)
	}
	if n := r.Rejected - len(r.Rejects); n > 0 {
		fmt.Fprintf(out, "rejected: %d more\n", n)
	}
	if r.Rejected > 0 && rejects != "" {
		fmt.Fprintf(out, "rejected rows with their reasons: %s\n", rejects)
	}
	if r.Ambiguous > 0 {
		fmt.Fprintln(out, "ambiguous rows wait for a person to say whom they mean")
	}
}

// unmappedMoney says how much of the money is mapped to nothing, as far as it is known.
func unmappedMoney(s *register.Spine) string {
	_, money := s.UnmappedShare()
	switch {
	case money == nil:
		return "cannot tell of how much money"
	case s.UnmappedBlank > 0:
		return percent(*money) + " of the money that is known"
	}
	return percent(*money) + " of the money"
}

// percent writes hundredths of a per cent.
func percent(n int64) string { return fmt.Sprintf("%d.%02d %%", n/100, n%100) }

// rejectsPath gives where rejected rows go: what the flag says, nowhere in a dry
// run, or a file beside the database that is named after the source and the files
// read as they stand, so that the rejects of one file never replace those of
// another, or of what an export left at the same path yesterday.
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
		if info, err := os.Stat(f); err == nil {
			fmt.Fprintln(sum, info.Size(), info.ModTime().UnixNano())
		}
	}
	return filepath.Join(w.Dir, fmt.Sprintf("rejects-%s-%x.jsonl", source, sum.Sum(nil)[:4]))
}

// rejectsFile takes rejected rows. It replaces what an earlier import left at its
// path only once it is whole, and is not made without a rejected row.
type rejectsFile struct {
	path string // "" drops what is written
	part *whole.File
}

// check refuses a path at which something else than rejected rows would be lost.
func (f *rejectsFile) check(inputs []string) error {
	if f.path == "" {
		return nil
	}
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the rejects file")
	}
	known := info.Mode().IsRegular()
	for _, name := range inputs {
		if input, err := os.Stat(name); err == nil && os.SameFile(info, input) {
			known = false
		}
	}
	if known && info.Size() > 0 {
		known = beginsWith(f.path, `{"file":`)
	}
	if !known {
		return fault.New(fault.Invalid, "rejected rows would replace this file, which holds something else", "name another file with --rejects").At(f.path, 0, "")
	}
	return nil
}

// Write implements io.Writer.
func (f *rejectsFile) Write(p []byte) (n int, err error) {
	if f.path == "" {
		return len(p), nil
	}
	if f.part == nil {
		f.part, err = whole.Begin(filepath.Dir(f.path))
	}
	if err != nil {
		return 0, err
	}
	return f.part.Write(p)
}

// keep puts the rows in their place, or takes away those of an earlier import of
// the same files when there are none.
func (f *rejectsFile) keep() error {
	var err error
	switch {
	case f.path == "":
	case f.part == nil:
		if err = os.Remove(f.path); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	default:
		err = f.part.Put(f.path, 0o600)
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the rejects file")
	}
	return nil
}

// discard removes what was not kept.
func (f *rejectsFile) discard() {
	if f.part != nil {
		f.part.Drop()
	}
}
