package watchlist

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"duly/internal/fault"
)

// rows reads the records of a CSV file (RFC 4180) with bounded memory. Unlike
// encoding/csv it goes on after a bad record: a quote that never closes spoils
// one line, not the rest of the file. A byte 0x1A, the end-of-file mark of DOS,
// ends the file where nothing follows it.
type rows struct {
	f       *file
	comma   byte   // what parts the fields
	columns int    // how many fields a record should have; 0 when not known
	line    int    // the line that the next record begins on
	buf     []byte // bytes of the file that were read and belong to later records
	done    bool   // the file is read to its end
}

func newRows(f *file, columns int) *rows { return &rows{f: f, comma: ',', columns: columns, line: 1} }

// row is one record. A record with a fault has no fields.
type row struct {
	fields []string
	line   int
	raw    []byte // valid until the next call
	fault  *fault.Error
}

// next gives the next record that is not empty, or io.EOF. Any other error means
// that the file cannot be read on.
func (r *rows) next() (row, error) {
	for {
		rec, err := r.record()
		if err != nil {
			return row{}, err
		}
		if rec.fault != nil || len(bytes.TrimSpace(rec.raw)) > 0 {
			return rec, nil
		}
	}
}

func (r *rows) record() (row, error) {
	length, lines, closed, err := r.measure()
	if err != nil {
		return row{}, err
	}
	rec := row{line: r.line, raw: bytes.TrimRight(r.buf[:length], "\r\n")}
	if r.done && length == len(r.buf) {
		rec.raw = bytes.TrimRight(rec.raw, "\x1a")
	}
	if closed {
		rec.fields = splitFields(string(rec.raw), r.comma)
	}
	if !closed || lines > 1 && r.columns > 0 && len(rec.fields) != r.columns {
		return r.cutLine()
	}
	r.buf = r.buf[length:]
	r.line += lines
	if !utf8.Valid(rec.raw) {
		rec.fault = fault.New(fault.Invalid, "the text is not UTF-8", "convert the file to UTF-8").At(r.f.path, rec.line, "")
	} else if bytes.IndexByte(rec.raw, 0) >= 0 {
		rec.fault = fault.New(fault.Invalid, "the row holds a NUL byte", "").At(r.f.path, rec.line, "")
	}
	return rec, nil
}

// measure finds the end of the next record: its length with the line end, and
// how many lines it has. closed is false when its quotes do not close within
// maxField bytes or before the end of the file.
func (r *rows) measure() (length, lines int, closed bool, err error) {
	quoted := false
	for i := 0; ; i++ {
		if i == len(r.buf) {
			if i > maxField {
				return 0, 0, false, nil
			}
			if err := r.fill(); err != nil {
				return 0, 0, false, err
			}
			if i == len(r.buf) { // the end of the file
				if i == 0 {
					return 0, 0, false, io.EOF
				}
				return i, lines + 1, !quoted, nil
			}
		}
		switch r.buf[i] {
		case '"':
			quoted = !quoted
		case '\n':
			lines++
			if !quoted {
				return i + 1, lines, i <= maxField, nil
			}
		}
	}
}

// cutLine takes one line off as a bad record, so that a stray quote does not
// take the lines after it along. It reads past what is too long.
func (r *rows) cutLine() (row, error) {
	rec := row{line: r.line}
	r.line++
	end := bytes.IndexByte(r.buf, '\n')
	if end >= 0 && end <= maxField {
		rec.raw, r.buf = r.buf[:end], r.buf[end+1:]
		rec.fault = fault.New(fault.Invalid, "a quote in this line never closes", "").At(r.f.path, rec.line, "")
		return rec, nil
	}
	rec.raw = slices.Clone(r.buf[:min(len(r.buf), maxRaw)])
	rec.fault = fault.New(fault.Invalid, "a field is longer than 1 MiB or a quote never closes", "").At(r.f.path, rec.line, "")
	for end < 0 {
		r.buf = r.buf[:0]
		if err := r.fill(); err != nil {
			return row{}, err
		}
		if len(r.buf) == 0 {
			return rec, nil
		}
		end = bytes.IndexByte(r.buf, '\n')
	}
	r.buf = r.buf[end+1:]
	return rec, nil
}

// fill appends what the file has next to buf; at its end it appends nothing.
func (r *rows) fill() error {
	if r.done {
		return nil
	}
	chunk := make([]byte, 1<<16)
	n, err := r.f.Read(chunk)
	r.buf = append(r.buf, chunk[:n]...)
	switch {
	case errors.Is(err, io.EOF):
		r.done = true
	case err != nil:
		return brokenOff(r.f, r.line, err)
	case n == 0:
		return r.fill()
	}
	return nil
}

// brokenOff is the error for a file that cannot be read to its end.
func brokenOff(f *file, line int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Invalid, "the compressed file breaks off", "fetch it again").At(f.path, line, "")
	}
	return fault.Wrap(fault.Invalid, err, "the file cannot be read on").At(f.path, line, "")
}

// splitFields cuts a record at its commas, or what stands for them. Quotes around a field go, a doubled
// quote inside becomes one.
func splitFields(record string, comma byte) []string {
	fields := make([]string, 0, 12)
	var field []byte
	quoted := false
	for i := 0; i < len(record); i++ {
		switch c := record[i]; {
		case c == '"' && quoted && i+1 < len(record) && record[i+1] == '"':
			field = append(field, '"')
			i++
		case c == '"':
			quoted = !quoted
		case c == comma && !quoted:
			fields = append(fields, string(field))
			field = field[:0]
		default:
			field = append(field, c)
		}
	}
	return append(fields, string(field))
}

func sortedNames(hashes []fileHash) []fileHash {
	return slices.SortedFunc(slices.Values(hashes), func(a, b fileHash) int { return cmp.Compare(a.name, b.name) })
}
