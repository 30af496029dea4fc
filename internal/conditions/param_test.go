package conditions

import (
	"encoding/json"
	"strings"
	"testing"
)

// Protects: values at a path are those that encoding/json finds, in any case of
// the names, and text that is no JSON does no harm.
func FuzzFind(f *testing.F) {
	for _, s := range []string{
		`{"a":{"b":1},"A":{"B":[2,{"c":3}]}}`, `{"a":[{"b":"x\"y"},{"b":null},{}]}`, `{"a" : { "b" : -1.5e3 } }`, `{"\u0061":{"b":true}}`,
		`{"a":{"b"`, `{"a"}`, `{"a":1,}`, `{]`, `{"a":{"b":1}`, `{"a":"\`, `[{"b":1}]`, `{"a":[[{"b":1}]]}`,
	} {
		f.Add([]byte(s))
	}
	plainPath, err := parsePath("a.b")
	if err != nil {
		f.Fatal(err)
	}
	listPath, err := parsePath("a[].b")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = []byte(strings.TrimSpace(string(raw)))
		plain, plainOK := find(raw, plainPath, nil)
		list, listOK := find(raw, listPath, nil)
		var doc any
		if json.Unmarshal(raw, &doc) != nil || strings.ContainsRune(string(raw), '\ufffd') {
			return
		}
		compare(t, raw, plain, plainOK, count(doc, "a", false))
		compare(t, raw, list, listOK, count(doc, "a", true))
	})
}

// count gives how many values encoding/json sees at a.b or a[].b where every name
// stands once; -1 where it does not, or where the shape is another.
func count(doc any, name string, each bool) int {
	object, ok := doc.(map[string]any)
	if !ok {
		return -1
	}
	var inner []any
	for k, v := range object {
		if strings.EqualFold(k, name) {
			inner = append(inner, v)
		}
	}
	if len(inner) > 1 {
		return -1
	}
	if len(inner) == 0 || inner[0] == nil {
		return 0
	}
	if name == "b" {
		return 1
	}
	if !each {
		return count(inner[0], "b", false)
	}
	items, ok := inner[0].([]any)
	if !ok {
		return -1
	}
	n := 0
	for _, item := range items {
		if item == nil {
			continue
		}
		m := count(item, "b", false)
		if m < 0 {
			return -1
		}
		n += m
	}
	return n
}

func compare(t *testing.T, raw []byte, got [][]byte, ok bool, want int) {
	t.Helper()
	for _, v := range got {
		if ok && !json.Valid(v) {
			t.Fatalf("%q gives %q", raw, v)
		}
	}
	if want >= 0 && ok && len(got) != want && !repeats(raw) {
		t.Fatalf("%q: %d values, want %d", raw, len(got), want)
	}
	if want >= 0 && !ok && !repeats(raw) {
		t.Fatalf("%q: no values, want %d", raw, want)
	}
}

// repeats says whether a name may stand twice somewhere, which encoding/json
// hides by taking the last.
func repeats(raw []byte) bool {
	lower := strings.ToLower(string(raw))
	return strings.Count(lower, `"a"`) > 1 || strings.Count(lower, `"b"`) > 1 || strings.Contains(lower, `\u`)
}
