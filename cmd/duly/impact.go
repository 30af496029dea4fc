package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type impactCmd struct {
	Add    impactAddCmd    `cmd:"" help:"Record harm to people and the company's part in it. The assessor signs."`
	Drop   impactDropCmd   `cmd:"" help:"Withdraw an impact that the assessor no longer holds; it stays in the log."`
	List   impactListCmd   `cmd:"" help:"List impacts, with what each asks of the company."`
	Rights impactRightsCmd `cmd:"" help:"List the rights that impacts are on."`
}

type impactAddCmd struct {
	engaged
	Subject         string   `arg:"" help:"The deployment, or an account that has no more than one."`
	Revises         string   `help:"The impact that this says anew." placeholder:"ID"`
	Actual          bool     `help:"It happened; without this it may."`
	Right           string   `help:"The right; see impact rights." required:""`
	Group           []string `help:"Those affected, for example children, journalists, migrants, general_public." placeholder:"GROUP"`
	Scale           int64    `help:"How grave it is, 1 to 5."`
	Scope           int64    `help:"How many people it reaches, 1 to 5."`
	Irremediability int64    `help:"How hard it is to undo, 1 to 5."`
	Involvement     string   `help:"cause, contribute, linked or none." required:"" enum:"cause,contribute,linked,none"`
	Leverage        string   `help:"have, can_increase or none; left out where it is not known." enum:"have,can_increase,none," default:""`
	Crucial         *bool    `help:"Whether the relationship is crucial to the company; left out where it is not known." negatable:""`
	KnownFrom       []string `help:"What shows the use: telemetry, audit, attestation, complaint, consultation, incident, media, or stated." placeholder:"SOURCE"`
	Stated          string   `help:"The use that the customer states." placeholder:"TEXT"`
	Observed        string   `help:"The use that was seen." placeholder:"TEXT"`
	Text            string   `help:"The reasons for the involvement." required:"" placeholder:"TEXT"`
	Plan            string   `help:"How it is put right; needed where the company causes it or contributes to it." placeholder:"TEXT"`
	PlanDue         string   `help:"By when." placeholder:"YYYY-MM-DD"`
	Evidence        []int64  `help:"An entry that shows it, by its number." placeholder:"ENTRY"`
}

// Run records the impact.
func (c *impactAddCmd) Run(a *app) error {
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		of, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		i, ref, err := assurance.Hold(a.ctx, w.DB, act.Default, assurance.Harm{Hand: h, Engagement: id, Impact: assurance.Impact{
			Actual: c.Actual, Right: c.Right, Groups: c.Group, Scale: c.Scale, Scope: c.Scope, Irremediable: c.Irremediability, Involvement: c.Involvement,
			Leverage: c.Leverage, Crucial: c.Crucial, PlanDue: c.PlanDue, Bases: c.KnownFrom, Subject: of, Stated: c.Stated, Observed: c.Observed, Reasons: c.Text,
			Plan: c.Plan,
		}, Evidence: c.Evidence}, c.Revises)
		if err != nil {
			return err
		}
		return a.print(impactRowOf(ref, i), func(out io.Writer) {
			fmt.Fprintf(out, "impact %s on %s, signed in entry %d\n", ref.ID, c.Right, ref.Seq)
			fmt.Fprintf(out, "asks of the company: %s; remedy: %s; the relationship: %s\n", either(i.Actions), strings.ReplaceAll(i.Remedy, "_", " "), either(i.Relationships))
		})
	})
}

// either writes what is possible as people read it.
func either(list []string) string { return strings.ReplaceAll(strings.Join(list, " or "), "_", " ") }

type impactDropCmd struct {
	engaged
	ID   string `arg:"" help:"The impact."`
	Text string `help:"Why." required:"" placeholder:"TEXT"`
}

// Run withdraws the impact.
func (c *impactDropCmd) Run(a *app) error {
	return c.sign(a, "impact withdrawn", func(w *workspace.Workspace, h voice.Hand, id string) (store.Ref, error) {
		return assurance.Drop(a.ctx, w.DB, act.Default, h, id, c.ID, c.Text)
	})
}

type impactListCmd struct {
	Engagement string `help:"The engagement; the only one otherwise." placeholder:"ID"`
}

type impactRow struct {
	entered
	State         string   `json:"state"`
	Actual        bool     `json:"actual"`
	Right         string   `json:"right"`
	Groups        []string `json:"groups"`
	Involvement   string   `json:"involvement"`
	Actions       []string `json:"actions"`
	Remedy        string   `json:"remedy"`
	Relationships []string `json:"relationship"`
	PlanDue       string   `json:"plan_due"`
	Stated        string   `json:"stated_use"`
	Observed      string   `json:"actual_use"`
}

func impactRowOf(ref store.Ref, i *assurance.Impact) impactRow {
	return impactRow{entered{ref.ID, ref.Seq}, i.State, i.Actual, i.Right, i.Groups, i.Involvement, i.Actions, i.Remedy, i.Relationships, i.PlanDue, i.Stated, i.Observed}
}

// Run lists the impacts.
func (c *impactListCmd) Run(a *app) error {
	rows := []impactRow{}
	err := a.look(c.Engagement, func(q store.Queryer, id string) error {
		list, err := assurance.ImpactsOf(a.ctx, q, id)
		for _, i := range list {
			rows = append(rows, impactRowOf(i.Ref, i.Record))
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			when := "potential"
			if r.Actual {
				when = "actual"
			}
			fmt.Fprintf(out, "%s  %s, %s, %s: %s; %s, entry %d\n", r.ID, r.State, when, r.Right, r.Involvement, either(r.Actions), r.Entry)
			fmt.Fprint(out, wrap("  stated use: ", r.Stated), wrap("  actual use: ", r.Observed))
		}
	})
}

type impactRightsCmd struct{}

// Run lists the rights.
func (c *impactRightsCmd) Run(a *app) error {
	return a.print(assurance.Rights, func(out io.Writer) {
		for _, r := range assurance.Rights {
			fmt.Fprintf(out, "%-20s %s (%s)\n", r.ID, r.Title, r.Articles)
		}
	})
}
