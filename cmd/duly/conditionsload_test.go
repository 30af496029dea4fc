package main

import (
	"errors"
	"strings"
	"testing"

	"duly/internal/fault"
)

// TestAgreementsName protects whoever keeps such a file: what is wrong is named by line and
// column.
func TestAgreementsName(t *testing.T) {
	const head = "subject,conditions,from,source\n"
	for text, want := range map[string]struct {
		line  int
		field string
	}{
		"":                                     {1, ""},
		"subject,conditions,from\n":            {1, "source"},
		"subject,conditions,from,source,x\n":   {1, "x"},
		"subject,subject,conditions\n":         {1, "subject"},
		head + "a,p,2024-01-01,s\na,p,,s\n":    {3, "from"},
		head + "\"a\nb\",p,2024-01-01,s\na,\n": {4, ""},
		head + "a,\"p\n":                       {2, ""},
	} {
		_, err := parsePromises([]byte(text))
		var known *fault.Error
		if !errors.As(err, &known) || known.Code != fault.Invalid || known.Line != want.line || known.Field != want.field {
			t.Errorf("%q: %v", text, err)
		}
	}
	rows, err := parsePromises([]byte("\xef\xbb\xbffrom,source,as_amended,conditions,subject\n2024-01-01, s ,section 2,p,A-1\n"))
	if err != nil || len(rows) != 1 || rows[0].line != 2 || rows[0].pack != "p" || rows[0].Source != "s" || rows[0].Clause != "section 2" || rows[0].Subject != "A-1" || rows[0].From != "2024-01-01" {
		t.Errorf("%+v, %v", rows, err)
	}
}

// FuzzAgreements protects the command from what a file may hold: each row has all that an
// agreement needs and a line, or a fault says what is wrong.
func FuzzAgreements(f *testing.F) {
	f.Add("subject,conditions,from,source\na,p,2024-01-01,s\n")
	f.Add("subject,conditions,from,source,as_amended\n\"a\",p,,s,\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := parsePromises([]byte(text))
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid || rows != nil {
				t.Fatalf("%v with %d rows", err, len(rows))
			}
			return
		}
		last := 1
		for _, r := range rows {
			if r.line <= last || r.Subject == "" || r.pack == "" || r.From == "" || r.Source == "" || strings.Count(text, "\n")+1 < r.line {
				t.Fatalf("%+v after line %d", r, last)
			}
			last = r.line
		}
	})
}
