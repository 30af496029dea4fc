package conditions

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"duly/internal/rule"
)

// Window says what is counted over several calls, where no single one shows whether a
// condition is kept: rates, repeated requests, different values, silence. Its state is
// kept under keyed hashes and for a time of its own, because the values that it tells
// apart may name cases and people.
type Window struct {
	By       []string `yaml:"by"`                 // parameters whose values are counted apart; deployments always are
	Count    string   `yaml:"count,required"`     // calls, quiet_hours, or the parameter whose different values are counted
	Per      string   `yaml:"per,required"`       // hour, day, month or ever, in UTC
	KeepDays int      `yaml:"keep_days,required"` // after its last day the state is kept so long; what comes then begins anew
}

// String says in words what is counted.
func (w *Window) String() string {
	of := map[string]string{countCalls: "calls", countQuiet: "whole hours without a call between two calls"}[w.Count]
	if of == "" {
		of = "different values of " + w.Count
	}
	for i, name := range append([]string{"deployment"}, w.By...) {
		of += []string{" by ", ", "}[min(i, 1)] + name
	}
	if w.Per != "ever" {
		of += ", per " + w.Per
	}
	return fmt.Sprintf("%s; the state is kept for %d days under keyed hashes", of, w.KeepDays)
}

// What a window counts beside different values of a parameter.
const (
	countCalls = "calls"
	countQuiet = "quiet_hours" // of each stretch between two calls, the whole hours without one
)

// counted is what the rule of a window reads.
const counted = "window.count"

// periods gives the layout that all times of one period share.
var periods = map[string]string{"hour": "2006-01-02T15", "day": time.DateOnly, "month": "2006-01", "ever": "-"}

// Mark is a keyed hash: who lacks the key can neither read nor guess what it stands for.
type Mark [sha256.Size]byte

// State is what is kept of one window in one deployment. Days and hours count from
// 1970-01-01 in UTC. The zero State is empty. States of different objects add up by
// [State.Merge], whatever their order.
type State struct {
	Calls map[int64]int64 // by day
	First map[Mark]int64  // of each different value, the first day
	Hours map[int64]bool  // hours with a call
}

// Windowed says whether calls are counted together, and how; nil when each call is
// judged by itself.
func (c *Condition) Windowed() *Window { return c.window }

// Observe adds a call to the state of its window and gives the mark of that window.
// The caller has found the call to be exposure; secret keys the marks. The answer is
// false when the call does not record what the window needs: then it is unknown, and
// nothing is added.
func (c *Condition) Observe(states map[Mark]*State, secret []byte, deployment string, call *Call, at time.Time) bool {
	at = at.UTC()
	parts := []string{"duly/window/1", c.Hash, deployment, at.Format(periods[c.window.Per])}
	for _, name := range c.window.By {
		v, ok := c.lookup(call, name)
		if !ok {
			return false
		}
		parts = append(parts, text(v))
	}
	window := mark(secret, parts...)
	var value Mark
	if name := c.window.Count; name != countCalls && name != countQuiet {
		v, ok := c.lookup(call, name)
		if !ok {
			return false
		}
		value = mark(secret, "duly/window-value/1", string(window[:]), text(v))
	}
	s := states[window]
	if s == nil {
		s = &State{}
		states[window] = s
	}
	s.add(c.window.Count, at, value)
	return true
}

func (s *State) add(count string, at time.Time, value Mark) {
	hour := floor(at.Unix(), 60*60)
	day := floor(hour, 24)
	one := &State{}
	switch count {
	case countCalls:
		one.Calls = map[int64]int64{day: 1}
	case countQuiet:
		one.Hours = map[int64]bool{hour: true}
	default:
		one.First = map[Mark]int64{value: day}
	}
	s.Merge(one)
}

func floor(n, by int64) int64 {
	if n%by < 0 {
		return n/by - 1
	}
	return n / by
}

// mark hashes parts under a key, each with its length, so that no two lists of parts
// run together.
func mark(secret []byte, parts ...string) (m Mark) {
	h := hmac.New(sha256.New, secret)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	h.Sum(m[:0])
	return m
}

// Merge adds what another state of the same window holds.
func (s *State) Merge(o *State) {
	for day, n := range o.Calls {
		if s.Calls == nil {
			s.Calls = map[int64]int64{}
		}
		s.Calls[day] += n
	}
	for value, day := range o.First {
		if s.First == nil {
			s.First = map[Mark]int64{}
		}
		if first, ok := s.First[value]; !ok || day < first {
			s.First[value] = day
		}
	}
	for hour := range o.Hours {
		if s.Hours == nil {
			s.Hours = map[int64]bool{}
		}
		s.Hours[hour] = true
	}
}

// Last gives the last day that a state has something of, as days since 1970-01-01.
func (s *State) Last() int64 {
	var last int64
	for day := range s.Calls {
		last = max(last, day)
	}
	for _, day := range s.First {
		last = max(last, day)
	}
	for hour := range s.Hours {
		last = max(last, floor(hour, 24))
	}
	return last
}

// stretch is the part of one day in which the count went through the values from..to.
type stretch struct{ day, from, to int64 }

// steps gives through which values a window's count went on which day. They depend on
// what the window holds and not on the order in which it came.
func (s *State) steps() []stretch {
	var out []stretch
	var n int64
	perDay := maps.Clone(s.Calls)
	for _, day := range s.First {
		if perDay == nil {
			perDay = map[int64]int64{}
		}
		perDay[day]++
	}
	for _, day := range slices.Sorted(maps.Keys(perDay)) {
		out = append(out, stretch{day, n + 1, n + perDay[day]})
		n += perDay[day]
	}
	hours := slices.Sorted(maps.Keys(s.Hours))
	for i := 1; i < len(hours); i++ {
		quiet := hours[i] - hours[i-1] - 1
		out = append(out, stretch{floor(hours[i], 24), quiet, quiet})
	}
	return out
}

// Deviations gives how often the count of a window stood where the condition does not
// allow it, by day: the calls beyond the bound, the different values beyond it, or the
// stretches that were too quiet.
func (c *Condition) Deviations(s *State) (map[int64]int64, error) {
	out := map[int64]int64{}
	for _, st := range s.steps() {
		n, err := c.within(st.from, st.to)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out[st.day] += n
		}
	}
	return out, nil
}

// within gives for how many counts from..to the rule holds. Between the constants that
// it compares with, its answer does not change, so one count stands for many.
func (c *Condition) within(from, to int64) (n int64, err error) {
	for from <= to {
		end := to
		if i, found := slices.BinarySearch(c.bounds, from); found {
			end = from
		} else if i < len(c.bounds) {
			end = min(to, c.bounds[i]-1)
		}
		count := from
		answer, err := c.deviation.Eval(func(string) (any, bool) { return count, true })
		if err != nil {
			return 0, err
		}
		if answer == rule.True {
			n += end - from + 1
		}
		from = end + 1
	}
	return n, nil
}

// windowed checks a window and its rule.
func (l *loader) windowed(c *Condition, w *clause, i int) error {
	reads := c.deviation != nil && slices.Contains(c.deviation.Vars(), counted)
	switch {
	case w.Window == nil && reads:
		return l.p.Fault(counted+" is counted by a window, and there is none", "say in window what is counted", "conditions", i, "deviation")
	case w.Window == nil:
		return nil
	case c.deviation == nil || len(c.deviation.Vars()) != 1 || !reads:
		return l.p.Fault("the rule of a window reads "+counted+" and nothing else", "narrow the calls in events", "conditions", i, "window")
	}
	in := c.deviation.Inspect()
	if in.Fails != nil || !in.Plain {
		return l.p.Fault("the rule of a window compares "+counted+" with whole numbers", "write "+counted+" > 2", "conditions", i, "deviation")
	}
	c.bounds = in.Bounds[counted]
	slices.Sort(c.bounds)
	c.bounds = slices.Compact(c.bounds)
	c.window = w.Window
	return l.counts(w.Window, i)
}

func (l *loader) counts(w *Window, i int) error {
	named := w.By
	if w.Count != countCalls && w.Count != countQuiet {
		named = append(slices.Clone(w.By), w.Count)
	}
	for _, name := range named {
		if l.params[name] == nil {
			return l.p.Fault(fmt.Sprintf("%q is not a parameter", name), "count calls, quiet_hours or a parameter, as in param.name", "conditions", i, "window")
		}
	}
	switch {
	case periods[w.Per] == "":
		return l.p.Fault(fmt.Sprintf("%q is no period", w.Per), "use hour, day, month or ever", "conditions", i, "window", "per")
	case w.Count == countQuiet && w.Per != "ever":
		return l.p.Fault("silence is not cut into periods", "write per: ever", "conditions", i, "window", "per")
	case w.KeepDays < 1 || w.KeepDays > 3660:
		return l.p.Fault("state is kept for at least 1 day and for at most 3660", "keep it as long as the rule needs", "conditions", i, "window", "keep_days")
	}
	return nil
}
