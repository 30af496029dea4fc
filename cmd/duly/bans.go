package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/rule"
)

type frameworkBansCmd struct {
	Framework string   `arg:"" help:"A framework with bans or moratoria: one that ships with Duly, by its id, or a file."`
	Facts     []string `arg:"" optional:"" name:"fact=value" help:"What is known of a deployment; what is left out is unknown. Lists with commas between; none for an empty list."`
	onDay
}

type bansResult struct {
	Framework string    `json:"framework"`
	SHA256    string    `json:"sha256"`
	Day       string    `json:"day"`
	Complete  rule.Tri  `json:"complete"` // whether the pack claims to hold every ban that could cover it
	Rulings   []banning `json:"rulings"`  // the gravest first
}

type banning struct {
	ban
	Standing  framework.Standing `json:"standing"`
	Exemption string             `json:"exemption,omitempty"`
	Why       string             `json:"why,omitempty"`
	Open      []string           `json:"open,omitempty"` // what must be answered
	Stale     bool               `json:"stale"`
}

// ban is a ban or a moratorium as it is shown.
type ban struct {
	ID        string `json:"id"`
	Basis     string `json:"basis"`
	Provider  string `json:"provider,omitempty"`
	Title     string `json:"title"`
	Text      string `json:"text"`
	Reference string `json:"reference"`
	Grade     string `json:"grade"`
	From      string `json:"effective_from"`
	To        string `json:"effective_to,omitempty"` // the last day
	Recheck   string `json:"recheck,omitempty"`
}

func banOf(b *framework.Ban) ban {
	return ban{b.ID, b.Basis, b.Provider, b.Title, b.Text, b.Reference, b.Grade, b.From, b.To, b.Recheck}
}

// Run asks every ban and moratorium of a pack about a deployment on a day.
func (c *frameworkBansCmd) Run(a *app) error {
	day, err := c.day("")
	if err != nil {
		return err
	}
	f, err := findFramework(c.Framework)
	if err != nil {
		return err
	}
	if len(f.Bans()) == 0 {
		return fault.Newf(fault.NotFound, "the framework %s holds no bans or moratoria", f.ID).WithFix("try bans or moratoria")
	}
	values, err := factValues(f, c.Facts)
	if err != nil {
		return err
	}
	rulings, err := framework.Prohibited(f.Bans(), values, day)
	if err != nil {
		return err
	}
	r := bansResult{Framework: f.ID, SHA256: f.Hash, Day: day}
	if r.Complete, err = f.Complete(values); err != nil {
		return err
	}
	for _, x := range rulings {
		r.Rulings = append(r.Rulings, banning{banOf(x.Ban), x.Standing, x.Exemption, x.Why, x.Open, x.Stale})
	}
	return a.print(r, func(out io.Writer) { printBans(out, &r) })
}

// factValues reads fact=value by the types of a framework's facts, and places.
func factValues(f *framework.Framework, args []string) (framework.Values, error) {
	values := framework.Values{}
	for _, arg := range args {
		id, text, ok := strings.Cut(arg, "=")
		at := slices.IndexFunc(f.Facts(), func(x framework.Fact) bool { return x.ID == id })
		place := id == framework.FactJurisdiction || id == framework.FactTown
		switch {
		case !ok:
			return nil, fault.Newf(fault.Invalid, "%q is not a fact and a value", arg).WithFix("write it as fact=value")
		case values[id] != nil:
			return nil, fault.Newf(fault.Invalid, "the fact %s is given twice", id)
		case place:
			values[id] = text
			continue
		case at < 0:
			known := []string{framework.FactJurisdiction, framework.FactTown}
			for _, x := range f.Facts() {
				known = append(known, x.ID)
			}
			return nil, fault.Newf(fault.Invalid, "nothing in %s reads the fact %q", f.ID, id).WithFix("use " + strings.Join(known, ", "))
		}
		v, err := factValue(f.Facts()[at].Type, text)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "%q is no value of %s", text, id).WithFix("give one of type " + f.Facts()[at].Type.String())
		}
		values[id] = v
	}
	return values, nil
}

func factValue(t rule.Type, text string) (any, error) {
	switch t {
	case rule.Bool:
		switch text {
		case "yes":
			return true, nil
		case "no":
			return false, nil
		}
		return strconv.ParseBool(text)
	case rule.Int:
		return strconv.ParseInt(text, 10, 64)
	case rule.Texts:
		if text == "" || text == "none" {
			return []string{}, nil
		}
		return strings.Split(text, ","), nil
	}
	return text, nil
}

func printBans(out io.Writer, r *bansResult) {
	fmt.Fprintf(out, "%s on %s\n", r.Framework, r.Day)
	for _, x := range r.Rulings {
		if x.Standing == framework.None {
			continue
		}
		fmt.Fprint(out, wrap(fmt.Sprintf("%-8s ", x.Standing), x.ID+": "+x.Title+banMarks(&x.ban, x.Stale)))
		if x.Exemption != "" {
			fmt.Fprint(out, wrap("         ", "as "+x.Exemption+": "+x.Why))
		}
		for _, q := range x.Open {
			fmt.Fprint(out, wrap("         to be answered: ", q))
		}
		fmt.Fprint(out, wrap("         ", x.Reference))
	}
	none := 0
	for _, x := range r.Rulings {
		if x.Standing == framework.None {
			none++
		}
	}
	fmt.Fprintf(out, "%d of %d say nothing about it\n", none, len(r.Rulings))
	if none == len(r.Rulings) && r.Complete != rule.True {
		fmt.Fprint(out, wrap("", "That is not that nothing forbids it: the pack does not claim to hold all there is."))
	}
}

// banMarks tells what is unusual about a ban.
func banMarks(b *ban, stale bool) string {
	marks := ""
	if b.Grade != "verified" {
		marks = ", unverified"
	}
	if stale {
		marks += ", STALE since " + b.Recheck
	}
	return marks
}

// printBanList writes the bans that a framework holds, with their dates.
func printBanList(out io.Writer, bans []ban, day string) {
	for _, b := range bans {
		until := "no end known"
		if b.To != "" {
			until = "until " + b.To
		}
		fmt.Fprint(out, wrap("\nban ", fmt.Sprintf("%s: %s", b.ID, b.Title)))
		fmt.Fprintf(out, "  %s, from %s, %s%s\n", orWord(b.Provider, b.Basis), b.From, until, banMarks(&b, b.Recheck != "" && day >= b.Recheck))
		fmt.Fprint(out, wrap("  ", b.Text))
		fmt.Fprint(out, wrap("  ", b.Reference))
	}
}
