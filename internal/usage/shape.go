package usage

import (
	"encoding/binary"
	"math/bits"
)

// Bounds of the shapes that are remembered.
const (
	maxShapes = 4 << 20 // bytes of all
	maxNext   = 64      // places that may come after one
	spotSize  = 128     // bytes of a place beside its text
)

// shapes remembers the shapes of events: all of their text but the texts and numbers in
// it. Events of one log have few shapes. Text of a shape that was once read by the
// grammar, with other texts and numbers in the same places, is as valid and means the
// same: so it is compared instead of being read. What has another shape is read by the
// grammar and remembered; nothing else depends on the memory.
type shapes struct {
	alone, record spot // where events begin, by how they stand
	size          int  // bytes, about
}

// spot is where a text or a number begins in an event, or where the event ends.
type spot struct {
	before   string // what stands between it and the place before it
	kind     spotKind
	is       member // the member of which it is the text
	from, to int    // where in before the parameters begin and end; -1 elsewhere
	seen     uint32 // at the end: members of the event
	next     []*spot
}

type spotKind int8

const (
	ofText spotKind = iota
	ofNumber
	ofEnd
)

// follow gives the place after one, of the text at i; nil when none fits.
func (at *spot) follow(b []byte, i int) *spot {
	for n, next := range at.next {
		end := i + len(next.before)
		if end > len(b) || string(b[i:end]) != next.before {
			continue
		}
		if next.kind != ofNumber || end < len(b) && numeric(b[end]) {
			if n > 0 { // the last first
				copy(at.next[1:n+1], at.next[:n])
				at.next[0] = next
			}
			return next
		}
	}
	return nil
}

// known reads an event of a shape that is remembered. On false nothing is known.
func (p *projector) known(at *spot) bool {
	b, i, from := p.buf, space(p.buf, p.pos), 0
	for {
		if at = at.follow(b, i); at == nil {
			return false
		}
		if at.from >= 0 {
			from = i + at.from
		}
		if at.to >= 0 {
			p.params = b[from : i+at.to]
		}
		i += len(at.before)
		switch at.kind {
		case ofEnd:
			p.pos, p.seen, p.kind = i, at.seen, isEvent
			return true
		case ofNumber:
			p.pos = i
			if i == len(b) || !p.number() {
				return false
			}
			i = p.pos
		default:
			start := i
			for ; i+8 <= len(b); i += 8 {
				if found := special(binary.LittleEndian.Uint64(b[i : i+8])); found != 0 {
					i += bits.TrailingZeros64(found) / 8
					break
				}
			}
			p.escaped = false
			if i >= len(b) || b[i] != '"' {
				p.pos = start - 1
				if _, ok := p.text(); !ok {
					return false
				}
				i = p.pos - 1
			}
			if at.is != mOther {
				p.keep(at.is, b[start:i])
			}
		}
	}
}

// learn remembers the shape of an event that was read by the grammar, and can be used.
// root is where it began, start its first byte.
func (p *projector) learn(root *spot, start int) {
	l := learner{p: p, at: root, last: start}
	for i := start; i < p.pos && l.at != nil; {
		switch c := p.buf[i]; {
		case c == '"':
			i = l.text(i)
		case numeric(c):
			l.add(i, spot{kind: ofNumber})
			for i++; numeric(p.buf[i]) || p.buf[i] == '.' || p.buf[i] == '+' || p.buf[i]|0x20 == 'e'; i++ {
			}
			l.last = i
		default:
			l.other(c)
			i++
		}
	}
	if l.at != nil {
		l.add(p.pos, spot{kind: ofEnd, seen: p.seen})
	}
}

func numeric(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

// learner goes over the text of a valid event.
type learner struct {
	p        *projector
	at       *spot
	last     int // where what stands before the next place begins
	depth    int
	identity bool   // whether the object of depth 2 that is open is the caller's
	name     member // whose value comes next
}

// text passes a name or a text, and gives where it ends.
func (l *learner) text(i int) int {
	b, end := l.p.buf, i+1
	escaped := false
	for b[end] != '"' {
		if b[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	body := b[i+1 : end]
	end++
	if after := space(b, end); b[after] == ':' {
		if escaped {
			body = unquote(body)
		}
		l.name = mOther
		if m := memberOf(body); l.depth == 1 && m != mCaller || l.depth == 2 && l.identity && m == mCaller {
			l.name = m
		}
		return after + 1
	}
	l.add(i+1, spot{kind: ofText, is: l.name})
	l.last = end - 1
	return end
}

// other passes a byte that belongs to no text and no number.
func (l *learner) other(c byte) {
	switch c {
	case '{', '[':
		if l.depth++; l.depth == 2 {
			l.identity = c == '{' && l.name == mIdentity
		}
		l.name = mOther
	case '}', ']':
		l.depth--
	case ',':
		l.name = mOther
	}
}

// add moves on to the place at i; to none when there are too many.
func (l *learner) add(i int, next spot) {
	next.before, next.from, next.to = string(l.p.buf[l.last:i]), -1, -1
	if from := l.p.paramsFrom; l.p.params != nil && from >= l.last && from <= i {
		next.from = from - l.last
	}
	if to := l.p.paramsFrom + len(l.p.params); l.p.params != nil && to >= l.last && to <= i {
		next.to = to - l.last
	}
	if l.p.field(next.is) == nil {
		next.is = mOther
	}
	for _, known := range l.at.next {
		if known.before == next.before && known.kind == next.kind {
			l.at = known
			return
		}
	}
	size := l.p.shapes.size + len(next.before) + spotSize
	if size > maxShapes || len(l.at.next) == maxNext {
		l.at = nil
		return
	}
	l.p.shapes.size = size
	l.at.next = append(l.at.next, &next)
	l.at = &next
}
