package rating

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/rule"
)

// checkRules refuses what no facts can settle as it was meant: an expression that
// can fail, a constant that is no value of the fact it is compared with, and a rule
// that no allowed values make true.
func (m *Method) checkRules() error {
	left := mostTriesAll
	for n, r := range m.rules {
		in := r.Inspect()
		if in.Fails != nil {
			return m.pack.Place(in.Fails, m.paths[n]...)
		}
		for _, c := range in.Compared {
			f := &m.facts[m.index[c.Var]]
			if !slices.Contains(f.Values, c.Constant) {
				bad := f.notListed(c.Constant)
				bad.Field, bad.Line, bad.Column = "", c.Line, c.Column
				bad.What = fmt.Sprintf("%q is not a value of %s", c.Constant, f.ID)
				return m.pack.Place(bad, m.paths[n]...)
			}
		}
		if n >= m.at.stops && n < m.at.requirements && len(m.usesOf[n-m.at.stops]) > 0 {
			continue // it holds by its uses, which are rules of their own
		}
		can, tries, err := m.canHold(n, &in, min(left, mostTries))
		left -= tries
		if err != nil {
			return m.pack.Place(err, m.paths[n]...)
		}
		switch can {
		case rule.False:
			return m.pack.Fault(fmt.Sprintf("%s can never be true: no allowed values of %s make it so", m.readings[n].ID, strings.Join(m.readings[n].Facts, ", ")),
				"compare each fact with values that it can have together with the others", m.paths[n]...)
		case rule.Unknown:
			m.undecided = append(m.undecided, m.readings[n].ID)
		}
	}
	return nil
}

// Bounds of the search for values that make rules true: tries for one rule, and for
// all rules of a method, so that no pack takes long to load.
const (
	mostTries    = 20_000
	mostTriesAll = 500_000
)

// canHold searches for values that make a rule true, one fact after the other,
// leaving a branch as soon as the rule is false whatever the rest. Unknown: neither
// found nor ruled out within so many tries.
func (m *Method) canHold(number int, in *rule.Inspection, most int) (can rule.Tri, tries int, err error) {
	s := m.sheet()
	defer s.done()
	search := search{s: s, number: number, whole: true, most: most}
	for _, fact := range m.reads[number] {
		values, all := m.facts[fact].candidates(in)
		search.whole = search.whole && all
		search.values = append(search.values, values)
	}
	found, err := search.from(0)
	switch {
	case err != nil:
		return rule.Unknown, search.tries, err
	case found:
		return rule.True, search.tries, nil
	case !search.whole || search.tries > most:
		return rule.Unknown, search.tries, nil
	}
	return rule.False, search.tries, nil
}

type search struct {
	s      *sheet
	number int
	values [][]any // by fact that the rule reads
	whole  bool    // they stand for all values
	tries  int
	most   int
}

func (x *search) from(i int) (bool, error) {
	m := x.s.m
	x.tries++
	state, _, err := m.rules[x.number].EvalValues(x.s.vars)
	if err != nil || state != rule.Unknown || i == len(x.values) || x.tries > x.most {
		return state == rule.True, err
	}
	fact := m.reads[x.number][i]
	for _, v := range x.values[i] {
		if err := x.s.set(fact, v); err != nil {
			return false, err
		}
		if found, err := x.from(i + 1); found || err != nil {
			return found, err
		}
	}
	return false, x.s.set(fact, nil)
}

// candidates gives values that a rule may tell apart, and whether they stand for all.
func (f *Fact) candidates(in *rule.Inspection) (values []any, all bool) {
	switch f.Type {
	case rule.Int:
		return f.around(in)
	case rule.Texts:
		const most = 8 // of which all sets are tried
		if len(f.Values) <= most {
			return f.sets(), true
		}
		return f.choices(), false
	}
	return f.choices(), true
}

// around gives the bounds of a whole number and what lies around the constants that
// the rule compares it with.
func (f *Fact) around(in *rule.Inspection) ([]any, bool) {
	numbers := []int64{f.Min, f.Max}
	for _, c := range in.Bounds[f.ID] {
		for _, v := range []int64{c - 1, c, c + 1} {
			if v >= f.Min && v <= f.Max {
				numbers = append(numbers, v)
			}
		}
	}
	slices.Sort(numbers)
	var values []any
	for _, v := range slices.Compact(numbers) {
		values = append(values, v)
	}
	return values, in.Plain
}

// sets gives every set of a list's values.
func (f *Fact) sets() []any {
	var out []any
	for bits := range 1 << len(f.Values) {
		set := []string{}
		for i, v := range f.Values {
			if bits>>i&1 == 1 {
				set = append(set, v)
			}
		}
		out = append(out, set)
	}
	return out
}

// sheetsTried is how many sheets a method is tried on when it is loaded, and
// manyIndicators from how many indicators on it is one, because the work grows with
// their square.
const (
	sheetsTried    = 8
	manyIndicators = 1000
)

// checkMonotone raises every indicator on a few sheets and compares. The parts are
// each refused where they would let a raised indicator lower something; this holds
// the whole to it.
func (m *Method) checkMonotone() error {
	s := m.sheet()
	defer s.done()
	dice, sheets := uint64(1), sheetsTried
	if len(m.indicators) >= manyIndicators {
		sheets = 1
	}
	for range sheets {
		for i := range m.facts {
			choices := m.facts[i].choices()
			dice = dice*6364136223846793005 + 1442695040888963407 // Knuth's generator: the same sheets on every machine
			pick := int(dice>>33) % (len(choices) + 1)
			var v any
			if pick < len(choices) {
				v = choices[pick]
			}
			if err := s.set(i, v); err != nil {
				return m.pack.Place(err, "facts")
			}
		}
		for n := range m.rules {
			if err := s.answer(n); err != nil {
				return m.pack.Place(err, m.paths[n]...)
			}
		}
		if i := s.loweredBy(); i >= 0 {
			return m.pack.Fault(fmt.Sprintf("raising %s lowers the result on some facts", m.indicators[i].ID),
				"see that no weight, band, control or floor falls where risk rises", "indicators", i)
		}
	}
	return nil
}

// loweredBy gives the first indicator that lowers an end of the sheet's result when
// it is raised, or -1.
func (s *sheet) loweredBy() int {
	before := s.outcome()
	for i := range s.m.indicators {
		was := s.answers[i]
		s.answers[i] = rule.True
		after := s.outcome()
		s.answers[i] = was
		if !before.best.within(&after.best) || !before.worst.within(&after.worst) {
			return i
		}
	}
	return -1
}

// within says that no part of the end is above the other's.
func (e *End) within(other *End) bool {
	return e.S <= other.S && e.Sum <= other.Sum && e.L <= other.L && e.LR <= other.LR &&
		e.Inherent <= other.Inherent && e.Residual <= other.Residual
}
