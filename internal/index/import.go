package index

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/runs"
	"duly/internal/store"
)

// Summary says what an import did.
type Summary struct {
	Index     string `json:"index"`
	File      string `json:"file"`
	SHA256    string `json:"sha256"`
	Rows      int    `json:"rows"`
	Readings  int    `json:"readings"`
	Blank     int    `json:"blank"` // rows without any value
	Rejected  int    `json:"rejected"`
	Marked    int    `json:"marked"` // values that are unknown for a reason that the file or the mapping gives
	New       int    `json:"new"`    // editions written
	Revised   int    `json:"revised"`
	Same      int    `json:"same"` // editions that say what is known
	FirstYear int    `json:"first_year"`
	LastYear  int    `json:"last_year"`
	Missing   []int  `json:"missing_years,omitempty"` // years in between without an edition that the mapping does not know of
}

// source is the system in whose name editions are written.
const source = "index import"

// Import writes the editions of a file, all or none, as the person with the key id
// actor. released is the day of the file; today where nobody knows. Editions that say
// what is known already are not written again.
//
// Errors: Invalid for a file without a row that can be used, and for one that tells of
// a year that had not begun.
func Import(ctx context.Context, db *store.DB, actor string, m *Mapping, t *Table, released, today string) (*Summary, error) {
	if _, err := time.Parse(time.DateOnly, released); err != nil || released > today {
		return nil, fault.Newf(fault.Invalid, "%q is not a day up to today", released).WithFix("write the day of the file as YYYY-MM-DD")
	}
	if len(t.Editions) == 0 {
		return nil, fault.New(fault.Invalid, "the file has no row that can be used", "look at the rejects, and use the mapping of this layout").At(t.Name, 0, "")
	}
	s := &Summary{
		Index: m.Index, File: t.Name, SHA256: t.SHA256, Rows: t.Rows, Readings: t.Readings(), Blank: t.Blank, Rejected: len(t.Rejects),
		FirstYear: t.Editions[0].Year, LastYear: t.Editions[len(t.Editions)-1].Year, Missing: t.Missing,
	}
	for _, e := range t.Editions {
		if told := e.Year + m.Year.Covers; strconv.Itoa(told) > released[:4] {
			return nil, fault.Newf(fault.Invalid, "a file of %s cannot tell of the year %d", released, told).
				WithFix("look at the column of the year, and at the day of the file").At(t.Name, e.Readings[0].Line, m.Year.Column)
		}
		for _, r := range e.Readings {
			for _, c := range r.Cells {
				if c.Unknown != "" && c.Unknown != notRated {
					s.Marked++
				}
			}
		}
	}
	return s, db.Write(ctx, actor, func(tx *store.Tx) error {
		if err := runs.Use(tx, m.Pack); err != nil {
			return err
		}
		for _, e := range t.Editions {
			if err := s.put(ctx, tx, m, m.record(t, &e, s.LastYear, released, today)); err != nil {
				return err
			}
		}
		return nil
	})
}

// record makes the record of an edition.
func (m *Mapping) record(t *Table, e *Parsed, lastYear int, released, today string) *Edition {
	day, _ := m.PublishedOn(e.Year)
	if day == "" || day > released { // what the file has was out by the day of the file
		day = released
	}
	history := "as_published"
	if m.Revised && e.Year != lastYear {
		history = "recalculated"
	}
	identity := strings.Join([]string{m.Index, strconv.Itoa(e.Year), m.Pack.ID, t.SHA256}, "|")
	out := &Edition{
		Origin:   evidence.Origin{State: "active", ValidFrom: day, Received: today, Source: source, SourceRef: identity},
		Identity: identity, Name: m.Index, Layout: m.Pack.ID, Year: int64(e.Year), Published: day, Released: released, History: history,
		Mapping: m.Pack.Hash, File: t.SHA256, Rejected: int64(e.Rejected), Unread: int64(t.Unread), Terms: m.Terms,
	}
	for _, r := range e.Readings {
		out.Readings = append(out.Readings, m.text(r))
	}
	return out
}

// put writes an edition unless the one in use on its day says the same.
func (s *Summary) put(ctx context.Context, tx *store.Tx, m *Mapping, e *Edition) error {
	known, err := store.Select(ctx, tx, Editions, "r.name = $1 and r.layout = $2 and r.year = $3", e.Name, e.Layout, e.Year)
	if err != nil {
		return err
	}
	for _, k := range known {
		if k.Record.File == e.File {
			return s.again(tx, m, k, e)
		}
	}
	if i := vintage(known, e.Released); i >= 0 && known[i].Record.Released <= e.Released && known[i].Record.Mapping == e.Mapping && alike(known[i].Record, e) {
		s.Same++
		return nil
	}
	ref, err := store.Create(tx, evidence.Sources, m.source(e))
	if err != nil {
		return err
	}
	e.Cites = ref.ID
	_, err = store.Create(tx, Editions, e)
	s.count(true, &s.New)
	return err
}

// source makes the record by which facts cite an edition.
func (m *Mapping) source(e *Edition) *evidence.Source {
	return &evidence.Source{
		Origin:   evidence.Origin{State: "active", ValidFrom: e.Published, Received: e.Origin.Received, Source: source, SourceRef: e.Identity},
		Identity: e.Identity, Grade: m.Grade, Publisher: m.Publisher, Published: e.Published,
		Title: m.Pack.Title + ", edition " + strconv.FormatInt(e.Year, 10), URL: m.URL,
	}
}

// again revises an edition whose file was read before, by a mended mapping or with the
// day on which the file came out. Of two such days the earlier counts: it was out.
func (s *Summary) again(tx *store.Tx, m *Mapping, k *store.Revision[Edition], e *Edition) error {
	e.Origin.Received, e.Cites = k.Record.Origin.Received, k.Record.Cites
	e.Released = min(e.Released, k.Record.Released)
	e.Published = min(e.Published, e.Released)
	e.Origin.ValidFrom = e.Published
	if _, _, err := store.Revise(tx, evidence.Sources, e.Cites, m.source(e)); err != nil {
		return err
	}
	_, changed, err := store.Revise(tx, Editions, k.ID, e)
	s.count(changed, &s.Revised)
	return err
}

func (s *Summary) count(changed bool, into *int) {
	if changed {
		*into++
	} else {
		s.Same++
	}
}

// alike says whether two editions say the same, whatever lines they stand in.
func alike(a, b *Edition) bool {
	return slices.EqualFunc(a.Readings, b.Readings, func(x, y string) bool { return said(x) == said(y) })
}

// vintage gives the edition of one year and layout that counts on a day: the one of
// the newest file by then, or of the oldest file where all came later; -1 of none.
func vintage(list []*store.Revision[Edition], day string) int {
	best := -1
	for i, e := range list {
		if best < 0 {
			best = i
			continue
		}
		a, b := e.Record.Released, list[best].Record.Released
		switch then, before := a <= day, b <= day; {
		case then && (!before || a >= b), !then && !before && a < b:
			best = i
		}
	}
	return best
}
