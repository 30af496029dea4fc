package framework

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"duly/internal/pack"
	"duly/internal/rule"
)

// completeBody says where the pack claims to hold every prohibition there is.
type completeBody struct {
	When string `yaml:"when,required"`
	Text string `yaml:"text,required"` // on what the claim rests
}

type prohibitionBody struct {
	ID            string       `yaml:"id,required"`
	Basis         string       `yaml:"basis,required"`
	Provider      string       `yaml:"provider"`
	Title         string       `yaml:"title,required"`
	Text          string       `yaml:"text,required"`
	Reference     string       `yaml:"reference,required"`
	Grade         string       `yaml:"grade,required"`
	EffectiveFrom string       `yaml:"effective_from,required"`
	EffectiveTo   string       `yaml:"effective_to"`
	Recheck       string       `yaml:"recheck"`
	Places        []placeBody  `yaml:"places"` // everywhere when there is none
	Scope         string       `yaml:"scope,required"`
	Except        []clauseBody `yaml:"except"`
	Open          []clauseBody `yaml:"open"`
}

// placeBody is where a prohibition holds: an area, or a town in it. Counties are
// those that the town lies in, for registers that hold the county.
type placeBody struct {
	Area     string   `yaml:"area,required"` // ISO 3166-1 or 3166-2; covers what lies in it
	Town     string   `yaml:"town"`
	Counties []string `yaml:"counties"`
}

type clauseBody struct {
	ID   string `yaml:"id,required"`
	Text string `yaml:"text,required"`
	When string `yaml:"when,required"`
}

// loadProhibitions reads the prohibitions against the pack's facts. Every fault is a
// *fault.Error with its place.
func (f *Framework) loadProhibitions(env *rule.Env) error {
	p, b := f.pack, &f.body
	for i := range b.Prohibitions {
		one, err := f.loadProhibition(&b.Prohibitions[i], env, i)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(f.bans, func(o *Ban) bool { return o.ID == one.ID }) {
			return p.Fault(fmt.Sprintf("the prohibition %q is there twice", b.Prohibitions[i].ID), "give one another id", "prohibitions", i, "id")
		}
		f.bans = append(f.bans, one)
	}
	if b.Complete == nil {
		return nil
	}
	complete, err := f.compile(env, b.Complete.When, "complete", "when")
	f.complete = complete
	return err
}

func (f *Framework) loadProhibition(b *prohibitionBody, env *rule.Env, i int) (*Ban, error) {
	p := f.pack
	if err := b.check(p, i); err != nil {
		return nil, err
	}
	out := &Ban{
		ID: p.ID + "/" + b.ID, Basis: b.Basis, Provider: b.Provider, Title: b.Title, Text: b.Text, Reference: b.Reference,
		Grade: b.Grade, From: b.EffectiveFrom, To: b.EffectiveTo, Recheck: cmp.Or(b.Recheck, p.Recheck), from: f, checked: p.Checked, places: b.Places,
	}
	var err error
	if out.scope, err = f.compile(env, b.Scope, "prohibitions", i, "scope"); err != nil {
		return nil, err
	}
	if out.except, err = f.loadClauses(env, b.Except, "prohibitions", i, "except"); err != nil {
		return nil, err
	}
	out.open, err = f.loadClauses(env, b.Open, "prohibitions", i, "open")
	return out, err
}

func (f *Framework) loadClauses(env *rule.Env, list []clauseBody, path ...any) ([]clause, error) {
	var out []clause
	for i, c := range list {
		if !idRE.MatchString(c.ID) || slices.ContainsFunc(out, func(o clause) bool { return o.id == c.ID }) {
			return nil, f.pack.Fault(fmt.Sprintf("%q cannot be an id here, or is there twice", c.ID), "use small letters, digits, dots and hyphens", append(slices.Clone(path), i, "id")...)
		}
		when, err := f.compile(env, c.When, append(slices.Clone(path), i, "when")...)
		if err != nil {
			return nil, err
		}
		out = append(out, clause{c.ID, c.Text, when})
	}
	return out, nil
}

// compile checks an expression as those of items are checked, but that it may say
// "true": a scope that covers everybody, and a question that is always open.
func (f *Framework) compile(env *rule.Env, expr string, path ...any) (*rule.Rule, error) {
	if expr == "true" {
		return env.Compile(expr)
	}
	return f.expression(env, expr, path...)
}

func (b *prohibitionBody) check(p *pack.Pack, i int) error {
	bad := func(what, fix, key string) error { return p.Fault(what, fix, "prohibitions", i, key) }
	switch {
	case !idRE.MatchString(b.ID):
		return bad(fmt.Sprintf("%q cannot be an id", b.ID), "use small letters, digits, dots and hyphens", "id")
	case b.Basis != Law && b.Basis != Policy:
		return bad(fmt.Sprintf("%q is not what a prohibition rests on", b.Basis), "use law or policy", "basis")
	case (b.Basis == Policy) != (b.Provider != ""):
		return bad("a policy names the provider whose it is, and a law names none", "", "provider")
	case b.Grade != "verified" && b.Grade != "unverified":
		return bad(fmt.Sprintf("%q is not a grade", b.Grade), "use verified or unverified", "grade")
	case b.Grade == "verified" && p.Checked == "":
		return bad("it is verified, and the pack does not say when it was compared with its sources", "add checked to the header", "grade")
	}
	for _, d := range []struct{ key, day string }{
		{"effective_from", b.EffectiveFrom}, {"effective_to", b.EffectiveTo}, {"recheck", b.Recheck},
	} {
		if _, err := time.Parse(time.DateOnly, d.day); err != nil && (d.day != "" || d.key == "effective_from") {
			return bad(fmt.Sprintf("%q is not a date", d.day), "write it as YYYY-MM-DD", d.key)
		}
	}
	if b.EffectiveTo != "" && b.EffectiveTo < b.EffectiveFrom {
		return bad("the prohibition ends before it begins", "", "effective_to")
	}
	for j, at := range b.Places {
		if at.Area == "" || at.Town == "" && len(at.Counties) > 0 {
			return p.Fault("a place is an area, with or without a town, and counties belong to a town", "", "prohibitions", i, "places", j)
		}
	}
	return nil
}
