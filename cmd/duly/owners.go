package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/intake"
	"duly/internal/ownership"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/workspace"
)

type ownersCmd struct {
	Add  ownersAddCmd  `cmd:"" help:"Read who stands behind whom into the register."`
	Show ownersShowCmd `cmd:"" help:"Show who stands behind a customer, and what follows."`
}

type ownersAddCmd struct {
	Specs []string `arg:"" name:"format:file" help:"bods:FILE (Beneficial Ownership Data Standard 0.4) or ftm:FILE (FollowTheMoney)."`
	As    string   `help:"Who adds them." placeholder:"PERSON"`
}

// Run adds the files. All are read before the first is written, so that a broken one
// stops all.
func (c *ownersAddCmd) Run(a *app) error {
	type spec struct{ format, path string }
	var specs []spec
	for _, s := range c.Specs {
		format, path, ok := strings.Cut(s, ":")
		if !ok || path == "" {
			return fault.Newf(fault.Invalid, "%q is not a format and a file", s).WithFix("use bods:FILE or ftm:FILE")
		}
		if _, err := intake.ReadOwners(format, path); err != nil {
			return err
		}
		specs = append(specs, spec{format, path})
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		reports := []*intake.OwnersReport{}
		for _, s := range specs {
			r, err := intake.AddOwners(a.ctx, w.DB, actor.Key, s.format, s.path, w.Today())
			if err != nil {
				return err
			}
			for _, f := range r.Faults {
				a.progress("rejected: %s", f)
			}
			for _, d := range r.Doubts {
				a.progress("in doubt: %s", d)
			}
			reports = append(reports, r)
		}
		return a.print(reports, func(out io.Writer) {
			for _, r := range reports {
				printOwners(out, r)
			}
		})
	})
}

func printOwners(out io.Writer, r *intake.OwnersReport) {
	fmt.Fprintf(out, "%s: %d statements read = %d parties + %d interests + %d other + %d rejected\n", r.File, r.Read, r.Parties, r.Interests, r.Other, r.Rejected)
	for _, kind := range []string{register.Parties.Name(), register.Interests.Name()} {
		fmt.Fprintf(out, "  %-12s %d created, %d revised\n", kind, r.Records[kind].Created, r.Records[kind].Revised)
	}
	fmt.Fprintf(out, "  %d parties are customers by a number of a registry, %d records stood so already, %d statements were older than what is known\n", r.Joined, r.Same, r.Outdated)
}

type ownersShowCmd struct {
	Customer string `arg:"" help:"A customer or party: a record id, an identifier as scheme:value, or an account's number."`
	On       string `help:"The day; today otherwise." placeholder:"YYYY-MM-DD"`
}

type ownersResult struct {
	Day      string              `json:"day"`
	Tree     screening.Node      `json:"tree"`
	Findings []screening.Finding `json:"findings"`
	Flags    []screening.RedFlag `json:"red_flags"`
}

// Run shows the tree above a customer, what listed parties hold, what each rule says
// and the red flags.
func (c *ownersShowCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	if c.On == "" {
		c.On = w.Today()
	}
	if _, err := time.Parse(time.DateOnly, c.On); err != nil {
		return fault.Newf(fault.Invalid, "%q is not a date", c.On).WithFix("write it as YYYY-MM-DD")
	}
	id, err := register.FindCustomer(a.ctx, w.DB, c.Customer)
	if err != nil {
		return err
	}
	b, err := screening.ReadBehind(a.ctx, w.DB, c.On)
	if err != nil {
		return err
	}
	r := ownersResult{c.On, b.Tree(id), b.Stand(id).Findings, b.Flags(id)}
	if r.Findings == nil {
		r.Findings = []screening.Finding{}
	}
	return a.print(r, func(out io.Writer) { printBehind(out, &r) })
}

func printBehind(out io.Writer, r *ownersResult) {
	fmt.Fprintf(out, "%s (%s) on %s\n", r.Tree.Name, r.Tree.ID, r.Day)
	if len(r.Tree.Above) == 0 {
		fmt.Fprintln(out, "nobody is registered as standing behind it; that says nothing about who does")
		return
	}
	printAbove(out, r.Tree.Above, "  ")
	for _, f := range r.Findings {
		again := ""
		if f.Recheck {
			again = " by plan: look whether it came so"
		}
		fmt.Fprintf(out, "%s: %s\n  %s\n  the rule is %s%s; listed parties hold %s as the rule counts, %s along the chains\n",
			f.Rule, strings.ToUpper(string(f.Outcome)), f.Why, strings.ReplaceAll(f.State, "_", " "), again, f.Counted, f.Held.Economic)
		if f.IfOpen != f.Outcome {
			fmt.Fprintf(out, "  if all open hits were confirmed: %s\n", strings.ToUpper(string(f.IfOpen)))
		}
	}
	if len(r.Flags) > 0 {
		fmt.Fprintln(out, "red flags:")
	}
	for _, f := range r.Flags {
		fmt.Fprintf(out, "  %-14s %s\n", f.Kind, f.Text)
	}
}

// printAbove writes the tree, one line for each interest.
func printAbove(out io.Writer, nodes []screening.Node, indent string) {
	for _, n := range nodes {
		what := string(n.Role)
		if n.Role == ownership.Owns {
			what += " " + n.Share.String()
		}
		if n.Indirect {
			what += ", indirectly"
		}
		about := slices.DeleteFunc([]string{string(n.Sort), strings.Join(n.Countries, " ")}, func(s string) bool { return s == "" })
		for _, h := range n.Hits {
			about = append(about, fmt.Sprintf("%s hit: %s, %s", h.State, h.List, h.Entry))
		}
		if !n.Screened && n.Record != "" {
			about = append(about, "not screened")
		}
		if n.Again {
			about = append(about, "see above")
		}
		fmt.Fprintf(out, "%s%s: %s", indent, n.Name, what)
		if len(about) > 0 {
			fmt.Fprintf(out, " (%s)", strings.Join(about, "; "))
		}
		fmt.Fprintln(out)
		printAbove(out, n.Above, indent+"  ")
	}
}
