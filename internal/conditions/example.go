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
	Event struct {
		Time   string `yaml:"eventTime,required"`
		Source string `yaml:"eventSource,required"`
		Name   string `yaml:"eventName,required"`
		Region string `yaml:"awsRegion"`
		Error  string `yaml:"errorCode"`
		Params any    `yaml:"requestParameters"`
	} `yaml:"event,required"`
	Expect map[string]string `yaml:"expect,required"` // condition -> outcome; none for all others
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
	at, err := time.Parse(time.RFC3339, x.Event.Time)
	if err != nil {
		return fmt.Sprintf("eventTime %q is not a time", x.Event.Time)
	}
	params, err := json.Marshal(x.Event.Params)
	if err != nil {
		return err.Error()
	}
	call := &Call{Source: x.Event.Source, Name: x.Event.Name, Region: x.Event.Region, ErrorCode: x.Event.Error, Params: params}
	got := map[string]string{}
	for _, c := range set.Conditions {
		if _, ok := got[c.ID]; !ok {
			got[c.ID] = none
		}
		if !c.InForce(at.UTC()) {
			continue
		}
		if applies, _ := c.Applies(Subject(x.By)); !applies {
			continue
		}
		outcome, err := c.outcome(call)
		if err != nil {
			return c.ID + ": " + err.Error()
		}
		got[c.ID] = outcome
	}
	var wrong []string
	for _, id := range slices.Sorted(maps.Keys(got)) {
		want := x.Expect[id]
		if want == "" {
			want = none
		}
		if got[id] != want {
			wrong = append(wrong, fmt.Sprintf("%s: %s, expected %s", id, got[id], want))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(x.Expect)) {
		if _, ok := got[id]; !ok {
			wrong = append(wrong, id+" is not a condition of this pack")
		}
	}
	return strings.Join(wrong, "; ")
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
