package framework

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/rule"
)

// Values holds what is known, by fact: a bool, int, int64, string or []string. A fact
// that is absent or nil is unknown. Facts that the framework does not read are not
// looked at.
type Values = map[string]any

// Flag is what a red flag or a prohibition says of some facts.
type Flag struct {
	Item    Item     `json:"item"`
	State   rule.Tri `json:"state"`             // true is raised, false is clear
	Unknown []string `json:"unknown,omitempty"` // the facts that would tell
}

// Flags asks the expressions of all red flags and prohibitions that are in effect on
// a day, in the pack's order. A value that its fact cannot have is an error.
func (f *Framework) Flags(values Values, day string) ([]Flag, error) {
	lookup, err := f.lookup(values)
	if err != nil {
		return nil, err
	}
	var out []Flag
	for _, r := range f.rules {
		if r.item.State(day) != InEffect {
			continue
		}
		state, unknown, err := r.rule.EvalUnknowns(lookup)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", f.ID, r.item.ID, err)
		}
		out = append(out, Flag{*r.item, state, unknown})
	}
	return out, nil
}

// lookup checks the values of the framework's facts and hands them to rules.
func (f *Framework) lookup(values Values) (rule.Lookup, error) {
	known := make(map[string]any, len(f.facts))
	for i := range f.facts {
		fact := &f.facts[i]
		v, ok := values[fact.ID]
		if !ok || v == nil {
			continue
		}
		if what := fact.refuses(v); what != "" {
			return nil, fault.New(fault.Invalid, what, "").At("", 0, fact.ID)
		}
		known[fact.ID] = v
	}
	return func(name string) (any, bool) { v, ok := known[name]; return v, ok }, nil
}

// Read gives the value if the fact can have it, and nil otherwise: a word that is no
// answer to the question leaves it open.
func (fact *Fact) Read(v any) any {
	if v == nil || fact.refuses(v) != "" {
		return nil
	}
	return v
}

// refuses says why a value cannot be this fact's; empty when it can.
func (fact *Fact) refuses(v any) string {
	within := func(texts ...string) string {
		for _, s := range texts {
			if !slices.Contains(fact.Values, s) {
				return fmt.Sprintf("%q is not a value of %s; use %s", s, fact.ID, strings.Join(fact.Values, ", "))
			}
		}
		return ""
	}
	switch v := v.(type) {
	case bool:
		if fact.Type == rule.Bool {
			return ""
		}
	case int:
		return fact.refuses(int64(v))
	case int64:
		if fact.Type == rule.Int {
			if v < fact.Min || v > fact.Max {
				return fmt.Sprintf("%d is not between %d and %d", v, fact.Min, fact.Max)
			}
			return ""
		}
	case string:
		if fact.Type == rule.Text {
			return within(v)
		}
	case []string:
		if fact.Type == rule.Texts {
			return within(v...)
		}
	}
	return fmt.Sprintf("%v is not of type %s", v, fact.Type)
}
