package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/workspace"
)

type sampleCmd struct {
	Draw   sampleDrawCmd   `cmd:"" help:"Draw this quarter's sample of those whom nobody looks at."`
	Record sampleRecordCmd `cmd:"" help:"Say what was found of accounts of the sample."`
	Bound  sampleBoundCmd  `cmd:"" help:"Say how many nobody looked at who should have been looked at, at most."`
}

type sampleDrawCmd struct {
	As string `help:"Who draws it." required:"" placeholder:"PERSON"`
}

// Run draws the sample.
func (c *sampleDrawCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		s, err := casework.Draw(a.ctx, w.DB, act.Default, actor, w.Today())
		if err != nil {
			return err
		}
		return a.print(sampleRow(s), func(out io.Writer) {
			r := s.Record
			fmt.Fprintf(out, "drew %d of %d accounts from %d strata, by the root of the log at entry %d\n", r.Size, r.Population, r.Strata, r.Position)
			for _, account := range r.Accounts {
				fmt.Fprintln(out, account)
			}
		})
	})
}

type sampleResult struct {
	ID       string           `json:"id"`
	Sample   *casework.Sample `json:"sample"`
	Sentence string           `json:"sentence"`
}

func sampleRow(s *store.Revision[casework.Sample]) sampleResult {
	text, err := casework.Describe(s.Record)
	if err != nil {
		text = err.Error()
	}
	return sampleResult{s.ID, s.Record, text}
}

type sampleRecordCmd struct {
	Finding  string   `arg:"" help:"ok, or missed when a person should have looked at them."`
	Accounts []string `arg:"" name:"account" help:"The accounts that were looked at, by account number or record id."`
	As       string   `help:"Who looked." required:"" placeholder:"PERSON"`
}

// Run records the finding.
func (c *sampleRecordCmd) Run(a *app) error {
	if c.Finding != "ok" && c.Finding != "missed" {
		return fault.Newf(fault.Invalid, "%q is not what a sample finds", c.Finding).WithFix("use ok or missed")
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		s, err := newestSample(a, w)
		if err != nil {
			return err
		}
		var found []casework.Judgement
		for _, text := range c.Accounts {
			account, err := register.Find(a.ctx, w.DB, text)
			if err != nil {
				return err
			}
			found = append(found, casework.Judgement{Account: account.ID, Missed: c.Finding == "missed"})
		}
		after, err := casework.Judge(a.ctx, w.DB, act.Default, actor, s.ID, found)
		if err != nil {
			return err
		}
		return a.print(map[string]any{"id": s.ID, "judged": after.Judged, "of": after.Size, "missed": after.Missed}, func(out io.Writer) {
			fmt.Fprintf(out, "judged %d of %d, %d missed\n", after.Judged, after.Size, after.Missed)
		})
	})
}

func newestSample(a *app, w *workspace.Workspace) (*store.Revision[casework.Sample], error) {
	all, err := store.Select(a.ctx, w.DB, casework.Samples, "")
	if err != nil {
		return nil, err
	}
	var newest *store.Revision[casework.Sample]
	for _, s := range all {
		if newest == nil || strings.Compare(s.Record.Quarter, newest.Record.Quarter) > 0 {
			newest = s
		}
	}
	if newest == nil {
		return nil, fault.New(fault.NotFound, "no sample was drawn yet", "draw one with `duly sample draw`")
	}
	return newest, nil
}

type sampleBoundCmd struct{}

// Run says what the newest sample bounds.
func (c *sampleBoundCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	s, err := newestSample(a, w)
	if err != nil {
		return err
	}
	row := sampleRow(s)
	return a.print(row, func(out io.Writer) { fmt.Fprint(out, wrap("", row.Sentence)) })
}
