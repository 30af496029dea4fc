package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/workspace"
)

type caseCmd struct {
	Show   caseShowCmd   `cmd:"" help:"Show all that is needed to work on a case."`
	Assign caseAssignCmd `cmd:"" help:"Give a case to somebody, or hand it over."`
	Snooze caseSnoozeCmd `cmd:"" help:"Put a case off until a day; its clock goes on."`
	Note   caseNoteCmd   `cmd:"" help:"Write a note into a case."`
	Close  caseCloseCmd  `cmd:"" help:"Close a case."`
	Bulk   caseBulkCmd   `cmd:"" help:"Close many cases of the lane DESK as kept; one in ten stays for another person."`
	Raise  caseRaiseCmd  `cmd:"" help:"Raise a concern, a grievance, an incident or a request about a customer. Anybody may."`
}

type caseShowCmd struct {
	ID string `arg:"" help:"The case."`
}

// Run shows the case.
func (c *caseShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	v, err := casework.Show(a.ctx, w.DB, c.ID, w.Today())
	if err != nil {
		return err
	}
	names, err := personNames(a, w)
	if err != nil {
		return err
	}
	return a.print(v, func(out io.Writer) { printCase(out, v, names) })
}

func printCase(out io.Writer, v *casework.View, names map[string]string) {
	r := v.Review
	fmt.Fprintf(out, "case %s: %s\n", v.ID, v.Name)
	fmt.Fprintf(out, "%s, %s, opened %s, due %s%s\n", r.State, r.Lane, r.Opened, r.Due, has(names, r.Owner))
	if r.State == casework.StateClosed {
		fmt.Fprint(out, wrap("closed: ", r.Outcome+" on "+r.Closed+": "+r.Reason))
	}
	fmt.Fprintf(out, "severity %d, irremediability %d, %s\n\nwhy\n", r.Severity, r.Irremediable, pressing(r))
	for _, text := range r.Triggers {
		t := casework.ParseTrigger(text)
		fmt.Fprint(out, wrap("  "+t.Day+"  ", strings.ReplaceAll(t.Event, "_", " ")+": "+t.Text))
	}
	for _, u := range v.Units {
		printUnit(out, &u)
	}
	for _, h := range v.Hits {
		fmt.Fprint(out, wrap("\nhit ", fmt.Sprintf("%s, %s, %.3f: %s (%s, %s). %s", h.ID, h.State, float64(h.Probability)/1000, h.Matched, h.List, h.Entry, h.Reasons)))
	}
	for _, s := range v.Raised {
		fmt.Fprint(out, wrap("\nraised ", s.Day+", "+s.Sort+", "+s.State+": "+s.Text))
	}
	for _, e := range v.Exposures {
		fmt.Fprint(out, wrap("\nadds up ", fmt.Sprintf("%s, %s: %d deployments, worst %s (%s)", e.Area, e.State, e.Deployments, e.Worst, e.ID)))
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(out, "\nnotes")
	}
	for _, n := range r.Notes {
		for key, who := range names {
			n = strings.ReplaceAll(n, key, who)
		}
		fmt.Fprint(out, wrap("  ", n))
	}
	for _, e := range v.Earlier {
		fmt.Fprint(out, wrap("\nearlier ", fmt.Sprintf("%s to %s, %s: %s. %s", e.Opened, e.Closed, strings.Join(e.Why, ", "), e.Outcome, e.Reason)))
	}
	fmt.Fprintln(out, "\nhistory")
	for _, s := range v.History {
		fmt.Fprintf(out, "  %s  entry %-6d %s, %d reasons, by %s%s\n", s.Time, s.Entry, s.State, s.Events, called(names, s.By), has(names, s.Owner))
	}
}

// shownOf is how many questions and flips of a deployment are printed for people.
const shownOf = 5

func printUnit(out io.Writer, u *casework.UnitView) {
	fmt.Fprintf(out, "\ndeployment %s\n", u.ID)
	chain := strings.Join(u.Chain, " -> ")
	if !u.UserKnown {
		chain += " -> nobody knows who uses it"
	}
	fmt.Fprint(out, wrap("  who       ", chain))
	fmt.Fprint(out, wrap("  what      ", fmt.Sprintf("%s, %s, %s", cmp.Or(u.Product, "unknown product"), strings.ReplaceAll(cmp.Or(u.Capability, "no deployment registered"), "_", " "), cmp.Or(u.Place, "unknown place"))))
	if u.Purpose != "" {
		fmt.Fprint(out, wrap("  for       ", u.Purpose))
	}
	for _, reason := range u.Reasons {
		fmt.Fprint(out, wrap("  "+fmt.Sprintf("%-10s", cmp.Or(u.Lane, "no lane")), reason))
	}
	decided := "not decided"
	if u.Decision != "" {
		decided = fmt.Sprintf("%s on %s, review by %s", strings.ReplaceAll(u.Decision, "_", " "), u.Decided, cmp.Or(u.ReviewDay, "no day"))
	}
	fmt.Fprintf(out, "  decision  %s\n", decided)
	r := u.Rating
	if r == nil {
		fmt.Fprintf(out, "  rating    not rated; `duly assess %s`\n", u.ID)
		return
	}
	fmt.Fprint(out, wrap("  rating    ", fmt.Sprintf("%s to %s, tier %s, %s, on %s; %d of %d facts known; rating %s", r.Best, r.Worst, r.Tier, strings.ReplaceAll(r.Outcome, "_", " "), r.Day, r.Known, r.Facts, short(r.Leaf))))
	if len(r.Stops) > 0 {
		fmt.Fprintf(out, "  stops     %s\n", strings.Join(r.Stops, ", "))
	}
	for i, q := range r.Ask {
		if i == shownOf {
			fmt.Fprintf(out, "            and %d more that could change the decision; --json has all\n", len(r.Ask)-i)
			break
		}
		fmt.Fprint(out, wrap("  ask       ", q.Text+" ("+q.Fact+")"))
	}
	if len(r.Ask) == 0 {
		fmt.Fprintln(out, "  ask       no single answer would change the decision")
	}
	for i, f := range r.Flips {
		if i == shownOf {
			fmt.Fprintf(out, "            and %d more that would flip it; --json has all\n", len(r.Flips)-i)
			break
		}
		fmt.Fprint(out, wrap("  flips     ", fmt.Sprintf("%s: %s instead of %s gives %s", f.Fact, cmp.Or(f.To, "none"), cmp.Or(f.From, "none"), f.Decision)))
	}
}

// worker gives who works on cases.
func (a *app) worker(w *workspace.Workspace, name string) (casework.Worker, error) {
	actor, err := w.Actor(a.ctx, name)
	return casework.Worker{Actor: actor, Authority: act.Default, Today: w.Today()}, err
}

// onCase lets a person do something to a case and says what came of it.
func (a *app) onCase(id, as, did string, do func(*workspace.Workspace, casework.Worker) error) error {
	return a.write(func(w *workspace.Workspace) error {
		worker, err := a.worker(w, as)
		if err != nil {
			return err
		}
		if err := do(w, worker); err != nil {
			return err
		}
		return a.print(map[string]string{"id": id, "done": did}, func(out io.Writer) { fmt.Fprintf(out, "case %s: %s\n", id, did) })
	})
}

type caseAssignCmd struct {
	ID string `arg:"" help:"The case."`
	To string `help:"Who gets it; without it nobody has it." placeholder:"PERSON"`
	As string `help:"Who assigns it." required:"" placeholder:"PERSON"`
}

// Run assigns the case.
func (c *caseAssignCmd) Run(a *app) error {
	did := "nobody has it"
	if c.To != "" {
		did = c.To + " has it"
	}
	return a.onCase(c.ID, c.As, did, func(w *workspace.Workspace, worker casework.Worker) error {
		to := act.Actor{}
		if c.To != "" {
			var err error
			if to, err = w.Actor(a.ctx, c.To); err != nil {
				return err
			}
		}
		return worker.Assign(a.ctx, w.DB, c.ID, to)
	})
}

type caseSnoozeCmd struct {
	ID     string `arg:"" help:"The case."`
	Until  string `help:"The day on which it comes back; not after it is due." required:"" placeholder:"YYYY-MM-DD"`
	Reason string `help:"Why." required:"" placeholder:"TEXT"`
	As     string `help:"Who puts it off." required:"" placeholder:"PERSON"`
}

// Run puts the case off.
func (c *caseSnoozeCmd) Run(a *app) error {
	return a.onCase(c.ID, c.As, "put off until "+c.Until, func(w *workspace.Workspace, worker casework.Worker) error {
		return worker.Snooze(a.ctx, w.DB, c.ID, c.Until, c.Reason)
	})
}

type caseNoteCmd struct {
	ID   string `arg:"" help:"The case."`
	Text string `arg:"" help:"The note."`
	As   string `help:"Who writes it." required:"" placeholder:"PERSON"`
}

// Run writes the note.
func (c *caseNoteCmd) Run(a *app) error {
	return a.onCase(c.ID, c.As, "noted", func(w *workspace.Workspace, worker casework.Worker) error {
		return worker.Note(a.ctx, w.DB, c.ID, c.Text)
	})
}

type caseCloseCmd struct {
	ID      string `arg:"" help:"The case."`
	Outcome string `arg:"" help:"kept (what was decided stands), decided (there is a new decision) or corrected (what opened it was a mistake)."`
	Reason  string `help:"What was looked at, and what follows." required:"" placeholder:"TEXT"`
	As      string `help:"Who closes it." required:"" placeholder:"PERSON"`
}

// Run closes the case.
func (c *caseCloseCmd) Run(a *app) error {
	return a.onCase(c.ID, c.As, "closed, "+c.Outcome, func(w *workspace.Workspace, worker casework.Worker) error {
		return worker.Close(a.ctx, w.DB, c.ID, c.Outcome, c.Reason)
	})
}

type caseBulkCmd struct {
	IDs    []string `arg:"" name:"id" help:"The cases."`
	Reason string   `help:"What was looked at." required:"" placeholder:"TEXT"`
	As     string   `help:"Who closes them." required:"" placeholder:"PERSON"`
}

// Run closes the cases.
func (c *caseBulkCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		worker, err := a.worker(w, c.As)
		if err != nil {
			return err
		}
		b, err := worker.CloseMany(a.ctx, w.DB, c.IDs, c.Reason)
		if err != nil {
			return err
		}
		return a.print(b, func(out io.Writer) {
			fmt.Fprintf(out, "closed %d; %d stay for another person to look at, %d could not be closed so\n", len(b.Closed), len(b.Check), len(b.Left))
			for _, id := range slices.Sorted(maps.Keys(b.Left)) {
				fmt.Fprint(out, wrap("  "+id+": ", b.Left[id]))
			}
		})
	})
}

type caseRaiseCmd struct {
	Subject string `arg:"" help:"The record: a deployment, account, customer or product, or an account's number."`
	Sort    string `arg:"" help:"concern, grievance, incident or request."`
	Text    string `help:"What it is about." required:"" placeholder:"TEXT"`
	As      string `help:"Who raises it, which is sealed; without it nobody is named." placeholder:"PERSON"`
}

// Run raises it. The operator writes it down: the log shows in clear who wrote an
// entry, and not who spoke.
func (c *caseRaiseCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		recorder, err := w.Actor(a.ctx, "")
		if err != nil {
			return err
		}
		signal := casework.Signal{Sort: c.Sort, Text: c.Text, Day: w.Today()}
		if c.As != "" {
			speaker, err := w.Actor(a.ctx, c.As)
			if err != nil {
				return err
			}
			signal.By = speaker.Key
		}
		if signal.Subject, err = subject(a, w.DB, c.Subject); err != nil {
			return err
		}
		ref, err := casework.Raise(a.ctx, w.DB, recorder.Key, signal)
		if err != nil {
			return err
		}
		return a.print(map[string]any{"id": ref.ID, "entry": ref.Seq}, func(out io.Writer) {
			fmt.Fprintln(out, "noted; the next sweep opens a case or adds to the one that is open")
		})
	})
}
