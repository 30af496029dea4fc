package usage

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/intake"
	"duly/internal/pack"
)

// Log says how the rows of one layout of log become events: a pack of kind "log".
// With Calls, each row is a meter's: so many calls of an account on a day, of which
// nothing else is known.
//
// What a row holds of a parameter of type text is free text. Rules may look at it,
// and it is never kept, not even as evidence.
type Log struct {
	Pack *pack.Pack

	File    LogFile     `yaml:"file,required"`
	Time    LogTime     `yaml:"time,required"`
	ID      string      `yaml:"event_id"`         // column with an id of the event; as it may be kept, it must not say who or why
	Account LogText     `yaml:"account,required"` // as deployments name it in telemetry
	Source  LogText     `yaml:"source,required"`  // what conditions read as event.source
	Name    LogText     `yaml:"name,required"`    // what conditions read as event.name
	Region  LogText     `yaml:"region"`
	Purpose LogText     `yaml:"purpose"` // a column whose words stand for purposes as deployments declare them; other texts tell nothing
	Calls   string      `yaml:"calls"`   // column with a number of calls: the file is a meter's
	Params  []LogParam  `yaml:"params"`  // what conditions read as parameters
	Missing []string    `yaml:"missing"` // texts that mean that nothing is stated; the empty text always does
	Tests   []logSample `yaml:"tests,required"`

	columns []string // every column that is read
	form    string   // of Time, as package time writes it
	zone    *time.Location
}

// LogFile is the form of the files.
type LogFile struct {
	Format    string `yaml:"format,required" enum:"csv|jsonl|json"` // json is one array of objects
	Delimiter string `yaml:"delimiter"`                             // csv: a comma if not said
	Encoding  string `yaml:"encoding" enum:"utf-8|latin-1"`         // utf-8 if not said
}

// LogTime says when an event happened. In a form, YYYY MM DD stand for the date (M and
// D without a leading zero), HH for hours of 24, hh and AM for hours of 12, mm and ss for
// minutes and seconds, Z for an offset; unix and unix_ms are numbers since 1970. A time
// without offset is in the zone.
type LogTime struct {
	Column string `yaml:"column,required"`
	Form   string `yaml:"form,required"`
	Zone   string `yaml:"zone"` // UTC if not said, or an offset such as -06:00; names of zones depend on the machine
}

// LogText is a text that is always the same, or that of a column. With words, a text
// that is not among them makes the row one that cannot be used.
type LogText struct {
	Is     string            `yaml:"is"`
	Column string            `yaml:"column"`
	Words  map[string]string `yaml:"words"`

	at int // in Log.columns
}

// LogParam is a column that rules may read.
type LogParam struct {
	Name   string   `yaml:"name,required"` // of the member, as in the paths of a condition's parameter
	Column string   `yaml:"column,required"`
	Type   string   `yaml:"type,required" enum:"text|word|number|bool|hours"` // hours: from the column's time, in the form of time, to the event's
	Words  []string `yaml:"words"`                                            // of a word: all that it may be; anything else is unknown

	at int
}

// LoadLog reads a pack of kind log. Every fault is a *fault.Error with its place.
func LoadLog(p *pack.Pack) (*Log, error) {
	if p.Kind != pack.Log {
		return nil, p.Fault("this is a pack of kind "+p.Kind+", not of kind log", "")
	}
	l := &Log{Pack: p}
	if err := p.Decode(l); err != nil {
		return nil, err
	}
	if err := l.checkFile(); err != nil {
		return nil, err
	}
	if err := l.checkTime(); err != nil {
		return nil, err
	}
	for _, q := range []struct {
		key  string
		text *LogText
	}{{"account", &l.Account}, {"source", &l.Source}, {"name", &l.Name}, {"region", &l.Region}} {
		t := q.text
		if (t.Is == "") == (t.Column == "") && (q.key != "region" || t.Is != "") || t.Column == "" && len(t.Words) > 0 {
			return nil, p.Fault(q.key+" is either one text or a column", "use is, or column and perhaps words", q.key)
		}
		t.at = l.column(t.Column)
	}
	if err := l.checkPurpose(); err != nil {
		return nil, err
	}
	return l, l.checkParams()
}

// checkPurpose sees to it that only words of the pack are kept of what a call is for.
func (l *Log) checkPurpose() error {
	t := &l.Purpose
	t.at = l.column(t.Column)
	if t.Is != "" || (t.Column == "") != (len(t.Words) == 0) {
		return l.Pack.Fault("a purpose is a column with words", "list its texts, each with the purpose that it stands for", "purpose")
	}
	for text, word := range t.Words {
		if !memberRE.MatchString(word) {
			return l.Pack.Fault(fmt.Sprintf("%q cannot name a purpose", word), "use letters, digits and _", "purpose", "words", text)
		}
	}
	return nil
}

// column gives the place of a column among those that are read, -1 for none.
func (l *Log) column(name string) int {
	if name == "" {
		return -1
	}
	at := slices.Index(l.columns, name)
	if at < 0 {
		at = len(l.columns)
		l.columns = append(l.columns, name)
	}
	return at
}

func (l *Log) checkFile() error {
	d := l.File.Delimiter
	switch {
	case !slices.Contains([]string{"csv", "jsonl", "json"}, l.File.Format):
		return l.Pack.Fault(fmt.Sprintf("%q is not a format", l.File.Format), "use csv, jsonl or json", "file", "format")
	case !slices.Contains([]string{"", "utf-8", "latin-1"}, l.File.Encoding):
		return l.Pack.Fault(fmt.Sprintf("%q is not an encoding", l.File.Encoding), "use utf-8 or latin-1", "file", "encoding")
	case d != "" && (l.File.Format != "csv" || len(d) != 1 || strings.ContainsAny(d, "\"\r\n ") || d[0] >= 0x80):
		return l.Pack.Fault("the delimiter of csv is one character of ASCII, not a quote or a space", "", "file", "delimiter")
	}
	return nil
}

func (l *Log) format() intake.Format {
	f := intake.Format{Kind: l.File.Format, Delimiter: ',', Latin1: l.File.Encoding == "latin-1"}
	if l.File.Delimiter != "" {
		f.Delimiter = l.File.Delimiter[0]
	}
	return f
}

// endings are those of files that may hold such a log.
func (l *Log) endings() []string {
	if l.File.Format == "csv" {
		return []string{".csv", ".csv.gz"}
	}
	return endings
}

// timeParts are the parts of a form of time, as package time writes them.
var timeParts = []struct{ part, layout string }{
	{"YYYY", "2006"}, {"MM", "01"}, {"M", "1"}, {"DD", "02"}, {"D", "2"}, {"HH", "15"}, {"hh", "03"}, {"h", "3"},
	{"mm", "04"}, {"ss", "05"}, {"AM", "PM"}, {"UTC", "UTC"}, {"Z", "Z07:00"}, {"T", "T"},
	{" ", " "}, {",", ","}, {"/", "/"}, {"-", "-"}, {".", "."}, {":", ":"},
}

var offsetRE = regexp.MustCompile(`^[+-][01]\d:[0-5]\d$`)

func (l *Log) checkTime() error {
	l.column(l.Time.Column)
	l.zone = time.UTC
	if z := l.Time.Zone; z != "" && z != "UTC" {
		if !offsetRE.MatchString(z) {
			return l.Pack.Fault(fmt.Sprintf("%q is not a zone", z), "write UTC, or an offset such as -06:00", "time", "zone")
		}
		at, _ := time.Parse("-07:00", z)
		l.zone = at.Location()
	}
	if l.Time.Form == "unix" || l.Time.Form == "unix_ms" {
		return nil
	}
next:
	for rest := l.Time.Form; rest != ""; {
		for _, f := range timeParts {
			if strings.HasPrefix(rest, f.part) {
				l.form += f.layout
				rest = rest[len(f.part):]
				continue next
			}
		}
		return l.Pack.Fault(fmt.Sprintf("the form of time %q has a part that is not known: %q", l.Time.Form, rest),
			"use YYYY MM M DD D HH hh h mm ss AM Z UTC T and signs, or unix, or unix_ms", "time", "form")
	}
	return nil
}

var memberRE = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

func (l *Log) checkParams() error {
	seen := map[string]bool{}
	for i := range l.Params {
		q := &l.Params[i]
		switch {
		case l.Calls != "":
			return l.Pack.Fault("a meter shows no parameters of calls", "leave out params or calls", "params", i)
		case !memberRE.MatchString(q.Name) || seen[strings.ToLower(q.Name)]:
			return l.Pack.Fault(fmt.Sprintf("%q cannot name a parameter here", q.Name), "use letters, digits and _, each name once", "params", i, "name")
		case !slices.Contains([]string{"text", "word", "number", "bool", "hours"}, q.Type):
			return l.Pack.Fault(fmt.Sprintf("%q is not a type of parameter", q.Type), "use text, word, number, bool or hours", "params", i, "type")
		case (q.Type == "word") != (len(q.Words) > 0):
			return l.Pack.Fault("a word, and nothing else, needs words", "list all that it may be", "params", i, "words")
		}
		seen[strings.ToLower(q.Name)] = true
		q.at = l.column(q.Column)
	}
	l.column(l.ID)
	l.column(l.Calls)
	return nil
}

// at reads a time in the log's form.
func (l *Log) at(text string) (time.Time, bool) {
	switch l.Time.Form {
	case "unix", "unix_ms":
		n, err := strconv.ParseInt(text, 10, 64)
		if l.Time.Form == "unix_ms" {
			return time.UnixMilli(n).UTC(), err == nil && n < maxUnix*1000 && n > -maxUnix*1000
		}
		return time.Unix(n, 0).UTC(), err == nil && n < maxUnix && n > -maxUnix
	}
	t, err := time.ParseInLocation(l.form, text, l.zone)
	return t.UTC(), err == nil && t.Year() > 0
}

// maxUnix is a time after the year 9000, in seconds since 1970: times are written with
// four digits of the year.
const maxUnix = 1 << 37

// text gives the text of a row, or why there is none.
func (t *LogText) text(values []string, missing []string) (text, why string) {
	if t.at < 0 {
		return t.Is, ""
	}
	v := stated(values[t.at], missing)
	if len(t.Words) == 0 {
		return v, ""
	}
	word, ok := t.Words[v]
	if !ok {
		return "", "that the mapping does not know"
	}
	return word, ""
}

// stated gives a column's text without white space around it; "" where nothing is
// stated.
func stated(v string, missing []string) string {
	v = strings.TrimSpace(v)
	if slices.Contains(missing, v) {
		return ""
	}
	return v
}

// params appends the row's parameters as a JSON object. What is blank is left out,
// and what cannot be read as its type has a value of no type: unknown.
func (l *Log) params(dst []byte, at time.Time, values []string) []byte {
	const unreadable = "{}"
	dst = append(dst, '{')
	for i := range l.Params {
		q := &l.Params[i]
		v := stated(values[q.at], l.Missing)
		if v == "" {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), q.Name...), '"', ':')
		text, err := dst, error(nil)
		switch {
		case q.Type == "hours":
			if from, ok := l.at(v); ok {
				text = strconv.AppendFloat(dst, at.Sub(from).Hours(), 'f', 2, 64)
			}
		case q.Type == "number":
			if n := jsontext.Value(v); n.Kind() == '0' && n.IsValid() {
				text = append(dst, v...)
			}
		case q.Type == "bool":
			if low := strings.ToLower(v); low == "true" || low == "false" {
				text = append(dst, low...)
			}
		case q.Type == "text" || slices.Contains(q.Words, v):
			text, err = jsontext.AppendQuote(dst, v)
		}
		if err != nil || len(text) == len(dst) {
			text = append(dst, unreadable...)
		}
		dst = text
	}
	return append(dst, '}')
}

// free names the members of params that hold free text.
func (l *Log) free() []string {
	var out []string
	for _, q := range l.Params {
		if q.Type == "text" {
			out = append(out, q.Name)
		}
	}
	return out
}

// logSample is one of a pack's own tests: a file, and what is read of it.
type logSample struct {
	Name   string   `yaml:"name,required"`
	Text   string   `yaml:"text,required"`
	Events []string `yaml:"events,required"` // time, account, source, name, region, id, calls and parameters, joined by blanks; - for none
	Faults []string `yaml:"faults"`          // beginnings of what is said of rows that cannot be used
}

// Schema gives the JSON Schema of packs of kind log, for editors.
func Schema() []byte { return pack.Schema(pack.Log, Log{}) }
