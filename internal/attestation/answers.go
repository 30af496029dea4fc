package attestation

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/fault"
)

// MaxAnswers bounds a file of answers, in bytes, and MaxEvidence a document.
const (
	MaxAnswers  = 1 << 20
	MaxEvidence = 256 << 20
)

// formName says which form of answers this is.
const formName = "duly/attestation/1"

// Answers is what an outsider sends back.
type Answers struct {
	Form          string            `json:"form"` // "duly/attestation/1"
	Request       string            `json:"request"`
	Questionnaire string            `json:"questionnaire"` // SHA-256 of its pack
	Token         string            `json:"token"`
	Attester      Attester          `json:"attester"`
	Answers       map[string]string `json:"-"`
	Evidence      []Evidence        `json:"evidence"`

	// Raw holds the answers as they stand: texts, and numbers without quotes.
	Raw map[string]jsontext.Value `json:"answers"`
}

// Attester is who answers.
type Attester struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// Evidence is a document for one answer, by the name of a file that comes along.
type Evidence struct {
	Question string `json:"question"`
	File     string `json:"file"`
	Day      string `json:"day"` // the day that it shows, YYYY-MM-DD

	sha256 string
}

// ParseAnswers reads a file of answers strictly: unknown and repeated members, values of
// the wrong type and whatever follows are faults. Those of an answer name its question.
// Whether an answer is possible is for [Questionnaire.Says].
func ParseAnswers(data []byte) (*Answers, error) {
	if len(data) > MaxAnswers {
		return nil, fault.Newf(fault.Invalid, "the answers have more than %d bytes", MaxAnswers)
	}
	var a Answers
	if err := json.Unmarshal(data, &a, json.RejectUnknownMembers(true)); err != nil {
		return nil, place(err, data)
	}
	if a.Form != formName {
		return nil, fault.Newf(fault.Invalid, "this is not a file of answers: form is %.40q, not %q", a.Form, formName).WithFix("fill in the form or the template of the request")
	}
	a.Answers = map[string]string{}
	for id, raw := range a.Raw {
		text, err := answerOf(id, raw)
		if err != nil {
			return nil, err
		}
		a.Answers[id] = text
	}
	if err := a.Attester.check(); err != nil {
		return nil, err
	}
	return &a, a.checkEvidence()
}

// place gives a fault of JSON its line.
func place(err error, data []byte) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	at, field := int64(0), ""
	switch {
	case errors.As(err, &syntax):
		at, field = syntax.ByteOffset, string(syntax.JSONPointer)
	case errors.As(err, &meaning):
		at, field = meaning.ByteOffset, string(meaning.JSONPointer)
	}
	at = min(max(at, 0), int64(len(data)))
	line := 1 + bytes.Count(data[:at], []byte("\n"))
	what := "the answers cannot be read"
	if field != "" {
		what += fmt.Sprintf(" at %.80q", field)
	}
	return fault.Wrap(fault.Invalid, err, what).At("", line, "").WithFix("fill in the form or the template of the request, and change nothing else")
}

func answerOf(id string, raw jsontext.Value) (string, error) {
	bad := func(what, fix string) error {
		f := fault.New(fault.Invalid, fmt.Sprintf("the question %.60s: %s", id, what), fix)
		f.Field = id
		return f
	}
	switch raw.Kind() {
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", bad("the answer is not a text", "")
		}
		if !printable(text) {
			return "", bad("the answer holds characters that cannot be printed", "take them out")
		}
		return strings.TrimSpace(text), nil
	case '0':
		if _, ok := whole(string(raw)); ok {
			return string(raw), nil
		}
		return "", bad("this is not a whole number", "write it with digits only")
	}
	return "", bad("the answer is neither a text nor a whole number", `write it in quotes, such as "yes" or "unknown"`)
}

// whole reads a whole number in its only spelling.
func whole(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == text
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

func (a *Attester) check() error {
	a.Name = strings.TrimSpace(a.Name)
	switch {
	case a.Name == "" || utf8.RuneCountInString(a.Name) > 200 || !printable(a.Name):
		return fault.New(fault.Invalid, "nobody is named who answers", "write a name of at most 200 characters under attester")
	case !slices.Contains(roles, a.Role):
		return fault.Newf(fault.Invalid, "%.40q is not a role of who answers", a.Role).WithFix("use one of " + strings.Join(roles, ", "))
	}
	return nil
}

func (a *Answers) checkEvidence() error {
	seen := map[Evidence]bool{}
	for _, e := range a.Evidence {
		same := Evidence{Question: e.Question, File: e.File}
		_, err := time.Parse(time.DateOnly, e.Day)
		_, asked := a.Answers[e.Question]
		switch {
		case !asked:
			return e.fault("it has evidence and no answer", "answer it too")
		case !fs.ValidPath(e.File) || strings.ContainsAny(e.File, `/\:`) || e.File == "." || !printable(e.File):
			return e.fault(fmt.Sprintf("%.60q is not the name of a file", e.File), "give the name alone, without folders")
		case err != nil:
			return e.fault(fmt.Sprintf("%.40q is not the day that the evidence shows", e.Day), "write it as YYYY-MM-DD")
		case seen[same]:
			return e.fault(fmt.Sprintf("the file %.60q stands twice", e.File), "")
		}
		seen[same] = true
	}
	return nil
}

func (e Evidence) fault(what, fix string) error {
	f := fault.New(fault.Invalid, fmt.Sprintf("the question %.60s: %s", e.Question, what), fix)
	f.Field = e.Question
	return f
}

// hash hashes each document that the answers name.
func (a *Answers) hash(from fs.FS, today string) error {
	for i := range a.Evidence {
		e := &a.Evidence[i]
		if e.Day > today {
			return e.fault("the evidence shows a day that is yet to come: "+e.Day, "write the day that it shows")
		}
		if from == nil {
			return e.fault(fmt.Sprintf("the file %q did not come along", e.File), "name the directory that holds it with --evidence")
		}
		f, err := from.Open(e.File)
		if err != nil {
			return e.fault(fmt.Sprintf("the file %q is not there", e.File), "put it into the directory of the evidence")
		}
		sum := sha256.New()
		n, err := io.Copy(sum, io.LimitReader(f, MaxEvidence+1))
		f.Close()
		switch {
		case err != nil:
			return e.fault(fmt.Sprintf("the file %q cannot be read", e.File), "")
		case n > MaxEvidence:
			return e.fault(fmt.Sprintf("the file %q has more than %d bytes", e.File, MaxEvidence), "")
		}
		e.sha256 = hex.EncodeToString(sum.Sum(nil))
	}
	slices.SortFunc(a.Evidence, func(x, y Evidence) int {
		return cmp.Or(cmp.Compare(x.Question, y.Question), cmp.Compare(x.Day, y.Day), cmp.Compare(x.sha256, y.sha256))
	})
	return nil
}
