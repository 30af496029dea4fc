package ledger

import (
	"encoding/base32"
	"encoding/base64"
	"unicode/utf8"

	"duly/internal/fault"
)

// MaxInt is the largest magnitude of a whole number in a record: 2^53 - 1, the
// largest that every JSON reader keeps exactly (RFC 8785 §3.2.2.3).
const MaxInt = 1<<53 - 1

// maxText bounds one text value; longer evidence is kept as a file with a hash.
const maxText = 1 << 20

// b64 is base64url without padding. Strict refuses spare bits that are not zero,
// so that every value has one spelling.
var b64 = base64.RawURLEncoding.Strict()

// b32 spells ids: 15 bytes are exactly 24 characters, with no spare bits.
var b32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const hexDigits = "0123456789abcdef"

// appendText appends s as a canonical JSON string (RFC 8785 §3.2.2.2).
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		start = i + 1
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendTexts appends a JSON array of strings.
func appendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s)
	}
	return append(b, ']')
}

// checkText refuses what may not enter a record: NUL, invalid UTF-8 (which
// includes lone surrogates), and texts over a mebibyte.
func checkText(s string) error {
	if len(s) > maxText {
		return fault.New(fault.Invalid, "the text is longer than 1 MiB", "keep the document outside and record its hash")
	}
	if !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "the text is not valid UTF-8", "convert the input to UTF-8")
	}
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return fault.New(fault.Invalid, "the text contains a NUL character", "remove it")
		}
	}
	return nil
}

// reader reads canonical JSON from the front of b. It accepts only the one
// canonical spelling, so that what it accepts re-encodes to the same bytes.
type reader struct {
	b   []byte
	pos int
	bad bool
}

func (r *reader) fail()      { r.bad = true }
func (r *reader) rest() int  { return len(r.b) - r.pos }
func (r *reader) done() bool { return !r.bad && r.pos == len(r.b) }
func (r *reader) peek() byte {
	if r.bad || r.pos >= len(r.b) {
		return 0
	}
	return r.b[r.pos]
}

// lit consumes exactly the literal text s.
func (r *reader) lit(s string) {
	if r.bad || r.rest() < len(s) || string(r.b[r.pos:r.pos+len(s)]) != s {
		r.fail()
		return
	}
	r.pos += len(s)
}

// text reads one canonical string.
func (r *reader) text() string { return string(r.raw()) }

// like reads one canonical string, without a copy when it is the one at hand.
func (r *reader) like(at string) string {
	if s := r.raw(); string(s) != at {
		return string(s)
	}
	return at
}

// raw reads one canonical string. What it gives stays valid as long as the bytes
// that are read: it is copied only where the string holds an escape.
func (r *reader) raw() []byte {
	if r.peek() != '"' {
		r.fail()
		return nil
	}
	r.pos++
	start, seen := r.pos, byte(0)
	for ; r.pos < len(r.b); r.pos++ {
		c := r.b[r.pos]
		if c == '"' {
			s := r.b[start:r.pos]
			r.pos++
			if len(s) > maxText || seen >= utf8.RuneSelf && !utf8.Valid(s) {
				r.fail()
			}
			return s
		}
		if c == '\\' {
			return r.escaped(start)
		}
		if c < 0x20 {
			break
		}
		seen |= c
	}
	r.fail()
	return nil
}

// name reads the canonical string of a name that needs no escape.
func (r *reader) name(s string) {
	if n := len(s) + 2; !r.bad && r.rest() >= n && r.b[r.pos] == '"' && string(r.b[r.pos+1:r.pos+n-1]) == s && r.b[r.pos+n-1] == '"' {
		r.pos += n
		return
	}
	r.fail()
}

// escaped finishes a string that holds at least one escape; start is the
// position after the opening quote. Only the shortest escape of each character
// is canonical; \u0000 stands for NUL, which no record may hold.
func (r *reader) escaped(start int) []byte {
	out := append([]byte(nil), r.b[start:r.pos]...)
	for r.pos < len(r.b) {
		c := r.b[r.pos]
		switch {
		case c == '"':
			r.pos++
			if len(out) > maxText || !utf8.Valid(out) {
				r.fail()
			}
			return out
		case c < 0x20:
			r.fail()
			return nil
		case c != '\\':
			out = append(out, c)
			r.pos++
		default:
			u, n := unescape(r.b[r.pos:])
			if n == 0 {
				r.fail()
				return nil
			}
			out = append(out, u)
			r.pos += n
		}
	}
	r.fail()
	return nil
}

// unescape reads one canonical escape at the front of b and gives its byte and
// length, or length 0.
func unescape(b []byte) (byte, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\':
		return b[1], 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		if len(b) < 6 || b[2] != '0' || b[3] != '0' || (b[4] != '0' && b[4] != '1') {
			return 0, 0
		}
		lo := -1
		for i := 0; i < 16; i++ {
			if hexDigits[i] == b[5] {
				lo = i
			}
		}
		if lo < 0 {
			return 0, 0
		}
		c := (b[4]-'0')<<4 | byte(lo)
		switch c {
		case 0, '\b', '\f', '\n', '\r', '\t':
			return 0, 0
		}
		return c, 6
	}
	return 0, 0
}

// integer reads a whole number without leading zeros, sign only when negative.
func (r *reader) integer() int64 {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
	}
	first, n := r.pos, int64(0) // sixteen digits do not overflow n
	for r.pos < len(r.b) && r.b[r.pos] >= '0' && r.b[r.pos] <= '9' {
		n = 10*n + int64(r.b[r.pos]-'0')
		r.pos++
	}
	digits := r.pos - first
	negative := first > start
	if digits == 0 || digits > 16 || (r.b[first] == '0' && (digits > 1 || negative)) || n > MaxInt {
		r.fail()
		return 0
	}
	if negative {
		return -n
	}
	return n
}

// texts reads an array of strings.
func (r *reader) texts() []string {
	list := []string{}
	r.each(func(s []byte) { list = append(list, string(s)) })
	return list
}

// each reads an array of strings, one after another.
func (r *reader) each(item func([]byte)) {
	r.lit("[")
	if r.peek() == ']' {
		r.pos++
		return
	}
	for !r.bad {
		item(r.raw())
		if r.peek() != ',' {
			break
		}
		r.pos++
	}
	r.lit("]")
}

// base64 reads a string that is base64url of exactly as many bytes as into has.
// The length that was decoded is compared too: the decoder passes over line ends,
// which would be a second spelling.
func (r *reader) base64(into []byte) {
	r.lit(`"`)
	end := r.pos + b64.EncodedLen(len(into))
	if r.bad || end > len(r.b) {
		r.fail()
		return
	}
	if n, err := b64.Decode(into, r.b[r.pos:end]); err != nil || n != len(into) {
		r.fail()
	}
	r.pos = end
	r.lit(`"`)
}
