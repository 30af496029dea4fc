package usage_test

import (
	stdgzip "compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// secondLog reads rows of CSV, or objects of JSON one a line, by a mapping again: by
// encoding/csv and encoding/json, all at once, and by the mapping's words as they stand. It
// shares with the first the mapping's text.
type secondLog struct {
	File struct {
		Format    string `yaml:"format"`
		Delimiter string `yaml:"delimiter"`
	} `yaml:"file"`
	Time struct {
		Column string `yaml:"column"`
		Form   string `yaml:"form"`
	} `yaml:"time"`
	ID      string        `yaml:"event_id"`
	Account secondText    `yaml:"account"`
	Source  secondText    `yaml:"source"`
	Name    secondText    `yaml:"name"`
	Region  secondText    `yaml:"region"`
	Calls   string        `yaml:"calls"`
	Params  []secondField `yaml:"params"`
	Missing []string      `yaml:"missing"`
	Tests   []struct {
		Text string `yaml:"text"`
	} `yaml:"tests"`

	form *regexp.Regexp
}

type secondText struct {
	Is     string            `yaml:"is"`
	Column string            `yaml:"column"`
	Words  map[string]string `yaml:"words"`
}

type secondField struct {
	Name   string   `yaml:"name"`
	Column string   `yaml:"column"`
	Type   string   `yaml:"type"`
	Words  []string `yaml:"words"`
}

func newSecondLog(t testing.TB, mapping []byte) *secondLog {
	t.Helper()
	l := &secondLog{}
	if err := yaml.Unmarshal(mapping, l); err != nil {
		t.Fatal(err)
	}
	l.form = regexp.MustCompile("^" + strings.NewReplacer(
		"YYYY", `(?P<year>\d{4})`, "MM", `(?P<month>\d\d)`, "DD", `(?P<day>\d\d)`, "HH", `(?P<hour>\d\d)`, "hh", `(?P<half>\d\d)`,
		"mm", `(?P<minute>\d\d)`, "ss", `(?P<second>\d\d)`, "AM", `(?P<noon>AM|PM)`, "UTC", "UTC", "Z", "(?:Z|[+]00:00)", ".", "[.]",
	).Replace(l.Time.Form) + "$")
	return l
}

// at reads a time in UTC.
func (l *secondLog) at(text string) (time.Time, bool) {
	if l.Time.Form == "unix" {
		n, err := strconv.ParseInt(text, 10, 64)
		return time.Unix(n, 0).UTC(), err == nil && max(n, -n) < 1<<37
	}
	found := l.form.FindStringSubmatch(text)
	if found == nil {
		return time.Time{}, false
	}
	part := func(name string) (n int) {
		if i := l.form.SubexpIndex(name); i >= 0 {
			n, _ = strconv.Atoi(found[i])
		}
		return n
	}
	hour := part("hour")
	if i := l.form.SubexpIndex("noon"); i >= 0 {
		hour = part("half") % 12
		if found[i] == "PM" {
			hour += 12
		}
	}
	at := time.Date(part("year"), time.Month(part("month")), part("day"), hour, part("minute"), part("second"), 0, time.UTC)
	same := at.Year() == part("year") && int(at.Month()) == part("month") && at.Day() == part("day") && part("half") <= 12 &&
		at.Hour() == hour && at.Minute() == part("minute") && at.Second() == part("second")
	return at, same && at.Year() > 0
}

// object counts all rows of an object.
func (l *secondLog) object(t testing.TB, s *second, data string) *secondReader {
	r := &secondReader{t: t, s: s, whole: true}
	if strings.HasPrefix(data, "\x1f\x8b") {
		var text []byte
		z, err := stdgzip.NewReader(strings.NewReader(data))
		if err == nil {
			text, err = io.ReadAll(z)
		}
		data, r.whole = string(text), err == nil
	}
	data = strings.TrimPrefix(data, "\ufeff")
	switch {
	case !r.whole:
	case l.File.Format == "jsonl":
		l.objects(r, data)
	default:
		l.table(r, data)
	}
	return r
}

func (l *secondLog) table(r *secondReader, data string) {
	header, data, ok := l.record(data)
	if r.whole = ok && l.knows(header); !r.whole {
		return
	}
	for {
		row, rest, ok := l.record(data)
		switch data = rest; {
		case row == nil && ok:
			return
		case !ok || len(row) != len(header) || !utf8.ValidString(strings.Join(row, "")):
			r.reject()
		default:
			cells := map[string]string{}
			for i, name := range header {
				cells[strings.TrimSpace(name)] = row[i]
			}
			l.row(r, cells)
		}
	}
}

func (l *secondLog) objects(r *secondReader, data string) {
	for line := range strings.Lines(data) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		places, cells := map[string]any{}, map[string]string{}
		good := len(line) <= 1<<20 && line[0] == '{' && utf8.ValidString(line) && json.Valid([]byte(line))
		if good {
			d := json.NewDecoder(strings.NewReader(line))
			d.UseNumber()
			good = flatten(d, "", places)
		}
		for _, c := range l.columns() {
			place := c
			if !strings.HasPrefix(c, "/") {
				place = "/" + c
			}
			if v, ok := places[place]; ok && v != nil {
				cells[c] = fmt.Sprint(v)
				_, inner := v.(json.Delim)
				good = good && !inner
			}
		}
		if good {
			l.row(r, cells)
		} else {
			r.reject()
		}
	}
}

// flatten puts down what stands at each place of a value, which is valid JSON: false where
// a name comes twice, or a text is none.
func flatten(d *json.Decoder, place string, places map[string]any) bool {
	token, err := d.Token()
	if text, ok := token.(string); err != nil || ok && strings.ContainsRune(text, utf8.RuneError) {
		return false
	}
	places[place] = token
	open, ok := token.(json.Delim)
	for i := 0; ok && d.More(); i++ {
		at := place + "/" + strconv.Itoa(i)
		if open == '{' {
			name, _ := d.Token()
			at = place + "/" + fmt.Sprint(name)
		}
		if _, twice := places[at]; twice || !flatten(d, at, places) {
			return false
		}
	}
	if ok {
		_, err = d.Token()
	}
	return err == nil
}

// record gives the first row of a text: none at its end, and not ok when its first line
// cannot be read, which is then passed over.
func (l *secondLog) record(text string) (row []string, rest string, ok bool) {
	for strings.HasPrefix(text, "\n") || strings.HasPrefix(text, "\r\n") {
		_, text, _ = strings.Cut(text, "\n")
	}
	row, n, err := l.first(text, false)
	if errors.Is(err, csv.ErrBareQuote) { // within a field that has no quotes around it, it stands for itself
		row, n, err = l.first(text, true)
	}
	switch {
	case err == io.EOF:
		return nil, "", true
	case err == nil && n <= 1<<20:
		return row, text[n:], true
	}
	_, rest, _ = strings.Cut(text, "\n")
	return nil, rest, false
}

func (l *secondLog) first(text string, lazy bool) (row []string, end int64, err error) {
	d := csv.NewReader(strings.NewReader(text))
	if d.FieldsPerRecord, d.LazyQuotes = -1, lazy; l.File.Delimiter != "" {
		d.Comma = rune(l.File.Delimiter[0])
	}
	row, err = d.Read()
	return row, d.InputOffset(), err
}

// columns are those that the mapping names.
func (l *secondLog) columns() []string {
	out := []string{l.Time.Column, l.ID, l.Calls, l.Account.Column, l.Source.Column, l.Name.Column, l.Region.Column}
	for _, q := range l.Params {
		out = append(out, q.Column)
	}
	return slices.DeleteFunc(out, func(c string) bool { return c == "" })
}

// knows says whether a header has every column of the mapping, once.
func (l *secondLog) knows(header []string) bool {
	for _, c := range l.columns() {
		n := 0
		for _, name := range header {
			if strings.TrimSpace(name) == c {
				n++
			}
		}
		if n != 1 {
			return false
		}
	}
	return utf8.ValidString(strings.Join(header, ""))
}

// row counts a row as the event that it stands for, or rejects it.
func (l *secondLog) row(r *secondReader, cells map[string]string) {
	for name, v := range cells {
		if v = strings.TrimSpace(v); slices.Contains(l.Missing, v) {
			v = ""
		}
		cells[name] = v
	}
	e, good := secondEvent{}, true
	text := func(q secondText) string {
		v := q.Is
		if q.Column != "" {
			v = cells[q.Column]
		}
		if len(q.Words) > 0 {
			word, ok := q.Words[v]
			good, v = good && ok, word
		}
		good = good && plainName(v)
		return v
	}
	e.RecipientAccountID, e.EventSource, e.EventName, e.AwsRegion = text(l.Account), text(l.Source), text(l.Name), text(l.Region)
	at, ok := l.at(cells[l.Time.Column])
	good = good && ok && e.EventSource != "" && e.EventName != "" && plainName(cells[l.ID])
	e.EventTime = at
	if l.Calls != "" {
		n, err := strconv.ParseInt(cells[l.Calls], 10, 64)
		good = good && err == nil && n >= 0 && n <= 1<<40
		e.meter = &n
	} else {
		params := map[string]any{}
		for _, q := range l.Params {
			if v := cells[q.Column]; v != "" {
				params[q.Name] = l.param(q, v, at)
			}
		}
		e.RequestParameters = params
	}
	if !good {
		r.reject()
		return
	}
	r.read++
	if err := r.s.event(&e); err != nil {
		r.t.Fatal(err)
	}
}

// plainName says whether a text may be kept as a name.
func plainName(text string) bool {
	return len(text) <= 256 && !strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && c < 0x80 })
}

// param gives what a cell says; what is none of its type is there and cannot be read.
func (l *secondLog) param(q secondField, v string, at time.Time) any {
	var n float64
	switch q.Type {
	case "text":
		return v
	case "word":
		if slices.Contains(q.Words, v) {
			return v
		}
	case "bool":
		if b, err := strconv.ParseBool(strings.ToLower(v)); err == nil && len(v) > 3 {
			return b
		}
	case "number":
		if json.Unmarshal([]byte(v), &n) == nil && v != "null" {
			return n
		}
	case "hours":
		if from, ok := l.at(v); ok {
			if _, err := fmt.Sscan(fmt.Sprintf("%.2f", at.Sub(from).Hours()), &n); err == nil {
				return n
			}
		}
	}
	return map[string]any{}
}
