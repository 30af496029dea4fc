package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"duly/internal/act"
	"duly/internal/enforcement"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type findingCmd struct {
	Gather findingGatherCmd `cmd:"" help:"Put what logs show into proceedings."`
	List   findingListCmd   `cmd:"" help:"List the proceedings, the gravest first."`
	Due    findingDueCmd    `cmd:"" help:"List what is due, the earliest first."`
	Show   findingShowCmd   `cmd:"" help:"Show a proceeding, with its findings and steps."`
	Assign findingAssignCmd `cmd:"" help:"Give a proceeding to somebody."`
	Impact findingImpactCmd `cmd:"" help:"Say what is known of harm to people."`
	Notice findingNoticeCmd `cmd:"" help:"Record that the customer was told."`
	Cure   findingCureCmd   `cmd:"" help:"Give the customer a day by which the condition is kept."`
	Step   findingStepCmd   `cmd:"" help:"Record that the service was limited, suspended or ended, by a decision."`
	Close  findingCloseCmd  `cmd:"" help:"Close a proceeding."`
}

// officer is who acts, in a proceeding.
type officer struct {
	ID string `arg:"" help:"The proceeding, as it is listed."`
	As string `help:"Who acts." required:"" placeholder:"PERSON"`
}

// enforce runs fn in the name of a person and prints where the proceeding stands.
func (c *officer) enforce(a *app, fn func(w *workspace.Workspace, o enforcement.Officer) (*enforcement.Proceeding, store.Ref, error)) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		p, ref, err := fn(w, enforcement.Officer{Actor: h.By, Authority: act.Default, Now: h.Now})
		if err != nil {
			return err
		}
		row := proceedingOf(c.ID, p, a.names(w, p.Owner), w.Today())
		row.Entry = ref.Seq
		return a.print(row, row.print)
	})
}

type findingGatherCmd struct {
	As string `help:"Who runs it." placeholder:"PERSON"`
}

// Run gathers findings.
func (c *findingGatherCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		g, err := enforcement.Gather(a.ctx, w.DB, act.Default, actor, w.Now())
		if err != nil {
			return err
		}
		return a.print(g, func(out io.Writer) {
			fmt.Fprintf(out, "findings     %d shown by logs, %d of no deployment\n", g.Findings, g.Unplaced)
			fmt.Fprintf(out, "proceedings  %d opened, %d reopened, %d changed, %d withdrawn; %d open\n", g.Opened, g.Reopened, g.Changed, g.Withdrawn, g.Open)
		})
	})
}

// proceedingRow is a proceeding as it is printed.
type proceedingRow struct {
	ID          string `json:"id"`
	Entry       int64  `json:"entry"`
	Deployment  string `json:"deployment"`
	Clause      string `json:"clause"`
	State       string `json:"state"`
	Outcome     string `json:"outcome,omitempty"`
	Proposed    string `json:"proposed,omitempty"`
	Grade       string `json:"grade"`
	Kind        string `json:"kind"`
	Binds       bool   `json:"binds"`
	Rated       string `json:"rated"`
	Step        string `json:"step"`
	OutOfOrder  bool   `json:"out_of_order"`
	Decision    string `json:"decision,omitempty"`
	Due         string `json:"due,omitempty"`
	Late        bool   `json:"late"`
	Findings    int64  `json:"findings"`
	Calls       int64  `json:"calls"`
	Recurrences int64  `json:"recurrences"`
	Impact      string `json:"impact"`
	Against     bool   `json:"against_condition"` // it is kept, and people are harmed
	Owner       string `json:"owner,omitempty"`
}

func proceedingOf(id string, p *enforcement.Proceeding, names map[string]string, today string) proceedingRow {
	return proceedingRow{
		ID: id, Deployment: p.Deployment, Clause: p.Clause, State: p.State, Outcome: p.Outcome, Proposed: p.Proposed,
		Grade: p.Grade, Kind: p.Kind, Binds: p.Binds, Rated: p.Rated, Step: p.Step, OutOfOrder: p.OutOfOrder, Decision: p.Decision,
		Due: p.Due, Late: p.Late(today), Findings: p.Findings, Calls: p.Calls, Recurrences: p.Recurrences, Impact: p.Impact, Against: p.AgainstCondition(), Owner: names[p.Owner],
	}
}

func (r proceedingRow) print(out io.Writer) {
	binds := "does not bind, as far as is known"
	if r.Binds {
		binds = "binds"
	}
	fmt.Fprintf(out, "%s  %s %s of %s in deployment %s; it %s\n", r.ID, r.Grade, r.Kind, r.Clause, r.Deployment, binds)
	state := r.State
	if r.Outcome != "" {
		state += ", " + r.Outcome
	}
	if r.Proposed != "" {
		state += ", proposed as " + r.Proposed + " and waiting for a second person"
	}
	fmt.Fprintf(out, "  %s; %d findings, %d calls; came again %d times; harm to people: %s\n", state, r.Findings, r.Calls, r.Recurrences, r.Impact)
	fmt.Fprintf(out, "  step %s", r.Step)
	if r.Decision != "" {
		fmt.Fprintf(out, ", by decision %.12s", r.Decision)
	}
	if r.Due != "" {
		fmt.Fprintf(out, "; due by %s", r.Due)
	}
	if r.Late {
		fmt.Fprint(out, ", late")
	}
	fmt.Fprintf(out, "; %s\n", cmp.Or(r.Owner, "nobody has it"))
	if r.Against {
		fmt.Fprintln(out, "  the condition is kept and people are harmed: look at the condition itself")
	}
}

// proceedings gives those that a test picks, in an order.
func proceedings(a *app, pick func(*enforcement.Proceeding) bool, order func(a, b proceedingRow) int) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	list, err := store.Select(a.ctx, w.DB, enforcement.Proceedings, "")
	if err != nil {
		return err
	}
	rows := []proceedingRow{}
	for _, p := range list {
		if pick(p.Record) {
			row := proceedingOf(p.ID, p.Record, a.names(w, p.Record.Owner), w.Today())
			row.Entry = p.Seq
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, order)
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			r.print(out)
		}
	})
}

type findingListCmd struct {
	All bool `help:"The closed ones too."`
}

// Run lists proceedings.
func (c *findingListCmd) Run(a *app) error {
	return proceedings(a, func(p *enforcement.Proceeding) bool { return c.All || p.State == enforcement.Open }, func(a, b proceedingRow) int {
		return cmp.Or(enforcement.Compare(b.Grade, a.Grade), cmp.Compare(a.Due, b.Due))
	})
}

type findingDueCmd struct{}

// Run lists what is due.
func (c *findingDueCmd) Run(a *app) error {
	return proceedings(a, func(p *enforcement.Proceeding) bool { return p.Due != "" }, func(a, b proceedingRow) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), enforcement.Compare(b.Grade, a.Grade))
	})
}

type findingShowCmd struct {
	ID string `arg:"" help:"The proceeding, as it is listed."`
}

type shownProceeding struct {
	proceedingRow
	Evidence []enforcement.Cited `json:"evidence"`
	Steps    []proceedingStep    `json:"history"`
}

type proceedingStep struct {
	Entry  int64  `json:"entry"`
	Day    string `json:"day"`
	State  string `json:"state"`
	Step   string `json:"step"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Run shows a proceeding.
func (c *findingShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	history, err := store.History(a.ctx, w.DB, enforcement.Proceedings, c.ID)
	if err != nil {
		return err
	}
	p, err := store.Get(a.ctx, w.DB, enforcement.Proceedings, c.ID)
	if err != nil {
		return err
	}
	shown := shownProceeding{proceedingRow: proceedingOf(p.ID, p.Record, a.names(w, p.Record.Owner), w.Today())}
	shown.Entry = p.Seq
	if shown.Evidence, err = enforcement.Evidence(a.ctx, w.DB, p.Record); err != nil {
		return err
	}
	for _, h := range history {
		r := h.Record
		state := r.State
		if r.Outcome != "" {
			state += " " + r.Outcome
		}
		shown.Steps = append(shown.Steps, proceedingStep{h.Seq, time.UnixMicro(h.Leaf.Time).UTC().Format(time.DateOnly), state, r.Step, a.names(w, r.By)[r.By], r.Reason})
	}
	return a.print(shown, func(out io.Writer) {
		shown.print(out)
		for _, e := range shown.Evidence {
			fmt.Fprintf(out, "  finding %s on %s: %d calls, binding %s, entry %d\n", e.ID, e.Day, e.Calls, cmp.Or(e.Binding, "none"), e.Entry)
			for _, text := range e.Evidence {
				fmt.Fprintln(out, "    "+text)
			}
		}
		for _, s := range shown.Steps {
			fmt.Fprint(out, wrap(fmt.Sprintf("  %s  entry %-5d ", s.Day, s.Entry), fmt.Sprintf("%s, step %s, %s %s", s.State, s.Step, cmp.Or(s.By, "the program"), s.Reason)))
		}
	})
}

type findingAssignCmd struct {
	officer `embed:""`
	To      string `arg:"" help:"Who gets it." placeholder:"PERSON"`
}

// Run gives a proceeding to somebody.
func (c *findingAssignCmd) Run(a *app) error {
	return c.enforce(a, func(w *workspace.Workspace, o enforcement.Officer) (*enforcement.Proceeding, store.Ref, error) {
		to, err := w.Actor(a.ctx, c.To)
		if err != nil {
			return nil, store.Ref{}, err
		}
		return o.Assign(a.ctx, w.DB, c.ID, to)
	})
}

type findingImpactCmd struct {
	officer `embed:""`
	Impact  string `arg:"" help:"harm, none or unknown."`
	Source  string `help:"The source that says so." required:"" placeholder:"ID"`
}

// Run says what is known of harm.
func (c *findingImpactCmd) Run(a *app) error {
	return c.enforce(a, func(w *workspace.Workspace, o enforcement.Officer) (*enforcement.Proceeding, store.Ref, error) {
		return o.Weigh(a.ctx, w.DB, c.ID, c.Impact, c.Source)
	})
}

type findingNoticeCmd struct {
	officer `embed:""`
	Reason  string `help:"What the customer was told." required:"" placeholder:"TEXT"`
}

// Run records a notice.
func (c *findingNoticeCmd) Run(a *app) error {
	return c.take(a, enforcement.Move{To: enforcement.Notice, Reason: c.Reason})
}

type findingCureCmd struct {
	officer `embed:""`
	By      string `help:"The day by which the condition is kept." required:"" placeholder:"DAY"`
	Reason  string `help:"What the customer has to do, or why the step is out of order." placeholder:"TEXT"`
}

// Run records a cure.
func (c *findingCureCmd) Run(a *app) error {
	return c.take(a, enforcement.Move{To: enforcement.Cure, By: c.By, Reason: c.Reason})
}

type findingStepCmd struct {
	officer `embed:""`
	Step    enforcement.Step `arg:"" help:"limit, suspend or terminate." enum:"limit,suspend,terminate"`
	Reason  string           `help:"Why; needed where a step is skipped or taken back." placeholder:"TEXT"`
	Source  string           `help:"What shows whose calls they are, where accounts are shared." placeholder:"ID"`
}

// Run records a step that rests on a decision.
func (c *findingStepCmd) Run(a *app) error {
	return c.take(a, enforcement.Move{To: c.Step, Reason: c.Reason, Source: c.Source})
}

func (c *officer) take(a *app, m enforcement.Move) error {
	return c.enforce(a, func(w *workspace.Workspace, o enforcement.Officer) (*enforcement.Proceeding, store.Ref, error) {
		return o.Take(a.ctx, w.DB, c.ID, m)
	})
}

type findingCloseCmd struct {
	officer `embed:""`
	Outcome string `arg:"" help:"cured, advised, no_deviation or accepted."`
	Reason  string `help:"Why." required:"" placeholder:"TEXT"`
	Source  string `help:"What shows a cure that logs do not." placeholder:"ID"`
	Until   string `help:"Of an acceptance: the first day on which it no longer holds." placeholder:"DAY"`
}

// Run closes a proceeding, or proposes to.
func (c *findingCloseCmd) Run(a *app) error {
	return c.enforce(a, func(w *workspace.Workspace, o enforcement.Officer) (*enforcement.Proceeding, store.Ref, error) {
		return o.Close(a.ctx, w.DB, c.ID, enforcement.End{Outcome: c.Outcome, Reason: c.Reason, Source: c.Source, Until: c.Until})
	})
}
