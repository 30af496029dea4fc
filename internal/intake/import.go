package intake

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// Options are the choices of one import.
type Options struct {
	Received string    // the day on which the files were received, YYYY-MM-DD
	DryRun   bool      // report what would happen and write nothing
	Strict   bool      // write nothing at all when a row is rejected
	Rejects  io.Writer // takes one JSON line for each rejected row; may be nil
	Batch    int       // rows in one transaction; 4,000 when 0
	Progress func(done, rows int)

	// Checked is called when Rejects has every rejected row and nothing is written
	// yet, so that they are safe before the others are recorded; may be nil.
	Checked func() error
}

// Import reads files through a mapping and writes what they say, as the person
// with the key id actor. Files are read twice: the first reading finds every row
// that cannot be read and every record that the rows would make, so that a wrong
// file is refused before anything is written and the order of the rows does not
// decide what is ambiguous. Peak memory grows with the number of records, not
// with the size of the files.
//
// Rows are written in transactions of Options.Batch rows. Each leaves a
// consistent state: after an interruption, the same import goes on where it
// stopped and ends as an uninterrupted one. Importing the same files again
// changes nothing.
//
// Errors: Invalid for a file or column that does not fit the mapping; Refused
// when Options.Strict met a rejected row, with the report of a dry run.
func Import(ctx context.Context, db *store.DB, actor string, m *Mapping, names []string, o Options) (*Report, error) {
	if _, err := time.Parse(time.DateOnly, o.Received); err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day of receipt", o.Received).WithFix("write it as YYYY-MM-DD")
	}
	if o.Batch <= 0 {
		o.Batch = 4000
	}
	r := &run{
		db: db, actor: actor, m: m, o: o, names: names,
		report:  &Report{Source: m.Source, Received: o.Received, DryRun: o.DryRun, Records: map[string]Count{}},
		rejects: map[place]bool{}, survey: newSurvey(), groups: map[string]int{}, pending: map[string][]*statement{},
		filled: make([]bool, len(m.columns)), tallies: make([]tally, len(m.lookups)),
	}
	if m.MainKind() == register.Accounts.Name() {
		r.report.Spine = &register.Spine{}
	}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	if o.Checked != nil {
		if err := o.Checked(); err != nil {
			return nil, err
		}
	}
	refused := o.Strict && r.report.Rejected > 0
	if refused {
		r.o.DryRun, r.report.DryRun = true, true
	}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	if err := r.write(ctx); err != nil {
		return r.report, err
	}
	if err := r.finish(); err != nil || !refused {
		return r.report, err
	}
	return r.report, fault.Newf(fault.Refused, "%d of %d rows were rejected, and nothing was written", r.report.Rejected, r.rows).
		WithFix("mend the rows or import without --strict")
}

// run is one import.
type run struct {
	db     *store.DB
	tx     *store.Tx // nil in a dry run
	actor  string
	m      *Mapping
	o      Options
	names  []string
	report *Report

	// From the first reading.
	rows    int
	inputs  []*input
	rejects map[place]bool
	survey  *survey
	groups  map[string]int // rows by identity of the main record, not yet written
	filled  []bool         // by column

	// From the store, and kept up to date.
	size     int64 // of the log, when this was last so
	kinds    map[string]*directory
	received map[string]string // hashes of the contents received, by row id
	answers  map[string]string // what a person chose, by row id and label
	asked    map[string]bool   // open and closed ambiguities by source_ref

	pending map[string][]*statement // rows waiting for the others of their main record
	waiting int
	ready   []*statement
	held    []*Ambiguity
	tallies []tally
	created int // numbers the records of a dry run
}

// place is where a row stands: its number in a file, since a line may hold many
// elements of a JSON array.
type place struct{ file, row int }

// each reads all rows of all files.
func (r *run) each(ctx context.Context, opened func(i int, in *input) error, do func(at place, row row) error) error {
	for i, name := range r.names {
		if err := r.eachOf(ctx, i, opened, do); err != nil {
			return fileError(err, name)
		}
	}
	return nil
}

func (r *run) eachOf(ctx context.Context, file int, opened func(i int, in *input) error, do func(at place, row row) error) error {
	in, err := open(r.names[file])
	if err != nil {
		return err
	}
	defer in.Close()
	if err := opened(file, in); err != nil {
		return err
	}
	rows, err := newRows(interruptible{ctx, in}, r.m.Input, r.m.columns)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		row, err := rows.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = do(place{file, n}, row)
		}
		if err != nil {
			return err
		}
	}
}

// look is the first reading: it rejects what cannot be read and surveys the rest.
func (r *run) look(ctx context.Context) error {
	opened := func(_ int, in *input) error {
		r.inputs = append(r.inputs, in)
		return nil
	}
	err := r.each(ctx, opened, func(at place, row row) error {
		r.rows++
		s, err := r.understand(row)
		if err != nil {
			r.rejects[at] = true
			return r.reject(r.names[at.file], row, err)
		}
		for i, v := range row.values {
			r.filled[i] = r.filled[i] || v != ""
		}
		for i := range s.records {
			if rec := &s.records[i]; rec.data != nil {
				r.survey.note(r.m.records[i].target.kind, s.rowID, rec)
			}
		}
		r.groups[r.groupOf(s)]++
		return nil
	})
	for i, filled := range r.filled {
		if !filled && r.rows > r.report.Rejected {
			r.report.Blank = append(r.report.Blank, r.m.columns[i])
		}
	}
	slices.Sort(r.report.Blank)
	return err
}

// understand makes a row into a statement that every kind's schema accepts.
func (r *run) understand(row row) (*statement, *fault.Error) {
	if row.reject != nil {
		return nil, row.reject
	}
	s, err := r.m.read(row, nil)
	if err != nil {
		return nil, err
	}
	for i, rec := range s.records {
		if rec.data == nil {
			continue
		}
		if err := r.m.records[i].target.encode(rec.data); err != nil {
			return nil, r.m.blame(r.m.records[i], err)
		}
	}
	return s, nil
}

// blame turns a schema's complaint about a field into one about the column that
// fills it.
func (m *Mapping) blame(def *recordDef, err error) *fault.Error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return fault.Wrap(fault.Invalid, err, "the row cannot be recorded")
	}
	for i := range def.fields {
		if def.fields[i].name == f.Field {
			return f.At("", 0, def.fields[i].place())
		}
	}
	switch {
	case f.Field == "identity" && len(def.identities[0].parts) > 0:
		return f.At("", 0, def.identities[0].parts[0].label)
	case f.Field == "source_ref":
		return f.At("", 0, m.rowID[0].label)
	}
	return f
}

// groupOf names the main record of a row.
func (r *run) groupOf(s *statement) string {
	var b strings.Builder
	for _, i := range s.records[r.m.main].identities {
		b.WriteString(i.text + "\n")
	}
	return b.String()
}

// write is the second reading.
func (r *run) write(ctx context.Context) error {
	opened := func(i int, in *input) error {
		if in.changed(r.inputs[i]) {
			return fault.New(fault.Failed, "the file changed while it was read", "run the import again")
		}
		return nil
	}
	misses := func(l *lookup, text string) {
		t := &r.tallies[l.index]
		if t.texts == nil {
			t.texts = map[string]int{}
		}
		t.add(text)
	}
	err := r.each(ctx, opened, func(at place, row row) error {
		r.report.Rows++
		if r.rejects[at] {
			return nil
		}
		if row.reject != nil {
			return row.reject
		}
		s, fail := r.m.read(row, misses)
		if fail != nil {
			return fail
		}
		s.file = at.file
		r.take(s)
		if len(r.ready) >= r.o.Batch {
			return r.flush(ctx)
		}
		return nil
	})
	if err == nil {
		err = r.flush(ctx)
	}
	if err == nil {
		err = r.ask(ctx)
	}
	return err
}

// finish completes the report and checks it.
func (r *run) finish() error {
	for i, l := range r.m.lookups {
		if r.tallies[i].count > 0 {
			r.report.Lookups = append(r.report.Lookups, r.tallies[i].misses(l.name))
		}
	}
	if r.report.Rows != r.rows {
		return fault.Newf(fault.Failed, "a file changed while it was read: it had %d rows and then %d", r.rows, r.report.Rows).
			WithFix("run the import again")
	}
	if r.report.Spine != nil {
		for range r.report.Rejected {
			r.report.Spine.Add(&register.Account{})
		}
	}
	return r.report.check()
}
