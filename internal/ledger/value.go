package ledger

import (
	"slices"
	"strconv"
	"time"

	"duly/internal/fault"
)

// Scalar is a value whose type is not fixed by the schema, such as the value of
// a fact: nothing, a truth value, a whole number, a text, a list of texts, or
// unknown with a reason. The zero Scalar is absent (a committed null).
//
// Unknown is a value of its own: it says that somebody looked, or should have
// looked, and does not know. Absent says that nothing was stated.
type Scalar struct {
	kind    byte // 0 null, 'b' bool, 'i' int, 't' text, 'l' list, 'u' unknown
	text    string
	integer int64
	list    []string
}

// Bool makes a truth value.
func Bool(v bool) Scalar {
	s := Scalar{kind: 'b'}
	if v {
		s.integer = 1
	}
	return s
}

// Int makes a whole number. Its magnitude must be below 2^53.
func Int(v int64) Scalar { return Scalar{kind: 'i', integer: v} }

// Text makes a text.
func Text(v string) Scalar { return Scalar{kind: 't', text: v} }

// Texts makes a list of texts.
func Texts(v []string) Scalar { return Scalar{kind: 'l', list: v} }

// Unknown makes a value that is not known, with the reason.
func Unknown(reason string) Scalar { return Scalar{kind: 'u', text: reason} }

// IsNull says that nothing was stated.
func (s Scalar) IsNull() bool { return s.kind == 0 }

// UnknownReason gives the reason of an unknown value; ok is false for any other.
func (s Scalar) UnknownReason() (reason string, ok bool) { return s.text, s.kind == 'u' }

// Value gives the value as a Go value: nil, bool, int64, string or []string.
// For an unknown it gives nil; ask UnknownReason first.
func (s Scalar) Value() any {
	switch s.kind {
	case 'b':
		return s.integer == 1
	case 'i':
		return s.integer
	case 't':
		return s.text
	case 'l':
		return s.list
	}
	return nil
}

// Equal says whether two values are the same; unknown ones are for the same reason.
func (s Scalar) Equal(o Scalar) bool {
	return s.kind == o.kind && s.text == o.text && s.integer == o.integer && slices.Equal(s.list, o.list)
}

// String gives the value as a person would read it.
func (s Scalar) String() string {
	switch s.kind {
	case 'b':
		return strconv.FormatBool(s.integer == 1)
	case 'i':
		return strconv.FormatInt(s.integer, 10)
	case 't':
		return s.text
	case 'l':
		return string(appendTexts(nil, s.list))
	case 'u':
		return "unknown (" + s.text + ")"
	}
	return ""
}

// MarshalJSON gives the canonical encoding, as it stands in a disclosure.
func (s Scalar) MarshalJSON() ([]byte, error) { return s.append(nil), s.check() }

// UnmarshalJSON reads the canonical encoding back.
func (s *Scalar) UnmarshalJSON(b []byte) error {
	r := reader{b: b}
	v := r.scalar()
	if !r.done() {
		return fault.Newf(fault.Invalid, "%q is not a value that a record can hold", b)
	}
	*s = v
	return nil
}

func (s Scalar) append(b []byte) []byte {
	switch s.kind {
	case 'b':
		return strconv.AppendBool(b, s.integer == 1)
	case 'i':
		return strconv.AppendInt(b, s.integer, 10)
	case 't':
		return appendText(b, s.text)
	case 'l':
		return appendTexts(b, s.list)
	case 'u':
		b = append(b, `{"unknown":`...)
		return append(appendText(b, s.text), '}')
	}
	return append(b, "null"...)
}

func (s Scalar) check() error {
	if s.kind == 'i' && (s.integer > MaxInt || s.integer < -MaxInt) {
		return fault.Newf(fault.Invalid, "%d is too large: whole numbers stay below 2^53", s.integer)
	}
	for _, t := range s.list {
		if err := checkText(t); err != nil {
			return err
		}
	}
	return checkText(s.text)
}

func (r *reader) scalar() Scalar {
	switch c := r.peek(); {
	case c == 'n':
		r.lit("null")
		return Scalar{}
	case c == 't':
		r.lit("true")
		return Bool(true)
	case c == 'f':
		r.lit("false")
		return Bool(false)
	case c == '"':
		return Text(r.text())
	case c == '[':
		return Texts(r.texts())
	case c == '{':
		r.lit(`{"unknown":`)
		u := Unknown(r.text())
		r.lit("}")
		return u
	default:
		return Int(r.integer())
	}
}

// anyValue passes over what scalar reads.
func (r *reader) anyValue() {
	switch c := r.peek(); {
	case c == 'n':
		r.lit("null")
	case c == 't':
		r.lit("true")
	case c == 'f':
		r.lit("false")
	case c == '"':
		r.raw()
	case c == '[':
		r.each(func([]byte) {})
	case c == '{':
		r.lit(`{"unknown":`)
		r.raw()
		r.lit("}")
	default:
		r.integer()
	}
}

// checkDate refuses what is not a calendar day written YYYY-MM-DD.
func checkDate(s string) error {
	if !validDate([]byte(s)) {
		return fault.Newf(fault.Invalid, "%q is not a date", s).WithFix("write it as YYYY-MM-DD")
	}
	return nil
}

func validDate(s []byte) bool {
	if len(s) != len(time.DateOnly) || s[4] != '-' || s[7] != '-' {
		return false
	}
	number := func(digits []byte) (n int) {
		for _, c := range digits {
			if c < '0' || c > '9' {
				return -1
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:])
	if year < 0 || month < 1 || month > 12 || day < 1 {
		return false
	}
	days := 30 + (month+month/8)&1
	if month == 2 {
		days = 28
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			days = 29
		}
	}
	return day <= days
}

// checkHash refuses what is not a SHA-256 in lower-case hexadecimal.
func checkHash(s string) error {
	if !validHash([]byte(s)) {
		return fault.Newf(fault.Invalid, "%q is not a SHA-256 hash in hexadecimal", s)
	}
	return nil
}

func validHash(s []byte) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 2*len(Hash{})
}
