package main

import (
	"fmt"
	"io"

	"duly/internal/act"
	"duly/internal/assurance"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type redactionCmd struct {
	Add     redactionAddCmd     `cmd:"" help:"Withhold a field from the public report, with a reason. Who approves it for the company signs."`
	Lift    redactionLiftCmd    `cmd:"" help:"Show the field again. Who approves that signs."`
	Consent redactionConsentCmd `cmd:"" help:"Say whether the assessor agrees to a redaction. The assessor signs."`
	List    redactionListCmd    `cmd:"" help:"List what is withheld, why, and whether the assessor agrees."`
}

type redactionAddCmd struct {
	engaged
	Field  string `arg:"" help:"The field as kind.field, for example contract.value."`
	Reason string `arg:"" help:"competition, contract, privacy, safety, security or law." enum:"competition,contract,privacy,safety,security,law"`
	Text   string `help:"Why, in words for the assessor." required:"" placeholder:"TEXT"`
}

// Run records the redaction.
func (c *redactionAddCmd) Run(a *app) error {
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		r, ref, err := assurance.Withhold(a.ctx, w.DB, act.Default, kinds(), assurance.Withholding{Hand: h, Engagement: id, Field: c.Field, Reason: c.Reason, Text: c.Text})
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "redaction %s: %s (%s) is withheld for %s, signed in entry %d; the assessor has not spoken\n", ref.ID, c.Field, r.Class, r.Reason, ref.Seq)
		})
	})
}

type redactionLiftCmd struct {
	engaged
	ID string `arg:"" help:"The redaction."`
}

// Run lifts the redaction.
func (c *redactionLiftCmd) Run(a *app) error {
	return c.sign(a, "redaction lifted", func(w *workspace.Workspace, h voice.Hand, _ string) (store.Ref, error) {
		return assurance.Lift(a.ctx, w.DB, act.Default, h, c.ID)
	})
}

type redactionConsentCmd struct {
	engaged
	ID       string `arg:"" help:"The redaction."`
	Disagree bool   `help:"The assessor disagrees: the field stays withheld, and that stands beside it in public."`
	Text     string `help:"Why; needed to disagree. Everybody may read it." placeholder:"TEXT"`
}

// Run records the consent or the disagreement.
func (c *redactionConsentCmd) Run(a *app) error {
	said := "the assessor agrees"
	if c.Disagree {
		said = "the assessor disagrees"
	}
	return c.sign(a, said, func(w *workspace.Workspace, h voice.Hand, _ string) (store.Ref, error) {
		return assurance.Say(a.ctx, w.DB, act.Default, h, c.ID, !c.Disagree, c.Text)
	})
}

type redactionListCmd struct {
	Engagement string `help:"The engagement; the only one otherwise." placeholder:"ID"`
}

type redactionRow struct {
	ID     string `json:"id"`
	Entry  int64  `json:"entry"`
	Field  string `json:"field"`
	Class  string `json:"class"`
	Reason string `json:"reason"`
	State  string `json:"state"`
	Stance string `json:"assessor"` // agreed, disagreed or not_said
}

// Run lists the redactions.
func (c *redactionListCmd) Run(a *app) error {
	known, err := released()
	if err != nil {
		return err
	}
	rows := []redactionRow{}
	err = a.look(c.Engagement, func(q store.Queryer, id string) error {
		list, err := assurance.RedactionsOf(a.ctx, q, id)
		if err != nil {
			return err
		}
		said, err := assurance.ConsentsOf(a.ctx, q, id)
		for _, r := range list {
			rows = append(rows, redactionRow{r.ID, r.Seq, r.Record.FieldName(known), r.Record.Class, r.Record.Reason, r.Record.State, assurance.Stance(said, r.Hash)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %s (%s): %s for %s; assessor: %s, entry %d\n", r.ID, r.Field, r.Class, r.State, r.Reason, r.Stance, r.Entry)
		}
	})
}
