package conditions

import (
	"encoding/binary"
	"slices"

	"duly/internal/rule"
)

// Bounds of what is remembered.
const (
	maxRecalled = 1 << 13 // different readings of the calls of one set
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
}

// recalled is what is remembered for the conditions of one set.
type recalled struct {
	of      *vocabulary
	answers map[string][]answer // by group, and the bytes of the call that its rules read; of each condition

	read     bool // the call at hand, into all below
	recorded bool
	found    [][]found  // by parameter
	values   []*value   // by parameter; nil until a rule asks
	now      [][]answer // by group; nil until a condition is asked
	key      []byte
}

// answer is that of one condition. The zero answer is that it was not asked.
type answer struct {
	asked               bool
	exposure, deviation rule.Tri
}

type value struct {
	is    any
	known bool
}

// vocabulary is the parameters of a set, by place, and the groups of its conditions
// whose rules read the same of a call.
type vocabulary struct {
	params []*parameter
	groups []group
}

type group struct {
	reads  []int
	region bool
	size   int
}

// group gives a condition its place among those that read the same.
func (v *vocabulary) group(reads []int, region bool) (which, at int) {
	which = slices.IndexFunc(v.groups, func(g group) bool { return g.region == region && slices.Equal(g.reads, reads) })
	if which < 0 {
		which = len(v.groups)
		v.groups = append(v.groups, group{reads: reads, region: region})
	}
	v.groups[which].size++
	return which, v.groups[which].size - 1
}

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
	a := &s.group(c.group, r.call)[c.at]
	if a.asked {
		return a.exposure, a.deviation, nil
	}
	exposure, deviation, err = c.judge(func(name string) (any, bool) { return s.lookup(c, r.call, name) })
	if err == nil {
		*a = answer{true, exposure, deviation}
	}
	return exposure, deviation, err
}

// group gives what is remembered of the conditions of a group about the call at hand.
func (s *recalled) group(which int, call *Call) []answer {
	if now := s.now[which]; now != nil {
		return now
	}
	s.key = s.bytes(binary.AppendUvarint(s.key[:0], uint64(which)), &s.of.groups[which], call)
	now, ok := s.answers[string(s.key)]
	if !ok {
		now = make([]answer, s.of.groups[which].size)
		if len(s.answers) == maxRecalled {
			clear(s.answers)
		}
		if len(s.key) <= maxRecall {
			s.answers[string(s.key)] = now
		}
	}
	s.now[which] = now
	return now
}

func (r *Recall) set(words *vocabulary) *recalled {
	for _, s := range r.sets {
		if s.of == words {
			return s
		}
	}
	n := len(words.params)
	s := &recalled{
		of: words, answers: map[string][]answer{}, found: make([][]found, n), values: make([]*value, n),
		now: make([][]answer, len(words.groups)),
	}
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
	clear(s.now)
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

// bytes appends all that the answers of a group depend on. No text of JSON has a byte
// below 3.
func (s *recalled) bytes(dst []byte, g *group, call *Call) []byte {
	dst = sized(sized(dst, call.Source), call.Name)
	if g.region {
		dst = sized(dst, call.Region)
	}
	if !s.recorded {
		return append(dst, 0)
	}
	for _, i := range g.reads {
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
