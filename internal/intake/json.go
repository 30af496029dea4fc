package intake

import (
	"bytes"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/fault"
)

// pointers gives the place of each wanted column as a JSON pointer (RFC 6901): a
// name that begins with a slash is one, any other is a key of the object.
func pointers(columns []string) map[string]int {
	at := make(map[string]int, len(columns))
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for i, c := range columns {
		if !strings.HasPrefix(c, "/") {
			c = "/" + escape.Replace(c)
		}
		at[c] = i
	}
	return at
}

// object reads one JSON object into the wanted values. Numbers stay as they are
// written; null and what is absent are blank.
func object(r row, fields map[string]int) row {
	d := jsontext.NewDecoder(bytes.NewReader(r.raw))
	r.values = make([]string, len(fields))
	if d.PeekKind() != '{' {
		return reject(r, "this is not a JSON object", "each row is one object", "")
	}
	for first := true; first || d.StackDepth() > 0; first = false {
		t, err := d.ReadToken()
		if err != nil {
			return reject(r, "this is not valid JSON: "+jsonReason(err), "", shorten(string(d.StackPointer())))
		}
		k := t.Kind()
		if k == '{' || k == '[' {
			if _, wanted := fields[string(d.StackPointer())]; wanted && d.StackDepth() > 1 {
				return reject(r, "here should be one value, not an object or a list", "", shorten(string(d.StackPointer())))
			}
			continue
		}
		if k == '}' || k == ']' {
			continue
		}
		if parent, n := d.StackIndex(d.StackDepth()); parent == '{' && n%2 == 1 {
			continue
		}
		if i, wanted := fields[string(d.StackPointer())]; wanted && k != 'n' {
			r.values[i] = strings.Clone(t.String())
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return reject(r, "text follows the JSON object", "", "")
	}
	return r
}

// jsonReason gives the reason of a decoder's error in its first clause.
func jsonReason(err error) string {
	text := strings.TrimPrefix(err.Error(), "jsontext: ")
	if len(text) > 200 {
		text = text[:200]
	}
	return strings.ToValidUTF8(text, "?")
}

// jsonLines reads one JSON object a line.
type jsonLines struct {
	w      *window
	fields map[string]int
}

func (j *jsonLines) next() (row, error) {
	for {
		if len(j.w.data()) == 0 && !j.w.more() {
			if err := j.w.failure(); err != nil {
				return row{}, err
			}
			return row{}, io.EOF
		}
		r := row{line: j.w.line}
		r.raw, r.cut = j.w.physicalLine()
		if err := j.w.failure(); err != nil {
			return row{}, err
		}
		if r.cut {
			return reject(r, "the line is longer than 1 MiB", "", ""), nil
		}
		if len(bytes.TrimSpace(r.raw)) > 0 {
			return object(r, j.fields), nil
		}
	}
}

// jsonArray reads the elements of one JSON array.
type jsonArray struct {
	w      *window
	fields map[string]int
	begun  bool
}

func newJSONArray(w *window, columns []string) (*jsonArray, error) {
	j := &jsonArray{w: w, fields: pointers(columns)}
	c, err := j.skip()
	if err != nil {
		return nil, err
	}
	if c != '[' {
		return nil, fault.New(fault.Invalid, "the file is not a JSON array", "if it has one object a line, the mapping's format is jsonl").At("", w.line, "")
	}
	w.consume(1)
	return j, nil
}

// skip moves to the next byte that is not white space and gives it.
func (j *jsonArray) skip() (byte, error) {
	for {
		for i, c := range j.w.data() {
			if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				j.w.consume(i)
				return c, nil
			}
		}
		j.w.consume(len(j.w.data()))
		if !j.w.more() {
			if err := j.w.failure(); err != nil {
				return 0, err
			}
			return 0, fault.New(fault.Invalid, "the JSON array is not closed", "copy the file again; nothing was imported").At("", j.w.line, "")
		}
	}
}

func (j *jsonArray) next() (row, error) {
	c, err := j.skip()
	if err != nil {
		return row{}, err
	}
	if c == ']' {
		return row{}, j.end()
	}
	if j.begun {
		if c != ',' {
			return row{}, fault.New(fault.Invalid, "the JSON array has text where a comma or its end should be", "").At("", j.w.line, "")
		}
		j.w.consume(1)
		if _, err = j.skip(); err != nil {
			return row{}, err
		}
	}
	j.begun = true
	r := row{line: j.w.line}
	if r.raw, r.cut, err = j.element(); err != nil {
		return row{}, err
	}
	if r.cut {
		return reject(r, "the element is longer than 1 MiB", "", ""), nil
	}
	return object(r, j.fields), nil
}

// end accepts nothing but white space behind the array.
func (j *jsonArray) end() error {
	j.w.consume(1)
	if _, err := j.skip(); err == nil {
		return fault.New(fault.Invalid, "text follows the JSON array", "").At("", j.w.line, "")
	}
	if err := j.w.failure(); err != nil {
		return err
	}
	return io.EOF
}

// element consumes one element: up to the comma or bracket that ends it. Of one
// that is too long only the beginning is kept.
func (j *jsonArray) element() (raw []byte, cut bool, err error) {
	depth, text, escaped := 0, false, false
	for {
		d := j.w.data()
		for i, c := range d {
			switch {
			case escaped:
				escaped = false
			case text:
				escaped, text = c == '\\', c != '"'
			case c == '"':
				text = true
			case c == '{' || c == '[':
				depth++
			case depth > 0 && (c == '}' || c == ']'):
				depth--
			case depth == 0 && (c == ',' || c == ']'):
				if !cut {
					raw = append(raw, d[:i]...)
				}
				j.w.consume(i)
				return bytes.TrimSpace(raw), cut, nil
			}
		}
		if !cut {
			raw = append(raw, d...)
		}
		if len(raw) > maxRecord {
			raw, cut = raw[:rawKept:rawKept], true
		}
		j.w.consume(len(d))
		if !j.w.more() {
			if err := j.w.failure(); err != nil {
				return nil, false, err
			}
			return nil, false, fault.New(fault.Invalid, "the JSON array is not closed", "copy the file again; nothing was imported").At("", j.w.line, "")
		}
	}
}
