package intake

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
	"duly/internal/ledger"
)

func (p *parser) record(key, n *yaml.Node) error {
	def := &recordDef{label: key.Value, name: -1}
	kind, main := "", ""
	var fields, identity *yaml.Node
	var require []string
	err := p.keys(n, known{
		"kind": p.text(&kind), "main": p.choice(&main, "true", "false"), "identity": keep(&identity),
		"fields": keep(&fields), "require": p.texts(&require),
	}, "kind", "identity", "fields")
	if err != nil {
		return err
	}
	if def.target = targets[kind]; def.target == nil {
		return p.bad(n, "there is no kind %q", kind).WithFix("use one of: " + strings.Join(targetNames(), ", "))
	}
	if err := p.fields(def, fields); err != nil {
		return err
	}
	if err := p.identities(def, identity); err != nil {
		return err
	}
	for _, name := range require {
		i := slices.IndexFunc(def.fields, func(f fieldDef) bool { return f.name == name })
		if i < 0 {
			return p.bad(n, "the record requires %q, which is not among its fields", name)
		}
		def.require = append(def.require, i)
	}
	if main == "true" {
		if p.m.main >= 0 || require != nil {
			return p.bad(n, "one record is main, and it is made by every row")
		}
		p.m.main = len(p.m.records)
	}
	p.m.records = append(p.m.records, def)
	return nil
}

func targetNames() []string {
	var names []string
	for k := range targets {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// ours are the fields that intake fills itself.
var ours = []string{"received", "source", "source_ref", "identity"}

func (p *parser) fields(def *recordDef, n *yaml.Node) error {
	return p.each(n, func(key, n *yaml.Node) error {
		f := fieldDef{name: key.Value}
		var exists bool
		if f.slot, exists = def.target.slots[f.name]; !exists || slices.Contains(ours, f.name) {
			return p.bad(key, "a %s has no field %q that a mapping can fill", def.target.kind, f.name).
				WithFix("use one of: " + strings.Join(def.target.fieldNames(), ", "))
		}
		var err error
		if f.value, err = p.value(n, false, nil); err != nil {
			return err
		}
		if err := p.fits(def.target, n, &f); err != nil {
			return err
		}
		if f.name == "name" {
			def.name = len(def.fields)
		}
		def.fields = append(def.fields, f)
		return nil
	})
}

func (t *target) fieldNames() []string {
	var names []string
	for name := range t.slots {
		if !slices.Contains(ours, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// fits compares a value with the type of its field, as far as that can be known
// before any row is read.
func (p *parser) fits(t *target, n *yaml.Node, f *fieldDef) error {
	v, field := &f.value, f.slot.field
	switch {
	case v.record >= 0 && field.Type != ledger.TypeText:
		return p.bad(n, "%s is not a reference to a record", f.name)
	case v.record >= 0:
		return nil
	case v.split != "" && !f.slot.isList():
		return p.bad(n, "%s holds one value, so it cannot be split", f.name)
	case v.dates != nil && field.Type != ledger.TypeDate && field.Type != ledger.TypeText:
		return p.bad(n, "%s is not a date", f.name)
	case v.decimal != 0 && field.Type != ledger.TypeInt:
		return p.bad(n, "%s is not an amount of money", f.name)
	}
	given := []string{}
	if v.column < 0 {
		given = []string{v.constant}
	} else if v.lookup != nil {
		for _, result := range v.lookup.results() {
			given = append(given, v.prefix+result)
		}
	}
	for _, text := range given {
		if err := t.probe(f.slot, text); err != nil {
			return p.bad(n, "%q cannot be the value of %s: %s", text, f.name, reason(err))
		}
	}
	return nil
}

// reason gives what went wrong without its place.
func reason(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		if f.Fix != "" {
			return f.What + "; " + f.Fix
		}
		return f.What
	}
	return err.Error()
}

// probe tries a value in a field of an otherwise empty record.
func (t *target) probe(s slot, text string) error {
	data := t.fresh()
	if err := t.set(data, s, text, []string{text}); err != nil {
		return err
	}
	return t.encode(data)
}

func (s slot) isList() bool {
	return s.field.Type == ledger.TypeTexts || s.field.Type == ledger.TypeEnums
}

func (p *parser) identities(def *recordDef, n *yaml.Node) error {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, item := range list {
		d, err := p.identity(def, item)
		if err != nil {
			return err
		}
		def.identities = append(def.identities, d)
	}
	switch {
	case len(def.identities) == 0:
		return p.bad(n, "the record has no identity")
	case len(def.identities) > 1 && !namesMatter(def.target.kind):
		return p.bad(n, "only a customer has several identities")
	case def.target.slots["identity"].field.Name == "":
		return p.bad(n, "a %s has no identity", def.target.kind)
	}
	return nil
}

func (p *parser) identity(def *recordDef, n *yaml.Node) (identityDef, error) {
	d := identityDef{}
	if n.Kind == yaml.ScalarNode && n.Value == "name" {
		if !namesMatter(def.target.kind) || def.name < 0 {
			return d, p.bad(n, "only a customer that has a name can be known by it")
		}
		return d, nil
	}
	var key *yaml.Node
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "key" {
		key = n.Content[1]
		var names []string
		parts, err := p.parts(key, &names)
		if err != nil {
			return d, err
		}
		return sortedKey(names, parts), nil
	}
	v, err := p.value(n, true, known{"scheme": p.text(&d.scheme)})
	if err != nil {
		return d, err
	}
	if !validScheme(d.scheme) {
		return d, p.bad(n, "an identity is {key: [columns]}, {scheme: NAME, column: C} with a scheme of small letters, or name")
	}
	d.parts = []value{v}
	return d, nil
}

// sortedKey orders the parts of a key by name behind the first, which finds the
// likes of a record: two mappings that write the same parts in another order
// mean the same key as long as they begin with the same part.
func sortedKey(names []string, parts []value) identityDef {
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order[1:], func(a, b int) int { return strings.Compare(names[a], names[b]) })
	d := identityDef{key: true}
	var sorted []string
	for _, i := range order {
		d.parts = append(d.parts, parts[i])
		sorted = append(sorted, names[i])
	}
	d.scheme = "key(" + strings.Join(sorted, "+") + ")"
	return d
}
