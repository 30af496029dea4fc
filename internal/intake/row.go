package intake

import (
	"bytes"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"duly/internal/fault"
)

// rawKept is how much of a rejected row that is too long is kept, in bytes.
const rawKept = 4 << 10

// row is one row of an input file: the values of the columns that the mapping
// asked for, in the mapping's order, or the reason why it cannot be read.
type row struct {
	line   int // 1-based line of the file on which the row begins
	values []string
	raw    []byte // as it stands in the file; valid until the next row is read
	cut    bool   // raw is only the beginning
	reject *fault.Error
}

// rowReader reads the rows of one file. next gives io.EOF after the last one. A
// row that cannot be read is a row with a reject; an error means that the file
// cannot be read further.
type rowReader interface {
	next() (row, error)
}

// newRows starts reading a file's rows. The columns are those that the mapping
// names, in its order.
func newRows(in io.Reader, format Format, columns []string) (rowReader, error) {
	if format.Latin1 {
		in = &latin1{r: in}
	}
	w := newWindow(in)
	const mark = "\ufeff"
	for len(w.data()) < len(mark) && w.more() {
	}
	if bytes.HasPrefix(w.data(), []byte(mark)) {
		w.start += len(mark)
	}
	switch format.Kind {
	case "csv":
		return newCSV(w, format.Delimiter, columns)
	case "jsonl":
		return &jsonLines{w: w, fields: pointers(columns)}, nil
	default:
		return newJSONArray(w, columns)
	}
}

// latin1 turns ISO 8859-1 into UTF-8.
type latin1 struct {
	r    io.Reader
	rest []byte
	buf  [4096]byte
	err  error
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		n, err := l.r.Read(l.buf[:])
		l.err = err
		for _, c := range l.buf[:n] {
			l.rest = utf8.AppendRune(l.rest, rune(c))
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = append(l.rest[:0], l.rest[n:]...)
	return n, nil
}

// reject makes the row one that cannot be read.
func reject(r row, what, fix, field string) row {
	r.reject = fault.New(fault.Invalid, what, fix).At("", r.line, field)
	return r
}

// rawText gives the row for a rejects file: as text, or base64 where it is not
// UTF-8, so that nothing of it is lost.
func (r row) rawText() (text, encoded string) {
	if utf8.Valid(r.raw) {
		return string(r.raw), ""
	}
	return "", base64.StdEncoding.EncodeToString(r.raw)
}

// missingColumn says that the file has no such column, and which one is nearest.
func missingColumn(column string, have []string) *fault.Error {
	fix := "the file has: " + strings.Join(have, ", ")
	if len(have) > 30 {
		fix = "the file has " + strings.Join(have[:30], ", ") + " and more"
	}
	if near := nearest(column, have); near != "" {
		fix = "did you mean \"" + near + "\"?"
	}
	return fault.New(fault.Invalid, "the mapping names a column that the file does not have", fix).At("", 1, column)
}

// nearest gives the name with the fewest letters to change, if it is near at all.
func nearest(name string, have []string) string {
	best, distance := "", len(name)/2+1
	for _, h := range have {
		if len(h) > 200 {
			continue
		}
		if d := edits(strings.ToLower(name), strings.ToLower(h)); d < distance {
			best, distance = h, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	line := make([]int, len(b)+1)
	for j := range line {
		line[j] = j
	}
	for i := range len(a) {
		diagonal := line[0]
		line[0] = i + 1
		for j := range len(b) {
			above := line[j+1]
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			line[j+1] = min(cost, above+1, line[j]+1)
			diagonal = above
		}
	}
	return line[len(b)]
}

// pick finds the mapping's columns in a header.
func pick(columns, header []string) ([]int, error) {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = slices.Index(header, c)
		if at[i] < 0 {
			return nil, missingColumn(c, header)
		}
		if slices.Index(header[at[i]+1:], c) >= 0 {
			return nil, fault.New(fault.Invalid, "the file has this column twice", "give its columns different names").At("", 1, c)
		}
	}
	return at, nil
}
