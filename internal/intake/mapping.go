package intake

import (
	"slices"

	"duly/internal/evidence"
)

// Mapping says how the rows of one system's files become records. It is read
// from YAML by [ParseMapping], which documents the language, and is read-only
// and safe for concurrent use after that.
type Mapping struct {
	Source string // the system's name; it stands in every revision
	Input  Format

	rowID   []value
	lookups []*lookup
	records []*recordDef
	main    int      // index of the row's main record
	columns []string // every column that a value reads
}

// Format is the form of the input files.
type Format struct {
	Kind      string // csv, json or jsonl
	Delimiter byte   // csv: the byte between fields
	Latin1    bool   // the text is ISO 8859-1, not UTF-8
}

// MainKind gives the kind of the row's main record.
func (m *Mapping) MainKind() string { return m.records[m.main].target.kind }

// StatesFacts says whether the mapping makes facts or the sources that facts cite, which
// not everybody who loads data may state.
func (m *Mapping) StatesFacts() bool {
	return slices.ContainsFunc(m.Kinds(), func(kind string) bool { return kind == evidence.Facts.Name() || kind == evidence.Sources.Name() })
}

// Kinds gives the kinds of record that a row makes, sorted.
func (m *Mapping) Kinds() []string {
	var kinds []string
	for _, r := range m.records {
		kinds = append(kinds, r.target.kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// label names record i in source_refs; the main record has none.
func (m *Mapping) label(i int) string {
	if i == m.main {
		return ""
	}
	return m.records[i].label
}

// recordDef is one record that a row makes.
type recordDef struct {
	label      string
	target     *target
	fields     []fieldDef
	require    []int // indexes of fields without which the record is not made
	identities []identityDef
	name       int // index of the field "name", or -1
}

// fieldDef is one field of a record: a value, or a reference to a record that
// stands above it.
type fieldDef struct {
	name  string
	slot  slot
	value value
}

// identityDef is one way to tell whether two records are the same: an identifier
// of a scheme, a composed key, or (scheme "") nothing but the name.
type identityDef struct {
	scheme string
	key    bool
	parts  []value
}

// value is how one value is made from a row.
type value struct {
	constant string
	column   int // index into Mapping.columns, or -1
	record   int // index of the record that is referred to, or -1
	blank    []string
	strip    string
	fold     string // upper, lower or ""
	split    string
	dates    []string
	decimal  byte // of money; 0 when it is not money
	lookup   *lookup
	prefix   string
	label    string // the column's name, for messages
}

// lookup turns the texts of a source into those of a vocabulary.
type lookup struct {
	index    int // in Mapping.lookups
	name     string
	exact    map[string]string
	prefixes []prefix // the longest first
	fallback string   // for what is not listed; "" leaves it blank
}

type prefix struct{ text, result string }

// find gives the result for a text, and whether it is listed.
func (l *lookup) find(text string) (string, bool) {
	if result, ok := l.exact[text]; ok {
		return result, true
	}
	for _, p := range l.prefixes {
		if len(text) >= len(p.text) && text[:len(p.text)] == p.text {
			return p.result, true
		}
	}
	return l.fallback, false
}

// record is one record that a row states, before anybody knows whether it is
// new.
type record struct {
	data       any // *T of the kind; nil when the row does not make it
	stated     uint64
	identities []identity
	name       string // folded; "" where names do not tell records apart
}

// statement is all that one row states.
type statement struct {
	file, line int
	rowID      string
	hash       string // short hash of the mapped content
	day        string // valid_from of the main record
	records    []record
}

// sourceRef is how a record names the row: its id in the source and the hash of
// what was taken from it. Records beside the main one add their label.
func (s *statement) sourceRef(label string) string {
	ref := s.rowID + "#" + s.hash
	if label != "" {
		ref += "@" + label
	}
	return ref
}
