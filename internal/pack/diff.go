package pack

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Diff says in plain sentences what a pack holds otherwise than the one before it, in
// the order of the new pack: what is new, what is gone, and what was and is. Items of
// a list that have an id are compared by it, wherever they stand. The pack's own tests
// and its comments are left out, since they decide nothing. No sentence: nothing that
// decides has changed.
func Diff(before, after *Pack) []string {
	d := &differ{}
	d.mapping(nil, before.root, after.root)
	return d.sentences
}

type differ struct{ sentences []string }

// singular names the items of a pack's lists and maps.
var singular = map[string]string{
	"facts": "fact", "indicators": "indicator", "hard_stops": "hard stop", "complete_when": "requirement", "rights": "right",
	"prohibited_uses": "prohibited use", "necessary": "necessary control", "families": "family", "sources": "source",
	"conditions": "condition", "parameters": "parameter", "rules": "rule", "terms": "term", "items": "item", "sections": "section",
	"tables": "table", "prohibitions": "prohibition", "inputs": "input",
}

// undecisive are the keys of a pack that decide nothing.
var undecisive = []string{"tests", "kind", "license"}

func (d *differ) say(at []string, format string, args ...any) {
	place := strings.Join(at, ", ")
	d.sentences = append(d.sentences, place+": "+fmt.Sprintf(format, args...)+".")
}

func (d *differ) mapping(at []string, before, after *yaml.Node) {
	for i := 0; i+1 < len(after.Content); i += 2 {
		key := after.Content[i].Value
		if len(at) == 0 && slices.Contains(undecisive, key) {
			continue
		}
		d.value(at, key, child(before, key), after.Content[i+1])
	}
	for i := 0; i+1 < len(before.Content); i += 2 {
		key := before.Content[i].Value
		if child(after, key) == nil && (len(at) > 0 || !slices.Contains(undecisive, key)) {
			d.say(append(slices.Clone(at), words(key)), "was %s, is not there any more", text(before.Content[i+1]))
		}
	}
}

// value compares what stands under a key; before is nil where the key is new.
func (d *differ) value(at []string, key string, before, after *yaml.Node) {
	here := append(slices.Clone(at), words(key))
	switch {
	case before == nil:
		d.say(here, "new, %s", text(after))
	case before.Kind != after.Kind:
		d.say(here, "was %s, is %s", text(before), text(after))
	case key == "matrix" && after.Kind == yaml.MappingNode:
		d.matrix(before, after)
	case after.Kind == yaml.MappingNode:
		d.mapping(here, before, after)
	case after.Kind == yaml.SequenceNode && named(before) && named(after):
		d.list(at, key, before, after)
	case after.Kind == yaml.SequenceNode:
		d.items(here, before, after)
	case before.Value != after.Value:
		d.say(here, "was %s, is %s", text(before), text(after))
	}
}

// list compares lists whose items have ids.
func (d *differ) list(at []string, key string, before, after *yaml.Node) {
	one := singular[key]
	if one == "" {
		one = "item of " + words(key)
	}
	old := map[string]*yaml.Node{}
	for _, item := range before.Content {
		old[id(item)] = item
	}
	for _, item := range after.Content {
		here := append(slices.Clone(at), one+" "+id(item))
		if was := old[id(item)]; was != nil {
			d.mapping(here, was, item)
		} else {
			d.say(here, "new, %s", text(item))
		}
		delete(old, id(item))
	}
	for _, item := range before.Content {
		if old[id(item)] != nil {
			d.say(append(slices.Clone(at), one+" "+id(item)), "not there any more: %s", text(item))
		}
	}
}

// items compares lists of values.
func (d *differ) items(at []string, before, after *yaml.Node) {
	texts := func(n *yaml.Node) (out []string) {
		for _, c := range n.Content {
			out = append(out, text(c))
		}
		return out
	}
	old, now := texts(before), texts(after)
	without := func(list, other []string) (out []string) {
		for _, x := range list {
			if !slices.Contains(other, x) {
				out = append(out, x)
			}
		}
		return out
	}
	added, gone := without(now, old), without(old, now)
	switch {
	case len(added) > 0 && len(gone) > 0:
		d.say(at, "adds %s; drops %s", strings.Join(added, ", "), strings.Join(gone, ", "))
	case len(added) > 0:
		d.say(at, "adds %s", strings.Join(added, ", "))
	case len(gone) > 0:
		d.say(at, "drops %s", strings.Join(gone, ", "))
	case !slices.Equal(old, now):
		d.say(at, "stands in another order: %s", strings.Join(now, ", "))
	}
}

// matrix compares the bands of a method, cell by cell.
func (d *differ) matrix(before, after *yaml.Node) {
	bands := map[byte]string{'L': "LOW", 'M': "MEDIUM", 'H': "HIGH", 'C': "CRITICAL"}
	for i := 0; i+1 < len(after.Content); i += 2 {
		severity, row := after.Content[i].Value, after.Content[i+1].Value
		was := ""
		if old := child(before, severity); old != nil {
			was = old.Value
		}
		for l := 0; l < len(row); l++ {
			if l >= len(was) || was[l] == row[l] {
				continue
			}
			d.say([]string{"matrix", fmt.Sprintf("severity %s and likelihood %d", severity, l+1)}, "was %s, is %s", bands[was[l]], bands[row[l]])
		}
	}
}

func id(n *yaml.Node) string {
	if v := child(n, "id"); n.Kind == yaml.MappingNode && v != nil {
		return v.Value
	}
	return ""
}

// named says whether each item of a list has an id of its own.
func named(n *yaml.Node) bool {
	seen := map[string]bool{}
	for _, c := range n.Content {
		if id(c) == "" || seen[id(c)] {
			return false
		}
		seen[id(c)] = true
	}
	return true
}

func words(key string) string { return strings.ReplaceAll(key, "_", " ") }

// text gives a value in a line; of an item with an id what it says of itself first.
func text(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		var parts []string
		for _, key := range []string{"title", "question", "text"} {
			if v := child(n, key); v != nil {
				parts = append(parts, strings.Join(strings.Fields(v.Value), " "))
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i].Value; !slices.Contains([]string{"id", "title", "question", "text"}, key) {
				parts = append(parts, words(key)+" "+text(n.Content[i+1]))
			}
		}
		return strings.Join(parts, "; ")
	case yaml.SequenceNode:
		var items []string
		for _, c := range n.Content {
			items = append(items, text(c))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return strings.Join(strings.Fields(n.Value), " ")
}
