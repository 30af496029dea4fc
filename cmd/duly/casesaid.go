package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/refusal"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/workspace"
)

type caseAnswerCmd struct {
	ID          string `arg:"" help:"What was raised, by the id that was given then."`
	Disposition string `arg:"" help:"adopted, adapted or rejected."`
	Did         string `help:"What was done." placeholder:"TEXT"`
	WhyNot      string `help:"Why something was not." placeholder:"TEXT"`
	As          string `help:"Who answers." required:"" placeholder:"PERSON"`
}

// Run keeps the answer for whoever asks by the id.
func (c *caseAnswerCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		worker, err := a.worker(w, c.As)
		if err != nil {
			return err
		}
		if err := worker.Tell(a.ctx, w.DB, c.ID, c.Disposition, c.Did, c.WhyNot); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.ID, "disposition": c.Disposition}, func(out io.Writer) {
			fmt.Fprintln(out, "answered; `duly case heard` tells it to whoever knows the id")
		})
	})
}

type caseHeardCmd struct {
	ID string `arg:"" help:"The id that was given when it was raised."`
}

// heard is what somebody who raised something is told: nothing of anybody else, and
// nothing of a case.
type heard struct {
	Day         string `json:"day"`
	Said        string `json:"you_said"`
	Disposition string `json:"disposition"` // "" while nobody has answered
	Told        string `json:"answered_on"`
	Did         string `json:"we_did"`
	WhyNot      string `json:"why_not"`
}

// Run tells what became of it.
func (c *caseHeardCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	s, err := store.Get(a.ctx, w.DB, casework.Signals, c.ID)
	if err != nil {
		return err
	}
	h := heard{s.Record.Day, s.Record.Text, s.Record.Disposition, s.Record.Told, s.Record.Did, s.Record.WhyNot}
	return a.print(h, func(out io.Writer) {
		fmt.Fprint(out, wrap("you said: ", h.Said))
		if h.Disposition == "" {
			fmt.Fprintf(out, "raised on %s; nobody has answered yet\n", h.Day)
			return
		}
		fmt.Fprintf(out, "%s on %s\n", h.Disposition, h.Told)
		if h.Did != "" {
			fmt.Fprint(out, wrap("we did: ", h.Did))
		}
		if h.WhyNot != "" {
			fmt.Fprint(out, wrap("why not: ", h.WhyNot))
		}
	})
}

type caseContactCmd struct {
	About string `arg:"" help:"The case, or a deployment, account, customer or product, or an account's number."`
	From  string `help:"Who sells and spoke." required:"" placeholder:"PERSON"`
	To    string `help:"Who was spoken to; whoever notes it otherwise." placeholder:"PERSON"`
	Text  string `help:"What was said." required:"" placeholder:"TEXT"`
	As    string `help:"Who notes it: one of the two." required:"" placeholder:"PERSON"`
}

// Run notes the contact.
func (c *caseContactCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		if c.To == "" {
			c.To = c.As
		}
		var who [3]act.Actor
		for i, name := range []string{c.From, c.To, c.As} {
			var err error
			if who[i], err = w.Actor(a.ctx, name); err != nil {
				return err
			}
		}
		about := c.About
		if _, err := store.Get(a.ctx, w.DB, casework.Reviews, about); fault.CodeOf(err) == fault.NotFound {
			if about, err = subject(a, w.DB, c.About); err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		var ref store.Ref
		err := refusal.Watch(a.ctx, w.DB, refusal.Attempt{Act: "contact", Subject: about, By: who[2], Now: a.now()}, func() (err error) {
			ref, err = casework.Contacted(a.ctx, w.DB, about, who[0], who[1], who[2], c.Text, w.Today())
			return err
		})
		if err != nil {
			return err
		}
		return a.print(map[string]any{"id": ref.ID, "entry": ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "noted in entry %d\n", ref.Seq) })
	})
}

// showMoney shows what the customer of a closed case pays, and notes that it did.
func (c *caseShowCmd) showMoney(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		worker, err := a.worker(w, c.As)
		if err != nil {
			return err
		}
		covers, err := worker.See(a.ctx, w.DB, c.ID)
		if err != nil {
			return err
		}
		accounts, seen := []string{}, map[string]bool{}
		for _, unit := range covers {
			account := unit
			if d, err := store.Get(a.ctx, w.DB, register.Deployments, unit); err == nil {
				account = d.Record.Account
			} else if fault.CodeOf(err) != fault.NotFound {
				return err
			}
			if !seen[account] {
				seen[account] = true
				accounts = append(accounts, account)
			}
		}
		bills := []register.Bill{}
		for _, account := range accounts {
			list, err := register.Bills(a.ctx, w.DB, account)
			if err != nil {
				return err
			}
			bills = append(bills, list...)
		}
		return a.print(bills, func(out io.Writer) {
			for _, b := range bills {
				if b.Cents == nil {
					fmt.Fprintf(out, "%s: nobody says how much\n", b.Of)
					continue
				}
				fmt.Fprintf(out, "%s: %d.%02d %s\n", b.Of, *b.Cents/100, max(*b.Cents, -*b.Cents)%100, b.Currency)
			}
			fmt.Fprintln(out, "that it was shown stands in the case")
		})
	})
}
