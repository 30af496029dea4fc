package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"duly/internal/annual"
	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"

	"github.com/rogpeppe/go-internal/testscript"
)

// copies protects an outsider who reads a copy: it exports a workspace with all disclosed,
// opens a copy of the bundle elsewhere and fails unless both verify to the same result and
// give every report that can be asked for to the same bytes: the company's and each
// assessment for all 32 audiences, and the site of each year. It gives the number of
// reports compared.
func copies(ctx context.Context, dir, place string) (compared int, err error) {
	known, err := released()
	if err != nil {
		return 0, err
	}
	w, err := workspace.Open(ctx, dir, options())
	if err != nil {
		return 0, err
	}
	defer w.Close()
	signed, _, err := w.Checkpoint()
	if err != nil {
		return 0, err
	}
	path, opened := filepath.Join(place, "all.duly"), filepath.Join(place, "opened")
	if _, err := report.Export(ctx, w.DB, report.Order{Checkpoint: signed, Key: w.Config.Key, Classes: ledger.Classes, Schemas: known, Unredacted: true}, path); err != nil {
		return 0, err
	}
	trust := bundle.Trust{Key: w.Config.Key}
	if _, err := workspace.CopyBundle(ctx, path, opened, known, kinds(), trust, options()); err != nil {
		return 0, err
	}
	c, err := workspace.Open(ctx, opened, options())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	// The copy has one checkpoint, so what is said of the past is compared without them.
	first, err := w.Verify(ctx, known, trust)
	if err != nil {
		return 0, err
	}
	second, err := c.Verify(ctx, known, trust)
	if err != nil {
		return 0, err
	}
	if !reflect.DeepEqual(first.Counts, second.Counts) || first.Root != second.Root {
		return 0, fault.Newf(fault.Broken, "the copy verifies to %+v, the log to %+v", second.Result, first.Result)
	}
	want, err := everyReport(ctx, w, known)
	if err != nil {
		return 0, err
	}
	got, err := everyReport(ctx, c, known)
	if err != nil {
		return 0, err
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			return 0, fault.Newf(fault.Broken, "%s of the copy is not the workspace's", name)
		}
	}
	if len(got) != len(want) {
		return 0, fault.Newf(fault.Broken, "%d reports became %d", len(want), len(got))
	}
	return len(got), recounts(ctx, w, place, known, want)
}

// inClear exports a bundle that shows nothing sealed and reads what stands in clear in it.
func inClear(ctx context.Context, w *workspace.Workspace, place string, known bundle.Schemas, fn func(q store.Queryer, read *report.Clear, signed []byte, point ledger.Checkpoint) error) error {
	signed, point, err := w.Checkpoint()
	if err != nil {
		return err
	}
	path := filepath.Join(place, "none.duly")
	if _, err := report.Export(ctx, w.DB, report.Order{Checkpoint: signed, Key: w.Config.Key, Schemas: known}, path); err != nil {
		return err
	}
	_, err = workspace.Read(ctx, path, known, kinds(), bundle.Trust{Key: w.Config.Key}, options(), func(q store.Queryer, _ bundle.Manifest) error {
		read, err := report.ReadClear(ctx, q, point, signed, known)
		if err != nil {
			return err
		}
		return fn(q, read, signed, point)
	})
	return err
}

// recounts holds the reports for nobody in particular to a bundle that shows nothing
// sealed: the company's is recounted, each assessment comes out whole.
func recounts(ctx context.Context, w *workspace.Workspace, place string, known bundle.Schemas, want map[string][]byte) error {
	return inClear(ctx, w, place, known, func(q store.Queryer, read *report.Clear, signed []byte, point ledger.Checkpoint) error {
		r, err := read.Recount(want["report.json 0"], want["report.html 0"])
		if err != nil {
			return err
		}
		if len(r.Wrong) > 0 {
			return fault.Newf(fault.Broken, "an honest report is recounted as wrong: %v", r.Wrong)
		}
		for name, text := range want {
			id, is := strings.CutPrefix(name, "assessment.json 0")
			if !is {
				continue
			}
			a, err := report.BuildAssessed(ctx, q, point, signed, nil, known, id)
			if err != nil {
				return err
			}
			var out bytes.Buffer
			if err := report.AssessedJSON(a, &out); err != nil {
				return err
			}
			if where := report.Differs(text, out.Bytes()); where != "" {
				return fault.Newf(fault.Broken, "an assessment, from what stands in clear: %s", where)
			}
		}
		return nil
	})
}

// everyReport builds all reports of a workspace, by name.
func everyReport(ctx context.Context, w *workspace.Workspace, known bundle.Schemas) (map[string][]byte, error) {
	out := map[string][]byte{}
	keep := func(name string, write func(io.Writer) error) error {
		var b bytes.Buffer
		err := write(&b)
		out[name] = b.Bytes()
		return err
	}
	signed, point, err := w.Checkpoint()
	if err != nil {
		return nil, err
	}
	engagements, err := store.Select(ctx, w.DB, engagement.Engagements, "")
	if err != nil {
		return nil, err
	}
	for mask := range 1 << len(ledger.Classes) {
		var classes []ledger.Class
		for i, c := range ledger.Classes {
			if mask&(1<<i) != 0 {
				classes = append(classes, c)
			}
		}
		r, err := report.Build(ctx, w.DB, point, signed, classes)
		if err != nil {
			return nil, err
		}
		name := strconv.Itoa(mask)
		if err := keep("report.json "+name, func(o io.Writer) error { return report.JSON(r, o) }); err != nil {
			return nil, err
		}
		if err := keep("report.html "+name, func(o io.Writer) error { return report.HTML(r, o) }); err != nil {
			return nil, err
		}
		for _, e := range engagements {
			a, err := report.BuildAssessed(ctx, w.DB, point, signed, classes, known, e.ID)
			if fault.CodeOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			if err := keep("assessment.json "+name+e.ID, func(o io.Writer) error { return report.AssessedJSON(a, o) }); err != nil {
				return nil, err
			}
			if err := keep("assessment.html "+name+e.ID, func(o io.Writer) error { return report.AssessedHTML(a, o) }); err != nil {
				return nil, err
			}
		}
	}
	return out, everyYear(ctx, w, known, signed, point, out)
}

// everyYear adds the files of the sites of all years of the log.
func everyYear(ctx context.Context, w *workspace.Workspace, known bundle.Schemas, signed []byte, point ledger.Checkpoint, out map[string][]byte) error {
	public, err := report.Build(ctx, w.DB, point, signed, nil)
	if err != nil {
		return err
	}
	packs, err := conditionPacks(nil)
	if err != nil {
		return err
	}
	first, _ := strconv.Atoi(public.Log.First[:4])
	last, _ := strconv.Atoi(public.Day[:4])
	for y := first; y <= last; y++ {
		year, err := annual.Build(ctx, w.DB, public, packs, strconv.Itoa(y))
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "duly-year-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		disclose := func(entry int64, field string) (*bundle.Proof, error) {
			return report.Disclose(ctx, w.DB, signed, w.Config.Key, known, entry, field)
		}
		if err := annual.Write(year, disclose, filepath.Join(dir, "site")); err != nil {
			return err
		}
		err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			out[strconv.Itoa(y)+" "+strings.TrimPrefix(path, dir)], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// opens N opens a copy of the workspace of $DULY_WORKSPACE and fails unless it gives the
// same N reports or more, to the last byte.
func opens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: opens N")
	}
	least, err := strconv.Atoi(args[0])
	ts.Check(err)
	place, err := os.MkdirTemp("", "duly-opens-")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(place) })
	compared, err := copies(context.Background(), ts.MkAbs(ts.Getenv("DULY_WORKSPACE")), place)
	ts.Check(err)
	if compared < least {
		ts.Fatalf("only %d reports were compared", compared)
	}
}

// same ARG... fails unless a command does in the copy what it does in the workspace:
// the same status and the same output.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: same ARG...")
	}
	run := func(workspace string) string {
		err := ts.Exec("duly", append([]string{"--workspace", workspace}, args...)...)
		return fmt.Sprintf("%v\n%s%s", err, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	want := run(ts.Getenv("DULY_WORKSPACE"))
	if got := run("copy"); got != want {
		ts.Fatalf("%s in the copy:\n%s\nin the workspace:\n%s", args, got, want)
	}
	if !strings.HasPrefix(want, "<nil>") {
		ts.Fatalf("the command fails in both: %s", want)
	}
}
