package usage

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth bounds the nesting of one event. CloudTrail's own events stay under 20.
const maxDepth = 128

// scanner walks JSON text that may not be all there yet. Every method moves pos
// past what it read and gives true; when it gives false, either more is set (the
// text ends too early) or why says what is wrong at pos. It checks the whole
// grammar of RFC 8259 except that text in UTF-8 is valid, which is checked only
// where text is taken out.
type scanner struct {
	buf  []byte
	pos  int
	more bool
	why  string

	escaped bool // whether the last text has an escape
}

func (s *scanner) bad(why string) bool {
	s.why = why
	return false
}

func (s *scanner) short() bool {
	s.more = true
	return false
}

// wrong says why what stands at i, after white space, cannot stand there; false.
func (s *scanner) wrong(i int, why string) bool {
	s.pos = i
	if _, ok := s.peek(); !ok {
		return false
	}
	return s.bad(why)
}

// peek skips white space and gives the next byte without moving past it.
func (s *scanner) peek() (byte, bool) {
	s.pos = space(s.buf, s.pos)
	if s.pos == len(s.buf) {
		return 0, s.short()
	}
	c := s.buf[s.pos]
	if c < ' ' {
		return 0, s.bad("has a control character outside a text")
	}
	return c, true
}

// space gives the index of the first byte at or after i that is not white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// expect skips white space and moves past one given byte.
func (s *scanner) expect(want byte, why string) bool {
	c, ok := s.peek()
	if !ok {
		return false
	}
	if c != want {
		return s.bad(why)
	}
	s.pos++
	return true
}

// What is wrong with text that is no JSON.
const (
	badValue  = "has something that is not a JSON value"
	badName   = "has a member without a name in quotes"
	badColon  = "has a name without a colon after it"
	badMember = "has a member that is not followed by a comma or a closing brace"
	badItem   = "has an item that is not followed by a comma or a closing bracket"
	tooDeep   = "is nested too deeply"
)

// value moves past one value of any kind. depth counts the objects and arrays around
// it. It does not call itself for what a value holds, and keeps its place in registers.
func (s *scanner) value(depth int) bool {
	b, i, top := s.buf, s.pos, depth
	var open [maxDepth / 64]uint64 // of what is open around i, a bit for each object
	object, name := false, false   // whether i is within an object, and before a name
	for {
		if i = space(b, i); i == len(b) {
			return s.wrong(i, badValue)
		}
		if name {
			s.pos, name = i, false
			if _, ok := s.passName(); !ok {
				return false
			}
			if i = space(b, s.pos); i == len(b) {
				return s.wrong(i, badValue)
			}
		}
		switch c := b[i]; c {
		case '"':
			s.pos = i
			if _, ok := s.text(); !ok {
				return false
			}
			i = s.pos
		case '{', '[':
			if depth >= maxDepth {
				return s.wrong(i, tooDeep)
			}
			i = space(b, i+1)
			if i < len(b) && b[i] == c+2 { // its closing bracket
				i++
				break
			}
			object = c == '{'
			name = object
			open[depth/64] &^= 1 << (depth % 64)
			if object {
				open[depth/64] |= 1 << (depth % 64)
			}
			depth++
			continue
		default:
			s.pos = i
			if !s.atom() {
				return false
			}
			i = s.pos
		}
		for { // past what ends here, up to the next name or value
			if depth == top {
				s.pos = i
				return true
			}
			if i = space(b, i); i == len(b) {
				return s.wrong(i, badValue)
			}
			c := b[i]
			if c == ',' {
				i++
				name = object
				break
			}
			switch {
			case object && c != '}':
				return s.wrong(i, badMember)
			case !object && c != ']':
				return s.wrong(i, badItem)
			}
			i++
			depth--
			object = depth > top && open[(depth-1)/64]>>((depth-1)%64)&1 != 0
		}
	}
}

// atom moves past a number or one of the three words.
func (s *scanner) atom() bool {
	switch c := s.buf[s.pos]; {
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	return s.wrong(s.pos, badValue)
}

// object moves past an object. each is called after every name, and must move past
// the value. depth counts the objects and arrays around this one.
func (s *scanner) object(depth int, each func(member) bool) bool {
	if depth >= maxDepth {
		return s.bad(tooDeep)
	}
	s.pos++ // the brace, which the caller saw
	c, ok := s.peek()
	if !ok {
		return false
	}
	if c == '}' {
		s.pos++
		return true
	}
	for {
		m, ok := s.nextName()
		if !ok || !each(m) {
			return false
		}
		if c, ok = s.peek(); !ok {
			return false
		}
		switch c {
		case '}':
			s.pos++
			return true
		case ',':
			s.pos++
		default:
			return s.bad(badMember)
		}
	}
}

func (s *scanner) literal(want string) bool {
	have := s.buf[s.pos:min(len(s.buf), s.pos+len(want))]
	if string(have) != want[:len(have)] {
		return s.bad(badValue)
	}
	if len(have) < len(want) {
		return s.short()
	}
	s.pos += len(want)
	return true
}

func (s *scanner) number() bool {
	i := s.pos
	if s.buf[i] == '-' {
		i++
	}
	first := i
	i = s.digits(i)
	switch {
	case i == len(s.buf):
		return s.short()
	case i == first:
		return s.bad("has a minus sign without a number")
	case s.buf[first] == '0' && i > first+1:
		return s.bad("has a number that begins with 0")
	}
	if s.buf[i] == '.' {
		first = i + 1
		if i = s.digits(first); i < len(s.buf) && i == first {
			return s.bad("has a number without digits after the point")
		}
	}
	if i < len(s.buf) && s.buf[i]|0x20 == 'e' {
		i++
		if i < len(s.buf) && (s.buf[i] == '+' || s.buf[i] == '-') {
			i++
		}
		first = i
		if i = s.digits(first); i < len(s.buf) && i == first {
			return s.bad("has a number without digits in its exponent")
		}
	}
	if i == len(s.buf) { // more digits may follow; within an event something always does
		return s.short()
	}
	s.pos = i
	return true
}

func (s *scanner) digits(i int) int {
	for i < len(s.buf) && s.buf[i] >= '0' && s.buf[i] <= '9' {
		i++
	}
	return i
}

// text moves past a string and gives what stands between its quotes, escapes
// and all.
func (s *scanner) text() (body []byte, ok bool) {
	start := s.pos + 1
	i := start
	s.escaped = false
	for {
		i = plain(s.buf, i)
		if i >= len(s.buf) {
			return nil, s.short()
		}
		switch s.buf[i] {
		case '"':
			s.pos = i + 1
			return s.buf[start:i], true
		case '\\':
			n := escape(s.buf[i:])
			if n == 0 {
				return nil, s.short()
			}
			if n < 0 {
				s.pos = i
				return nil, s.bad("has an escape that JSON does not know")
			}
			i += n
			s.escaped = true
		default:
			s.pos = i
			return nil, s.bad("has a control character within a text")
		}
	}
}

// plain gives the index of the first quote, backslash or control character at or
// after i, or len(b).
func plain(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if found := special(binary.LittleEndian.Uint64(b[i : i+8])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
}

// special gives the high bits of quotes, backslashes and control characters among eight
// bytes, of which the lowest is never a false one: a byte x below n has its high bit set
// in (x-n)&^x, and to be 0 after xor is to be below 1.
func special(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((quote - ones) | (slash - ones) | (w - ones*' ')) &^ w & highs
}

// escape gives the length of the escape that b begins with, 0 when b ends too
// early to tell, -1 when it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for _, c := range b[2:min(6, len(b))] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		if len(b) < 6 {
			return 0
		}
		return 6
	}
	return -1
}
