package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// Bounds of what one request may ask.
const (
	maxBody        = 1 << 20
	maxEvaluations = 1000
)

// The paths that the AuthZEN Authorization API 1.0 names.
const (
	evaluationPath  = "/access/v1/evaluation"
	evaluationsPath = "/access/v1/evaluations"
	metadataPath    = "/.well-known/authzen-configuration"
)

// entity is a subject or a resource of a request.
type entity struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type action struct {
	Name string `json:"name"`
}

// circumstances are what a request may say beyond who and what.
type circumstances struct {
	Purpose      string `json:"purpose"`
	Jurisdiction string `json:"jurisdiction"`
}

// evaluation is one question in the words of the API. In a batch an entry takes what it
// leaves out from the batch.
type evaluation struct {
	Subject  *entity        `json:"subject"`
	Action   *action        `json:"action"`
	Resource *entity        `json:"resource"`
	Context  *circumstances `json:"context"`
}

type batch struct {
	evaluation
	Evaluations []evaluation `json:"evaluations"`
	Options     struct {
		Semantic string `json:"evaluations_semantic"`
	} `json:"options"`
}

// verdict is one answer in the words of the API.
type verdict struct {
	Decision bool    `json:"decision"`
	Context  *reason `json:"context"`
}

// reason is why, and under which conditions.
type reason struct {
	Code        Code     `json:"code"`
	Reason      string   `json:"reason"`
	Fix         string   `json:"fix,omitempty"`
	Obligations []string `json:"obligations,omitempty"`
	Unit        string   `json:"unit,omitempty"`
	Decision    *int64   `json:"decision_entry,omitempty"` // of the log
	Until       string   `json:"until,omitempty"`
	Known       int64    `json:"log_size"`
	Error       *problem `json:"error,omitempty"`
}

type problem struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// Handler serves the API for a gate. base is the address under which callers reach it,
// for the metadata. Questions are asked of subjects of type account, deployment or
// customer, the action "use", and resources of type capability; the context may name
// purpose and jurisdiction.
//
// It authenticates nobody: it belongs on a loopback address, or behind something that
// does.
func Handler(g *Gate, base string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+evaluationPath, func(w http.ResponseWriter, r *http.Request) {
		var e evaluation
		if !read(w, r, &e) {
			return
		}
		if err := e.check(); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		write(w, g.evaluate(e))
	})
	mux.HandleFunc("POST "+evaluationsPath, func(w http.ResponseWriter, r *http.Request) {
		var b batch
		if !read(w, r, &b) {
			return
		}
		g.serveBatch(w, b)
	})
	base = strings.TrimRight(base, "/")
	mux.HandleFunc("GET "+metadataPath, func(w http.ResponseWriter, r *http.Request) {
		write(w, map[string]string{
			"policy_decision_point":       base,
			"access_evaluation_endpoint":  base + evaluationPath,
			"access_evaluations_endpoint": base + evaluationsPath,
		})
	})
	return mux
}

// serveBatch answers a batch. Without entries it is one question, as the API says.
func (g *Gate) serveBatch(w http.ResponseWriter, b batch) {
	if len(b.Evaluations) == 0 {
		if err := b.check(); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		write(w, g.evaluate(b.evaluation))
		return
	}
	if len(b.Evaluations) > maxEvaluations {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("%d evaluations are more than %d", len(b.Evaluations), maxEvaluations))
		return
	}
	stop := func(verdict) bool { return false }
	switch b.Options.Semantic {
	case "", "execute_all":
	case "deny_on_first_deny":
		stop = func(v verdict) bool { return !v.Decision }
	case "permit_on_first_permit":
		stop = func(v verdict) bool { return v.Decision }
	default:
		refuse(w, http.StatusBadRequest, "evaluations_semantic is execute_all, deny_on_first_deny or permit_on_first_permit")
		return
	}
	out := make([]verdict, 0, len(b.Evaluations))
	for _, e := range b.Evaluations {
		e = e.or(b.evaluation)
		v := verdict{Context: &reason{Code: Unknown}}
		if err := e.check(); err != nil {
			v.Context.Reason, v.Context.Error = err.Error(), &problem{http.StatusBadRequest, err.Error()}
		} else {
			v = g.evaluate(e)
		}
		out = append(out, v)
		if stop(v) {
			break
		}
	}
	write(w, map[string][]verdict{"evaluations": out})
}

// or takes what an entry leaves out from another.
func (e evaluation) or(other evaluation) evaluation {
	if e.Subject == nil {
		e.Subject = other.Subject
	}
	if e.Action == nil {
		e.Action = other.Action
	}
	if e.Resource == nil {
		e.Resource = other.Resource
	}
	if e.Context == nil {
		e.Context = other.Context
	}
	return e
}

// check says what a question lacks.
func (e evaluation) check() error {
	switch {
	case e.Subject == nil || e.Subject.Type == "" || e.Subject.ID == "":
		return errors.New("subject.type and subject.id are needed: account, deployment or customer, and which")
	case e.Action == nil || e.Action.Name == "":
		return errors.New("action.name is needed: use")
	case e.Resource == nil || e.Resource.Type == "" || e.Resource.ID == "":
		return errors.New("resource.type and resource.id are needed: capability, and which")
	}
	return nil
}

// evaluate answers a whole question. What this gate knows nothing about is refused.
func (g *Gate) evaluate(e evaluation) verdict {
	if e.Action.Name != "use" || e.Resource.Type != "capability" {
		return verdict{Context: &reason{Code: Unknown, Reason: "this gate answers whether somebody may use a capability, and nothing else", Fix: `ask for the action "use" on a resource of type "capability"`}}
	}
	q := Question{Kind: e.Subject.Type, ID: e.Subject.ID, Capability: e.Resource.ID}
	if e.Context != nil {
		q.Purpose, q.Jurisdiction = e.Context.Purpose, e.Context.Jurisdiction
	}
	a := g.Answer(q)
	out := verdict{a.Allowed, &reason{Code: a.Code, Reason: a.Reason, Fix: a.Fix, Obligations: a.Obligations, Unit: a.Unit, Until: a.Until, Known: a.Known}}
	if a.Decision >= 0 {
		out.Context.Decision = &a.Decision
	}
	return out
}

// read reads a JSON body, or answers with what is wrong with it.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if id := r.Header.Get("X-Request-ID"); id != "" {
		w.Header().Set("X-Request-ID", id)
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		refuse(w, http.StatusUnsupportedMediaType, "send application/json")
		return false
	}
	body := buffers.Get().(*bytes.Buffer)
	defer keep(body)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request cannot be read, or is over %d bytes", maxBody))
		return false
	}
	if err := json.Unmarshal(body.Bytes(), into); err != nil {
		refuse(w, http.StatusBadRequest, "the request is not the JSON that is asked for: "+err.Error())
		return false
	}
	return true
}

// buffers hold requests and answers, so that none of them is garbage afterwards.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// keep gives a buffer back, unless a large request made it large.
func keep(b *bytes.Buffer) {
	if b.Cap() <= 16<<10 {
		b.Reset()
		buffers.Put(b)
	}
}

var (
	contentType = []string{"application/json"}
	noStore     = []string{"no-store"}
)

func write(w http.ResponseWriter, v any) {
	body := buffers.Get().(*bytes.Buffer)
	defer keep(body)
	if err := json.MarshalWrite(body, v); err != nil {
		refuse(w, http.StatusInternalServerError, "the answer cannot be written")
		return
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = contentType, noStore
	_, _ = w.Write(body.Bytes()) // who asked may be gone
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, message+"\n") // who asked may be gone
}
