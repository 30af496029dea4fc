package rating

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/fault"
)

// RunCases rates a file of cases: bytes in, bytes out, all cases or none. The
// input is {"cases": [...]} or a bare array; each case stands by itself or under
// "input", and what stands beside "cases" or "input" is not read. The output is
// {"cases": [...]} of [Result] in the same order. A fault names the case and the
// field.
func (m *Method) RunCases(in []byte) ([]byte, error) {
	raw, err := m.splitCases(in)
	if err != nil {
		return nil, err
	}
	out := struct {
		Method string   `json:"method"`
		Hash   string   `json:"method_hash"`
		Engine string   `json:"engine"`
		Cases  []Result `json:"cases"`
	}{m.ID, m.Hash, Engine, make([]Result, len(raw))}
	for i, r := range raw {
		c, err := readCase(r.value)
		if err == nil {
			out.Cases[i], err = m.RateCase(c)
		}
		if err != nil {
			return nil, nameCase(err, i, c.ID, lineOf(in, r.offset))
		}
	}
	b, err := json.Marshal(out, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the results do not encode")
	}
	return append(b, '\n'), nil
}

// rawCase is a case as it stands in the file, and where it begins.
type rawCase struct {
	value  jsontext.Value
	offset int64
}

// UnmarshalJSONFrom keeps the value unread.
func (r *rawCase) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	value, err := d.ReadValue()
	r.value, r.offset = value.Clone(), d.InputOffset()-int64(len(value))
	return err
}

func lineOf(in []byte, offset int64) int { return 1 + bytes.Count(in[:offset], []byte("\n")) }

func (m *Method) splitCases(in []byte) ([]rawCase, error) {
	var file struct {
		Model string    `json:"model"`
		Cases []rawCase `json:"cases"`
	}
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(in, " \t\r\n"), []byte("[")) {
		err = json.Unmarshal(in, &file.Cases)
	} else {
		err = json.Unmarshal(in, &file)
	}
	switch {
	case err != nil:
		return nil, unreadable(in, err)
	case file.Cases == nil:
		return nil, caseFault("cases", "there are no cases", `write {"cases": [...]}`)
	case file.Model != "" && !strings.EqualFold(file.Model, m.ID):
		return nil, caseFault("model", fmt.Sprintf("these cases are for %s, not for %s", file.Model, m.ID), "choose that method")
	}
	return file.Cases, nil
}

func unreadable(in []byte, err error) error {
	f := fault.Wrap(fault.Invalid, err, "the cases cannot be read")
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	offset := int64(-1)
	if errors.As(err, &syntax) {
		offset = syntax.ByteOffset
	} else if errors.As(err, &semantic) {
		offset = semantic.ByteOffset
	}
	if offset >= 0 && offset <= int64(len(in)) {
		f.Line = lineOf(in, offset)
	}
	return f
}

// nameCase says in which case a fault is, and in which line that begins.
func nameCase(err error, i int, id string, line int) error {
	name := "case " + strconv.Itoa(i+1)
	if id != "" {
		name = "case " + strconv.Quote(id)
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return fault.Wrap(fault.Invalid, err, name)
	}
	named := f.At("", line, "")
	named.What = name + ": " + f.What
	return named
}

// readCase reads one case, or the one under "input". It gives the id even when it
// gives a fault.
func readCase(raw jsontext.Value) (Case, error) {
	var c Case
	fields, err := object(raw)
	if err != nil {
		return c, err
	}
	if inner, ok := fields["input"]; ok {
		if fields, err = object(inner); err != nil {
			return c, err
		}
	}
	if err := readText(fields, "id", &c.ID); err != nil {
		return c, err
	}
	for _, need := range []string{"id", "sev"} {
		if _, ok := fields[need]; !ok {
			return c, caseFault(need, "it is missing", "add it")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := c.read(name, fields); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Case) read(name string, fields map[string]jsontext.Value) error {
	switch name {
	case "id":
		return nil
	case "title":
		return readText(fields, name, &c.Title)
	case "sev":
		return c.readSev(fields[name])
	case "ind":
		return readList(fields, name, &c.Ind)
	case "unknown":
		return readList(fields, name, &c.Unknown)
	case "hs":
		return readList(fields, name, &c.HS)
	case "ctrl":
		return readWhole(fields[name], name, &c.Ctrl)
	case "actual":
		return readTruth(fields, name, &c.Actual)
	case "existing":
		return readTruth(fields, name, &c.Existing)
	case "incomplete":
		return readTruth(fields, name, &c.Incomplete)
	}
	return caseFault(name, "a case has no such field",
		"use id, title, sev, ind, unknown, ctrl, actual, existing, incomplete, hs")
}

func (c *Case) readSev(raw jsontext.Value) error {
	var parts []jsontext.Value
	if raw.Kind() != '[' || json.Unmarshal(raw, &parts) != nil || len(parts) != 3 {
		return caseFault("sev", "it is not a list of three", "write [scale, scope, irremediability]")
	}
	for i, part := range parts {
		if part.Kind() == 'n' {
			continue
		}
		c.Sev[i] = new(int)
		if err := readWhole(part, fmt.Sprintf("sev[%d]", i), c.Sev[i]); err != nil {
			return err
		}
	}
	return nil
}

func object(raw jsontext.Value) (map[string]jsontext.Value, error) {
	var fields map[string]jsontext.Value
	if raw.Kind() != '{' || json.Unmarshal(raw, &fields) != nil {
		return nil, fault.New(fault.Invalid, "it is not an object of fields", `write {"id": ..., "sev": [...], "ind": [...]}`)
	}
	return fields, nil
}

func readText(fields map[string]jsontext.Value, name string, into *string) error {
	raw, ok := fields[name]
	if !ok {
		return nil
	}
	if raw.Kind() != '"' || json.Unmarshal(raw, into) != nil {
		return caseFault(name, fmt.Sprintf("%.40s is not a text", raw), "put it in quotes")
	}
	return nil
}

func readTruth(fields map[string]jsontext.Value, name string, into *bool) error {
	switch raw := fields[name]; raw.Kind() {
	case 't':
		*into = true
	case 'f':
		*into = false
	default:
		return caseFault(name, fmt.Sprintf("%.40s is not true or false", raw), "write true or false, or leave it out for false")
	}
	return nil
}

func readList(fields map[string]jsontext.Value, name string, into *[]string) error {
	raw := fields[name]
	var items []jsontext.Value
	if raw.Kind() != '[' || json.Unmarshal(raw, &items) != nil {
		return caseFault(name, fmt.Sprintf("%.40s is not a list", raw), "write [...], or leave it out")
	}
	for i, item := range items {
		var text string
		if item.Kind() != '"' || json.Unmarshal(item, &text) != nil {
			return caseFault(fmt.Sprintf("%s[%d]", name, i), fmt.Sprintf("%.40s is not a text", item), "put it in quotes")
		}
		*into = append(*into, text)
	}
	return nil
}

func readWhole(raw jsontext.Value, field string, into *int) error {
	n, err := strconv.Atoi(string(raw))
	if raw.Kind() != '0' || err != nil {
		return caseFault(field, fmt.Sprintf("%.40s is not a whole number", raw), "write it with digits only")
	}
	*into = n
	return nil
}
