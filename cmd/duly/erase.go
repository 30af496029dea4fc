package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/retention"
	"duly/internal/workspace"
	"duly/packs"
)

type eraseCmd struct {
	Due    eraseDueCmd    `cmd:"" help:"Show what is past its clock, and erase it with --apply."`
	Field  eraseFieldCmd  `cmd:"" help:"Erase one field of an entry, because somebody asked for it."`
	Find   eraseFindCmd   `cmd:"" help:"Show every field that holds a text: what is kept about somebody."`
	List   eraseListCmd   `cmd:"" help:"Show what was erased, when and why."`
	Replay eraseReplayCmd `cmd:"" help:"Erase again what a restored copy brought back."`
	Hold   eraseHoldCmd   `cmd:"" help:"Keep a record from being erased."`
	Lift   eraseLiftCmd   `cmd:"" help:"End a hold."`
}

// erasing opens the workspace for somebody who erases, and signs what was written.
func (a *app) erasing(as string, fn func(*workspace.Workspace, retention.Service, act.Actor) error) error {
	return a.write(func(w *workspace.Workspace) error {
		by, err := w.Actor(a.ctx, as)
		if err != nil {
			return err
		}
		return fn(w, eraser(w), by)
	})
}

func eraser(w *workspace.Workspace) retention.Service {
	return retention.Service{DB: w.DB, May: act.Default, Kinds: kinds(), Drafts: decision.Drafts{}, Now: w.Now}
}

// clocks reads the retention pack of a file, or the one that ships.
func clocks(path string) (*retention.Rules, error) {
	const shipped = "retention/base.yaml"
	name, read := path, os.ReadFile
	if path == "" {
		name, read = "packs/"+shipped, func(string) ([]byte, error) { return packs.Files.ReadFile(shipped) }
	}
	data, err := read(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "cannot read the pack")
	}
	p, err := pack.Parse(filepath.ToSlash(name), data)
	if err != nil {
		return nil, err
	}
	return retention.Load(p, kinds())
}

type eraseDueCmd struct {
	Pack  string `help:"A retention pack; the one that ships otherwise." type:"path" placeholder:"FILE"`
	Apply bool   `help:"Erase it."`
	As    string `help:"Who erases; the operator otherwise." placeholder:"PERSON"`
}

// Run shows or erases what is past its clock.
func (c *eraseDueCmd) Run(a *app) error {
	rules, err := clocks(c.Pack)
	if err != nil {
		return err
	}
	if c.Apply {
		return a.erasing(c.As, func(_ *workspace.Workspace, s retention.Service, by act.Actor) error {
			due, err := s.Sweep(a.ctx, by, rules)
			if err != nil {
				return err
			}
			return a.print(due, func(out io.Writer) { printDue(out, due, "erased") })
		})
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	due, err := eraser(w).Due(a.ctx, w.DB, rules)
	if err != nil {
		return err
	}
	return a.print(due, func(out io.Writer) { printDue(out, due, "due") })
}

func printDue(out io.Writer, due []retention.Due, word string) {
	fields, held := 0, 0
	for _, d := range due {
		if d.Held {
			held++
		} else {
			fields += len(d.Fields)
		}
		note := ""
		if d.Held {
			note = " (a hold keeps it)"
		}
		fmt.Fprintf(out, "%s, %s %s: %s, by clock %s%s\n", lies(d.Entry, d.Draft), d.Kind, d.ID, strings.Join(d.Fields, ", "), d.Clock, note)
	}
	fmt.Fprintf(out, "%d fields of %d entries and drafts %s, %d under a hold\n", fields, len(due)-held, word, held)
}

// lies says where a value lies.
func lies(entry int64, draft string) string {
	if draft != "" {
		return "draft " + draft
	}
	return fmt.Sprintf("entry %d", entry)
}

type eraseFieldCmd struct {
	Entry  int64  `arg:"" help:"The entry of the log."`
	Field  string `arg:"" help:"The sealed field."`
	Reason string `help:"request, court_order or error." enum:"request,court_order,error" required:""`
	Note   string `help:"Which request, order or mistake." required:"" placeholder:"TEXT"`
	As     string `help:"Who erases it." required:"" placeholder:"PERSON"`
}

// Run erases the field.
func (c *eraseFieldCmd) Run(a *app) error {
	return a.erasing(c.As, func(_ *workspace.Workspace, s retention.Service, by act.Actor) error {
		ref, err := s.Erase(a.ctx, by, c.Entry, c.Field, c.Reason, c.Note)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "erased %s of entry %d; entry %d says so\n", c.Field, c.Entry, ref.Seq)
		})
	})
}

type eraseFindCmd struct {
	Text string `arg:"" help:"A name, a number or another text."`
}

// Run shows the fields.
func (c *eraseFindCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	found, err := eraser(w).Find(a.ctx, w.DB, c.Text)
	if err != nil {
		return err
	}
	return a.print(found, func(out io.Writer) {
		for _, f := range found {
			fmt.Fprintf(out, "%s, %s %s: %s (%s) %s\n", lies(f.Entry, f.Draft), f.Kind, f.ID, f.Field, f.Class, f.Value)
		}
		fmt.Fprintf(out, "%d fields hold it\n", len(found))
	})
}

type eraseListCmd struct{}

// Run lists the erasures.
func (c *eraseListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := eraser(w).List(a.ctx, w.DB)
	if err != nil {
		return err
	}
	return a.print(list, func(out io.Writer) {
		for _, e := range list {
			fmt.Fprintf(out, "%s  entry %d, %s: %s. %s\n", e.Day, e.Entry, e.Field, strings.ReplaceAll(e.Reason, "_", " "), e.Note)
		}
		fmt.Fprintf(out, "%d values were erased\n", len(list))
	})
}

type eraseReplayCmd struct {
	List string `arg:"" help:"What duly erase list --json wrote before the restore." type:"path"`
	As   string `help:"Who erases it." required:"" placeholder:"PERSON"`
}

// Run erases again.
func (c *eraseReplayCmd) Run(a *app) error {
	file, err := os.Open(c.List)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot read the list")
	}
	defer file.Close()
	return a.erasing(c.As, func(_ *workspace.Workspace, s retention.Service, by act.Actor) error {
		again, err := s.Replay(a.ctx, by, file)
		if err != nil {
			return err
		}
		return a.print(map[string]int{"erased": again}, func(out io.Writer) { fmt.Fprintf(out, "%d values erased again\n", again) })
	})
}

type eraseHoldCmd struct {
	Record string `arg:"" help:"The id of the record."`
	Reason string `help:"Why it has to be kept." required:"" placeholder:"TEXT"`
	As     string `help:"Who keeps it." required:"" placeholder:"PERSON"`
}

// Run writes the hold.
func (c *eraseHoldCmd) Run(a *app) error {
	return a.erasing(c.As, func(_ *workspace.Workspace, s retention.Service, by act.Actor) error {
		ref, err := s.Hold(a.ctx, by, c.Record, c.Reason)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s is kept; entry %d\n", c.Record, ref.Seq) })
	})
}

type eraseLiftCmd struct {
	Record string `arg:"" help:"The id of the record."`
	Reason string `help:"Why it need not be kept any more." required:"" placeholder:"TEXT"`
	As     string `help:"Who ends the hold." required:"" placeholder:"PERSON"`
}

// Run ends the hold.
func (c *eraseLiftCmd) Run(a *app) error {
	return a.erasing(c.As, func(_ *workspace.Workspace, s retention.Service, by act.Actor) error {
		ref, err := s.Lift(a.ctx, by, c.Record, c.Reason)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "%s is held no longer; entry %d\n", c.Record, ref.Seq) })
	})
}
