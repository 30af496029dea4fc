package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

const (
	patience  = 10 * time.Second // that a witness has for one answer, unless the client says otherwise
	maxAnswer = 64 << 10         // bytes
	maxAhead  = time.Hour        // that a witness's clock may be ahead of ours
)

// Answer is what became of asking a witness.
type Answer struct {
	Witness string `json:"witness"`
	At      string `json:"at,omitempty"` // when it cosigned, by its clock, RFC 3339
	Err     error  `json:"-"`            // why it did not
	Failed  string `json:"failed,omitempty"`
}

// Ask asks every witness with an address to cosign the last checkpoint, all at once, and
// keeps what holds. Each has ten seconds for each of at most two answers, or as long as the
// client waits. The answers stand in the order of the
// configuration; the error is about the workspace, not about a witness.
func Ask(ctx context.Context, client *http.Client, w *workspace.Workspace) ([]Answer, error) {
	signed, c, err := w.Checkpoint()
	if err != nil {
		return nil, err
	}
	witnesses, err := w.Witnesses()
	if err != nil {
		return nil, err
	}
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if direct.Timeout == 0 {
		direct.Timeout = patience
	}
	var asked []*question
	for i, named := range w.Config.Witnesses {
		if named.URL != "" {
			asked = append(asked, &question{client: &direct, w: w, witness: witnesses[i], url: named.URL, signed: ledger.Bare(signed), size: c.Size})
		}
	}
	if len(asked) == 0 {
		return nil, fault.New(fault.Invalid, "the configuration names no witness with an address", "list witnesses in config.yaml, each with key and url")
	}
	var all sync.WaitGroup
	for _, q := range asked {
		all.Go(func() { q.cosigned, q.at, q.err = q.ask(ctx) })
	}
	all.Wait()
	answers := make([]Answer, len(asked))
	for i, q := range asked {
		a := &answers[i]
		a.Witness, a.Err = q.witness.Name(), q.err
		if q.err == nil {
			_, a.Err = w.Cosigned(ctx, q.cosigned)
		}
		if a.Err != nil {
			a.Failed = a.Err.Error()
		} else {
			a.At = q.at.Format(time.RFC3339)
		}
	}
	return answers, nil
}

// question is what one witness is asked, and what it answered.
type question struct {
	client  *http.Client
	w       *workspace.Workspace
	witness ledger.Witness
	url     string
	signed  []byte
	size    int64

	cosigned []byte
	at       time.Time
	err      error
}

// ask gives the checkpoint with the witness's cosignature. We do not keep what a witness
// saw last: it says so itself when the first question does not fit.
func (q *question) ask(ctx context.Context) ([]byte, time.Time, error) {
	status, body, err := q.post(ctx, 0)
	if err == nil && status == http.StatusConflict {
		var old int64
		if old, err = q.known(body); err == nil {
			status, body, err = q.post(ctx, old)
		}
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	if status != http.StatusOK {
		return nil, time.Time{}, q.refused(status, body)
	}
	return q.check(body)
}

// post sends the checkpoint, with the proof that it extends the one over old entries.
func (q *question) post(ctx context.Context, old int64) (status int, body []byte, err error) {
	proof, err := store.Consistency(ctx, q.w.DB, old, q.size)
	if err != nil {
		return 0, nil, err
	}
	data := ledger.Request{Old: old, Proof: proof, Note: q.signed}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(q.url, "/")+"/add-checkpoint", bytes.NewReader(data))
	if err != nil {
		return 0, nil, fault.Wrap(fault.Invalid, err, "the address of the witness "+q.witness.Name()+" cannot be used")
	}
	response, err := q.client.Do(request)
	if err == nil {
		defer response.Body.Close()
		body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	}
	var waited interface{ Timeout() bool }
	switch {
	case errors.As(err, &waited) && waited.Timeout():
		return 0, nil, fault.Newf(fault.Failed, "the witness %s did not answer within %s", q.witness.Name(), q.client.Timeout)
	case err != nil:
		return 0, nil, fault.Wrap(fault.Failed, err, "the witness "+q.witness.Name()+" cannot be reached")
	case len(body) > maxAnswer:
		return 0, nil, fault.Newf(fault.Failed, "the witness %s answers with more than %d bytes", q.witness.Name(), maxAnswer)
	}
	return response.StatusCode, body, nil
}

// known reads the size of the last checkpoint that the witness cosigned. One that is
// larger than ours is the alarm that witnesses are for.
func (q *question) known(body []byte) (int64, error) {
	size, err := strconv.ParseInt(strings.TrimSuffix(string(body), "\n"), 10, 64)
	switch {
	case err != nil || size < 0:
		return 0, fault.Newf(fault.Failed, "the witness %s does not say which checkpoint it knows", q.witness.Name())
	case size > q.size:
		return 0, fault.Newf(fault.Broken, "the witness %s has seen %d entries of this log, here are %d: the log was rolled back, or somebody else signs with its key", q.witness.Name(), size, q.size).
			WithFix("restore the newest copy; if there is none, see `duly ledger restore`")
	}
	return size, nil
}

func (q *question) refused(status int, body []byte) error {
	name := q.witness.Name()
	switch status {
	case http.StatusNotFound:
		return fault.Newf(fault.Refused, "the witness %s does not know this log", name).WithFix("ask those who run it to add the key " + q.w.Config.Key)
	case http.StatusForbidden:
		return fault.Newf(fault.Refused, "the witness %s does not accept the log's signature", name).WithFix("ask those who run it to add the key " + q.w.Config.Key)
	case http.StatusUnprocessableEntity:
		return fault.Newf(fault.Broken, "the witness %s says that this log is not the one that it saw before", name).WithFix("run `duly verify` with a checkpoint that was published")
	case http.StatusConflict:
		return fault.Newf(fault.Failed, "the witness %s does not agree with itself on which checkpoint it knows", name).WithFix("try again")
	}
	line, _, _ := strings.Cut(string(body[:min(len(body), 100)]), "\n")
	return fault.Newf(fault.Failed, "the witness %s answers with status %d: %q", name, status, line)
}

// check holds the answer to what it must be: cosignatures of this checkpoint by this
// witness, not of some time to come.
func (q *question) check(lines []byte) ([]byte, time.Time, error) {
	only := []ledger.Witness{q.witness}
	cosigned, err := ledger.AddCosignatures(q.signed, lines, q.w.Config.Key, only)
	if err != nil {
		return nil, time.Time{}, fault.Wrap(fault.Broken, err, "the witness "+q.witness.Name()+" answers with what is no cosignature of this checkpoint")
	}
	s, err := ledger.OpenSigned(cosigned, q.w.Config.Key, only)
	if err != nil {
		return nil, time.Time{}, err
	}
	at := s.Cosignatures[0].At
	if at.After(q.w.Now().Add(maxAhead)) {
		return nil, time.Time{}, fault.New(fault.Broken, fmt.Sprintf("the witness %s dates its cosignature %s, which is still to come", q.witness.Name(), at.Format(time.RFC3339)), "compare the clocks")
	}
	return cosigned, at, nil
}
