package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/fault"
	"duly/internal/people"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/watchlist"
	"duly/internal/workspace"
)

type hitCmd struct {
	List    hitListCmd    `cmd:"" help:"List hits, the likeliest first."`
	Show    hitShowCmd    `cmd:"" help:"Show both sides of a hit and what speaks for and against it."`
	Close   hitCloseCmd   `cmd:"" help:"Decide on a watchlist hit."`
	History hitHistoryCmd `cmd:"" help:"Say what was screened for a customer, against what, and who decided."`
}

type hitListCmd struct {
	All bool `help:"Also those that are closed."`
}

type hitRow struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	Grade       string `json:"grade"`
	Customer    string `json:"customer"` // record id of the subject
	Name        string `json:"name"`
	Matched     string `json:"matched"`
	List        string `json:"list"`
	Entry       string `json:"entry"`
	Score       int64  `json:"score"`       // thousandths
	Probability int64  `json:"probability"` // thousandths
	Reasons     string `json:"reasons"`
	Note        string `json:"note,omitempty"`
}

// Run lists hits, the likeliest first.
func (c *hitListCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	hits, err := store.Select(a.ctx, w.DB, screening.Hits, "")
	if err != nil {
		return err
	}
	subjects, err := subjectNames(a, w)
	if err != nil {
		return err
	}
	rows := []hitRow{}
	for _, h := range hits {
		r := h.Record
		waits := r.State == screening.Open || r.State == screening.Proposed || r.State == screening.Unresolved || r.Recheck != nil && *r.Recheck
		if c.All || waits {
			rows = append(rows, hitRow{h.ID, r.State, r.Grade, r.Subject, cmp.Or(subjects[r.Subject], "(not in the register any more)"), r.Matched, r.List, r.Entry, r.Score, r.Probability, r.Reasons, r.Note})
		}
	}
	slices.SortStableFunc(rows, func(a, b hitRow) int {
		if a.Probability != b.Probability {
			return int(b.Probability - a.Probability)
		}
		return int(b.Score - a.Score)
	})
	return a.print(rows, func(out io.Writer) {
		if len(rows) == 0 {
			a.progress("no hits in this state; `duly screen` looks for new ones")
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s  %-9s %.3f  %s ~ %s (%s, %s)\n    %s\n", r.ID, r.State, float64(r.Score)/1000, r.Name, r.Matched, r.List, r.Entry, r.Reasons)
			if r.Note != "" {
				fmt.Fprintf(out, "    %s\n", r.Note)
			}
		}
	})
}

// subjectNames maps the records that are screened to their names.
func subjectNames(a *app, w *workspace.Workspace) (map[string]string, error) {
	subjects, err := screening.Subjects(a.ctx, w.DB)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(subjects))
	for _, s := range subjects {
		out[s.ID] = s.Name
	}
	return out, nil
}

type hitCloseCmd struct {
	Hit        string `arg:"" help:"The hit."`
	As         string `help:"Who closes it." required:"" placeholder:"PERSON"`
	Reason     string `help:"Why." required:"" placeholder:"TEXT"`
	Confirm    bool   `help:"The customer is the listed one; without it, the hit is dismissed." xor:"what"`
	Unresolved bool   `help:"It cannot be told; the hit goes on to count as open." xor:"what"`
}

// Run closes the hit.
func (c *hitCloseCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.CloseHit)
		if err != nil {
			return err
		}
		d := screening.Disposition{Hit: c.Hit, State: screening.Dismissed, Reason: c.Reason, By: actor.Key}
		switch {
		case c.Confirm:
			d.State = screening.Confirmed
		case c.Unresolved:
			d.State = screening.Unresolved
		}
		hit, err := store.Get(a.ctx, w.DB, screening.Hits, c.Hit)
		if err != nil {
			return err
		}
		if d.Grave, err = assessment.Grave(a.ctx, w.DB, hit.Record.Subject); err != nil {
			return err
		}
		state, err := screening.Close(a.ctx, w.DB, d)
		if err != nil {
			return err
		}
		return a.print(map[string]string{"hit": c.Hit, "state": state}, func(out io.Writer) {
			if state == screening.Proposed {
				fmt.Fprintf(out, "hit %s: proposed to dismiss; a second person must agree with `duly hit close`\n", c.Hit)
				return
			}
			fmt.Fprintf(out, "hit %s is %s\n", c.Hit, state)
		})
	})
}

type hitShowCmd struct {
	Hit string `arg:"" help:"The hit."`
}

// shownHit is both sides of a hit.
type shownHit struct {
	ID      string             `json:"id"`
	Hit     *screening.Hit     `json:"hit"`
	Subject *screening.Subject `json:"subject"`
	Listed  *watchlist.Entity  `json:"listed,omitempty"` // nil when no list in use has it any more
}

// Run shows the hit.
func (c *hitShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	hit, err := store.Get(a.ctx, w.DB, screening.Hits, c.Hit)
	if err != nil {
		return err
	}
	shown := shownHit{ID: hit.ID, Hit: hit.Record}
	subjects, err := screening.Subjects(a.ctx, w.DB)
	if err != nil {
		return err
	}
	for i := range subjects {
		if subjects[i].ID == hit.Record.Subject {
			shown.Subject = &subjects[i]
		}
	}
	lists, err := screening.Load(a.ctx, w.DB, shelf(w))
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	for _, l := range lists {
		for i := range l.Entities {
			if e := &l.Entities[i]; e.List == hit.Record.List && e.SourceID == hit.Record.Entry {
				shown.Listed = e
			}
		}
	}
	return a.print(shown, func(out io.Writer) { shown.print(out) })
}

func (s *shownHit) print(out io.Writer) {
	h := s.Hit
	fmt.Fprintf(out, "hit %s, %s, %s: score %.3f, probability %.3f\n", s.ID, h.State, h.Grade, float64(h.Score)/1000, float64(h.Probability)/1000)
	line := func(name string, ours, theirs string) {
		if ours != "" || theirs != "" {
			fmt.Fprintf(out, "  %-12s %-40s %s\n", name, ours, theirs)
		}
	}
	line("", "in the register", h.List+", "+h.Entry)
	subject, listed := s.Subject, s.Listed
	if subject == nil {
		subject = &screening.Subject{}
	}
	if listed == nil {
		listed = &watchlist.Entity{Name: h.Matched}
	}
	line("name", subject.Name, listed.Name)
	if h.Matched != listed.Name {
		line("met by", "", h.Matched)
	}
	line("kind", subject.Kind.String(), listed.Kind.String())
	line("countries", strings.Join(subject.Countries, ", "), strings.Join(listed.Countries, ", "))
	line("born", strings.Join(subject.BirthDates, ", "), strings.Join(listed.BirthDates, ", "))
	numbers := make([]string, len(listed.Identifiers))
	for i, n := range listed.Identifiers {
		numbers[i] = n.Type + " " + n.Value
	}
	line("numbers", strings.Join(subject.Numbers, ", "), strings.Join(numbers, ", "))
	line("programmes", "", strings.Join(listed.Programs, ", "))
	for _, address := range listed.Addresses {
		line("address", "", strings.TrimSpace(address.Text+" "+address.Country))
	}
	line("remarks", "", listed.Remarks)
	fmt.Fprintf(out, "\n%s\n", h.Reasons)
	if h.Note != "" {
		fmt.Fprintln(out, h.Note)
	}
	if h.Closed != "" {
		fmt.Fprintf(out, "decided: %s\n", h.Closed)
	}
}

type hitHistoryCmd struct {
	Customer string `arg:"" help:"The customer, by record id, or by an id of its own (LEI, account number)."`
	On       string `help:"The day, YYYY-MM-DD; today otherwise." placeholder:"DAY"`
}

// Run shows the history.
func (c *hitHistoryCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	if c.On == "" {
		c.On = w.Today()
	}
	found, err := register.Find(a.ctx, w.DB, c.Customer)
	if err != nil {
		return err
	}
	subject := found.ID
	switch found.Kind {
	case "account":
		account, err := store.Get(a.ctx, w.DB, register.Accounts, found.ID)
		if err != nil {
			return err
		}
		subject = account.Record.Customer
	case "deployment":
		deployment, err := store.Get(a.ctx, w.DB, register.Deployments, found.ID)
		if err != nil {
			return err
		}
		subject = deployment.Record.Customer
	}
	if subject == "" {
		return fault.Newf(fault.NotFound, "%s is mapped to no customer, so nobody was screened for it", c.Customer)
	}
	h, err := screening.Past(a.ctx, w.DB, subject, c.On)
	if err != nil {
		return err
	}
	names, err := personNames(a, w)
	if err != nil {
		return err
	}
	return a.print(h, func(out io.Writer) { printHistory(out, h, names) })
}

// personNames maps key ids to the names of people.
func personNames(a *app, w *workspace.Workspace) (map[string]string, error) {
	all, err := store.Select(a.ctx, w.DB, people.Persons, "")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, p := range all {
		out[p.Record.KeyID] = p.Record.Name
	}
	return out, nil
}

func printHistory(out io.Writer, h *screening.History, names map[string]string) {
	fmt.Fprintf(out, "%s (%s) as of the end of %s, UTC\n\n", h.Name, h.Subject, h.Day)
	if h.Run == nil {
		fmt.Fprintln(out, "not screened by then: no run came after it was registered")
	} else {
		fmt.Fprintf(out, "screened on %s, entry %d, among %d; population %s...\n", h.Run.Day, h.Run.Entry, h.Run.Covered, h.Run.Population[:16])
		fmt.Fprintf(out, "settings   %s\n", h.Run.Settings)
		for _, l := range h.Run.Lists {
			fmt.Fprintf(out, "list       %s, published %s, %d entries, entry %d, %s...\n", l.Name, orUnknown(l.Published), l.Entries, l.Entry, l.SHA256[:16])
		}
	}
	if len(h.Hits) == 0 {
		fmt.Fprintln(out, "\nno hits were known by then")
	}
	for _, p := range h.Hits {
		fmt.Fprintf(out, "\nhit %s: %s (%s, %s), score %.3f, then %s\n", p.ID, p.Hit.Matched, p.Hit.List, p.Hit.Entry, float64(p.Hit.Score)/1000, p.Hit.State)
		for _, s := range p.Steps {
			printStep(out, s, names)
		}
	}
	if len(h.Later) > 0 {
		fmt.Fprintln(out, "\nsince then")
	}
	for _, s := range h.Later {
		printStep(out, s, names)
	}
}

func printStep(out io.Writer, s screening.Step, names map[string]string) {
	who := "the program"
	if s.By != "" {
		who = names[s.By]
		if who == "" {
			who = s.By
		}
	}
	fmt.Fprintf(out, "  %s  entry %-7d %-10s %s: %s\n", s.Time.Format("2006-01-02 15:04"), s.Entry, s.State, who, s.Why)
}

func orUnknown(s string) string {
	if s == "" {
		return "on an unknown day"
	}
	return s
}
