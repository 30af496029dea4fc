package rating

import (
	"cmp"
	"fmt"
	"slices"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rule"
)

// Load makes a method of a pack. It refuses, with file, line and column: a pack of
// another kind, an expression that does not compile, a name that leads nowhere, and
// whatever would let a raised indicator lower a result (a weight below 1, a matrix
// that falls along a row or a column).
func Load(p *pack.Pack) (*Method, error) {
	if p.Kind != pack.Method {
		return nil, p.Fault(fmt.Sprintf("this is a pack of kind %s", p.Kind), "give a method", "kind")
	}
	m := &Method{
		ID: p.ID, Version: p.Version, Title: p.Title, Hash: p.Hash, pack: p,
		index: map[string]int{}, byID: map[string]int{}, stopIDs: map[string]int{}, ruleIDs: map[string]int{},
	}
	if err := p.Decode(&m.body); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		m.loadBasis, m.loadFacts, m.loadControls, m.loadRights, m.loadSpecial, m.loadRules, m.loadMatrix, m.loadNumbers,
		m.loadTiers, m.loadCompliance, m.loadParticipation, m.checkRules, m.checkMonotone,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Method) loadFacts() error {
	for i, f := range m.body.Facts {
		fact := Fact{
			ID: f.ID, Question: f.Question, Required: f.Required, Register: f.Register, Values: f.Values,
			ShelfDays: f.ShelfDays, Sources: f.Sources, Answers: f.Answers, Evidence: f.Evidence,
		}
		if err := m.checkEvidence(f.ShelfDays, f.Sources, f.Answers, "facts", i); err != nil {
			return err
		}
		for _, t := range []rule.Type{rule.Text, rule.Int, rule.Bool, rule.Texts} {
			if t.String() == f.Type {
				fact.Type = t
			}
		}
		listed := fact.Type == rule.Text || fact.Type == rule.Texts
		switch {
		case fact.Type == 0:
			return m.pack.Fault(fmt.Sprintf("%q is not a type of fact", f.Type), "use text, int, bool or texts", "facts", i, "type")
		case listed != (len(f.Values) > 0):
			return m.pack.Fault("values belong to facts of type text and texts, and only to them", "", "facts", i)
		case (fact.Type == rule.Int) != (f.Min != nil && f.Max != nil):
			return m.pack.Fault("min and max belong to facts of type int, and only to them", "", "facts", i)
		}
		if fact.Type == rule.Int {
			fact.Min, fact.Max = *f.Min, *f.Max
			const most = 1 << 53 // what a record can hold, and what keeps sums from overflowing
			if fact.Min > fact.Max || fact.Min <= -most || fact.Max >= most {
				return m.pack.Fault("min is above max, or a bound is 2^53 or more", "", "facts", i, "min")
			}
		}
		if _, ok := m.index[f.ID]; ok {
			return m.pack.Fault(fmt.Sprintf("the fact %q is there twice", f.ID), "", "facts", i, "id")
		}
		m.addFact(fact)
	}
	return nil
}

func (m *Method) addFact(f Fact) int {
	f.Sources = max(f.Sources, 1)
	m.index[f.ID] = len(m.facts)
	m.facts = append(m.facts, f)
	return m.index[f.ID]
}

// loadRights adds the three facts of each right: harm.<right>.scale (0: the right
// is not affected), .scope and .irremediability, and once more under "second." where
// the method asks two scorers.
func (m *Method) loadRights() error {
	b := &m.body.Severity
	first := cmp.Or(b.Evidence, &evidenceBody{})
	var err error
	if m.rights, err = m.harms("harm.", "", first, "answered"); err != nil {
		return err
	}
	if x := b.Second; x != nil {
		const alone = "Second scorer, without knowing the first's figures. "
		second := &evidenceBody{x.ShelfDays, x.Sources, x.Answers, x.Shown}
		if m.second, err = m.harms("second.harm.", alone, second, "second_scorer"); err != nil {
			return err
		}
	}
	for i, id := range b.Always {
		if !slices.ContainsFunc(m.rights, func(r right) bool { return r.id == id }) {
			return m.pack.Fault(fmt.Sprintf("the right %q must always be answered, and the method does not ask for it", id),
				"add it to rights", "severity", "always_answered", i)
		}
	}
	return nil
}

// harms adds the facts of every right under a prefix. key is where the pack says what
// it takes to answer them.
func (m *Method) harms(prefix, before string, e *evidenceBody, key string) ([]right, error) {
	if err := m.checkEvidence(e.ShelfDays, e.Sources, e.Answers, "severity", key); err != nil {
		return nil, err
	}
	q := m.body.Severity.Questions
	var rights []right
	for i, r := range m.body.Severity.Rights {
		add := func(part, question string, least int64) int {
			return m.addFact(Fact{
				ID: prefix + r.ID + "." + part, Type: rule.Int, Required: true, Min: least, Max: 5,
				Question:  before + r.Title + ": " + question,
				ShelfDays: e.ShelfDays, Sources: e.Sources, Answers: e.Answers, Evidence: e.Shown,
			})
		}
		for _, part := range []string{"scale", "scope", "irremediability"} {
			if _, ok := m.index[prefix+r.ID+"."+part]; ok {
				return nil, m.pack.Fault(fmt.Sprintf("the facts of the right %q are there already", r.ID), "give it another id", "severity", "rights", i, "id")
			}
		}
		rights = append(rights, right{
			id: r.ID, scale: add("scale", q.Scale, 0), scope: add("scope", q.Scope, 1), irre: add("irremediability", q.Irremediability, 1),
		})
	}
	if len(rights) == 0 {
		return nil, m.pack.Fault("a method needs at least one right", "", "severity", "rights")
	}
	return rights, nil
}

func (m *Method) loadSpecial() error {
	b, s := &m.body, &m.special
	for _, x := range []struct {
		into *int
		id   string
		typ  rule.Type
		path []any
	}{
		{&s.vulnerable, b.Severity.VulnerableGroup, rule.Bool, []any{"severity", "vulnerable_group"}},
		{&s.actual, b.Likelihood.ActualHarm, rule.Bool, []any{"likelihood", "actual_harm"}},
		{&s.existing, b.Decisions.Existing, rule.Bool, []any{"decisions", "existing"}},
		{&s.required, b.Controls.Required, rule.Int, []any{"controls", "required"}},
		{&s.operating, b.Controls.Operating, rule.Int, []any{"controls", "operating"}},
		{&s.technical, b.Controls.TechnicalOrOutside, rule.Bool, []any{"controls", "technical_or_independent"}},
		{&s.independent, b.Controls.Audited, rule.Bool, []any{"controls", "independently_audited"}},
	} {
		i, ok := m.index[x.id]
		if !ok || m.facts[i].Type != x.typ {
			return m.pack.Fault(fmt.Sprintf("%q is not a fact of type %s", x.id, x.typ), "add it to facts", x.path...)
		}
		*x.into = i
	}
	return nil
}

// loadMatrix reads rows "5" to "1", columns from likelihood 1 to 5.
func (m *Method) loadMatrix() error {
	letters := map[byte]Band{'L': Low, 'M': Medium, 'H': High, 'C': Critical}
	for s := 1; s <= 5; s++ {
		key := fmt.Sprint(s)
		row := m.body.Matrix[key]
		if len(row) != 5 || len(m.body.Matrix) != 5 {
			return m.pack.Fault("the matrix needs rows 1 to 5 of five letters each", "use L, M, H and C", "matrix", key)
		}
		for l := 1; l <= 5; l++ {
			band, ok := letters[row[l-1]]
			if !ok {
				return m.pack.Fault(fmt.Sprintf("%q is not a band", row[l-1]), "use L, M, H and C", "matrix", key)
			}
			m.matrix[s][l] = band
			if band < m.matrix[s][l-1] || band < m.matrix[s-1][l] {
				return m.pack.Fault(fmt.Sprintf("severity %d, likelihood %d is below a cell of less severity or likelihood", s, l),
					"a band never falls to the right or upwards", "matrix", key)
			}
		}
	}
	return nil
}

func (m *Method) loadNumbers() error {
	b := &m.body
	switch b.Severity.Rule {
	case "", dominant, mean:
	default:
		return m.pack.Fault(fmt.Sprintf("%q is not a rule of severity", b.Severity.Rule), "use dominant or mean", "severity", "rule")
	}
	for _, x := range []struct {
		value, low, high int
		path             []any
	}{
		{b.Severity.VulnerableRaises, 0, 5, []any{"severity", "vulnerable_raises_scale_by"}},
		{b.Severity.IrremediableFloor, 1, 5, []any{"severity", "irremediable_floor"}},
		{b.Likelihood.Cap, 1, 5, []any{"likelihood", "cap"}},
		{b.Likelihood.Base, 1, b.Likelihood.Cap, []any{"likelihood", "base"}},
		{b.Controls.LowestLikelihood, 1, b.Likelihood.Cap, []any{"controls", "lowest_likelihood"}},
		{b.Severity.ScopeFloor, 0, 5, []any{"severity", "scope_floor"}},
		{int(b.Controls.PercentForOne), 1, int(b.Controls.PercentForTwo), []any{"controls", "percent_for_one"}},
		{int(b.Controls.PercentForTwo), 1, 100, []any{"controls", "percent_for_two"}},
	} {
		if x.value < x.low || x.value > x.high {
			return m.pack.Fault(fmt.Sprintf("%d is not between %d and %d", x.value, x.low, x.high), "", x.path...)
		}
	}
	return nil
}

func (m *Method) loadTiers() error {
	t := m.body.Tiers
	m.tiers = [5]tierBody{Low: t.Low, Medium: t.Medium, High: t.High, Critical: t.Critical}
	for b := Low; b <= Critical; b++ {
		if m.tiers[b].Months < 1 || b > Low && m.tiers[b].Months > m.tiers[b-1].Months {
			return m.pack.Fault("a higher band is reviewed at least as often", "give the months until the next review", "tiers", b.String(), "review_months")
		}
	}
	band, err := m.band(t.Incomplete, "tiers", "incomplete_at_least")
	m.floorBand = band
	return err
}

// caseFault is a fault of a case's or an input's field.
func caseFault(field, what, fix string) *fault.Error {
	return fault.New(fault.Invalid, what, fix).At("", 0, field)
}
