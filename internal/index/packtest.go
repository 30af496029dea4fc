package index

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/pack"
)

// example is a test of a mapping: a small file, and what must be read from it.
type example struct {
	Name     string            `yaml:"name,required"`
	File     string            `yaml:"file,required"`
	Readings []string          `yaml:"readings"` // "2023 CHL line 2; status=free"
	Rejects  []string          `yaml:"rejects"`  // "3: what the reason holds"
	Answers  map[string]string `yaml:"answers"`  // fact to answer, of the first reading; none for no answer
	Refused  string            `yaml:"refused"`  // what the fault holds that refuses the whole file
}

// RunTests runs a mapping's own tests. A pack that does not load is one failed result.
// It is a [pack.Runner].
func RunTests(p *pack.Pack) []pack.TestResult {
	m, err := Load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	out := make([]pack.TestResult, len(m.Tests))
	for i := range m.Tests {
		detail := m.Tests[i].run(m)
		out[i] = pack.TestResult{Name: m.Tests[i].Name, OK: detail == "", Detail: detail, Line: p.Line("tests", i)}
	}
	return out
}

// run gives what differs from the expectation; empty when nothing does.
func (x *example) run(m *Mapping) string {
	data := []byte(x.File)
	if enc := encodings[m.File.Encoding]; enc != nil { // the test stands in the pack as UTF-8
		encoded, err := enc.NewEncoder().Bytes(data)
		if err != nil {
			return "the file cannot be written as " + m.File.Encoding
		}
		data = encoded
	}
	t, err := m.Read("file", data)
	if err != nil || x.Refused != "" {
		if err == nil || x.Refused == "" || !strings.Contains(err.Error(), x.Refused) {
			return fmt.Sprintf("the file gives %v, not a fault with %q", err, x.Refused)
		}
		return ""
	}
	var got []string
	var first *Reading
	for _, e := range t.Editions {
		for i, r := range e.Readings {
			if first == nil {
				first = &e.Readings[i]
			}
			got = append(got, fmt.Sprintf("%d %s", e.Year, m.text(r)))
		}
	}
	if !slices.Equal(got, x.Readings) {
		return fmt.Sprintf("read %q, not %q", got, x.Readings)
	}
	if len(t.Rejects) != len(x.Rejects) {
		return fmt.Sprintf("rejected %v, not %q", t.Rejects, x.Rejects)
	}
	for i, r := range t.Rejects {
		line, reason, _ := strings.Cut(x.Rejects[i], ": ")
		if fmt.Sprint(r.Line) != line || !strings.Contains(r.Reason, reason) {
			return fmt.Sprintf("rejected line %d for %q, not %q", r.Line, r.Reason, x.Rejects[i])
		}
	}
	return x.answers(m, first)
}

func (x *example) answers(m *Mapping, r *Reading) string {
	for _, fact := range slices.Sorted(maps.Keys(x.Answers)) {
		got := "none"
		for i := range m.Answers {
			if m.Answers[i].Fact != fact || r == nil {
				continue
			}
			if o, ok := m.answer(&m.Answers[i], *r); ok {
				got = o.Answer
			}
		}
		if got != x.Answers[fact] {
			return fmt.Sprintf("%s is %s, not %s", fact, got, x.Answers[fact])
		}
	}
	return ""
}
