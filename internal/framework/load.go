package framework

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rule"
)

var (
	idRE          = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	requirementRE = regexp.MustCompile(`^(RS|IN|GC|KY|MU|RG|PO|MA|RE|IM)-[0-9]{2}$`)
)

// Load makes a framework of a pack. It refuses, with file, line and column: a pack
// of another kind, an unknown key, an id that is there twice, an expression that does
// not compile, can fail, reads no fact or compares one with what it cannot be, a fact
// that nothing reads, a duty or a grade that the pack's status, sources and dates cannot
// carry, and a table with a hole or with rows that disagree.
func Load(p *pack.Pack) (*Framework, error) {
	if p.Kind != pack.Framework {
		return nil, p.Fault(fmt.Sprintf("this is a pack of kind %s", p.Kind), "give a framework", "kind")
	}
	f := &Framework{
		ID: p.ID, Version: p.Version, Title: p.Title, Hash: p.Hash, pack: p,
		index: map[string]int{}, read: map[string]bool{}, items: map[string]*Item{},
	}
	if err := p.Decode(&f.body); err != nil {
		return nil, err
	}
	for _, step := range []func() error{f.loadFacts, f.loadSections, f.loadRules, f.loadTables, f.checkRead} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Framework) loadFacts() error {
	for i, b := range f.body.Facts {
		fact := Fact{ID: b.ID, Question: b.Question, Values: b.Values}
		for _, t := range []rule.Type{rule.Text, rule.Int, rule.Bool, rule.Texts} {
			if t.String() == b.Type {
				fact.Type = t
			}
		}
		listed := fact.Type == rule.Text || fact.Type == rule.Texts
		_, twice := f.index[b.ID]
		switch {
		case fact.Type == 0:
			return f.pack.Fault(fmt.Sprintf("%q is not a type of fact", b.Type), "use text, int, bool or texts", "facts", i, "type")
		case listed != (len(b.Values) > 0):
			return f.pack.Fault("values belong to facts of type text and texts, and only to them", "", "facts", i)
		case (fact.Type == rule.Int) != (b.Min != nil && b.Max != nil):
			return f.pack.Fault("min and max belong to facts of type int, and only to them", "", "facts", i)
		case twice:
			return f.pack.Fault(fmt.Sprintf("the fact %q is there twice", b.ID), "", "facts", i, "id")
		}
		if fact.Type == rule.Int {
			if fact.Min, fact.Max = *b.Min, *b.Max; fact.Min > fact.Max {
				return f.pack.Fault("min is above max", "", "facts", i, "min")
			}
		}
		f.index[b.ID] = len(f.facts)
		f.facts = append(f.facts, fact)
	}
	return nil
}

func (f *Framework) loadSections() error {
	seen := map[string]bool{}
	for i, b := range f.body.Sections {
		switch {
		case !idRE.MatchString(b.ID):
			return f.pack.Fault(fmt.Sprintf("%q cannot be an id", b.ID), "use small letters, digits, dots and hyphens", "sections", i, "id")
		case seen[b.ID]:
			return f.pack.Fault(fmt.Sprintf("the section %q is there twice", b.ID), "", "sections", i, "id")
		}
		seen[b.ID] = true
		s := Section{ID: b.ID, Title: b.Title, Note: b.Note}
		for j := range b.Items {
			x, err := f.item(b.ID, &b.Items[j], "sections", i, "items", j)
			if err != nil {
				return err
			}
			f.items[x.ID] = x
			s.Items = append(s.Items, x)
		}
		f.sections = append(f.sections, s)
	}
	if len(f.items) == 0 && len(f.body.Prohibitions) == 0 {
		return f.pack.Fault("a framework needs at least one item, or a prohibition", "", "sections")
	}
	return nil
}

// item checks one item and makes it, with the pack's dates where it has none.
func (f *Framework) item(section string, b *itemBody, path ...any) (*Item, error) {
	at := func(keys ...any) []any { return append(slices.Clone(path), keys...) }
	x := &Item{
		ID: b.ID, Section: section, Kind: Kind(b.Kind), Text: b.Text, Duty: Duty(b.Duty), Grade: b.Grade,
		Evidence: b.Evidence, Fact: b.Fact, When: b.When, MapsTo: b.MapsTo,
		EffectiveFrom: b.EffectiveFrom, EffectiveTo: b.EffectiveTo, Recheck: b.Recheck,
		checked: f.pack.Checked, packRecheck: f.pack.Recheck,
	}
	switch _, declared := f.index[b.Fact]; {
	case !idRE.MatchString(b.ID):
		return nil, f.pack.Fault(fmt.Sprintf("%q cannot be an id", b.ID), "use small letters, digits, dots and hyphens", at("id")...)
	case f.items[b.ID] != nil:
		return nil, f.pack.Fault(fmt.Sprintf("the item %q is there twice", b.ID), "", at("id")...)
	case !slices.Contains(kinds, x.Kind):
		return nil, f.pack.Fault(fmt.Sprintf("%q is not a kind of item", b.Kind), "use question, step, criterion, red_flag, duty, prohibition or record", at("kind")...)
	case strings.TrimSpace(b.Text) == "":
		return nil, f.pack.Fault("an item needs a text", "say in own words what is asked", at("text")...)
	case b.When != "" && x.Kind.Scored():
		return nil, f.pack.Fault(fmt.Sprintf("an item of kind %s is met or not, and not raised", b.Kind), "leave out when, or make it a red_flag or a prohibition", at("when")...)
	case b.Fact != "" && !declared:
		return nil, f.pack.Fault(fmt.Sprintf("there is no fact %q here", b.Fact), "add it to facts", at("fact")...)
	}
	if b.Fact != "" {
		f.read[b.Fact] = true
	}
	for _, step := range []func(*Item, *itemBody, func(...any) []any) error{f.checkClaims, f.checkDates, f.checkEffect} {
		if err := step(x, b, at); err != nil {
			return nil, err
		}
	}
	if x.EffectiveFrom == "" {
		x.EffectiveFrom = f.pack.EffectiveFrom
	}
	if x.EffectiveTo == "" {
		x.EffectiveTo = f.pack.EffectiveTo
	}
	return x, nil
}

// checkClaims refuses a duty that the pack's status cannot carry, and a grade that
// its sources and its last check cannot.
func (f *Framework) checkClaims(x *Item, b *itemBody, at func(...any) []any) error {
	p := f.pack
	switch {
	case x.Duty != Mandatory && x.Duty != Incorporated && x.Duty != Advisory:
		return p.Fault(fmt.Sprintf("%q is not a degree of duty", b.Duty), "use mandatory, incorporated (by reference) or advisory", at("duty")...)
	case x.Duty == Mandatory && slices.Contains([]string{"proposed", "guidance", "soft_law", "civil_society"}, p.Status):
		return p.Fault(fmt.Sprintf("nothing in a pack of status %s is mandatory by itself", p.Status),
			"use advisory, or incorporated where a binding text obliges to follow it", at("duty")...)
	case b.Grade != "verified" && b.Grade != "unverified":
		return p.Fault(fmt.Sprintf("%q is not a grade of an item", b.Grade), "use verified or unverified", at("grade")...)
	case b.Grade == "verified" && p.Checked == "":
		return p.Fault("the item is verified, and the pack does not say when it was compared with its sources", "add checked to the header", at("grade")...)
	case b.Grade == "verified" && !slices.ContainsFunc(p.Sources, func(s pack.Source) bool { return s.Grade == "verified" }):
		return p.Fault("the item is verified, and none of the pack's sources was read", "name the source that was read, or use unverified", at("grade")...)
	}
	for i, id := range b.MapsTo {
		if !requirementRE.MatchString(id) {
			return p.Fault(fmt.Sprintf("%q is not the id of a requirement", id), "write it like KY-02", at("maps_to", i)...)
		}
	}
	return nil
}

func (f *Framework) checkDates(_ *Item, b *itemBody, at func(...any) []any) error {
	for _, d := range []struct{ key, value string }{
		{"effective_from", b.EffectiveFrom}, {"effective_to", b.EffectiveTo}, {"recheck", b.Recheck},
	} {
		if _, err := time.Parse(time.DateOnly, d.value); err != nil && d.value != "" {
			return f.pack.Fault(fmt.Sprintf("%q is not a date", d.value), "write it as YYYY-MM-DD", at(d.key)...)
		}
	}
	switch {
	case b.EffectiveTo != "" && b.EffectiveTo < b.EffectiveFrom:
		return f.pack.Fault("the item ends before it begins", "", at("effective_to")...)
	case b.Recheck != "" && b.Recheck <= f.pack.Checked:
		return f.pack.Fault("the day to check again is not after the day of the last check", "give a later day", at("recheck")...)
	}
	return nil
}

func (f *Framework) checkEffect(x *Item, b *itemBody, at func(...any) []any) error {
	e := b.Effect
	if e == nil {
		return nil
	}
	counts := e.Family != "" && e.Weight >= 1 && e.Stop == ""
	stops := e.Family == "" && e.Weight == 0 && e.Stop != ""
	if !counts && !stops {
		return f.pack.Fault("an effect is a family with a weight of 1 or more, or a stop", "write {family: CUS, weight: 2} or {stop: HS-P2}", at("effect")...)
	}
	x.Effect = &Effect{e.Family, e.Weight, e.Stop}
	return nil
}

func (f *Framework) loadRules() error {
	vars := map[string]rule.Type{}
	for _, fact := range f.facts {
		vars[fact.ID] = fact.Type
	}
	env, err := rule.NewEnv(vars)
	if err != nil {
		return f.pack.Place(err, "facts")
	}
	for i, b := range f.body.Sections {
		for j := range b.Items {
			if b.Items[j].When == "" {
				continue
			}
			path := []any{"sections", i, "items", j, "when"}
			r, err := f.expression(env, b.Items[j].When, path...)
			if err != nil {
				return err
			}
			x := f.sections[i].Items[j]
			x.Reads = r.Vars()
			f.rules = append(f.rules, flagRule{x, r})
		}
	}
	return f.loadProhibitions(env)
}

// expression compiles an expression over the facts and notes which it reads. It refuses
// one that reads none, one that can fail, and a constant that is no value of the fact
// it is compared with.
func (f *Framework) expression(env *rule.Env, text string, path ...any) (*rule.Rule, error) {
	r, err := env.Compile(text)
	if err != nil {
		return nil, f.pack.Place(err, path...)
	}
	reads := r.Vars()
	if len(reads) == 0 {
		return nil, f.pack.Fault("the expression reads no fact, so it is always the same", "compare a fact with something", path...)
	}
	for _, id := range reads {
		f.read[id] = true
	}
	in := r.Inspect()
	if in.Fails != nil {
		return nil, f.pack.Place(in.Fails, path...)
	}
	for _, c := range in.Compared {
		values := f.facts[f.index[c.Var]].Values
		if !slices.Contains(values, c.Constant) {
			bad := fault.Newf(fault.Invalid, "%q is not a value of %s", c.Constant, c.Var).WithFix("use " + strings.Join(values, ", "))
			bad.Line, bad.Column = c.Line, c.Column
			return nil, f.pack.Place(bad, path...)
		}
	}
	return r, nil
}

// checkRead refuses a fact that nothing reads: a question nobody needs answered.
func (f *Framework) checkRead() error {
	for i, fact := range f.facts {
		if !f.read[fact.ID] {
			return f.pack.Fault(fmt.Sprintf("nothing here reads the fact %q", fact.ID), "leave it out", "facts", i, "id")
		}
	}
	return nil
}
