package pack

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Schema gives the JSON Schema (draft 2020-12) of packs of a kind whose body is
// decoded into the type of body, a struct: the header's keys and the body's, which
// are required, of which type, and what they are for. An editor with a YAML language
// server completes and checks packs with it; [Pack.Decode] and the loader of the kind
// check more. The same types give the same bytes.
//
// Beside `yaml`, it reads the tags `about:"text"` and `enum:"a|b"` of fields.
func Schema(kind string, body any) []byte {
	root := object(reflect.TypeFor[header]())
	add := object(reflect.TypeOf(body))
	properties := root["properties"].(map[string]any)
	for name, p := range add["properties"].(map[string]any) {
		properties[name] = p
	}
	properties["kind"] = map[string]any{"const": kind}
	for name, text := range headerAbout {
		if p, ok := properties[name].(map[string]any); ok {
			p["description"] = text
		}
	}
	enumerate(properties["status"].(map[string]any), statuses)
	required, _ := root["required"].([]string)
	more, _ := add["required"].([]string)
	root["required"] = slices.Sorted(slices.Values(append(required, more...)))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Duly pack of kind " + kind
	b, err := json.Marshal(root, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		panic("pack: a schema of texts did not encode: " + err.Error())
	}
	return append(b, '\n')
}

// headerAbout says what the keys of a header are for.
var headerAbout = map[string]string{
	"id":             "the name of the pack: small letters, digits, dots and hyphens; unique with its version",
	"kind":           "what the pack is for",
	"version":        "in quotes; a pack that was used is never changed: a change is a new version",
	"title":          "what it is, in one line",
	"status":         "who stands behind it",
	"issued":         "the day it was issued, YYYY-MM-DD",
	"effective_from": "the first day it holds for, YYYY-MM-DD",
	"effective_to":   "the last day it holds for, YYYY-MM-DD",
	"checked":        "the day a person last compared it with its source, YYYY-MM-DD",
	"recheck":        "from this day on it is shown as stale until somebody compares it again, YYYY-MM-DD",
	"license":        "of the words of the pack, for example Apache-2.0",
	"sources":        "what it rests on; grade is verified if the text was read, else unverified",
}

// object gives the schema of a struct.
func object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	var required []string
	for name, f := range fields(t) {
		field := t.Field(f.index)
		p := schemaOf(field.Type)
		if text := field.Tag.Get("about"); text != "" {
			p["description"] = text
		}
		if list := field.Tag.Get("enum"); list != "" {
			enumerate(p, strings.Split(list, "|"))
		}
		properties[name] = p
		if f.required {
			required = append(required, name)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = required
	}
	return out
}

// enumerate bounds a text, or the items of a list, to words.
func enumerate(p map[string]any, words []string) {
	if items, ok := p["items"].(map[string]any); ok {
		p = items
	}
	p["enum"] = words
}

func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{schemaOf(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Struct:
		return object(t)
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Array:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Interface:
		return map[string]any{}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	panic(fmt.Sprintf("pack: a pack cannot be decoded into a field of type %s", t))
}
