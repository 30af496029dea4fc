package attestation

import (
	"crypto/sha256"
	_ "embed" // the form
	"encoding/base64"
	"html/template"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"duly/internal/conditions"
	"duly/internal/fault"
)

// Form is what an outsider is sent. Whoever has it can answer the request once.
type Form struct {
	Request       string
	Questionnaire string // SHA-256 of its pack
	Token         string
	Title         string
	Capability    string // of the deployment
	From, Upto    string
	Due           string
	Parts         []Part
}

// Part is a condition, with what is asked about it.
type Part struct {
	Title, Text string
	Questions   []Question
}

func newForm(id string, r *Request, q *Questionnaire, set *conditions.Set, capability, token string) *Form {
	f := &Form{
		Request: id, Questionnaire: r.Questionnaire, Token: token, Title: q.Pack.Title,
		Capability: capability, From: r.From, Upto: r.Upto, Due: r.Due,
	}
	for _, condition := range r.Conditions {
		p := Part{Title: condition}
		for _, c := range set.Conditions { // versions stand in the order of their days
			if c.ID == condition && c.From <= r.Upto {
				p.Title, p.Text = c.Title, c.Text
			}
		}
		for _, x := range q.Questions {
			if x.Condition == condition {
				p.Questions = append(p.Questions, x)
			}
		}
		f.Parts = append(f.Parts, p)
	}
	return f
}

var (
	//go:embed form.html
	formText string
	//go:embed form.css
	formCSS string
	//go:embed form.js
	formJS string
)

var formPage = template.Must(template.New("form").Funcs(template.FuncMap{
	"css":    func() template.CSS { return template.CSS(formCSS) },
	"js":     func() template.JS { return template.JS(formJS) },
	"policy": func() string { return formPolicy },
	"name":   func() string { return formName },
	"roles":  func() []string { return roles },
}).Parse(formText))

// formPolicy lets the page do nothing but what it holds: no network, and nothing is sent.
var formPolicy = "default-src 'none'; style-src " + hashSource(formCSS) + "; script-src " + hashSource(formJS) + "; base-uri 'none'; form-action 'none'"

func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// HTML writes one page that needs nothing else. It can be filled in and saved as a file
// of answers, or be printed.
func (f *Form) HTML(out io.Writer) error {
	if err := formPage.Execute(out, f); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the form")
	}
	return nil
}

// JSON writes a file of answers in which every answer is still empty.
func (f *Form) JSON(out io.Writer) error {
	a := Answers{Form: formName, Request: f.Request, Questionnaire: f.Questionnaire, Token: f.Token, Raw: map[string]jsontext.Value{}, Evidence: []Evidence{}}
	for _, p := range f.Parts {
		for _, x := range p.Questions {
			a.Raw[x.ID] = jsontext.Value(`""`)
		}
	}
	if err := json.MarshalWrite(out, a, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the template")
	}
	return nil
}
