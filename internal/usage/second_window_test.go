package usage_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/conditions"
	"duly/internal/usage"
)

// secondWindow is what a condition counts over several calls.
type secondWindow struct {
	By       []string `yaml:"by"`
	Count    string   `yaml:"count"`
	Per      string   `yaml:"per"`
	KeepDays int      `yaml:"keep_days"`
}

// secondCall is a call that is counted with others: in which window, and of which value.
type secondCall struct {
	c             *conditions.Condition
	deployment    string
	at            time.Time
	window, value string
	many          int64
}

// recorded says whether a call shows all that the window needs.
func (w *secondWindow) recorded(e *secondEvent, vars map[string]any) bool {
	for _, name := range append(slices.Clone(w.By), w.Count) {
		if _, ok := vars[name]; !ok && strings.HasPrefix(name, "param.") {
			return false
		}
	}
	return e.meter == nil || w.Count == "calls" && len(w.By) == 0 && w.Per != "hour"
}

func (w *secondWindow) call(c *conditions.Condition, deployment string, e *secondEvent, vars map[string]any) secondCall {
	at := e.EventTime.UTC()
	window := []any{c.Hash, deployment, map[string]string{
		"hour": at.Format("2006-01-02 15"), "day": at.Format("2006-01-02"), "month": at.Format("2006-01"), "ever": "",
	}[w.Per]}
	for _, name := range w.By {
		window = append(window, vars[name])
	}
	return secondCall{c, deployment, at, fmt.Sprintf("%#v", window), fmt.Sprintf("%#v", vars[w.Count]), e.many()}
}

// forget drops all that was counted.
func (s *second) forget() {
	clear(s.counts)
	s.calls = nil
}

// result gives all counts, with what calls amount to together: one after another in the
// order of time, with all that was seen kept in maps.
func (s *second) result() (map[string][3]int64, error) {
	out := maps.Clone(s.counts)
	type state struct {
		n      int64
		values map[string]bool
		last   time.Time
	}
	states := map[string]*state{}
	slices.SortStableFunc(s.calls, func(a, b secondCall) int { return a.at.Compare(b.at) })
	for _, call := range s.calls {
		now := states[call.window]
		if now == nil {
			now = &state{values: map[string]bool{}, last: call.at}
			states[call.window] = now
		}
		for range call.many {
			count, weigh := int64(0), false
			switch s.windows[call.c].Count {
			case "calls":
				now.n++
				count, weigh = now.n, true
			case "quiet_hours":
				count = int64(call.at.Truncate(time.Hour).Sub(now.last.Truncate(time.Hour))/time.Hour) - 1
				weigh, now.last = count >= 0, call.at
			default:
				if weigh = !now.values[call.value]; weigh {
					now.values[call.value] = true
					now.n++
				}
				count = now.n
			}
			if !weigh {
				continue
			}
			answer, _, err := s.rules[call.c][1].Eval(map[string]any{"window.count": count})
			if err != nil {
				return nil, err
			}
			if answer.Value() == true {
				key := secondKey(call.c, call.deployment, call.at)
				n := out[key]
				n[1]++
				out[key] = n
			}
		}
	}
	return out, nil
}

// differs tells where counts are others than the second's.
func (s *second) differs(counts []usage.Count) string {
	want, err := s.result()
	if err != nil {
		return err.Error()
	}
	var out []string
	got := map[string][3]int64{}
	for _, c := range counts {
		got[c.Condition+" "+c.ConditionHash[:8]+" "+c.Deployment+" "+c.Day] = [3]int64{c.Exposures, c.Deviations, c.Unknown}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if n, ok := got[k]; !ok || n != want[k] {
			out = append(out, fmt.Sprintf("%s: %v, the second says %v", k, n, want[k]))
		}
		delete(got, k)
	}
	if len(got) > 0 {
		out = append(out, fmt.Sprintf("the second does not have %v", got))
	}
	return strings.Join(out, "\n")
}

// told gives all counts as those of a workspace are told, of all its deployments.
func (s *second) told(t testing.TB) string {
	t.Helper()
	counts, err := s.result()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for key, n := range counts {
		words := strings.Fields(key)
		out = append(out, fmt.Sprintf("%s %s %d/%d/%d", words[0], words[3], n[0], n[1], n[2]))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
