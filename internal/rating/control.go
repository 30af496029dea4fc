package rating

import (
	"fmt"
	"slices"
	"strings"

	"duly/internal/rule"
)

// A necessary control is one without which no credit is given while an indicator
// that names it is raised, however many other controls operate: training does not
// make up for a missing threshold.
type control struct {
	id    string
	fact  int
	needs uint64 // itself and the controls without which it is worth nothing
}

// The states of a necessary control. What is only designed, and what was tested so
// long ago that the result has expired, earns nothing.
const (
	absent      = "absent"
	designed    = "designed"
	operating   = "operating"            // tested, and found operating
	independent = "independently_tested" // by somebody who answers to neither customer nor vendor
	expired     = "expired"
)

var controlStates = []string{absent, designed, operating, independent, expired}

// mostControls is how many a set of them as one word can hold.
const mostControls = 64

// loadControls adds a fact control.<id> for each necessary control.
func (m *Method) loadControls() error {
	b := &m.body.Controls
	if len(b.Necessary) > mostControls {
		return m.pack.Fault(fmt.Sprintf("there are %d necessary controls, more than %d", len(b.Necessary), mostControls), "join some", "controls", "necessary")
	}
	for i, f := range b.NamedBy {
		if _, ok := m.body.Families[f]; !ok {
			return m.pack.Fault(fmt.Sprintf("%q is not a family", f), "", "controls", "named_by", i)
		}
	}
	for i, c := range b.Necessary {
		id := "control." + c.ID
		if _, ok := m.index[id]; ok {
			return m.pack.Fault(fmt.Sprintf("the control %q, or a fact %q, is there twice", c.ID, id), "", "controls", "necessary", i, "id")
		}
		if b.Question == "" {
			return m.pack.Fault("the question about necessary controls is missing", "add controls.question, for example: how far has it come?", "controls")
		}
		if err := m.checkEvidence(c.ShelfDays, 0, nil, "controls", "necessary", i); err != nil {
			return err
		}
		m.controls = append(m.controls, control{id: c.ID, fact: m.addFact(Fact{
			ID: id, Type: rule.Text, Values: controlStates, Question: c.Title + ": " + b.Question, ShelfDays: c.ShelfDays,
		})})
	}
	done := make([]bool, len(m.controls))
	for i := range m.controls {
		if err := m.closeControl(i, nil, done); err != nil {
			return err
		}
	}
	return nil
}

// closeControl works out what a control needs, through others too. way are the
// controls that led here.
func (m *Method) closeControl(i int, way []int, done []bool) error {
	if done[i] {
		return nil
	}
	if at := slices.Index(way, i); at >= 0 {
		var ids []string
		for _, n := range append(way[at:len(way):len(way)], i) {
			ids = append(ids, m.controls[n].id)
		}
		return m.pack.Fault("these controls require each other in a circle: "+strings.Join(ids, ", "), "drop one of them from requires", "controls", "necessary", i, "requires")
	}
	c := &m.controls[i]
	c.needs = 1 << i
	for j, id := range m.body.Controls.Necessary[i].Requires {
		other := m.control(id)
		if other < 0 {
			return m.pack.Fault(fmt.Sprintf("%q is not a necessary control", id), "add it to controls.necessary", "controls", "necessary", i, "requires", j)
		}
		if err := m.closeControl(other, append(way[:len(way):len(way)], i), done); err != nil {
			return err
		}
		c.needs |= m.controls[other].needs
	}
	done[i] = true
	return nil
}

func (m *Method) control(id string) int {
	return slices.IndexFunc(m.controls, func(c control) bool { return c.id == id })
}

// needs gives the necessary controls of an indicator.
func (m *Method) needs(b *indicatorBody, i int) (set uint64, err error) {
	for j, id := range b.Controls {
		n := m.control(id)
		if n < 0 {
			return 0, m.pack.Fault(fmt.Sprintf("%q is not a necessary control", id), "add it to controls.necessary", "indicators", i, "controls", j)
		}
		set |= m.controls[n].needs
	}
	if set == 0 && slices.Contains(m.body.Controls.NamedBy, b.Family) {
		return 0, m.pack.Fault(fmt.Sprintf("%s names no necessary control, as indicators of %s must", b.ID, b.Family), "add controls: [...]", "indicators", i)
	}
	return set, nil
}

// gate is how much credit the necessary controls leave room for.
func gate(needed, operating, independent uint64) int {
	switch {
	case needed&^operating != 0:
		return 0
	case needed&^independent != 0:
		return 1
	}
	return 2
}

// limit lowers the credit to what the necessary controls leave room for. At the
// worst end an indicator that may be raised needs its controls, and a control whose
// state is not known does not operate; at the best end the other way round.
func (s *sheet) limit(c *Controls) (needed, lacking uint64) {
	m := s.m
	if len(m.controls) == 0 {
		return 0, 0
	}
	var raised, possible uint64
	for i := range m.indicators {
		switch s.answers[i] {
		case rule.True:
			raised |= m.indicators[i].needs
			fallthrough
		case rule.Unknown:
			possible |= m.indicators[i].needs
		}
	}
	var works, tested, mayWork, mayBeTested uint64
	for i := range m.controls {
		bit := uint64(1) << i
		switch s.values[m.controls[i].fact] {
		case independent:
			works, tested, mayWork, mayBeTested = works|bit, tested|bit, mayWork|bit, mayBeTested|bit
		case operating:
			works, mayWork = works|bit, mayWork|bit
		case nil:
			mayWork, mayBeTested = mayWork|bit, mayBeTested|bit
		}
	}
	c.Credit = min(c.Credit, gate(possible, works, tested))
	c.Possible = min(c.Possible, gate(raised, mayWork, mayBeTested))
	return possible, possible &^ works
}

// named gives the ids of a set of controls, in the pack's order.
func (m *Method) named(set uint64) []string {
	var ids []string
	for i := range m.controls {
		if set>>i&1 == 1 {
			ids = append(ids, m.controls[i].id)
		}
	}
	return ids
}
