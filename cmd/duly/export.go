package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/publish"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/workspace"
)

type exportCmd struct {
	Out        string   `help:"The bundle to write." required:"" placeholder:"BUNDLE"`
	From       string   `help:"The first entry or day of a part of the log, which begins at the checkpoint before it." placeholder:"N|DAY"`
	To         string   `help:"The last entry or day, or a signed checkpoint of this log; the last checkpoint otherwise." placeholder:"N|DAY|CHECKPOINT"`
	Disclose   []string `help:"A class that the reader may see: customer, trade_secret, security, personal, legal; or all. Without it, none." placeholder:"CLASS"`
	Unredacted bool     `help:"Complete for its classes, for an assessor: what redactions withhold from everybody else is shown, and the bundle says so."`
	As         string   `help:"Who exports." placeholder:"PERSON"`
}

// Run writes a bundle of the log up to a checkpoint, or of a part of it.
func (c *exportCmd) Run(a *app) error {
	classes, err := parseClasses(c.Disclose)
	if err != nil {
		return err
	}
	known, err := released()
	if err != nil {
		return err
	}
	return a.read(c.As, slices.Contains(classes, ledger.TradeSecret), func(w *workspace.Workspace, q store.Queryer, signed []byte, point ledger.Checkpoint) error {
		o := report.Order{Checkpoint: signed, Key: w.Config.Key, Classes: classes, Schemas: known, Unredacted: c.Unredacted}
		if err := c.bounds(a, q, &o, point.Size); err != nil {
			return err
		}
		if o.Opening != nil {
			if o.OpeningKey, o.Handovers, err = publish.Handovers(a.ctx, w, o.Opening); err != nil {
				return err
			}
		}
		s, err := report.Export(a.ctx, q, o, c.Out)
		if err != nil {
			return err
		}
		if err := a.outsiders(w, q, s.From+s.Entries); err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) {
			fmt.Fprintf(out, "wrote %s: %d entries, %d values disclosed, %d withheld, %d erased, %d packs\n", c.Out, s.Entries, s.Disclosed, s.Withheld, s.Erased, s.Packs)
			if s.From > 0 {
				fmt.Fprintf(out, "they begin with entry %d; %d from before it that they rest on are carried\n", s.From, s.Carried)
				printOpening(out, s)
			}
			switch {
			case s.Unredacted:
				fmt.Fprintln(out, "redactions are not applied: hand it to assessors only")
			case len(s.Redacted) > 0:
				fmt.Fprintf(out, "redactions withhold %s\n", strings.Join(s.Redacted, ", "))
			}
			fmt.Fprintf(out, "check it with: duly-verify --key %q %s\n", w.Config.Key, c.Out)
		})
	})
}

// printOpening says whether the population of an assessment can be counted again in a
// range, and where one would have to begin for that.
func printOpening(out io.Writer, s report.Summary) {
	switch {
	case s.Opening != nil:
		fmt.Fprintf(out, "populations of assessments are counted on in it from the balance at entry %d\n", *s.Opening)
	case len(s.Balances) == 0:
		fmt.Fprintln(out, "populations of assessments cannot be counted again in it: the log has no balance (duly balance)")
	default:
		fmt.Fprint(out, "populations of assessments cannot be counted again in it: for that it begins behind a balance, with")
		for _, at := range s.Balances {
			fmt.Fprintf(out, " --from %d", at+1)
		}
		fmt.Fprintln(out)
	}
}

// bounds finds the checkpoints between which the bundle is written.
func (c *exportCmd) bounds(a *app, q store.Queryer, o *report.Order, size int64) error {
	to := size
	file := false
	if c.To != "" {
		last, day, err := parsePlace(c.To)
		switch {
		case err == nil && day:
			next, _ := time.Parse(time.DateOnly, c.To)
			to, err = store.DayFrom(a.ctx, q, next.AddDate(0, 0, 1).Format(time.DateOnly), size)
		case err == nil:
			to = last + 1
		default:
			file = true
			if o.Checkpoint, err = os.ReadFile(c.To); err != nil {
				return fault.Newf(fault.Invalid, "%q is no entry, no day and no file with a checkpoint", c.To)
			}
			var point ledger.Checkpoint
			point, err = ledger.OpenCheckpoint(o.Checkpoint, o.Key)
			to = point.Size
		}
		if err != nil {
			return err
		}
	}
	from := int64(0)
	if c.From != "" {
		var day bool
		var err error
		if from, day, err = parsePlace(c.From); err == nil && day {
			from, err = store.DayFrom(a.ctx, q, c.From, size)
		}
		if err != nil {
			return err
		}
	}
	if c.To == "" && from == 0 {
		return nil
	}
	opening, closing, err := report.Between(a.ctx, q, from, to)
	if err != nil {
		return err
	}
	if o.Opening = opening; c.To != "" && !file {
		o.Checkpoint = closing
	}
	return nil
}

// parsePlace reads an entry's position, or says that it is a day.
func parsePlace(text string) (seq int64, day bool, err error) {
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return 0, true, nil
	}
	if seq, err = strconv.ParseInt(text, 10, 64); err != nil || seq < 0 {
		return 0, false, fault.Newf(fault.Invalid, "%q is neither the position of an entry nor a day", text)
	}
	return seq, false, nil
}
