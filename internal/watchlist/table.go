package watchlist

import (
	"io"
	"strings"

	"duly/internal/fault"
)

// table is a CSV file with a header, read row by row. Columns are found by name,
// whatever the case, so that a publisher may reorder them.
type table struct {
	*source
	f       *file
	rows    *rows
	columns []string
	at      map[string]int // lower-case column name to its position; the first of two
	row     row
}

// openTable reads the header of a CSV file: the first of the first five rows that
// has all needed columns. It tells what stands above it to preamble, which may
// be nil. The caller closes t.f.disk if this fails.
func (s *source) openTable(f *file, comma byte, needed []string, preamble func(row)) (*table, error) {
	t := &table{source: s, f: f, rows: newRows(f, 0)}
	t.rows.comma = comma
	missing := needed[0]
	for range 5 {
		rec, err := t.rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if missing = t.header(rec, needed); missing == "" {
			t.rows.columns = len(t.columns)
			return t, nil
		}
		if preamble != nil {
			preamble(rec)
		}
	}
	return nil, fault.New(fault.Invalid, "the header has no such column, so this is not a file of the format "+s.list.Format,
		"give the file as its publisher offers it").At(f.path, 1, missing)
}

// header takes a row as the header and gives the first needed column that it
// lacks, or "".
func (t *table) header(rec row, needed []string) string {
	t.columns, t.at = rec.fields, make(map[string]int)
	for i, name := range t.columns {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if _, twice := t.at[name]; !twice {
			t.at[name] = i
		}
	}
	for _, name := range needed {
		if _, ok := t.at[strings.ToLower(name)]; !ok {
			return name
		}
	}
	return ""
}

// get gives a trimmed cell of the current row, "" where there is no such column.
func (t *table) get(column string) string {
	if i, ok := t.at[strings.ToLower(column)]; ok && column != "" {
		return strings.TrimSpace(t.row.fields[i])
	}
	return ""
}

// gather gives the cells of several columns that hold something.
func (t *table) gather(columns ...string) []string {
	var cells []string
	for _, c := range columns {
		if v := t.get(c); v != "" {
			cells = append(cells, v)
		}
	}
	return cells
}

// each gives every good row to use and closes the file. What use returns sends
// the row to the rejects.
func (t *table) each(use func() *fault.Error) error {
	defer t.f.disk.Close()
	for {
		rec, err := t.rows.next()
		if err == io.EOF {
			return t.close(t.f)
		}
		if err != nil {
			return err
		}
		bad := rec.fault
		if bad == nil && len(rec.fields) != len(t.columns) {
			bad = fault.Newf(fault.Invalid, "the row has %d columns instead of %d", len(rec.fields), len(t.columns)).
				At("", 0, t.columns[min(len(rec.fields), len(t.columns)-1)])
		}
		if bad == nil {
			t.row = rec
			bad = use()
		}
		if bad != nil {
			if err := t.reject("entry", bad.At(t.f.path, rec.line, ""), rec.raw); err != nil {
				return err
			}
		}
	}
}
