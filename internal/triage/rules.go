package triage

import (
	"fmt"
	"regexp"
	"slices"

	"duly/internal/pack"
	"duly/internal/rule"
)

// body is what a triage pack holds below its header.
type body struct {
	Scale     scale      `yaml:"scale,required"`
	Countries countries  `yaml:"conflict_countries,required"`
	Terms     []term     `yaml:"terms"`
	Rules     []ruleBody `yaml:"rules,required"`
	Sample    sample     `yaml:"sample"`
	Tests     []test     `yaml:"tests"`
}

type scale struct {
	Medium int64 `yaml:"medium_from,required"` // whole cents
	Large  int64 `yaml:"large_from,required"`
}

type countries struct {
	Source string   `yaml:"source,required"`
	AsOf   string   `yaml:"as_of,required"`
	Grade  string   `yaml:"grade,required"`
	Codes  []string `yaml:"codes,required"`
}

type term struct {
	ID   string `yaml:"id,required"`
	Text string `yaml:"text,required"`
	When string `yaml:"when,required"`

	rule *rule.Rule
}

// ruleBody is one triage rule: the lane that it puts an account into.
type ruleBody struct {
	ID      string `yaml:"id,required"`
	Lane    Lane   `yaml:"lane,required"`
	Text    string `yaml:"text,required"`
	When    string `yaml:"when,required"`
	Unknown Lane   `yaml:"unknown"`         // the lane while it cannot be told; DESK when left out
	Matters string `yaml:"unknown_matters"` // where the unknown counts; everywhere when left out

	rule    *rule.Rule
	matters *rule.Rule
}

// Rules is a triage pack ready for use. It is safe for concurrent use.
type Rules struct {
	terms     []term
	rules     []ruleBody // strictest lane first, in the pack's order within a lane
	scale     scale
	countries map[string]bool
	body      body
}

var (
	termRE    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	ruleRE    = regexp.MustCompile(`^[A-Z][A-Z0-9-]*$`)
	countryRE = regexp.MustCompile(`^[A-Z]{2}$`)
)

// Load reads a pack of kind triage and compiles its rules. Whatever is wrong comes
// as a *fault.Error with the file, line and column.
func Load(p *pack.Pack) (*Rules, error) {
	if p.Kind != pack.Triage {
		return nil, p.Fault(fmt.Sprintf("a pack of kind %s is not a triage pack", p.Kind), "name a pack of kind triage", "kind")
	}
	r := &Rules{countries: map[string]bool{}}
	if err := p.Decode(&r.body); err != nil {
		return nil, err
	}
	r.scale, r.terms, r.rules = r.body.Scale, r.body.Terms, slices.Clone(r.body.Rules)
	if r.scale.Medium <= 0 || r.scale.Large <= r.scale.Medium {
		return nil, p.Fault("large must begin above medium, and medium above nothing", "", "scale", "large_from")
	}
	for i, code := range r.body.Countries.Codes {
		if !countryRE.MatchString(code) {
			return nil, p.Fault(fmt.Sprintf("%q is not a country code", code), "use two capital letters of ISO 3166-1", "conflict_countries", "codes", i)
		}
		r.countries[code] = true
	}
	if g := r.body.Countries.Grade; g != "verified" && g != "unverified" {
		return nil, p.Fault(fmt.Sprintf("%q is not a grade of a source", g), "use verified or unverified", "conflict_countries", "grade")
	}
	if err := r.compile(p); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.rules, func(a, b ruleBody) int { return b.Lane.rank() - a.Lane.rank() })
	return r, nil
}

func (r *Rules) compile(p *pack.Pack) error {
	types := map[string]rule.Type{}
	for name, v := range variables {
		types[name] = v.typ
	}
	for i := range r.terms {
		t := &r.terms[i]
		if _, taken := types[t.ID]; taken || !termRE.MatchString(t.ID) {
			return p.Fault(fmt.Sprintf("%q cannot name a term", t.ID), "use small letters and a name of its own", "terms", i, "id")
		}
		// Each term is compiled before its own name is declared, so that it can
		// read only the terms above it.
		env, err := rule.NewEnv(types)
		if err == nil {
			t.rule, err = env.Compile(t.When)
		}
		if err != nil {
			return p.Place(err, "terms", i, "when")
		}
		types[t.ID] = rule.Bool
	}
	env, err := rule.NewEnv(types)
	if err != nil {
		return p.Place(err, "terms")
	}
	if len(r.rules) == 0 {
		return p.Fault("a triage pack without rules decides nothing", "", "rules")
	}
	seen := map[string]bool{}
	for i := range r.rules {
		if err := r.rules[i].compile(p, env, i); err != nil {
			return err
		}
		if seen[r.rules[i].ID] {
			return p.Fault(fmt.Sprintf("the rule %s stands twice", r.rules[i].ID), "give it another id", "rules", i, "id")
		}
		seen[r.rules[i].ID] = true
	}
	return nil
}

func (l *ruleBody) compile(p *pack.Pack, env *rule.Env, i int) error {
	if !ruleRE.MatchString(l.ID) {
		return p.Fault(fmt.Sprintf("%q cannot be a rule's id", l.ID), "use capital letters, digits and hyphens", "rules", i, "id")
	}
	if l.Lane.rank() < 0 {
		return p.Fault(fmt.Sprintf("%q is not a lane", l.Lane), "use STOP, PERSON, DESK or AUTO", "rules", i, "lane")
	}
	switch {
	case l.Lane == Auto && (l.Unknown != "" || l.Matters != ""):
		return p.Fault("a rule for AUTO cannot say what unknown does: it fires only on what is known", "leave it out", "rules", i, "unknown")
	case l.Lane != Auto && l.Unknown == "":
		l.Unknown = Desk
	case l.Lane != Auto && (l.Unknown.rank() < Desk.rank() || l.Unknown.rank() > l.Lane.rank()):
		return p.Fault(fmt.Sprintf("unknown cannot lead to %q here", l.Unknown), "use DESK or a lane up to the rule's own", "rules", i, "unknown")
	}
	var err error
	if l.rule, err = env.Compile(l.When); err != nil {
		return p.Place(err, "rules", i, "when")
	}
	if l.Matters != "" {
		if l.matters, err = env.Compile(l.Matters); err != nil {
			return p.Place(err, "rules", i, "unknown_matters")
		}
	}
	return nil
}

// Scale gives the size of an account from what it bills, in whole cents: small,
// medium or large, by the pack's bounds; "unknown" without an amount. A refund
// counts by its size.
func (r *Rules) Scale(cents *int64) string {
	if cents == nil {
		return "unknown"
	}
	switch n := max(*cents, -*cents); {
	case n < 0, n >= r.scale.Large: // the least int64 has no positive counterpart
		return "large"
	case n >= r.scale.Medium:
		return "medium"
	}
	return "small"
}
