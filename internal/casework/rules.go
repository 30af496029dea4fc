package casework

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/calendar"
	"duly/internal/pack"
	"duly/internal/triage"
)

// body is what a casework pack holds below its header.
type body struct {
	Triggers []trigger        `yaml:"triggers,required"`
	Renewal  int64            `yaml:"renewal_days,required"`
	Leave    int64            `yaml:"leave_days,required"`
	Stale    int64            `yaml:"stale_days,required"`
	Unrated  map[string]int64 `yaml:"unrated,required"`
	Tests    []example        `yaml:"tests,required"`
}

// trigger is one kind of event.
type trigger struct {
	ID    string           `yaml:"id,required"`
	Why   string           `yaml:"why,required"` // the class that stands in clear
	Days  int64            `yaml:"days,required"`
	Opens string           `yaml:"opens,required"` // always or material
	Text  string           `yaml:"text,required"`
	Facts []string         `yaml:"facts"` // whose change is this event
	Lanes map[string]int64 `yaml:"lanes"` // days where they differ
}

type example struct {
	Name     string   `yaml:"name,required"`
	Triggers []string `yaml:"triggers,required"`
	Lane     string   `yaml:"lane,required"`
	Expect   struct {
		Opens bool     `yaml:"opens,required"`
		Days  int64    `yaml:"days,required"`
		Why   []string `yaml:"why,required"`
	} `yaml:"expect,required"`
}

// events are the kinds of event that the program can tell; a pack says of each what
// it opens.
var events = []string{"first_look", "lane", "cycle", "list_hit", "ownership", "capability", "law", "situation", "deviation",
	"grievance", "concern", "fact", "rating", "contract", "stale", "sample", "widened_without_leave", "renewed_without_leave"}

// Rules are a casework pack that was read.
type Rules struct {
	Hash    string                   // of the pack
	Laws    *assessment.Prohibitions // the bans and moratoria that count, set by whoever sweeps; nil for the laws that ship alone
	events  map[string]*trigger
	byFact  map[string]string // fact to event
	renewal int
	leave   int // days
	stale   int
	unrated map[string]int64
}

// Load reads a casework pack.
//
// Errors are faults that name file and line.
func Load(p *pack.Pack) (*Rules, error) {
	r, _, err := load(p)
	return r, err
}

func load(p *pack.Pack) (*Rules, *body, error) {
	var b body
	if p.Kind != pack.Casework {
		return nil, nil, p.Fault("this is a pack of kind "+p.Kind+", not of kind casework", "")
	}
	if err := p.Decode(&b); err != nil {
		return nil, nil, err
	}
	r := &Rules{Hash: p.Hash, events: map[string]*trigger{}, byFact: map[string]string{}, renewal: int(b.Renewal), leave: int(b.Leave), stale: int(b.Stale), unrated: b.Unrated}
	for i := range b.Triggers {
		if err := r.add(p, &b.Triggers[i], i); err != nil {
			return nil, nil, err
		}
	}
	for _, id := range events {
		if r.events[id] == nil {
			return nil, nil, p.Fault("it does not say what "+id+" opens", "add it to the triggers", "triggers")
		}
	}
	if b.Renewal < 1 || b.Renewal > 3650 || b.Leave < 1 || b.Leave > 3650 || b.Stale < 1 || b.Stale > 36500 {
		return nil, nil, p.Fault("a number of days is not between 1 and what anybody waits for", "")
	}
	for _, lane := range lanes {
		if s, ok := b.Unrated[lane]; !ok || s < 0 || s > worstSeverity {
			return nil, nil, p.Fault("unrated needs a severity from 0 to 5 for "+lane, "", "unrated")
		}
	}
	return r, &b, nil
}

// lanes are those of triage, the laxest first.
var lanes = []string{string(triage.Auto), string(triage.Desk), string(triage.Person), string(triage.Stop)}

func (r *Rules) add(p *pack.Pack, t *trigger, i int) error {
	switch {
	case !slices.Contains(events, t.ID):
		return p.Fault(fmt.Sprintf("the program knows no event %q", t.ID), "use one of: "+strings.Join(events, ", "), "triggers", i, "id")
	case r.events[t.ID] != nil:
		return p.Fault(t.ID+" stands twice", "", "triggers", i, "id")
	case t.Opens != "always" && t.Opens != "material":
		return p.Fault(fmt.Sprintf("%q is not when a case opens", t.Opens), "use always or material", "triggers", i, "opens")
	case t.Days < 1 || t.Days > 3650:
		return p.Fault("days is not between 1 and 3650", "", "triggers", i, "days")
	case !slices.Contains(classes, t.Why):
		return p.Fault(fmt.Sprintf("%q is not a class of reasons", t.Why), "use one of: "+strings.Join(classes, ", "), "triggers", i, "why")
	}
	for _, lane := range slices.Sorted(maps.Keys(t.Lanes)) {
		if _, err := triage.ParseLane(lane); err != nil || t.Lanes[lane] < 1 || t.Lanes[lane] > 3650 {
			return p.Fault("lanes gives days from 1 to 3650 for STOP, PERSON, DESK and AUTO", "", "triggers", i, "lanes")
		}
	}
	for _, f := range t.Facts {
		if other := r.byFact[f]; other != "" {
			return p.Fault(f+" is already a trigger of "+other, "", "triggers", i, "facts")
		}
		r.byFact[f] = t.ID
	}
	r.events[t.ID] = t
	return nil
}

// classes are those of Review.Why.
var classes = func() []string {
	for _, f := range Reviews.Schema().Public {
		if f.Name == "why" {
			return f.Enum
		}
	}
	return nil
}()

// days says within how many days an event has to be dealt with.
func (r *Rules) days(event, lane string) int {
	t := r.events[event]
	if d, ok := t.Lanes[lane]; ok {
		return int(d)
	}
	return int(t.Days)
}

// due gives the day on which the earliest of some events is due, opened on a day.
func (r *Rules) due(found []Trigger, lane, day string) string {
	due := ""
	for _, t := range found {
		if d := calendar.Later(day, r.days(t.Event, lane)); due == "" || d < due {
			due = d
		}
	}
	return due
}

// why gives the classes of some events, sorted, each once.
func (r *Rules) why(found []Trigger) []string {
	var out []string
	for _, t := range found {
		out = append(out, r.events[t.Event].Why)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// open says whether one of some events opens a case by itself.
func (r *Rules) open(found []Trigger) bool {
	return slices.ContainsFunc(found, func(t Trigger) bool { return r.events[t.Event].Opens == "always" })
}

// RunTests runs the tests that a casework pack carries.
func RunTests(p *pack.Pack) []pack.TestResult {
	r, b, err := load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	tested := map[string]bool{}
	var out []pack.TestResult
	for i := range b.Tests {
		detail := b.Tests[i].run(r, tested)
		out = append(out, pack.TestResult{Name: b.Tests[i].Name, OK: detail == "", Detail: detail, Line: p.Line("tests", i)})
	}
	for i := range b.Triggers {
		if !tested[b.Triggers[i].ID] {
			out = append(out, pack.TestResult{Name: b.Triggers[i].ID, Detail: "no test names it", Line: p.Line("triggers", i)})
		}
	}
	return out
}

func (x *example) run(r *Rules, tested map[string]bool) string {
	var found []Trigger
	for _, id := range x.Triggers {
		if r.events[id] == nil {
			return "there is no event " + id
		}
		tested[id] = true
		found = append(found, Trigger{Event: id})
	}
	const day = "2026-01-01"
	if got := r.open(found); got != x.Expect.Opens {
		return fmt.Sprintf("opens: %v, not %v", got, x.Expect.Opens)
	}
	if got, want := r.due(found, x.Lane, day), calendar.Later(day, int(x.Expect.Days)); got != want {
		return fmt.Sprintf("due %s, not %s", got, want)
	}
	if got := r.why(found); !slices.Equal(got, x.Expect.Why) {
		return fmt.Sprintf("why: %v, not %v", got, x.Expect.Why)
	}
	return ""
}

// Schema gives the JSON Schema of casework packs.
func Schema() []byte { return pack.Schema(pack.Casework, body{}) }
