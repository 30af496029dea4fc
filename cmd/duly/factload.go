package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/store"
	"duly/internal/workspace"
)

type factLoadCmd struct {
	File   string `arg:"" help:"A YAML file with sources and statements, as examples/demo/facts.yaml."`
	Method string `help:"The method that asks the facts; the one in force otherwise." placeholder:"PACK"`
	As     string `help:"Who states them." placeholder:"PERSON"`
}

// maxFacts bounds a file of statements, in bytes.
const maxFacts = 64 << 20

// factFile is the shape of the file.
type factFile struct {
	Sources []struct {
		ID        placed `yaml:"id"`
		Title     string `yaml:"title"`
		Publisher string `yaml:"publisher"`
		Grade     string `yaml:"grade"`
		Published string `yaml:"published"`
		URL       string `yaml:"url"`
	} `yaml:"sources"`
	Statements []struct {
		Account placed    `yaml:"account"`
		Source  placed    `yaml:"source"`
		AsOf    placed    `yaml:"as_of"`
		Facts   yaml.Node `yaml:"facts"`
	} `yaml:"statements"`
	Answer any `yaml:"answer"` // kept back by who wrote the file: not loaded
}

// placed is a text that knows its line.
type placed struct {
	text string
	line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *placed) UnmarshalYAML(n *yaml.Node) error {
	p.line = n.Line
	return n.Decode(&p.text)
}

// atLine says where in the file an error arose.
func atLine(err error, line int) error {
	var known *fault.Error
	if errors.As(err, &known) && known.Line == 0 {
		return known.At("", line, "")
	}
	return err
}

type factLoadResult struct {
	Sources int `json:"sources"`
	Facts   int `json:"facts"`
}

// Run states all facts of the file, or none.
func (c *factLoadCmd) Run(a *app) error {
	data, err := readInput(c.File, maxFacts)
	if err != nil {
		return err
	}
	file, err := parseFacts(data)
	if err != nil {
		return fileFault(err, c.File)
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.SetFact)
		if err != nil {
			return err
		}
		m, err := a.asks(w.DB, w.Today(), c.Method)
		if err != nil {
			return err
		}
		result := factLoadResult{len(file.Sources), 0}
		err = w.DB.Write(a.ctx, actor.Key, func(tx *store.Tx) error {
			result.Facts, err = c.load(a, tx, m, file, w.Today())
			return err
		})
		if err != nil {
			return fileFault(err, c.File)
		}
		return a.print(result, func(out io.Writer) {
			fmt.Fprintf(out, "stated %d facts on the word of %d sources\n", result.Facts, result.Sources)
		})
	})
}

var yamlLine = regexp.MustCompile(`line (\d+): (?:field (\S+) not found in type .*|(.*))`)

// parseFacts reads the file's one document.
func parseFacts(data []byte) (*factFile, error) {
	var file factFile
	var second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	err := decoder.Decode(&file)
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			return nil, fault.New(fault.Invalid, "a second document starts here, and a file of facts is one", "keep it in a file of its own").At("", max(second.Line, 1), "")
		}
	} else if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "the file is empty", "").At("", 1, "")
	}
	if errors.Is(err, io.EOF) {
		return &file, nil
	}
	found := yamlLine.FindStringSubmatch(err.Error())
	if found == nil {
		return nil, fault.Wrap(fault.Invalid, err, "the facts cannot be read")
	}
	line, _ := strconv.Atoi(found[1])
	if found[2] != "" {
		return nil, fault.Newf(fault.Invalid, "%q is not a key that can stand here", found[2]).WithFix("see examples/demo/facts.yaml for the keys that can").At("", line, "")
	}
	return nil, fault.New(fault.Invalid, "the facts cannot be read: "+found[3], "").At("", line, "")
}

func (c *factLoadCmd) load(a *app, tx *store.Tx, m *rating.Method, file *factFile, today string) (n int, err error) {
	ids := map[string]string{}
	for _, s := range file.Sources {
		source := &evidence.Source{
			Origin: evidence.Origin{State: "active", ValidFrom: s.Published, Received: today, Source: "fact file", SourceRef: s.ID.text},
			Grade:  s.Grade, Publisher: s.Publisher, Published: s.Published, Title: s.Title, URL: s.URL,
		}
		if ids[s.ID.text], err = knownSource(a, tx, source); err != nil {
			return n, atLine(err, s.ID.line)
		}
	}
	for _, st := range file.Statements {
		line := cmp.Or(st.Account.line, st.Source.line, st.AsOf.line, st.Facts.Line)
		source, ok := ids[st.Source.text]
		if !ok {
			return n, fault.Newf(fault.Invalid, "the statements about %s cite the source %q, which the file does not list", st.Account.text, st.Source.text).
				At("", cmp.Or(st.Source.line, line), "")
		}
		id, err := subject(a, tx, st.Account.text)
		if err != nil {
			return n, atLine(err, line)
		}
		facts, err := statedFacts(m, &st.Facts, func(fact string) error { return assessment.MayState(a.ctx, tx, id, fact, today) })
		if err != nil {
			return n, atLine(err, line)
		}
		for _, f := range facts {
			f.Subject, f.AsOf, f.Sources = id, st.AsOf.text, []string{source}
			if err := evidence.State(a.ctx, tx, f, "fact file", today); err != nil {
				return n, atLine(err, cmp.Or(st.AsOf.line, line))
			}
			n++
		}
	}
	return n, nil
}

// statedFacts reads the facts of one statement, each name once, in the order of the
// file. may says whether a person may state a fact.
func statedFacts(m *rating.Method, n *yaml.Node, may func(fact string) error) ([]evidence.Fact, error) {
	if n.Kind != yaml.MappingNode {
		return nil, fault.New(fault.Invalid, "facts are a map of names to values", "").At("", n.Line, "")
	}
	var facts []evidence.Fact
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if first, again := lines[key.Value]; again {
			return nil, fault.Newf(fault.Invalid, "the fact %q stands twice, first in line %d", key.Value, first).WithFix("keep one of them").At("", key.Line, "")
		}
		lines[key.Value] = key.Line
		if err := may(key.Value); err != nil {
			return nil, atLine(err, key.Line)
		}
		var v any
		if err := n.Content[i+1].Decode(&v); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "the value cannot be read").At("", key.Line, key.Value)
		}
		value, err := loadedValue(m, key.Value, v)
		if err != nil {
			return nil, atLine(err, key.Line)
		}
		facts = append(facts, evidence.Fact{Fact: key.Value, Value: value})
	}
	return facts, nil
}

// knownSource gives the id of a source that the file named before, or makes it.
func knownSource(a *app, tx *store.Tx, s *evidence.Source) (string, error) {
	known, err := store.Select(a.ctx, tx, evidence.Sources, "r.source = $1 and r.source_ref = $2", s.Origin.Source, s.SourceRef)
	if err != nil {
		return "", err
	}
	for _, k := range known {
		if k.Record.Title == s.Title && k.Record.Publisher == s.Publisher {
			return k.ID, nil
		}
	}
	ref, err := store.Create(tx, evidence.Sources, s)
	return ref.ID, err
}

// loadedValue checks a value of the file against the method's question.
func loadedValue(m *rating.Method, fact string, v any) (ledger.Scalar, error) {
	f, ok := m.Fact(fact)
	if !ok {
		return ledger.Scalar{}, fault.Newf(fault.Invalid, "the method %s asks no fact %q", m.ID, fact)
	}
	if list, isList := v.([]any); isList {
		words := make([]string, len(list))
		for i, x := range list {
			words[i] = fmt.Sprint(x)
		}
		v = words
	}
	if _, err := m.Rate(rating.Inputs{f.ID: rating.Known(v)}); err != nil {
		return ledger.Scalar{}, err
	}
	switch x := v.(type) {
	case bool:
		return ledger.Bool(x), nil
	case int:
		return ledger.Int(int64(x)), nil
	case string:
		return ledger.Text(x), nil
	case []string:
		return ledger.Texts(x), nil
	}
	return ledger.Unknown("not stated"), nil
}
