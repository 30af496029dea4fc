package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/store"
	"duly/internal/voice"
	"duly/internal/workspace"
)

type decideShowCmd struct {
	ID string `arg:"" help:"The deployment, or an account that has no more than one."`
	On string `help:"The day; today otherwise." placeholder:"DAY"`
}

type shownResult struct {
	Subject    string         `json:"subject"`
	State      decision.State `json:"state"`
	MayRun     bool           `json:"may_run"`
	Holds      *standingRow   `json:"decision"`
	Locked     *standingRow   `json:"locked"`     // decided later, and not in force yet
	Conditions []conditionRow `json:"conditions"` // of the decision
	Forbids    []string       `json:"forbids"`    // bans and moratoria that came in between
}

// Run shows what holds.
func (c *decideShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	id, err := subject(a, w.DB, c.ID)
	if err != nil {
		return err
	}
	on, err := day(c.On, w.Today())
	if err != nil {
		return err
	}
	laws, err := prohibitions(w)
	if err != nil {
		return err
	}
	s, err := decision.Standing(a.ctx, w.DB, id, on, laws)
	if err != nil {
		return err
	}
	current, err := decision.Current(a.ctx, w.DB)
	if err != nil {
		return err
	}
	result := shownResult{Subject: id, State: s.State, MayRun: s.MayRun(), Holds: standing(s.Decision), Conditions: a.conditions(w, s.Conditions), Forbids: s.Forbids}
	if next := current[id]; next != nil && next.Record.From > on {
		result.Locked = standing(next)
	}
	return a.print(result, func(out io.Writer) { printStand(out, s, &result, on) })
}

func printStand(out io.Writer, s *decision.Stand, r *shownResult, on string) {
	d := s.Decision
	switch s.State {
	case decision.None:
		fmt.Fprintf(out, "on %s nothing is decided\n", on)
	case decision.Lapsed:
		fmt.Fprintf(out, "on %s nothing holds: what was decided in entry %d ended on %s, and nothing may run\n", on, d.Seq, d.Record.Expires)
	case decision.Waits:
		fmt.Fprintf(out, "on %s it may not run yet: %s, on %s, decided on %s in entry %d, waits for %d of %d conditions\n",
			on, d.Record.Act, d.Record.Basis, d.Record.Day, d.Seq, decision.Open(s.Conditions), d.Record.Precedents)
	case decision.Barred:
		fmt.Fprintf(out, "on %s it may not run any more: %s was decided on %s in entry %d, and since then\n", on, d.Record.Act, d.Record.Day, d.Seq)
		for _, f := range s.Forbids {
			fmt.Fprint(out, wrap("  ", f))
		}
		fmt.Fprintln(out, "assess it again, and decide")
	default:
		fmt.Fprintf(out, "on %s this holds: %s, on %s, decided on %s in entry %d\n", on, d.Record.Act, d.Record.Basis, d.Record.Day, d.Seq)
	}
	for _, c := range r.Conditions {
		fmt.Fprint(out, wrap("  ", c.String()))
	}
	if l := r.Locked; l != nil {
		fmt.Fprintf(out, "locked until %s: %s, on %s\n", l.From, l.Act, l.Basis)
	}
}

// conditionRow is a condition as it is printed.
type conditionRow struct {
	Sort    string `json:"sort"`
	Number  int64  `json:"number"`
	Text    string `json:"text"`
	Checked string `json:"checked_by,omitempty"`
	State   string `json:"state"` // met, not_met, or open while nobody has looked
	Day     string `json:"day,omitempty"`
	By      string `json:"by,omitempty"`
	Source  string `json:"source,omitempty"`
	Entry   int64  `json:"entry,omitempty"`
}

func (a *app) conditions(w *workspace.Workspace, list []decision.Condition) []conditionRow {
	out := []conditionRow{}
	for _, c := range list {
		row := conditionRow{Sort: c.Sort, Number: c.Number, Text: c.Text, Checked: c.Checked, State: "open"}
		if c.Last != nil {
			x := c.Last.Record
			row.State, row.Day, row.By, row.Source, row.Entry = x.Result, x.Day, a.names(w, x.Person)[x.Person], x.Source, c.Last.Seq
		}
		out = append(out, row)
	}
	return out
}

// String says in a line what a condition is and how it stands.
func (c *conditionRow) String() string {
	when := "before it runs"
	if c.Sort == decision.Ongoing {
		when = "while it runs, checked by " + c.Checked
	}
	how := "nobody has looked"
	if c.State != "open" {
		how = fmt.Sprintf("%s, says %s on %s in entry %d, by source %s", strings.ReplaceAll(c.State, "_", " "), c.By, c.Day, c.Entry, c.Source)
	}
	return fmt.Sprintf("%d, %s: %s (%s)", c.Number, when, c.Text, how)
}

type decideMetCmd struct {
	ID      string `arg:"" help:"The deployment, or an account that has no more than one: of its newest decision."`
	Number  int64  `arg:"" help:"The number of the condition, as duly decide show prints it."`
	As      string `help:"Who looked, and signs: nobody who sells, who is accountable, or, for what a committee decided, who prepared the rating." required:"" placeholder:"PERSON"`
	Source  string `help:"What it rests on, as duly fact source prints it." required:"" placeholder:"SOURCE"`
	Ongoing bool   `help:"One of the conditions while it runs, not of those before."`
	Not     bool   `help:"It is not met, or not any more."`
	Note    string `help:"What was found." placeholder:"TEXT"`
}

type metResult struct {
	ID         string         `json:"id"`
	Entry      int64          `json:"entry"`
	Open       int            `json:"open"` // conditions precedent that are not met
	Conditions []conditionRow `json:"conditions"`
}

// Run records what was found.
func (c *decideMetCmd) Run(a *app) error {
	return a.act(c.As, func(w *workspace.Workspace, h voice.Hand) error {
		id, err := subject(a, w.DB, c.ID)
		if err != nil {
			return err
		}
		r := decision.Checking{Subject: id, Sort: decision.Precedent, Number: c.Number, Result: decision.Met, Source: c.Source, Note: c.Note, By: h.By, Key: h.Key, Now: h.Now}
		if c.Ongoing {
			r.Sort = decision.Ongoing
		}
		if c.Not {
			r.Result = decision.NotMet
		}
		ref, list, err := decision.Meet(a.ctx, w.DB, act.Default, r)
		if err != nil {
			return err
		}
		open := decision.Open(list)
		return a.print(metResult{ref.ID, ref.Seq, open, a.conditions(w, list)}, func(out io.Writer) {
			fmt.Fprintf(out, "condition %d is %s, signed by %s in entry %d\n", c.Number, strings.ReplaceAll(r.Result, "_", " "), c.As, ref.Seq)
			if open > 0 {
				fmt.Fprintf(out, "it may not run yet: %d conditions are not met\n", open)
			} else {
				fmt.Fprintln(out, "all conditions are met that had to be before it runs")
			}
		})
	})
}

// standingRow is a decision as it is printed.
type standingRow struct {
	Act        string   `json:"act"`
	Basis      string   `json:"basis"`
	Outcome    string   `json:"outcome"` // what the rating called for
	Tier       string   `json:"tier"`
	Day        string   `json:"day"`
	From       string   `json:"effective_day"`
	Expires    string   `json:"expires_day,omitempty"`
	ReviewDay  string   `json:"review_day"`
	Opinions   int64    `json:"opinions"`
	Objections int64    `json:"objections"`
	Precedent  []string `json:"conditions_precedent"`
	Ongoing    []string `json:"conditions_ongoing"`
	Reason     string   `json:"reason"`
	Signed     []string `json:"signed_by"` // key ids
	Entry      int64    `json:"entry"`
}

func standing(r *store.Revision[decision.Decision]) *standingRow {
	if r == nil {
		return nil
	}
	d := r.Record
	row := &standingRow{d.Act, d.Basis, d.Outcome, d.Tier, d.Day, d.From, d.Expires, d.ReviewDay, d.Opinions, d.Objections, d.Precedent, d.Ongoing, d.Reason, nil, r.Seq}
	for _, s := range r.Leaf.Sigs {
		row.Signed = append(row.Signed, s.KeyID())
	}
	return row
}
