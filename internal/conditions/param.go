package conditions

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/fault"
	"duly/internal/rule"
)

// parameter is a named value of a call, for rules to read as param.NAME. The
// service's own conduct is part of it: what it does when the parameter is left
// out, and to which value it raises one that is too low.
type parameter struct {
	Name    string             `yaml:"name,required"`
	Text    string             `yaml:"text,required"`
	Type    string             `yaml:"type,required"` // number, int, bool, text, texts, or present
	Paths   []string           `yaml:"paths,required"`
	Join    []string           `yaml:"join"`     // of each item of a texts, the parts that make its text
	Missing []string           `yaml:"missing"`  // what stands for a part that an item lacks
	Absent  map[string]any     `yaml:"absent"`   // by event name, "*" for all others
	AtLeast map[string]float64 `yaml:"at_least"` // by event name

	paths, join []path
	typ         rule.Type
	at          int // among the parameters of its set
}

// found is what a call has at one path of a parameter; not ok where the call has
// another shape than the path.
type found struct {
	raw [][]byte
	ok  bool
}

// origin says where a parameter's value comes from.
type origin int8

const (
	unrecorded origin = iota // the call does not show it: unknown
	stated
	defaulted // left out, so the service's default
	raised    // stated lower, and raised by the service
)

// value gives the parameter of a call.
func (p *parameter) value(call *Call) (any, origin) {
	whole := recorded(call.Params)
	at := make([]found, len(p.paths))
	for i := range at {
		if whole {
			at[i].raw, at[i].ok = find(call.Params, p.paths[i], nil)
		}
	}
	return p.from(call.Name, whole, at)
}

// from gives the parameter of a call of what it has at the paths. whole says whether the
// call's parameters were recorded.
func (p *parameter) from(call string, whole bool, at []found) (any, origin) {
	if !whole {
		return nil, unrecorded
	}
	var found [][]byte
	var via path
	for i, f := range at {
		if !f.ok || len(f.raw) > 0 && len(found) > 0 {
			return nil, unrecorded // another shape than the API's, or two values for one
		}
		if len(f.raw) > 0 {
			found, via = f.raw, p.paths[i]
		}
	}
	if len(found) == 0 {
		return p.absent(call)
	}
	if p.Type == "present" {
		return true, stated
	}
	if p.typ == rule.Texts {
		return p.texts(found)
	}
	if len(found) > 1 || via.lists() {
		return nil, unrecorded
	}
	v, ok := scalar(found[0], p.typ)
	if !ok {
		return nil, unrecorded
	}
	if n, isNumber := v.(float64); isNumber {
		if least, ok := p.AtLeast[call]; ok && n < least {
			return least, raised
		}
	}
	return v, stated
}

func (p *parameter) absent(event string) (any, origin) {
	v, ok := p.Absent[event]
	if !ok {
		v, ok = p.Absent["*"]
	}
	if !ok {
		return nil, unrecorded
	}
	return v, defaulted
}

// texts gives a text for each item; an item whose parts cannot be read makes the
// whole unknown.
func (p *parameter) texts(items [][]byte) (any, origin) {
	if len(items) > rule.MaxTexts {
		return nil, unrecorded
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := p.item(item)
		if !ok || len(text) > rule.MaxItem {
			return nil, unrecorded
		}
		out = append(out, text)
	}
	return out, stated
}

// item gives the text of one item: itself, or its parts joined by blanks, the
// values of a part that is a list by commas.
func (p *parameter) item(raw []byte) (string, bool) {
	if len(p.join) == 0 {
		return plainText(raw)
	}
	parts := make([]string, len(p.join))
	for i, at := range p.join {
		values, ok := find(raw, at, nil)
		if !ok || len(values) > 1 && !at.lists() {
			return "", false
		}
		if len(values) == 0 {
			parts[i] = p.Missing[i]
			continue
		}
		texts := make([]string, len(values))
		for j, v := range values {
			if texts[j], ok = plainText(v); !ok {
				return "", false
			}
		}
		parts[i] = strings.Join(texts, ",")
	}
	return strings.Join(parts, " "), true
}

// plainText gives a string without its quotes, or a number or truth value as it
// stands.
func plainText(raw []byte) (string, bool) {
	switch raw[0] {
	case '{', '[', 'n':
		return "", false
	case '"':
		out, err := jsontext.AppendUnquote(nil, raw)
		return string(out), err == nil
	}
	return string(raw), true
}

// scalar reads one JSON value as a type. A truth value may be written as a text,
// as some services do.
func scalar(raw []byte, t rule.Type) (any, bool) {
	text, ok := plainText(raw)
	if !ok {
		return nil, false
	}
	switch t {
	case rule.Text:
		return text, raw[0] == '"' && len(text) <= rule.MaxText
	case rule.Bool:
		return strings.EqualFold(text, "true"), strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	}
	n, err := strconv.ParseFloat(text, 64)
	if raw[0] == '"' || err != nil {
		return nil, false
	}
	if t == rule.Int {
		if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
			return nil, false
		}
		return int64(n), true
	}
	return n, true
}

// recorded says whether requestParameters are there and whole. CloudTrail writes
// null where it has none, and "omitted": true where it cut them off.
func recorded(params []byte) bool {
	if len(params) == 0 || params[0] != '{' {
		return false
	}
	omitted, ok := find(params, path{{name: "omitted"}}, nil)
	return ok && !(len(omitted) > 0 && string(omitted[0]) == "true")
}

// path leads to values within an object: names, matched without regard to ASCII
// case, each of which may go into all items of a list.
type path []step

type step struct {
	name string // in lower case
	each bool
}

func (p path) lists() bool {
	for _, s := range p {
		if s.each {
			return true
		}
	}
	return false
}

// parsePath reads "settings.faceSearch" or "eventSelectors[].readWriteType".
func parsePath(text string) (path, error) {
	var p path
	for name := range strings.SplitSeq(text, ".") {
		name, each := strings.CutSuffix(name, "[]")
		if name == "" || strings.ContainsAny(name, "[] \"") {
			return nil, fault.Newf(fault.Invalid, "%q is not a path of names", text).
				WithFix(`write it as settings.faceSearch or eventSelectors[].readWriteType`)
		}
		p = append(p, step{strings.ToLower(name), each})
	}
	return p, nil
}

// find appends the values at the path; null counts as absent. It gives false
// where the JSON has another shape than the path: a text where an object should
// be, one value where a list should be.
func find(raw []byte, p path, out [][]byte) ([][]byte, bool) {
	if len(raw) == 0 {
		return out, false
	}
	if raw[0] == 'n' {
		return out, true
	}
	if len(p) == 0 {
		return append(out, raw), true
	}
	if raw[0] != '{' {
		return out, false
	}
	ok := true
	whole := items(raw, func(name, value []byte) {
		if plain, valid := unquoted(name); ok && valid && same(plain, p[0].name) {
			out, ok = p.into(value, out)
		}
	})
	return out, ok && whole
}

// into appends what the path leads to in the value of the member with which it begins,
// as find does.
func (p path) into(value []byte, out [][]byte) ([][]byte, bool) {
	switch {
	case !p[0].each:
		return find(value, p[1:], out)
	case value[0] == 'n':
		return out, true
	case value[0] != '[':
		return out, false
	}
	ok := true
	whole := items(value, func(_, item []byte) {
		if ok {
			out, ok = find(item, p[1:], out)
		}
	})
	return out, ok && whole
}

// unquoted gives a name without its quotes and escapes.
func unquoted(quoted []byte) ([]byte, bool) {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') < 0 {
		return name, true
	}
	name, err := jsontext.AppendUnquote(nil, quoted)
	return name, err == nil
}

// same compares a member's name with a lower-case one, without regard to ASCII case.
func same(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
