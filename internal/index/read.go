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
	"slices"
	"strconv"
	"strings"
	"unicode"
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
	for _, k := range r.m.Agency {
		want = append(want, k.Column)
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
	code, column, err := r.subject(row, year)
	if err != nil {
		var f *fault.Error
		errors.As(err, &f)
		r.reject(line, column, f.What, row, year)
		return
	}
	e.Key = code
	r.entries = append(r.entries, e)
}

// subject finds whom a row is about.
func (r *reader) subject(row []string, year int) (key, column string, err error) {
	if len(r.m.Agency) == 0 {
		return r.country(row, year)
	}
	for _, k := range r.m.Agency {
		text := r.text(row, k.Column)
		if text == "" || slices.Contains(r.m.Missing, text) {
			continue
		}
		if strings.ContainsFunc(text, unicode.IsControl) {
			return "", k.Column, fault.Newf(fault.Invalid, "%q is not an identifier", text)
		}
		return AgencyKey(k.Scheme, text), k.Column, nil
	}
	return "", r.m.Agency[0].Column, fault.New(fault.Invalid, "the row names no agency", "")
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
