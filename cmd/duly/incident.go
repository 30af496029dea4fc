package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/workspace"
)

type incidentCmd struct {
	Report incidentReportCmd `cmd:"" help:"Report a grave event in which the product had a part."`
	Step   incidentStepCmd   `cmd:"" help:"Take a step: confirm, contain, notify, remedy, learn, close, or unfounded."`
	List   incidentListCmd   `cmd:"" help:"List incidents and the steps that are missing."`
}

type incidentReportCmd struct {
	Subject  string `arg:"" help:"The deployment, the account or the customer."`
	Severity int64  `help:"1 to 5." required:""`
	Text     string `help:"What happened, without names of people." required:"" placeholder:"TEXT"`
	As       string `help:"Who writes it down." required:"" placeholder:"PERSON"`
}

// Run records the incident.
func (c *incidentReportCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		ref, err := transparency.Report(a.ctx, w.DB, act.Default, by, transparency.Incident{Reported: w.Today(), Severity: c.Severity, Subject: id, What: c.Text})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "incident %s, entry %d\n", ref.ID, ref.Seq) })
	})
}

type incidentStepCmd struct {
	Incident string `arg:"" help:"The incident."`
	Step     string `arg:"" help:"confirm, contain, notify, remedy, learn, close or unfounded."`
	Text     string `help:"What was done." required:"" placeholder:"TEXT"`
	As       string `help:"Who did it." required:"" placeholder:"PERSON"`
}

// Run records the step.
func (c *incidentStepCmd) Run(a *app) error {
	return a.disclosing(c.As, func(w *workspace.Workspace, by act.Actor) error {
		ref, err := transparency.Advance(a.ctx, w.DB, act.Default, by, c.Incident, transparency.Step(c.Step), c.Text, w.Today())
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s: incident %s, entry %d\n", c.Step, ref.ID, ref.Seq) })
	})
}

type incidentListCmd struct{}

// incidentRow is one incident of a list.
type incidentRow struct {
	ID       string                 `json:"id"`
	Incident *transparency.Incident `json:"incident"`
}

// Run lists the incidents.
func (c *incidentListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := store.Select(a.ctx, w.DB, transparency.Incidents, "")
	if err != nil {
		return err
	}
	rows := make([]incidentRow, len(list))
	for i, r := range list {
		rows[i] = incidentRow{r.ID, r.Record}
	}
	return a.print(rows, func(out io.Writer) {
		if len(rows) == 0 {
			fmt.Fprintln(out, "no incident is recorded")
		}
		for _, r := range rows {
			in := r.Incident
			fmt.Fprintf(out, "%s %s, severity %d, reported %s: %s\n", r.ID, in.State, in.Severity, in.Reported, in.What)
			for _, s := range in.Steps {
				fmt.Fprintln(out, "  "+s)
			}
		}
	})
}
