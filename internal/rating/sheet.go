package rating

import (
	"slices"

	"duly/internal/rule"
)

// sheet is the working paper of one rating: the facts' values by position, nil
// while unknown, and the answers of the rules by running number.
type sheet struct {
	m            *Method
	day          string // empty: not known
	values       []any
	vars         *rule.Values // the same values, as rules read them
	answers      []rule.Tri
	best, worst  []int          // largest weight by family
	first, later []RightReading // of each right, by the first and the second scorer
	idle         []bool         // by fact: it does not matter here
}

// outcome is what follows from a sheet.
type outcome struct {
	best, worst End
	controls    Controls
	needed      uint64 // necessary controls at the worst end
	lacking     uint64 // of those, the ones that do not operate
	open        int    // hard stops that cannot be ruled out
	pending     bool
	verdict
}

// sheet gives an empty sheet, used before if there is one.
func (m *Method) sheet() *sheet {
	if s, ok := m.sheets.Get().(*sheet); ok {
		clear(s.values)
		s.day = ""
		s.vars.Reset()
		return s
	}
	n := len(m.families)
	sums := make([]int, 2*n)
	return &sheet{
		m: m, values: make([]any, len(m.facts)), vars: m.env.NewValues(),
		answers: make([]rule.Tri, len(m.rules)),
		best:    sums[:n], worst: sums[n:], idle: make([]bool, len(m.facts)),
		first: make([]RightReading, len(m.rights)), later: make([]RightReading, len(m.second)),
	}
}

// done gives the sheet back; what it held must not be used any more.
func (s *sheet) done() { s.m.sheets.Put(s) }

// set gives a fact a checked value; nil makes it unknown. What no rule reads, most
// figures of severity above all, is spared the way into the rules' values.
func (s *sheet) set(fact int, value any) error {
	s.values[fact] = value
	if len(s.m.touches[fact]) == 0 {
		return nil
	}
	return s.vars.Set(s.m.slots[fact], value)
}

func (s *sheet) knowsAny(facts []int) bool {
	return slices.ContainsFunc(facts, func(fact int) bool { return s.values[fact] != nil })
}

func (s *sheet) truth(fact int) rule.Tri {
	switch s.values[fact] {
	case true:
		return rule.True
	case false:
		return rule.False
	}
	return rule.Unknown
}

func (s *sheet) outcome() outcome {
	m := s.m
	s.families()
	s.markIdle()
	o := outcome{controls: m.credits(s.values)}
	o.needed, o.lacking = s.limit(&o.controls)
	var best, worst int
	for i := range m.rights {
		r := &s.first[i]
		s.right(&m.rights[i], r)
		best, worst = max(best, r.Best[3]), max(worst, r.Worst[3])
	}
	if asked := s.second(); asked != rule.False {
		for i := range m.second {
			r := &s.later[i]
			s.right(&m.second[i], r)
			worst = max(worst, r.Worst[3])
			if asked == rule.True {
				best = max(best, r.Best[3])
			}
		}
	}
	actual := s.actual()
	o.best = m.end(best, s.best, actual == rule.True, o.controls.Possible)
	o.worst = m.end(worst, s.worst, actual != rule.False, o.controls.Credit)

	var legal, policy bool
	o.pending = s.incomplete()
	for i := range m.stops {
		switch s.stop(i) {
		case rule.True:
			legal = legal || m.stops[i].Basis == Legal
			policy = policy || m.stops[i].Basis == Policy
		case rule.Unknown:
			o.open++
			o.pending = true
		}
	}
	o.verdict = m.decide(o.worst, legal, policy, o.pending, s.truth(m.special.existing) == rule.True)
	return o
}

// stop gives the state of a hard stop; one with prohibited uses holds with any of
// them.
func (s *sheet) stop(i int) rule.Tri {
	n := s.m.at.stops + i
	if len(s.m.usesOf[i]) == 0 {
		return s.answers[n]
	}
	if force := s.inForce(n); force != rule.True {
		if uses := s.anyOf(s.m.usesOf[i]); force == rule.False || uses == rule.False {
			return rule.False
		}
		return rule.Unknown
	}
	return s.anyOf(s.m.usesOf[i])
}

// actual says whether harm counts as actual.
func (s *sheet) actual() rule.Tri {
	if s.m.at.actual >= 0 {
		return s.answers[s.m.at.actual]
	}
	return s.truth(s.m.special.actual)
}

// second says whether the second scorer is asked.
func (s *sheet) second() rule.Tri {
	switch {
	case len(s.m.second) == 0:
		return rule.False
	case s.m.at.second >= 0:
		return s.answers[s.m.at.second]
	}
	return rule.True
}

func (s *sheet) families() {
	clear(s.best)
	clear(s.worst)
	for i := range s.m.indicators {
		x := &s.m.indicators[i]
		switch s.answers[i] {
		case rule.True:
			s.best[x.family] = max(s.best[x.family], x.Weight)
			fallthrough
		case rule.Unknown:
			s.worst[x.family] = max(s.worst[x.family], x.Weight)
		}
	}
}

// right takes an unknown part as its least at the best end and its most at the worst.
func (s *sheet) right(r *right, out *RightReading) {
	out.ID = r.id
	vulnerable := s.truth(s.m.special.vulnerable)
	for i, fact := range [3]int{r.scale, r.scope, r.irre} {
		if v, ok := s.values[fact].(int64); ok {
			out.Best[i], out.Worst[i] = int(v), int(v)
		} else {
			out.Best[i], out.Worst[i] = int(s.m.facts[fact].Min), int(s.m.facts[fact].Max)
		}
	}
	s.m.uplift(&out.Best, vulnerable == rule.True)
	s.m.uplift(&out.Worst, vulnerable != rule.False)
}

// uplift raises the scale of an affected right where a vulnerable group is hit,
// then works out the severity; a right that is not affected is all 0.
func (m *Method) uplift(t *[4]int, vulnerable bool) {
	if t[0] == 0 {
		*t = [4]int{}
		return
	}
	if vulnerable {
		t[0] = min(5, t[0]+m.body.Severity.VulnerableRaises)
	}
	t[3] = m.severity(t[0], t[1], t[2])
}

// markIdle marks the facts that do not matter: scope and irremediability of a
// right that is not affected, and all of a second scorer who is not asked.
func (s *sheet) markIdle() {
	for i := range s.m.rights {
		s.markRight(&s.m.rights[i])
	}
	unasked := s.second() == rule.False
	for i := range s.m.second {
		r := &s.m.second[i]
		s.markRight(r)
		s.idle[r.scale] = unasked
		s.idle[r.scope], s.idle[r.irre] = s.idle[r.scope] || unasked, s.idle[r.irre] || unasked
	}
}

func (s *sheet) markRight(r *right) {
	v, ok := s.values[r.scale].(int64)
	s.idle[r.scope], s.idle[r.irre] = ok && v == 0, ok && v == 0
}

// incomplete says whether a required fact that matters is unknown, or a
// requirement of the method is not known to be met.
func (s *sheet) incomplete() bool {
	for i := s.m.at.requirements; i < s.m.at.uses; i++ {
		if s.answers[i] != rule.True {
			return true
		}
	}
	for i := range s.m.facts {
		if s.m.facts[i].Required && s.values[i] == nil && !s.idle[i] {
			return true
		}
	}
	return false
}
