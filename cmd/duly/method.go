package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/workspace"
)

// standardMethod is what rates while no method was adopted.
const standardMethod = "rm-1"

type methodCmd struct {
	Commit methodCommitCmd `cmd:"" help:"Record a method by its hash, once its tests hold; it rates nothing yet."`
	Adopt  methodAdoptCmd  `cmd:"" help:"Put a committed method in force from a day on."`
	List   methodListCmd   `cmd:"" help:"List the methods and which of them rates."`
	Diff   methodDiffCmd   `cmd:"" help:"Say in sentences what one method does otherwise than another."`
}

type methodCommitCmd struct {
	File string `arg:"" help:"A method pack, or one that ships with Duly, by its id."`
	As   string `help:"Who commits it; that person cannot adopt it." placeholder:"PERSON"`
}

type methodResult struct {
	Method  string `json:"method"` // id@version
	SHA256  string `json:"sha256"`
	State   string `json:"state"`
	From    string `json:"in_force_from,omitempty"`
	Entry   int64  `json:"entry"`
	Known   bool   `json:"known,omitempty"` // it was committed before
	Change  string `json:"change,omitempty"`
	Changes int    `json:"changes,omitempty"`
}

// Run commits the method.
func (c *methodCommitCmd) Run(a *app) error {
	p, err := findPack("methods", c.File)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Commit)
		if err != nil {
			return err
		}
		r, known, err := assessment.CommitMethod(a.ctx, w.DB, actor.Key, p)
		if err != nil {
			return err
		}
		result := methodResult{Method: p.ID + "@" + p.Version, SHA256: p.Hash, State: r.Record.State, From: r.Record.From, Entry: r.Seq, Known: known}
		return a.print(result, func(out io.Writer) {
			word := "committed"
			if known {
				word = "was committed before"
			}
			fmt.Fprintf(out, "%s %s in entry %d, SHA-256 %s\n", result.Method, word, r.Seq, p.Hash)
			fmt.Fprintln(out, "it rates nothing until it is adopted; `duly method adopt` does that")
		})
	})
}

type methodAdoptCmd struct {
	Method string `arg:"" name:"id@version" help:"A committed method."`
	From   string `help:"The first day on which it rates." required:"" placeholder:"YYYY-MM-DD"`
	By     string `help:"Who adopts it, and signs; the governing body." required:"" placeholder:"PERSON"`
	Reason string `help:"Why." required:"" placeholder:"TEXT"`
}

// Run puts the method in force and says what changes.
func (c *methodAdoptCmd) Run(a *app) error {
	id, version, ok := strings.Cut(c.Method, "@")
	if !ok {
		return fault.Newf(fault.Invalid, "%q names no version", c.Method).WithFix("write it as ID@VERSION; `duly method list` shows both")
	}
	standard, err := findPack("methods", standardMethod)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.By, act.Adopt)
		if err != nil {
			return err
		}
		key, err := w.Key(actor)
		if err != nil {
			return err
		}
		p, ref, err := assessment.AdoptMethod(a.ctx, w.DB, act.Default, assessment.Adopting{
			ID: id, Version: version, From: c.From, Reason: c.Reason, By: actor, Key: key, Today: w.Today(), Standard: standard,
		})
		if err != nil {
			return err
		}
		result := methodResult{c.Method, p.SHA256, p.State, p.From, ref.Seq, false, p.Change, len(p.Changes)}
		return a.print(result, func(out io.Writer) {
			fmt.Fprintf(out, "%s is in force from %s on; signed by %s in entry %d\n", c.Method, p.From, c.By, ref.Seq)
			if p.Change != "" {
				fmt.Fprintf(out, "the entry announces %d changes by their hash, %s:\n", len(p.Changes), p.Change)
				printChanges(out, p.Changes)
			}
			fmt.Fprintln(out, "what is rated keeps its method until its review is due; `duly assess --move` moves it before")
		})
	})
}

func printChanges(out io.Writer, changes []string) {
	for _, c := range changes {
		fmt.Fprint(out, wrap("  - ", c))
	}
	if len(changes) == 0 {
		fmt.Fprintln(out, "  nothing that decides is different; only the text is")
	}
}

type methodListCmd struct{}

type methodRow struct {
	Method string `json:"method"`
	Title  string `json:"title"`
	SHA256 string `json:"sha256"`
	State  string `json:"state"`                   // draft (ships with Duly, not committed), committed or in_force
	From   string `json:"in_force_from,omitempty"` // of its newest adoption
	Rates  bool   `json:"rates"`                   // it is the one in force today
	Entry  *int64 `json:"entry,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Run lists the methods that are recorded and those that ship.
func (c *methodListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	standard, err := findPack("methods", standardMethod)
	if err != nil {
		return err
	}
	inForce, adopted, err := assessment.MethodOn(a.ctx, w.DB, w.Today(), standard)
	if err != nil {
		return err
	}
	methods, err := runs.Methods(a.ctx, w.DB)
	if err != nil {
		return err
	}
	rows := []methodRow{}
	seen := map[string]bool{}
	for _, m := range methods {
		r := m.Record
		seen[r.SHA256] = true
		rows = append(rows, methodRow{r.ID + "@" + r.Version, r.Title, r.SHA256, r.State, r.From, r.SHA256 == inForce.Hash, &m.Seq, r.Reason})
	}
	for id := range strings.SplitSeq(shipped("methods"), ", ") {
		p, err := findPack("methods", id)
		if err != nil {
			return err
		}
		if !seen[p.Hash] {
			rows = append(rows, methodRow{Method: p.ID + "@" + p.Version, Title: p.Title, SHA256: p.Hash, State: "draft", Rates: p.Hash == inForce.Hash})
		}
	}
	return a.print(rows, func(out io.Writer) { printMethods(out, rows, adopted == nil) })
}

func printMethods(out io.Writer, rows []methodRow, byDefault bool) {
	for _, r := range rows {
		state := map[string]string{
			"draft": "draft: ships with Duly, not committed", runs.Committed: "committed, not adopted", runs.InForce: "adopted from " + r.From + " on",
		}[r.State]
		if r.Rates {
			state += "; rates today"
			if byDefault {
				state += ", since none was adopted"
			}
		}
		fmt.Fprintf(out, "%-14s %s\n", r.Method, state)
		fmt.Fprintf(out, "               %s (SHA-256 %s)\n", r.Title, short(r.SHA256))
		if r.Reason != "" {
			fmt.Fprint(out, wrap("               adopted because: ", r.Reason))
		}
	}
}

type methodDiffCmd struct {
	Before string `arg:"" help:"A file, ID@VERSION of a recorded method, or the id of one that ships with Duly."`
	After  string `arg:"" help:"Likewise."`
}

type methodDiff struct {
	Before  string   `json:"before"`
	After   string   `json:"after"`
	Change  string   `json:"change"` // the hash by which an adoption would announce it
	Changes []string `json:"changes"`
}

// Run says what changes from one method to the other.
func (c *methodDiffCmd) Run(a *app) error {
	var both []*pack.Pack
	for _, name := range []string{c.Before, c.After} {
		p, err := a.method(name)
		if err != nil {
			return err
		}
		if _, err := rating.Load(p); err != nil {
			return err
		}
		both = append(both, p)
	}
	d := methodDiff{both[0].ID + "@" + both[0].Version, both[1].ID + "@" + both[1].Version, "", pack.Diff(both[0], both[1])}
	d.Change = runs.ChangeHash(d.Changes)
	return a.print(d, func(out io.Writer) {
		fmt.Fprintf(out, "from %s to %s, %d changes (SHA-256 %s):\n", d.Before, d.After, len(d.Changes), d.Change)
		printChanges(out, d.Changes)
	})
}

// method gives a method by file, by ID@VERSION as recorded, or by the id of one that
// ships.
func (a *app) method(name string) (*pack.Pack, error) {
	id, version, recorded := strings.Cut(name, "@")
	if !recorded || strings.ContainsAny(name, `/\`) {
		return findPack("methods", name)
	}
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	r, err := runs.MethodNamed(a.ctx, w.DB, id, version)
	if err != nil {
		return nil, err
	}
	return r.Record.Parse()
}

// ruling gives a method by a file or by the id of one that ships, or the one in force
// where none is named.
func (a *app) ruling(q store.Queryer, today, name string) (*pack.Pack, error) {
	p, err := findPack("methods", cmp.Or(name, standardMethod))
	if err == nil && name == "" {
		p, _, err = assessment.MethodOn(a.ctx, q, today, p)
	}
	return p, err
}

// asks gives the method whose questions facts answer.
func (a *app) asks(q store.Queryer, today, name string) (*rating.Method, error) {
	p, err := a.ruling(q, today, name)
	if err != nil {
		return nil, err
	}
	return rating.Load(p)
}
