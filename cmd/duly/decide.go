package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/workspace"
)

type hitCmd struct {
	List  hitListCmd  `cmd:"" help:"List hits."`
	Close hitCloseCmd `cmd:"" help:"Decide on a watchlist hit."`
}

type hitListCmd struct {
	All bool `help:"Also those that are closed."`
}

type hitRow struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Customer string `json:"customer"`
	Name     string `json:"name"`
	Matched  string `json:"matched"`
	List     string `json:"list"`
	Entry    string `json:"entry"`
	Score    int64  `json:"score"` // thousandths
	Reasons  string `json:"reasons"`
}

// Run lists hits, the highest score first.
func (c *hitListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	where := "r.state = 'open'"
	if c.All {
		where = ""
	}
	hits, err := store.Select(a.ctx, w.DB, screening.Hits, where)
	if err != nil {
		return err
	}
	subjects, err := screening.Subjects(a.ctx, w.DB)
	if err != nil {
		return err
	}
	named := map[string]string{}
	for i := range subjects {
		named[subjects[i].ID] = subjects[i].Name
	}
	rows := []hitRow{}
	for _, h := range hits {
		r := h.Record
		rows = append(rows, hitRow{h.ID, r.State, r.Subject, cmp.Or(named[r.Subject], "(no longer active)"), r.Matched, r.List, r.Entry, r.Score, r.Reasons})
	}
	slices.SortStableFunc(rows, func(a, b hitRow) int { return int(b.Score - a.Score) })
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %-9s %.3f  %s ~ %s (%s, %s)\n    %s\n", r.ID, r.State, float64(r.Score)/1000, r.Name, r.Matched, r.List, r.Entry, r.Reasons)
		}
	})
}

type hitCloseCmd struct {
	Hit     string `arg:"" help:"The hit."`
	As      string `help:"Who closes it." required:"" placeholder:"PERSON"`
	Reason  string `help:"Why." required:"" placeholder:"TEXT"`
	Confirm bool   `help:"The customer is the listed one; without it, the hit is dismissed."`
}

// Run closes the hit.
func (c *hitCloseCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.CloseHit)
		if err != nil {
			return err
		}
		if err := screening.Close(a.ctx, w.DB, actor.Key, c.Hit, c.Confirm, c.Reason); err != nil {
			return err
		}
		state := "dismissed"
		if c.Confirm {
			state = "confirmed"
		}
		return a.print(map[string]string{"hit": c.Hit, "state": state}, func(out io.Writer) {
			fmt.Fprintf(out, "hit %s is %s\n", c.Hit, state)
		})
	})
}

type decideCmd struct {
	ID     string       `arg:"" help:"The deployment or account, by id or by account number."`
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
