package rating

// Family is a family of indicators.
type Family struct{ ID, Title string }

// Families gives the method's families by id.
func (m *Method) Families() []Family {
	out := make([]Family, len(m.families))
	for i, id := range m.families {
		out[i] = Family{id, m.body.Families[id]}
	}
	return out
}

// Right is a right whose harm is rated; its facts are harm.ID.scale, .scope and
// .irremediability.
type Right struct{ ID, Title, Articles string }

// Facts gives the ids of the right's facts: scale, scope, irremediability.
func (r Right) Facts() []string {
	return []string{"harm." + r.ID + ".scale", "harm." + r.ID + ".scope", "harm." + r.ID + ".irremediability"}
}

// Rights gives the method's rights in the pack's order.
func (m *Method) Rights() []Right {
	out := make([]Right, len(m.rights))
	for i, r := range m.body.Severity.Rights {
		out[i] = Right(r)
	}
	return out
}

// Requirement is what must be true for the diligence to be complete.
type Requirement struct{ ID, Title, When string }

// Requirements gives the method's requirements in the pack's order.
func (m *Method) Requirements() []Requirement {
	out := make([]Requirement, len(m.body.Complete))
	for i, b := range m.body.Complete {
		out[i] = Requirement(b)
	}
	return out
}

// Reads gives the facts that the arithmetic itself reads, beside those of the rights:
// whether a vulnerable group is affected, whether harm is confirmed, whether the
// deployment runs already, and the four of the controls.
func (m *Method) Reads() (vulnerable, actual, existing string, controls []string) {
	s := &m.special
	id := func(i int) string { return m.facts[i].ID }
	return id(s.vulnerable), id(s.actual), id(s.existing), []string{id(s.required), id(s.operating), id(s.technical), id(s.independent)}
}

// Conditions gives the expressions, where the method has them, that say whether harm
// counts as confirmed and whether a second scorer is asked.
func (m *Method) Conditions() (actual, second string) {
	if x := m.body.Severity.Second; x != nil {
		second = x.When
	}
	return m.body.Likelihood.ActualWhen, second
}

// Participant gives what an input of participation is, and from whom it comes.
func (m *Method) Participant(id string) (title, from string) {
	if m.body.Participation != nil {
		for _, p := range m.body.Participation.Inputs {
			if p.ID == id {
				return p.Title, p.From
			}
		}
	}
	return "", ""
}
