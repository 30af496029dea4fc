package framework

import (
	"slices"

	"duly/internal/pack"
	"duly/internal/rule"
)

// Duty says how binding an item is.
type Duty string

// The degrees of duty. Incorporated is advisory wording that another binding text
// obliges to follow: breaking it is a breach, though the words only recommend.
const (
	Mandatory    Duty = "mandatory"
	Incorporated Duty = "incorporated"
	Advisory     Duty = "advisory"
)

// Kind says what an item is.
type Kind string

// The kinds of items. Red flags and prohibitions may carry an expression and are
// raised or clear; all others are met or not, and make up scorecards.
const (
	Question    Kind = "question"
	Step        Kind = "step"
	Criterion   Kind = "criterion"
	RedFlag     Kind = "red_flag"
	Obligation  Kind = "duty"
	Prohibition Kind = "prohibition"
	Record      Kind = "record"
)

var kinds = []Kind{Question, Step, Criterion, RedFlag, Obligation, Prohibition, Record}

// Scored says whether items of the kind are met or not, rather than raised or clear.
func (k Kind) Scored() bool { return k != RedFlag && k != Prohibition }

// Item is one thing that a text asks for.
type Item struct {
	ID            string   `json:"id"`      // unique in the pack; a method names it as <pack>/<item>
	Section       string   `json:"section"` // the section's id
	Kind          Kind     `json:"kind"`
	Text          string   `json:"text"`
	Duty          Duty     `json:"duty"`
	Grade         string   `json:"grade"`              // verified: seen in a source that was read; unverified
	Evidence      string   `json:"evidence,omitempty"` // what shows that it is met
	Fact          string   `json:"fact,omitempty"`     // the fact that answers it
	When          string   `json:"when,omitempty"`     // the expression that raises it
	Reads         []string `json:"reads,omitempty"`    // the facts that the expression reads, sorted
	Effect        *Effect  `json:"effect,omitempty"`
	MapsTo        []string `json:"maps_to,omitempty"` // ids of Duly's requirements
	EffectiveFrom string   `json:"effective_from,omitempty"`
	EffectiveTo   string   `json:"effective_to,omitempty"` // the last day
	Recheck       string   `json:"recheck,omitempty"`      // of the item, where it changes sooner than its pack

	checked, packRecheck string
}

// Effect is what a method may make of an item that is raised: a proposal, which no
// rating reads. Either family and weight, or a hard stop.
type Effect struct {
	Family string `json:"family,omitempty"`
	Weight int    `json:"weight,omitempty"`
	Stop   string `json:"stop,omitempty"`
}

// The states of an item on a day.
const (
	NotYet   = "not_yet"
	InEffect = "in_effect"
	Ended    = "ended"
)

// State gives not_yet, in_effect or ended by the item's dates, or by its pack's where
// it has none of its own.
func (x *Item) State(day string) string {
	switch {
	case day < x.EffectiveFrom:
		return NotYet
	case x.EffectiveTo != "" && day > x.EffectiveTo:
		return Ended
	}
	return InEffect
}

// Stale says whether what the item tells of a day must be looked up again: the pack
// or the item asks to be compared with its source from that day or an earlier one,
// or one of its dates passed after the last comparison, so that nobody saw whether
// it came as planned.
func (x *Item) Stale(day string) bool {
	passed := func(from string) bool { return from != "" && day >= from }
	if passed(x.packRecheck) || passed(x.Recheck) {
		return true
	}
	planned := func(date string) bool { return date != "" && x.checked != "" && date > x.checked }
	return planned(x.EffectiveFrom) && day >= x.EffectiveFrom || planned(x.EffectiveTo) && day > x.EffectiveTo
}

// Section is a part of a text.
type Section struct {
	ID    string
	Title string
	Note  string // what a reader must know about it; may be empty
	Items []*Item
}

// Fact is something that a framework's expressions and tables read. Its id means the
// same in every framework and method.
type Fact struct {
	ID       string
	Type     rule.Type // Text, Int, Bool or Texts
	Question string
	Values   []string // what a Text may be and a Texts may hold
	Min, Max int64    // bounds of an Int
}

// Framework is a framework pack made ready to ask. It is safe for concurrent use.
type Framework struct {
	ID, Version, Title string
	Hash               string // SHA-256 of the pack

	pack     *pack.Pack
	body     body
	facts    []Fact
	index    map[string]int // of facts
	read     map[string]bool
	sections []Section
	items    map[string]*Item
	rules    []flagRule
	tables   []*Table
	bans     []*Ban
	complete *rule.Rule // nil: the pack claims nothing
}

// flagRule is the expression of an item.
type flagRule struct {
	item *Item
	rule *rule.Rule
}

// Pack gives the pack that the framework was made of.
func (f *Framework) Pack() *pack.Pack { return f.pack }

// Facts gives the facts that the framework reads, in the pack's order. The slice is
// the caller's own.
func (f *Framework) Facts() []Fact { return slices.Clone(f.facts) }

// Sections gives the sections in the pack's order. What they hold must not be changed.
func (f *Framework) Sections() []Section { return slices.Clone(f.sections) }

// Items gives the items in the pack's order.
func (f *Framework) Items() []Item {
	var out []Item
	for _, s := range f.sections {
		for _, x := range s.Items {
			out = append(out, *x)
		}
	}
	return out
}

// Item gives an item by its id.
func (f *Framework) Item(id string) (Item, bool) {
	x, ok := f.items[id]
	if !ok {
		return Item{}, false
	}
	return *x, true
}

// Tables gives the decision tables in the pack's order.
func (f *Framework) Tables() []*Table { return slices.Clone(f.tables) }

// Table gives a decision table by its id.
func (f *Framework) Table(id string) (*Table, bool) {
	for _, t := range f.tables {
		if t.ID == id {
			return t, true
		}
	}
	return nil, false
}
