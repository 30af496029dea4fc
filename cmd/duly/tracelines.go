package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/rule"
)

func (t *tracer) controls() {
	fmt.Fprintln(t.out)
	c := t.x.Controls
	possible := ""
	if c.Possible > c.Credit {
		possible = fmt.Sprintf("; %d if all that is unknown were so", c.Possible)
	}
	t.line(0, "CONTROLS take %d off the likelihood%s", c.Credit, possible)
	t.line(2, "%s", c.Why)
	for _, id := range c.Lacking {
		title, _, _ := strings.Cut(t.x.Inputs["control."+id].Question, ":")
		t.line(2, "no credit without %s, which is not known to operate: %s", id, title)
	}
	t.facts(2, slices.DeleteFunc(slices.Clone(t.x.ControlFacts), func(id string) bool { return !t.x.Inputs[id].Known }))
}

func (t *tracer) stops() {
	fmt.Fprintln(t.out)
	held, open := 0, 0
	for _, s := range t.x.Stops {
		switch s.State {
		case rule.True:
			held++
		case rule.Unknown:
			open++
		}
	}
	t.line(0, "STOPS %d hold, %d cannot be ruled out, %d are clear", held, open, len(t.x.Stops)-held-open)
	for _, s := range t.x.Stops {
		if s.State != rule.False || t.all {
			s.Title += " (" + s.Basis + ")"
			t.rule(s)
		}
	}
	for _, u := range t.x.Uses {
		if u.State != rule.False || t.all {
			u.Title += " (a prohibited use; it raises " + u.Stop + ")"
			t.rule(u)
		}
	}
}

// harm tells what makes harm count as confirmed.
func (t *tracer) harm() {
	if r := t.x.ActualBy; r != nil {
		t.rule(*r)
		return
	}
	t.facts(2, []string{t.x.ActualFact})
}

// guidance tells what principle 19 asks of the vendor.
func (t *tracer) guidance() {
	g := t.x.Guidance
	fmt.Fprintln(t.out)
	var with []string
	for _, id := range slices.Sorted(maps.Keys(g.With)) {
		with = append(with, id+" "+g.With[id])
	}
	t.line(0, "PRINCIPLE 19 of the UN Guiding Principles (%s), with %s", g.Pack, cmp.Or(strings.Join(with, ", "), "nothing known"))
	for _, aspect := range assessment.Aspects {
		var ways []string
		for _, row := range g.Rows {
			if way := row.Then[aspect]; !slices.Contains(ways, way) {
				ways = append(ways, way)
			}
		}
		if len(ways) == 1 {
			t.line(2, "%s: %s", aspect, ways[0])
			continue
		}
		const few = 3
		if len(ways) > few && !t.all {
			t.line(2, "%s: one of %d; --all shows them", aspect, len(ways))
			continue
		}
		t.line(2, "%s, one of %d:", aspect, len(ways))
		for _, way := range ways {
			t.line(4, "- %s", way)
		}
	}
	for _, q := range g.Ask {
		t.line(2, "it turns on: %s (%s)", q.Question, q.Fact)
	}
	if slices.Contains(g.Unknown, "severe") {
		t.line(2, "it turns on how severe the harm is, which is not settled")
	}
}

// rests says in a line what a fact rests on; sources go by number.
func (t *tracer) rests(f *assessment.FactTrace) string {
	r := f.Origin
	if r == nil {
		return ""
	}
	at := fmt.Sprintf("entry %d, leaf %s", r.Entry, short(r.Leaf))
	switch {
	case r.Kind != "fact":
		return fmt.Sprintf(": the register's %s.%s, entered %s by %s; %s", r.Kind, r.Field, r.Entered, r.By, at)
	case r.Own:
		return fmt.Sprintf(": worked out by the program on %s; %s", r.Entered, at)
	}
	var cited []string
	for _, s := range r.Sources {
		n := slices.Index(t.sources, s)
		if n < 0 {
			n = len(t.sources)
			t.sources = append(t.sources, s)
		}
		cited = append(cited, fmt.Sprintf("[%d]", n+1))
	}
	if len(cited) == 0 {
		cited = []string{"no source"}
	}
	single := ""
	if r.Single {
		single = ", single source"
		if f.Wanted > 1 {
			single += fmt.Sprintf(" of %d asked for", f.Wanted)
		}
	}
	if f.Until != "" {
		single += ", good until " + f.Until
	}
	return fmt.Sprintf(" %s as of %s, entered %s by %s%s; %s", strings.Join(cited, ""), r.AsOf, r.Entered, r.By, single, at)
}

// cited lists the sources.
func (t *tracer) cited() {
	if len(t.sources) == 0 {
		return
	}
	fmt.Fprintln(t.out)
	t.line(0, "SOURCES")
	for i, s := range t.sources {
		text := fmt.Sprintf("[%d] %s: %s", i+1, s.Grade, s.Title)
		if s.Publisher != "" {
			text += " (" + s.Publisher + ")"
		}
		if s.Published != "" {
			text += ", published " + s.Published
		}
		t.line(2, "%s", text)
	}
}
