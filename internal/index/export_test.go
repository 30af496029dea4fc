package index

import (
	"fmt"
	"reflect"
)

// ReadingsOf gives every reading of a table as "2023 CHL; status=free", without its line.
func ReadingsOf(m *Mapping, t *Table) []string {
	var out []string
	for _, e := range t.Editions {
		for _, r := range e.Readings {
			out = append(out, fmt.Sprintf("%d %s", e.Year, said(m.text(r))))
		}
	}
	return out
}

// ComesBack says what is wrong with a reading that was written and read.
func ComesBack(m *Mapping, r Reading) error {
	got, err := m.parseReading(m.text(r))
	if err == nil && !reflect.DeepEqual(got, r) {
		err = fmt.Errorf("%q came back as %+v", m.text(r), got)
	}
	return err
}

// AnswerOf gives what one number of a mapping answers.
func AnswerOf(m *Mapping, value string, n Number) string {
	for i := range m.Answers {
		if o, ok := m.answer(&m.Answers[i], Reading{Cells: []Cell{{Value: value, Number: n, Low: n, Top: n}}}); ok {
			return o.Answer
		}
	}
	return ""
}

// Rated lists the countries that the indices of a book answer anything of.
func Rated(b *Book) []string {
	var out []string
	for code := range b.answers {
		out = append(out, code)
	}
	return out
}
