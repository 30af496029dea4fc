package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/pack"
	"duly/packs"
)

type frameworkCmd struct {
	List    frameworkListCmd    `cmd:"" help:"List the frameworks that ship with Duly, or those of files."`
	Show    frameworkShowCmd    `cmd:"" help:"Show what a framework asks for, item by item."`
	Flags   frameworkFlagsCmd   `cmd:"" help:"Ask which red flags and prohibitions facts raise."`
	Score   frameworkScoreCmd   `cmd:"" help:"Count what is met, from a file of answers."`
	Table   frameworkTableCmd   `cmd:"" help:"Ask a decision table."`
	Bans    frameworkBansCmd    `cmd:"" help:"Ask bans and moratoria about a deployment on a day."`
	Covered frameworkCoveredCmd `cmd:"" help:"Show which items a method rests on, and which it does not."`
}

// onDay is a flag of commands that ask about a day without a workspace.
type onDay struct {
	On string `help:"The day; today otherwise." placeholder:"YYYY-MM-DD"`
}

// day gives the day to ask about: the flag's, else the other, else today.
func (o onDay) day(other string) (string, error) {
	switch {
	case o.On != "":
		if _, err := time.Parse(time.DateOnly, o.On); err != nil {
			return "", fault.Newf(fault.Invalid, "%q is not a date", o.On).WithFix("write it as YYYY-MM-DD")
		}
		return o.On, nil
	case other != "":
		return other, nil
	}
	return time.Now().UTC().Format(time.DateOnly), nil
}

// findFramework gives a framework by file name, or one that ships with Duly by its id.
func findFramework(name string) (*framework.Framework, error) {
	p, err := findPack("frameworks", name)
	if err != nil {
		return nil, err
	}
	return framework.Load(p)
}

// shippedFrameworks gives the frameworks that ship with Duly, by id.
func shippedFrameworks() (map[string]*framework.Framework, error) {
	list, err := pack.ReadDir(packs.Files, "frameworks")
	if err != nil {
		return nil, err
	}
	out := map[string]*framework.Framework{}
	for _, p := range list {
		if out[p.ID], err = framework.Load(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type frameworkListCmd struct {
	Paths []string `arg:"" optional:"" name:"path" help:"Packs, or directories of packs; those that ship with Duly otherwise."`
	onDay
}

type frameworkRow struct {
	ID       string                 `json:"id"`
	Version  string                 `json:"version"`
	Title    string                 `json:"title"`
	Status   string                 `json:"status"`
	SHA256   string                 `json:"sha256"`
	Issued   string                 `json:"issued,omitempty"`
	Checked  string                 `json:"checked,omitempty"` // absent: never compared with its source
	Recheck  string                 `json:"recheck,omitempty"`
	Stale    bool                   `json:"stale"`       // of the pack as a whole
	Items    int                    `json:"items"`       // all, whatever their dates
	Stales   int                    `json:"stale_items"` // on the day
	Verified int                    `json:"verified"`
	Duties   map[framework.Duty]int `json:"duties"`
	Bans     int                    `json:"bans"` // dated bans and moratoria
}

func rowOf(f *framework.Framework, day string) frameworkRow {
	p := f.Pack()
	r := frameworkRow{
		ID: p.ID, Version: p.Version, Title: p.Title, Status: p.Status, SHA256: p.Hash,
		Issued: p.Issued, Checked: p.Checked, Recheck: p.Recheck, Stale: p.Stale(day),
		Duties: map[framework.Duty]int{framework.Mandatory: 0, framework.Incorporated: 0, framework.Advisory: 0},
	}
	r.Bans = len(f.Bans())
	for _, x := range f.Items() {
		r.Items++
		r.Duties[x.Duty]++
		if x.Grade == "verified" {
			r.Verified++
		}
		if x.Stale(day) {
			r.Stales++
		}
	}
	return r
}

// Run lists the frameworks.
func (c *frameworkListCmd) Run(a *app) error {
	day, err := c.day("")
	if err != nil {
		return err
	}
	var list []*framework.Framework
	if len(c.Paths) == 0 {
		all, err := shippedFrameworks()
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(all)) {
			list = append(list, all[id])
		}
	}
	for _, path := range c.Paths {
		found, err := readPacks(path)
		if err != nil {
			return err
		}
		for _, p := range found {
			f, err := framework.Load(p)
			if err != nil {
				return err
			}
			list = append(list, f)
		}
	}
	rows := []frameworkRow{}
	for _, f := range list {
		rows = append(rows, rowOf(f, day))
	}
	return a.print(rows, func(out io.Writer) {
		fmt.Fprintf(out, "%-14s %-13s %5s %9s %12s %8s %8s  %-10s  %s\n",
			"id", "status", "items", "mandatory", "incorporated", "advisory", "verified", "issued", "checked")
		for _, r := range rows {
			fmt.Fprintf(out, "%-14s %-13s %5d %9d %12d %8d %8d  %-10s  %s%s\n", r.ID, r.Status, r.Items,
				r.Duties[framework.Mandatory], r.Duties[framework.Incorporated], r.Duties[framework.Advisory],
				r.Verified, orWord(r.Issued, "-"), orWord(r.Checked, "never"), staleMark(&r))
			title := r.Title
			if r.Bans > 0 {
				title += fmt.Sprintf(" (%d, dated)", r.Bans)
			}
			fmt.Fprint(out, wrap("  ", title))
		}
	})
}

func staleMark(r *frameworkRow) string {
	switch {
	case r.Stale:
		return "  STALE since " + r.Recheck
	case r.Stales > 0:
		return fmt.Sprintf("  STALE: %d items", r.Stales)
	}
	return ""
}

// orWord gives a text, or a word where it is empty.
func orWord(text, word string) string {
	if text == "" {
		return word
	}
	return text
}

type frameworkShowCmd struct {
	Framework string `arg:"" help:"A framework that ships with Duly, by its id, or a file."`
	onDay
}

type frameworkShown struct {
	frameworkRow
	Day      string         `json:"day"`
	License  string         `json:"license"`
	Sources  []shownSource  `json:"sources"`
	Facts    []shownFact    `json:"facts"`
	Sections []shownSection `json:"sections"`
	Tables   []shownTable   `json:"tables"`
	Dated    []ban          `json:"dated,omitempty"` // bans and moratoria
}

type shownSource struct {
	Title string `json:"title"`
	Ref   string `json:"ref"`
	Grade string `json:"grade"`
}

type shownFact struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Question string   `json:"question"`
	Values   []string `json:"values,omitempty"`
}

type shownSection struct {
	ID    string      `json:"id"`
	Title string      `json:"title"`
	Note  string      `json:"note,omitempty"`
	Items []shownItem `json:"items"`
}

type shownItem struct {
	framework.Item
	State string `json:"state"` // on the day: not_yet, in_effect or ended
	Stale bool   `json:"stale"`
}

type shownTable struct {
	ID      string        `json:"id"`
	Title   string        `json:"title"`
	Columns []shownColumn `json:"columns"`
}

type shownColumn struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Fact     string   `json:"fact,omitempty"`
	Values   []string `json:"values"`
}

// Run shows a framework on a day.
func (c *frameworkShowCmd) Run(a *app) error {
	day, err := c.day("")
	if err != nil {
		return err
	}
	f, err := findFramework(c.Framework)
	if err != nil {
		return err
	}
	s := frameworkShown{frameworkRow: rowOf(f, day), Day: day, License: f.Pack().License, Sources: []shownSource{}, Facts: []shownFact{}, Tables: []shownTable{}}
	for _, x := range f.Pack().Sources {
		s.Sources = append(s.Sources, shownSource(x))
	}
	for _, x := range f.Facts() {
		s.Facts = append(s.Facts, shownFact{x.ID, x.Type.String(), x.Question, x.Values})
	}
	for _, x := range f.Sections() {
		section := shownSection{ID: x.ID, Title: x.Title, Note: x.Note}
		for _, item := range x.Items {
			section.Items = append(section.Items, shownItem{*item, item.State(day), item.Stale(day)})
		}
		s.Sections = append(s.Sections, section)
	}
	for _, t := range f.Tables() {
		table := shownTable{ID: t.ID, Title: t.Title}
		for _, column := range t.Columns {
			table.Columns = append(table.Columns, shownColumn(column))
		}
		s.Tables = append(s.Tables, table)
	}
	for _, b := range f.Bans() {
		s.Dated = append(s.Dated, banOf(b))
	}
	return a.print(s, func(out io.Writer) { printFramework(out, &s) })
}

func printFramework(out io.Writer, s *frameworkShown) {
	fmt.Fprint(out, wrap("", fmt.Sprintf("%s %s: %s", s.ID, s.Version, s.Title)))
	fmt.Fprintf(out, "%s, issued %s, checked %s%s\nsha256 %s\n", s.Status, orWord(s.Issued, "-"), orWord(s.Checked, "never"), staleMark(&s.frameworkRow), s.SHA256)
	for _, x := range s.Sources {
		fmt.Fprint(out, wrap(fmt.Sprintf("  %-10s ", x.Grade), x.Title+" ("+x.Ref+")"))
	}
	for _, section := range s.Sections {
		fmt.Fprintf(out, "\n%s: %s\n", section.ID, section.Title)
		if section.Note != "" {
			fmt.Fprint(out, wrap("  ", section.Note))
		}
		for _, x := range section.Items {
			fmt.Fprintf(out, "  %-18s %-11s %-12s %s%s\n", x.ID, strings.ReplaceAll(string(x.Kind), "_", " "), x.Duty, x.Grade, itemMarks(&x))
			fmt.Fprint(out, wrap("    ", x.Text))
			if x.When != "" {
				fmt.Fprint(out, wrap("    raised when ", x.When))
			}
			if x.Evidence != "" {
				fmt.Fprint(out, wrap("    shown by: ", x.Evidence))
			}
		}
	}
	if len(s.Facts) > 0 {
		fmt.Fprintln(out, "\nfacts that it reads:")
	}
	for _, x := range s.Facts {
		fmt.Fprint(out, wrap("  "+x.ID+": ", x.Question+" ("+orWord(strings.Join(x.Values, ", "), x.Type)+")"))
	}
	for _, t := range s.Tables {
		fmt.Fprintf(out, "\ntable %s/%s: %s\n", s.ID, t.ID, t.Title)
		for _, c := range t.Columns {
			fmt.Fprint(out, wrap(fmt.Sprintf("  %-12s ", c.ID), c.Question+" "+strings.Join(c.Values, ", ")))
		}
	}
	printBanList(out, s.Dated, s.Day)
}

// itemMarks tells what is unusual about an item on the day.
func itemMarks(x *shownItem) string {
	marks := ""
	switch {
	case x.State == framework.NotYet:
		marks = "  from " + x.EffectiveFrom
	case x.State == framework.Ended:
		marks = "  ended " + x.EffectiveTo
	case x.EffectiveTo != "":
		marks = "  until " + x.EffectiveTo
	}
	if x.Stale {
		marks += "  STALE"
	}
	return marks
}
