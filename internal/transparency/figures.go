package transparency

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"duly/internal/ledger"
	"duly/internal/stats"
	"duly/internal/store"
)

// confidence is that of every interval of this room.
const confidence = 0.95

// Confidence is the confidence of the intervals, in words.
const Confidence = "95 %"

// Figures is what the registers hold. A figure of nothing says that nothing is recorded,
// never that nothing happened.
type Figures struct {
	Partnerships  Series          `json:"partnerships"`
	Requests      []RequestFigure `json:"requests"`
	Claims        []ClaimFigure   `json:"claims"`
	ClaimsWithout int             `json:"claims_without_figures"`
	Content       []Prevalence    `json:"content"`
	ContentBad    int             `json:"content_impossible"`
	Incidents     IncidentFigure  `json:"incidents"`
}

// Read works out the figures as known at a point, for a day.
func Read(ctx context.Context, q store.Queryer, at store.At, day string) (f Figures, err error) {
	partnerships, err := all(ctx, q, at, Partnerships)
	if err != nil {
		return f, err
	}
	requests, err := all(ctx, q, at, Requests)
	if err != nil {
		return f, err
	}
	claims, err := all(ctx, q, at, Claims)
	if err != nil {
		return f, err
	}
	samples, err := all(ctx, q, at, ContentSamples)
	if err != nil {
		return f, err
	}
	incidents, err := all(ctx, q, at, Incidents)
	f.Partnerships, f.Requests, f.Incidents = Growth(partnerships, day), CountRequests(requests), CountIncidents(incidents)
	f.Claims, f.ClaimsWithout = CompareClaims(claims)
	f.Content, f.ContentBad = Prevalences(samples)
	return f, err
}

// ReadPublished adds up what publishers told, as known at a point.
func ReadPublished(ctx context.Context, q store.Queryer, at store.At) ([]PublisherFigure, error) {
	list, err := all(ctx, q, at, PublishedFigures)
	return Published(list), err
}

func all[T any](ctx context.Context, q store.Queryer, at store.At, kind *ledger.Kind[T]) ([]*T, error) {
	list, err := store.SelectAt(ctx, q, kind, at, "")
	out := make([]*T, len(list))
	for i, r := range list {
		out[i] = r.Record
	}
	return out, err
}

// Recorded says whether any of these registers holds anything.
func (f *Figures) Recorded() bool {
	n := len(f.Partnerships.Points) + f.Partnerships.Undated + len(f.Claims) + f.ClaimsWithout + len(f.Content) + f.ContentBad + len(f.Incidents.States)
	for _, r := range f.Requests {
		n += r.Made
	}
	return n > 0
}

// Point is how many partnerships held at the end of a year, or on the day of asking.
type Point struct {
	Day     string         `json:"day"`
	Total   int            `json:"total"`
	Partner map[string]int `json:"partner"` // by sort of partner
}

// Series is how a number grew. Factor and Yearly are missing where it began with none.
type Series struct {
	Points []Point `json:"points"`
	Factor string  `json:"factor,omitempty"` // the last point as a multiple of the first, two digits
	Yearly string  `json:"yearly_percent,omitempty"`
	// Undated partnerships are in no point.
	Undated int `json:"undated"`
}

// Growth counts partnerships at the end of each year since the first began, and on a day
// (RG-01).
func Growth(list []*Partnership, day string) Series {
	s := Series{Points: []Point{}}
	first := ""
	for _, p := range list {
		switch {
		case p.ValidFrom == "":
			s.Undated++
		case first == "" || p.ValidFrom < first:
			first = p.ValidFrom
		}
	}
	if first == "" || first > day {
		return s
	}
	for year := first[:4]; year < day[:4]; year = next(year) {
		s.Points = append(s.Points, holding(list, year+"-12-31"))
	}
	s.Points = append(s.Points, holding(list, day))
	from, to := s.Points[0], s.Points[len(s.Points)-1]
	s.Factor, s.Yearly = Rate(from.Total, to.Total, from.Day, to.Day)
	return s
}

// Rate gives the growth from one number to another between two days: how many times it
// is, and in per cent a year, with two digits. Both are "" where that has no value.
func Rate(first, last int, from, to string) (factor, yearly string) {
	f, y, err := stats.Growth(float64(first), float64(last), between(from, to))
	if err != nil {
		return "", ""
	}
	return digits(f), digits(100 * y)
}

func holding(list []*Partnership, day string) Point {
	p := Point{Day: day, Partner: map[string]int{}}
	for _, one := range list {
		if one.ValidFrom != "" && one.ValidFrom <= day && (one.ValidTo == "" || one.ValidTo > day) {
			p.Total++
			p.Partner[one.Partner]++
		}
	}
	return p
}

// RequestFigure counts the requests of one class, as the log shows them.
type RequestFigure struct {
	Class    Class `json:"class"`
	Made     int   `json:"made"`
	Full     int   `json:"full"`
	Partial  int   `json:"partial"`
	None     int   `json:"none"`
	Pending  int   `json:"pending"`
	Other    int   `json:"other"`
	Pushed   int   `json:"narrowed_or_contested"`
	Told     int   `json:"notice_given"`
	Barred   int   `json:"notice_prohibited"`
	ByRule   int   `json:"refused_by_rule"`
	Broken   int   `json:"granted_against_a_rule"` // data given though a rule is not met
	Unscoped int   `json:"without_window_or_area"`
}

// CountRequests counts requests by class, each class apart (RG-02).
func CountRequests(list []*Request) []RequestFigure {
	by := map[Class]*RequestFigure{}
	out := make([]RequestFigure, len(Classes))
	for i, c := range Classes {
		out[i].Class = c
		by[c] = &out[i]
	}
	for _, r := range list {
		if r.State == "active" {
			by[r.Class()].add(r)
		}
	}
	return out
}

func (f *RequestFigure) add(r *Request) {
	f.Made++
	given := false
	switch r.Outcome {
	case "full":
		f.Full++
		given = true
	case "partial":
		f.Partial++
		given = true
	case "none":
		f.None++
	case "pending":
		f.Pending++
	default:
		f.Other++
	}
	count(&f.Pushed, r.Challenge == "narrowed" || r.Challenge == "contested")
	count(&f.Told, r.Notice == "given" || r.Notice == "delayed")
	count(&f.Barred, r.Notice == "prohibited")
	count(&f.ByRule, r.RefusedByRule)
	count(&f.Broken, given && len(r.Broken) > 0)
	count(&f.Unscoped, r.Minutes == nil || r.Area == nil)
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// ClaimFigure compares what was told with the official figure. Low and High bound the
// ratio; a bound that does not exist is "".
type ClaimFigure struct {
	Standing string `json:"standing"`
	Told     int64  `json:"told"`
	Actual   int64  `json:"actual"`
	Ratio    string `json:"ratio,omitempty"`
	Low      string `json:"low,omitempty"`
	High     string `json:"high,omitempty"`
	Above    bool   `json:"above"` // even the lower bound is more than once the official figure
}

// CompareClaims compares each claim that has both figures, the worst first, and counts
// those that cannot be compared (RG-10).
func CompareClaims(list []*Claim) (out []ClaimFigure, without int) {
	type pair struct {
		figure ClaimFigure
		low    float64
	}
	var pairs []pair
	for _, c := range list {
		if c.State != "active" {
			continue
		}
		if c.Told == nil || c.Actual == nil || *c.Told < 0 || *c.Actual < 0 || *c.Told+*c.Actual == 0 {
			without++
			continue
		}
		r, err := stats.RatioOf(int(*c.Told), int(*c.Actual), confidence)
		if err != nil {
			without++
			continue
		}
		pairs = append(pairs, pair{ClaimFigure{c.Standing, *c.Told, *c.Actual, digits(r.Value), digits(r.Low), digits(r.High), r.Low > 1}, r.Low})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.low, a.low), cmp.Compare(b.figure.Told, a.figure.Told))
	})
	for _, p := range pairs {
		out = append(out, p.figure)
	}
	return out, without
}

// Prevalence is how much of what users post breaches a rule, as a sample bounds it, and
// what became of it, in per cent with two digits.
type Prevalence struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Drawn    int64  `json:"drawn"`
	Breach   int64  `json:"breaching"`
	Percent  string `json:"percent"`
	Low      string `json:"low"`
	High     string `json:"high"`
	Reported string `json:"reported_percent,omitempty"` // of what breaches
	Acted    string `json:"acted_percent,omitempty"`
	Repeat   string `json:"repeat_percent,omitempty"`
}

// Prevalences gives the prevalence of each sample, in the order of their days. A sample
// whose counts cannot be is left out and counted (RG-08).
func Prevalences(list []*ContentSample) (out []Prevalence, impossible int) {
	for _, s := range list {
		if s.State != "active" {
			continue
		}
		low, high, err := stats.Between(int(s.Breaching), int(s.Drawn), confidence)
		if err != nil || s.Drawn > s.Population || max(s.Reported, s.Acted, s.Repeat) > s.Breaching || min(s.Reported, s.Acted, s.Repeat) < 0 {
			impossible++
			continue
		}
		p := Prevalence{From: s.ValidFrom, To: s.ValidTo, Drawn: s.Drawn, Breach: s.Breaching, Percent: share(s.Breaching, s.Drawn), Low: digits(100 * low), High: digits(100 * high)}
		if s.Breaching > 0 {
			p.Reported, p.Acted, p.Repeat = share(s.Reported, s.Breaching), share(s.Acted, s.Breaching), share(s.Repeat, s.Breaching)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Prevalence) int { return cmp.Compare(a.From, b.From) })
	return out, impossible
}

// IncidentFigure counts incidents by state, and those of which a step is missing.
type IncidentFigure struct {
	States      map[string]int `json:"states"`
	Uncontained int            `json:"confirmed_and_not_contained"`
	Untold      int            `json:"confirmed_and_nobody_told"`
	Unremedied  int            `json:"confirmed_and_not_remedied"`
	OldestOpen  string         `json:"oldest_open,omitempty"` // the day on which it was reported
}

// CountIncidents counts incidents (IM-12).
func CountIncidents(list []*Incident) IncidentFigure {
	f := IncidentFigure{States: map[string]int{}}
	for _, in := range list {
		f.States[in.State]++
		if in.State != "reported" && in.State != "confirmed" {
			continue
		}
		if f.OldestOpen == "" || in.Reported < f.OldestOpen {
			f.OldestOpen = in.Reported
		}
		if in.State == "confirmed" {
			count(&f.Uncontained, in.Contained == "")
			count(&f.Untold, in.Notified == "")
			count(&f.Unremedied, in.Remedied == "")
		}
	}
	return f
}

// PublisherFigure adds up what one publisher told.
type PublisherFigure struct {
	Publisher string `json:"publisher"`
	From      string `json:"from,omitempty"` // the first day, where any is told
	To        string `json:"to"`
	Rows      int    `json:"rows"`
	Countries int    `json:"countries"`
	Requests  int64  `json:"requests"`
	Without   int    `json:"without_a_number"`
}

// Published adds up published figures by publisher, sorted. Figures of one publisher may
// overlap, as totals stand beside their parts: the sum is of what stands there and no
// count of requests made.
func Published(list []*PublishedFigure) []PublisherFigure {
	by, countries := map[string]*PublisherFigure{}, map[string]map[string]bool{}
	for _, p := range list {
		f := by[p.Publisher]
		if f == nil {
			f = &PublisherFigure{Publisher: p.Publisher, From: p.ValidFrom, To: p.ValidTo}
			by[p.Publisher], countries[p.Publisher] = f, map[string]bool{}
		}
		f.Rows++
		if p.ValidFrom != "" && (f.From == "" || p.ValidFrom < f.From) {
			f.From = p.ValidFrom
		}
		f.To = max(f.To, p.ValidTo)
		countries[p.Publisher][p.Country] = true
		if p.Requests == nil {
			f.Without++
			continue
		}
		f.Requests += *p.Requests
	}
	out := []PublisherFigure{}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		by[name].Countries = len(countries[name])
		out = append(out, *by[name])
	}
	return out
}

func share(part, whole int64) string { return digits(100 * float64(part) / float64(whole)) }

// digits rounds to two digits for publishing; what has no value is "".
func digits(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func next(year string) string {
	n, _ := strconv.Atoi(year)
	return strconv.Itoa(n + 1)
}

// between gives the years between two days.
func between(from, to string) float64 {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	if errA != nil || errB != nil {
		return 0
	}
	return float64(b.Year()-a.Year()) + float64(b.YearDay()-a.YearDay())/365
}
