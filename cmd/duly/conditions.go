package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/attestation"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/report"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/workspace"
	"duly/packs"
)

type conditionsCmd struct {
	Agree conditionsAgreeCmd `cmd:"" help:"Record that somebody agreed to conditions, from a day on."`
	Load  conditionsLoadCmd  `cmd:"" help:"Record many agreements from a CSV file, all of them or none."`
	End   conditionsEndCmd   `cmd:"" help:"Record that an agreement no longer binds."`
	Show  conditionsShowCmd  `cmd:"" help:"Say what is asked of a deployment, how it binds, and what was checked."`
	Gaps  conditionsGapsCmd  `cmd:"" help:"List deployments and links of chains that conditions do not reach."`

	Publish conditionsPublishCmd `cmd:"" help:"Write all versions of conditions as a page and as JSON, for a web server. Needs no workspace."`
}

type conditionsAgreeCmd struct {
	Subject    string `arg:"" help:"A deployment, an account that has one, or the record id of a contract or of a relationship."`
	Conditions string `help:"The pack of conditions, or its file. What it asks on the first day is agreed to." required:"" placeholder:"PACK"`
	From       string `help:"The first day on which it binds; today otherwise." placeholder:"DAY"`
	AsAmended  string `help:"The clause by which later versions bind without another agreement." placeholder:"CLAUSE"`
	Source     string `help:"The id of the document or statement that shows it." required:"" placeholder:"ID"`
	As         string `help:"Who records it." placeholder:"PERSON"`
}

type agreed struct {
	ID    string `json:"id"`
	Entry int64  `json:"entry"`
	Known bool   `json:"known_before"`
}

// Run records the agreement.
func (c *conditionsAgreeCmd) Run(a *app) error {
	p, err := findPack("conditions", c.Conditions)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		from, err := day(c.From, w.Today())
		if err != nil {
			return err
		}
		id, err := party(a, w.DB, c.Subject)
		if err != nil {
			return err
		}
		promise := agreement.Promise{Subject: id, From: from, Clause: strings.TrimSpace(c.AsAmended), Source: c.Source}
		ref, known, err := agreement.Agree(a.ctx, w.DB, act.Default, actor, p, promise)
		if err != nil {
			return err
		}
		return a.print(agreed{ref.ID, ref.Seq, known}, func(out io.Writer) {
			if known {
				fmt.Fprintf(out, "this agreement is recorded already, as %s in entry %d\n", ref.ID, ref.Seq)
				return
			}
			fmt.Fprintf(out, "agreement %s, entry %d\n", ref.ID, ref.Seq)
		})
	})
}

// party gives the deployment that a person means, or the record of another kind whose
// id it is.
func party(a *app, q store.Queryer, text string) (string, error) {
	id, err := subject(a, q, text)
	if fault.CodeOf(err) == fault.NotFound {
		return text, nil // the service says so if it is nothing at all
	}
	return id, err
}

type conditionsEndCmd struct {
	ID string `arg:"" help:"The agreement."`
	On string `help:"The first day on which it no longer binds; today otherwise." placeholder:"DAY"`
	As string `help:"Who records it." placeholder:"PERSON"`
}

// Run ends the agreement.
func (c *conditionsEndCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		on, err := day(c.On, w.Today())
		if err != nil {
			return err
		}
		if err := agreement.End(a.ctx, w.DB, act.Default, actor, c.ID, on); err != nil {
			return err
		}
		return a.print(map[string]string{"id": c.ID, "ends": on}, func(out io.Writer) { fmt.Fprintf(out, "it binds until %s\n", on) })
	})
}

// sets gives the packs of conditions that a command is about: those named, or else
// those in use, or else all that ship.
func (a *app) sets(q store.Queryer, names []string) ([]*conditions.Set, error) {
	var list []*pack.Pack
	if len(names) == 0 {
		used, err := store.Select(a.ctx, q, runs.Packs, "r.kind = $1", pack.Conditions)
		if err != nil {
			return nil, err
		}
		newest := map[string]int{}
		for _, u := range used {
			p, err := u.Record.Parse()
			if err != nil {
				return nil, err
			}
			if at, again := newest[p.ID]; again {
				list[at] = p
				continue
			}
			newest[p.ID] = len(list)
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		var err error
		if list, err = conditionPacks(names); err != nil {
			return nil, err
		}
	}
	out := make([]*conditions.Set, len(list))
	for i, p := range list {
		var err error
		if out[i], err = conditions.Load(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// conditionPacks gives the packs that are named, or all that ship.
func conditionPacks(names []string) (list []*pack.Pack, err error) {
	for _, name := range names {
		p, err := findPack("conditions", name)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if len(list) > 0 {
		return list, nil
	}
	folder, err := fs.Sub(packs.Files, "conditions")
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the packs of this release cannot be read")
	}
	return pack.ReadDir(folder, ".")
}

// heldOf asks for the conditions that hold for a deployment on a day.
type heldOf struct {
	Deployment string   `arg:"" help:"The deployment, or an account that has one."`
	Conditions []string `help:"Packs of conditions; those in use otherwise, or all that ship." placeholder:"PACK" sep:"none"`
	On         string   `help:"The day; today otherwise." placeholder:"DAY"`
}

// look reads what is on record of them.
func (c *heldOf) look(a *app) (*attestation.View, error) {
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	on, err := day(c.On, w.Today())
	if err != nil {
		return nil, err
	}
	id, err := subject(a, w.DB, c.Deployment)
	if err != nil {
		return nil, err
	}
	sets, err := a.sets(w.DB, c.Conditions)
	if err != nil {
		return nil, err
	}
	return attestation.Look(a.ctx, w.DB, sets, id, on)
}

type conditionsShowCmd struct{ heldOf }

// heldRow is one condition as it holds for a deployment.
type heldRow struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	Status     conditions.Status `json:"status"`
	Binding    agreement.Binding `json:"binding"`
	Assumed    []string          `json:"assumed,omitempty"`
	CheckedBy  []string          `json:"checked_by"`
	Exposures  int64             `json:"exposures"`
	Deviations int64             `json:"deviations"`
	Unknown    int64             `json:"unknown"`
	Standing   string            `json:"standing"`
	Attested   string            `json:"attested,omitempty"` // what came of asking the customer; absent where nobody asked
}

// Run shows what holds.
func (c *conditionsShowCmd) Run(a *app) error {
	look, err := c.look(a)
	if err != nil {
		return err
	}
	rows := make([]heldRow, len(look.Rows))
	for i, r := range look.Rows {
		h := r.Held
		rows[i] = heldRow{h.ID, h.Title, h.Status, h.Binding, h.Assumed, h.CheckedBy, r.Exposures, r.Deviations, r.Untold, h.Standing(r.Exposures, r.Deviations, r.Untold), ""}
		if r.Said() {
			rows[i].Attested = standingSaid(r)
		}
	}
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%s: %s\n  %s, %s\n", r.ID, r.Title, r.Status, bindingWords[r.Binding])
			if len(r.Assumed) > 0 {
				fmt.Fprintf(out, "  it may not hold: not known is the %s\n", strings.Join(r.Assumed, ", "))
			}
			fmt.Fprintf(out, "  %s\n", r.Standing)
			if r.Attested != "" && r.Attested != r.Standing {
				fmt.Fprintf(out, "  asked: %s\n", r.Attested)
			}
		}
	})
}

var bindingWords = map[agreement.Binding]string{
	agreement.Agreed: "agreed to", agreement.Amended: "agreed to in an earlier version, with later ones",
	agreement.Outdated: "agreed to in an earlier version only: this one is not bound", agreement.None: "not agreed to, as far as is known",
}

type conditionsGapsCmd struct {
	Conditions []string `help:"Packs of conditions; those in use otherwise, or all that ship." placeholder:"PACK" sep:"none"`
	On         string   `help:"The day; today otherwise." placeholder:"DAY"`
}

// Run lists the gaps.
func (c *conditionsGapsCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	on, err := day(c.On, w.Today())
	if err != nil {
		return err
	}
	sets, err := a.sets(w.DB, c.Conditions)
	if err != nil {
		return err
	}
	book, err := agreement.Read(a.ctx, w.DB)
	if err != nil {
		return err
	}
	cover, err := book.Gaps(sets, on)
	if err != nil {
		return err
	}
	return a.print(cover, func(out io.Writer) {
		fmt.Fprintf(out, "conditions that are meant to bind hold for %d deployments; %d of them agreed to all of these\n", cover.Deployments, cover.Whole)
		for _, g := range cover.Gaps {
			fmt.Fprint(out, wrap("  ", gapWords(g)))
		}
	})
}

func gapWords(g agreement.Gap) string {
	list := strings.Join(g.Conditions, ", ")
	switch g.Kind {
	case agreement.OldVersion:
		return fmt.Sprintf("deployment %s agreed to an earlier version only of %s", g.Deployment, list)
	case agreement.NoFlowDown:
		return fmt.Sprintf("link %s of deployment %s is not known to hand on %s; that it hands conditions on is said to be: %s", g.Link, g.Deployment, list, g.FlowDown)
	case agreement.UnknownLink:
		return fmt.Sprintf("no link is known between who is billed and who uses deployment %s, so nobody hands on %s", g.Deployment, list)
	}
	return fmt.Sprintf("deployment %s did not agree to %s", g.Deployment, list)
}

type conditionsPublishCmd struct {
	Out        string   `help:"The directory for index.html and conditions.json." required:"" placeholder:"DIR"`
	Conditions []string `help:"Packs of conditions; all that ship otherwise." placeholder:"PACK" sep:"none"`
}

// Run writes both files. The same packs give the same bytes.
func (c *conditionsPublishCmd) Run(a *app) error {
	list, err := conditionPacks(c.Conditions)
	if err != nil {
		return err
	}
	p, err := report.Publish(list)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	for name, write := range map[string]func(io.Writer) error{
		"index.html":      func(out io.Writer) error { return report.PublishedHTML(p, out) },
		"conditions.json": func(out io.Writer) error { return (&app{cli: &cli{JSON: true}, stdout: out}).print(p, nil) },
	} {
		if err := writeWhole(filepath.Join(c.Out, name), write); err != nil {
			return err
		}
	}
	return a.print(written{c.Out, p.Versions}, func(out io.Writer) {
		fmt.Fprintf(out, "%d conditions in %d versions: %s and conditions.json beside it\n", p.Newest, p.Versions, filepath.Join(c.Out, "index.html"))
	})
}
