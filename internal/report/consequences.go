package report

import (
	"cmp"
	"slices"

	"duly/internal/attestation"
	"duly/internal/calendar"
	"duly/internal/decision"
	"duly/internal/enforcement"
	"duly/internal/gate"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/usage"
)

// Span says how long something took, in whole days.
type Span struct {
	Count   int `json:"count"`
	Median  int `json:"median_days"` // the lower one of two
	Longest int `json:"longest_days"`
}

// spanOf sorts the days.
func spanOf(days []int) Span {
	if len(days) == 0 {
		return Span{}
	}
	slices.Sort(days)
	return Span{len(days), days[(len(days)-1)/2], days[len(days)-1]}
}

// Proceedings counts what became of findings (MU-04). Of what is open Standing says which
// step was the last; Taken counts steps over all time.
type Proceedings struct {
	Open        int     `json:"open"`
	Closed      int     `json:"closed"`
	Standing    []Tally `json:"standing"`
	Taken       []Tally `json:"steps_taken"`
	Outcomes    []Tally `json:"outcomes"`
	Grades      []Tally `json:"open_grades"`
	Overdue     int     `json:"overdue"`      // the next thing was due before the report's day
	OutOfOrder  int     `json:"out_of_order"` // a step was skipped or taken back
	Recurrences int64   `json:"recurrences"`  // how often something came again after it was cured or advised
	Recurred    int     `json:"recurred"`     // proceedings of which it did
	Detect      Span    `json:"detect"`       // from the day of a finding to the day on which it was recorded
	Correct     Span    `json:"correct"`      // from the opening of a round to its cure
	Impact      *Impact `json:"impact"`       // nil for audiences that may not see it
	// ImpactWithheld is the class in which it is sealed.
	ImpactWithheld ledger.Class `json:"impact_withheld,omitempty"`
}

// Impact sets whether conditions are kept beside whether people are harmed, two questions
// of which neither answers the other (MU-03). Proceedings that no log shows any more are
// in no cell.
type Impact struct {
	Cells   []ImpactCell `json:"cells"`
	Against []Value      `json:"against_conditions"` // those that are kept while people are harmed, by clause
}

// ImpactCell counts proceedings.
type ImpactCell struct {
	Compliance string `json:"compliance"` // kept or not_kept
	Impact     string `json:"impact"`     // harm, none or unknown
	Count      int    `json:"count"`
}

// Attestations counts what customers were asked and what they said; the last five figures
// count conditions, by what the newest comparison with telemetry came to.
type Attestations struct {
	Asked        int   `json:"asked"`
	Answered     int   `json:"answered"`
	Waiting      int   `json:"waiting"` // of those that are asked
	Overdue      int   `json:"overdue"` // of those that wait, past their day
	Late         int   `json:"late"`    // answered after their day
	Promised     int64 `json:"promised_only"`
	Agrees       int64 `json:"agrees_with_telemetry"`
	Contradicted int64 `json:"contradicted_by_telemetry"`
	NotKept      int64 `json:"not_kept"`
	Unknown      int64 `json:"unknown"`
}

// Enforced says how decided and confirmed as enforced stand apart.
type Enforced struct {
	Waiting      int   `json:"not_confirmed"`      // newest decisions in force that nobody confirmed
	OldestDays   int   `json:"oldest_days"`        // since the oldest of them
	Failed       int   `json:"failed"`             // of them, tried without success
	Took         Span  `json:"confirmed_after"`    // of those that are confirmed
	OpeningHours int64 `json:"opening_hours"`      // of the gate in emergencies, all together
	Openings     int   `json:"emergency_openings"` // ended ones included
}

func tick(n *int, yes bool) {
	if yes {
		*n++
	}
}

// consequences counts what followed from findings and from asking.
func (b *builder) consequences() error {
	for _, step := range []func() error{b.enforcement, b.proceedings, b.detected, b.attestations} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) proceedings() error {
	var list []*store.Revision[enforcement.Proceeding]
	if err := into(b, enforcement.Proceedings, &list); err != nil {
		return err
	}
	p := &b.r.Proceedings
	standing, taken, outcomes, open := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	var correct []int
	for _, r := range list {
		x := r.Record
		if x.State == enforcement.Open {
			p.Open++
			standing[x.Step]++
			open[x.Grade]++
			tick(&p.Overdue, x.Late(b.r.Day))
		} else {
			p.Closed++
			outcomes[x.Outcome]++
		}
		tick(&p.OutOfOrder, x.OutOfOrder)
		tick(&p.Recurred, x.Recurrences > 0)
		p.Recurrences += x.Recurrences
		days, err := b.rounds(r.ID, taken)
		if err != nil {
			return err
		}
		correct = append(correct, days...)
	}
	p.Correct = spanOf(correct)
	steps := make([]string, len(enforcement.Steps))
	for i, s := range enforcement.Steps {
		steps[i] = string(s)
	}
	p.Standing, p.Taken = tallies(steps, standing), tallies(steps[1:], taken)
	p.Outcomes = tallies([]string{enforcement.Cured, enforcement.Advised, enforcement.NoDeviation, enforcement.Accepted, enforcement.Withdrawn}, outcomes)
	p.Grades = tallies([]string{"critical", "high", "medium", "low"}, open)
	b.impact(list)
	return nil
}

// rounds counts the steps of a proceeding in its history, and gives for each round that
// ended with a cure how many days it took.
func (b *builder) rounds(id string, taken map[string]int) (cured []int, err error) {
	history, err := store.History(b.ctx, b.q, enforcement.Proceedings, id)
	if err != nil {
		return nil, err
	}
	opened, before := "", &enforcement.Proceeding{State: enforcement.Closed}
	for _, h := range history {
		if h.Seq > b.at.Seq {
			break
		}
		x := h.Record
		if x.State == enforcement.Open && before.State == enforcement.Closed {
			opened = h.Leaf.Entered()
		}
		if x.State == enforcement.Open && x.Stepped != "" && (x.Step != before.Step || x.Stepped != before.Stepped) {
			taken[x.Step]++
		}
		if x.State == enforcement.Closed && before.State == enforcement.Open && x.Outcome == enforcement.Cured {
			cured = append(cured, calendar.Between(opened, h.Leaf.Entered()))
		}
		before = x
	}
	return cured, nil
}

// impact fills the table for audiences that may see what is known of harm.
func (b *builder) impact(list []*store.Revision[enforcement.Proceeding]) {
	if !b.view.seesField(enforcement.Proceedings.Name(), "impact", ledger.Customer) {
		b.r.Proceedings.ImpactWithheld = ledger.Customer
		return
	}
	cells, out := map[ImpactCell]int{}, &Impact{Against: []Value{}}
	for _, r := range list {
		cells[ImpactCell{Compliance: r.Record.Compliance(), Impact: r.Record.Impact}]++
		if r.Record.AgainstCondition() {
			out.Against = append(out.Against, see(b.view, enforcement.Proceedings, r, "clause"))
		}
	}
	slices.SortFunc(out.Against, func(x, y Value) int { return cmp.Compare(x.Text(), y.Text()) })
	for _, compliance := range []string{enforcement.Kept, enforcement.NotKept} {
		for _, impact := range []string{enforcement.ImpactHarm, enforcement.ImpactNone, enforcement.ImpactUnknown} {
			cell := ImpactCell{Compliance: compliance, Impact: impact}
			cell.Count = cells[cell]
			out.Cells = append(out.Cells, cell)
		}
	}
	b.r.Proceedings.Impact = out
}

// detected says how long it took until findings were recorded.
func (b *builder) detected() error {
	var days []int
	for _, f := range b.found {
		entered := f.Leaf.Entered()
		if f.Rev > 1 {
			history, err := store.History(b.ctx, b.q, usage.Findings, f.ID)
			if err != nil {
				return err
			}
			entered = history[0].Leaf.Entered()
		}
		days = append(days, max(0, calendar.Between(f.Record.Day, entered)))
	}
	b.r.Proceedings.Detect = spanOf(days)
	return nil
}

func (b *builder) attestations() error {
	a := &b.r.Attestations
	requests, err := all(b, attestation.Requests)
	if err != nil {
		return err
	}
	for _, r := range requests {
		tick(&a.Asked, r.State != attestation.Withdrawn)
		tick(&a.Answered, r.State == attestation.Answered)
		tick(&a.Waiting, r.State == attestation.Open)
		tick(&a.Overdue, r.State == attestation.Open && r.Due < b.r.Day)
	}
	came, err := all(b, attestation.Attestations)
	for _, x := range came {
		tick(&a.Late, x.Late)
		a.Promised, a.Agrees, a.Contradicted = a.Promised+x.Promised, a.Agrees+x.Agrees, a.Contradicted+x.Contradicted
		a.NotKept, a.Unknown = a.NotKept+x.NotKept, a.Unknown+x.Unknown
	}
	return err
}

// confirmed notes when somebody confirmed a decision as enforced, by leaf hash, which
// attempts failed, and how often and how long the gate was opened in an emergency.
func (b *builder) confirmed() error {
	list, err := all(b, gate.Enforcements)
	if err != nil {
		return err
	}
	b.enforced, b.failed = map[string]string{}, map[string]bool{}
	for _, e := range list {
		if e.State == gate.Confirmed {
			b.enforced[e.Decision] = e.Day
		} else {
			b.failed[e.Decision] = true
		}
	}
	openings, err := all(b, gate.Glasses)
	b.r.Decisions.Enforced.Openings = len(openings)
	for _, g := range openings {
		b.r.Decisions.Enforced.OpeningHours += g.Hours
	}
	return err
}

// enforcement sets the decisions of the report's day beside their confirmations.
func (b *builder) enforcement() error {
	e := &b.r.Decisions.Enforced
	var took []int
	for _, d := range b.decisions {
		if state, _ := b.state(d); d.Record.Act == string(decision.Escalate) || state == "locked" || state == "lapsed" {
			continue
		}
		leaf, decided := d.Hash.String(), d.Leaf.Entered()
		if day := b.enforced[leaf]; day != "" {
			took = append(took, max(0, calendar.Between(decided, day)))
			continue
		}
		e.Waiting++
		e.OldestDays = max(e.OldestDays, calendar.Between(decided, b.r.Day))
		tick(&e.Failed, b.failed[leaf])
	}
	e.Took = spanOf(took)
	return nil
}
