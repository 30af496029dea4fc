package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Differs says where a file differs from the one that the log gives, in words for people;
// "" when they are the same to the last byte. For JSON it names the first place by its path;
// for all else, the line.
func Differs(given, built []byte) string {
	if bytes.Equal(given, built) {
		return ""
	}
	a, okA := decoded(given)
	b, okB := decoded(built)
	if okA && okB {
		if where := differs("", a, b); where != "" {
			return where
		}
		return "it says the same in another spelling"
	}
	n := 0
	for n < len(given) && n < len(built) && given[n] == built[n] {
		n++
	}
	line := func(of []byte) string {
		from := bytes.LastIndexByte(of[:n], '\n') + 1
		end := len(of)
		if i := bytes.IndexByte(of[n:], '\n'); i >= 0 {
			end = n + i
		}
		return short(string(of[from:end]))
	}
	return fmt.Sprintf("line %d is %s, the log gives %s", bytes.Count(given[:n], []byte{'\n'})+1, line(given), line(built))
}

func decoded(text []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(&v)
	_, object := v.(map[string]any)
	return v, err == nil && object
}

// differs gives the first place at which two decoded values differ, in the order of keys.
func differs(path string, given, built any) string {
	switch a := given.(type) {
	case map[string]any:
		b, same := built.(map[string]any)
		if !same {
			break
		}
		both := maps.Clone(a)
		maps.Copy(both, b)
		for _, key := range slices.Sorted(maps.Keys(both)) {
			at := key
			if path != "" {
				at = path + "." + key
			}
			_, inA := a[key]
			_, inB := b[key]
			switch {
			case !inA:
				return at + " is missing, the log gives " + said(b[key])
			case !inB:
				return at + " is " + said(a[key]) + ", the log gives nothing there"
			}
			if where := differs(at, a[key], b[key]); where != "" {
				return where
			}
		}
		return ""
	case []any:
		b, same := built.([]any)
		if !same {
			break
		}
		for i := range min(len(a), len(b)) {
			if where := differs(path+"["+strconv.Itoa(i)+"]", a[i], b[i]); where != "" {
				return where
			}
		}
		if len(a) != len(b) {
			return fmt.Sprintf("%s has %d items, the log gives %d", path, len(a), len(b))
		}
		return ""
	}
	if reflect.DeepEqual(given, built) {
		return ""
	}
	return path + " is " + said(given) + ", the log gives " + said(built)
}

func said(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "unreadable"
	}
	return short(string(text))
}

// short keeps an answer to one line of a screen.
func short(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
