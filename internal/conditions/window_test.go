package conditions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/conditions"
)

// windowed gives the sample's condition with a window in place of its rule.
func windowed(t testing.TB, window, deviation string) *conditions.Condition {
	t.Helper()
	set, err := conditions.Load(parsed(t, windowText(window, deviation)))
	if err != nil {
		t.Fatal(err)
	}
	return set.Conditions[0]
}

func windowText(window, deviation string) string {
	text := strings.Replace(sample, "deviation: param.level < 5.0\n    evidence: [param.level]", "window: "+window+"\n    deviation: "+deviation, 1)
	return strings.Replace(text, "conditions:\n", "  - {name: who, text: Who., type: text, paths: [who]}\n  - {name: tags, text: Some., type: texts, paths: [\"tags[]\"]}\nconditions:\n", 1)
}

// Protects: what a window may not be is refused, with words that tell what to do.
func TestLoadRefusesWindows(t *testing.T) {
	const good = "{by: [param.who], count: calls, per: day, keep_days: 30}"
	for _, c := range []struct{ window, deviation, want string }{
		{good, "param.level < 5.0", "reads window.count and nothing else"},
		{good, "window.count > 2 && param.level < 5.0", "reads window.count and nothing else"},
		{good, "window.count * 2 > 4", "compares window.count with whole numbers"},
		{good, "10 / window.count > 4", "compares window.count with whole numbers"},
		{"{by: [who], count: calls, per: day, keep_days: 30}", "window.count > 2", `"who" is not a parameter`},
		{"{count: param.level, per: week, keep_days: 30}", "window.count > 2", `"week" is no period`},
		{"{count: quiet_hours, per: day, keep_days: 30}", "window.count > 2", "silence is not cut into periods"},
		{"{count: calls, per: day, keep_days: 0}", "window.count > 2", "state is kept for at least 1 day"},
		{"{count: calls, per: day}", "window.count > 2", "missing here: keep_days"},
	} {
		if _, err := conditions.Load(parsed(t, windowText(c.window, c.deviation))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: %v, want %q", c.window, c.deviation, err, c.want)
		}
	}
}

type seen struct {
	at     time.Time
	params string
}

// observe counts calls and gives deviations by day, as "day:n".
func observe(t testing.TB, c *conditions.Condition, calls []seen) (string, map[conditions.Mark]conditions.State) {
	t.Helper()
	states := map[conditions.Mark]conditions.State{}
	for _, s := range calls {
		if p, ok := c.Observe([]byte("secret"), "d", &conditions.Call{Source: "s", Name: "n", Params: []byte(s.params)}, s.at); ok {
			if states[p.Window] == nil {
				states[p.Window] = conditions.State{}
			}
			states[p.Window][p]++
		}
	}
	return deviations(t, c, states), states
}

func deviations(t testing.TB, c *conditions.Condition, states map[conditions.Mark]conditions.State) string {
	t.Helper()
	total := map[int64]int64{}
	for _, s := range states {
		for d, n := range c.Deviations(s) {
			total[d] += n.Times
		}
	}
	return fmt.Sprint(total)
}

// Protects: what a window counts, of which day a deviation is, and that counts of
// different values, periods and cases stand apart. 2024-01-05 is day 19727.
func TestWindows(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse("2 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2024, 1, v.Day(), v.Hour(), v.Minute(), 0, 0, time.UTC)
	}
	a, b := `{"who":"a","level":1}`, `{"who":"b","level":1}`
	two, one := `{"tags":["a","b"]}`, `{"tags":["a; b"]}`
	for _, c := range []struct {
		name, window, deviation string
		calls                   []seen
		want                    string
	}{
		{"the third call of a day", "{by: [param.who], count: calls, per: day, keep_days: 9}", "window.count > 2",
			[]seen{{at("5 10:00"), a}, {at("5 11:00"), a}, {at("5 12:00"), b}, {at("5 23:59"), a}, {at("6 00:00"), a}}, "map[19727:1]"},
		{"the third call ever", "{by: [param.who], count: calls, per: ever, keep_days: 9}", "window.count > 2",
			[]seen{{at("7 10:00"), a}, {at("5 10:00"), a}, {at("6 10:00"), a}, {at("7 11:00"), a}}, "map[19729:2]"},
		{"within an hour", "{count: calls, per: hour, keep_days: 9}", "window.count >= 2",
			[]seen{{at("5 10:00"), a}, {at("5 10:59"), b}, {at("5 11:00"), a}}, "map[19727:1]"},
		{"different people of a month", "{count: param.who, per: month, keep_days: 40}", "window.count > 1",
			[]seen{{at("5 10:00"), a}, {at("5 10:01"), a}, {at("6 10:00"), b}, {at("7 10:00"), b}}, "map[19728:1]"},
		{"silence of more than a day", "{count: quiet_hours, per: ever, keep_days: 9}", "window.count > 24",
			[]seen{{at("5 10:30"), a}, {at("6 11:00"), a}, {at("7 13:00"), b}, {at("7 13:59"), b}}, "map[19729:1]"},
		{"calls by lists that read alike", "{by: [param.tags], count: calls, per: ever, keep_days: 9}", "window.count > 1",
			[]seen{{at("5 10:00"), two}, {at("5 11:00"), one}, {at("6 10:00"), two}}, "map[19728:1]"},
		{"different lists that read alike", "{count: param.tags, per: ever, keep_days: 9}", "window.count > 1",
			[]seen{{at("5 10:00"), two}, {at("5 11:00"), one}, {at("6 10:00"), two}}, "map[19727:1]"},
		{"neither too few nor too many", "{count: calls, per: day, keep_days: 9}", "window.count == 2 || window.count > 3",
			[]seen{{at("5 10:00"), a}, {at("5 10:00"), a}, {at("5 10:00"), a}, {at("5 10:00"), a}, {at("5 10:00"), a}}, "map[19727:3]"},
	} {
		if got, _ := observe(t, windowed(t, c.window, c.deviation), c.calls); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	c := windowed(t, "{by: [param.who], count: calls, per: day, keep_days: 9}", "window.count > 2")
	if _, ok := c.Observe(nil, "d", &conditions.Call{Source: "s", Name: "n", Params: []byte("null")}, at("5 10:00")); ok {
		t.Error("a call that does not record who was counted")
	}
}

// Protects: exactly once in any order. However calls are spread over objects and in
// whatever order the objects come, the states add up to the same, and a window's rule is
// asked for every count that was reached, as plainly counting tells.
func TestWindowsAddUp(t *testing.T) {
	c := windowed(t, "{by: [param.who], count: calls, per: day, keep_days: 9}", "window.count > 2 && window.count != 4")
	rapid.Check(t, func(r *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) seen {
			hour := rapid.IntRange(0, 71).Draw(r, "hour")
			who := rapid.SampledFrom([]string{"a", "b"}).Draw(r, "who")
			return seen{time.Date(2024, 1, 5, hour, 0, 0, 0, time.UTC), `{"who":"` + who + `"}`}
		}), 0, 30).Draw(r, "calls")
		whole, _ := observe(t, c, calls)
		cut := rapid.IntRange(0, len(calls)).Draw(r, "cut")
		_, first := observe(t, c, calls[cut:])
		_, second := observe(t, c, calls[:cut])
		for m, s := range second {
			if first[m] == nil {
				first[m] = conditions.State{}
			}
			for p, n := range s {
				first[m][p] += n
			}
		}
		if got := deviations(t, c, first); got != whole {
			r.Fatalf("in two objects %s, in one %s", got, whole)
		}
		plain, counts := map[int64]int64{}, map[string]int64{}
		for _, s := range calls {
			key := s.at.Format(time.DateOnly) + s.params
			if counts[key]++; counts[key] > 2 && counts[key] != 4 {
				plain[s.at.Unix()/86400]++
			}
		}
		if fmt.Sprint(plain) != whole {
			r.Fatalf("%s, plainly counted %v", whole, plain)
		}
	})
}

// Protects: what is kept names nobody: another key gives other marks, and the same
// value has another mark in another window, so that nobody can be followed through them.
func TestMarksAreKeyed(t *testing.T) {
	c := windowed(t, "{count: param.who, per: day, keep_days: 9}", "window.count > 2")
	call := &conditions.Call{Source: "s", Name: "n", Params: []byte(`{"who":"a"}`)}
	marks := map[conditions.Mark]bool{}
	n := 0
	for _, secret := range []string{"one", "two"} {
		for _, deployment := range []string{"d", "e"} {
			for day := 5; day < 7; day++ {
				p, ok := c.Observe([]byte(secret), deployment, call, time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC))
				if !ok {
					t.Fatal("a call was not observed")
				}
				marks[p.Window], marks[p.Item] = true, true
				n += 2
			}
		}
	}
	if len(marks) != n {
		t.Errorf("%d different marks of %d", len(marks), n)
	}
}
