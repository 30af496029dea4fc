package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/pack"
	"duly/internal/rule"
)

type frameworkScoreCmd struct {
	Framework string `arg:"" help:"A framework that ships with Duly, by its id, or a file."`
	Answers   string `help:"Answers by item, in YAML or JSON: met, partly, unmet or unknown, with the evidence." required:"" placeholder:"FILE"`
	onDay
}

// Run counts what is met. Without a day of its own it looks at the day that the
// answers name.
func (c *frameworkScoreCmd) Run(a *app) error {
	f, err := findFramework(c.Framework)
	if err != nil {
		return err
	}
	data, err := readInput(c.Answers, pack.MaxSize)
	if err != nil {
		return err
	}
	answers, answered, err := f.ReadAnswers(c.Answers, data)
	if err != nil {
		return err
	}
	day, err := c.day(answered)
	if err != nil {
		return err
	}
	card, err := f.Score(answers, day)
	if err != nil {
		return err
	}
	return a.print(card, func(out io.Writer) { printScorecard(out, &card) })
}

func printScorecard(out io.Writer, card *framework.Scorecard) {
	fmt.Fprintf(out, "%s %s on %s: %s\n", card.Framework, card.Version, card.Day, counts(card.Total))
	for _, s := range card.Sections {
		fmt.Fprint(out, wrap("", fmt.Sprintf("%s (%s): %s", s.ID, s.Title, counts(s.Counts))))
		if s.Unknown == len(s.Items) {
			continue
		}
		for _, x := range s.Items {
			mark := ""
			if x.Stale {
				mark = "  STALE"
			}
			fmt.Fprintf(out, "  %-8s %s, %s, item %s%s\n", x.Result, x.ID, x.Duty, x.Grade, mark)
			fmt.Fprint(out, wrap("           ", x.Text))
			if x.Answer.Evidence != "" {
				fmt.Fprint(out, wrap("           shown by: ", x.Answer.Evidence))
			}
		}
	}
}

func counts(c framework.Counts) string {
	return fmt.Sprintf("%d of %d met, %d partly, %d unmet, %d unknown", c.Met, c.Items(), c.Partly, c.Unmet, c.Unknown)
}

type frameworkFlagsCmd struct {
	Frameworks []string `arg:"" name:"framework" help:"Frameworks that ship with Duly, by their ids, or files."`
	Facts      string   `help:"What is known, by fact, in YAML or JSON." required:"" placeholder:"FILE"`
	onDay
}

type flagsResult struct {
	Framework string           `json:"framework"`
	SHA256    string           `json:"sha256"`
	Day       string           `json:"day"`
	Flags     []framework.Flag `json:"flags"`
	Unread    []string         `json:"unread"` // facts of the file that this framework does not read
}

// Run asks each framework. Without a day of its own it looks at the day that the facts
// name.
func (c *frameworkFlagsCmd) Run(a *app) error {
	data, err := readInput(c.Facts, pack.MaxSize)
	if err != nil {
		return err
	}
	results := []flagsResult{}
	for _, name := range c.Frameworks {
		f, err := findFramework(name)
		if err != nil {
			return err
		}
		values, unread, known, err := f.ReadFacts(c.Facts, data)
		if err != nil {
			return err
		}
		day, err := c.day(known)
		if err != nil {
			return err
		}
		flags, err := f.Flags(values, day)
		if err != nil {
			return err
		}
		r := flagsResult{Framework: f.ID, SHA256: f.Hash, Day: day, Flags: []framework.Flag{}, Unread: []string{}}
		r.Flags, r.Unread = append(r.Flags, flags...), append(r.Unread, unread...)
		results = append(results, r)
	}
	return a.print(results, func(out io.Writer) {
		for _, r := range results {
			printFlags(out, &r)
		}
	})
}

func printFlags(out io.Writer, r *flagsResult) {
	by := map[rule.Tri][]framework.Flag{}
	for _, x := range r.Flags {
		by[x.State] = append(by[x.State], x)
	}
	fmt.Fprintf(out, "%s on %s: %d raised, %d unknown, %d clear\n", r.Framework, r.Day, len(by[rule.True]), len(by[rule.Unknown]), len(by[rule.False]))
	for _, x := range by[rule.True] {
		stale := ""
		if x.Item.Stale(r.Day) {
			stale = ", STALE"
		}
		fmt.Fprint(out, wrap("  raised   ", fmt.Sprintf("%s (%s, item %s%s): %s", x.Item.ID, x.Item.Duty, x.Item.Grade, stale, x.Item.Text)))
	}
	for _, x := range by[rule.Unknown] {
		fmt.Fprint(out, wrap("  unknown  ", fmt.Sprintf("%s: %s It turns on %s.", x.Item.ID, x.Item.Text, strings.Join(x.Unknown, ", "))))
	}
	if len(r.Unread) > 0 {
		fmt.Fprint(out, wrap("  not read: ", strings.Join(r.Unread, ", ")))
	}
}

type frameworkTableCmd struct {
	Table  string   `arg:"" help:"The table, as FRAMEWORK/TABLE; the framework by its id or as a file."`
	Values []string `arg:"" optional:"" name:"column=value" help:"What is known; columns left out are unknown."`
}

type tableResult struct {
	Framework string            `json:"framework"`
	SHA256    string            `json:"sha256"`
	Table     string            `json:"table"`
	Given     map[string]string `json:"given"`
	Unknown   []string          `json:"unknown"` // the columns on which the outcome turns
	Possible  []tableOutcome    `json:"possible"`
}

type tableOutcome struct {
	If      map[string][]string `json:"if,omitempty"` // what columns on which the outcome turns would have to be
	Then    map[string]string   `json:"then"`
	Meaning map[string]string   `json:"meaning"`
	Why     []tableWhy          `json:"why"`
}

type tableWhy struct {
	Item  string `json:"item"`
	Grade string `json:"grade"`
}

// Run asks the table what is possible with what is known.
func (c *frameworkTableCmd) Run(a *app) error {
	cut := strings.LastIndex(c.Table, "/")
	if cut < 0 {
		return fault.Newf(fault.Invalid, "%q is not a framework and a table", c.Table).WithFix("write it like ungp/gp19")
	}
	f, err := findFramework(c.Table[:cut])
	if err != nil {
		return err
	}
	t, ok := f.Table(c.Table[cut+1:])
	if !ok {
		return fault.Newf(fault.NotFound, "the framework %s has no table %q", f.ID, c.Table[cut+1:]).WithFix("see duly framework show " + f.ID)
	}
	given, err := columnValues(t, c.Values)
	if err != nil {
		return err
	}
	values := framework.Values{}
	for id, v := range given {
		values[id] = v
	}
	d, err := t.Decide(values)
	if err != nil {
		return err
	}
	r := tableResult{Framework: f.ID, SHA256: f.Hash, Table: t.ID, Given: given, Unknown: d.Unknown}
	for _, row := range d.Rows {
		o := tableOutcome{If: map[string][]string{}, Then: row.Then, Meaning: map[string]string{}}
		for _, id := range d.Unknown {
			if values, ok := row.When[id]; ok {
				o.If[id] = values
			}
		}
		for aspect, answer := range row.Then {
			o.Meaning[aspect] = t.Outcomes[aspect][answer]
		}
		for _, id := range row.Why {
			x, _ := f.Item(id)
			o.Why = append(o.Why, tableWhy{id, x.Grade})
		}
		r.Possible = append(r.Possible, o)
	}
	return a.print(r, func(out io.Writer) { printTable(out, t, &r) })
}

// columnValues reads column=value; a column may not be named twice.
func columnValues(t *framework.Table, args []string) (map[string]string, error) {
	given := map[string]string{}
	var known []string
	for _, c := range t.Columns {
		known = append(known, c.ID)
	}
	for _, arg := range args {
		id, v, ok := strings.Cut(arg, "=")
		_, twice := given[id]
		switch {
		case !ok:
			return nil, fault.Newf(fault.Invalid, "%q is not a column and a value", arg).WithFix("write it as column=value")
		case !slices.Contains(known, id):
			return nil, fault.Newf(fault.Invalid, "the table %s has no column %q", t.ID, id).WithFix("use " + strings.Join(known, ", "))
		case twice:
			return nil, fault.Newf(fault.Invalid, "the column %s is given twice", id)
		}
		given[id] = v
	}
	return given, nil
}

func printTable(out io.Writer, t *framework.Table, r *tableResult) {
	fmt.Fprintln(out, t.Title)
	for _, c := range t.Columns {
		fmt.Fprintf(out, "  %-14s %s\n", c.ID, orWord(r.Given[c.ID], "unknown"))
	}
	if len(r.Unknown) > 0 {
		fmt.Fprintf(out, "what follows is open; it turns on:\n")
		for _, c := range t.Columns {
			if slices.Contains(r.Unknown, c.ID) {
				fmt.Fprint(out, wrap("  "+c.ID+": ", c.Question+" ("+strings.Join(c.Values, ", ")+")"))
			}
		}
	}
	for i, o := range r.Possible {
		if len(r.Unknown) > 0 {
			fmt.Fprintf(out, "possible %d%s:\n", i+1, condition(t, o.If))
		}
		for _, aspect := range slices.Sorted(maps.Keys(o.Then)) {
			fmt.Fprint(out, wrap(fmt.Sprintf("  %-14s ", aspect), o.Meaning[aspect]))
		}
		var why []string
		for _, w := range o.Why {
			why = append(why, w.Item+" ("+w.Grade+")")
		}
		fmt.Fprint(out, wrap("  by             ", strings.Join(why, ", ")))
	}
}

// condition writes what would have to be, in the order of the columns.
func condition(t *framework.Table, of map[string][]string) string {
	var parts []string
	for _, c := range t.Columns {
		if values, ok := of[c.ID]; ok {
			parts = append(parts, c.ID+" is "+strings.Join(values, " or "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", if " + strings.Join(parts, " and ")
}

type frameworkCoveredCmd struct {
	Method     string   `arg:"" help:"A method that ships with Duly, by its id, or a file."`
	Frameworks []string `arg:"" optional:"" name:"framework" help:"Files of frameworks that do not ship with Duly."`
}

type coveredResult struct {
	Method     string             `json:"method"`
	SHA256     string             `json:"sha256"`
	Frameworks []coveredFramework `json:"frameworks"`
}

type coveredFramework struct {
	ID      string        `json:"id"`
	SHA256  string        `json:"sha256"`
	Named   []string      `json:"named"`   // items that a fact, an indicator or a stop rests on
	Asked   []coveredItem `json:"asked"`   // named by nothing, and the method asks the fact that answers it
	Unnamed []coveredItem `json:"unnamed"` // named by nothing and asked by nothing
	Missing []string      `json:"missing"` // named by the method, and not in the framework
}

type coveredItem struct {
	ID   string         `json:"id"`
	Duty framework.Duty `json:"duty"`
	Text string         `json:"text"`
}

// Run compares the items of each framework that the method composes with those that
// it names. It fails when the method names what is not there.
func (c *frameworkCoveredCmd) Run(a *app) error {
	m, err := findMethod(c.Method)
	if err != nil {
		return err
	}
	known, err := shippedFrameworks()
	if err != nil {
		return err
	}
	for _, path := range c.Frameworks {
		f, err := findFramework(path)
		if err != nil {
			return err
		}
		known[f.ID] = f
	}
	facts := map[string]bool{}
	for _, f := range m.Facts() {
		facts[f.ID] = true
	}
	r := coveredResult{Method: m.ID, SHA256: m.Hash, Frameworks: []coveredFramework{}}
	missing := 0
	for _, id := range m.Frameworks() {
		f, ok := known[id]
		if !ok {
			return fault.Newf(fault.NotFound, "the method %s composes a framework %q that is not here", m.ID, id).WithFix("name its file after the method")
		}
		one := covered(f, m.Basis(), facts)
		missing += len(one.Missing)
		r.Frameworks = append(r.Frameworks, one)
	}
	if err := a.print(r, func(out io.Writer) { printCovered(out, &r) }); err != nil {
		return err
	}
	if missing > 0 {
		return fault.Newf(fault.Broken, "the method %s rests on %d items that are not there", m.ID, missing)
	}
	return nil
}

func covered(f *framework.Framework, basis []string, facts map[string]bool) coveredFramework {
	found := f.Covered(basis)
	out := coveredFramework{ID: f.ID, SHA256: f.Hash, Named: []string{}, Asked: []coveredItem{}, Unnamed: []coveredItem{}, Missing: []string{}}
	out.Missing = append(out.Missing, found.Missing...)
	for _, x := range found.Named {
		out.Named = append(out.Named, x.ID)
	}
	for _, x := range found.Unnamed {
		item := coveredItem{x.ID, x.Duty, x.Text}
		if x.Fact != "" && facts[x.Fact] {
			out.Asked = append(out.Asked, item)
		} else {
			out.Unnamed = append(out.Unnamed, item)
		}
	}
	return out
}

func printCovered(out io.Writer, r *coveredResult) {
	if len(r.Frameworks) == 0 {
		fmt.Fprintf(out, "%s composes no framework\n", r.Method)
	}
	for _, f := range r.Frameworks {
		all := len(f.Named) + len(f.Asked) + len(f.Unnamed)
		fmt.Fprintf(out, "%s: %s rests on %d of %d items\n", f.ID, r.Method, len(f.Named), all)
		if len(f.Named) > 0 {
			fmt.Fprint(out, wrap("  named:   ", strings.Join(f.Named, ", ")))
		}
		for _, x := range f.Asked {
			fmt.Fprint(out, wrap("  asked:   ", fmt.Sprintf("%s (%s): %s", x.ID, x.Duty, x.Text)))
		}
		for _, x := range f.Unnamed {
			fmt.Fprint(out, wrap("  nothing: ", fmt.Sprintf("%s (%s): %s", x.ID, x.Duty, x.Text)))
		}
		for _, name := range f.Missing {
			fmt.Fprintf(out, "  MISSING: %s\n", name)
		}
	}
}
