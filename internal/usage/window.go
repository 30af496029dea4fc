package usage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"duly/internal/conditions"
	"duly/internal/rule"
)

// scope is a condition in a deployment, and what its calls are known from: what is
// counted together over days.
type scope struct{ deployment, hash, basis string }

func (s scope) String() string { return identity(s.deployment, s.hash, s.basis) }

func parseScope(text string) (s scope) {
	parts := strings.Split(text, "|")
	if len(parts) == 3 {
		s = scope{parts[0], parts[1], parts[2]}
	}
	return s
}

// on gives the identity of the scope's count on a day.
func (s scope) on(day string) string { return identity(s.deployment, s.hash, day, s.basis) }

// scopeOf gives the scope of a count's identity, and the day.
func scopeOf(id string) (s scope, day string) {
	parts := strings.Split(id, "|")
	if len(parts) == 4 {
		s, day = scope{parts[0], parts[1], parts[3]}, parts[2]
	}
	return s, day
}

// windowKey is what an object adds to windows by.
type windowKey struct {
	cond, deployment int
	part             conditions.Part
}

// observed is what an object adds to one window.
type observed struct {
	scope scope
	keep  int64 // days
	part  conditions.Part
	calls int64
	seen  Sighting // of these calls: see [byLast]
}

// observe adds a call to the state of its window. It says what the call by itself
// shows: no deviation, or that nobody can tell.
func (j *judge) observe(cond, d int, call *conditions.Call, e *event, exposure rule.Tri, here Sighting) rule.Tri {
	c := &j.m.conds[cond]
	w := c.Windowed()
	switch {
	case exposure != rule.True, e.metered && !w.Daily(), floor(e.time.Unix(), 24*hour) <= c.dropped[d]:
		return rule.Unknown
	case e.calls == 0:
		return rule.False
	}
	part, ok := c.Observe(j.m.secret, identity(j.m.deployments[d].ID, j.m.basis()), call, e.time)
	if !ok {
		return rule.Unknown
	}
	k := windowKey{cond, d, part}
	o := j.windows[k]
	if o == nil {
		o = &observed{scope{j.m.deployments[d].ID, c.Hash, j.m.basis()}, int64(w.KeepDays), part, 0, here}
		j.windows[k] = o
	}
	o.calls += e.calls
	if byLast(w) == (here.compare(o.seen) > 0) {
		o.seen = here
	}
	return rule.False
}

// byLast says which of several calls is kept as the one that shows a part: the last of
// calls that are counted, which a bound is passed by; otherwise the first, which brought
// the value, or ended the silence.
func byLast(w *conditions.Window) bool { return w.Count == "calls" }

// observations gives what the object adds to windows, in a fixed order.
func (j *judge) observations() (out []observed) {
	for _, o := range j.windows {
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b observed) int {
		return cmp.Or(cmp.Compare(a.scope.String(), b.scope.String()), comparePart(a.part, b.part))
	})
	return out
}

func comparePart(a, b conditions.Part) int {
	return cmp.Or(slices.Compare(a.Window[:], b.Window[:]), cmp.Compare(a.Day, b.Day), slices.Compare(a.Item[:], b.Item[:]))
}

// windowState is the state of one window with the calls that show its parts.
type windowState struct {
	parts conditions.State
	seen  map[conditions.Part]Sighting
}

func newWindowState() windowState {
	return windowState{conditions.State{}, map[conditions.Part]Sighting{}}
}

func (s *windowState) add(w *conditions.Window, p conditions.Part, calls int64, seen Sighting) {
	s.parts[p] += calls
	if was, ok := s.seen[p]; !ok || byLast(w) == (seen.compare(was) > 0) {
		s.seen[p] = seen
	}
}

// beyond is how often windows of a scope stood beyond the bound on one day.
type beyond struct {
	conditions.Beyond
	windows     int64
	first, last Sighting // of those calls of the day in these windows that are kept: see byLast
}

// weigh gives what a window's state amounts to, by day.
func (s *windowState) weigh(c *cond) map[int64]beyond {
	out := map[int64]beyond{}
	for day, b := range c.Deviations(s.parts) {
		out[day] = beyond{Beyond: b, windows: 1}
	}
	for p, seen := range s.seen {
		if b, ok := out[p.Day]; ok {
			one := beyond{first: seen, last: seen}
			one.merge(b)
			out[p.Day] = one
		}
	}
	return out
}

// merge adds what other windows of the same scope and day amount to.
func (b *beyond) merge(o beyond) {
	b.Times += o.Times
	b.Reached = max(b.Reached, o.Reached)
	b.windows += o.windows
	if b.first == (Sighting{}) || o.first != (Sighting{}) && o.first.compare(b.first) < 0 {
		b.first = o.first
	}
	if o.last.compare(b.last) > 0 {
		b.last = o.last
	}
}

// evidence says what was counted, and how far the count went.
func (b *beyond) evidence(w *conditions.Window) []conditions.Field {
	return []conditions.Field{
		{Name: "window", Value: w.Counts()},
		{Name: "window.count", Value: fmt.Sprint(b.Reached)},
		{Name: "windows", Value: fmt.Sprint(b.windows)},
	}
}

// windowed gives the monitor's condition of a hash, if it counts calls together.
func (m *Monitor) windowed(hash string) *cond {
	for i := range m.conds {
		if c := &m.conds[i]; c.Hash == hash && c.Windowed() != nil {
			return c
		}
	}
	return nil
}

// counts says whether a condition of the monitor counts calls together.
func (m *Monitor) counts() bool {
	return slices.ContainsFunc(m.conds, func(c cond) bool { return c.Windowed() != nil })
}

// windows is the state of many windows, in memory.
type windows map[scope]map[conditions.Mark]windowState

func (w windows) add(m *Monitor, list []observed) {
	for _, o := range list {
		c := m.windowed(o.scope.hash)
		if w[o.scope] == nil {
			w[o.scope] = map[conditions.Mark]windowState{}
		}
		s, ok := w[o.scope][o.part.Window]
		if !ok {
			s = newWindowState()
			w[o.scope][o.part.Window] = s
		}
		s.add(c.Windowed(), o.part, o.calls, o.seen)
	}
}

// weigh gives what all windows of a scope amount to, by day.
func (w windows) weigh(c *cond, s scope) map[int64]beyond {
	sum := map[int64]beyond{}
	for _, state := range w[s] {
		for day, b := range state.weigh(c) {
			b.merge(sum[day])
			sum[day] = b
		}
	}
	return sum
}

// beyond gives the finding of windows that stood beyond their bound on a day.
func (m *Monitor) beyond(c *cond, deployment, day string, b *beyond, assumed []string) Finding {
	f := m.finding(c, deployment, day)
	f.Calls, f.First, f.Last, f.Evidence, f.Assumed = b.Times, b.first, b.last, b.evidence(c.Windowed()), assumed
	return f
}
