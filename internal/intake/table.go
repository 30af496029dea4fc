package intake

import (
	"io"

	"duly/internal/fault"
)

// Row is one row of a [Table].
type Row struct {
	Line   int          // of the file on which it begins, from 1
	Values []string     // of the columns that were asked for, in their order; blank where nothing is stated
	Reject *fault.Error // why the row cannot be read; nil when it can
}

// Table reads the rows of one file for a room that has a mapping of its own, as
// [Import] reads them: in bounded memory, and past rows that cannot be read.
type Table struct{ rows rowReader }

// OpenTable starts reading a file whose text is in. The columns are names of the
// header line of a CSV file, or of members (or JSON pointers) of objects. A file
// without its columns, and one that is not of the format, is a fault.
func OpenTable(in io.Reader, format Format, columns []string) (*Table, error) {
	rows, err := newRows(in, format, columns)
	if err != nil {
		return nil, err
	}
	return &Table{rows}, nil
}

// Next gives the next row, and io.EOF after the last one. Any other error means
// that the file cannot be read further.
func (t *Table) Next() (Row, error) {
	r, err := t.rows.next()
	return Row{r.line, r.values, r.reject}, err
}
