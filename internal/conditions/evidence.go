package conditions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Field is one thing kept of a call as evidence.
type Field struct {
	Name  string `json:"name"`  // event.name, param.threshold, ...
	Value string `json:"value"` // says where it comes from when the call did not state it
}

// maxValue bounds a kept value, in bytes.
const maxValue = 256

// Evidence gives the least that shows the deviation: the fields that the
// condition lists, in its order, and nothing else of the call. A list that the
// call left out is left out here.
func (c *Condition) Evidence(call *Call) []Field {
	out := make([]Field, 0, len(c.evidence))
	for _, name := range c.evidence {
		if value := c.shown(call, name); value != "" {
			out = append(out, Field{name, value})
		}
	}
	return out
}

func (c *Condition) shown(call *Call, name string) string {
	const missing = "not recorded"
	p, ok := c.params[name]
	if !ok {
		if v, ok := c.lookup(call, name); ok {
			return clip(v.(string))
		}
		return missing
	}
	v, origin := p.value(call)
	switch {
	case origin == unrecorded:
		return missing
	case origin == stated && p.free(call):
		return "stated; free text is not kept"
	case origin == defaulted && text(v) == "":
		return ""
	case origin == defaulted:
		return clip(text(v)) + " (left out: the service's default)"
	case origin == raised:
		return clip(text(v)) + " (stated lower: raised by the service)"
	}
	return clip(text(v))
}

// free says whether the parameter may come from free text of the call.
func (p *parameter) free(call *Call) bool {
	return slices.ContainsFunc(p.paths, func(at path) bool {
		return slices.ContainsFunc(call.Free, func(name string) bool { return strings.EqualFold(name, at[0].name) })
	})
}

func text(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, "; ")
	}
	return fmt.Sprint(v)
}

func clip(s string) string {
	if len(s) <= maxValue {
		return s
	}
	n := maxValue
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
