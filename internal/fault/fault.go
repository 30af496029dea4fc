// Package fault holds the one error type that Duly shows to people.
//
// An error says what happened, where in the input it happened, and what to do
// about it. It is made once, at the place that knows those three things, and is
// printed once, by the command. Code in between returns it as it is, or adds a
// place (file, line, field) that it alone knows.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of thing went wrong. It decides the exit status.
type Code string

// The codes, each with the exit status that a command ends with.
const (
	Invalid  Code = "invalid"   // the input is wrong: exit 2
	NotFound Code = "not_found" // what was named does not exist: exit 2
	Refused  Code = "refused"   // a rule forbids the act: exit 1
	Broken   Code = "broken"    // something did not verify: exit 1
	Failed   Code = "failed"    // it could not run (disk full, no access): exit 3
)

// Error is an error with a code, a place, what happened and what to do.
type Error struct {
	Code   Code
	What   string // what happened, a sentence without a full stop
	Fix    string // what to do next; may be empty
	File   string // the input file; empty when there is none
	Line   int    // 1-based; 0 when unknown
	Column int    // 1-based; 0 when unknown
	Field  string // the column, key or field; may be empty
	Err    error  // the cause, for errors.Is; its text is part of What only if it helps
}

// New makes an error with a code, what happened and what to do (fix may be empty).
func New(code Code, what, fix string) *Error {
	return &Error{Code: code, What: what, Fix: fix}
}

// Newf is New with a formatted "what happened" and nothing to do about it.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, What: fmt.Sprintf(format, args...)}
}

// Wrap makes an error from a cause, whose text follows what happened.
func Wrap(code Code, err error, what string) *Error {
	return &Error{Code: code, What: what + ": " + err.Error(), Err: err}
}

// At returns a copy of e that names the file, line and field of the input.
// Zero values leave what e already says.
func (e *Error) At(file string, line int, field string) *Error {
	c := *e
	if file != "" {
		c.File = file
	}
	if line != 0 {
		c.Line = line
	}
	if field != "" {
		c.Field = field
	}
	return &c
}

// WithFix returns a copy of e that says what to do next.
func (e *Error) WithFix(fix string) *Error {
	c := *e
	c.Fix = fix
	return &c
}

// Error gives the place, what happened and what to do, on one line:
//
//	customers.csv:12: column "state": "XX" is not a US state; use a two-letter code
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
			if e.Column > 0 {
				fmt.Fprintf(&b, ":%d", e.Column)
			}
		}
		b.WriteString(": ")
	} else if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, "%q: ", e.Field)
	}
	b.WriteString(e.What)
	if e.Fix != "" {
		b.WriteString("; ")
		b.WriteString(e.Fix)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of the first fault in err's chain, and Failed for any
// other error: what nobody classified is the program's own failure.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Failed
}

// ExitStatus gives the status a command ends with: 0 done, 1 something did not
// hold, 2 usage or bad input, 3 could not run.
func ExitStatus(err error) int {
	if err == nil {
		return 0
	}
	switch CodeOf(err) {
	case Refused, Broken:
		return 1
	case Invalid, NotFound:
		return 2
	default:
		return 3
	}
}
