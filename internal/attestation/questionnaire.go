package attestation

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"duly/internal/fault"
	"duly/internal/pack"
)

// Types of answers. Each question may also be answered by [Unknown].
const (
	YesNo  = "yes_no"
	Number = "number" // a whole number
	Date   = "date"   // YYYY-MM-DD
	Choice = "choice"
	Text   = "text"
)

// Unknown is the answer of who does not know. It is an answer, and not an empty place.
const Unknown = "unknown"

// maxText bounds an answer in characters.
const maxText = 4000

// Questionnaire is what is asked about the keeping of conditions. Questionnaires are made
// by [Load] and are safe for concurrent use.
type Questionnaire struct {
	Pack       *pack.Pack
	Conditions string // id of the pack of conditions that it asks about
	Every      int    // months from one answer to the next
	Questions  []Question

	asked []string // ids of conditions, in the order of the questions
}

// Question is one question about one condition.
type Question struct {
	ID        string   `yaml:"id,required" about:"its name in the answers: small letters, digits and underscores"`
	Condition string   `yaml:"condition,required" about:"the id of the condition that it is about"`
	Text      string   `yaml:"text,required" about:"what is asked, in plain words"`
	Help      string   `yaml:"help" about:"how to find the answer"`
	Type      string   `yaml:"type,required" enum:"yes_no|number|date|choice|text"`
	Choices   []string `yaml:"choices" about:"of a choice: all that can be answered"`
	Optional  bool     `yaml:"optional" about:"it may be left out"`
	Evidence  string   `yaml:"evidence" about:"which document shows it; empty if none is asked for"`
	NotKept   []string `yaml:"not_kept" about:"answers by which the condition is not kept, for yes_no and choice"`
	Below     *int64   `yaml:"not_kept_below" about:"a lower number says that the condition is not kept"`
	Above     *int64   `yaml:"not_kept_above" about:"a higher number says that the condition is not kept"`
}

type body struct {
	Conditions string     `yaml:"conditions,required" about:"the id of the pack of conditions that is asked about"`
	Every      int        `yaml:"every_months,required" about:"months from one answer to the next, 1 to 60"`
	Questions  []Question `yaml:"questions,required"`
	Tests      []example  `yaml:"tests,required"`
}

// example is a test of the pack: answers, and what they say of each condition.
type example struct {
	Name    string            `yaml:"name,required"`
	Answers map[string]string `yaml:"answers,required"`
	Expect  map[string]string `yaml:"expect,required" about:"kept, not_kept or unknown, by condition"`
}

// Schema gives the JSON Schema of questionnaires.
func Schema() []byte { return pack.Schema(pack.Attest, body{}) }

// Load reads a pack of kind attestation. Every fault is a *fault.Error with its place.
func Load(p *pack.Pack) (*Questionnaire, error) {
	q, _, err := load(p)
	return q, err
}

func load(p *pack.Pack) (*Questionnaire, *body, error) {
	if p.Kind != pack.Attest {
		return nil, nil, p.Fault("this is a pack of kind "+p.Kind+", not of kind attestation", "")
	}
	var b body
	if err := p.Decode(&b); err != nil {
		return nil, nil, err
	}
	if b.Every < 1 || b.Every > 60 {
		return nil, nil, p.Fault("every_months is not between 1 and 60", "", "every_months")
	}
	if len(b.Questions) == 0 {
		return nil, nil, p.Fault("it asks nothing", "", "questions")
	}
	q := &Questionnaire{Pack: p, Conditions: b.Conditions, Every: b.Every, Questions: b.Questions}
	seen, decides := map[string]bool{}, map[string]bool{}
	for i := range q.Questions {
		x := &q.Questions[i]
		if err := x.check(p, i); err != nil {
			return nil, nil, err
		}
		if seen[x.ID] {
			return nil, nil, p.Fault(x.ID+" stands twice", "", "questions", i, "id")
		}
		seen[x.ID] = true
		decides[x.Condition] = decides[x.Condition] || x.decides()
		if !slices.Contains(q.asked, x.Condition) {
			q.asked = append(q.asked, x.Condition)
		}
	}
	for i := range q.Questions {
		if c := q.Questions[i].Condition; !decides[c] {
			return nil, nil, p.Fault("no answer can say that "+c+" is not kept", "give one of its questions not_kept, not_kept_below or not_kept_above", "questions", i)
		}
	}
	return q, &b, nil
}

func (x *Question) check(p *pack.Pack, i int) error {
	wrong := func(key, what, fix string) error { return p.Fault(what, fix, "questions", i, key) }
	for _, r := range x.ID {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return wrong("id", fmt.Sprintf("%q cannot name a question", x.ID), "use small letters, digits and underscores")
		}
	}
	var possible []string
	switch x.Type {
	case YesNo:
		possible = []string{"yes", "no"}
	case Choice:
		possible = x.Choices
	case Number, Date, Text:
	default:
		return wrong("type", fmt.Sprintf("%q is not a type of answers", x.Type), "use yes_no, number, date, choice or text")
	}
	switch {
	case x.ID == "" || x.Text == "" || x.Condition == "":
		return p.Fault("a question needs an id, a condition and a text", "", "questions", i)
	case (x.Type == Choice) != (len(x.Choices) > 0) || slices.Contains(x.Choices, Unknown) || slices.Contains(x.Choices, ""):
		return wrong("choices", "choices belong to a question of type choice, and to no other; unknown is always one", "")
	case (x.Below != nil || x.Above != nil) && x.Type != Number:
		return wrong("type", "not_kept_below and not_kept_above are for numbers", "use not_kept")
	}
	for _, n := range x.NotKept {
		if !slices.Contains(possible, n) {
			return wrong("not_kept", fmt.Sprintf("%q cannot be answered here", n), "use an answer of the question; put yes and no in quotes")
		}
	}
	return nil
}

// decides says whether an answer can say that the condition is not kept.
func (x *Question) decides() bool { return len(x.NotKept) > 0 || x.Below != nil || x.Above != nil }

// read checks an answer and says whether the condition is not kept by it. Numbers come
// as their digits.
func (x *Question) read(answer string) (notKept bool, err error) {
	bad := func(what, fix string) (bool, error) {
		f := fault.New(fault.Invalid, fmt.Sprintf("the question %s: %s", x.ID, what), fix)
		f.Field = x.ID
		return false, f
	}
	switch {
	case answer == "" && x.Optional, answer == Unknown:
		return false, nil
	case answer == "":
		return bad("there is no answer", `answer it, or write "unknown"`)
	}
	switch x.Type {
	case YesNo:
		if answer != "yes" && answer != "no" {
			return bad(fmt.Sprintf("%.40q is not yes, no or unknown", answer), "")
		}
	case Choice:
		if !slices.Contains(x.Choices, answer) {
			return bad(fmt.Sprintf("%.40q is not among the choices", answer), fmt.Sprintf("use one of %q or unknown", x.Choices))
		}
	case Number:
		n, ok := whole(answer)
		if !ok {
			return bad(fmt.Sprintf("%.40q is not a whole number", answer), "write it with digits only")
		}
		return x.Below != nil && n < *x.Below || x.Above != nil && n > *x.Above, nil
	case Date:
		if _, err := time.Parse(time.DateOnly, answer); err != nil {
			return bad(fmt.Sprintf("%.40q is not a day", answer), "write it as YYYY-MM-DD")
		}
	case Text:
		if utf8.RuneCountInString(answer) > maxText {
			return bad(fmt.Sprintf("the answer is longer than %d characters", maxText), "attach a document")
		}
	}
	return slices.Contains(x.NotKept, answer), nil
}

// What answers say of a condition.
const (
	Kept    = "kept"
	NotKept = "not_kept"
)

// Says gives what answers say of each condition that is asked about: not kept if any
// answer says so, unknown if an answer that could say so is missing, and kept otherwise.
//
// Errors: Invalid for an answer that is none, and for one to no question; they name it.
func (q *Questionnaire) Says(answers map[string]string) (map[string]string, error) {
	out := map[string]string{}
	known := map[string]bool{}
	for i := range q.Questions {
		x := &q.Questions[i]
		known[x.ID] = true
		answer := answers[x.ID]
		notKept, err := x.read(answer)
		switch {
		case err != nil:
			return nil, err
		case notKept:
			out[x.Condition] = NotKept
		case out[x.Condition] == NotKept || !x.decides():
		case answer == "" || answer == Unknown:
			out[x.Condition] = Unknown
		case out[x.Condition] == "":
			out[x.Condition] = Kept
		}
	}
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		if !known[id] {
			f := fault.Newf(fault.Invalid, "there is no question %.60q", id)
			f.Field = id
			return nil, f.WithFix("use the form or the template of the request")
		}
	}
	return out, nil
}

// about narrows a questionnaire to conditions.
func (q *Questionnaire) about(ids []string) *Questionnaire {
	next := *q
	next.Questions, next.asked = nil, ids
	for _, x := range q.Questions {
		if slices.Contains(ids, x.Condition) {
			next.Questions = append(next.Questions, x)
		}
	}
	return &next
}

// RunTests runs the tests that a questionnaire carries. A condition that no test expects
// to be kept, and to be not kept, is a failed test: it might never be told apart.
func RunTests(p *pack.Pack) []pack.TestResult {
	q, b, err := load(p)
	if err != nil {
		return []pack.TestResult{{Name: p.ID, Detail: err.Error(), Line: 1}}
	}
	var out []pack.TestResult
	tested := map[string]bool{}
	for i, t := range b.Tests {
		r := pack.TestResult{Name: t.Name, Line: p.Line("tests", i)}
		says, err := q.Says(t.Answers)
		switch {
		case err != nil:
			r.Detail = err.Error()
		case !maps.Equal(says, t.Expect):
			r.Detail = fmt.Sprintf("they say %v, not %v", says, t.Expect)
		}
		for id, s := range says {
			tested[id+" "+s] = true
		}
		r.OK = r.Detail == ""
		out = append(out, r)
	}
	for _, id := range q.asked {
		for _, s := range []string{Kept, NotKept} {
			if !tested[id+" "+s] {
				out = append(out, pack.TestResult{Name: id, Detail: "no test shows it " + s, Line: p.Line("tests")})
			}
		}
	}
	return out
}
