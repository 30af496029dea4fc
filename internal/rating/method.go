package rating

import (
	"slices"
	"sync"

	"duly/internal/pack"
	"duly/internal/rule"
)

// Engine names this arithmetic. It stands in every rating, and changes whenever
// the same pack and facts would give another trace; a test over reference traces
// fails until it does.
const Engine = "rm/1"

// Band is a band of risk, from Low to Critical.
type Band int8

// The bands, lowest first.
const (
	Low Band = iota + 1
	Medium
	High
	Critical
)

var bandNames = [...]string{"", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

// String gives LOW, MEDIUM, HIGH or CRITICAL.
func (b Band) String() string { return bandNames[b] }

// MarshalText gives the same as String.
func (b Band) MarshalText() ([]byte, error) { return []byte(bandNames[b]), nil }

// Basis says what a hard stop rests on.
type Basis string

// A legal stop can be lifted only by a licence; a policy stop only by the
// governing body.
const (
	Legal  Basis = "legal"
	Policy Basis = "policy"
)

// Fact is something that a method asks about a deployment.
type Fact struct {
	ID       string
	Type     rule.Type // Text, Int, Bool or Texts
	Question string
	Required bool     // while it is unknown the rating is pending
	Register string   // where the register holds it ("customer.sector"); may be empty
	Values   []string // what a Text may be and a Texts may hold
	Min, Max int64    // bounds of an Int

	ShelfDays int      // days after which an answer is out of date, counted from the day it is of; 0: never
	Sources   int      // how many independent sources an answer needs, at least 1
	Answers   []string // who may answer: some of program, customer, analyst, expert, affected_people, independent; empty: anybody
	Evidence  string   // what shows the answer; may be empty
}

// Indicator is a sign of risk that is raised, clear or unknown.
type Indicator struct {
	ID, Title, Family string
	Weight            int
	Origin            string   // whose idea it is
	When              string   // the expression
	Facts             []string // that the expression reads, sorted
	Controls          []string // necessary controls: without them no credit is given while it is raised
	Standing
}

// Stop is a hard stop: where it holds nothing is allowed, whatever the score.
type Stop struct {
	ID, Title string
	Basis     Basis
	When      string   // empty where it holds by its prohibited uses
	Facts     []string // that it reads, its uses' among them
	Standing
}

// Use is a use that is prohibited, by the stop that holds while it is made.
type Use struct {
	ID, Title, Stop string
	When            string
	Facts           []string
	Standing
}

// Control is a necessary control: while an indicator that names it is raised, nothing
// is credited without it.
type Control struct {
	ID, Title string
	Fact      string   // that says how far it has come
	Requires  []string // controls without which it is worth nothing
}

// Input is what somebody gives before a decision, as [Rating.Participation] names it.
type Input struct {
	ID, Title string
	From      string // who gives it, one of those who may answer a fact
}

// Standing says who stands behind a part of a method, and on which days the part
// holds. What is empty was not said.
type Standing struct {
	Status    string // as of a pack: law, proposed, guidance and so on
	Reference string // where it stands
	Grade     string // verified or unverified
	From, To  string // first and last day, YYYY-MM-DD
}

// Method is a method pack made ready to rate with. It is safe for concurrent use.
type Method struct {
	ID, Version, Title string
	Hash               string // SHA-256 of the pack

	pack       *pack.Pack
	body       body
	restsOn    []string
	undecided  []string
	facts      []Fact
	index      map[string]int // of facts
	env        *rule.Env
	slots      []int            // of facts, in the rules' values
	checked    [][]rule.Checked // by fact: its listed answers, or the lists of one of them and of none
	families   []string         // ids, sorted
	indicators []indicator
	byID       map[string]int // of indicators
	stops      []Stop
	stopIDs    map[string]int
	uses       []Use
	ruleIDs    map[string]int // of all rules
	paths      [][]any        // by running number: where its expression stands in the pack
	usesOf     [][]int        // by stop: the running numbers of its prohibited uses
	rules      []*rule.Rule   // by running number: indicators first, then stops, requirements, prohibited uses, the two others
	at         places
	dates      []dates   // by running number; nil while no part is dated
	reads      [][]int   // by running number: the facts that the rule reads
	readings   []Reading // by running number: the reading while none of its facts is known
	rights     []right
	second     []right // the same rights as the second scorer sees them; nil where none is asked
	controls   []control
	axes       *axes
	matrix     [6][6]Band // by severity and likelihood
	tiers      [5]tierBody
	inputs     [5][]string // by band: what experts and affected people must give
	floorBand  Band        // an incomplete case gets at least the tier of this band
	special    special
	sheets     sync.Pool
	touches    [][]int // by fact: the rules that read it
}

type indicator struct {
	Indicator
	family int    // index into families
	needs  uint64 // necessary controls, by position
}

// places are the running numbers at which each sort of rule begins; indicators
// begin at 0.
type places struct {
	stops, requirements, uses int
	actual, second            int // the rules of actual harm and of who is asked for a second scorer, or -1
}

// right holds where the three facts of a right are.
type right struct {
	id                 string
	scale, scope, irre int
}

// special holds the facts that the arithmetic itself reads.
type special struct {
	vulnerable, actual, existing                int
	required, operating, technical, independent int
}

// Facts gives the facts that the method asks for, in the pack's order, then one of
// each necessary control and three of each right. The slice is the caller's own.
func (m *Method) Facts() []Fact { return slices.Clone(m.facts) }

// Fact gives a fact by its id.
func (m *Method) Fact(id string) (Fact, bool) {
	i, ok := m.index[id]
	if !ok {
		return Fact{}, false
	}
	return m.facts[i], true
}

// Indicators gives the method's indicators in the pack's order.
func (m *Method) Indicators() []Indicator {
	out := make([]Indicator, len(m.indicators))
	for i := range m.indicators {
		out[i] = m.indicators[i].Indicator
	}
	return out
}

// Stops gives the method's hard stops in the pack's order.
func (m *Method) Stops() []Stop { return slices.Clone(m.stops) }

// Uses gives the method's prohibited uses in the pack's order.
func (m *Method) Uses() []Use { return slices.Clone(m.uses) }

// Controls gives the method's necessary controls in the pack's order.
func (m *Method) Controls() []Control {
	out := make([]Control, len(m.controls))
	for i, b := range m.body.Controls.Necessary {
		out[i] = Control{b.ID, b.Title, m.facts[m.controls[i].fact].ID, b.Requires}
	}
	return out
}

// Inputs gives what experts and affected people may have to give, in the pack's order.
func (m *Method) Inputs() []Input {
	if m.body.Participation == nil {
		return nil
	}
	var out []Input
	for _, b := range m.body.Participation.Inputs {
		out = append(out, Input(b))
	}
	return out
}

// Dated says whether parts of the method hold for a time only, so that a rating
// needs its day: see [Method.RateOn].
func (m *Method) Dated() bool { return m.dates != nil }

// Frameworks gives the ids of the framework packs that the method composes, in the
// pack's order. A rating never reads them.
func (m *Method) Frameworks() []string { return slices.Clone(m.body.Frameworks) }

// Basis gives the items of framework packs that the parts of the method rest on, as pack/item, sorted, each once. Whether they exist is for whoever
// holds the framework packs to say.
func (m *Method) Basis() []string { return slices.Clone(m.restsOn) }
