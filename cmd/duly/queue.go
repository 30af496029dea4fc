package main

import (
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/casework"
	"duly/internal/triage"
	"duly/internal/workspace"
)

type queueCmd struct {
	List     queueListCmd     `cmd:"" default:"withargs" help:"Show the cases that wait, the gravest first."`
	Sweep    queueSweepCmd    `cmd:"" help:"Read what has happened since the last sweep, rate again what it touches, and open cases."`
	Load     queueLoadCmd     `cmd:"" help:"Say what each lane holds, and what people can do about it."`
	Capacity queueCapacityCmd `cmd:"" help:"Set how many hours a week people have for a lane."`
}

type queueListCmd struct {
	Lane    triage.Lane `help:"Only this lane: STOP, PERSON or DESK." placeholder:"LANE"`
	Owner   string      `help:"Only what this person has." placeholder:"PERSON"`
	Free    bool        `help:"Only what nobody has."`
	Overdue bool        `help:"Only what is overdue."`
	All     bool        `help:"Also what is put off."`
	Limit   int         `help:"How many." default:"25"`
	Offset  int         `help:"How many to pass over."`
}

// Run lists a page of the queue.
func (c *queueListCmd) Run(a *app) error {
	if c.Lane != "" {
		if _, err := triage.ParseLane(string(c.Lane)); err != nil {
			return err
		}
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	f := casework.Filter{Lane: string(c.Lane), Free: c.Free, Overdue: c.Overdue, Asleep: c.All, Limit: c.Limit, Offset: c.Offset}
	if c.Owner != "" {
		actor, err := w.Actor(a.ctx, c.Owner)
		if err != nil {
			return err
		}
		f.Owner = actor.Key
	}
	page, err := casework.Page(a.ctx, w.DB, f, w.Today())
	if err != nil {
		return err
	}
	names, err := personNames(a, w)
	if err != nil {
		return err
	}
	return a.print(page, func(out io.Writer) {
		if len(page) == 0 {
			a.progress("no case waits here; `duly queue sweep` looks for new ones")
		}
		for _, item := range page {
			fmt.Fprintf(out, "%s  %-6s  %s: %s%s\n", item.ID, item.Review.Lane, item.Name, strings.Join(item.Review.Why, ", "), has(names, item.Review.Owner))
			fmt.Fprintf(out, "    severity %d, irremediability %d, %s, %s\n", item.Review.Severity, item.Review.Irremediable, clockOf(item), pressing(item.Review))
		}
	})
}

func has(names map[string]string, key string) string {
	if key == "" {
		return ""
	}
	return "; " + called(names, key) + " has it"
}

func called(names map[string]string, key string) string {
	if n := names[key]; n != "" {
		return n
	}
	return key
}

// clockOf says how long a case has been open, and how long it may be.
func clockOf(item casework.Item) string {
	if item.Overdue {
		return fmt.Sprintf("open %d days, overdue %d", item.Age, -item.Left)
	}
	return fmt.Sprintf("open %d days, %d left", item.Age, item.Left)
}

// pressing says what else puts a case where it is.
func pressing(r *casework.Review) string {
	out := []string{}
	if r.Harm > 0 {
		out = append(out, "live harm is alleged")
	}
	if r.Cliff != "" {
		out = append(out, "renewed on "+r.Cliff)
	}
	switch {
	case r.Value == 1:
		out = append(out, "one band open")
	case r.Value > 1:
		out = append(out, fmt.Sprintf("%d bands open", r.Value))
	default:
		out = append(out, "no band open")
	}
	return strings.Join(out, ", ")
}

type queueSweepCmd struct {
	Pack string `help:"What opens a case." default:"base"`
	As   string `help:"Who runs it; that person cannot decide on what is rated again." placeholder:"PERSON"`
}

// Run sweeps.
func (c *queueSweepCmd) Run(a *app) error {
	rules, err := findCasework(c.Pack)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Judge)
		if err != nil {
			return err
		}
		if rules.Laws, err = prohibitions(w); err != nil {
			return err
		}
		s, err := casework.Sweep(a.ctx, w.DB, actor.Key, w.Today(), rules)
		if err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) {
			fmt.Fprintf(out, "read entries %d to %d: opened %d cases, added to %d; %d are open\n", s.From, s.To-1, s.Opened, s.Added, s.Open)
			if s.Rated > 0 {
				fmt.Fprintf(out, "rated again because a fact was stated: %d, of which %d came out the same in all that a person must see\n", s.Rated, s.Still)
			}
			if s.Ended > 0 {
				fmt.Fprintf(out, "closed because the customer has gone: %d\n", s.Ended)
			}
			printCounts(out, "by what happened", s.Events)
		})
	})
}

func findCasework(name string) (*casework.Rules, error) {
	p, err := findPack("casework", name)
	if err != nil {
		return nil, err
	}
	return casework.Load(p)
}

type queueLoadCmd struct {
	Days int `help:"The days in which to count what was worked." default:"7"`
}

// queueLoad is what the lanes hold, and what nobody has heard yet.
type queueLoad struct {
	Lanes   []casework.Lane   `json:"lanes"`
	Unheard *casework.Unheard `json:"raised_and_not_handled"`
	Bulk    *casework.Quality `json:"closed_with_many_others"`
}

// Run prints the lanes.
func (c *queueLoadCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	load := queueLoad{}
	if load.Lanes, err = casework.Lanes(a.ctx, w.DB, w.Today(), c.Days); err != nil {
		return err
	}
	if load.Unheard, err = casework.CountUnheard(a.ctx, w.DB, w.Today()); err != nil {
		return err
	}
	if load.Bulk, err = casework.Checks(a.ctx, w.DB); err != nil {
		return err
	}
	return a.print(load, func(out io.Writer) {
		for _, l := range load.Lanes {
			fmt.Fprintln(out, l)
		}
		if u := load.Unheard; u.Unread > 0 {
			fmt.Fprintf(out, "raised and not handled: %d, %d older than 7 days, %d older than 30, the oldest %d days\n", u.Unread, u.Week, u.Month, u.Oldest)
		}
		if b := load.Bulk; b.Checked > 0 {
			fmt.Fprintf(out, "closed with many others: %d were looked at again, %d came out otherwise; at most %s of them all (95 %%)\n", b.Checked, b.Otherwise, percent(b.AtMost))
		}
	})
}

type queueCapacityCmd struct {
	Lane    triage.Lane `arg:"" help:"STOP, PERSON or DESK."`
	Hours   int64       `help:"Hours a week, of all people together." required:""`
	Minutes int64       `help:"Minutes that a case takes." required:""`
	From    string      `help:"From which day on; today otherwise." placeholder:"YYYY-MM-DD"`
	As      string      `help:"Who sets it." required:"" placeholder:"PERSON"`
}

// Run sets the capacity.
func (c *queueCapacityCmd) Run(a *app) error {
	return a.write(func(w *workspace.Workspace) error {
		actor, err := w.Actor(a.ctx, c.As)
		if err != nil {
			return err
		}
		if c.From == "" {
			c.From = w.Today()
		}
		set := casework.Capacity{Lane: string(c.Lane), From: c.From, Hours: c.Hours, PerCase: c.Minutes}
		if err := casework.SetCapacity(a.ctx, w.DB, act.Default, actor, set); err != nil {
			return err
		}
		return a.print(map[string]any{"lane": c.Lane, "hours": c.Hours, "minutes": c.Minutes, "cases_a_week": c.Hours * 60 / c.Minutes}, func(out io.Writer) {
			fmt.Fprintf(out, "from %s on %s takes %d cases a week\n", c.From, c.Lane, c.Hours*60/c.Minutes)
		})
	})
}
