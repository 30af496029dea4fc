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

// String says in words what is counted, and how it is kept.
func (w *Window) String() string {
	return fmt.Sprintf("%s; the state is kept for %d days under keyed hashes", w.Counts(), w.KeepDays)
}

// Counts says in words what is counted.
func (w *Window) Counts() string {
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
	return of
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

// Part is what calls add to one window on one day. Calls with the same part add up, so
// that states of different objects do, whatever their order.
type Part struct {
	Window Mark
	Day    int64 // since 1970-01-01, UTC
	Item   Mark  // of values, the value's mark; of quiet hours, the hour of the day; of calls, nothing
}

// State is what is kept of one window: how many calls had which part.
type State map[Part]int64

// Beyond says how often a window's count stood where the condition does not allow it
// on one day: the calls beyond the bound, the different values beyond it, or the
// stretches that were too quiet. Reached is the highest count of the day.
type Beyond struct{ Times, Reached int64 }

// Windowed says whether calls are counted together, and how; nil when each call is
// judged by itself.
func (c *Condition) Windowed() *Window { return c.window }

// Daily says whether it is enough to know how many calls there were on a day, which is
// all that a meter says.
func (w *Window) Daily() bool { return w.Count == countCalls && len(w.By) == 0 && w.Per != "hour" }

// Observe gives what a call adds to which window. The caller has found the call to be
// exposure; whose names the deployment, and secret keys the marks. The answer is false
// when the call does not record what the window needs: then it is unknown.
func (c *Condition) Observe(secret []byte, whose string, call *Call, at time.Time) (p Part, ok bool) {
	at = at.UTC()
	parts := []string{"duly/window/1", c.Hash, whose, at.Format(periods[c.window.Per])}
	for _, name := range c.window.By {
		v, ok := c.lookup(call, name)
		if !ok {
			return Part{}, false
		}
		parts = append(parts, distinct(v))
	}
	p = Part{Window: mark(secret, parts...), Day: floor(at.Unix(), 24*60*60)}
	switch c.window.Count {
	case countCalls:
	case countQuiet:
		p.Item[0] = byte(at.Hour())
	default:
		v, ok := c.lookup(call, c.window.Count)
		if !ok {
			return Part{}, false
		}
		p.Item = mark(secret, "duly/window-value/1", string(p.Window[:]), distinct(v))
	}
	return p, true
}

// distinct writes a value so that no two are written alike: for people, the list of "a" and
// "b" reads as that of "a; b".
func distinct(v any) string {
	if list, ok := v.([]string); ok {
		return fmt.Sprintf("%q", list)
	}
	return text(v)
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

// stretch is the part of one day in which the count went through the values from..to.
type stretch struct{ day, from, to int64 }

// steps gives through which values a window's count went on which day. They depend on
// what the window holds and not on the order in which it came.
func (w *Window) steps(s State) (out []stretch) {
	if w.Count == countQuiet {
		hours := map[int64]bool{}
		for p := range s {
			hours[p.Day*24+int64(p.Item[0])] = true
		}
		seen := slices.Sorted(maps.Keys(hours))
		for i := 1; i < len(seen); i++ {
			quiet := seen[i] - seen[i-1] - 1
			out = append(out, stretch{floor(seen[i], 24), quiet, quiet})
		}
		return out
	}
	perDay, first := map[int64]int64{}, map[Mark]int64{}
	for p, calls := range s {
		if w.Count == countCalls {
			perDay[p.Day] += calls
		} else if day, ok := first[p.Item]; !ok || p.Day < day {
			first[p.Item] = p.Day
		}
	}
	for _, day := range first {
		perDay[day]++
	}
	var n int64
	for _, day := range slices.Sorted(maps.Keys(perDay)) {
		out = append(out, stretch{day, n + 1, n + perDay[day]})
		n += perDay[day]
	}
	return out
}

// Deviations gives by day where a window's count stood beyond what the condition allows.
func (c *Condition) Deviations(s State) map[int64]Beyond {
	out := map[int64]Beyond{}
	for _, st := range c.window.steps(s) {
		if n := c.within(st.from, st.to); n > 0 {
			b := out[st.day]
			out[st.day] = Beyond{b.Times + n, max(b.Reached, st.to)}
		}
	}
	return out
}

// within gives for how many counts from..to the rule holds. Between the constants that
// it compares with, its answer does not change, so one count stands for many.
func (c *Condition) within(from, to int64) (n int64) {
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
			panic("conditions: a rule fails that was found not to when it was loaded: " + err.Error())
		}
		if answer == rule.True {
			n += end - from + 1
		}
		from = end + 1
	}
	return n
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
