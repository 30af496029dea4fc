package report

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// JSON writes the report as canonical JSON (RFC 8785: keys sorted, no white space,
// one spelling of every text), with one line feed at the end.
func JSON(r *Report, out io.Writer) error { return canonical(r, out) }

// AssessedJSON writes an assessment as [JSON] does a report.
func AssessedJSON(a *Assessed, out io.Writer) error { return canonical(a, out) }

// canonical writes an object. It decodes the elements of its lists one at a time: all
// subjects of a large portfolio at once would take several times what the report does.
func canonical(of any, out io.Writer) error {
	raw, err := json.Marshal(of)
	if err != nil {
		return writeError(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return writeError(err)
	}
	var b []byte
	for i, name := range slices.Sorted(maps.Keys(members)) {
		b = append(strconv.AppendQuote(append(b, "{,"[min(i, 1)]), name), ':')
		elements := []json.RawMessage{members[name]}
		list := members[name][0] == '['
		if list {
			b = append(b, '[')
			if err := json.Unmarshal(members[name], &elements); err != nil {
				return writeError(err)
			}
		}
		for j, e := range elements {
			if j > 0 {
				b = append(b, ',')
			}
			if b, err = appendCanonical(b, e); err != nil {
				return err
			}
			if len(b) > 1<<16 {
				if _, err := out.Write(b); err != nil {
					return writeError(err)
				}
				b = b[:0]
			}
		}
		if list {
			b = append(b, ']')
		}
	}
	_, err = out.Write(append(b, "}\n"...))
	return writeError(err)
}

// appendCanonical appends a value whose members stand in any order.
func appendCanonical(b []byte, raw json.RawMessage) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, writeError(err)
	}
	return appendJSON(b, v)
}

func writeError(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Failed, err, "cannot write the report")
}

// appendJSON appends a decoded value. Numbers are whole, so that their decimal
// digits are their one spelling.
func appendJSON(b []byte, v any) ([]byte, error) {
	var err error
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		if x {
			return append(b, "true"...), nil
		}
		return append(b, "false"...), nil
	case json.Number:
		return append(b, x...), nil
	case string:
		text, err := ledger.Text(x).MarshalJSON()
		return append(b, text...), err
	case []any:
		b = append(b, '[')
		for i, e := range x {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, e); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys) // all names here are ASCII, where bytes and UTF-16 sort alike
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, k); err != nil {
				return nil, err
			}
			if b, err = appendJSON(append(b, ':'), x[k]); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	return nil, fault.Newf(fault.Failed, "a report cannot hold a %T", v)
}
