package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/register"
	"duly/internal/workspace"
)

type decideCmd struct {
	ID     string       `arg:"" help:"The deployment by record id, or an account that has no more than one, by account number or record id."`
	Act    decision.Act `arg:"" help:"approve, approve_with_conditions, escalate, decline or suspend."`
	As     string       `help:"Who decides, and signs." required:"" placeholder:"PERSON"`
	Reason string       `help:"Why." required:"" placeholder:"TEXT"`
}

type decideResult struct {
	Subject   string `json:"subject"`
	Act       string `json:"act"`
	Tier      string `json:"tier"`
	ReviewDay string `json:"review_day"`
	Entry     int64  `json:"entry"`
	SignedBy  string `json:"signed_by"`
}

// Run records the decision, signed with the person's own key.
func (c *decideCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Decide)
		if err != nil {
			return err
		}
		key, err := w.Key(actor)
		if err != nil {
			return err
		}
		found, err := register.Find(a.ctx, w.DB, c.ID)
		if err != nil {
			return err
		}
		d, ref, err := decision.Decide(a.ctx, w.DB, act.Default, decision.Request{
			Subject: found.ID, Act: c.Act, Reason: c.Reason, By: actor, Key: key, Now: w.Now(),
		})
		if err != nil {
			return err
		}
		return a.print(decideResult{d.Subject, d.Act, d.Tier, d.ReviewDay, ref.Seq, actor.Key}, func(out io.Writer) {
			fmt.Fprintf(out, "decided: %s for %s, tier %s, review by %s; signed by %s in entry %d\n", d.Act, d.Subject, d.Tier, d.ReviewDay, c.As, ref.Seq)
			fmt.Fprintln(out, "a decision stops nothing by itself: that it is enforced is confirmed apart")
		})
	})
}
