package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
)

//go:embed page.css
var css string

//go:embed page.html
var pageText string

//go:embed parts.html
var partsText string

var page = template.Must(template.Must(template.New("page").Funcs(template.FuncMap{
	"n": thousands, "pct": percent, "cents": cents, "say": say, "css": func() template.CSS { return template.CSS(css) }, "policy": policy,
	"interval": intervalOf, "asked": asked, "gathered": gathered,
	"plural": plural, "day": dayOf, "bands": func() []string { return bandNames }, "cell": cell, "waiting": waiting, "held": held, "total": total, "listed": listedSubjects,
	"first": first, "rest": func(list []Subject) int { return len(list) - len(first(list)) },
}).Parse(pageText)).Parse(partsText))

// HTML writes the report as one page that needs nothing else: no script, no font,
// no network. It reads the report and changes nothing.
func HTML(r *Report, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<16)
	if err := page.Execute(w, r); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the page")
	}
	if err := w.Flush(); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the page")
	}
	return nil
}

// policy forbids the page everything but its own style, which it names by hash.
func policy() string {
	sum := sha256.Sum256([]byte(css))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// thousands writes a whole number with thin spaces between thousands.
func thousands(v any) string {
	if p, ok := v.(*int64); ok {
		v = *p
	}
	s := fmt.Sprint(v)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return sign + s
}

// cents writes whole cents as units with two decimals.
func cents(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for len(s) < 3 {
		s = "0" + s
	}
	return sign + thousands(s[:len(s)-2]) + "." + s[len(s)-2:]
}

// percent writes hundredths of a per cent, which are rounded up already.
func percent(v int64) string {
	return strconv.FormatInt(v/100, 10) + "." + fmt.Sprintf("%02d", v%100) + " %"
}

func plural(n any, one, many string) string {
	if fmt.Sprint(n) == "1" {
		return one
	}
	return many
}

// words says the log's words to people. What is not in it is said as it is.
var words = map[string]string{
	"outcome pending": "Cannot tell yet", "outcome approve": "May be approved", "outcome approve_with_conditions": "Only with conditions",
	"outcome escalate": "A committee must decide", "outcome decline": "Decline", "outcome suspend": "Suspend",
	"outcome prohibited_policy": "Stopped by policy", "outcome prohibited_legal": "Stopped by law",

	"act approve": "Approved", "act approve_with_conditions": "Approved with conditions", "act escalate": "Passed on to a committee",
	"act decline": "Declined", "act suspend": "Suspended", "act exit": "Ended",

	"opinion support": "support the deployment", "opinion support_with_conditions": "support it with conditions", "opinion object": "object to it",
	"opinion withdrawn": "taken back",
	"referral open":     "the vote is open", "referral for": "the panel voted for it", "referral against": "the panel voted against it", "referral no_quorum": "too few took part",
	"answer adopt": "adopted", "answer adapt": "adopted in part", "answer reject": "rejected",
	"request voluntary": "May be refused", "request unproven": "Said to be compelled, and not shown", "request compelled": "Compelled by a legal process", "request emergency": "Emergency, before a legal process",
	"claim made": "standing", "claim supported": "supported", "claim corrected": "corrected", "claim withdrawn": "taken back",
	"exposure open": "wait for a review", "exposure closed": "were reviewed", "exposure ended": "are so no more",
	"role panel_member": "sits on an oversight panel",

	"tier SDD": "Simplified diligence", "tier CDD": "Ordinary diligence", "tier EDD": "Enhanced diligence",
	"tier EDD+GB": "Enhanced diligence, governing body",

	"lane STOP": "Nothing goes on until somebody with the power to do so lifts it.", "lane PERSON": "An analyst must open an assessment.",
	"lane DESK": "An analyst must look at the papers.", "lane AUTO": "Screened, not assessed: nobody has looked. This is not the same as low risk.",
	"lane not_triaged": "Not sorted yet.",

	"stop HS-L1": "a party is on a watchlist", "stop HS-L2": "owned by a listed party", "stop HS-L3": "known end use that EU export law covers",
	"stop HS-L4": "a local law bans it", "stop HS-P1": "the vendor has stopped it", "stop HS-P2": "a credible concern that nothing mitigates",
	"stop HS-P3": "nobody can say who the customer or end user is", "stop HS-P4": "a use that the vendor prohibits",
	"stop HS-P5": "retaliation against people who complained",

	"checked telemetry": "Checked by telemetry", "checked not_judged": "Seen in telemetry, not judged", "checked promised": "Promised: nobody checked",

	"kind breach": "breach of a mandatory condition", "kind deviation": "advice not followed", "kind blind_spot": "use hidden from the log",

	"task screen": "Names compared with watchlists", "task triage": "Accounts sorted into lanes", "task assess": "Deployments assessed", "task monitor": "Use counted from telemetry",

	"class customer": "about the customer", "class trade_secret": "prices and volumes", "class security": "what would help an attacker", "class personal": "about a person", "class legal": "legally restricted",

	"role administrator": "runs the system, decides nothing", "role analyst": "gathers facts, prepares assessments", "role approver": "decides within its authority",
	"role governing_body": "decides what nobody below may", "role sales": "sells, judges nothing", "role expert": "civil-rights expert", "role auditor": "reads everything, changes nothing",
}

func say(what string, v any) string {
	key := fmt.Sprint(v)
	if w, ok := words[what+" "+key]; ok {
		return w
	}
	return strings.ReplaceAll(key, "_", " ")
}

// drawing is an interval of bands as the page draws it.
type drawing struct {
	Best, Worst string
	Pending     bool
	Cells       []drawnCell
}

type drawnCell struct {
	X, Middle, Shade int
	Name             string
	In               bool
}

const cellWidth = 84

// intervalOf gives the four bands, those of the interval shaded by their gravity.
func intervalOf(r *Rating) drawing {
	d := drawing{Best: r.Best, Worst: r.Worst, Pending: r.Pending}
	from, to := slices.Index(bandNames, r.Best), slices.Index(bandNames, r.Worst)
	for i, name := range bandNames {
		c := drawnCell{X: i * (cellWidth + 2), Middle: i*(cellWidth+2) + cellWidth/2, Name: name, In: i >= from && i <= to}
		if c.In {
			c.Shade = i + 1
		}
		d.Cells = append(d.Cells, c)
	}
	return d
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

func total(list []Tally) int {
	n := 0
	for _, t := range list {
		n += t.Count
	}
	return n
}
