package report

import (
	_ "embed" // the page's parts
	"html/template"
	"io"
	"slices"
	"strings"

	"duly/internal/page"
)

//go:embed page.html
var pageText string

//go:embed parts.html
var partsText string

//go:embed assessed.html
var assessedText string

var words = template.FuncMap{
	"cents": cents, "asked": asked, "gathered": gathered, "day": dayOf, "cell": cell, "waiting": waiting, "held": held, "total": total,
	"taken": countOf, "listed": listedSubjects, "first": first, "rest": func(list []Subject) int { return len(list) - len(first(list)) },
}

var (
	reportPage   = page.Template(words, pageText, partsText)
	assessedPage = page.Template(words, assessedText, partsText)
)

// AssessedHTML writes an assessment as one page, as [HTML] does a report.
func AssessedHTML(a *Assessed, out io.Writer) error { return page.Write(assessedPage, a, out) }

// HTML writes the report as one page that needs nothing else: no script, no font,
// no network. It reads the report and changes nothing.
func HTML(r *Report, out io.Writer) error { return page.Write(reportPage, r, out) }

// cents writes whole cents as units with two decimals.
func cents(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for len(s) < 3 {
		s = "0" + s
	}
	return sign + page.Thousands(s[:len(s)-2]) + "." + s[len(s)-2:]
}

// cell gives the number of ratings from best to worst, for the table of intervals.
func cell(r *Report, best, worst string) int {
	for _, i := range r.Portfolio.Intervals {
		if i.Best == best && i.Worst == worst {
			return i.Count
		}
	}
	return 0
}

// held gives what occurs at all.
func held(list []Tally) []Tally {
	return slices.DeleteFunc(slices.Clone(list), func(t Tally) bool { return t.Count == 0 })
}

// askShown is how many questions a page shows of those in the JSON.
const askShown = 3

// questions are the first questions of a rating and how many more there are.
type questions struct {
	First []string
	More  int
}

// asked gives the questions without the ids of their facts.
func asked(v Value) questions {
	var q questions
	for i, line := range v.List() {
		if i == askShown {
			q.More = len(v.List()) - askShown
			break
		}
		if _, text, ok := strings.Cut(line, ": "); ok {
			line = text
		}
		q.First = append(q.First, line)
	}
	return q
}

// group is findings of one deployment that differ only by day.
type group struct {
	Grade, Kind, State string
	Clause             Value
	From, To           string
	Days               int
	Calls              int64
	Entries            []int64
}

// gathered brings findings of one condition, kind, grade and state together.
func gathered(list []Finding) []*group {
	var out []*group
	byKey := map[string]*group{}
	for _, f := range list {
		key := strings.Join([]string{f.Grade, f.Kind, f.State, f.Condition}, "|")
		g := byKey[key]
		if g == nil {
			g = &group{Grade: f.Grade, Kind: f.Kind, State: f.State, Clause: f.Clause, From: f.Day, To: f.Day}
			byKey[key] = g
			out = append(out, g)
		}
		g.From, g.To = min(g.From, f.Day), max(g.To, f.Day)
		g.Days, g.Calls, g.Entries = g.Days+1, g.Calls+f.Calls, append(g.Entries, f.Entry)
	}
	return out
}

// listedSubjects gives the subjects that have more to show than a lane.
func listedSubjects(list []Subject) []Subject {
	return slices.DeleteFunc(slices.Clone(list), laneOnly)
}

// waiting gives the subjects in STOP or PERSON that nobody has judged.
func waiting(list []Subject) []Subject {
	return slices.DeleteFunc(slices.Clone(list), func(s Subject) bool { return !laneOnly(s) })
}

// pageLimit is how many subjects of a kind stand on the page; report.json holds all.
const pageLimit = 500

// first gives the gravest subjects, which stand on the page.
func first(list []Subject) []Subject { return list[:min(len(list), pageLimit)] }

func laneOnly(s Subject) bool {
	return s.Rating == nil && s.Decision == nil && len(s.Counts) == 0 && len(s.Findings) == 0
}

// countOf gives the count of one name.
func countOf(list []Tally, name string) int {
	for _, t := range list {
		if t.Name == name {
			return t.Count
		}
	}
	return 0
}

func total(list []Tally) int {
	n := 0
	for _, t := range list {
		n += t.Count
	}
	return n
}
