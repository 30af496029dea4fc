package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/report"
)

// figuresOf gives every number of a report by its name, but for those in rows that name
// their own entry.
func figuresOf(t testing.TB, text string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch x := v.(type) {
		case map[string]any:
			if _, own := x["entry"]; own {
				return
			}
			if n, tally := x["count"].(json.Number); tally && x["name"] != nil {
				walk(strings.TrimSuffix(name, "[]")+"."+fmt.Sprint(x["name"]), n)
				return
			}
			for key, one := range x {
				walk(strings.TrimPrefix(name+"."+key, "."), one)
			}
		case []any:
			for _, one := range x {
				walk(name+"[]", one)
			}
		case json.Number:
			n, err := x.Int64()
			if err != nil {
				t.Fatal(err)
			}
			out[name] += n
		}
	}
	var all map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	delete(all, "made")
	walk("", all)
	return out
}

// TestEveryFigureSaysHowItWasMade protects RS-04: no number stands in a report without a
// formula and the entries that it rests on, and where it is said to be their number, it is.
func TestEveryFigureSaysHowItWasMade(t *testing.T) {
	s := newAssessment(t)
	signed, c := s.checkpoint()
	r := s.build(signed, c)
	assessed, asJSON, _ := s.report()
	counted := 0
	for name, report := range map[string]struct {
		text string
		made []report.Made
	}{"report": {render(t, r, report.JSON), r.Made}, "assessment": {asJSON, assessed.Made}} {
		figures := figuresOf(t, report.text)
		if len(figures) < 5 {
			t.Errorf("%s: only %d figures were found", name, len(figures))
		}
		for _, figure := range slices.Sorted(maps.Keys(figures)) {
			if nearest(report.made, figure) == nil {
				t.Errorf("%s: nothing says how %s was made", name, figure)
			}
			if name != "report" {
				continue
			}
			counted += s.derives(figure, c.Size, figures[figure])
		}
	}
	if counted < 60 {
		t.Errorf("only %d figures were counted again", counted)
	}
	if _, err := report.Derive(context.Background(), s.w.DB, c.Size, "rumours"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a figure that no report has: %v", err)
	}
}

var nearest = report.Nearest

// derives counts a figure again where it is the number of entries; it says whether it is.
func (s *assessing) derives(figure string, size, want int64) int {
	s.Helper()
	d, err := report.Derive(context.Background(), s.w.DB, size, figure)
	s.ok(err)
	if !d.Made.Counts {
		return 0
	}
	if int64(len(d.Entries)) != want {
		s.Errorf("%s is %d, and %d entries were counted: %+v", figure, want, len(d.Entries), d.Entries)
	}
	return 1
}

// TestDerivationsNameWhatIsThere protects that a derivation counts by fields that the kind
// has in clear.
func TestDerivationsNameWhatIsThere(t *testing.T) {
	public := map[string][]string{}
	for _, schema := range knownSchemas(t) {
		for _, f := range schema.Public {
			public[schema.Kind] = append(public[schema.Kind], f.Name)
		}
	}
	s := newAssessment(t)
	signed, c := s.checkpoint()
	for _, m := range s.build(signed, c).Made {
		for _, kind := range m.Kinds {
			if public[kind] == nil {
				t.Errorf("%s counts entries of kind %s, which there is not", m.ID, kind)
			}
			for _, f := range append(slices.Collect(maps.Keys(m.Where)), m.By...) {
				if !slices.Contains(public[kind], f) {
					t.Errorf("%s counts by the field %s of %s, which does not stand in clear", m.ID, f, kind)
				}
			}
		}
	}
}
