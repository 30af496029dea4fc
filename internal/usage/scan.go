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

// peek skips white space and gives the next byte without moving past it.
func (s *scanner) peek() (byte, bool) {
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		if c > ' ' {
			return c, true
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return 0, s.bad("has a control character outside a text")
		}
		s.pos++
	}
	return 0, s.short()
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

// value moves past one value of any kind.
func (s *scanner) value(depth int) bool {
	c, ok := s.peek()
	if !ok {
		return false
	}
	switch c {
	case '"':
		_, ok := s.text()
		return ok
	case '{':
		return s.object(depth, nil)
	case '[':
		return s.array(depth)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	if c == '-' || c >= '0' && c <= '9' {
		return s.number()
	}
	return s.bad("has something that is not a JSON value")
}

// object moves past an object. Where member is given, it is called after each
// name with the name as it stands between its quotes, and must move past the
// value. depth counts the objects and arrays around this one.
func (s *scanner) object(depth int, member func(name []byte) bool) bool {
	if depth >= maxDepth {
		return s.bad("is nested too deeply")
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
		if c, ok := s.peek(); !ok || c != '"' {
			return ok && s.bad("has a member without a name in quotes")
		}
		name, ok := s.text()
		if !ok || !s.expect(':', "has a name without a colon after it") {
			return false
		}
		if member != nil {
			ok = member(name)
		} else {
			ok = s.value(depth + 1)
		}
		if !ok {
			return false
		}
		if c, ok = s.peek(); !ok {
			return false
		}
		s.pos++
		if c == '}' {
			return true
		}
		if c != ',' {
			s.pos--
			return s.bad("has a member that is not followed by a comma or a closing brace")
		}
	}
}

func (s *scanner) array(depth int) bool {
	if depth >= maxDepth {
		return s.bad("is nested too deeply")
	}
	s.pos++
	c, ok := s.peek()
	if !ok {
		return false
	}
	if c == ']' {
		s.pos++
		return true
	}
	for {
		if !s.value(depth + 1) {
			return false
		}
		if c, ok = s.peek(); !ok {
			return false
		}
		s.pos++
		if c == ']' {
			return true
		}
		if c != ',' {
			s.pos--
			return s.bad("has an item that is not followed by a comma or a closing bracket")
		}
	}
}

func (s *scanner) literal(want string) bool {
	have := s.buf[s.pos:min(len(s.buf), s.pos+len(want))]
	if string(have) != want[:len(have)] {
		return s.bad("has something that is not a JSON value")
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
// after i, or len(b). It looks at eight bytes at a time: a byte x below n has its
// high bit set in (x-n)&^x, and the lowest such byte is never a false one.
func plain(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
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
