package report_test

import (
	"testing"

	"duly/internal/report"
)

// TestDiffers protects who is told where a report is not the log's: at its first
// difference, and not somewhere near it.
func TestDiffers(t *testing.T) {
	for _, c := range []struct{ given, built, want string }{
		{`{"a":1}`, `{"a":1}`, ""},
		{`{"a":1,"b":[{"n":2},{"n":3}]}`, `{"a":1,"b":[{"n":2},{"n":4}]}`, "b[1].n is 3, the log gives 4"},
		{`{"a":1,"b":2}`, `{"a":2,"b":3}`, "a is 1, the log gives 2"},
		{`{"b":2}`, `{"a":{"x":null},"b":2}`, `a is missing, the log gives {"x":null}`},
		{`{"a":true,"b":2}`, `{"b":2}`, "a is true, the log gives nothing there"},
		{`{"b":[1,2]}`, `{"b":[1]}`, "b has 2 items, the log gives 1"},
		{`{"b":[1,2]}`, `{"b":null}`, "b is [1,2], the log gives null"},
		{`{"a": 1}`, `{"a":1}`, "it says the same in another spelling"},
		{"<p>\n<b>one</b>\n</p>", "<p>\n<b>two</b>\n</p>", "line 2 is <b>one</b>, the log gives <b>two</b>"},
		{"<p>\n", "<p>\nmore", "line 2 is , the log gives more"},
		{"", "x", "line 1 is , the log gives x"},
	} {
		if got := report.Differs([]byte(c.given), []byte(c.built)); got != c.want {
			t.Errorf("%s and %s: %q, not %q", c.given, c.built, got, c.want)
		}
	}
}
