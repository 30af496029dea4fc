package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"
)

// publishing are the flags by which a report is made public.
type publishing struct {
	Publish bool   `help:"Enter in the log that exactly these bytes are published, signed, and write beside them what an outsider checks them with."`
	Key     string `help:"The file of the key of who publishes, which need not be in the workspace; an assessor's, for an assessment. Otherwise who is named signs." placeholder:"FILE"`
	Refresh bool   `help:"Write bundle, checkpoint and cosignatures of a published directory again, as they are now. The report stays."`

	Recipients string   `help:"Write a further bundle to this file, for the recipients that the terms name. It must not lie where the public reads." type:"path" placeholder:"BUNDLE"`
	Show       []string `help:"A class that recipients may see." placeholder:"CLASS"`
}

type publishedResult struct {
	Entry   int64          `json:"entry"`
	Day     string         `json:"day"`
	Bundle  report.Summary `json:"bundle"`
	Further string         `json:"recipients,omitempty"`
}

// public says of a written report what it is, and enters and completes it.
func (c *publishing) public(a *app, as, dir, what, engagement string, size int64, classes []ledger.Class) error {
	if within(dir, c.Recipients) {
		return fault.Newf(fault.Invalid, "%s would lie in the directory that is published, and shows what the public may not see", c.Recipients).
			WithFix("write it somewhere else")
	}
	if c.Publish {
		err := a.write(func(w *workspace.Workspace) error { return c.enter(a, w, as, dir, what, engagement, size, classes) })
		if err != nil {
			return err
		}
	}
	if c.Publish || c.Refresh {
		return c.complete(a, as, dir)
	}
	return nil
}

// within says whether a file lies in a directory; none does with the name "".
func within(dir, file string) bool {
	if file == "" {
		return false
	}
	from, err := filepath.Abs(dir)
	to, err2 := filepath.Abs(file)
	rest, err3 := filepath.Rel(from, to)
	return errors.Join(err, err2, err3) == nil && filepath.IsLocal(rest)
}

// enter writes the publication into the log.
func (c *publishing) enter(a *app, w *workspace.Workspace, as, dir, what, engagement string, size int64, classes []ledger.Class) error {
	h, err := a.outside(w, as, c.Key)
	if err != nil {
		return err
	}
	x := assurance.Publishing{Hand: h, What: what, Engagement: engagement, Size: size, Classes: classes}
	for i, sum := range []*string{&x.JSON, &x.HTML} {
		data, err := os.ReadFile(filepath.Join(dir, report.ReleaseFiles[what][i]))
		if err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the report again")
		}
		hash := sha256.Sum256(data)
		*sum = hex.EncodeToString(hash[:])
	}
	_, err = assurance.Publish(a.ctx, w.DB, act.Default, x)
	return err
}

// complete writes what an outsider checks the report with.
func (c *publishing) complete(a *app, as, dir string) error {
	classes, err := parseClasses(c.Show)
	if err != nil {
		return err
	}
	known, err := released()
	if err != nil {
		return err
	}
	money := c.Recipients != "" && slices.Contains(classes, ledger.TradeSecret)
	return a.read(as, money, func(w *workspace.Workspace, q store.Queryer, signed []byte, _ ledger.Checkpoint) error {
		r, err := report.FindRelease(a.ctx, q, dir)
		if err != nil {
			return err
		}
		r.Order = report.Order{Checkpoint: signed, Key: w.Config.Key, Schemas: known}
		if r.Witnesses, err = w.Witnesses(); err != nil {
			return err
		}
		s, err := r.Write(a.ctx, q, dir)
		if err != nil {
			return err
		}
		done := publishedResult{Entry: r.Published.Seq, Day: r.Published.Record.Day, Bundle: s, Further: c.Recipients}
		if c.Recipients != "" {
			o := r.Order
			o.Classes = classes
			if _, err := report.Export(a.ctx, q, o, c.Recipients); err != nil {
				return err
			}
		}
		return a.print(done, func(out io.Writer) {
			fmt.Fprintf(out, "published in entry %d on %s; %s holds what an outsider needs, begin with README.txt\n", done.Entry, done.Day, dir)
			if c.Recipients != "" {
				fmt.Fprintf(out, "%s is for the recipients: it shows %s, and is not for the public\n", c.Recipients, strings.Join(c.Show, ", "))
			}
		})
	})
}
