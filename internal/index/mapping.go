package index

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"duly/internal/country"
	"duly/internal/evidence"
	"duly/internal/pack"
)

// Kind is the kind of pack that holds a mapping.
const Kind = pack.Index

// Mapping says how files of one layout are read as editions of an index. Several
// mappings may feed one index, as where a publisher changed its layout.
type Mapping struct {
	Pack *pack.Pack

	Index     string      `yaml:"index,required"`                                                            // id of the index
	Publisher string      `yaml:"publisher,required"`                                                        // who stands behind it
	Grade     string      `yaml:"grade,required" enum:"court|regulator|official|ngo|media|allegation|party"` // of the source, as in evidence.Source
	Terms     string      `yaml:"terms,required"`                                                            // licence of the data
	URL       string      `yaml:"url"`
	Measures  string      `yaml:"measures,required"` // what it says, in a sentence
	File      File        `yaml:"file"`
	Country   []Column    `yaml:"country"` // tried in order
	Agency    []Key       `yaml:"agency"`  // in place of country: the index is of agencies; tried in order
	Year      Year        `yaml:"year,required"`
	Missing   []string    `yaml:"missing"` // texts that mean that there is no value; the empty text always does
	Values    []Value     `yaml:"values,required"`
	Breaks    []Break     `yaml:"breaks"` // years from which on values cannot be compared with those before
	Gaps      []int       `yaml:"gaps"`   // years that have no edition
	Published []Published `yaml:"published,required"`
	Revised   bool        `yaml:"recalculated"` // whether each release recalculates earlier years
	Lasts     int         `yaml:"lasts"`        // years beyond its own for which an edition may answer; 3 if not said
	Answers   []Answer    `yaml:"answers"`
	Tests     []example   `yaml:"tests,required"`
}

// File says how the file is written: CSV with a header line.
type File struct {
	Encoding  string `yaml:"encoding" enum:"utf-8|iso-8859-1|windows-1252"` // utf-8, iso-8859-1 or windows-1252; utf-8 if not said
	Delimiter string `yaml:"delimiter"`                                     // a comma if not said
}

// Column is one way to learn the country of a row. Words replace texts of the column
// first; a text that they lead to "" is no country, whatever other columns say. With
// only words and no scheme, other texts are left to the next column.
type Column struct {
	Column string            `yaml:"column,required"`
	Scheme string            `yaml:"scheme" enum:"iso2|iso3|numeric|cow|gw|worldbank|name"` // of package country; "" for words alone, which lead to codes of ISO, of three letters
	Words  map[string]string `yaml:"words"`
}

// Key is a column with an identifier of an agency, such as an ORI. Scheme is the word
// that the register has for the identifiers.
type Key struct {
	Column string `yaml:"column,required"`
	Scheme string `yaml:"scheme,required"`
}

// AgencyKey is how readings name an agency. Case and blanks do not tell identifiers
// apart.
func AgencyKey(scheme, value string) string {
	return strings.ToLower(scheme) + ":" + strings.ToUpper(strings.Join(strings.Fields(value), ""))
}

// Year says where the year stands. An index may be named after the year in which it
// comes out; Covers is then -1.
type Year struct {
	Column string            `yaml:"column"`
	Header bool              `yaml:"header"` // the columns that are named by a year hold the values
	Words  map[string]string `yaml:"words"`
	Covers int               `yaml:"covers"` // the year that an edition tells of, less the year that it is named by
}

// Value is one figure or class that the index gives.
type Value struct {
	ID       string            `yaml:"id,required"`
	Title    string            `yaml:"title,required"`
	Column   string            `yaml:"column"`
	Words    []Word            `yaml:"words"` // makes it a class: the words of the file, the best first
	Scale    [2]string         `yaml:"scale"` // lowest and highest number
	Better   string            `yaml:"better" enum:"high|low"`
	Decimals int               `yaml:"decimals"`
	Years    [2]int            `yaml:"years"`         // first and last year that it is given for; 0 leaves it open
	Comma    bool              `yaml:"decimal_comma"` // the file writes 0,5 for a half
	Point    int               `yaml:"point_after"`   // the file lost the decimal point after so many digits
	Error    string            `yaml:"error"`         // column of the standard error
	Times    string            `yaml:"times"`         // standard errors on either side that make the band
	Status   *Status           `yaml:"status"`        // column that says whether there is a value
	Unusable []Unusable        `yaml:"unusable"`      // years whose values the file spoils
	Rank     string            `yaml:"rank"`          // column of the rank, by which values must be in order
	Codes    map[string]string `yaml:"codes"`         // numbers that are no values, with what they mean
	low, top Number
	times    Number // in thousandths
}

// Word is a class: the word of the file and the word that is kept.
type Word struct {
	Is   string `yaml:"is,required"`
	Kept string `yaml:"kept,required"`
}

// Status is a column beside a value that says whether there is one. Where the two
// contradict each other, the value is not used.
type Status struct {
	Column string `yaml:"column,required"`
	Given  string `yaml:"given,required"` // its text where there is a value
}

// Unusable is a year whose values a file spoils, with the reason.
type Unusable struct {
	Year int    `yaml:"year,required"`
	Why  string `yaml:"why,required"`
}

// Break is a year from which on the method or the scale differs.
type Break struct {
	Year int    `yaml:"year,required"`
	Why  string `yaml:"why,required"`
}

// Published says on which day editions came out: one year's On, or for the years
// From to To the Day (MM-DD) of the Plus-th year after. The first that fits counts.
type Published struct {
	Year  int    `yaml:"year"`
	On    string `yaml:"on"`
	From  int    `yaml:"from"`
	To    int    `yaml:"to"`
	Plus  int    `yaml:"plus"`
	Day   string `yaml:"day"`
	Grade string `yaml:"grade,required" enum:"verified|unverified"` // verified, or unverified for a day by which it was surely out
}

// Answer says how a value answers a fact. Of several values the worst counts.
type Answer struct {
	Fact     string   `yaml:"fact,required"`
	By       string   `yaml:"by,required" enum:"publisher|project"` // publisher: its own classes; project: our thresholds
	Values   []string `yaml:"values,required"`                      // ids of values
	Steps    []Step   `yaml:"steps,required"`                       // the best answer first
	Why      string   `yaml:"why,required"`
	Fallback bool     `yaml:"fallback"` // of an agency, taken from its country where nobody states anything of itself
	bounds   []Number
}

// Step is one answer: the classes that give it, or the value from which on, in the
// direction of better, it is given. The last step of numbers has no bound. Of a
// fallback the best step answers nothing: that a country does well says nothing of an
// agency in it.
type Step struct {
	Answer  string   `yaml:"answer,required"`
	Classes []string `yaml:"classes"`
	From    string   `yaml:"from"`
}

var idRE = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

const defaultLasts = 3

// Schema gives the JSON Schema of mappings, for editors.
func Schema() []byte { return pack.Schema(pack.Index, Mapping{}) }

// Load reads the mapping of a pack. Every fault is a *fault.Error with its place.
func Load(p *pack.Pack) (*Mapping, error) {
	if p.Kind != Kind {
		return nil, p.Fault(fmt.Sprintf("this is a pack of kind %s, not %s", p.Kind, Kind), "", "kind")
	}
	m := &Mapping{Pack: p}
	if err := p.Decode(m); err != nil {
		return nil, err
	}
	if m.Lasts == 0 {
		m.Lasts = defaultLasts
	}
	for _, check := range []func() error{m.checkFile, m.checkCountry, m.checkYears, m.checkValues, m.checkAnswers} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Mapping) checkFile() error {
	p := m.Pack
	switch {
	case !idRE.MatchString(m.Index):
		return p.Fault(fmt.Sprintf("%q cannot be the id of an index", m.Index), "use small letters, digits, _ and -", "index")
	case evidence.Strength(m.Grade) == evidence.Strength("unknown"):
		return p.Fault(fmt.Sprintf("%q is not a grade of a source", m.Grade), "use official or ngo", "grade")
	case m.File.Encoding != "" && encodings[m.File.Encoding] == nil && m.File.Encoding != "utf-8":
		return p.Fault(fmt.Sprintf("%q is not an encoding", m.File.Encoding), "use utf-8, iso-8859-1 or windows-1252", "file", "encoding")
	case len(m.File.Delimiter) > 1 || strings.ContainsAny(m.File.Delimiter, "\"\r\n"):
		return p.Fault("a delimiter is one character", `use ",", ";" or a tab`, "file", "delimiter")
	case (len(m.Country) == 0) == (len(m.Agency) == 0):
		return p.Fault("a mapping says of which country a row is, or of which agency", "give country or agency", "country")
	case len(m.Values) == 0 || len(m.Tests) == 0:
		return p.Fault("a mapping needs a value and a test", "", "values")
	}
	return nil
}

func (m *Mapping) checkCountry() error {
	for i, k := range m.Agency {
		if !idRE.MatchString(k.Scheme) {
			return m.Pack.Fault(fmt.Sprintf("%q cannot be a scheme of identifiers", k.Scheme), "use the register's word, such as ori", "agency", i, "scheme")
		}
	}
	for i, c := range m.Country {
		if c.Scheme == "" && len(c.Words) == 0 {
			return m.Pack.Fault("a column of the country needs a scheme or words", "use one of: "+strings.Join(country.Schemes, ", "), "country", i, "scheme")
		}
		if c.Scheme != "" && !slices.Contains(country.Schemes, c.Scheme) {
			return m.Pack.Fault(fmt.Sprintf("%q is not a kind of country code", c.Scheme), "use one of: "+strings.Join(country.Schemes, ", "), "country", i, "scheme")
		}
		for word, code := range c.Words {
			scheme := c.Scheme
			if scheme == "" {
				scheme = "iso3"
			}
			if _, err := country.Find(scheme, code, 0); err != nil && code != "" {
				return m.Pack.Place(err, "country", i, "words", word)
			}
		}
	}
	return nil
}

func (m *Mapping) checkYears() error {
	p := m.Pack
	if (m.Year.Column == "") == !m.Year.Header {
		return p.Fault("the year stands in a column or in the header", "give column, or header: true", "year")
	}
	for word, y := range m.Year.Words {
		if !isYear(y) {
			return p.Fault(fmt.Sprintf("%q is not a year", y), "", "year", "words", word)
		}
	}
	for i, r := range m.Published {
		day := r.On
		if day == "" {
			day = "2001-" + r.Day // any year without a 29 February
		}
		_, err := time.Parse(time.DateOnly, day)
		switch {
		case (r.On == "") == (r.Day == "") || (r.On != "") != (r.Year != 0):
			return p.Fault("say year and on, or plus and day", "", "published", i)
		case err != nil:
			return p.Fault("this is not a day", "write on as YYYY-MM-DD, and day as MM-DD", "published", i)
		case r.Grade != "verified" && r.Grade != "unverified":
			return p.Fault(fmt.Sprintf("%q is not a grade of a source", r.Grade), "use verified or unverified", "published", i, "grade")
		}
	}
	return nil
}

func (m *Mapping) checkValues() error {
	seen := map[string]bool{}
	for i := range m.Values {
		v := &m.Values[i]
		if !idRE.MatchString(v.ID) || seen[v.ID] {
			return m.Pack.Fault(fmt.Sprintf("%q cannot be the id of a value here", v.ID), "use small letters, digits, _ and -, and each id once", "values", i, "id")
		}
		seen[v.ID] = true
		if (v.Column == "") != m.Year.Header {
			return m.Pack.Fault("a value needs a column, or the header holds the years and it has none", "", "values", i, "column")
		}
		if err := m.checkValue(v, i); err != nil {
			return err
		}
	}
	if m.Year.Header && len(m.Values) != 1 {
		return m.Pack.Fault("a file with the years in its header holds one value", "", "values")
	}
	return nil
}

func (m *Mapping) checkValue(v *Value, i int) (err error) {
	p := m.Pack
	for j, u := range v.Unusable {
		if !isReason(u.Why) {
			return p.Fault("a reason is one line without a semicolon", "", "values", i, "unusable", j, "why")
		}
	}
	for code, why := range v.Codes {
		if !isReason(why) {
			return p.Fault("a reason is one line without a semicolon", "", "values", i, "codes", code)
		}
	}
	if v.class() {
		if v.Scale != [2]string{} || v.Better != "" || v.Error != "" || v.Rank != "" || v.Point != 0 || v.Comma {
			return p.Fault("a class has no scale", "leave out what numbers have", "values", i)
		}
		for j, w := range v.Words {
			if !idRE.MatchString(w.Kept) {
				return p.Fault(fmt.Sprintf("%q cannot be a class", w.Kept), "use small letters, digits, _ and -", "values", i, "words", j, "kept")
			}
		}
		return nil
	}
	if v.Decimals < 0 || v.Decimals > 6 || v.Point < 0 || v.Point > 9 {
		return p.Fault("a value has 0 to 6 decimals", "", "values", i, "decimals")
	}
	if v.Better != "high" && v.Better != "low" {
		return p.Fault("say whether high or low is better", "", "values", i, "better")
	}
	if v.low, err = parseNumber(v.Scale[0], v.Decimals); err == nil {
		v.top, err = parseNumber(v.Scale[1], v.Decimals)
	}
	if err != nil || v.low >= v.top {
		return p.Fault("a scale is the lowest and the highest number", `write it as ["0", "100"]`, "values", i, "scale")
	}
	if (v.Error == "") != (v.Times == "") {
		return p.Fault("a standard error needs times, the errors on either side that make the band", "", "values", i, "times")
	}
	if v.Times != "" {
		if v.times, err = parseNumber(v.Times, 3); err != nil || v.times <= 0 {
			return p.Fault("times is a number above 0", "", "values", i, "times")
		}
	}
	return nil
}

func (m *Mapping) checkAnswers() error {
	for i := range m.Answers {
		a := &m.Answers[i]
		at := func(what, fix string, path ...any) error {
			return m.Pack.Fault(what, fix, append([]any{"answers", i}, path...)...)
		}
		if a.By != "publisher" && a.By != "project" {
			return at(fmt.Sprintf("%q cannot stand behind a threshold", a.By), "use publisher or project", "by")
		}
		if len(a.Values) == 0 || len(a.Steps) == 0 {
			return at("an answer needs values and steps", "")
		}
		ofAgency := len(m.Agency) > 0
		if prefix := map[bool]string{false: "country.", true: "agency."}[a.Fallback || ofAgency]; !strings.HasPrefix(a.Fact, prefix) || a.Fallback && ofAgency {
			return at(fmt.Sprintf("this index cannot answer %q so", a.Fact), "of countries answer a fact country.*, or as a fallback one agency.*; of agencies one agency.*", "fact")
		}
		for j, s := range a.Steps {
			if (s.Answer == "") != (a.Fallback && j == 0) {
				return at("every step has an answer, but for the best of a fallback, which has none", "", "steps", j, "answer")
			}
		}
		var first *Value
		for j, id := range a.Values {
			v := m.value(id)
			if v == nil {
				return at(fmt.Sprintf("there is no value %q", id), "", "values", j)
			}
			if first == nil {
				first = v
			}
			if v.class() != first.class() || v.Decimals != first.Decimals || v.Better != first.Better {
				return at("values of one answer must be of one sort", "give the other an answer of its own", "values", j)
			}
		}
		if err := m.checkSteps(a, first, at); err != nil {
			return err
		}
	}
	return nil
}

// checkSteps makes sure that every value that can come has exactly one answer.
func (m *Mapping) checkSteps(a *Answer, v *Value, at func(what, fix string, path ...any) error) error {
	if v.class() {
		given := map[string]bool{}
		for j, s := range a.Steps {
			for _, c := range s.Classes {
				if given[c] || !slices.ContainsFunc(v.Words, func(w Word) bool { return w.Kept == c }) {
					return at(fmt.Sprintf("%q is no class of the value, or has an answer already", c), "", "steps", j)
				}
				given[c] = true
			}
			if s.From != "" {
				return at("a class has no bound", "use classes", "steps", j, "from")
			}
		}
		for _, w := range v.Words {
			if !given[w.Kept] {
				return at(fmt.Sprintf("the class %q has no answer", w.Kept), "give it one", "steps")
			}
		}
		return nil
	}
	for j, s := range a.Steps {
		last := j == len(a.Steps)-1
		if len(s.Classes) > 0 || (s.From == "") != last {
			return at("steps of numbers have a bound each, and the last has none", "use from", "steps", j)
		}
		if last {
			break
		}
		n, err := parseNumber(s.From, v.Decimals)
		if err != nil {
			return at(fmt.Sprintf("%q is not a number", s.From), "", "steps", j, "from")
		}
		if n < v.low || n > v.top || j > 0 && v.worse(a.bounds[j-1], n) || j > 0 && n == a.bounds[j-1] {
			return at("bounds go from the best to the worst, and lie on the scale", "", "steps", j, "from")
		}
		a.bounds = append(a.bounds, n)
	}
	return nil
}

func (v *Value) class() bool { return len(v.Words) > 0 }

// worse says whether a is a worse number than b.
func (v *Value) worse(a, b Number) bool { return a != b && (a < b) == (v.Better == "high") }

// given says whether the value exists in a year.
func (v *Value) given(year int) bool {
	return (v.Years[0] == 0 || year >= v.Years[0]) && (v.Years[1] == 0 || year <= v.Years[1])
}

func (m *Mapping) value(id string) *Value {
	for i := range m.Values {
		if m.Values[i].ID == id {
			return &m.Values[i]
		}
	}
	return nil
}

// PublishedOn gives the day on which the edition of a year came out, or was surely
// out, and whether that day was looked up. It is "" where the mapping tells none.
func (m *Mapping) PublishedOn(year int) (day string, verified bool) {
	for _, r := range m.Published {
		switch {
		case r.Year != 0 && r.Year == year:
			return r.On, r.Grade == "verified"
		case r.Year == 0 && (r.From == 0 || year >= r.From) && (r.To == 0 || year <= r.To):
			return fmt.Sprintf("%04d-%s", year+r.Plus, r.Day), r.Grade == "verified"
		}
	}
	return "", false
}

// broken says whether values of two years may not be compared.
func (m *Mapping) broken(from, to int) bool {
	return slices.ContainsFunc(m.Breaks, func(b Break) bool { return from < b.Year && b.Year <= to })
}

// isReason says whether a text can stand in a reading as the reason for no value.
func isReason(text string) bool {
	return text != "" && text != notRated && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == ';' })
}

func isYear(text string) bool {
	return len(text) == 4 && text >= "1800" && text <= "2199" && strings.Trim(text, "0123456789") == ""
}
