package pack

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
)

// Decode reads the pack's body into a struct that into points to. Fields are
// named by `yaml:"key"`; with `yaml:"key,required"` the key must be there. It
// knows structs, maps with string keys, slices, arrays of slices, pointers (null
// is nil), any, string, bool, int, int64 and float64. The header's keys are
// skipped. Whatever is not exactly of the field's type, and any key without a
// field, is a fault with its place and what to do.
//
// A value of type any comes as string, int64, float64, bool, nil, []any or
// map[string]any.
func (p *Pack) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fault.Newf(fault.Failed, "a pack cannot be decoded into %T", into)
	}
	return p.decodeStruct(p.root, v.Elem(), headerKeys)
}

var headerKeys = func() []string {
	var keys []string
	for f := range fields(reflect.TypeFor[header]()) {
		keys = append(keys, f)
	}
	return keys
}()

func (p *Pack) decodeHeader(h *header) error {
	body := &yaml.Node{Kind: yaml.MappingNode, Line: p.root.Line, Column: p.root.Column}
	for i := 0; i+1 < len(p.root.Content); i += 2 {
		if slices.Contains(headerKeys, p.root.Content[i].Value) {
			body.Content = append(body.Content, p.root.Content[i], p.root.Content[i+1])
		}
	}
	return p.decodeStruct(body, reflect.ValueOf(h).Elem(), nil)
}

type structField struct {
	index    int
	required bool
}

func fields(t reflect.Type) map[string]structField {
	out := map[string]structField{}
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			out[name] = structField{i, option == "required"}
		}
	}
	return out
}

func (p *Pack) decode(n *yaml.Node, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if n.ShortTag() == "!!null" {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return p.decode(n, v.Elem())
	case reflect.Struct:
		return p.decodeStruct(n, v, nil)
	case reflect.Map:
		return p.decodeMap(n, v)
	case reflect.Slice, reflect.Array:
		return p.decodeList(n, v)
	case reflect.Interface:
		x, err := p.plain(n)
		if err == nil && x != nil {
			v.Set(reflect.ValueOf(x))
		}
		return err
	}
	return p.decodeScalar(n, v)
}

func (p *Pack) decodeStruct(n *yaml.Node, v reflect.Value, skip []string) error {
	if n.Kind != yaml.MappingNode {
		return p.wrong(n, "a mapping of keys to values", "write one key: value per line")
	}
	known := fields(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, ok := known[key.Value]
		if !ok {
			if slices.Contains(skip, key.Value) {
				continue
			}
			return p.at(key, fmt.Sprintf("the key %q is not known here", key.Value), "use "+names(known))
		}
		seen[key.Value] = true
		if err := p.decode(value, v.Field(f.index)); err != nil {
			return err
		}
	}
	var missing []string
	for name, f := range known {
		if f.required && !seen[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return p.at(n, "missing here: "+strings.Join(missing, ", "), "add it")
	}
	return nil
}

func names(known map[string]structField) string {
	var out []string
	for name := range known {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (p *Pack) decodeMap(n *yaml.Node, v reflect.Value) error {
	if n.Kind != yaml.MappingNode {
		return p.wrong(n, "a mapping of keys to values", "write one key: value per line")
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := p.decode(n.Content[i+1], item); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(n.Content[i].Value).Convert(v.Type().Key()), item)
	}
	return nil
}

func (p *Pack) decodeList(n *yaml.Node, v reflect.Value) error {
	if n.Kind != yaml.SequenceNode {
		return p.wrong(n, "a list", "write [a, b] or one - item per line")
	}
	if v.Kind() == reflect.Array {
		if len(n.Content) != v.Len() {
			return p.at(n, fmt.Sprintf("this list has %d items, not %d", len(n.Content), v.Len()), "")
		}
	} else {
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	}
	for i, c := range n.Content {
		if err := p.decode(c, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pack) decodeScalar(n *yaml.Node, v reflect.Value) error {
	x, err := p.plain(n)
	if err != nil {
		return err
	}
	switch v.Kind() {
	case reflect.String:
		if s, ok := x.(string); ok {
			v.SetString(s)
			return nil
		}
		return p.wrong(n, "a text", "put it in quotes")
	case reflect.Bool:
		if b, ok := x.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return p.wrong(n, "true or false", "write true or false")
	case reflect.Int, reflect.Int64:
		if i, ok := x.(int64); ok {
			v.SetInt(i)
			return nil
		}
		return p.wrong(n, "a whole number", "write it with digits only")
	case reflect.Float64:
		switch x := x.(type) {
		case float64:
			v.SetFloat(x)
			return nil
		case int64:
			v.SetFloat(float64(x))
			return nil
		}
		return p.wrong(n, "a number", "write it with digits and a point")
	}
	return fault.Newf(fault.Failed, "a pack cannot be decoded into a field of type %s", v.Type())
}

// plain gives a node's value as Go sees it. Unquoted dates are texts.
func (p *Pack) plain(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		var out map[string]any
		err := p.decodeMap(n, reflect.ValueOf(&out).Elem())
		return out, err
	case yaml.SequenceNode:
		var out []any
		err := p.decodeList(n, reflect.ValueOf(&out).Elem())
		return out, err
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return n.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		switch n.Value {
		case "true", "false":
			return n.Value == "true", nil
		}
		return nil, p.wrong(n, "true or false", "write true or false, or put a text in quotes")
	case "!!int":
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return nil, p.wrong(n, "a whole number", "write it with digits only, or put a text in quotes")
		}
		return i, nil
	case "!!float":
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, p.wrong(n, "a number", "write it with digits and a point, or put a text in quotes")
		}
		return f, nil
	}
	return nil, p.wrong(n, "a plain value", "leave out the tag "+n.ShortTag())
}

func (p *Pack) wrong(n *yaml.Node, want, fix string) *fault.Error {
	var have string
	switch {
	case n.Kind == yaml.MappingNode:
		have = "a mapping"
	case n.Kind == yaml.SequenceNode:
		have = "a list"
	case n.ShortTag() == "!!null":
		have = "nothing"
	default:
		have = strconv.Quote(n.Value)
	}
	return p.at(n, fmt.Sprintf("this is %s, not %s", have, want), fix)
}
