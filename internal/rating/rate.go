package rating

import "duly/internal/rule"

// Rating is the result of a method for one deployment, with its trace: every step
// from the facts' ids to the decision. Of the facts' values it holds those of
// severity, confirmed harm and controls, so it is no less secret than they are.
type Rating struct {
	Method     string `json:"method"`
	MethodHash string `json:"method_hash"`
	Engine     string `json:"engine"`

	Indicators   []Reading       `json:"indicators"`
	Families     []FamilyReading `json:"families"`
	Rights       []RightReading  `json:"rights"`
	Vulnerable   rule.Tri        `json:"vulnerable_group"`
	Actual       rule.Tri        `json:"actual_harm"`
	Controls     Controls        `json:"controls"`
	Stops        []Reading       `json:"stops"`
	Requirements []Reading       `json:"requirements"` // what must be true for the diligence to be complete

	Best  End `json:"best"`
	Worst End `json:"worst"`

	HardStops     []string `json:"hard_stops"`     // that hold
	PossibleStops []string `json:"possible_stops"` // that cannot be ruled out
	Missing       []string `json:"missing"`        // required facts that are unknown
	Unmet         []string `json:"unmet"`          // requirements that are not known to be met
	Pending       bool     `json:"pending"`        // something is missing, unmet or cannot be ruled out
	Known         int      `json:"known"`          // facts known
	Total         int      `json:"total"`          // facts that matter here

	Tier     string `json:"tier"`
	Decision string `json:"decision"`
	Review   int    `json:"review"` // months; 0 under a hard stop
}

// Reading is the state of an indicator, a hard stop or a requirement, the facts
// that its expression reads, and those of them that left it unknown.
type Reading struct {
	ID      string   `json:"id"`
	State   rule.Tri `json:"state"`
	Facts   []string `json:"facts"` // shared with the method: not to be changed
	Unknown []string `json:"unknown,omitempty"`

	head string // how its canonical encoding begins, up to the state; made once when the method is loaded
}

// FamilyReading is the largest weight of a family's indicators at both ends.
type FamilyReading struct {
	ID    string `json:"id"`
	Best  int    `json:"best"`
	Worst int    `json:"worst"`
}

// RightReading is the severity for one right at both ends: scale (after the
// vulnerable group's step), scope, irremediability, and what follows. All 0: the
// right is not affected.
type RightReading struct {
	ID    string `json:"id"`
	Best  [4]int `json:"best"`
	Worst [4]int `json:"worst"`
}

// Rate applies the method to the facts of one deployment. A value that a fact
// cannot have, and a fact that the method does not know, are faults that name it.
func (m *Method) Rate(in Inputs) (Rating, error) {
	s, err := m.read(in)
	if err != nil {
		return Rating{}, err
	}
	defer s.done()
	readings := make([]Reading, len(m.rules))
	stops := len(m.indicators) + len(m.stops)
	r := Rating{
		Method: m.ID, MethodHash: m.Hash, Engine: Engine,
		Indicators: readings[:len(m.indicators):len(m.indicators)],
		Stops:      readings[len(m.indicators):stops:stops], Requirements: readings[stops:],
	}
	for i := range readings {
		if err := s.reading(i, &readings[i]); err != nil {
			return Rating{}, err
		}
	}
	m.fill(&r, s)
	return r, nil
}

func (s *sheet) reading(number int, into *Reading) (err error) {
	*into = s.m.readings[number]
	if s.knowsAny(s.m.reads[number]) {
		into.State, into.Unknown, err = s.m.rules[number].EvalValues(s.vars)
	}
	s.answers[number] = into.State
	return err
}

func (m *Method) fill(r *Rating, s *sheet) {
	o := s.outcome()
	r.Families = make([]FamilyReading, len(m.families))
	for i, id := range m.families {
		r.Families[i] = FamilyReading{id, s.best[i], s.worst[i]}
	}
	r.Rights = make([]RightReading, len(m.rights))
	for i := range m.rights {
		r.Rights[i] = s.right(&m.rights[i])
	}
	r.Vulnerable, r.Actual = s.truth(m.special.vulnerable), s.truth(m.special.actual)
	r.Controls, r.Best, r.Worst = o.controls, o.best, o.worst
	r.Controls.Why = m.why(s.values)
	for _, x := range r.Stops {
		switch x.State {
		case rule.True:
			r.HardStops = append(r.HardStops, x.ID)
		case rule.Unknown:
			r.PossibleStops = append(r.PossibleStops, x.ID)
		}
	}
	for _, x := range r.Requirements {
		if x.State != rule.True {
			r.Unmet = append(r.Unmet, x.ID)
		}
	}
	for i := range m.facts {
		switch {
		case s.idle[i]:
			continue
		case s.values[i] != nil:
			r.Known++
		case m.facts[i].Required:
			r.Missing = append(r.Missing, m.facts[i].ID)
		}
		r.Total++
	}
	r.Pending = o.pending
	r.Tier, r.Decision, r.Review = o.tier, o.decision, o.review
}
