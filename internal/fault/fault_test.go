package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"duly/internal/fault"
)

// TestMessages protects what people read: the place, what happened, what to do,
// on one line and in this order.
func TestMessages(t *testing.T) {
	plain := fault.New(fault.Invalid, `"XX" is not a US state`, "use a two-letter code")
	for _, c := range []struct {
		err  error
		want string
	}{
		{plain, `"XX" is not a US state; use a two-letter code`},
		{plain.At("customers.csv", 12, "state"), `customers.csv:12: "state": "XX" is not a US state; use a two-letter code`},
		{plain.At("customers.csv", 0, ""), `customers.csv: "XX" is not a US state; use a two-letter code`},
		{plain.At("", 12, ""), `line 12: "XX" is not a US state; use a two-letter code`},
		{plain.At("", 0, "state"), `"state": "XX" is not a US state; use a two-letter code`},
		{plain.At("", 0, "").WithFix("ask"), `"XX" is not a US state; ask`},
		{plain.At("a", 1, "b").At("", 0, "c"), `a:1: "c": "XX" is not a US state; use a two-letter code`},
		{fault.New(fault.Failed, "it failed", ""), "it failed"},
		{fault.Newf(fault.Failed, "%d of %d failed", 1, 2), "1 of 2 failed"},
		{fault.Wrap(fault.Failed, fs.ErrPermission, "cannot write"), "cannot write: permission denied"},
		{&fault.Error{What: "x", File: "pack.yaml", Line: 3, Column: 7}, "pack.yaml:3:7: x"},
		{&fault.Error{What: "x", Line: 3, Column: 7}, "line 3: x"},
		{&fault.Error{What: "x", File: "pack.yaml", Column: 7}, "pack.yaml: x"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// TestAtAndWithFixCopy protects errors that several rows share: adding a place to
// one leaves the others alone.
func TestAtAndWithFixCopy(t *testing.T) {
	shared := fault.New(fault.Invalid, "x", "")
	shared.At("a.csv", 1, "b")
	shared.WithFix("c")
	if shared.File != "" || shared.Line != 0 || shared.Field != "" || shared.Fix != "" {
		t.Errorf("the shared error became %+v", shared)
	}
	if cause := fault.Wrap(fault.Failed, fs.ErrExist, "x").At("f", 0, "").WithFix("y"); !errors.Is(cause, fs.ErrExist) {
		t.Error("the cause is lost")
	}
}

// TestExitStatus protects scripts, which know errors by their number: 0 done, 1
// something did not hold, 2 usage or bad input, 3 could not run.
func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		code fault.Code
		want int
	}{
		{fault.New(fault.Invalid, "x", ""), fault.Invalid, 2},
		{fault.New(fault.NotFound, "x", ""), fault.NotFound, 2},
		{fault.New(fault.Refused, "x", ""), fault.Refused, 1},
		{fault.New(fault.Broken, "x", ""), fault.Broken, 1},
		{fault.New(fault.Failed, "x", ""), fault.Failed, 3},
		{errors.New("nobody classified it"), fault.Failed, 3},
		{context.Canceled, fault.Failed, 3},
		{fmt.Errorf("within: %w", fault.New(fault.Broken, "x", "")), fault.Broken, 1},
		{errors.Join(errors.New("one"), fault.New(fault.Refused, "x", "")), fault.Refused, 1},
		{fault.Wrap(fault.Broken, fault.New(fault.Invalid, "x", ""), "the outer counts"), fault.Broken, 1},
		{&fault.Error{What: "no code"}, "", 3},
	} {
		if code, got := fault.CodeOf(c.err), fault.ExitStatus(c.err); code != c.code || got != c.want {
			t.Errorf("%v: code %q, status %d; want %q, %d", c.err, code, got, c.code, c.want)
		}
	}
	if got := fault.ExitStatus(nil); got != 0 {
		t.Errorf("nothing wrong ends with %d", got)
	}
}
