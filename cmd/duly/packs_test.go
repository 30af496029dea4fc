package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"duly/internal/pack"
	"duly/packs"
)

// dates are texts in packs, and would be times to a YAML library.
var dates = regexp.MustCompile(`(: |\[|, )(\d{4}-\d\d-\d\d)\b`)

// schemaFaults checks a value against the part of JSON Schema that pack schemas use.
func schemaFaults(schema map[string]any, v any, at string) []string {
	if choices, ok := schema["anyOf"].([]any); ok {
		for _, c := range choices {
			if len(schemaFaults(c.(map[string]any), v, at)) == 0 {
				return nil
			}
		}
		return []string{at + ": none of the choices"}
	}
	if want, ok := schema["const"]; ok && v != want {
		return []string{fmt.Sprintf("%s: %v is not %v", at, v, want)}
	}
	if words, ok := schema["enum"].([]any); ok && !slices.Contains(words, v) {
		return []string{fmt.Sprintf("%s: %v is not one of %v", at, v, words)}
	}
	var out []string
	switch schema["type"] {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			return []string{at + ": not an object"}
		}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := m[name.(string)]; !ok {
				out = append(out, fmt.Sprintf("%s: %v is missing", at, name))
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, value := range m {
			next, ok := properties[name].(map[string]any)
			if more, isSchema := schema["additionalProperties"].(map[string]any); !ok && isSchema {
				next, ok = more, true
			}
			if !ok {
				out = append(out, at+": "+name+" is not known")
				continue
			}
			out = append(out, schemaFaults(next, value, at+"."+name)...)
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return []string{at + ": not a list"}
		}
		if n, ok := schema["minItems"].(float64); ok && len(list) != int(n) {
			out = append(out, at+": another number of items")
		}
		for i, item := range list {
			out = append(out, schemaFaults(schema["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "string":
		if _, ok := v.(string); !ok {
			out = append(out, fmt.Sprintf("%s: %v is not a text", at, v))
		}
	case "integer":
		if _, ok := v.(int); !ok {
			out = append(out, fmt.Sprintf("%s: %v is not a whole number", at, v))
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			out = append(out, fmt.Sprintf("%s: %v is not true or false", at, v))
		}
	}
	return out
}

// TestPackSchemas protects those who write packs in an editor: every kind that has
// tests has a schema, every pack that ships is valid by it, and a pack with a wrong
// word, a wrong type, an unknown key or a missing key is not.
func TestPackSchemas(t *testing.T) {
	list, err := pack.ReadDir(packs.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]map[string]any{}
	for kind := range runners {
		make, ok := packSchemas[kind]
		if !ok {
			t.Errorf("packs of kind %s have no schema", kind)
			continue
		}
		var schema map[string]any
		if err := json.Unmarshal(make(), &schema); err != nil {
			t.Fatal(err)
		}
		schemas[kind] = schema
	}
	check := func(kind string, text string) []string {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(dates.ReplaceAllString(text, `$1"$2"`)), &v); err != nil {
			t.Fatal(err)
		}
		return schemaFaults(schemas[kind], v, kind)
	}
	for _, p := range list {
		if faults := check(p.Kind, string(p.Bytes)); len(faults) > 0 {
			t.Errorf("%s: %s", p.Path, strings.Join(faults, "; "))
		}
	}
	data, err := fs.ReadFile(packs.Files, "methods/rm-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{"kind: method", "kind: triage"}, {"type: text,", "type: txt,"}, {"weight: 1", "weight: one"}, {"origin:", "orgin:"},
		{"    family: CTX\n", ""}, {"required: true", "required: 1"}, {"answers: [customer, analyst]", "answers: [boss]"}, {"status: project", "status: draft"},
	} {
		if faults := check(pack.Method, strings.Replace(string(data), c.old, c.new, 1)); len(faults) == 0 {
			t.Errorf("the schema lets %q pass", c.new)
		}
	}
}
