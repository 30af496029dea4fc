package triage

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/pack"
	"duly/internal/rule"
)

// sample is an account as a pack's tests write it. A test states how its account
// differs from the pack's sample.
type sample map[string]any

// test is an account and what the pack must say of it. Because and Unknown list
// the rules that fire and those that cannot be ruled out, complete, in any order.
type test struct {
	Name    string   `yaml:"name,required"`
	With    sample   `yaml:"with"`
	Lane    Lane     `yaml:"lane,required"`
	Because []string `yaml:"because"`
	Unknown []string `yaml:"unknown"`
	Default bool     `yaml:"default"`
}

// accountFields are the keys of a sample.
var accountFields = map[string]func(*Account) any{
	"sector":             func(a *Account) any { return &a.Sector },
	"kind":               func(a *Account) any { return &a.Kind },
	"end_user_known":     func(a *Account) any { return &a.EndUserKnown },
	"end_user_sector":    func(a *Account) any { return &a.EndUserSector },
	"integrator":         func(a *Account) any { return &a.Integrator },
	"integrator_sector":  func(a *Account) any { return &a.IntegratorSector },
	"country":            func(a *Account) any { return &a.Country },
	"conflict":           func(a *Account) any { return &a.Conflict },
	"capabilities":       func(a *Account) any { return &a.Capabilities },
	"registry_confirmed": func(a *Account) any { return &a.Registry },
	"open_hit":           func(a *Account) any { return &a.OpenHit },
	"confirmed_hit":      func(a *Account) any { return &a.ConfirmedHit },
	"owned_by_listed":    func(a *Account) any { return &a.Owned },
	"owners_in_doubt":    func(a *Account) any { return &a.Owners },
	"ban":                func(a *Account) any { return &a.Ban },
	"moratorium":         func(a *Account) any { return &a.Moratorium },
	"scale":              func(a *Account) any { return &a.Scale },
}

// apply sets the fields that s names: texts as text, yes and no as true and false,
// what is not known as "unknown", capabilities as a list.
func (s sample) apply(a *Account) error {
	for name, value := range s {
		field, ok := accountFields[name]
		if !ok {
			return fmt.Errorf("an account has no field %q", name)
		}
		wrong := fmt.Errorf("%q cannot be %v", name, value)
		switch into := field(a).(type) {
		case *string:
			if *into, ok = value.(string); !ok {
				return wrong
			}
		case *rule.Tri:
			switch value {
			case true:
				*into = rule.True
			case false:
				*into = rule.False
			case "unknown":
				*into = rule.Unknown
			default:
				return wrong
			}
		case *[]string:
			list, ok := value.([]any)
			if !ok {
				return wrong
			}
			*into = nil
			for _, x := range list {
				c, ok := x.(string)
				if !ok {
					return wrong
				}
				*into = append(*into, c)
			}
		}
	}
	return nil
}

// RunTests runs the pack's own tests: each account must come into the stated lane
// for exactly the stated reasons. It also holds that the tests show every rule
// firing and, apart from that, not firing. A pack that does not load is one failed
// result. It is a pack.Runner.
func RunTests(p *pack.Pack) []pack.TestResult {
	r, err := Load(p)
	if err != nil {
		return []pack.TestResult{{Name: "loads", Detail: err.Error(), Line: 1}}
	}
	var out []pack.TestResult
	fired, silent := map[string]bool{}, map[string]bool{}
	for i, t := range r.body.Tests {
		detail := r.check(t, fired, silent)
		out = append(out, pack.TestResult{Name: t.Name, OK: detail == "", Detail: detail, Line: p.Line("tests", i)})
	}
	for i, l := range r.body.Rules {
		detail := ""
		if !fired[l.ID] || !silent[l.ID] {
			detail = "no test shows this rule both firing and not firing"
		}
		out = append(out, pack.TestResult{Name: "both sides of " + l.ID, OK: detail == "", Detail: detail, Line: p.Line("rules", i)})
	}
	return out
}

// check gives what is wrong with one test, and notes what the rules did.
func (r *Rules) check(t test, fired, silent map[string]bool) string {
	var a Account
	for _, s := range []sample{r.body.Sample, t.With} {
		if err := s.apply(&a); err != nil {
			return err.Error()
		}
	}
	v := r.read(&a)
	for i := range r.rules {
		switch answer, _ := v.eval(r.rules[i].rule); answer {
		case rule.True:
			fired[r.rules[i].ID] = true
		case rule.False:
			silent[r.rules[i].ID] = true
		}
	}
	got := r.Lane(a)
	var because, unknown []string
	for _, reason := range got.Reasons {
		if reason.Unknown == nil {
			because = append(because, reason.Rule)
		} else {
			unknown = append(unknown, reason.Rule)
		}
	}
	have := describe(got.Lane, because, unknown, got.ByDefault)
	if want := describe(t.Lane, t.Because, t.Unknown, t.Default); have != want {
		return "expected " + want + ", got " + have
	}
	return ""
}

func describe(lane Lane, because, unknown []string, byDefault bool) string {
	slices.Sort(because)
	slices.Sort(unknown)
	s := fmt.Sprintf("%s because [%s] unknown [%s]", lane, strings.Join(because, " "), strings.Join(unknown, " "))
	if byDefault {
		s += " by default"
	}
	return s
}
