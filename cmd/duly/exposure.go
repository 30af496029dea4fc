package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/workspace"
)

type exposureCmd struct {
	List  exposureListCmd  `cmd:"" help:"List the areas whose people several deployments cover, the gravest first."`
	Close exposureCloseCmd `cmd:"" help:"Say what came of the review of an area."`
}

type exposureListCmd struct {
	All bool `help:"Also those that are closed or ended."`
}

type exposureRow struct {
	ID           string        `json:"id"`
	State        string        `json:"state"`
	Area         string        `json:"area"`
	Worst        string        `json:"worst"`
	Unrated      int64         `json:"unrated"`
	Capabilities []string      `json:"capabilities"`
	Covering     []coveringRow `json:"covering"`
	Closed       string        `json:"closed,omitempty"`
}

type coveringRow struct {
	Subject    string `json:"subject"`
	EndUser    string `json:"end_user"` // name; "not known" where it is not registered
	Capability string `json:"capability"`
	Worst      string `json:"worst"` // residual band, or UNRATED
}

// Run lists the exposures.
func (c *exposureListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	rows, err := c.rows(a, w)
	if err != nil {
		return err
	}
	return a.print(rows, func(out io.Writer) {
		if len(rows) == 0 {
			a.progress("no area waits for a review; `duly assess` looks for them")
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %-6s  %s: %d deployments, worst %s\n", r.ID, r.State, r.Area, len(r.Covering), r.Worst)
			for _, one := range r.Covering {
				fmt.Fprintf(out, "    %-8s  %s, %s\n", one.Worst, one.EndUser, strings.ReplaceAll(one.Capability, "_", " "))
			}
			if r.Closed != "" {
				fmt.Fprint(out, wrap("    ", "closed: "+r.Closed))
			}
		}
	})
}

func (c *exposureListCmd) rows(a *app, w *workspace.Workspace) ([]exposureRow, error) {
	list, err := store.Select(a.ctx, w.DB, assessment.Exposures, "")
	if err != nil {
		return nil, err
	}
	portfolio, err := triage.ReadPortfolio(a.ctx, w.DB, w.Today())
	if err != nil {
		return nil, err
	}
	rated, err := assessment.Current(a.ctx, w.DB)
	if err != nil {
		return nil, err
	}
	covers := map[string]triage.Cover{}
	for _, e := range portfolio.Exposures().Shared {
		for _, one := range e.Covering {
			covers[one.Subject] = one
		}
	}
	rows := []exposureRow{}
	for _, e := range list {
		if !c.All && e.Record.State != assessment.ExposureOpen {
			continue
		}
		row := exposureRow{e.ID, e.Record.State, e.Record.Area, e.Record.Worst, e.Record.Unrated, e.Record.Can, nil, e.Record.Closed}
		for _, subject := range e.Record.Covering {
			one := coveringRow{subject, "not known", cmp.Or(covers[subject].Capability, "unknown"), "UNRATED"}
			if user := portfolio.Customers[covers[subject].EndUser]; user != nil {
				one.EndUser = user.Record.Name
			}
			if r := rated[subject]; r != nil {
				one.Worst = r.Record.Worst
			}
			row.Covering = append(row.Covering, one)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b exposureRow) int {
		return cmp.Or(cmp.Compare(assessment.Rank(b.Worst), assessment.Rank(a.Worst)), cmp.Compare(len(b.Covering), len(a.Covering)), strings.Compare(a.Area, b.Area))
	})
	return rows, nil
}

type exposureCloseCmd struct {
	ID     string `arg:"" name:"id" help:"The exposure."`
	As     string `help:"Who reviewed it." required:"" placeholder:"PERSON"`
	Reason string `help:"What was looked at, and what follows." required:"" placeholder:"TEXT"`
}

// Run closes the review.
func (c *exposureCloseCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Decide)
		if err != nil {
			return err
		}
		if err := assessment.CloseExposure(a.ctx, w.DB, c.ID, c.Reason, actor.Key, w.Today()); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.ID, "state": assessment.ExposureClosed}, func(out io.Writer) {
			fmt.Fprintln(out, "closed; it opens again when what covers the area changes")
		})
	})
}

// printExposures tells after assessing where deployments add up.
func printExposures(out io.Writer, s *assessment.ExposureSummary) {
	if s.Areas > 0 {
		fmt.Fprintf(out, "areas whose people several deployments cover: %d, of which %d wait for a review (%d new); see `duly exposure list`\n", s.Areas, s.Open, s.New)
	}
	if s.Unplaced > 0 {
		fmt.Fprintf(out, "deployments of which the area is not known: %d; they may add up with others unseen\n", s.Unplaced)
	}
}
