package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/rule"
)

func (m *Method) loadRules() error {
	vars := map[string]rule.Type{}
	for _, f := range m.facts {
		vars[f.ID] = f.Type
	}
	env, err := rule.NewEnv(vars)
	if err != nil {
		return m.pack.Place(err, "facts")
	}
	m.env = env
	for _, f := range m.facts {
		slot, _ := env.Slot(f.ID)
		m.slots = append(m.slots, slot)
		checked, err := f.checked(env, slot)
		if err != nil {
			return m.pack.Place(err, "facts")
		}
		m.checked = append(m.checked, checked)
	}
	m.families = slices.Sorted(maps.Keys(m.body.Families))
	m.touches = make([][]int, len(m.facts))
	for _, step := range []func(*rule.Env) error{m.loadIndicators, m.loadStops, m.loadComplete, m.loadUses, m.loadActual, m.loadSecond} {
		if err := step(env); err != nil {
			return err
		}
	}
	m.gatherUses()
	return nil
}

// checked checks the answers of a text, or the lists of one answer and then the empty
// one of a texts, once for all ratings.
func (f *Fact) checked(env *rule.Env, slot int) ([]rule.Checked, error) {
	var values []any
	for _, v := range f.Values {
		if f.Type == rule.Texts {
			values = append(values, []string{v})
		} else {
			values = append(values, v)
		}
	}
	if f.Type == rule.Texts {
		values = append(values, []string{})
	}
	var out []rule.Checked
	for _, v := range values {
		c, err := env.Check(slot, v)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// compile adds a rule under the next running number and gives the facts it reads.
// The path leads to its expression.
func (m *Method) compile(env *rule.Env, id, when string, path ...any) ([]string, error) {
	if first, ok := m.ruleIDs[id]; ok {
		return nil, m.pack.Fault(fmt.Sprintf("the id %q is there twice, first in line %d", id, m.pack.Line(m.paths[first]...)),
			"give every indicator, stop, requirement and prohibited use an id of its own", append(path[:len(path)-1:len(path)-1], "id")...)
	}
	r, err := env.Compile(when)
	if err != nil {
		return nil, m.pack.Place(err, path...)
	}
	facts := r.Vars()
	reads := make([]int, len(facts))
	for i, name := range facts {
		reads[i] = m.index[name]
		m.touches[reads[i]] = append(m.touches[reads[i]], len(m.rules))
	}
	reading := Reading{ID: id, Facts: facts}
	reading.head = string(trace(nil).reading(&reading))
	if reading.State, reading.Unknown, err = r.EvalValues(env.NewValues()); err != nil {
		return nil, m.pack.Place(err, path...)
	}
	m.ruleIDs[id] = len(m.rules)
	m.rules, m.reads, m.readings = append(m.rules, r), append(m.reads, reads), append(m.readings, reading)
	m.paths = append(m.paths, path)
	return facts, nil
}

func (m *Method) loadIndicators(env *rule.Env) error {
	for i, b := range m.body.Indicators {
		family, ok := slices.BinarySearch(m.families, b.Family)
		switch {
		case !ok:
			return m.pack.Fault(fmt.Sprintf("%q is not a family", b.Family), "use "+strings.Join(m.families, ", "), "indicators", i, "family")
		case b.Weight < 1:
			return m.pack.Fault(fmt.Sprintf("the weight %d would let a raised indicator count for nothing or lower the result", b.Weight), "use 1 or more", "indicators", i, "weight")
		}
		facts, err := m.compile(env, b.ID, b.When, "indicators", i, "when")
		if err != nil {
			return err
		}
		standing := Standing{b.Status, b.Reference, b.Grade, b.From, b.To}
		if err := m.date(standing, "indicators", i); err != nil {
			return err
		}
		needs, err := m.needs(&b, i)
		if err != nil {
			return err
		}
		m.byID[b.ID] = i
		m.indicators = append(m.indicators, indicator{
			Indicator{b.ID, b.Title, b.Family, b.Weight, b.Origin, b.When, facts, b.Controls, standing}, family, needs,
		})
	}
	return nil
}

func (m *Method) loadStops(env *rule.Env) error {
	m.at.stops = len(m.rules)
	for i, b := range m.body.Stops {
		if b.Basis != string(Legal) && b.Basis != string(Policy) {
			return m.pack.Fault(fmt.Sprintf("%q is not what a hard stop rests on", b.Basis), "use legal or policy", "hard_stops", i, "basis")
		}
		when, named := b.When, slices.ContainsFunc(m.body.Uses, func(u useBody) bool { return u.Stop == b.ID })
		switch {
		case when == "" && !named:
			return m.pack.Fault("missing here: when", "add it, or prohibited uses that name this stop", "hard_stops", i)
		case when != "" && named:
			return m.pack.Fault("this stop has an expression and prohibited uses too", "make the expression a prohibited use", "hard_stops", i, "when")
		case named:
			when = "false" // its uses say when it holds
		}
		facts, err := m.compile(env, b.ID, when, "hard_stops", i, "when")
		if err != nil {
			return err
		}
		standing := Standing{b.Status, b.Reference, b.Grade, b.From, b.To}
		if err := m.date(standing, "hard_stops", i); err != nil {
			return err
		}
		m.stopIDs[b.ID] = i
		m.stops = append(m.stops, Stop{b.ID, b.Title, Basis(b.Basis), b.When, facts, standing})
	}
	return nil
}

func (m *Method) loadComplete(env *rule.Env) error {
	m.at.requirements = len(m.rules)
	for i, b := range m.body.Complete {
		if _, err := m.compile(env, b.ID, b.When, "complete_when", i, "when"); err != nil {
			return err
		}
	}
	return nil
}

func (m *Method) loadUses(env *rule.Env) error {
	m.at.uses = len(m.rules)
	m.usesOf = make([][]int, len(m.stops))
	for i, b := range m.body.Uses {
		stop, ok := m.stopIDs[b.Stop]
		if !ok {
			return m.pack.Fault(fmt.Sprintf("%q is not a hard stop", b.Stop), "name the stop that holds while the use is made", "prohibited_uses", i, "stop")
		}
		facts, err := m.compile(env, b.ID, b.When, "prohibited_uses", i, "when")
		if err != nil {
			return err
		}
		standing := Standing{b.Status, b.Reference, b.Grade, b.From, b.To}
		if err := m.date(standing, "prohibited_uses", i); err != nil {
			return err
		}
		m.usesOf[stop] = append(m.usesOf[stop], len(m.rules)-1)
		m.uses = append(m.uses, Use{b.ID, b.Title, b.Stop, b.When, facts, standing})
	}
	return nil
}

// gatherUses gives a stop that holds by its prohibited uses the facts of these.
func (m *Method) gatherUses() {
	for i, uses := range m.usesOf {
		if len(uses) == 0 {
			continue
		}
		r := &m.readings[m.at.stops+i]
		for _, n := range uses {
			r.Facts = append(r.Facts, m.readings[n].Facts...)
		}
		slices.Sort(r.Facts)
		r.Facts = slices.Compact(r.Facts)
		r.head = string(trace(nil).reading(r))
		m.stops[i].Facts = r.Facts
	}
}

// loadActual reads the expression that says when harm counts as actual.
func (m *Method) loadActual(env *rule.Env) error {
	m.at.actual = -1
	when := m.body.Likelihood.ActualWhen
	if when == "" {
		return nil
	}
	m.at.actual = len(m.rules)
	_, err := m.compile(env, "actual_harm", when, "likelihood", "actual_when")
	return err
}

// loadSecond reads the expression that says which deployments a second scorer is
// asked for.
func (m *Method) loadSecond(env *rule.Env) error {
	m.at.second = -1
	if m.body.Severity.Second == nil || m.body.Severity.Second.When == "" {
		return nil
	}
	m.at.second = len(m.rules)
	_, err := m.compile(env, "second_scorer", m.body.Severity.Second.When, "severity", "second_scorer", "when")
	return err
}
