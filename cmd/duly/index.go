package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"duly/internal/act"
	"duly/internal/country"
	"duly/internal/fault"
	"duly/internal/index"
	"duly/internal/workspace"
)

type indexCmd struct {
	Import indexImportCmd `cmd:"" help:"Read files of an index of countries or agencies through a mapping."`
	Show   indexShowCmd   `cmd:"" help:"Show what the indices say of a country or an agency, as known on a day."`
	List   indexListCmd   `cmd:"" default:"1" help:"Show the editions in use."`
}

type indexImportCmd struct {
	Files    []string `arg:"" name:"file" help:"CSV files as the publisher or a collector gives them."`
	Mapping  string   `help:"A pack of kind index, or the id of one that ships: fh-scores, pts, wgi-voice and so on." required:"" placeholder:"PACK"`
	Released string   `help:"The day on which the file came out; today otherwise." placeholder:"YYYY-MM-DD"`
	Rejects  string   `help:"Where rejected rows go; beside the database otherwise." placeholder:"FILE"`
	As       string   `help:"Who imports." placeholder:"PERSON"`
}

// Run reads all files before it writes the first.
func (c *indexImportCmd) Run(a *app) error {
	p, err := findPack("indices", c.Mapping)
	if err != nil {
		return err
	}
	m, err := index.Load(p)
	if err != nil {
		return err
	}
	var tables []*index.Table
	for _, name := range c.Files {
		data, err := readInput(name, index.MaxFile)
		if err != nil {
			return err
		}
		table, err := m.Read(name, data)
		if err != nil {
			return err
		}
		tables = append(tables, table)
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.SetFact)
		if err != nil {
			return err
		}
		rejects, err := c.keepRejects(w, m, tables)
		if err != nil {
			return err
		}
		if c.Released == "" {
			c.Released = w.Today()
		}
		var results []*index.Summary
		for i, t := range tables {
			s, err := index.Import(a.ctx, w.DB, actor.Key, m, t, c.Released, w.Today())
			if err != nil {
				return err
			}
			results = append(results, s)
			for _, r := range tables[i].Rejects[:min(len(t.Rejects), rejectsTold)] {
				a.progress("rejected: %v", r)
			}
		}
		return a.print(results, func(out io.Writer) {
			for _, s := range results {
				printIndexImport(out, s)
			}
			if rejects != "" {
				fmt.Fprintf(out, "rejected rows with their reasons: %s\n", rejects)
			}
		})
	})
}

// keepRejects writes the rejected rows of all files and says where they are; "" where
// there are none.
func (c *indexImportCmd) keepRejects(w *workspace.Workspace, m *index.Mapping, tables []*index.Table) (string, error) {
	as := importCmd{Files: c.Files, Rejects: c.Rejects}
	file := &rejectsFile{path: as.rejectsPath(w, "index-"+m.Pack.ID)}
	if err := file.check(c.Files); err != nil {
		return "", err
	}
	defer file.discard()
	n := 0
	e := json.NewEncoder(file)
	e.SetEscapeHTML(false)
	for _, t := range tables {
		for _, r := range t.Rejects {
			n++
			if err := e.Encode(r); err != nil {
				return "", fault.Wrap(fault.Failed, err, "cannot write the rejects file")
			}
		}
	}
	if err := file.keep(); err != nil || n == 0 {
		return "", err
	}
	return file.path, nil
}

func printIndexImport(out io.Writer, s *index.Summary) {
	fmt.Fprintf(out, "%s: %s, %d to %d\n", s.File, s.Index, s.FirstYear, s.LastYear)
	fmt.Fprintf(out, "  rows %d: readings %d, without a value %d, rejected %d\n", s.Rows, s.Readings, s.Blank, s.Rejected)
	if s.Marked > 0 {
		fmt.Fprintf(out, "  values that are unknown for a reason of the file: %d\n", s.Marked)
	}
	fmt.Fprintf(out, "  editions: %d new, %d revised, %d known already\n", s.New, s.Revised, s.Same)
	if len(s.Missing) > 0 {
		fmt.Fprintf(out, "  no edition for %s, and the mapping knows of no gap there\n", strings.Trim(fmt.Sprint(s.Missing), "[]"))
	}
}

type indexListCmd struct {
	Date string `help:"As known on this day; today otherwise." placeholder:"YYYY-MM-DD"`
}

// Run shows the newest edition of each layout of each index.
func (c *indexListCmd) Run(a *app) error {
	book, err := a.book(c.Date)
	if err != nil {
		return err
	}
	list := make([]shownEdition, len(book.Editions))
	for i := range book.Editions {
		list[i] = showEdition(&book.Editions[i])
	}
	return a.print(list, func(out io.Writer) {
		if len(list) == 0 {
			fmt.Fprintf(out, "No edition of an index was out by %s. Add one with `duly index import --mapping PACK FILE`.\n", book.Day)
		}
		for i, e := range list {
			e.print(out)
			in := &book.Editions[i]
			fmt.Fprintf(out, "  rated %d, rejected rows %d, and of the file %d without a year; %s\n", in.Countries, in.Rejected, in.Unread, in.Mapping.Terms)
		}
	})
}

// book reads what was known on a day.
func (a *app) book(day string) (*index.Book, error) {
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if day == "" {
		day = w.Today()
	}
	return index.ReadBook(a.ctx, w.DB, day)
}

// shownEdition is an edition as people look at it.
type shownEdition struct {
	Index      string `json:"index"`
	Mapping    string `json:"mapping"`
	Publisher  string `json:"publisher"`
	Grade      string `json:"grade"`
	Year       int    `json:"year"`
	Told       int    `json:"tells_of"`
	Published  string `json:"published"`
	Released   string `json:"file_of"`
	History    string `json:"history"`  // as_published or recalculated
	Imported   bool   `json:"imported"` // the file came after the day asked for
	Stale      string `json:"stale,omitempty"`
	Superseded bool   `json:"superseded,omitempty"`
	Source     string `json:"source"`
	Entry      int64  `json:"entry"`
	SHA256     string `json:"sha256"`
}

func showEdition(e *index.InUse) shownEdition {
	return shownEdition{
		e.Index, e.Mapping.Pack.ID, e.Mapping.Publisher, e.Mapping.Grade, e.Year, e.Told(), e.Published, e.Released,
		e.History, e.Imported, e.Stale, e.Superseded, e.Cites, e.Seq, e.File,
	}
}

func (e shownEdition) print(out io.Writer) {
	tells := ""
	if e.Told != e.Year {
		tells = fmt.Sprintf(" (tells of %d)", e.Told)
	}
	fmt.Fprintf(out, "%s %d%s, %s, out by %s, from a file of %s (%s)\n", e.Index, e.Year, tells, e.Publisher, e.Published, e.Released, e.Mapping)
	switch {
	case e.Imported && e.History == "recalculated":
		fmt.Fprintln(out, "  imported history: recalculated since; what was published then differed")
	case e.Imported:
		fmt.Fprintln(out, "  imported history: the file came later than the day asked for")
	}
	if e.Stale != "" {
		fmt.Fprintf(out, "  stale: %s\n", e.Stale)
	}
	if e.Superseded {
		fmt.Fprintln(out, "  another file of this index has a newer year")
	}
}

type indexShowCmd struct {
	Whom string `arg:"" help:"A country: a code of two or three letters or a name. Or an agency: SCHEME:IDENTIFIER, such as ori:XX0010000."`
	Date string `help:"As known on this day; today otherwise." placeholder:"YYYY-MM-DD"`
}

// shownSubject is what the indices say of a country or an agency.
type shownSubject struct {
	Key     string         `json:"key"` // ISO 3166-1 alpha-3, or scheme:identifier
	Name    string         `json:"name"`
	Day     string         `json:"day"`
	Indices []shownReading `json:"indices"`
	Answers []shownAnswer  `json:"answers"`
}

type shownReading struct {
	shownEdition
	Line   int      `json:"line,omitempty"` // of the file; 0 where the edition does not rate the country
	Values []string `json:"values"`
}

type shownAnswer struct {
	Fact    string   `json:"fact"`
	Answer  string   `json:"answer"`
	By      string   `json:"by"`
	From    string   `json:"from"`
	Day     string   `json:"as_of"`
	Sources []string `json:"sources"`
	Notes   []string `json:"notes,omitempty"`
}

// Run shows values, uncertainty, days and sources, and what they answer.
func (c *indexShowCmd) Run(a *app) error {
	key, name, err := findRated(c.Whom)
	if err != nil {
		return err
	}
	book, err := a.book(c.Date)
	if err != nil {
		return err
	}
	shown := shownSubject{key, name, book.Day, []shownReading{}, []shownAnswer{}}
	for i := range book.Editions {
		e := &book.Editions[i]
		if e.Superseded || strings.Contains(key, ":") != (len(e.Mapping.Agency) > 0) {
			continue
		}
		r := shownReading{shownEdition: showEdition(e), Values: []string{}}
		if reading, ok := e.Of(key); ok {
			r.Line, r.Values = reading.Line, e.Mapping.Said(reading)
		}
		shown.Indices = append(shown.Indices, r)
	}
	for _, x := range book.Answers(key) {
		s := shownAnswer{Fact: x.Fact, Answer: x.Answer, By: x.By, Day: x.Day, Sources: x.Sources(), Notes: x.Notes}
		if len(x.From) > 0 {
			s.From = fmt.Sprintf("%s %d: %s", x.From[0].Edition.Index, x.From[0].Edition.Year, x.From[0].Why)
		}
		shown.Answers = append(shown.Answers, s)
	}
	return a.print(shown, func(out io.Writer) { printRated(out, &shown) })
}

func printRated(out io.Writer, c *shownSubject) {
	fmt.Fprintf(out, "%s (%s), as known on %s\n", c.Name, c.Key, c.Day)
	if len(c.Indices) == 0 {
		fmt.Fprintln(out, "No edition of an index was out by then.")
	}
	for _, r := range c.Indices {
		fmt.Fprintln(out)
		r.print(out)
		if r.Line == 0 {
			fmt.Fprintln(out, "  does not rate it")
			continue
		}
		for _, v := range r.Values {
			fmt.Fprintf(out, "  %s\n", v)
		}
		fmt.Fprintf(out, "  line %d of the file %s; entry %d\n", r.Line, r.SHA256[:12], r.Entry)
	}
	for _, x := range c.Answers {
		by := "by the publisher's own classes"
		if x.By == "project" {
			by = "by thresholds of this project"
		}
		fmt.Fprintf(out, "\n%s: %s, %s, as of %s\n", x.Fact, x.Answer, by, x.Day)
		fmt.Fprint(out, wrap("  from ", x.From))
		for _, n := range x.Notes {
			fmt.Fprint(out, wrap("  ", n))
		}
	}
}

// findRated gives the key and the name of a country that exists, or of an agency.
func findRated(text string) (key, name string, err error) {
	if scheme, id, agency := strings.Cut(text, ":"); agency {
		return index.AgencyKey(scheme, id), "Agency", nil
	}
	if c, ok := country.Of(text); ok && !strings.Contains(text, "-") {
		return c.Alpha3, c.Name, nil
	}
	for _, scheme := range []string{"iso3", "name"} {
		if c, err := country.Find(scheme, strings.ToUpper(text), 0); err == nil {
			return c.Alpha3, c.Name, nil
		}
	}
	return "", "", fault.Newf(fault.Invalid, "%q is not a country", text).WithFix("use a code of two or three letters of ISO 3166-1, or the name in English")
}
