package rating

import (
	"slices"

	"duly/internal/rule"
)

// Rating is the result of a method for one deployment, with its trace: every step
// from the facts' ids to the decision. Of the facts' values it holds those of
// severity, confirmed harm and controls, so it is no less secret than they are.
type Rating struct {
	Method     string `json:"method"`
	MethodHash string `json:"method_hash"`
	Engine     string `json:"engine"`
	Day        string `json:"day,omitempty"` // that it was rated for, where parts of the method are dated

	Indicators   []Reading       `json:"indicators"`
	Families     []FamilyReading `json:"families"`
	Rights       []RightReading  `json:"rights"`
	SecondBy     *Reading        `json:"second_by,omitempty"` // the expression that says whether a second scorer is asked, where the method has one
	Second       []RightReading  `json:"second,omitempty"`    // as the second scorer sees them, where one is or may be asked
	Disputed     []string        `json:"disputed,omitempty"`  // rights whose severity the two see differently: the graver counts
	Vulnerable   rule.Tri        `json:"vulnerable_group"`
	Actual       rule.Tri        `json:"actual_harm"`
	ActualBy     *Reading        `json:"actual_by,omitempty"` // the expression that says so, where the method has one
	Controls     Controls        `json:"controls"`
	Stops        []Reading       `json:"stops"`
	Uses         []Reading       `json:"prohibited_uses,omitempty"`
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

	Tier          string   `json:"tier"`
	Decision      string   `json:"decision"`
	Review        int      `json:"review"`                  // months; 0 under a hard stop
	Participation []string `json:"participation,omitempty"` // inputs that the tier's band requires
	Axes          *Axes    `json:"axes,omitempty"`          // compliance and impact, where the method asks for them

	readings []Reading // of all rules, in one piece
}

// Reading is the state of an indicator, a hard stop or a requirement, the facts
// that its expression reads, and those of them that left it unknown.
type Reading struct {
	ID      string   `json:"id"`
	State   rule.Tri `json:"state"`
	Dormant bool     `json:"dormant,omitzero"` // it is dated, and the day is outside: false, whatever the facts
	Facts   []string `json:"facts"`            // shared with the method: not to be changed
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

// settled says whether the severity is the same at both ends.
func (r *RightReading) settled() bool { return r.Best[3] == r.Worst[3] }

// Rate applies the method to the facts of one deployment. A value that a fact
// cannot have, and a fact that the method does not know, are faults that name it.
// Parts of a method that hold for a time only are unknown where their expressions
// are true or unknown; [Method.RateOn] settles them.
func (m *Method) Rate(in Inputs) (Rating, error) { return m.RateOn("", in) }

// RateOn is Rate on a day (YYYY-MM-DD), on which the dated parts of the method do or
// do not hold. Of a method without dated parts it gives what Rate gives.
func (m *Method) RateOn(day string, in Inputs) (Rating, error) {
	var r Rating
	err := m.RateInto(&r, day, in)
	return r, err
}

// RateInto is RateOn into a rating that is not needed any more: the memory of its
// readings is used again. After an error nothing is in it.
func (m *Method) RateInto(r *Rating, day string, in Inputs) error {
	readings := r.readings
	*r = Rating{}
	s, err := m.read(day, in)
	if err != nil {
		return err
	}
	defer s.done()
	if cap(readings) < len(m.rules) {
		readings = make([]Reading, len(m.rules))
	}
	readings = readings[:len(m.rules)]
	for i := range readings {
		if err := s.reading(i, &readings[i]); err != nil {
			return err
		}
	}
	at := &m.at
	*r = Rating{
		Method: m.ID, MethodHash: m.Hash, Engine: Engine,
		Indicators:   readings[:at.stops:at.stops],
		Stops:        readings[at.stops:at.requirements:at.requirements],
		Requirements: readings[at.requirements:at.uses:at.uses],
		readings:     readings,
	}
	if n := len(m.uses); n > 0 {
		r.Uses = readings[at.uses : at.uses+n : at.uses+n]
		s.holdUses(readings)
	}
	if at.actual >= 0 {
		r.ActualBy = &readings[at.actual]
	}
	if at.second >= 0 {
		r.SecondBy = &readings[at.second]
	}
	if m.dates != nil {
		r.Day = day
	}
	m.fill(r, s)
	return nil
}

func (s *sheet) reading(number int, into *Reading) (err error) {
	*into = s.m.readings[number]
	if s.knowsAny(s.m.reads[number]) {
		into.State, into.Unknown, err = s.m.rules[number].EvalValues(s.vars)
	}
	if force := s.inForce(number); force != rule.True {
		into.Dormant = force == rule.False
		into.State = and(into.State, force)
		if into.State == rule.False {
			into.Unknown = nil
		}
	}
	s.answers[number] = into.State
	return err
}

func and(a, b rule.Tri) rule.Tri {
	switch {
	case a == rule.False || b == rule.False:
		return rule.False
	case a == rule.Unknown || b == rule.Unknown:
		return rule.Unknown
	}
	return rule.True
}

// holdUses gives a stop with prohibited uses its state, and the facts that left it
// unknown.
func (s *sheet) holdUses(readings []Reading) {
	for i, uses := range s.m.usesOf {
		if len(uses) == 0 {
			continue
		}
		r := &readings[s.m.at.stops+i]
		if r.State = s.stop(i); r.State != rule.Unknown {
			continue
		}
		for _, n := range uses {
			r.Unknown = append(r.Unknown, readings[n].Unknown...)
		}
		slices.Sort(r.Unknown)
		r.Unknown = slices.Compact(r.Unknown)
	}
}

func (m *Method) fill(r *Rating, s *sheet) {
	o := s.outcome()
	r.Families = make([]FamilyReading, len(m.families))
	for i, id := range m.families {
		r.Families[i] = FamilyReading{id, s.best[i], s.worst[i]}
	}
	r.Rights = slices.Clone(s.first)
	if s.second() != rule.False {
		r.Second = slices.Clone(s.later)
	}
	for i := range r.Second {
		if a, b := &r.Rights[i], &r.Second[i]; a.settled() && b.settled() && a.Worst[3] != b.Worst[3] {
			r.Disputed = append(r.Disputed, a.ID)
		}
	}
	r.Vulnerable, r.Actual = s.truth(m.special.vulnerable), s.actual()
	r.Controls, r.Best, r.Worst = o.controls, o.best, o.worst
	r.Controls.Why = m.why(s.values)
	r.Controls.Needed, r.Controls.Lacking = m.named(o.needed), m.named(o.lacking)
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
	r.Participation, r.Axes = m.inputs[o.band], s.axes(&o)
}
