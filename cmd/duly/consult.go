package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type consultCmd struct {
	Stakeholder consultStakeholderCmd `cmd:"" help:"Put somebody on the map of those whom a deployment concerns."`
	Plan        consultPlanCmd        `cmd:"" help:"Plan a consultation."`
	Session     consultSessionCmd     `cmd:"" help:"Record a session."`
	Input       consultInputCmd       `cmd:"" help:"Record what somebody said."`
	Answer      consultAnswerCmd      `cmd:"" help:"Say what became of it: you said, we did, why not."`
	Pay         consultPayCmd         `cmd:"" help:"Record compensation, or that it was declined."`
	Show        consultShowCmd        `cmd:"" help:"Show what was said and what became of it."`
}

// consulted runs a service in the name of a person and prints what was entered.
func (a *app) consulted(as, line string, fn func(w *workspace.Workspace, h voice.Hand) (store.Ref, error)) error {
	return a.act(as, func(w *workspace.Workspace, h voice.Hand) error {
		ref, err := fn(w, h)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s %s, entry %d\n", line, ref.ID, ref.Seq) })
	})
}

type consultStakeholderCmd struct {
	Subject   string `arg:"" help:"The deployment, or an account that has no more than one."`
	Group     string `help:"affected, representative, proxy, expert, user or oversight_body." required:""`
	As        string `help:"Who writes it down." required:"" placeholder:"PERSON"`
	Name      string `help:"The name; not with a pseudonym." xor:"who"`
	Pseudonym string `help:"The pseudonym of somebody who takes part without a name." xor:"who"`
	Language  string `help:"The language."`
	Risk      string `help:"The risk of reprisals: none, some, high or unknown." default:"unknown"`
	Contact   bool   `help:"The person agreed to be contacted."`
}

// Run records the stakeholder.
func (c *consultStakeholderCmd) Run(a *app) error {
	return a.consulted(c.As, "stakeholder", func(w *workspace.Workspace, h voice.Hand) (store.Ref, error) {
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return store.Ref{}, err
		}
		return voice.AddStakeholder(a.ctx, w.DB, act.Default, h, voice.Stakeholder{
			Group: c.Group, Subject: id, Name: c.Name, Pseudonym: c.Pseudonym, Language: c.Language, Risk: c.Risk, Contact: c.Contact,
		})
	})
}

type consultPlanCmd struct {
	Subject string `arg:"" help:"The deployment, or an account that has no more than one."`
	Aim     string `help:"What for." required:"" placeholder:"TEXT"`
	How     string `help:"How people are reached." placeholder:"TEXT"`
	From    string `help:"The first day; today otherwise." placeholder:"DAY"`
	To      string `help:"The last day." required:"" placeholder:"DAY"`
	As      string `help:"Who plans." required:"" placeholder:"PERSON"`
}

// Run records the plan.
func (c *consultPlanCmd) Run(a *app) error {
	return a.consulted(c.As, "consultation", func(w *workspace.Workspace, h voice.Hand) (store.Ref, error) {
		id, err := subject(a, w.DB, c.Subject)
		if err != nil {
			return store.Ref{}, err
		}
		from, err := day(c.From, w.Today())
		if err != nil {
			return store.Ref{}, err
		}
		to, err := day(c.To, "")
		if err != nil {
			return store.Ref{}, err
		}
		return voice.Plan(a.ctx, w.DB, act.Default, h, voice.Consultation{Subject: id, Aim: c.Aim, How: c.How, From: from, To: to})
	})
}

type consultSessionCmd struct {
	Consultation string `arg:"" help:"The consultation."`
	People       int64  `help:"How many took part." required:""`
	Place        string `help:"Where." placeholder:"TEXT"`
	Notes        string `help:"What was spoken of, without names." placeholder:"TEXT"`
	As           string `help:"Who writes it down." required:"" placeholder:"PERSON"`
}

// Run records the session.
func (c *consultSessionCmd) Run(a *app) error {
	return a.consulted(c.As, "session", func(w *workspace.Workspace, h voice.Hand) (store.Ref, error) {
		return voice.Hold(a.ctx, w.DB, act.Default, h, voice.Session{Consultation: c.Consultation, Day: w.Today(), People: c.People, Place: c.Place, Notes: c.Notes})
	})
}

type consultInputCmd struct {
	Consultation string `arg:"" help:"The consultation."`
	Said         string `help:"What was said." required:"" placeholder:"TEXT"`
	Theme        string `help:"What about." placeholder:"TEXT"`
	From         string `help:"The pseudonym of who said it; may be left out." placeholder:"PSEUDONYM"`
	As           string `help:"Who writes it down." required:"" placeholder:"PERSON"`
}

// Run records the input.
func (c *consultInputCmd) Run(a *app) error {
	return a.consulted(c.As, "input", func(w *workspace.Workspace, h voice.Hand) (store.Ref, error) {
		return voice.Hear(a.ctx, w.DB, act.Default, h, voice.Input{Consultation: c.Consultation, Said: c.Said, Theme: c.Theme, From: c.From})
	})
}

type consultAnswerCmd struct {
	Input       string `arg:"" help:"The input."`
	Disposition string `arg:"" help:"adopted, adapted or rejected."`
	Did         string `help:"What was done." placeholder:"TEXT"`
	WhyNot      string `help:"Why not, or not all." placeholder:"TEXT"`
	As          string `help:"Who tells." required:"" placeholder:"PERSON"`
}

// Run records the disposition.
func (c *consultAnswerCmd) Run(a *app) error {
	return a.consulted(c.As, c.Disposition, func(w *workspace.Workspace, h voice.Hand) (store.Ref, error) {
		return voice.Dispose(a.ctx, w.DB, act.Default, h, c.Input, c.Disposition, c.Did, c.WhyNot)
	})
}

type consultPayCmd struct {
	About    string `arg:"" help:"The opinion, vote, session or input."`
	What     string `arg:"" help:"honorarium, expenses, care or translation."`
	To       string `help:"Who: a person's name, or a pseudonym." required:"" placeholder:"WHO"`
	Amount   int64  `help:"In the smallest unit of the currency."`
	Currency string `help:"ISO 4217." default:"USD"`
	Declined bool   `help:"It was offered and declined."`
	As       string `help:"Who pays." required:"" placeholder:"PERSON"`
}

// Run records the compensation.
func (c *consultPayCmd) Run(a *app) error {
	p := voice.Compensation{State: "paid", What: c.What, About: c.About, To: c.To, Amount: &c.Amount, Currency: c.Currency}
	if c.Declined {
		p.State, p.Amount, p.Currency = "declined", nil, ""
	}
	return a.consulted(c.As, p.State, func(w *workspace.Workspace, h voice.Hand) (store.Ref, error) {
		return voice.Pay(a.ctx, w.DB, act.Default, h, p)
	})
}

type consultShowCmd struct {
	Consultation string `arg:"" optional:"" help:"The consultation; all of them otherwise."`
}

type inputRow struct {
	Said        string `json:"said"`
	Disposition string `json:"disposition,omitempty"` // open when left out
	Did         string `json:"did,omitempty"`
	WhyNot      string `json:"why_not,omitempty"`
	Received    string `json:"received"`
	Told        string `json:"told,omitempty"`
}

// Run shows the account.
func (c *consultShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	f, err := voice.Account(a.ctx, w.DB, c.Consultation)
	if err != nil {
		return err
	}
	inputs, err := voice.InputsOf(a.ctx, w.DB, c.Consultation)
	if err != nil {
		return err
	}
	rows := make([]inputRow, 0, len(inputs))
	for _, in := range inputs {
		rows = append(rows, inputRow{in.Said, in.Disposition, in.Did, in.WhyNot, in.Received, in.Told})
	}
	return a.print(struct {
		voice.Feedback
		Said []inputRow `json:"said"`
	}{f, rows}, func(out io.Writer) {
		fmt.Fprintf(out, "%d inputs: %d adopted, %d adapted, %d rejected, %d open; answered in 30 days %d, in 60 days %d\n",
			f.Inputs, f.Adopted, f.Adapted, f.Rejected, f.Open, f.In30, f.In60)
		for _, in := range inputs {
			fmt.Fprint(out, wrap("  you said: ", in.Said))
			if in.Did != "" {
				fmt.Fprint(out, wrap("    we did: ", in.Did))
			}
			if in.WhyNot != "" {
				fmt.Fprint(out, wrap("    why not: ", in.WhyNot))
			}
		}
		fmt.Fprintf(out, "%d opinions and votes have no compensation yet\n", f.Uncompensated)
	})
}
