package index

import "fmt"

// Said gives every reading of a table as "2023 CHL; status=free", without its line.
func Said(m *Mapping, t *Table) []string {
	var out []string
	for _, e := range t.Editions {
		for _, r := range e.Readings {
			out = append(out, fmt.Sprintf("%d %s", e.Year, said(m.text(r))))
		}
	}
	return out
}
