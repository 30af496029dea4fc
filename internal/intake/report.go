package intake

import (
	"encoding/json"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/register"
)

// Report says what an import did. Rows is the sum of the five outcomes.
type Report struct {
	Source    string `json:"source"`
	Received  string `json:"received"`
	DryRun    bool   `json:"dry_run"`
	Rows      int    `json:"rows"`
	Created   int    `json:"created"`   // the row's main record is new
	Revised   int    `json:"revised"`   // the main record got a further revision
	Same      int    `json:"same"`      // the row was received before: nothing was written
	Ambiguous int    `json:"ambiguous"` // held back: a person must say whom the row means
	Rejected  int    `json:"rejected"`  // cannot be read: see the rejects file

	Records   map[string]Count `json:"records"`             // what was written, by kind
	Spine     *register.Spine  `json:"spine,omitempty"`     // billed rows, when the main record is an account
	Lookups   []Misses         `json:"lookups,omitempty"`   // texts that lookups do not list
	Blank     []string         `json:"blank,omitempty"`     // columns that no row fills
	SameName  int              `json:"same_name"`           // new customers that share their name with another one
	Outdated  int              `json:"outdated"`            // of Same: rows whose id has newer content already
	Conflicts []Conflict       `json:"conflicts,omitempty"` // the first of them
	Conflict  int              `json:"conflict_count"`      // statements about a shared record that were not taken over
	Rejects   []Reject         `json:"rejects,omitempty"`   // the first of them
}

// Count is how many records of a kind were written.
type Count struct {
	Created int `json:"created"`
	Revised int `json:"revised"`
}

// Misses are the texts that a lookup does not list, the most frequent first.
type Misses struct {
	Lookup string `json:"lookup"`
	Count  int    `json:"count"` // of values
	Texts  []Miss `json:"texts"` // at most 20
}

// Miss is one text that a lookup does not list.
type Miss struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// Conflict is a row that says something else of a shared record than an earlier
// row of the same import, or than another system. The first statement stands;
// what competes belongs into facts.
type Conflict struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Kind  string `json:"kind"`
	Field string `json:"field"`
}

// maxListed is how many conflicts, rejects and missed texts a report lists.
const maxListed = 20

// check holds the rule that every row has exactly one outcome.
func (r *Report) check() error {
	if sum := r.Created + r.Revised + r.Same + r.Ambiguous + r.Rejected; sum != r.Rows {
		return fault.Newf(fault.Broken, "%d rows were read and %d have an outcome", r.Rows, sum)
	}
	return nil
}

func (r *Report) count(kind string, created bool) {
	c := r.Records[kind]
	if created {
		c.Created++
	} else {
		c.Revised++
	}
	r.Records[kind] = c
}

// tally counts the texts that one lookup does not list. It keeps a bounded number
// of different ones.
type tally struct {
	count int
	texts map[string]int
}

const maxTexts = 10000

func (t *tally) add(text string) {
	t.count++
	if _, known := t.texts[text]; known || len(t.texts) < maxTexts {
		t.texts[text]++
	}
}

func (t *tally) misses(name string) Misses {
	m := Misses{Lookup: name, Count: t.count}
	for text, n := range t.texts {
		m.Texts = append(m.Texts, Miss{text, n})
	}
	slices.SortFunc(m.Texts, func(a, b Miss) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Text, b.Text)
	})
	m.Texts = m.Texts[:min(len(m.Texts), maxListed)]
	return m
}

// Reject says why a row cannot be read.
type Reject struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"` // the column, where one is to blame
	Reason string `json:"reason"`
}

// String gives the reject on one line, its place first.
func (r Reject) String() string {
	return fault.New(fault.Invalid, r.Reason, "").At(r.File, r.Line, r.Field).Error()
}

// rejectLine is one line of a rejects file. Row is the row as it stands in the
// file; Base64 replaces it where it is not UTF-8; Cut says that the row was too
// long and only its beginning is kept.
type rejectLine struct {
	Reject
	Row    string `json:"row,omitempty"`
	Base64 string `json:"row_base64,omitempty"`
	Cut    bool   `json:"cut,omitempty"`
}

// reject counts a row that cannot be read and keeps it.
func (r *run) reject(file string, row row, why *fault.Error) error {
	line := rejectLine{Reject: Reject{File: file, Line: row.line, Field: why.Field, Reason: reason(why)}, Cut: row.cut}
	r.report.Rejected++
	if len(r.report.Rejects) < maxListed {
		r.report.Rejects = append(r.report.Rejects, line.Reject)
	}
	if r.o.Rejects == nil {
		return nil
	}
	line.Row, line.Base64 = row.rawText()
	e := json.NewEncoder(r.o.Rejects)
	e.SetEscapeHTML(false)
	if err := e.Encode(line); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the rejects file")
	}
	return nil
}
