package conditions

import (
	"encoding/binary"

	"duly/internal/rule"
)

// Bounds of what is remembered.
const (
	maxRecalled = 1 << 13 // answers about the conditions of one set
	maxRecall   = 256     // bytes of what an answer depends on
)

// Recall judges calls as [Condition.Judge] does, and remembers answers. A customer's
// calls repeat each other in the few parameters that rules read, and a rule gives the
// same answer for the same values: so rules are evaluated for values that were not met
// before. It reads each call's parameters once for all conditions of a set. It is for
// one goroutine; the zero Recall is ready.
type Recall struct {
	call *Call
	sets []*recalled
	key  []byte
}

// recalled is what is remembered for the conditions of one set.
type recalled struct {
	of      *vocabulary
	answers map[string]answer // by condition, and the bytes of the call that its rules read

	read     bool // the call at hand, into all below
	recorded bool
	found    [][]found // by parameter
	values   []*value  // by parameter; nil until a rule asks
}

type answer struct{ exposure, deviation rule.Tri }

type value struct {
	is    any
	known bool
}

// vocabulary is the parameters of a set, by place.
type vocabulary struct{ params []*parameter }

// About sets the call that is judged from now on. It must not change meanwhile.
func (r *Recall) About(call *Call) {
	r.call = call
	for _, s := range r.sets {
		s.read = false
	}
}

// Judge gives what c.Judge gives for the call.
func (r *Recall) Judge(c *Condition) (exposure, deviation rule.Tri, err error) {
	if c.events == nil || r.call.ErrorCode != "" {
		return rule.False, rule.False, nil
	}
	s := r.set(c.words)
	if !s.read {
		s.take(r.call)
	}
	r.key = s.key(r.key[:0], c, r.call)
	if a, ok := s.answers[string(r.key)]; ok {
		return a.exposure, a.deviation, nil
	}
	exposure, deviation, err = c.judge(func(name string) (any, bool) { return s.lookup(c, r.call, name) })
	if err == nil && len(r.key) <= maxRecall {
		if len(s.answers) == maxRecalled {
			clear(s.answers)
		}
		s.answers[string(r.key)] = answer{exposure, deviation}
	}
	return exposure, deviation, err
}

func (r *Recall) set(words *vocabulary) *recalled {
	for _, s := range r.sets {
		if s.of == words {
			return s
		}
	}
	n := len(words.params)
	s := &recalled{of: words, answers: map[string]answer{}, found: make([][]found, n), values: make([]*value, n)}
	for i, p := range words.params {
		s.found[i] = make([]found, len(p.paths))
	}
	r.sets = append(r.sets, s)
	return s
}

// take finds all parameters of a call in one walk.
func (s *recalled) take(call *Call) {
	s.read, s.recorded = true, recorded(call.Params)
	clear(s.values)
	for _, at := range s.found {
		for j := range at {
			at[j] = found{at[j].raw[:0], s.recorded}
		}
	}
	if !s.recorded {
		return
	}
	whole := items(call.Params, func(name, value []byte) {
		plain, ok := unquoted(name)
		if !ok {
			return
		}
		for i, p := range s.of.params {
			for j, at := range p.paths {
				if f := &s.found[i][j]; f.ok && same(plain, at[0].name) {
					f.raw, f.ok = at.into(value, f.raw)
				}
			}
		}
	})
	for _, at := range s.found {
		for j := range at {
			at[j].ok = at[j].ok && whole
		}
	}
}

// key appends all that the answer about a condition depends on. No text of JSON has a
// byte below 3.
func (s *recalled) key(dst []byte, c *Condition, call *Call) []byte {
	dst = append(dst, byte(c.at), byte(c.at>>8))
	dst = sized(sized(dst, call.Source), call.Name)
	if c.region {
		dst = sized(dst, call.Region)
	}
	if !s.recorded {
		return append(dst, 0)
	}
	for _, i := range c.reads {
		for _, f := range s.found[i] {
			if !f.ok {
				dst = append(dst, 2)
				continue
			}
			dst = append(dst, 1)
			for _, raw := range f.raw {
				dst = append(append(dst, raw...), 0)
			}
		}
	}
	return dst
}

// sized appends a text and, before it, its length.
func sized(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func (s *recalled) lookup(c *Condition, call *Call, name string) (any, bool) {
	p, ok := c.params[name]
	if !ok {
		return call.field(name)
	}
	v := s.values[p.at]
	if v == nil {
		is, origin := p.from(call.Name, s.recorded, s.found[p.at])
		v = &value{is, origin != unrecorded}
		s.values[p.at] = v
	}
	return v.is, v.known
}
