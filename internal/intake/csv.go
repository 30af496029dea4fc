package intake

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"duly/internal/fault"
)

// csvRows reads CSV (RFC 4180) in bounded memory. A quote that is never closed
// costs the line on which it stands and no other: reading goes on with the next
// line. A quote inside an unquoted field is taken as it is.
type csvRows struct {
	w         *window
	delimiter byte
	header    []string
	at        []int // index of each wanted column
	fields    []span
}

// span is where a field lies in a record; escaped says that quotes are doubled.
type span struct {
	from, to int
	escaped  bool
}

func newCSV(w *window, delimiter byte, columns []string) (*csvRows, error) {
	c := &csvRows{w: w, delimiter: delimiter}
	for len(c.header) == 0 {
		r, err := c.record()
		if err == io.EOF {
			return nil, fault.New(fault.Invalid, "the file is empty: it has no header line", "").At("", 1, "")
		}
		if err != nil {
			return nil, err
		}
		if r.reject == nil && !utf8.Valid(r.raw) {
			r = reject(r, "the header is not UTF-8", "save the file as UTF-8, or let the mapping say that it is latin-1", "")
		}
		if r.reject != nil {
			return nil, r.reject
		}
		c.header = r.values
	}
	// A name with a line break in it is named in a mapping with a plain line feed,
	// whatever ends the lines of the file.
	for i, name := range c.header {
		c.header[i] = strings.TrimSpace(strings.ReplaceAll(name, "\r\n", "\n"))
	}
	var err error
	c.at, err = pick(columns, c.header)
	return c, err
}

func (c *csvRows) next() (row, error) {
	for {
		r, err := c.record()
		if err != nil || r.reject != nil {
			return r, err
		}
		if len(r.values) == 0 {
			continue
		}
		return c.check(r), nil
	}
}

// check compares the record with the header and picks the wanted columns.
func (c *csvRows) check(r row) row {
	if !utf8.Valid(r.raw) {
		for i, v := range r.values {
			if !utf8.ValidString(v) {
				name := "column " + strconv.Itoa(i+1)
				if i < len(c.header) {
					name = c.header[i]
				}
				return reject(r, "the text is not UTF-8", "save the file as UTF-8, or let the mapping say that it is latin-1", name)
			}
		}
	}
	if len(r.values) != len(c.header) {
		return reject(r, "the row has "+strconv.Itoa(len(r.values))+" fields and the header has "+strconv.Itoa(len(c.header)),
			"look for a missing quote or a delimiter inside a field", "")
	}
	picked := make([]string, len(c.at))
	for i, at := range c.at {
		picked[i] = r.values[at]
	}
	r.values = picked
	return r
}

// record reads one record with all its fields; a blank line has none.
func (c *csvRows) record() (row, error) {
	for {
		d := c.w.data()
		n, state := c.split(d)
		if state == partial && !c.w.full() {
			if c.w.more() {
				continue
			}
			if err := c.w.failure(); err != nil {
				return row{}, err
			}
			if d = c.w.data(); len(d) == 0 {
				return row{}, io.EOF
			}
			n, state = c.last(d)
		}
		r := row{line: c.w.line}
		if state == whole && n <= maxRecord {
			r.raw, r.values = bytes.TrimRight(d[:n], "\r\n"), c.texts(d)
			c.w.consume(n)
			return r, nil
		}
		r.raw, r.cut = c.w.physicalLine()
		if r.cut {
			return reject(r, "the line is longer than 1 MiB", "", ""), nil
		}
		return reject(r, "a quote is not closed, or text follows a closing quote", "double the quotes inside a quoted field", ""), nil
	}
}

const (
	partial = iota // the record may go on behind the data
	whole
	broken
)

// last splits the record that ends with the file instead of a line feed.
func (c *csvRows) last(d []byte) (int, int) {
	_, state := c.split(append(bytes.Clone(d), '\n'))
	if state == partial {
		state = broken
	}
	if n := len(c.fields); n > 0 && state == whole {
		c.fields[n-1].to = min(c.fields[n-1].to, len(d))
	}
	return len(d), state
}

// split finds the fields of the record at the beginning of d and gives its
// length with the line feed.
func (c *csvRows) split(d []byte) (int, int) {
	c.fields = c.fields[:0]
	for pos := 0; ; {
		if pos < len(d) && d[pos] == '"' {
			f, end := quoted(d, pos+1)
			if end < 0 {
				return 0, partial
			}
			c.fields = append(c.fields, f)
			pos = end
			if pos+1 < len(d) && d[pos] == '\r' && d[pos+1] == '\n' {
				pos++
			}
			switch {
			case pos >= len(d) || pos == len(d)-1 && d[pos] == '\r':
				return 0, partial
			case d[pos] == '\n':
				return pos + 1, whole
			case d[pos] != c.delimiter:
				return 0, broken
			}
			pos++
			continue
		}
		end := pos
		for end < len(d) && d[end] != c.delimiter && d[end] != '\n' {
			end++
		}
		if end == len(d) {
			return 0, partial
		}
		f := span{from: pos, to: end}
		if d[end] == '\n' {
			if end > pos && d[end-1] == '\r' {
				f.to--
			}
			if len(c.fields) > 0 || f.to > f.from {
				c.fields = append(c.fields, f)
			}
			return end + 1, whole
		}
		c.fields = append(c.fields, f)
		pos = end + 1
	}
}

// quoted finds the end of a quoted field whose text begins at from: the position
// behind the closing quote, or -1 when there is none yet.
func quoted(d []byte, from int) (span, int) {
	f := span{from: from}
	for pos := from; ; {
		i := bytes.IndexByte(d[pos:], '"')
		if i < 0 {
			return f, -1
		}
		pos += i + 1
		if pos == len(d) {
			return f, -1
		}
		if d[pos] != '"' {
			f.to = pos - 1
			return f, pos
		}
		f.escaped = true
		pos++
	}
}

// texts cuts the fields out of one copy of the record.
func (c *csvRows) texts(d []byte) []string {
	if len(c.fields) == 0 {
		return nil
	}
	whole := string(d[:c.fields[len(c.fields)-1].to])
	out := make([]string, len(c.fields))
	for i, f := range c.fields {
		out[i] = whole[f.from:f.to]
		if f.escaped {
			out[i] = strings.ReplaceAll(out[i], `""`, `"`)
		}
	}
	return out
}
