package watchlist

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
	"duly/internal/names"
)

// mapping is list.yaml, which says how a CSV file is read as a list.
type mapping struct {
	Name      string `yaml:"name"`
	License   string `yaml:"license"`
	Published string `yaml:"published"` // YYYY-MM-DD
	File      string `yaml:"file"`
	Comma     string `yaml:"comma"` // what parts the columns; a comma when empty
	Split     string `yaml:"split"` // what parts several values in one cell; a semicolon when empty
	Columns   struct {
		ID          string             `yaml:"id"` // without it the name is the id
		Name        string             `yaml:"name"`
		Kind        string             `yaml:"kind"`
		Aliases     []string           `yaml:"aliases"`
		WeakAliases []string           `yaml:"weak_aliases"`
		Programs    []string           `yaml:"programs"`
		Reasons     []string           `yaml:"reasons"`
		Bases       []string           `yaml:"bases"`
		Topics      []string           `yaml:"topics"`
		Countries   []string           `yaml:"countries"`
		Addresses   []string           `yaml:"addresses"`
		BirthDates  []string           `yaml:"birth_dates"`
		BirthPlaces []string           `yaml:"birth_places"`
		Gender      string             `yaml:"gender"`
		Title       string             `yaml:"title"`
		Remarks     string             `yaml:"remarks"`
		Listed      string             `yaml:"listed"`
		Identifiers []identifierColumn `yaml:"identifiers"`
	} `yaml:"columns"`
	Kinds  map[string]string `yaml:"kinds"`  // what the kind column says to person, organization or vessel
	Topics []string          `yaml:"topics"` // of every entry
}

type identifierColumn struct {
	Column  string `yaml:"column"`
	Type    string `yaml:"type"`
	Country string `yaml:"country"`
}

const mappingFile = "list.yaml"

var ownKinds = map[string]names.Kind{"person": names.Person, "organization": names.Organization, "vessel": names.Vessel, "other": names.Other}

// readOwn reads a list of one's own: a directory with a CSV file and list.yaml,
// which names its columns.
func readOwn(s *source) (*List, error) {
	if s.root == nil {
		return nil, fault.New(fault.Invalid, "the format own is read from a directory", "give the directory that holds list.yaml").At(s.path, 0, "")
	}
	m, err := s.readMapping()
	if err != nil {
		return nil, err
	}
	s.list.Name, s.list.License, s.list.Published = m.Name, m.License, m.Published
	f, err := s.open(m.File)
	if err != nil {
		return nil, err
	}
	comma := byte(',')
	if m.Comma != "" {
		comma = m.Comma[0]
	}
	t, err := s.openTable(f, comma, m.needed(), nil)
	if err != nil {
		f.disk.Close()
		return nil, err
	}
	d := &distinct{source: s}
	return s.list, t.each(func() *fault.Error { return m.row(d, t) })
}

// readMapping reads list.yaml and checks all that can be checked without the CSV.
func (s *source) readMapping() (*mapping, error) {
	f, err := s.open(mappingFile)
	if err != nil {
		return nil, err
	}
	defer f.disk.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxField))
	if err != nil {
		return nil, brokenOff(f, 1, err)
	}
	if err := s.close(f); err != nil {
		return nil, err
	}
	m := &mapping{Split: ";"}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(m); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(fault.Invalid, err, "the mapping cannot be read").At(f.path, 0, "")
	}
	bad := func(field, what string) error { return fault.New(fault.Invalid, what, "").At(f.path, 0, field) }
	switch {
	case m.Name == "":
		return nil, bad("name", "the list has no name")
	case m.File == "":
		return nil, bad("file", "the mapping names no CSV file")
	case m.Columns.Name == "":
		return nil, bad("columns.name", "the mapping names no column for the name")
	case m.Published != "" && day(m.Published) != m.Published:
		return nil, bad("published", "this is not a date like 2026-01-31")
	case len(m.Comma) > 1:
		return nil, bad("comma", "this is more than one character")
	case m.Split == "":
		return nil, bad("split", "this is empty")
	}
	for _, kind := range m.Kinds {
		if _, known := ownKinds[kind]; !known {
			return nil, bad("kinds", "\""+clip(kind)+"\" is none of person, organization, vessel, other")
		}
	}
	return m, nil
}

// needed lists every column that the mapping names: a column that is missing is a
// mistake in the mapping or in the file.
func (m *mapping) needed() []string {
	c := &m.Columns
	all := []string{c.Name, c.ID, c.Kind, c.Gender, c.Title, c.Remarks, c.Listed}
	for _, list := range [][]string{c.Aliases, c.WeakAliases, c.Programs, c.Reasons, c.Bases, c.Topics, c.Countries, c.Addresses, c.BirthDates, c.BirthPlaces} {
		all = append(all, list...)
	}
	for _, id := range c.Identifiers {
		all = append(all, id.Column)
	}
	var needed []string
	for _, column := range all {
		if column != "" {
			needed = append(needed, column)
		}
	}
	return needed
}

func (m *mapping) row(d *distinct, t *table) *fault.Error {
	c := &m.Columns
	e := Entity{SourceID: t.get(c.ID), List: m.Name, Name: t.get(c.Name), Title: t.get(c.Title), Remarks: t.get(c.Remarks)}
	e.SourceID = firstOf(e.SourceID, e.Name)
	if kind := t.get(c.Kind); kind != "" {
		mapped, ok := m.Kinds[kind]
		if !ok && len(m.Kinds) > 0 {
			return fault.Newf(fault.Invalid, "%q is not one of the kinds of the mapping", clip(kind)).At("", 0, c.Kind)
		}
		e.Kind = ownKinds[firstOf(mapped, strings.ToLower(kind))]
	}
	m.cells(t, c.Aliases, func(v string) { e.addAlias(v, false) })
	m.cells(t, c.WeakAliases, func(v string) { e.addAlias(v, true) })
	m.cells(t, c.Programs, func(v string) { e.Programs = addText(e.Programs, v) })
	m.cells(t, c.Topics, func(v string) { e.Topics = addText(e.Topics, v) })
	m.cells(t, c.Countries, e.addCountry)
	m.cells(t, c.Addresses, func(v string) { e.addAddress("", v) })
	m.cells(t, c.BirthDates, e.addBirth)
	m.cells(t, c.BirthPlaces, func(v string) { e.addBirthPlace("", v) })
	for _, column := range c.Reasons {
		e.Reasons = addText(e.Reasons, t.get(column))
	}
	for _, column := range c.Bases {
		e.Bases = addText(e.Bases, t.get(column))
	}
	for _, id := range c.Identifiers {
		m.cells(t, []string{id.Column}, func(v string) { e.addIdentifier(firstOf(id.Type, id.Column), v, id.Country) })
	}
	for _, topic := range m.Topics {
		e.Topics = addText(e.Topics, topic)
	}
	e.setGender(t.get(c.Gender))
	e.addListed(t.get(c.Listed))
	return d.join(e)
}

// cells gives every value of some columns to use.
func (m *mapping) cells(t *table, columns []string, use func(string)) {
	for _, column := range columns {
		for part := range strings.SplitSeq(t.get(column), m.Split) {
			if part = strings.TrimSpace(part); part != "" {
				use(part)
			}
		}
	}
}
