package demo

import (
	"bytes"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
)

// Facts is what facts.yaml holds.
type Facts struct {
	Sources    []Source    `yaml:"sources"`
	Statements []Statement `yaml:"statements"`
	// Answer is kept back: it answers the one question that narrows the rating of
	// its account.
	Answer Statement `yaml:"answer"`
}

// Source is a made-up document that statements rest on.
type Source struct {
	ID        string `yaml:"id"`
	Title     string `yaml:"title"`
	Publisher string `yaml:"publisher"`
	Grade     string `yaml:"grade"`     // in the words of package evidence
	Published string `yaml:"published"` // YYYY-MM-DD
	URL       string `yaml:"url"`
}

// Statement is what one source says of an account's deployment. A fact's value is
// a bool, an int, a string or a []any of strings.
type Statement struct {
	Account string         `yaml:"account"` // account_number
	Source  string         `yaml:"source"`  // id of a Source
	AsOf    string         `yaml:"as_of"`   // YYYY-MM-DD
	Facts   map[string]any `yaml:"facts"`   // by the method's fact id
}

// ReadFacts reads facts.yaml. It fails only when the file is not what this package
// shipped.
func ReadFacts() (*Facts, error) {
	data, err := Files.ReadFile("facts.yaml")
	if err != nil {
		return nil, err
	}
	var f Facts
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "the example's facts cannot be read").At("facts.yaml", 0, "")
	}
	return &f, nil
}
