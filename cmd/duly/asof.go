package main

import (
	"fmt"
	"io"
	"time"

	"duly/internal/asof"
	"duly/internal/fault"
	"duly/internal/store"
)

type asOfCmd struct {
	Day   string `arg:"" help:"The day that is asked about."`
	Known string `help:"As it was known at the end of this day, or after this entry; as it is known now otherwise." placeholder:"N|DAY"`
}

// Run shows what held.
func (c *asOfCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	head, err := store.Head(a.ctx, w.DB)
	if err != nil {
		return err
	}
	known := head.Size - 1
	if c.Known != "" {
		if known, err = c.known(a, w.DB, head.Size); err != nil {
			return err
		}
	}
	p, err := asof.Look(a.ctx, w.DB, asof.Point{Day: c.Day, Seq: known})
	if err != nil {
		return err
	}
	return a.print(p, func(out io.Writer) { printAsOf(out, p) })
}

// known gives the last position that counts.
func (c *asOfCmd) known(a *app, q store.Queryer, size int64) (int64, error) {
	seq, isDay, err := parsePlace(c.Known)
	if err != nil {
		return 0, err
	}
	if isDay {
		day, _ := time.Parse(time.DateOnly, c.Known)
		next, err := store.DayFrom(a.ctx, q, day.AddDate(0, 0, 1).Format(time.DateOnly), size)
		seq = next - 1
		if err != nil {
			return 0, err
		}
	}
	if seq < 0 || seq >= size {
		return 0, fault.Newf(fault.Invalid, "the log had no entry by then, or has none at %s", c.Known).WithFix(fmt.Sprintf("its entries are 0 to %d", size-1))
	}
	return seq, nil
}

func printAsOf(out io.Writer, p *asof.Picture) {
	fmt.Fprintf(out, "on %s, as known after entry %d: %d accounts, %d customers, %d deployments\n", p.Day, p.Seq, p.Accounts, p.Customers, len(p.Deployments))
	for _, d := range p.Deployments {
		rated, decided := "not rated", "nothing decided"
		if r := d.Rating; r != nil {
			rated = fmt.Sprintf("%s to %s, %s (entry %d)", r.Best, r.Worst, r.Outcome, r.Entry)
		}
		if x := d.Decision; x != nil {
			decided = fmt.Sprintf("%s, %s (entry %d)", x.Act, x.State, x.Entry)
		}
		fmt.Fprintf(out, "  %s, %s, %s: %s; %s\n", d.Customer, d.Capability, d.Jurisdiction, rated, decided)
	}
	for _, l := range p.Lists {
		fmt.Fprintf(out, "  list %s, %d entries, sha256 %.12s\n", l.Name, l.Entries, l.SHA256)
	}
	for _, c := range p.Conditions {
		fmt.Fprintf(out, "  condition %s since %s: %s\n", c.ID, c.Since, c.Title)
	}
	fmt.Fprintln(out, "bans and conditions precedent that bar a decision are not asked: `duly decide show --on DAY` asks them")
}
