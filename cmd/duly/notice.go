package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/refusal"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type decideEssentialCmd struct {
	ID     string `arg:"" help:"The deployment, or an account that has no more than one."`
	Is     string `arg:"" help:"yes or no." enum:"yes,no"`
	As     string `help:"Who says so." required:"" placeholder:"PERSON"`
	Reason string `help:"Why." required:"" placeholder:"TEXT"`
}

// Run records it.
func (c *decideEssentialCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.ID)
		if err != nil {
			return err
		}
		ref, err := decision.SetEssential(a.ctx, w.DB, act.Default, h.By, h.Now, id, c.Is == "yes", c.Reason)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "people depend on it: %s\n", c.Is) })
	})
}

type decideExitImpactCmd struct {
	ID         string `arg:"" help:"The deployment, or an account that has no more than one."`
	As         string `help:"Who writes it down." required:"" placeholder:"PERSON"`
	Loss       string `help:"Who loses what." required:"" placeholder:"TEXT"`
	Data       string `help:"What is left behind, and what becomes of it." required:"" placeholder:"TEXT"`
	Successor  string `help:"Who takes over, and that one's record." required:"" placeholder:"TEXT"`
	Continuity string `help:"How what people depend on goes on." required:"" placeholder:"TEXT"`
}

// Run records the exit impact.
func (c *decideExitImpactCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.ID)
		if err != nil {
			return err
		}
		ref, err := decision.WeighExit(a.ctx, w.DB, act.Default, h.By, h.Now, decision.ExitImpact{
			Subject: id, Loss: c.Loss, Data: c.Data, Successor: c.Successor, Continuity: c.Continuity,
		})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "written down in entry %d\n", ref.Seq) })
	})
}

type decideTellCmd struct {
	ID       string `arg:"" help:"The deployment, or an account that has no more than one."`
	As       string `help:"Who tells." required:"" placeholder:"PERSON"`
	Reasons  string `help:"The reasons, as the customer is told them." placeholder:"TEXT"`
	Withheld string `help:"The law that forbids to tell." placeholder:"LAW"`
}

// Run records the notice.
func (c *decideTellCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.ID)
		if err != nil {
			return err
		}
		n, ref, err := decision.Tell(a.ctx, w.DB, act.Default, h.By, h.Now, id, c.Reasons, c.Withheld)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			if n.RespondBy == "" {
				fmt.Fprintln(out, "not told: a law forbids it, and that shows")
				return
			}
			fmt.Fprintf(out, "told on %s; the customer may respond until %s\n", n.Sent, n.RespondBy)
		})
	})
}

type decideReceiveCmd struct {
	ID   string `arg:"" help:"The deployment, or an account that has no more than one."`
	Sort string `arg:"" help:"view, correction or appeal."`
	As   string `help:"Who receives it." required:"" placeholder:"PERSON"`
	Text string `help:"What the customer says." required:"" placeholder:"TEXT"`
}

// Run records the response.
func (c *decideReceiveCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.ID)
		if err != nil {
			return err
		}
		r, ref, err := decision.Receive(a.ctx, w.DB, act.Default, h.By, h.Now, id, c.Sort, c.Text)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "received: %s %s, to be answered by %s\n", c.Sort, ref.ID, r.Due)
			if c.Sort == "correction" {
				fmt.Fprintln(out, "it opens a new review: nothing is let run on the old rating until it is answered")
			}
		})
	})
}

type decideAnswerCmd struct {
	ID     string `arg:"" help:"What the customer answered, as it was printed."`
	State  string `arg:"" help:"upheld, partly or rejected."`
	As     string `help:"Who answers." required:"" placeholder:"PERSON"`
	Answer string `help:"What the customer is answered." required:"" placeholder:"TEXT"`
}

// Run records the answer.
func (c *decideAnswerCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		r, ref, err := decision.Respond(a.ctx, w.DB, act.Default, h.By, h.Now, c.ID, c.State, c.Answer)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s %s on %s\n", r.Sort, r.State, r.Answered) })
	})
}

type decideClocksCmd struct{}

type clockRow struct {
	ID      string `json:"id"`
	What    string `json:"what"`
	Subject string `json:"subject"`
	Due     string `json:"due"`
	Late    bool   `json:"late"`
}

// Run lists what is due.
func (c *decideClocksCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := decision.Clocks(a.ctx, w.DB, w.Today())
	if err != nil {
		return err
	}
	rows := []clockRow{}
	for _, k := range list {
		rows = append(rows, clockRow(k))
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			late := ""
			if r.Late {
				late = ", late"
			}
			fmt.Fprintf(out, "%s  %-10s for %s, due by %s%s\n", r.ID, r.What, r.Subject, r.Due, late)
		}
	})
}

type refusalRow struct {
	Rule  string `json:"rule"`
	Act   string `json:"act"`
	Count int    `json:"count"`
}

// refusals counts the logged refusals by rule and act, the most frequent first.
func refusals(a *app, w *workspace.Workspace) ([]refusalRow, error) {
	list, err := store.Select(a.ctx, w.DB, refusal.Refusals, "")
	if err != nil {
		return nil, err
	}
	counts := map[refusalRow]int{}
	for _, r := range list {
		counts[refusalRow{Rule: r.Record.Rule, Act: r.Record.Act}]++
	}
	rows := []refusalRow{}
	for r, n := range counts {
		r.Count = n
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b refusalRow) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Act, b.Act))
	})
	return rows, nil
}
