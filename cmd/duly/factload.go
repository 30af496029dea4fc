package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

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
	Method string `help:"The method that asks the facts." default:"rm-1"`
	As     string `help:"Who states them." placeholder:"PERSON"`
}

// factFile is the shape of the file.
type factFile struct {
	Sources []struct {
		ID        string `yaml:"id"`
		Title     string `yaml:"title"`
		Publisher string `yaml:"publisher"`
		Grade     string `yaml:"grade"`
		Published string `yaml:"published"`
		URL       string `yaml:"url"`
	} `yaml:"sources"`
	Statements []struct {
		Account string         `yaml:"account"`
		Source  string         `yaml:"source"`
		AsOf    string         `yaml:"as_of"`
		Facts   map[string]any `yaml:"facts"`
	} `yaml:"statements"`
	Answer any `yaml:"answer"` // kept back by who wrote the file: not loaded
}

type factLoadResult struct {
	Sources int `json:"sources"`
	Facts   int `json:"facts"`
}

// Run states all facts of the file, or none.
func (c *factLoadCmd) Run(a *app) error {
	m, err := findMethod(c.Method)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot read the facts")
	}
	var file factFile
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return fault.Wrap(fault.Invalid, err, "the facts cannot be read").At(c.File, 0, "")
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.SetFact)
		if err != nil {
			return err
		}
		result := factLoadResult{len(file.Sources), 0}
		err = w.DB.Write(a.ctx, actor.Key, func(tx *store.Tx) error {
			result.Facts, err = c.load(a, tx, m, &file, w.Today())
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

func (c *factLoadCmd) load(a *app, tx *store.Tx, m *rating.Method, file *factFile, today string) (n int, err error) {
	ids := map[string]string{}
	for _, s := range file.Sources {
		source := &evidence.Source{
			Origin: evidence.Origin{State: "active", ValidFrom: s.Published, Received: today, Source: "fact file", SourceRef: s.ID},
			Grade:  s.Grade, Publisher: s.Publisher, Published: s.Published, Title: s.Title, URL: s.URL,
		}
		if ids[s.ID], err = knownSource(a, tx, source); err != nil {
			return n, err
		}
	}
	for _, st := range file.Statements {
		source, ok := ids[st.Source]
		if !ok {
			return n, fault.Newf(fault.Invalid, "the statements about %s cite the source %q, which the file does not list", st.Account, st.Source)
		}
		id, err := subject(a, tx, st.Account)
		if err != nil {
			return n, err
		}
		for _, fact := range slices.Sorted(maps.Keys(st.Facts)) {
			if err := assessment.MayState(a.ctx, tx, id, fact, today); err != nil {
				return n, err
			}
			value, err := loadedValue(m, fact, st.Facts[fact])
			if err != nil {
				return n, err
			}
			err = evidence.State(a.ctx, tx, evidence.Fact{Subject: id, Fact: fact, Value: value, AsOf: st.AsOf, Sources: []string{source}}, "fact file", today)
			if err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
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
