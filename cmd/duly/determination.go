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

type determinationCmd struct {
	Sign    determinationSignCmd    `cmd:"" help:"Answer the question of the engagement. The assessor signs."`
	Dissent determinationDissentCmd `cmd:"" help:"Say what another assessor concludes instead. That assessor signs."`
	Reply   determinationReplyCmd   `cmd:"" help:"Say what the company says to it. Who speaks for the company signs."`
}

type determinationSignCmd struct {
	engaged
	library
	Question   string  `arg:"" help:"contribution (does customers' use contribute to violations of human rights?) or process (does the process do what it is for?)." enum:"contribution,process"`
	Conclusion string  `arg:"" help:"yes, no, partly or indeterminate." enum:"yes,no,partly,indeterminate"`
	Text       string  `help:"The reasons. Everybody may read it." required:"" placeholder:"TEXT"`
	Evidence   []int64 `help:"An entry that it rests on, by its number." required:"" placeholder:"ENTRY"`
}

// Run records the determination.
func (c *determinationSignCmd) Run(a *app) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		d, ref, err := assurance.Determine(a.ctx, w.DB, act.Default, assurance.Answer{
			Hand: h, Engagement: id, Library: l, Question: c.Question, Conclusion: c.Conclusion, Reasons: c.Text, Evidence: c.Evidence,
		})
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			Conclusion string `json:"conclusion"`
			Level      string `json:"level"`
			Population int64  `json:"population"`
			Examined   int64  `json:"examined"`
			Unmapped   int64  `json:"unmapped"`
			Coverage   int64  `json:"coverage"`
			Required   int64  `json:"required"`
		}{entered{ref.ID, ref.Seq}, d.Conclusion, d.Level, d.Population, d.Examined, d.Unmapped, d.Coverage, d.Required}, func(out io.Writer) {
			fmt.Fprintf(out, "determination %s: %s, with %s assurance, signed in entry %d\n", ref.ID, d.Conclusion, d.Level, ref.Seq)
			fmt.Fprintf(out, "it rests on %d of %d deployments, with %s of the billing unmapped: coverage %s, required %s\n",
				d.Examined, d.Population, percent(d.Unmapped), percent(d.Coverage), percent(d.Required))
			fmt.Fprintf(out, "controls: %d effective, %d not effective, %d absent, %d untested\n", d.Effective, d.NotEffective, d.Absent, d.Untested)
		})
	})
}

type determinationDissentCmd struct {
	engaged
	ID         string `arg:"" help:"The determination."`
	Conclusion string `arg:"" help:"yes, no, partly or indeterminate." enum:"yes,no,partly,indeterminate"`
	Text       string `help:"The reasons. Everybody may read it." required:"" placeholder:"TEXT"`
}

// Run records the dissent.
func (c *determinationDissentCmd) Run(a *app) error {
	return c.sign(a, "dissent: "+c.Conclusion, func(w *workspace.Workspace, h voice.Hand, _ string) (store.Ref, error) {
		return assurance.Object(a.ctx, w.DB, act.Default, h, c.ID, c.Conclusion, c.Text)
	})
}

type determinationReplyCmd struct {
	engaged
	ID     string `arg:"" help:"The determination."`
	Choice string `arg:"" help:"accepts, accepts_partly or rejects." enum:"accepts,accepts_partly,rejects"`
	Text   string `help:"The words. Everybody may read it." required:"" placeholder:"TEXT"`
}

// Run records the reply.
func (c *determinationReplyCmd) Run(a *app) error {
	return c.sign(a, "the company "+c.Choice, func(w *workspace.Workspace, h voice.Hand, _ string) (store.Ref, error) {
		return assurance.Respond(a.ctx, w.DB, act.Default, h, c.ID, c.Choice, c.Text)
	})
}
