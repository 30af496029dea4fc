package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/annual"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"
)

// figure prints how a figure of a report was made, and the entries behind it.
func (c *traceCmd) figure(a *app) error {
	return a.read(c.As, false, func(_ *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		d, err := c.derive(a, q, signed, point)
		if err != nil {
			return err
		}
		return a.print(d, func(out io.Writer) {
			fmt.Fprintf(out, "%s, at the checkpoint of %d entries\n", d.Figure, point.Size)
			fmt.Fprint(out, wrap("  ", d.Made.How))
			if d.Made.Counts {
				fmt.Fprintf(out, "  the figure is the number of these entries: %d\n", len(d.Entries))
			} else {
				fmt.Fprintf(out, "  it rests on these entries: %d\n", len(d.Entries))
			}
			for _, e := range d.Entries {
				fmt.Fprintf(out, "%8d  %s  %s %s, revision %d\n", e.Entry, e.Day, e.Kind, e.ID, e.Rev)
			}
		})
	})
}

func (c *traceCmd) derive(a *app, q store.Queryer, signed []byte, point ledger.Checkpoint) (*report.Derived, error) {
	if name, of := strings.CutPrefix(c.Figure, "annual."); of {
		year, rest, _ := strings.Cut(name, ".")
		id, value, _ := strings.Cut(rest, ".")
		return annual.Trace(a.ctx, q, point.Size, year, id, value)
	}
	name, of := strings.CutPrefix(c.Figure, "assessment.")
	if !of {
		return report.Derive(a.ctx, q, point.Size, strings.TrimPrefix(c.Figure, "report."))
	}
	known, err := released()
	if err != nil {
		return nil, err
	}
	id, err := engagement.Find(a.ctx, q, c.Engagement)
	if err != nil {
		return nil, err
	}
	r, err := report.BuildAssessed(a.ctx, q, point, signed, nil, known, id)
	if err != nil {
		return nil, err
	}
	made := report.Nearest(r.Made, name)
	if made == nil {
		return nil, fault.Newf(fault.NotFound, "the assessment has no figure %q", name).WithFix("the figures are those under \"made\" in assessment.json")
	}
	d := &report.Derived{Figure: c.Figure, Made: made}
	d.Entries, err = report.Entries(a.ctx, q, made.Entries)
	return d, err
}
