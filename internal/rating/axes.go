package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/rule"
)

// Axes holds compliance and impact apart. Who keeps to the guidance and does harm
// all the same shows that the guidance falls short: that is a finding about the
// guidance, not about the customer.
type Axes struct {
	Compliance string   `json:"compliance"`        // kept, broken or unknown
	Finding    string   `json:"finding,omitempty"` // in the pack's words, where Guideline is true
	Guideline  rule.Tri `json:"guideline"`         // guidance kept, and harmful
	Impact     string   `json:"impact"`            // harmful, not_harmful or unknown
}

type axes struct {
	broken, harm []int // indicators
	from         Band
}

func (m *Method) loadCompliance() error {
	b := m.body.Compliance
	if b == nil {
		return nil
	}
	m.axes = &axes{}
	for _, x := range []struct {
		key  string
		ids  []string
		into *[]int
	}{{"broken_by", b.BrokenBy, &m.axes.broken}, {"harm_shown_by", b.HarmShownBy, &m.axes.harm}} {
		for i, id := range x.ids {
			n, ok := m.byID[id]
			if !ok {
				return m.pack.Fault(fmt.Sprintf("%q is not an indicator", id), "", "compliance", x.key, i)
			}
			*x.into = append(*x.into, n)
		}
	}
	if len(m.axes.broken) == 0 {
		return m.pack.Fault("nothing would ever count as broken", "name indicators", "compliance", "broken_by")
	}
	band, err := m.band(b.HarmfulFrom, "compliance", "harmful_from")
	m.axes.from = band
	return err
}

func (m *Method) band(name string, path ...any) (Band, error) {
	band := slices.Index(bandNames[:], name)
	if band < int(Low) {
		return 0, m.pack.Fault(fmt.Sprintf("%q is not a band", name), "use LOW, MEDIUM, HIGH or CRITICAL", path...)
	}
	return Band(band), nil
}

// axes reads compliance and impact off a sheet. Harm that counts as actual, an
// indicator that shows harm, and a residual band from the method's line on are
// harmful, each alone.
func (s *sheet) axes(o *outcome) *Axes {
	a := s.m.axes
	if a == nil {
		return nil
	}
	broken := s.anyOf(a.broken)
	residual := rule.Unknown
	switch {
	case o.best.Residual >= a.from:
		residual = rule.True
	case o.worst.Residual < a.from:
		residual = rule.False
	}
	harmful := or(or(s.actual(), s.anyOf(a.harm)), residual)
	out := &Axes{Compliance: "unknown", Impact: "unknown", Guideline: rule.Unknown}
	switch broken {
	case rule.True:
		out.Compliance = "broken"
	case rule.False:
		out.Compliance = "kept"
	}
	switch harmful {
	case rule.True:
		out.Impact = "harmful"
	case rule.False:
		out.Impact = "not_harmful"
	}
	switch {
	case broken == rule.False && harmful == rule.True:
		out.Guideline, out.Finding = rule.True, s.m.body.Compliance.Finding
	case broken == rule.True || harmful == rule.False:
		out.Guideline = rule.False
	}
	return out
}

// anyOf says whether one of the rules is true.
func (s *sheet) anyOf(numbers []int) rule.Tri {
	answer := rule.False
	for _, n := range numbers {
		answer = or(answer, s.answers[n])
	}
	return answer
}

func or(a, b rule.Tri) rule.Tri {
	switch {
	case a == rule.True || b == rule.True:
		return rule.True
	case a == rule.Unknown || b == rule.Unknown:
		return rule.Unknown
	}
	return rule.False
}

func (m *Method) loadParticipation() error {
	b := m.body.Participation
	if b == nil {
		return nil
	}
	known := map[string]bool{}
	for i, x := range b.Inputs {
		switch {
		case known[x.ID]:
			return m.pack.Fault(fmt.Sprintf("the input %q is there twice", x.ID), "", "participation", "inputs", i, "id")
		case !slices.Contains(answerers, x.From):
			return m.pack.Fault(fmt.Sprintf("%q is nobody who gives an input", x.From), "use one of "+strings.Join(answerers, ", "), "participation", "inputs", i, "from")
		}
		known[x.ID] = true
	}
	for _, name := range slices.Sorted(maps.Keys(b.ByBand)) {
		band, err := m.band(name, "participation", "by_band", name)
		if err != nil {
			return err
		}
		m.inputs[band] = b.ByBand[name]
		for i, id := range b.ByBand[name] {
			if !known[id] {
				return m.pack.Fault(fmt.Sprintf("%q is not an input", id), "add it to inputs", "participation", "by_band", name, i)
			}
		}
	}
	for band := Low; band <= Critical; band++ {
		if _, ok := b.ByBand[band.String()]; !ok {
			return m.pack.Fault("missing here: "+band.String(), "say which inputs it requires, or [] for none", "participation", "by_band")
		}
		for _, id := range m.inputs[band-1] {
			if !slices.Contains(m.inputs[band], id) {
				return m.pack.Fault(fmt.Sprintf("%s does not require %q, which a lower band does", band, id), "a higher band requires at least as much", "participation", "by_band", band.String())
			}
		}
	}
	return nil
}
