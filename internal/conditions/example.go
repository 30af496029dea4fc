package conditions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/pack"
	"duly/internal/rule"
)

// example is one of a pack's own tests: a call by a deployment, and what each
// condition in force makes of it.
type example struct {
	Name   string `yaml:"name,required"`
	Origin string `yaml:"origin,required"` // "constructed from ..." or where the event was published
	By     struct {
		Sector       string `yaml:"sector"`
		Capability   string `yaml:"capability"`
		Purpose      string `yaml:"purpose"`
		Jurisdiction string `yaml:"jurisdiction"`
	} `yaml:"by"`
	Event      occurrence        `yaml:"event,required"`
	Also       []occurrence      `yaml:"also"`            // calls before or after it, which only windows count
	Expect     map[string]string `yaml:"expect,required"` // condition -> outcome; none for all others
	Deviations map[string]int64  `yaml:"deviations"`      // of conditions with a window, how many
	Applies    []string          `yaml:"applies"`         // all that hold on the day and cover the deployment; not tested when left out
}

// occurrence is a call in the shape of the event that telemetry has of it.
type occurrence struct {
	Time   string `yaml:"eventTime,required"`
	Source string `yaml:"eventSource,required"`
	Name   string `yaml:"eventName,required"`
	Region string `yaml:"awsRegion"`
	Error  string `yaml:"errorCode"`
	Params any    `yaml:"requestParameters"`
}

// call gives the call and its time.
func (o *occurrence) call() (*Call, time.Time, error) {
	at, err := time.Parse(time.RFC3339, o.Time)
	if err != nil {
		return nil, at, fmt.Errorf("eventTime %q is not a time", o.Time)
	}
	params, err := json.Marshal(o.Params)
	return &Call{Source: o.Source, Name: o.Name, Region: o.Region, ErrorCode: o.Error, Params: params}, at.UTC(), err
}

// The outcomes of a test.
const (
	none      = "none"      // not in force, not in scope, or no exposure
	kept      = "kept"      // exposure without deviation
	exposed   = "exposure"  // exposure; the condition has no rule for deviations
	deviates  = "deviation" // exposure with deviation
	uncertain = "unknown"   // not known whether exposure, or whether deviation
)

// RunTests runs a pack's own tests: each event is judged by every condition, and
// conditions that the test does not name must make nothing of it. A pack that
// does not load is one failed result. It is a [pack.Runner].
func RunTests(p *pack.Pack) []pack.TestResult {
	set, b, err := load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	out := make([]pack.TestResult, len(b.Tests))
	for i := range b.Tests {
		detail := b.Tests[i].run(set)
		out[i] = pack.TestResult{
			Name: b.Tests[i].Name, OK: detail == "", Detail: detail, Line: p.Line("tests", i),
		}
	}
	return out
}

// run gives what differs from the expectation; empty when nothing does.
func (x *example) run(set *Set) string {
	got, beyond := map[string]string{}, map[string]int64{}
	for _, c := range set.Conditions {
		outcome, n, err := x.judged(c)
		if err != nil {
			return c.ID + ": " + err.Error()
		}
		if was := got[c.ID]; was == "" || was == none {
			got[c.ID] = outcome
		}
		beyond[c.ID] += n
	}
	wrong := x.covers(set)
	for _, id := range slices.Sorted(maps.Keys(got)) {
		want := x.Expect[id]
		if want == "" {
			want = none
		}
		if got[id] != want {
			wrong = append(wrong, fmt.Sprintf("%s: %s, expected %s", id, got[id], want))
		}
		if n, counts := x.Deviations[id]; counts && n != beyond[id] {
			wrong = append(wrong, fmt.Sprintf("%s: %d deviations, expected %d", id, beyond[id], n))
		}
	}
	named := slices.AppendSeq(slices.Collect(maps.Keys(x.Expect)), maps.Keys(x.Deviations))
	slices.Sort(named)
	for _, id := range slices.Compact(named) {
		if _, ok := got[id]; !ok {
			wrong = append(wrong, id+" is not a condition of this pack")
		}
	}
	return strings.Join(wrong, "; ")
}

// covers compares the conditions that hold for the deployment with those expected.
func (x *example) covers(set *Set) (wrong []string) {
	if x.Applies == nil {
		return nil
	}
	_, at, err := x.Event.call()
	if err != nil {
		return nil // told by the others
	}
	var got []string
	for _, c := range set.Conditions {
		if applies, _ := c.Applies(Subject(x.By)); applies && c.InForce(at) {
			got = append(got, c.ID)
		}
	}
	slices.Sort(x.Applies)
	if !slices.Equal(got, x.Applies) {
		wrong = append(wrong, fmt.Sprintf("%s apply, expected %s", strings.Join(got, ", "), strings.Join(x.Applies, ", ")))
	}
	return wrong
}

// judged gives what a condition makes of the test, and how often its window deviates.
func (x *example) judged(c *Condition) (outcome string, n int64, err error) {
	if applies, _ := c.Applies(Subject(x.By)); !applies {
		return none, 0, nil
	}
	if c.window != nil {
		return x.together(c)
	}
	call, at, err := x.Event.call()
	if err != nil || !c.InForce(at) {
		return none, 0, err
	}
	outcome, err = c.outcome(call)
	return outcome, 0, err
}

// together counts all calls of the test by a condition's window.
func (x *example) together(c *Condition) (outcome string, n int64, err error) {
	states, seen, unsure := map[Mark]State{}, false, false
	for _, o := range append([]occurrence{x.Event}, x.Also...) {
		call, at, err := o.call()
		if err != nil {
			return "", 0, err
		}
		if !c.InForce(at) {
			continue
		}
		exposure, _, err := c.Judge(call)
		if err != nil {
			return "", 0, err
		}
		seen = seen || exposure == rule.True
		part, told := c.Observe([]byte(x.Name), "", call, at)
		unsure = unsure || exposure == rule.Unknown || exposure == rule.True && !told
		if exposure != rule.True || !told {
			continue
		}
		if states[part.Window] == nil {
			states[part.Window] = State{}
		}
		states[part.Window][part]++
	}
	for _, s := range states {
		for _, d := range c.Deviations(s) {
			n += d.Times
		}
	}
	switch {
	case n > 0:
		return deviates, n, nil
	case unsure:
		return uncertain, 0, nil
	case seen:
		return kept, 0, nil
	}
	return none, 0, nil
}

func (c *Condition) outcome(call *Call) (string, error) {
	exposure, deviation, err := c.Judge(call)
	switch {
	case err != nil:
		return "", err
	case exposure == rule.False:
		return none, nil
	case exposure == rule.True && c.deviation == nil:
		return exposed, nil
	case exposure == rule.True && deviation == rule.True:
		return deviates, nil
	case exposure == rule.True && deviation == rule.False:
		return kept, nil
	}
	return uncertain, nil
}
