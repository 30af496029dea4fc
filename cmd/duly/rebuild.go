package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/annual"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/report"
	"duly/internal/runs"
	"duly/internal/store"
)

// rebuilt is what building given reports again came to.
type rebuilt struct {
	Same    []string `json:"same"`            // files that came out the same, to the last byte
	Strange []string `json:"strange"`         // files beside them that no report has
	Wrong   []string `json:"wrong,omitempty"` // files that did not, and where

	// Recounted is what of a report was counted again where the log shows nothing sealed.
	Recounted *report.Recounted `json:"recounted,omitempty"`
}

// print says it for people.
func (r *rebuilt) print(out io.Writer) {
	for _, name := range r.Same {
		fmt.Fprintf(out, "rebuilt: %s is what the log gives, to the last byte\n", name)
	}
	if c := r.Recounted; c != nil {
		fmt.Fprintf(out, "recounted: %d parts of report.json follow from what stands in clear, %d rows are what their entries say,\n", len(c.Parts), c.Rows)
		fmt.Fprintf(out, "           and %d values not shown have the digests of their entries; report.html, if it is there, says the same\n", c.Withheld)
		for _, line := range c.Open {
			fmt.Fprint(out, wrap("not recounted: ", line))
		}
	}
	if len(r.Strange) > 0 {
		why := ": the log gives no such file"
		if r.Recounted != nil {
			why = ": for these the bundle does not show enough"
		}
		fmt.Fprint(out, wrap("not compared: ", strings.Join(r.Strange, ", ")+why))
	}
}

// err is the fault of what did not come out the same; nil when all did.
func (r *rebuilt) err() error {
	if len(r.Wrong) == 0 {
		return nil
	}
	return fault.Newf(fault.Broken, "the report is not the one that the log gives: %s", strings.Join(r.Wrong, "; ")).
		WithFix("a report that another release wrote, or from before something was erased, can differ too: ask how it was made")
}

// given is what a report says of itself in JSON.
type given struct {
	Log      report.Log     `json:"log"`
	Audience []ledger.Class `json:"audience"`
	From     string         `json:"from"` // of a year
	Terms    struct {
		Entry int64 `json:"entry"`
	} `json:"terms"` // of an assessment
}

// maxReport bounds a file of a report that is read.
const maxReport = 1 << 30

// rebuilder builds the reports of a directory again, from a log that was verified.
type rebuilder struct {
	*app
	q     store.Queryer
	keys  []string // of the log, the newest first
	clear bool     // nothing sealed is known
	dir   string
	known bundle.Schemas
	trust bundle.Trust
	out   rebuilt
}

// rebuild builds again whichever reports stand in a directory, each for the audience and at
// the checkpoint that it names, and compares them.
//
// Errors: Invalid when there is none; Broken when a report names a checkpoint that is not
// one of this log. What differs is no error here: see [rebuilt.err].
func (b *rebuilder) rebuild() (*rebuilt, error) {
	b.out = rebuilt{Same: []string{}, Strange: []string{}}
	dir := b.dir
	files, err := filesIn(dir)
	if err != nil {
		return nil, err
	}
	has := func(name string) bool { return slices.Contains(files, name) }
	built := map[string][]byte{}
	site := has("annual.json") && !b.clear
	if site {
		err = b.year(built)
	} else {
		if has("report.json") {
			err = b.report(built, has("report.html"))
		}
		if err == nil && has("assessment.json") {
			err = b.assessment(built)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(built) == 0 && b.out.Recounted == nil {
		return nil, fault.Newf(fault.Invalid, "%s has no report.json, assessment.json or annual.json", dir).
			WithFix("name the directory that `duly report` or `duly annual` wrote; the JSON says for whom a report was made")
	}
	return &b.out, b.compare(files, built, site)
}

// filesIn lists the files of a directory and the directories in it, by their paths with
// slashes.
func filesIn(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		err = fault.Wrap(fault.NotFound, errors.Unwrap(err), "cannot read "+dir)
	}
	return names, err
}

// compare holds the files to what the log gives. A site is whole; of a report one form may
// be there alone.
func (b *rebuilder) compare(files []string, built map[string][]byte, site bool) error {
	for name := range built {
		if site && !slices.Contains(files, name) {
			b.out.Wrong = append(b.out.Wrong, name+" is missing")
		}
	}
	for _, name := range files {
		want, ours := built[name]
		if !ours && b.out.Recounted != nil && strings.HasPrefix(name, "report.") {
			continue
		}
		if !ours {
			b.out.Strange = append(b.out.Strange, name)
			continue
		}
		text, err := readInput(filepath.Join(b.dir, filepath.FromSlash(name)), maxReport)
		if err != nil {
			return err
		}
		if where := report.Differs(text, want); where != "" {
			b.out.Wrong = append(b.out.Wrong, name+": "+where)
		} else {
			b.out.Same = append(b.out.Same, name)
		}
	}
	slices.Sort(b.out.Wrong)
	return nil
}

// read reads what a report says of itself, and opens the checkpoint that it names.
func (b *rebuilder) read(name string) (g given, signed []byte, point ledger.Checkpoint, err error) {
	text, err := readInput(filepath.Join(b.dir, name), maxReport)
	if err != nil {
		return g, nil, point, err
	}
	if json.Unmarshal(text, &g) != nil || g.Log.Checkpoint == "" {
		return g, nil, point, fault.New(fault.Broken, "this is not a report that names its checkpoint", "").At(name, 0, "log")
	}
	signed = []byte(g.Log.Checkpoint)
	var s ledger.Signed
	for _, key := range b.keys {
		if s, err = ledger.OpenSigned(signed, key, b.trust.Witnesses); err == nil {
			break
		}
	}
	if err != nil {
		return g, nil, point, fault.Wrap(fault.Broken, err, "the checkpoint that the report names does not hold").At(name, 0, "log.checkpoint")
	}
	head, err := store.Head(b.ctx, b.q)
	if err == nil && s.Size > head.Size {
		err = fault.Newf(fault.NotFound, "the report is of %d entries, here are only %d", s.Size, head.Size).WithFix("ask for a bundle of the report's checkpoint or a later one")
	}
	return g, signed, s.Checkpoint, err
}

// keep writes a file of a report into memory.
func keep(built map[string][]byte, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	err := write(&b)
	built[name] = b.Bytes()
	return err
}

func (b *rebuilder) report(built map[string][]byte, page bool) error {
	g, signed, point, err := b.read("report.json")
	if err != nil {
		return err
	}
	if b.clear {
		return b.recount(signed, point, page)
	}
	r, err := report.Build(b.ctx, b.q, point, signed, g.Audience)
	if err == nil {
		err = keep(built, "report.json", func(out io.Writer) error { return report.JSON(r, out) })
	}
	if err == nil {
		err = keep(built, "report.html", func(out io.Writer) error { return report.HTML(r, out) })
	}
	return err
}

// recount holds a report that shows nothing sealed to what stands in clear.
func (b *rebuilder) recount(signed []byte, point ledger.Checkpoint, page bool) error {
	text, err := readInput(filepath.Join(b.dir, "report.json"), maxReport)
	if err != nil {
		return err
	}
	var html []byte
	if page {
		if html, err = readInput(filepath.Join(b.dir, "report.html"), maxReport); err != nil {
			return err
		}
	}
	read, err := report.ReadClear(b.ctx, b.q, point, signed, b.known)
	if err != nil {
		return err
	}
	r, err := read.Recount(text, html)
	if err == nil {
		b.out.Recounted, b.out.Wrong = r, append(b.out.Wrong, r.Wrong...)
	}
	return err
}

func (b *rebuilder) assessment(built map[string][]byte) error {
	g, signed, point, err := b.read("assessment.json")
	if err != nil {
		return err
	}
	terms, err := store.GetBySeq(b.ctx, b.q, engagement.Engagements, g.Terms.Entry)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "the terms that the report names are not in the log").At("assessment.json", 0, "terms.entry")
	}
	if b.clear && len(g.Audience) > 0 {
		return fault.Newf(fault.Invalid, "the report shows %v, and the bundle withholds it", g.Audience).WithFix("bring a bundle that discloses all")
	}
	r, err := report.BuildAssessed(b.ctx, b.q, point, signed, g.Audience, b.known, terms.ID)
	if err == nil {
		err = keep(built, "assessment.json", func(out io.Writer) error { return report.AssessedJSON(r, out) })
	}
	if err == nil {
		err = keep(built, "assessment.html", func(out io.Writer) error { return report.AssessedHTML(r, out) })
	}
	return err
}

// year builds the site of a year again.
func (b *rebuilder) year(built map[string][]byte) error {
	g, signed, point, err := b.read("annual.json")
	if err != nil {
		return err
	}
	if len(g.From) < 4 {
		return fault.New(fault.Broken, "this is no site of a year", "").At("annual.json", 0, "from")
	}
	packs, err := b.published()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "duly-rebuild-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot build the site again")
	}
	defer os.RemoveAll(tmp)
	site := filepath.Join(tmp, "site")
	if _, err := writeYear(b.app, b.keys[0], b.q, signed, point, b.known, packs, g.From[:4], site); err != nil {
		return err
	}
	names, err := filesIn(site)
	for _, name := range names {
		if built[name], err = os.ReadFile(filepath.Join(site, filepath.FromSlash(name))); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot build the site again")
		}
	}
	return err
}

// published finds the packs of conditions that a site shows, by their hashes: among those
// that ship, or in the log.
func (b *rebuilder) published() (list []*pack.Pack, err error) {
	text, err := readInput(filepath.Join(b.dir, "conditions.json"), maxReport)
	if err != nil {
		return nil, err
	}
	var shown report.Published
	if json.Unmarshal(text, &shown) != nil {
		return nil, fault.New(fault.Broken, "the site's conditions cannot be read", "").At("conditions.json", 0, "")
	}
	shipped, err := conditionPacks(nil)
	if err != nil {
		return nil, err
	}
	for _, p := range shown.Packs {
		if i := slices.IndexFunc(shipped, func(s *pack.Pack) bool { return s.Hash == p.SHA256 }); i >= 0 {
			list = append(list, shipped[i])
			continue
		}
		text, err := runs.Bytes(b.ctx, b.q, p.SHA256)
		if err != nil {
			return nil, fault.Newf(fault.NotFound, "the site shows the pack of conditions %s %s, which is neither in the log nor in this release", p.ID, p.Version).
				WithFix("use the release of duly that made the site")
		}
		recorded, err := pack.Parse(p.ID, text)
		if err != nil {
			return nil, err
		}
		list = append(list, recorded)
	}
	return list, nil
}

// writeYear writes the site of a year at a checkpoint.
func writeYear(a *app, key string, q store.Queryer, signed []byte, point ledger.Checkpoint, known bundle.Schemas, packs []*pack.Pack, year, dir string) (*annual.Annual, error) {
	public, err := report.Build(a.ctx, q, point, signed, nil)
	if err != nil {
		return nil, err
	}
	site, err := annual.Build(a.ctx, q, public, packs, year)
	if err != nil {
		return nil, err
	}
	return site, annual.Write(site, func(entry int64, field string) (*bundle.Proof, error) {
		return report.Disclose(a.ctx, q, signed, key, known, entry, field)
	}, dir)
}
