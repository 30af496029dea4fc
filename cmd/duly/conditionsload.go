package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/workspace"
)

type conditionsLoadCmd struct {
	File string `arg:"" help:"A CSV file with the columns subject, conditions, from and source, and as_amended if any is."`
	As   string `help:"Who records them." placeholder:"PERSON"`
}

// maxPromises bounds a file of agreements, in bytes.
const maxPromises = 64 << 20

// promiseColumns are the columns of the file; the last need not be there.
var promiseColumns = []string{"subject", "conditions", "from", "source", "as_amended"}

// promiseRow is a row of the file. Its subject is as a person writes it.
type promiseRow struct {
	line int
	pack string
	agreement.Promise
}

type loadedAgreements struct {
	Recorded int `json:"recorded"`
	Known    int `json:"known_before"`
}

// Run records all agreements of the file, or none.
func (c *conditionsLoadCmd) Run(a *app) error {
	data, err := readInput(c.File, maxPromises)
	if err != nil {
		return err
	}
	rows, err := parsePromises(data)
	if err != nil {
		return fileFault(err, c.File)
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		var result loadedAgreements
		err = w.DB.Write(a.ctx, actor.Key, func(tx *store.Tx) error {
			result, err = acceptAll(a, tx, rows)
			return err
		})
		if err != nil {
			return fileFault(err, c.File)
		}
		return a.print(result, func(out io.Writer) {
			fmt.Fprintf(out, "recorded %d agreements; %d were known\n", result.Recorded, result.Known)
		})
	})
}

func acceptAll(a *app, tx *store.Tx, rows []promiseRow) (n loadedAgreements, err error) {
	offered := map[string]*agreement.Terms{}
	for _, r := range rows {
		terms := offered[r.pack]
		if terms == nil {
			p, err := findPack("conditions", r.pack)
			if err == nil {
				terms, err = agreement.Offer(p)
			}
			if err != nil {
				return n, inField(err, r.line, "conditions")
			}
			offered[r.pack] = terms
		}
		if r.Subject, err = party(a, tx, r.Subject); err != nil {
			return n, inField(err, r.line, "subject")
		}
		_, known, err := terms.Accept(a.ctx, tx, r.Promise)
		if err != nil {
			return n, inField(err, r.line, "")
		}
		if known {
			n.Known++
		} else {
			n.Recorded++
		}
	}
	return n, nil
}

// inField says in which line, and in which field where the error does not say so itself,
// something is wrong. Where that is in another file, the error keeps it.
func inField(err error, line int, field string) error {
	var known *fault.Error
	if !errors.As(err, &known) || known.File != "" {
		return err
	}
	if known.Field != "" {
		field = ""
	}
	return known.At("", line, field)
}

// parsePromises reads the file.
func parsePromises(data []byte) ([]promiseRow, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "the file is empty", "").At("", 1, "")
	} else if err != nil {
		return nil, badCSV(err)
	}
	for i, name := range head {
		if !slices.Contains(promiseColumns, name) || slices.Index(head, name) != i {
			return nil, fault.Newf(fault.Invalid, "a column %q cannot stand here, or stands twice", name).WithFix("the columns are "+strings.Join(promiseColumns, ", ")).At("", 1, name)
		}
	}
	needed := promiseColumns[:4]
	for _, name := range needed {
		if !slices.Contains(head, name) {
			return nil, fault.Newf(fault.Invalid, "there is no column %q", name).WithFix("the columns are "+strings.Join(promiseColumns, ", ")).At("", 1, name)
		}
	}
	var rows []promiseRow
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, badCSV(err)
		}
		line, _ := r.FieldPos(0)
		is := map[string]string{}
		for i, name := range head {
			is[name] = strings.TrimSpace(cells[i])
		}
		for _, name := range needed {
			if is[name] == "" {
				return nil, fault.New(fault.Invalid, "it is empty", "").At("", line, name)
			}
		}
		rows = append(rows, promiseRow{line, is["conditions"], agreement.Promise{Subject: is["subject"], From: is["from"], Clause: is["as_amended"], Source: is["source"]}})
	}
}

func badCSV(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fault.New(fault.Invalid, "the line cannot be read: "+parse.Err.Error(), "").At("", parse.Line, "")
	}
	return fault.Wrap(fault.Invalid, err, "the file cannot be read")
}
