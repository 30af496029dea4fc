package usage

import (
	"bytes"
	"math/bits"
)

// maxWrapped bounds how deep within what other tools write events are looked for.
const maxWrapped = 8

// wrapping looks for the events within one value that is none itself: tools that ship
// logs put each into an object of their own, as an object, in a list, or as a text that
// holds JSON. They are told by what they have, whatever the members around them are
// called.
type wrapping struct {
	r     *reader
	inner *projector
	found bool // whether there was an event
	ended bool // whether reading must end
}

// unwrap hands on the events within the value that was parsed last. It says whether
// there was any, and whether reading goes on.
func (r *reader) unwrap() (found, ok bool) {
	w := &wrapping{r: r, inner: newProjector(r.shapes)}
	w.within(r.buf[r.from:r.pos], 0)
	return w.found, !w.ended
}

// value looks at a value within another.
func (w *wrapping) value(raw []byte, level int) {
	if w.ended || level > maxWrapped {
		return
	}
	if raw[0] == '{' {
		p := w.inner
		p.buf, p.pos, p.more, p.why = raw, 0, false, ""
		whole := p.read(false)
		if p.eventful() {
			w.found = true
			if !whole {
				p.unfit = "holds an event that is cut off, or is not JSON"
			}
			w.ended = !w.r.use(p)
			return
		}
	}
	w.within(raw, level)
}

// within looks at all values within one.
func (w *wrapping) within(raw []byte, level int) {
	s := scanner{buf: raw}
	next := func() bool {
		if _, ok := s.peek(); !ok {
			return false
		}
		start := s.pos
		if !s.value(level) { // a text that was cut off
			if c := raw[start]; c == '{' || c == '[' {
				w.value(raw[start:], level+1)
			}
			return false
		}
		w.value(raw[start:s.pos], level+1)
		return !w.ended
	}
	switch raw[0] {
	case '{':
		s.object(0, func(member) bool { return next() })
	case '[':
		s.pos++
		for c, ok := s.peek(); ok && c != ']'; c, ok = s.peek() {
			if c == ',' {
				s.pos++
			} else if !next() {
				return
			}
		}
	case '"':
		w.text(unquote(raw[1:len(raw)-1]), level)
	}
}

// text looks at JSON values one after another.
func (w *wrapping) text(raw []byte, level int) {
	for !w.ended {
		raw = bytes.TrimLeft(raw, " \t\r\n")
		if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
			return
		}
		s := scanner{buf: raw}
		if !s.value(0) {
			s.pos = len(raw)
		}
		w.value(raw[:s.pos], level+1)
		raw = raw[s.pos:]
	}
}

// eventful says whether what was read has enough of an event's members to be one,
// though it stands where anything may.
func (p *projector) eventful() bool {
	const marks = 1<<mID | 1<<mTime | 1<<mSource | 1<<mName | 1<<mVersion
	return !p.wraps && bits.OnesCount32(p.seen&marks) >= 2
}
