package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type engagementCmd struct {
	Terms    engagementTermsCmd    `cmd:"" help:"State terms of reference, or other terms for an engagement, as a draft."`
	Approve  engagementApproveCmd  `cmd:"" help:"Approve the draft; a person of the governing body signs."`
	Withdraw engagementWithdrawCmd `cmd:"" help:"Withdraw an engagement; what was recorded stays."`
	Declare  engagementDeclareCmd  `cmd:"" help:"Declare own independence; the assessor signs."`
	Start    engagementStartCmd    `cmd:"" help:"Begin the assessment; an assessor signs."`
	Freeze   engagementFreezeCmd   `cmd:"" help:"Freeze the population of the period: all that the log has of it; an assessor signs."`
	Plan     engagementPlanCmd     `cmd:"" help:"Say how many to draw for a confidence and a tolerable rate, and what precision costs. Writes nothing."`
	Draw     engagementDrawCmd     `cmd:"" help:"Draw a sample that neither side can choose; an assessor signs."`
	Request  engagementRequestCmd  `cmd:"" help:"Ask the company for evidence; an assessor signs."`
	Answer   engagementAnswerCmd   `cmd:"" help:"Answer a request for evidence; who answers for the company signs."`
	Effort   engagementEffortCmd   `cmd:"" help:"Record what a task took; an assessor signs."`
	Show     engagementShowCmd     `cmd:"" help:"Show where an engagement stands."`
	Access   engagementAccessCmd   `cmd:"" help:"Show who of the company entered what into the log, counted from all its entries."`
	Export   engagementExportCmd   `cmd:"" name:"export-xlsx" help:"Write all that was recorded of an engagement as a workbook, for the assessor."`
	End      engagementEndCmd      `cmd:"" help:"Conclude the assessment, or break it off with a reason; an assessor signs."`
}

// maxBrief bounds terms of reference, in bytes.
const maxBrief = 1 << 20

// engaged names the engagement that a command is about, and who acts.
type engaged struct {
	Engagement string `help:"The engagement, by record id or title; the only one otherwise." placeholder:"ID"`
	As         string `help:"Who acts, where the person's key lies in the workspace." placeholder:"PERSON" xor:"who"`
	Key        string `help:"The file of the key of who acts, which need not be in the workspace." placeholder:"FILE" xor:"who"`
}

// run runs fn in the name of the person, in the engagement.
func (c engaged) run(a *app, fn func(w *workspace.Workspace, h voice.Hand, id string) error) error {
	if c.As == "" && c.Key == "" {
		return fault.New(fault.Invalid, "it is not said who acts", "give --key FILE, or --as PERSON")
	}
	return a.write(func(w *workspace.Workspace) error {
		h, err := a.outside(w, c.As, c.Key)
		if err != nil {
			return err
		}
		id, err := engagement.Find(a.ctx, w.DB, c.Engagement)
		if err != nil {
			return err
		}
		return fn(w, h, id)
	})
}

// sign does what needs nothing but the engagement and a signature.
func (c engaged) sign(a *app, said string, do func(w *workspace.Workspace, h voice.Hand, id string) (store.Ref, error)) error {
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		ref, err := do(w, h, id)
		if err != nil {
			return err
		}
		return a.print(entered{id, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "engagement %s: %s, signed in entry %d\n", id, said, ref.Seq) })
	})
}

type engagementTermsCmd struct {
	File    string `arg:"" help:"The terms, as YAML: see docs/engagement.md."`
	Revises string `help:"The engagement that these are other terms for." placeholder:"ID"`
	As      string `help:"Who states them, of the governing body." required:"" placeholder:"PERSON"`
}

// Run records the draft.
func (c *engagementTermsCmd) Run(a *app) error {
	text, err := readInput(c.File, maxBrief)
	if err != nil {
		return err
	}
	brief, err := engagement.ParseBrief(c.File, text)
	if err != nil {
		return err
	}
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		for _, key := range brief.Witnesses {
			if !slices.ContainsFunc(w.Config.Witnesses, func(x workspace.Witness) bool { return x.Key == key }) {
				return fault.Newf(fault.Invalid, "the terms name the witness %s, and the configuration does not", key).WithFix("list it under witnesses in config.yaml, with its address")
			}
		}
		id := c.Revises
		if id != "" {
			if id, err = engagement.Find(a.ctx, w.DB, id); err != nil {
				return err
			}
		}
		ref, err := engagement.Propose(a.ctx, w.DB, act.Default, h, id, brief)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "engagement %s: draft terms in entry %d; nothing starts before somebody of the governing body approves them\n", ref.ID, ref.Seq)
		})
	})
}

type engagementApproveCmd struct{ engaged }

// Run approves the draft.
func (c *engagementApproveCmd) Run(a *app) error {
	return c.sign(a, "terms approved", func(w *workspace.Workspace, h voice.Hand, id string) (store.Ref, error) {
		return engagement.Approve(a.ctx, w.DB, act.Default, h, id)
	})
}

type engagementWithdrawCmd struct{ engaged }

// Run withdraws the engagement.
func (c *engagementWithdrawCmd) Run(a *app) error {
	return c.sign(a, "withdrawn", func(w *workspace.Workspace, h voice.Hand, id string) (store.Ref, error) {
		return engagement.Withdraw(a.ctx, w.DB, act.Default, h, id)
	})
}

type engagementDeclareCmd struct {
	engaged
	Tie         []string `help:"A tie: financial_interest, employment, contingent_fee, self_review, funding, prior_work, family, customer or other." placeholder:"TIE"`
	Text        []string `help:"About each tie, in the same order." placeholder:"TEXT" sep:"none"`
	AppointedBy string   `help:"Who appointed the assessor: governing_body, management or outside." default:"governing_body"`
	RemovedBy   string   `help:"Who can end the engagement: governing_body, management or outside." default:"governing_body"`
	Fee         int64    `help:"The fee, in whole units of the currency of the terms." required:""`
	RecusedFrom []string `help:"A customer or product that the assessor leaves to others." placeholder:"WHAT" sep:"none"`
	Leave       bool     `help:"The assessor leaves the engagement."`
}

// Run records the declaration.
func (c *engagementDeclareCmd) Run(a *app) error {
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		d, err := engagement.Declare(a.ctx, w.DB, act.Default, engagement.Declaring{
			Hand: h, Engagement: id, Ties: c.Tie, Text: c.Text, Appointed: c.AppointedBy, Removed: c.RemovedBy, Fee: c.Fee, From: c.RecusedFrom, Leave: c.Leave,
		})
		if err != nil {
			return err
		}
		r := d.Record
		return a.print(struct {
			entered
			Blocks  bool `json:"blocks"`
			Flagged bool `json:"flagged"`
		}{entered{d.ID, d.Seq}, r.Blocks, r.Flagged}, func(out io.Writer) {
			fmt.Fprintf(out, "%s in entry %d, signed by the assessor\n", r.State, d.Seq)
			switch {
			case r.State == engagement.Recused:
			case r.Blocks:
				fmt.Fprintln(out, "this conflict blocks the engagement until the assessor leaves it")
			case r.Flagged:
				fmt.Fprintln(out, "the report shows: "+strings.Join(append(r.Ties, "appointed by "+r.Appointed), ", "))
			}
		})
	})
}

type engagementStartCmd struct{ engaged }

// Run starts the work.
func (c *engagementStartCmd) Run(a *app) error {
	return c.sign(a, "started", func(w *workspace.Workspace, h voice.Hand, id string) (store.Ref, error) {
		return engagement.Start(a.ctx, w.DB, act.Default, h, id)
	})
}

type engagementEndCmd struct {
	engaged
	Stop   bool   `help:"The engagement is broken off."`
	Reason string `help:"Why." placeholder:"TEXT"`
}

// Run ends the work.
func (c *engagementEndCmd) Run(a *app) error {
	state := engagement.Concluded
	if c.Stop {
		state = engagement.Stopped
	}
	return c.sign(a, state, func(w *workspace.Workspace, h voice.Hand, id string) (store.Ref, error) {
		return engagement.End(a.ctx, w.DB, act.Default, h, id, state, c.Reason)
	})
}
