package annual_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/annual"
	"duly/internal/fault"
	"duly/internal/report"
	"duly/internal/transparency"
)

// TestEveryFigureOfTheYearSaysHowItWasMade protects RS-04 for the year: each number of
// annual.json has its formula, and the entries that are counted again are as many.
func TestEveryFigureOfTheYearSaysHowItWasMade(t *testing.T) {
	v := open(t)
	v.now = v.now.AddDate(0, 1, 0)
	_, err := transparency.Report(context.Background(), v.w.DB, act.Default, v.body, transparency.Incident{
		Reported: "2026-01-30", Severity: 4, Subject: v.sell("Aldertown Police", "public_body", "face_search"), What: "x",
	})
	v.must(err)
	v.sell("A shop", "company", "storage")
	year, dir := v.site("2026")
	data, err := os.ReadFile(filepath.Join(dir, "annual.json"))
	v.must(err)
	var all map[string]any
	v.must(json.Unmarshal(data, &all))
	numbers := 0
	var walk func(name string, x any)
	walk = func(name string, x any) {
		switch x := x.(type) {
		case map[string]any:
			if _, own := x["entry"]; own {
				return
			}
			for key, one := range x {
				walk(strings.TrimPrefix(name+"."+key, "."), one)
			}
		case []any:
			for _, one := range x {
				walk(name+"[]", one)
			}
		case float64:
			if numbers++; report.Nearest(year.Made, name) == nil {
				t.Errorf("nothing says how %s was made", name)
			}
		}
	}
	delete(all, "made")
	walk("", all)
	if numbers < 10 {
		t.Errorf("only %d figures were found", numbers)
	}
	ctx := context.Background()
	_, c, err := v.w.Checkpoint()
	v.must(err)
	for _, f := range year.Figures {
		d, err := annual.Trace(ctx, v.w.DB, c.Size, "2026", f.ID, "")
		v.must(err)
		if len(d.Entries) != f.Total {
			t.Errorf("%s is %d, and %d entries were counted", f.ID, f.Total, len(d.Entries))
		}
		for _, value := range f.Values {
			if d, err = annual.Trace(ctx, v.w.DB, c.Size, "2026", f.ID, value.Name); err != nil || len(d.Entries) != value.Count {
				t.Errorf("%s of %s is %d, and %d entries were counted: %v", f.ID, value.Name, value.Count, len(d.Entries), err)
			}
		}
	}
	for _, bad := range [][2]string{{"2026", "rumours"}, {"last", "decisions"}} {
		if _, err := annual.Trace(ctx, v.w.DB, c.Size, bad[0], bad[1], ""); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
