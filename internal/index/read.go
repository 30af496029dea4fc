package index

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"duly/internal/country"
	"duly/internal/fault"
)

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 64 << 20

var encodings = map[string]*charmap.Charmap{"iso-8859-1": charmap.ISO8859_1, "windows-1252": charmap.Windows1252}

// Table is what a file says, as a mapping reads it.
type Table struct {
	SHA256   string // of the file
	Name     string
	Editions []Parsed // by year
	Rows     int      // rows, or cells where the years stand in the header
	Blank    int      // of them, those without any value
	Rejects  []Reject
	Unread   int   // of the rejects, those whose year cannot be told
	Missing  []int // years between the first and the last that have no edition though the mapping knows of no gap
}

// Parsed is an edition as it was read.
type Parsed struct {
	Year     int
	Readings []Reading // by country
	Rejected int       // rows of this year that were rejected
}

// Readings counts the readings of all editions.
func (t *Table) Readings() (n int) {
	for _, e := range t.Editions {
		n += len(e.Readings)
	}
	return n
}

// Reject is a row, or a value of one, that is not used, with the reason.
type Reject struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Row    string `json:"row,omitempty"`
}

// String gives the reject on one line, its place first.
func (r Reject) String() string {
	return fault.New(fault.Invalid, r.Reason, "").At(r.File, r.Line, r.Field).Error()
}

// entry is a reading on its way: with the year, and the rank that it must be in.
type entry struct {
	Reading
	year  int
	row   []string
	ranks map[string]int // by value
}

type reader struct {
	m       *Mapping
	name    string
	header  []string
	at      map[string]int
	t       *Table
	entries []*entry
	off     map[offScale]int // values off the scale
	rated   map[offScale]int // values read
}

type offScale struct {
	value string
	year  int
}

// Read reads a file. Rows that cannot be used are rejected and counted; a row may lose
// one value and keep others, which is then unknown with the reason.
//
// Errors: Invalid for a file that is not what the mapping says: no CSV, a column that
// is missing, or a scale that changed.
func (m *Mapping) Read(name string, data []byte) (*Table, error) {
	sum := sha256.Sum256(data)
	r := &reader{m: m, name: name, t: &Table{Name: name, SHA256: hex.EncodeToString(sum[:])}, off: map[offScale]int{}, rated: map[offScale]int{}}
	if enc := encodings[m.File.Encoding]; enc != nil {
		decoded, err := enc.NewDecoder().Bytes(data)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "the text cannot be read as "+m.File.Encoding).At(name, 0, "")
		}
		data = decoded
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := r.rows(data); err != nil {
		return nil, err
	}
	r.twice()
	if err := r.scales(); err != nil {
		return nil, err
	}
	r.ranks()
	r.collect()
	return r.t, nil
}

func (r *reader) rows(data []byte) error {
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, _ = utf8.DecodeRuneInString(cmp.Or(r.m.File.Delimiter, ","))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "the file is empty: it has no header line", "").At(r.name, 1, "")
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the header cannot be read").At(r.name, 1, "")
	}
	r.header, r.at = header, map[string]int{}
	for i, h := range header {
		r.header[i] = strings.TrimSpace(h)
		r.at[r.header[i]] = i
	}
	if err := r.columns(); err != nil {
		return err
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		r.t.Rows++
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			r.reject(broken.StartLine, "", "a quote is not closed, or text follows a closing quote", nil, 0)
			continue
		}
		line, _ := in.FieldPos(0)
		switch {
		case len(row) != len(r.header):
			r.reject(line, "", fmt.Sprintf("the row has %d fields and the header has %d", len(row), len(r.header)), row, 0)
		case slices.ContainsFunc(row, func(s string) bool { return !utf8.ValidString(s) }):
			r.reject(line, "", "the text is not UTF-8; let the mapping say its encoding", row, 0)
		case r.m.Year.Header:
			r.t.Rows--
			r.wide(line, row)
		default:
			r.long(line, row)
		}
	}
}

// columns checks that the file has the columns that the mapping names.
func (r *reader) columns() error {
	want := []string{r.m.Year.Column}
	for _, c := range r.m.Country {
		want = append(want, c.Column)
	}
	for _, v := range r.m.Values {
		want = append(want, v.Column, v.Error, v.Rank)
		if v.Status != nil {
			want = append(want, v.Status.Column)
		}
	}
	for _, name := range want {
		if _, ok := r.at[name]; !ok && name != "" {
			return fault.Newf(fault.Invalid, "the file has no column %q", name).
				WithFix("it has: "+strings.Join(r.header, ", ")+"; use the mapping of this layout").At(r.name, 1, name)
		}
	}
	if r.m.Year.Header && !slices.ContainsFunc(r.header, isYear) {
		return fault.New(fault.Invalid, "no column of the header is a year", "use the mapping of this layout").At(r.name, 1, "")
	}
	return nil
}

func (r *reader) reject(line int, field, reason string, row []string, year int) {
	r.t.Rejects = append(r.t.Rejects, Reject{r.name, line, field, reason, strings.Join(row, ",")})
	if year == 0 {
		r.t.Unread++
		return
	}
	r.edition(year).Rejected++
}

// edition gives the edition of a year, making it where it is new.
func (r *reader) edition(year int) *Parsed {
	i, found := slices.BinarySearchFunc(r.t.Editions, year, func(e Parsed, y int) int { return e.Year - y })
	if !found {
		r.t.Editions = slices.Insert(r.t.Editions, i, Parsed{Year: year})
	}
	return &r.t.Editions[i]
}

func (r *reader) text(row []string, column string) string {
	return strings.TrimSpace(strings.ReplaceAll(row[r.at[column]], "\u00a0", " "))
}

// long reads a row of one country and year.
func (r *reader) long(line int, row []string) {
	text := r.text(row, r.m.Year.Column)
	if word, ok := r.m.Year.Words[text]; ok {
		text = word
	}
	if !isYear(text) {
		r.reject(line, r.m.Year.Column, fmt.Sprintf("%q is not a year", text), row, 0)
		return
	}
	year, _ := strconv.Atoi(text)
	r.one(line, year, row, func(v *Value) string { return r.text(row, v.Column) })
}

// wide reads a row of one country with a column for each year.
func (r *reader) wide(line int, row []string) {
	for i, h := range r.header {
		if isYear(h) {
			r.t.Rows++
			year, _ := strconv.Atoi(h)
			r.one(line, year, row, func(*Value) string { return r.text(row, r.header[i]) })
		}
	}
}

// one reads what a row says of one year. A row without any value is counted and says
// nothing, so that a file may list countries in years in which they were not rated.
func (r *reader) one(line, year int, row []string, text func(*Value) string) {
	e := &entry{Reading: Reading{Line: line}, year: year, row: row, ranks: map[string]int{}}
	known := false
	for i := range r.m.Values {
		v := &r.m.Values[i]
		if !v.given(year) {
			continue
		}
		c, err := r.cell(v, e, row, text(v))
		if err != nil {
			var f *fault.Error
			errors.As(err, &f)
			r.reject(line, cmp.Or(f.Field, v.Column, strconv.Itoa(year)), f.What, row, year)
			return
		}
		known = known || c.Unknown != notRated
		e.Cells = append(e.Cells, c)
	}
	if !known {
		r.t.Blank++
		return
	}
	code, column, err := r.country(row, year)
	if err != nil {
		var f *fault.Error
		errors.As(err, &f)
		r.reject(line, column, f.What, row, year)
		return
	}
	e.Country = code
	r.entries = append(r.entries, e)
}

// country finds the country of a row by the columns in turn.
func (r *reader) country(row []string, year int) (code, column string, err error) {
	for _, c := range r.m.Country {
		text := r.text(row, c.Column)
		if word, listed := c.Words[text]; listed {
			if word == "" {
				return "", c.Column, fault.Newf(fault.Invalid, "the mapping knows no country for %q", text)
			}
			found, err := country.Find(cmp.Or(c.Scheme, "iso3"), word, year)
			return found.Alpha3, c.Column, err
		}
		if c.Scheme == "" || text == "" {
			continue
		}
		found, problem := country.Find(c.Scheme, text, year)
		if problem == nil {
			return found.Alpha3, c.Column, nil
		}
		if err == nil {
			column, err = c.Column, problem
		}
	}
	if err == nil {
		last := r.m.Country[len(r.m.Country)-1].Column
		return "", last, fault.New(fault.Invalid, "the row names no country", "")
	}
	return "", column, err
}

// notRated is why a value is unknown where the file has a word for that.
const notRated = "not rated"

// cell reads one value. An error rejects the row; a value that the file spoils is
// unknown with the reason, and the others of the row are kept.
func (r *reader) cell(v *Value, e *entry, row []string, text string) (Cell, error) {
	c := Cell{Value: v.ID}
	missing := text == "" || slices.Contains(r.m.Missing, text)
	if i := slices.IndexFunc(v.Unusable, func(u Unusable) bool { return u.Year == e.year }); i >= 0 && !missing {
		c.Unknown = v.Unusable[i].Why
		return c, nil
	}
	if v.Status != nil {
		status := r.text(row, v.Status.Column)
		switch given := status == v.Status.Given; {
		case given && missing:
			c.Unknown = fmt.Sprintf("status %s beside no value", status)
			return c, nil
		case !given && !missing:
			c.Unknown = fmt.Sprintf("status %s beside the value %s", plainText(status), plainText(text))
			return c, nil
		}
	}
	if missing {
		c.Unknown = notRated
		return c, nil
	}
	if why, special := v.Codes[text]; special {
		c.Unknown = why
		return c, nil
	}
	r.rated[offScale{v.ID, e.year}]++
	if v.class() {
		i := slices.IndexFunc(v.Words, func(w Word) bool { return w.Is == text })
		if i < 0 {
			return c, fault.Newf(fault.Invalid, "%q is none of the words for %s", text, v.ID).At("", 0, v.Column)
		}
		c.Class = v.Words[i].Kept
		return c, nil
	}
	return c, r.number(v, &c, e, row, text)
}

func (r *reader) number(v *Value, c *Cell, e *entry, row []string, text string) (err error) {
	if v.Comma {
		text = strings.Replace(text, ",", ".", 1)
	}
	if v.Point > 0 {
		if text, err = restorePoint(text, v.Point); err != nil {
			return inField(err, v.Column)
		}
	}
	if c.Number, err = parseNumber(text, v.Decimals); err != nil {
		return inField(err, v.Column)
	}
	if c.Number < v.low || c.Number > v.top {
		r.off[offScale{v.ID, e.year}]++
		return fault.Newf(fault.Invalid, "%s lies off the scale from %s to %s", text, v.Scale[0], v.Scale[1]).At("", 0, v.Column)
	}
	c.Low, c.Top = c.Number, c.Number
	if v.Error != "" {
		const thousand = 1000
		wide, err := parseNumber(r.text(row, v.Error), v.Decimals)
		if err != nil || wide < 0 {
			return fault.Newf(fault.Invalid, "%q is not a standard error", r.text(row, v.Error)).At("", 0, v.Error)
		}
		wide = (wide*v.times + thousand - 1) / thousand // rounded up: a band is never told narrower than it is
		c.Low, c.Top = c.Number-wide, c.Number+wide
	}
	if v.Rank != "" {
		rank, err := strconv.Atoi(r.text(row, v.Rank))
		if err != nil || rank < 1 {
			return fault.Newf(fault.Invalid, "%q is not a rank", r.text(row, v.Rank)).At("", 0, v.Rank)
		}
		e.ranks[v.ID] = rank
	}
	return nil
}

func inField(err error, field string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.At("", 0, field)
	}
	return err
}

// plainText keeps a text of the file from looking like the end of a value.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == ';' || r == '=' {
			return ' '
		}
		return r
	}, s)
	const enough = 40
	if len(s) > enough {
		s = strings.ToValidUTF8(s[:enough], "")
	}
	return strconv.Quote(s)
}

// twice rejects rows about one country in one year: all of them where they differ,
// since none is better than the other, and all but the first where they say the same.
func (r *reader) twice() {
	type key struct {
		country string
		year    int
	}
	groups := map[key][]*entry{}
	for _, e := range r.entries {
		k := key{e.Country, e.year}
		groups[k] = append(groups[k], e)
	}
	drop := map[*entry]bool{}
	for _, e := range r.entries {
		group := groups[key{e.Country, e.year}]
		if len(group) < 2 {
			continue
		}
		same := !slices.ContainsFunc(group, func(o *entry) bool { return !slices.Equal(o.Cells, group[0].Cells) })
		if same && e == group[0] {
			continue
		}
		other := group[0]
		if e == other {
			other = group[1]
		}
		drop[e] = true
		r.reject(e.Line, "", fmt.Sprintf("a second row about %s in %d, with line %d", e.Country, e.year, other.Line), e.row, e.year)
	}
	r.entries = slices.DeleteFunc(r.entries, func(e *entry) bool { return drop[e] })
}

// enoughRows is how many values of an edition it takes to say that its scale changed.
const enoughRows = 20

// scales refuses a file in which the scale of a value changed though the mapping knows
// of no break: most values of an edition lie off the scale, or its largest value is
// five times that of the edition before, or a fifth.
func (r *reader) scales() error {
	const factor = 5
	for i := range r.m.Values {
		v := &r.m.Values[i]
		if v.class() {
			continue
		}
		largest := map[int]Number{}
		for _, e := range r.entries {
			for _, c := range e.Cells {
				if c.Value == v.ID && c.Unknown == "" {
					largest[e.year] = max(largest[e.year], c.Number, -c.Number)
				}
			}
		}
		last := 0
		for _, e := range r.t.Editions { // years in which all rows are off the scale have only rejects
			if k := (offScale{v.ID, e.Year}); r.off[k] >= enoughRows/2 && r.off[k]*2 > r.rated[k] {
				return r.changed(v, e.Year, fmt.Sprintf("%d of %d values lie off the scale from %s to %s", r.off[k], r.rated[k], v.Scale[0], v.Scale[1]))
			}
		}
		for _, y := range slices.Sorted(maps.Keys(largest)) {
			if r.rated[offScale{v.ID, y}] < enoughRows {
				continue
			}
			if a, b := largest[last], largest[y]; last != 0 && !r.m.broken(last, y) && (a > factor*b || b > factor*a) {
				return r.changed(v, y, fmt.Sprintf("the largest value is %s, and in %d it was %s", formatNumber(b, v.Decimals), last, formatNumber(a, v.Decimals)))
			}
			last = y
		}
	}
	return nil
}

func (r *reader) changed(v *Value, year int, what string) error {
	line := 1
	for _, e := range r.entries {
		if e.year == year {
			line = e.Line
			break
		}
	}
	return fault.Newf(fault.Invalid, "the scale of %s changed in %d: %s", v.ID, year, what).
		WithFix("use the mapping of this layout, or let the mapping say the scale of each span of years and a break").At(r.name, line, cmp.Or(v.Column, strconv.Itoa(year)))
}

// ranks rejects rows whose value does not fit their rank: in the order of ranks, the
// values of an edition must be in order too.
func (r *reader) ranks() {
	for i := range r.m.Values {
		v := &r.m.Values[i]
		if v.Rank == "" {
			continue
		}
		byYear := map[int][]*entry{}
		for _, e := range r.entries {
			if e.ranks[v.ID] > 0 {
				byYear[e.year] = append(byYear[e.year], e)
			}
		}
		drop := map[*entry]bool{}
		for _, y := range slices.Sorted(maps.Keys(byYear)) {
			for _, e := range disordered(v, byYear[y]) {
				drop[e] = true
				r.reject(e.Line, v.Rank, fmt.Sprintf("the value %s does not fit the rank %d", formatNumber(e.number(v.ID), v.Decimals), e.ranks[v.ID]), e.row, y)
			}
		}
		r.entries = slices.DeleteFunc(r.entries, func(e *entry) bool { return drop[e] })
	}
}

func (e *entry) number(id string) Number {
	for _, c := range e.Cells {
		if c.Value == id {
			return c.Number
		}
	}
	return 0
}

// disordered gives the entries that are not in every longest run of values in order:
// those that are surely out of place, and those of which one is and it cannot be told
// which. Equal ranks are in any order. It takes time quadratic in the entries.
func disordered(v *Value, list []*entry) []*entry {
	slices.SortStableFunc(list, func(a, b *entry) int {
		if d := a.ranks[v.ID] - b.ranks[v.ID]; d != 0 {
			return d
		}
		if x, y := a.number(v.ID), b.number(v.ID); x != y {
			if v.worse(x, y) {
				return 1
			}
			return -1
		}
		return a.Line - b.Line
	})
	fits := func(i, j int) bool { return !v.worse(list[i].number(v.ID), list[j].number(v.ID)) }
	upTo, from := make([]int, len(list)), make([]int, len(list)) // the longest run that ends, and that begins, here
	longest := 0
	for i := range list {
		for j := range i {
			if fits(j, i) {
				upTo[i] = max(upTo[i], upTo[j])
			}
		}
		upTo[i]++
		longest = max(longest, upTo[i])
	}
	for i := len(list) - 1; i >= 0; i-- {
		for j := i + 1; j < len(list); j++ {
			if fits(i, j) {
				from[i] = max(from[i], from[j])
			}
		}
		from[i]++
	}
	inSome := func(i int) bool { return upTo[i]+from[i]-1 == longest }
	at := map[int]int{} // entries of longest runs by their place in it: where there are two, either may be wrong
	for i := range list {
		if inSome(i) {
			at[upTo[i]]++
		}
	}
	var out []*entry
	for i, e := range list {
		if !inSome(i) || at[upTo[i]] > 1 {
			out = append(out, e)
		}
	}
	return out
}

// collect puts the readings into their editions and finds years without one.
func (r *reader) collect() {
	slices.SortStableFunc(r.entries, func(a, b *entry) int {
		return cmp.Or(a.year-b.year, strings.Compare(a.Country, b.Country))
	})
	for _, e := range r.entries {
		edition := r.edition(e.year)
		edition.Readings = append(edition.Readings, e.Reading)
	}
	r.t.Editions = slices.DeleteFunc(r.t.Editions, func(e Parsed) bool { return len(e.Readings) == 0 })
	slices.SortStableFunc(r.t.Rejects, func(a, b Reject) int { return a.Line - b.Line })
	for i := 1; i < len(r.t.Editions); i++ {
		for y := r.t.Editions[i-1].Year + 1; y < r.t.Editions[i].Year; y++ {
			if !slices.Contains(r.m.Gaps, y) {
				r.t.Missing = append(r.t.Missing, y)
			}
		}
	}
}
