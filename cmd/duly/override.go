package main

import (
	"fmt"
	"io"

	"duly/internal/decision"
)

type overrideCmd struct {
	Propose overrideProposeCmd `cmd:"" default:"withargs" help:"Let run more than the rating, the panel or an expert does: with a second person, a reason and an end."`
	List    overrideListCmd    `cmd:"" help:"List every override that was ever decided."`
}

type overrideProposeCmd struct {
	ID  string       `arg:"" help:"The deployment, or an account that has no more than one."`
	Act decision.Act `arg:"" help:"approve or approve_with_conditions."`
	terms
}

// Run drafts the override with the first signature.
func (c *overrideProposeCmd) Run(a *app) error { return c.decide(a, c.ID, c.Act, true) }

type overrideListCmd struct{}

type overrideRow struct {
	Subject    string   `json:"subject"`
	Act        string   `json:"act"`
	Outcome    string   `json:"outcome"` // what the rating called for
	HardStops  []string `json:"hard_stops"`
	From       string   `json:"effective_day"`
	Expires    string   `json:"expires_day"`
	Objections int64    `json:"objections"`
	Signed     int64    `json:"signatures"`
	Reason     string   `json:"reason"`
	Entry      int64    `json:"entry"`
}

// Run lists the overrides.
func (c *overrideListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := decision.Overrides(a.ctx, w.DB)
	if err != nil {
		return err
	}
	rows := []overrideRow{}
	for _, d := range list {
		x := d.Record
		rows = append(rows, overrideRow{x.Subject, x.Act, x.Outcome, x.HardStops, x.From, x.Expires, x.Objections, x.Signatures, x.Reason, d.Seq})
	}
	return a.print(rows, func(out io.Writer) {
		fmt.Fprintf(out, "%d overrides\n", len(rows))
		for _, r := range rows {
			fmt.Fprintf(out, "  %s for %s where the rating calls for %s, from %s until %s, entry %d\n", r.Act, r.Subject, r.Outcome, r.From, r.Expires, r.Entry)
			fmt.Fprint(out, wrap("    ", r.Reason))
		}
	})
}
