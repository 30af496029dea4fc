package attestation

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"duly/internal/fault"
)

const answersText = `{"form": "duly/attestation/1", "request": "r", "questionnaire": "q", "token": "t",
 "attester": {"name": "Somebody", "role": "legal"},
 "answers": {"a": "yes", "n": 3},
 "evidence": [{"question": "a", "file": "page.pdf", "day": "2026-01-31"}]}`

// Protects: answers are read strictly; what cannot be read is refused, and an answer that
// cannot be names its question.
func TestParseAnswers(t *testing.T) {
	a, err := ParseAnswers([]byte(answersText))
	if err != nil || a.Answers["a"] != "yes" || a.Answers["n"] != "3" || len(a.Evidence) != 1 {
		t.Fatalf("%+v %v", a, err)
	}
	for _, c := range []struct{ old, new, want, field string }{
		{`"token"`, `"tokens"`, "tokens", ""},
		{`"a": "yes"`, `"a": "yes", "a": "no"`, "answers", ""},
		{`{"a": "yes", "n": 3}`, `["yes"]`, "answers", ""},
		{`"yes"`, `true`, "neither a text nor a whole number", "a"},
		{`"yes"`, `null`, "neither a text nor a whole number", "a"},
		{`"yes"`, `{"a": 1}`, "neither a text nor a whole number", "a"},
		{`"yes"`, `"y\u0000"`, "cannot be printed", "a"},
		{`3}`, `3.5}`, "whole number", "n"},
		{`3}`, `1e2}`, "whole number", "n"},
		{`"Somebody"`, `" "`, "nobody is named", ""},
		{`"legal"`, `"boss"`, "not a role", ""},
		{`"2026-01-31"`, `"2026-02-31"`, "not the day", "a"},
		{`page.pdf`, `../page.pdf`, "not the name of a file", "a"},
		{`page.pdf`, `c:\\page.pdf`, "not the name of a file", "a"},
		{`"question": "a"`, `"question": "z"`, "no answer", "z"},
		{`attestation/1`, `attestation/2`, "not a file of answers", ""},
		{`}]}`, `}]} x`, "line 4", ""},
		{`}]}`, `}`, "line 4", ""},
	} {
		text := strings.Replace(answersText, c.old, c.new, 1)
		_, err := ParseAnswers([]byte(text))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Invalid || f.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
	if _, err := ParseAnswers(make([]byte, MaxAnswers+1)); fault.CodeOf(err) != fault.Invalid {
		t.Error("too long, and read")
	}
}

// FuzzParseAnswers protects whoever receives: no file ends the program, a fault is always
// Invalid, and what is read means the same to another reader of JSON.
func FuzzParseAnswers(f *testing.F) {
	f.Add([]byte(answersText))
	f.Add([]byte(`{"form": "duly/attestation/1", "attester": {"name": "x", "role": "user"}, "answers": {"a": ""}, "evidence": null}`))
	f.Add([]byte(strings.Repeat(`{"answers":`, 500)))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAnswers(data)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		var other struct {
			Request string                     `json:"request"`
			Token   string                     `json:"token"`
			Answers map[string]json.RawMessage `json:"answers"`
		}
		if err := json.Unmarshal(data, &other); err != nil {
			t.Fatalf("read, and another reader cannot: %v", err)
		}
		if other.Request != a.Request || other.Token != a.Token || len(other.Answers) != len(a.Answers) {
			t.Fatalf("%+v, %+v", other, a)
		}
	})
}

// Protects: due days. A month that is shorter moves none after it, and a day that is due
// stays so until it is asked.
func TestDueDays(t *testing.T) {
	for _, c := range []struct {
		day  string
		n    int
		want string
	}{{"2024-01-31", 1, "2024-02-29"}, {"2024-01-31", 2, "2024-03-31"}, {"2024-02-29", 12, "2025-02-28"}, {"2026-03-31", -1, "2026-02-28"}, {"2026-01-15", -1, "2025-12-15"}} {
		if got := months(c.day, c.n); got != c.want {
			t.Errorf("%s and %d months: %s", c.day, c.n, got)
		}
	}
	for _, c := range []struct{ limit, due, before string }{
		{"2025-01-30", "", "2024-01-31"},
		{"2025-01-31", "2025-01-31", "2024-01-31"},
		{"2027-06-01", "2027-01-31", "2026-01-31"},
	} {
		if due, before := dueBy("2024-01-31", 12, c.limit); due != c.due || before != c.before {
			t.Errorf("by %s: %q after %q", c.limit, due, before)
		}
	}
	if got := NextDue("2024-01-31", 1, "9999-12-31"); got != "9999-12-31" {
		t.Error(got)
	}
}

// Protects: where a condition stands. Telemetry outweighs what is promised, what is
// overdue outweighs an old answer, and nothing is said to be kept.
func TestStand(t *testing.T) {
	given := func(is ...string) (out []Given) {
		for _, s := range is {
			out = append(out, Given{Outcome{"C", s, 0}, "legal", "2026-01-10"})
		}
		return out
	}
	telemetry, asked := []string{"telemetry"}, []string{"attestation"}
	for _, c := range []struct {
		k    Known
		want string
	}{
		{Known{CheckedBy: asked}, StateNobody},
		{Known{CheckedBy: asked, Due: "2026-06-01"}, StateNobody},
		{Known{CheckedBy: asked, Due: "2026-05-31"}, StateOverdue},
		{Known{CheckedBy: asked, Answers: given(Promised)}, StateAttested},
		{Known{CheckedBy: asked, Answers: given(NotKept, Promised)}, StateAttested},
		{Known{CheckedBy: asked, Answers: given(Promised, Unknown)}, StateNobody},
		{Known{CheckedBy: asked, Answers: given(Promised), Due: "2026-05-31"}, StateOverdue},
		{Known{CheckedBy: telemetry, Judged: 4, Answers: given(Agrees)}, StateChecked},
		{Known{CheckedBy: telemetry, Answers: given(Agrees)}, StateAttested},
		{Known{CheckedBy: telemetry, Judged: 4, Answers: given(Contradicted), Due: "2026-05-31"}, StateContradicted},
		{Known{CheckedBy: asked, Judged: 4}, StateNobody},
		{Known{CheckedBy: asked, Answers: given(NotKept)}, StateNotKept},
	} {
		if got := c.k.Stand("2026-06-01"); got.State != c.want {
			t.Errorf("%+v: %s, want %s", c.k, got.State, c.want)
		}
	}
}
