package assurance

import (
	"fmt"
	"maps"
	"slices"

	"duly/internal/bundle"
	"duly/internal/pack"
	"duly/internal/stats"
	"duly/schemas"
)

// testsBody are a pack's own tests; see [RunTests].
type testsBody struct {
	Trails   []trailTest   `yaml:"trails,required"`
	Findings []findingTest `yaml:"findings"`
	Samples  []sampleTest  `yaml:"samples,required"`
}

type trailTest struct {
	Name    string            `yaml:"name,required"`
	Entries map[string]int64  `yaml:"entries,required"` // by kind
	Expect  map[string]string `yaml:"expect,required"`  // by control
}

type findingTest struct {
	Finding  string   `yaml:"finding,required"`
	Controls []string `yaml:"controls,required"`
}

type sampleTest struct {
	Name        string `yaml:"name,required"`
	Control     string `yaml:"control,required"`
	Population  int64  `yaml:"population,required"`
	Items       int64  `yaml:"items,required"`
	Deviations  int64  `yaml:"deviations"`
	NotTestable int64  `yaml:"not_testable"`
	Bound       int64  `yaml:"at_most,required"` // of the population
	Effective   bool   `yaml:"effective,required"`
}

// RunTests runs the tests that a pack of controls carries: what a log shows of each
// control, which controls answer which finding, and what a sample allows to conclude. That
// each kind of entry is one that was released is tested too.
func RunTests(p *pack.Pack) []pack.TestResult {
	l, b, err := load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	var out []pack.TestResult
	add := func(name, detail string, at ...any) {
		out = append(out, pack.TestResult{Name: name, OK: detail == "", Detail: detail, Line: p.Line(at...)})
	}
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		add(p.ID, err.Error())
		return out
	}
	kinds := map[string]bool{}
	for _, s := range known {
		kinds[s.Kind] = true
	}
	for i := range l.Controls {
		for _, k := range l.Controls[i].Kinds {
			if !kinds[k] {
				add(l.Controls[i].ID, "there is no kind of entry "+k, "controls", i, "kinds")
			}
		}
	}
	tested := map[string]bool{}
	for i := range b.Tests.Trails {
		add(b.Tests.Trails[i].Name, b.Tests.Trails[i].run(l, tested), "tests", "trails", i)
	}
	for i, t := range b.Tests.Findings {
		add("finding "+t.Finding, t.run(l), "tests", "findings", i)
	}
	for i := range b.Tests.Samples {
		add(b.Tests.Samples[i].Name, b.Tests.Samples[i].run(l), "tests", "samples", i)
	}
	for i := range l.Controls {
		if !tested[l.Controls[i].ID] {
			add(l.Controls[i].ID, "no test of trails names it", "controls", i)
		}
	}
	return out
}

func (t *trailTest) run(l *Library, tested map[string]bool) (detail string) {
	for _, id := range slices.Sorted(maps.Keys(t.Expect)) {
		c, err := l.Control(id)
		if err != nil {
			return err.Error()
		}
		tested[id] = true
		if got := c.Trail(t.Entries); string(got) != t.Expect[id] {
			detail = fmt.Sprintf("%s: %s, not %s", id, got, t.Expect[id])
		}
	}
	return detail
}

func (t *findingTest) run(l *Library) string {
	var got []string
	for _, c := range l.Controls {
		if slices.Contains(c.Findings, t.Finding) {
			got = append(got, c.ID)
		}
	}
	if !slices.Equal(got, t.Controls) {
		return fmt.Sprintf("%v answer it, not %v", got, t.Controls)
	}
	return ""
}

func (t *sampleTest) run(l *Library) string {
	c, err := l.Control(t.Control)
	if err != nil {
		return err.Error()
	}
	bound, err := stats.Most(t.Population, t.Items, t.Deviations+t.NotTestable, bundle.Confidence)
	if err != nil {
		return err.Error()
	}
	if effective := bundle.Tolerated(bound, t.Population, c.Tolerable); bound != t.Bound || effective != t.Effective {
		return fmt.Sprintf("at most %d of the population, effective %v; not %d, %v", bound, effective, t.Bound, t.Effective)
	}
	return ""
}
