package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/rule"
)

// Value is what is known of a fact: V is a bool, int, int64, string or []string,
// or nil while the fact is unknown, and then Reason may say why.
type Value struct {
	V      any
	Reason string
}

// Known makes a value that is known.
func Known(v any) Value { return Value{V: v} }

// Unknown makes a value that is not known, with the reason.
func Unknown(reason string) Value { return Value{Reason: reason} }

// Inputs holds the facts of one deployment by id. A fact that is not there is
// unknown.
type Inputs map[string]Value

// read lays out a sheet of the inputs, checked, with no rule answered yet. The
// caller gives it back with done.
func (m *Method) read(day string, in Inputs) (*sheet, error) {
	if day != "" && !isDay(day) {
		return nil, caseFault("day", fmt.Sprintf("%q is not a date", day), "write it as YYYY-MM-DD")
	}
	s := m.sheet()
	s.day = day
	if err := s.read(in); err != nil {
		s.done()
		return nil, err
	}
	return s, nil
}

func (s *sheet) read(in Inputs) error {
	m := s.m
	used := 0
	for i := range m.facts {
		v, ok := in[m.facts[i].ID]
		if !ok {
			continue
		}
		used++
		if v.V == nil {
			continue
		}
		if s.known(i, v.V) {
			continue
		}
		value, bad := m.facts[i].check(v.V)
		if bad != nil {
			return bad
		}
		if err := s.set(i, value); err != nil {
			return err
		}
	}
	if used < len(in) {
		for _, id := range slices.Sorted(maps.Keys(in)) {
			if _, ok := m.index[id]; !ok {
				return caseFault(id, fmt.Sprintf("the method %s has no such fact", m.ID), "see the method's facts")
			}
		}
	}
	return nil
}

// known sets a fact to one of its listed answers, or to a list of none or one of them,
// which were checked when the method was loaded. It says whether it did.
func (s *sheet) known(fact int, x any) bool {
	f := &s.m.facts[fact]
	at := -1
	switch v := x.(type) {
	case string:
		if f.Type == rule.Text {
			at = slices.Index(f.Values, v)
		}
	case []string:
		switch {
		case f.Type != rule.Texts || len(v) > 1:
		case len(v) == 0:
			at = len(f.Values)
		default:
			at = slices.Index(f.Values, v[0])
		}
	}
	if at < 0 {
		return false
	}
	s.values[fact] = x
	if len(s.m.touches[fact]) > 0 {
		s.vars.Put(s.m.slots[fact], s.m.checked[fact][at])
	}
	return true
}

// check gives the value in the form rules read, or says why it cannot be used.
func (f *Fact) check(x any) (any, *fault.Error) {
	switch v := x.(type) {
	case bool:
		if f.Type == rule.Bool {
			return x, nil
		}
	case int:
		return f.check(int64(v))
	case int64:
		if f.Type == rule.Int {
			if v < f.Min || v > f.Max {
				return nil, caseFault(f.ID, fmt.Sprintf("%d is not between %d and %d", v, f.Min, f.Max), "")
			}
			return x, nil
		}
	case string:
		if f.Type == rule.Text {
			if !slices.Contains(f.Values, v) {
				return nil, f.notListed(v)
			}
			return x, nil
		}
	case []string:
		if f.Type == rule.Texts {
			for _, item := range v {
				if !slices.Contains(f.Values, item) {
					return nil, f.notListed(item)
				}
			}
			return x, nil
		}
	}
	return nil, caseFault(f.ID, fmt.Sprintf("the value %v is not of type %s", x, f.Type), "")
}

func (f *Fact) notListed(v string) *fault.Error {
	return caseFault(f.ID, fmt.Sprintf("%q is not an answer", v), "use one of "+strings.Join(f.Values, ", "))
}

// choices gives values that stand for all the fact can be: every answer of a bool,
// a text and a small whole number, the two ends of a larger one, and of a list
// none, each one alone, and all.
func (f *Fact) choices() []any {
	var out []any
	switch f.Type {
	case rule.Bool:
		return []any{false, true}
	case rule.Int:
		if f.Max-f.Min > 10 {
			return []any{f.Min, f.Max}
		}
		for v := f.Min; v <= f.Max; v++ {
			out = append(out, v)
		}
	case rule.Text:
		for _, v := range f.Values {
			out = append(out, v)
		}
	case rule.Texts:
		out = append(out, []string{})
		for _, v := range f.Values {
			out = append(out, []string{v})
		}
		out = append(out, f.Values)
	}
	return out
}
