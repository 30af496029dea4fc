package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/workspace"
)

type whatIfCmd struct {
	Method     string   `help:"The method that is tried: a file, or one that ships." placeholder:"PACK"`
	From       string   `help:"The method that it is compared with; the one in force otherwise." placeholder:"PACK"`
	Fact       []string `help:"A fact as it might be, as in 'LHC-000001 law.local_ban=in_force'. May be given several times." sep:"none" placeholder:"'SUBJECT FACT=VALUE'"`
	Conditions []string `help:"Conditions of use that are tried, instead of those of --holding." sep:"none" placeholder:"PACK"`
	Holding    []string `help:"The conditions of use that they are compared with." default:"face-search" sep:"none" placeholder:"PACK"`
	Date       string   `help:"Ask about this day instead of today." placeholder:"YYYY-MM-DD"`
	Entry      int64    `help:"Ask by what was known when this entry of the log was written." default:"-1" placeholder:"N"`
	Limit      int      `help:"Tell of so many changes; 0 for all." default:"20"`
}

// whatIf is what the command says.
type whatIf struct {
	Ratings    *assessment.Answer  `json:"ratings,omitempty"`
	Conditions *assessment.Clauses `json:"conditions,omitempty"`
}

// Run rates the portfolio as it would be and prints who moves, and why. It writes
// nothing.
func (c *whatIfCmd) Run(a *app) error {
	if c.Method == "" && len(c.Fact) == 0 && len(c.Conditions) == 0 {
		return fault.New(fault.Invalid, "there is nothing to suppose", "give --method, --fact or --conditions")
	}
	if c.Limit < 0 {
		return fault.New(fault.Invalid, "a limit is not below 0", "give 0 for all")
	}
	if len(c.Conditions) > 0 && c.Entry >= 0 {
		return fault.New(fault.Invalid, "conditions are compared for the deployments as they are registered now", "leave out --entry, or ask about the method alone")
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	var out whatIf
	if c.Method != "" || len(c.Fact) > 0 {
		if out.Ratings, err = c.ratings(a, w); err != nil {
			return err
		}
	}
	if len(c.Conditions) > 0 {
		if out.Conditions, err = c.clauses(a, w); err != nil {
			return err
		}
	}
	return a.print(out, func(to io.Writer) { printWhatIf(to, &out) })
}

func (c *whatIfCmd) ratings(a *app, w *workspace.Workspace) (*assessment.Answer, error) {
	from, err := a.ruling(w.DB, cmp.Or(c.Date, w.Today()), c.From)
	if err != nil {
		return nil, err
	}
	to := from
	if c.Method != "" {
		if to, err = findPack("methods", c.Method); err != nil {
			return nil, err
		}
	}
	m, err := rating.Load(to)
	if err != nil {
		return nil, err
	}
	q := assessment.Question{From: from, To: to, Entry: c.Entry, Day: c.Date, Limit: c.Limit}
	if q.Prohibitions, err = prohibitions(w); err != nil {
		return nil, err
	}
	for _, text := range c.Fact {
		s, err := supposed(a, w.DB, m, text)
		if err != nil {
			return nil, err
		}
		q.Supposed = append(q.Supposed, s)
	}
	return assessment.WhatIf(a.ctx, w.DB, w.Today(), q, a.count("deployments"))
}

// supposed reads "SUBJECT FACT=VALUE".
func supposed(a *app, q store.Queryer, m *rating.Method, text string) (assessment.Supposed, error) {
	var s assessment.Supposed
	who, rest, ok := strings.Cut(strings.TrimSpace(text), " ")
	fact, answer, ok2 := strings.Cut(strings.TrimSpace(rest), "=")
	if !ok || !ok2 {
		return s, fault.Newf(fault.Invalid, "%q supposes nothing", text).WithFix("write SUBJECT FACT=VALUE, as in 'LHC-000001 law.local_ban=in_force'")
	}
	f, asked := m.Fact(fact)
	if !asked {
		return s, fault.Newf(fault.Invalid, "the method %s asks no fact %q", m.ID, fact).WithFix("see its facts in the pack")
	}
	found, err := register.Find(a.ctx, q, who)
	if err != nil {
		return s, err
	}
	s.Subject, s.Fact = found.ID, fact
	if s.Value, err = parseValue(f, answer); err != nil {
		return s, err
	}
	if _, unknown := s.Value.UnknownReason(); !unknown {
		_, err = m.Rate(rating.Inputs{fact: rating.Known(s.Value.Value())})
	}
	return s, err
}

func (c *whatIfCmd) clauses(a *app, w *workspace.Workspace) (*assessment.Clauses, error) {
	read := func(names []string) ([]*pack.Pack, error) {
		var out []*pack.Pack
		for _, name := range names {
			p, err := findPack("conditions", name)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	}
	from, err := read(c.Holding)
	if err != nil {
		return nil, err
	}
	to, err := read(c.Conditions)
	if err != nil {
		return nil, err
	}
	day := c.Date
	if day == "" {
		day = w.Today()
	}
	return assessment.WhatIfConditions(a.ctx, w.DB, day, from, to, c.Limit)
}

func printWhatIf(out io.Writer, w *whatIf) {
	if w.Ratings != nil {
		printRatingsIf(out, w.Ratings)
	}
	if w.Conditions != nil {
		printClauses(out, w.Conditions)
	}
	fmt.Fprintln(out, "nothing was written")
}

func printRatingsIf(out io.Writer, a *assessment.Answer) {
	what := fmt.Sprintf("%s %s instead of %s %s", a.To.ID, a.To.Version, a.From.ID, a.From.Version)
	if a.From == a.To {
		what = a.To.ID + " " + a.To.Version + " on other facts"
	}
	fmt.Fprintf(out, "%s: %d deployments as of %s\n", what, a.Looked, a.Day)
	if a.Asked {
		fmt.Fprintf(out, "by what was known at entry %d\n", a.Entries-1)
	}
	for _, m := range append(assessment.Moves(), assessment.Unaffected) {
		fmt.Fprintf(out, "  %6d  %s\n", a.Moves[m], strings.ReplaceAll(string(m), "_", " "))
	}
	printCounts(out, "worst residual band, of those that move", a.Bands)
	printCounts(out, "what is called for, where it differs", a.Decisions)
	printCounts(out, "deployments by what made a difference, some by several", a.Causes)
	for i := range a.Changes {
		printChange(out, &a.Changes[i])
	}
	more(out, a.More, "deployments that move; --limit 0 tells of all")
}

func printChange(out io.Writer, c *assessment.Change) {
	who := c.Number
	if who == "" {
		who = "account " + c.Account
	}
	for _, more := range []string{c.Customer, strings.ReplaceAll(c.Capability, "_", " ")} {
		if more != "" {
			who += ", " + more
		}
	}
	fmt.Fprint(out, wrap(strings.ReplaceAll(string(c.Move), "_", " ")+": ", who))
	fmt.Fprint(out, wrap("  from ", side(&c.From)))
	fmt.Fprint(out, wrap("  to   ", side(&c.To)))
	for _, w := range c.Why[:min(causesShown, len(c.Why))] {
		fmt.Fprint(out, wrap("  - ", w.Text))
	}
	if n := len(c.Why) - causesShown; n > 0 {
		fmt.Fprintf(out, "  - and %d more reasons; --json has all\n", n)
	}
}

// causesShown is how many reasons are printed for one change.
const causesShown = 8

func side(s *assessment.Side) string {
	text := s.Worst
	if s.Best != s.Worst {
		text = s.Best + " to " + s.Worst
	}
	text += ", tier " + s.Tier + ", " + strings.ReplaceAll(s.Decision, "_", " ")
	if len(s.HardStops) > 0 {
		text += ", stopped by " + strings.Join(s.HardStops, ", ")
	}
	return text
}

func printClauses(out io.Writer, c *assessment.Clauses) {
	fmt.Fprintf(out, "conditions of use: %d of %d deployments have another clause on %s\n", c.Moved, c.Looked, c.Day)
	says := map[string]string{"begins": "begins to hold", "ends": "does not hold any more", "reads_otherwise": "reads otherwise"}
	for _, x := range c.Clauses {
		fmt.Fprint(out, wrap("  ", fmt.Sprintf("%s (%s) %s for %d deployments, %d of them only because something about them is not known",
			x.Clause, x.Title, says[x.Change], x.Deployments, x.Assumed)))
		if x.Change != "ends" {
			fmt.Fprintf(out, "    telemetry shows %s\n", map[string]string{"deviations": "deviations from it", "exposure": "use under it, and no deviations", "nothing": "nothing of it"}[x.Checked])
		}
		if x.Calls > 0 {
			fmt.Fprintf(out, "    counted there so far: %d calls, %d deviated, %d cannot be told\n", x.Calls, x.Deviations, x.Unknown)
		}
	}
	fmt.Fprint(out, wrap("  ", "Calls are kept as counts by clause and day. Whether they would deviate from another text cannot be told from those: read the telemetry again with `duly monitor --conditions`."))
}
