package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"duly/internal/act"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type engagementRequestCmd struct {
	engaged
	Text   string `arg:"" help:"What is asked for."`
	Record string `help:"The record that it is about." placeholder:"ID"`
	Due    string `help:"The last day to answer in time." required:"" placeholder:"DAY"`
}

// Run asks.
func (c *engagementRequestCmd) Run(a *app) error {
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		ref, err := engagement.Ask(a.ctx, w.DB, act.Default, h, id, c.Record, c.Text, c.Due)
		if err != nil {
			return err
		}
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) { fmt.Fprintf(out, "request %s is due by %s\n", ref.ID, c.Due) })
	})
}

type engagementAnswerCmd struct {
	Request string `arg:"" help:"The request."`
	Text    string `arg:"" help:"The answer."`
	File    string `help:"What is given; the log keeps its hash." placeholder:"FILE"`
	As      string `help:"Who answers for the company, and signs." required:"" placeholder:"PERSON"`
}

// Run answers.
func (c *engagementAnswerCmd) Run(a *app) error {
	file := ""
	if c.File != "" {
		var err error
		if file, err = hashOf(c.File); err != nil {
			return err
		}
	}
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		r, ref, err := engagement.Reply(a.ctx, w.DB, act.Default, h, c.Request, c.Text, file)
		if err != nil {
			return err
		}
		return a.print(struct {
			entered
			Late bool `json:"late"`
		}{entered{ref.ID, ref.Seq}, r.Late}, func(out io.Writer) {
			late := ""
			if r.Late {
				late = ", late: it was due by " + r.Due
			}
			fmt.Fprintf(out, "answered by %s in entry %d%s\n", c.As, ref.Seq, late)
		})
	})
}

type engagementEffortCmd struct {
	engaged
	Task  string `arg:"" help:"planning, reconciliation, sampling, testing, interviews, reporting or other."`
	Hours string `help:"Hours, like 7.5." default:"0"`
	Cost  int64  `help:"What it costs, in whole units of the currency of the terms."`
	Items int64  `help:"How many records were looked at."`
	Note  string `help:"More about it." placeholder:"TEXT"`
}

// Run records the effort.
func (c *engagementEffortCmd) Run(a *app) error {
	minutes, err := engagement.ParseHours(c.Hours)
	if err != nil {
		return err
	}
	return c.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
		ref, err := engagement.Spend(a.ctx, w.DB, act.Default, h, id, engagement.Effort{Task: c.Task, Minutes: minutes, Cost: c.Cost, Items: c.Items, Note: c.Note})
		if err != nil {
			return err
		}
		f, err := engagement.Read(a.ctx, w.DB, id)
		if err != nil {
			return err
		}
		spent, cost, _ := f.Spent()
		return a.print(entered{ref.ID, ref.Seq}, func(out io.Writer) {
			fmt.Fprintf(out, "so far %.1f hours and %d of %d %s\n", float64(spent)/60, cost, f.Terms.Record.Budget, f.Terms.Record.Currency)
		})
	})
}

type reconcileCmd struct {
	Files []string `arg:"" name:"file" help:"The list, as CSV or JSON files, plain or gzip, as it came from whoever keeps it."`
	Map   string   `help:"The mapping from its rows to accounts or customers, as for duly import." required:"" placeholder:"MAP.yaml"`
	List  string   `help:"What the list is: billing, crm, contracts or other." default:"billing" enum:"billing,crm,contracts,other"`

	Engagement string `help:"The engagement, by record id or title; the only one otherwise." placeholder:"ID"`
	Key        string `help:"The file of the assessor's key, who signs what came out; without it, nothing is recorded." placeholder:"FILE"`
	Missing    bool   `help:"List every row that the log does not know, and every record that the list does not name."`
}

type reconciled struct {
	*intake.Comparison
	Unmapped int64 `json:"unmapped"` // hundredths of a per cent of the rows
	Entry    int64 `json:"entry,omitempty"`
}

// Run compares, and records the outcome where an assessor signs.
func (c *reconcileCmd) Run(a *app) error {
	text, err := readInput(c.Map, intake.MaxMapping)
	if err != nil {
		return err
	}
	mapping, err := intake.ParseMapping(c.Map, text)
	if err != nil {
		return err
	}
	if c.Key != "" {
		return engaged{Engagement: c.Engagement, Key: c.Key}.run(a, func(w *workspace.Workspace, h voice.Hand, id string) error {
			return c.compare(a, w, mapping, func(found *intake.Comparison) (int64, error) {
				sum, err := hashOf(c.Map)
				if err != nil {
					return 0, err
				}
				ref, err := engagement.Reconcile(a.ctx, w.DB, act.Default, h, id, c.List, sum, found)
				return ref.Seq, err
			})
		})
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	return c.compare(a, w, mapping, func(*intake.Comparison) (int64, error) { return 0, nil })
}

func (c *reconcileCmd) compare(a *app, w *workspace.Workspace, mapping *intake.Mapping, record func(*intake.Comparison) (int64, error)) error {
	found, err := intake.Compare(a.ctx, w.DB, mapping, c.Files)
	if err != nil {
		return err
	}
	entry, err := record(found)
	if err != nil {
		return err
	}
	unmapped := (&engagement.Reconciliation{Rows: found.Rows, Known: found.Known}).Unmapped()
	return a.print(reconciled{found, unmapped, entry}, func(out io.Writer) {
		fmt.Fprintf(out, "not in the log: %s of the rows\n", percent(unmapped))
		fmt.Fprintf(out, "rows       %d\nknown      %d", found.Rows, found.Known)
		if found.Twice > 0 {
			fmt.Fprintf(out, ", %d of them named before", found.Twice)
		}
		fmt.Fprintf(out, "\nmissing    %d never entered the log\nambiguous  %d share no more than a name, or lead to several\nunread     %d\n", len(found.Missing), len(found.Ambiguous), len(found.Unread))
		fmt.Fprintf(out, "%s records in the log: %d active, %d of them not on the list\n", found.Kind, found.Recorded, len(found.Unlisted))
		c.list(out, found)
		if entry > 0 {
			fmt.Fprintf(out, "signed by the assessor in entry %d\n", entry)
		}
	})
}

func (c *reconcileCmd) list(out io.Writer, found *intake.Comparison) {
	const some = 20
	show := func(what string, lines []string) {
		for i, line := range lines {
			if i == some && !c.Missing {
				fmt.Fprintf(out, "  and %d more: see --missing\n", len(lines)-some)
				return
			}
			fmt.Fprintf(out, "  %s %s\n", what, line)
		}
	}
	show("missing", places(found.Missing))
	show("ambiguous", places(found.Ambiguous))
	for _, r := range found.Unread[:min(len(found.Unread), some)] {
		fmt.Fprintf(out, "  unread %s\n", r)
	}
	show("not on the list", found.Unlisted)
}

func places(lines []intake.Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = fmt.Sprintf("%s (%s:%d)", l.Row, l.File, l.Line)
	}
	return out
}

type engagementAccessCmd struct {
	From string `help:"The first day; from the beginning otherwise." placeholder:"DAY"`
	Upto string `help:"The last day; until now otherwise." placeholder:"DAY"`
}

type accessRow struct {
	Person string   `json:"person"`
	Roles  []string `json:"roles"`
	Kind   string   `json:"kind"`
	Count  int64    `json:"entries"`
	First  int64    `json:"first_entry"`
	Last   int64    `json:"last_entry"`
}

// Run counts who entered what.
func (c *engagementAccessCmd) Run(a *app) error {
	from, err := day(c.From, "0001-01-01")
	if err != nil {
		return err
	}
	upto, err := day(c.Upto, "9999-12-31")
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	found, err := engagement.Entered(a.ctx, w.DB, from, upto)
	if err != nil {
		return err
	}
	persons, err := store.Select(a.ctx, w.DB, people.Persons, "")
	if err != nil {
		return err
	}
	rows := []accessRow{}
	for _, e := range found {
		r := accessRow{Person: e.Actor, Kind: e.Kind, Count: e.Entries, First: e.First, Last: e.Last, Roles: []string{}}
		for _, p := range persons {
			if p.Record.KeyID == e.Actor {
				r.Person, r.Roles = p.Record.Name, p.Record.Roles
			}
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(x, y accessRow) int { return cmp.Compare(x.Person, y.Person) })
	return a.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "%-20s %v %s %d, entries %d to %d\n", r.Person, r.Roles, r.Kind, r.Count, r.First, r.Last)
		}
		fmt.Fprintln(out, "counted from all entries; what only reads (reports, exports, disclosures) makes none")
	})
}

type engagementShowCmd struct {
	Engagement string `arg:"" optional:"" help:"The engagement, by record id or title; the only one, or a list, otherwise."`
}

// Run shows the engagement.
func (c *engagementShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	id, err := engagement.Find(a.ctx, w.DB, c.Engagement)
	if c.Engagement == "" && fault.CodeOf(err) == fault.Invalid {
		return c.all(a, w)
	}
	if err != nil {
		return err
	}
	f, err := engagement.Read(a.ctx, w.DB, id)
	if err != nil {
		return err
	}
	return a.print(f, func(out io.Writer) { printEngagement(out, a, w, f) })
}

func (c *engagementShowCmd) all(a *app, w *workspace.Workspace) error {
	list, err := store.Select(a.ctx, w.DB, engagement.Engagements, "")
	if err != nil {
		return err
	}
	return a.print(list, func(out io.Writer) {
		for _, e := range list {
			fmt.Fprintf(out, "%s %s: %s, %s to %s\n", e.ID, e.Record.State, e.Record.Title, e.Record.From, e.Record.Upto)
		}
	})
}

func printEngagement(out io.Writer, a *app, w *workspace.Workspace, f *engagement.File) {
	for _, r := range f.Reconciliations {
		fmt.Fprintf(out, "not in the log: %s of the %d rows of the %s list of %s (entry %d): %d missing, %d ambiguous, %d unread; %d in the log are not listed\n",
			percent(r.Record.Unmapped()), r.Record.Rows, r.Record.List, r.Record.Day, r.Seq, r.Record.Missing, r.Record.Ambiguous, r.Record.Unread, r.Record.Unlisted)
	}
	t := f.Newest.Record
	fmt.Fprintf(out, "%s (%s)\n  commissioned by %s, on %s\n  terms %s, entry %d; period %s to %s, due %s, %s assurance, evidence for at least %d %%\n", t.Title, f.ID, t.Body, t.Ground, t.State, f.Newest.Seq, t.From, t.Upto, t.Due, t.Level, t.Coverage)
	minutes, cost, items := f.Spent()
	fmt.Fprintf(out, "  spent %.1f hours and %d of %d %s", float64(minutes)/60, cost, t.Budget, t.Currency)
	if items > 0 {
		fmt.Fprintf(out, "; %d records looked at", items)
	}
	fmt.Fprintln(out)
	for _, d := range f.Declared {
		r := d.Record
		fmt.Fprintf(out, "assessor %s: %s, appointed by %s, can be removed by %s, fee %d %s", a.names(w, r.Person)[r.Person], r.State, r.Appointed, r.Removed, r.Fee, t.Currency)
		if r.Flagged {
			fmt.Fprintf(out, "; declares %v", r.Ties)
		}
		if r.Blocks {
			fmt.Fprint(out, ", which blocks")
		}
		fmt.Fprintln(out)
	}
	if f.Assignment != nil {
		fmt.Fprintf(out, "%s on %s, entry %d\n", f.Assignment.Record.State, f.Assignment.Record.Day, f.Assignment.Seq)
	}
	for _, p := range f.Populations {
		printPopulation(out, p.Seq, p.Record)
	}
	for _, s := range f.Samples {
		r := s.Record
		if r.State == engagement.Planned {
			fmt.Fprintf(out, "draw %d, entry %d: %d %ss are planned; %s\n", r.Draw, s.Seq, r.Wanted, r.Of, r.Seeded())
			continue
		}
		fmt.Fprintf(out, "draw %d, entry %d: %d of %d %ss, and %d that are grave; %s\n", r.Draw, s.Seq, r.Size, r.From, r.Of, r.Targeted, r.Seeded())
	}
	for _, r := range f.Requests {
		printRequest(out, r, w.Today())
	}
}

func printRequest(out io.Writer, r *store.Revision[engagement.Request], today string) {
	q, state := r.Record, r.Record.State
	switch {
	case q.State == engagement.Asked && q.Due < today:
		state = "overdue since " + q.Due
	case q.State == engagement.Asked:
		state = "due by " + q.Due
	case q.Late:
		state = "answered late, on " + q.Answered
	case q.State == engagement.Answered:
		state = "answered on " + q.Answered
	}
	fmt.Fprintf(out, "request %s of %s, %s: %s\n", r.ID, q.Asked, state, q.Text)
}

type engagementExportCmd struct {
	engaged
	Out string `arg:"" help:"The workbook to write."`
}

// Run writes the workbook. It writes nothing into the workspace.
func (c *engagementExportCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	h, err := a.outside(w, c.As, c.Key)
	if err != nil {
		return err
	}
	if err := act.Default.May(h.By, act.Publish); err != nil {
		return err
	}
	id, err := engagement.Find(a.ctx, w.DB, c.Engagement)
	if err != nil {
		return err
	}
	f, err := engagement.Read(a.ctx, w.DB, id)
	if err != nil {
		return err
	}
	entered, err := engagement.Entered(a.ctx, w.DB, f.Newest.Record.From, f.Newest.Record.Upto)
	if err != nil {
		return err
	}
	book := engagement.Workbook{File: f, Today: w.Today(), Entered: entered, Name: func(key string) string { return a.names(w, key)[key] }}
	if err := writeWhole(c.Out, book.XLSX); err != nil {
		return err
	}
	return a.wrote(written{Out: c.Out}, "wrote "+c.Out)
}
