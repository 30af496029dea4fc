package index

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
)

// Book is what the indices said on a day. It is read once and not changed.
type Book struct {
	Day      string
	Editions []InUse // the newest of each layout, by index and then by year, the newest first

	answers map[string][]Conclusion // by country
}

// InUse is an edition as it counts on the day of a book.
type InUse struct {
	ID         string // record id of the edition
	Seq        int64  // its entry in the log
	Index      string
	Mapping    *Mapping
	Year       int
	Published  string
	Released   string // the day of the file that it was taken from
	Received   string
	Cites      string // record id of the source
	File       string // SHA-256
	Rejected   int
	Unread     int // rows of its file that were not used and whose year cannot be told
	Countries  int
	History    string // as_published or recalculated
	Imported   bool   // the file came later than the day asked for
	Stale      string // why a newer edition should be here; "" where none should
	Superseded bool   // another layout of the index has a newer year
	readings   map[string]Reading
}

// Of gives what the edition says of a country (ISO 3166-1 alpha-3) or of an agency (what
// [AgencyKey] gives).
func (e *InUse) Of(country string) (Reading, bool) {
	r, ok := e.readings[country]
	return r, ok
}

// Told gives the year that the edition tells of.
func (e *InUse) Told() int { return e.Year + e.Mapping.Year.Covers }

// newest is the newest year of a layout.
type newest struct {
	name, layout string
	year         int64
}

// ReadBook reads what was known on a day (YYYY-MM-DD): of each layout of an index the
// newest edition that was out by then.
func ReadBook(ctx context.Context, q store.Queryer, day string) (*Book, error) {
	return ReadBookAt(ctx, q, store.At{Day: day, Seq: -1})
}

// ReadBookAt is ReadBook of the editions that the log held at a position, about a day.
func ReadBookAt(ctx context.Context, q store.Queryer, at store.At) (*Book, error) {
	day := at.Day
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a date", day).WithFix("write it as YYYY-MM-DD")
	}
	b := &Book{Day: day}
	layouts, err := newestBy(ctx, q, at)
	if err != nil {
		return nil, err
	}
	mappings := map[string]*Mapping{}
	for _, n := range layouts {
		list, err := store.SelectAt(ctx, q, Editions, store.At{Seq: at.Seq}, "r.name = $1 and r.layout = $2 and r.year = $3", n.name, n.layout, n.year)
		if err != nil {
			return nil, err
		}
		e := list[vintage(list, day)]
		m := mappings[e.Record.Mapping]
		if m == nil {
			if m, err = recorded(ctx, q, e.Record.Mapping); err != nil {
				return nil, err
			}
			mappings[e.Record.Mapping] = m
		}
		in, err := use(e, m, day)
		if err != nil {
			return nil, err
		}
		b.Editions = append(b.Editions, *in)
	}
	slices.SortFunc(b.Editions, func(x, y InUse) int {
		return cmp.Or(strings.Compare(x.Index, y.Index), y.Year-x.Year, strings.Compare(x.Mapping.Pack.ID, y.Mapping.Pack.ID))
	})
	for i := range b.Editions {
		e := &b.Editions[i]
		if i > 0 && b.Editions[i-1].Index == e.Index && (b.Editions[i-1].Year > e.Year || b.Editions[i-1].Superseded) {
			e.Superseded = true
		}
	}
	b.conclude()
	return b, nil
}

// conclude works out what the indices answer of every country that they rate.
func (b *Book) conclude() {
	b.answers = map[string][]Conclusion{}
	for i := range b.Editions {
		for country := range b.Editions[i].readings {
			if _, done := b.answers[country]; !done {
				b.answers[country] = b.conclusions(country)
			}
		}
	}
}

// newestBy gives the newest edition of each layout that was out by a day.
func newestBy(ctx context.Context, q store.Queryer, at store.At) ([]newest, error) {
	last := at.Seq
	if last < 0 {
		last = math.MaxInt64
	}
	rows, err := q.Query(ctx, `select name, layout, max(year) from r_index_edition
		where seq <= $1 and (to_seq is null or to_seq > $1) and state = 'active' and published <= $2 group by name, layout order by name, layout`, last, at.Day)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the editions")
	}
	defer rows.Close()
	var out []newest
	for rows.Next() {
		var e newest
		if err := rows.Scan(&e.name, &e.layout, &e.year); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the editions")
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Cited gives the edition that a source record stands for, as of a day: what a fact
// that cites the source rests on.
//
// Errors: NotFound where the source is none of an edition.
func Cited(ctx context.Context, q store.Queryer, source, day string) (*InUse, error) {
	list, err := store.Select(ctx, q, Editions, "r.cites = $1", source)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.NotFound, "the source %s is no edition of an index", source)
	}
	m, err := recorded(ctx, q, list[0].Record.Mapping)
	if err != nil {
		return nil, err
	}
	return use(list[0], m, day)
}

// recorded reads a mapping as the log keeps it.
func recorded(ctx context.Context, q store.Queryer, hash string) (*Mapping, error) {
	data, err := runs.Bytes(ctx, q, hash)
	if err != nil {
		return nil, err
	}
	p, err := pack.Parse("index "+hash, data)
	if err != nil {
		return nil, err
	}
	return Load(p)
}

func use(e *store.Revision[Edition], m *Mapping, day string) (*InUse, error) {
	r := e.Record
	in := &InUse{
		ID: e.ID, Seq: e.Seq, Index: r.Name, Mapping: m, Year: int(r.Year), Published: r.Published, Released: r.Released, Received: r.Origin.Received,
		Cites: r.Cites, File: r.File, Rejected: int(r.Rejected), Unread: int(r.Unread), Countries: len(r.Readings), History: r.History, Imported: day < r.Released,
		readings: make(map[string]Reading, len(r.Readings)),
	}
	for _, text := range r.Readings {
		reading, err := m.parseReading(text)
		if err != nil {
			return nil, err
		}
		in.readings[reading.Key] = reading
	}
	next := in.Year + 1
	for slices.Contains(m.Gaps, next) {
		next++
	}
	if due, _ := m.PublishedOn(next); due != "" && due <= day {
		in.Stale = fmt.Sprintf("the edition of %d is due since %s", next, due)
	}
	return in, nil
}

// Opinion is what one edition answers.
type Opinion struct {
	Edition  *InUse
	Fact     string
	Answer   string
	By       string // publisher or project
	Fallback bool
	Why      string   // the value that gives it
	Notes    []string // what to know of it: a band over two answers, sources that disagree, a stale edition
	order    []string
}

// opinions gives what each edition answers of a country, by fact. Of several layouts of
// an index those with the newest year count for a fact, and none that tells of a year
// further back than the mapping lets it last.
func (b *Book) opinions(country string) map[string][]Opinion {
	out := map[string][]Opinion{}
	newest := map[string]int{} // by index and fact
	for i := range b.Editions {
		e := &b.Editions[i]
		for j := range e.Mapping.Answers {
			a := &e.Mapping.Answers[j]
			key := e.Index + " " + a.Fact
			if y, seen := newest[key]; seen && y > e.Year {
				continue
			}
			newest[key] = e.Year
			if o, ok := e.answer(a, country, b.Day); ok {
				out[a.Fact] = append(out[a.Fact], o)
			}
		}
	}
	return out
}

func (e *InUse) answer(a *Answer, country, day string) (o Opinion, ok bool) {
	r, known := e.readings[country]
	if !known || fmt.Sprintf("%04d", e.Told()+e.Mapping.Lasts) < day[:4] {
		return o, false
	}
	o, ok = e.Mapping.answer(a, r)
	o.Edition = e
	if e.Stale != "" {
		o.Notes = append(o.Notes, "stale: "+e.Stale)
	}
	if e.Imported {
		o.Notes = append(o.Notes, "imported from a file of "+e.Released)
	}
	return o, ok
}

// answer applies an answer's steps to the values of a reading: the worst of what the
// values, and both ends of their bands, answer.
func (m *Mapping) answer(a *Answer, r Reading) (o Opinion, ok bool) {
	o = Opinion{Fact: a.Fact, By: a.By, Fallback: a.Fallback}
	worst, best := -1, len(a.Steps)
	var told []string
	for _, c := range r.Cells {
		if !slices.Contains(a.Values, c.Value) || c.Unknown != "" {
			continue
		}
		told = append(told, m.cellText(c, " "))
		low, top := m.step(a, c)
		if low != top {
			o.Notes = append(o.Notes, fmt.Sprintf("the band of %s spans %s and %s: the worse counts", c.Value, a.Steps[min(low, top)].Answer, a.Steps[max(low, top)].Answer))
		}
		worst, best = max(worst, low, top), min(best, max(low, top))
	}
	if worst < 0 || a.Steps[worst].Answer == "" {
		return o, false
	}
	if best != worst {
		o.Notes = append(o.Notes, fmt.Sprintf("its sources disagree, from %s to %s: the worst counts", a.Steps[best].Answer, a.Steps[worst].Answer))
	}
	o.Answer, o.Why = a.Steps[worst].Answer, strings.Join(told, ", ")
	for _, s := range a.Steps {
		o.order = append(o.order, s.Answer)
	}
	return o, true
}

// step gives the steps of both ends of a value.
func (m *Mapping) step(a *Answer, c Cell) (low, top int) {
	v := m.value(c.Value)
	if v.class() {
		i := slices.IndexFunc(a.Steps, func(s Step) bool { return slices.Contains(s.Classes, c.Class) })
		return i, i
	}
	at := func(n Number) int {
		for i, bound := range a.bounds {
			if !v.worse(n, bound) {
				return i
			}
		}
		return len(a.bounds)
	}
	return at(c.Low), at(c.Top)
}

// Conclusion is what the indices together answer.
type Conclusion struct {
	Fact     string
	Answer   string // "" where the mappings do not order their answers alike
	By       string
	Fallback bool
	Day      string    // on which the edition that decides came out
	From     []Opinion // those that count, the one that decides first
	Others   []Opinion // those that do not: our thresholds beside a publisher's own classes
	Notes    []string
}

// Sources gives the record ids of the sources that give the answer, the one that
// decides first.
func (c *Conclusion) Sources() []string {
	var ids []string
	for _, o := range slices.Concat(c.From, c.Others) {
		if o.Answer == c.Answer && !slices.Contains(ids, o.Edition.Cites) {
			ids = append(ids, o.Edition.Cites)
		}
	}
	return ids
}

// Answers concludes what the indices answer of a country (ISO 3166-1 alpha-3) or of an
// agency (what [AgencyKey] gives), by fact in order of facts. A
// publisher's own classes outrank thresholds of this project. Among equals the worst
// answer counts; who says otherwise is told. Several keys are one agency with several
// identifiers.
func (b *Book) Answers(keys ...string) []Conclusion {
	if len(keys) == 1 {
		return b.answers[keys[0]]
	}
	return b.conclusions(keys...)
}

func (b *Book) conclusions(keys ...string) []Conclusion {
	var out []Conclusion
	opinions := map[string][]Opinion{}
	for _, key := range keys {
		for fact, list := range b.opinions(key) {
			opinions[fact] = append(opinions[fact], list...)
		}
	}
	facts := make([]string, 0, len(opinions))
	for fact := range opinions {
		facts = append(facts, fact)
	}
	slices.Sort(facts)
	for _, fact := range facts {
		out = append(out, conclude(fact, opinions[fact]))
	}
	return out
}

func conclude(fact string, list []Opinion) Conclusion {
	c := Conclusion{Fact: fact}
	firm := slices.ContainsFunc(list, func(o Opinion) bool { return !o.Fallback })
	own := slices.ContainsFunc(list, func(o Opinion) bool { return o.By == "publisher" && o.Fallback != firm })
	var order []string
	for _, o := range list {
		if len(o.order) > len(order) {
			order = o.order
		}
		if o.Fallback == firm || own && o.By != "publisher" {
			c.Others = append(c.Others, o)
		} else {
			c.From = append(c.From, o)
		}
	}
	for _, o := range list {
		if !follows(o.order, order) {
			c.Notes = append(c.Notes, fmt.Sprintf("the mapping %s orders the answers otherwise", o.Edition.Mapping.Pack.ID))
			return c
		}
	}
	slices.SortStableFunc(c.From, func(x, y Opinion) int { // the worst first, and of those the newest
		return cmp.Or(slices.Index(order, y.Answer)-slices.Index(order, x.Answer), strings.Compare(y.Edition.Published, x.Edition.Published))
	})
	first := c.From[0]
	c.Answer, c.By, c.Fallback, c.Day = first.Answer, first.By, first.Fallback, first.Edition.Published
	if first.Fallback {
		c.Notes = append(c.Notes, "taken from the country, for want of anything about the subject itself")
	}
	c.Notes = append(c.Notes, first.Notes...)
	for _, o := range slices.Concat(c.From[1:], c.Others) {
		if o.Answer != first.Answer {
			c.Notes = append(c.Notes, fmt.Sprintf("%s %d says %s (%s)", o.Edition.Index, o.Edition.Year, o.Answer, o.Why))
		}
	}
	return c
}

// follows says whether a list has its items in the order of another.
func follows(list, order []string) bool {
	last := -1
	for _, x := range list {
		i := slices.Index(order, x)
		if i <= last {
			return false
		}
		last = i
	}
	return true
}
