package conditions

import (
	"slices"
	"strings"

	"duly/internal/rule"
)

// Applies says whether the condition's scope covers a deployment. What is not
// known of it counts as covered, and assumed names it ("sector", "purpose", ...,
// in a fixed order), so that a result can say what it rests on (RS-10: unknown
// never counts as no).
func (c *Condition) Applies(s Subject) (applies bool, assumed []string) {
	for _, q := range []struct {
		name string
		is   rule.Tri
	}{
		{"sector", in(s.Sector, c.Scope.Sectors)},
		{"capability", in(s.Capability, c.Scope.Capabilities)},
		{"purpose", and(in(s.Purpose, c.Scope.Purposes), not(exempt(s.Purpose, c.Scope.Exempt)))},
		{"jurisdiction", within(s.Jurisdiction, c.Scope.Jurisdictions)},
	} {
		switch q.is {
		case rule.False:
			return false, nil
		case rule.Unknown:
			assumed = append(assumed, q.name)
		}
	}
	return true, assumed
}

// Known says whether a value of a deployment is known: it is stated, and not as unknown.
func Known(value string) bool { return value != "" && value != "unknown" }

// in says whether a value is in a list; an empty list holds everything.
func in(value string, list []string) rule.Tri {
	switch {
	case len(list) == 0 || Known(value) && slices.Contains(list, value):
		return rule.True
	case !Known(value):
		return rule.Unknown
	}
	return rule.False
}

// exempt says whether a purpose is in a list of exempt ones.
func exempt(purpose string, list []string) rule.Tri {
	if len(list) == 0 {
		return rule.False
	}
	return in(purpose, list)
}

// within says whether a jurisdiction lies in one of a list, part by part. One
// that only contains a listed one may or may not be meant.
func within(value string, list []string) rule.Tri {
	answer := in(value, list)
	if answer != rule.False {
		return answer
	}
	for _, l := range list {
		if strings.HasPrefix(value, l+"-") {
			return rule.True
		}
		if strings.HasPrefix(l, value+"-") {
			answer = rule.Unknown
		}
	}
	return answer
}

func not(t rule.Tri) rule.Tri {
	switch t {
	case rule.True:
		return rule.False
	case rule.False:
		return rule.True
	}
	return t
}

func and(a, b rule.Tri) rule.Tri {
	switch {
	case a == rule.False || b == rule.False:
		return rule.False
	case a == rule.True && b == rule.True:
		return rule.True
	}
	return rule.Unknown
}
