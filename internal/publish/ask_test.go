package publish_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/publish"
	"duly/internal/publish/witnesstest"
	"duly/internal/store"
	"duly/internal/workspace"
)

var ctx = context.Background()

// begin makes a workspace with a log of some entries.
func begin(t testing.TB, entries int) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Init(ctx, filepath.Join(t.TempDir(), "ws"), workspace.InitOptions{Origin: "log.example/duly", Operator: "op"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	grow(t, w, entries)
	return w
}

// grow adds entries, which are erasures of nothing: the log does not ask what they mean.
func grow(t testing.TB, w *workspace.Workspace, entries int) {
	t.Helper()
	actor, err := w.Actor(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	err = w.DB.Write(ctx, actor.Key, func(tx *store.Tx) error {
		for range entries {
			if _, err := store.Create(tx, store.Erasures, &store.Erasure{Reason: "error"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Sign(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestLitewitness protects the standard: a witness that others wrote cosigns our
// checkpoints as they grow, and refuses those of a log that was rolled back.
func TestLitewitness(t *testing.T) {
	w := begin(t, 3)
	key, url := witnesstest.Lite(t, w.Config.Origin, w.Config.Key)
	named := workspace.Witness{Key: key, URL: url}
	w.Config.Witnesses = []workspace.Witness{named}
	witnesses, err := w.Witnesses()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		answers, err := publish.Ask(ctx, http.DefaultClient, w)
		if err != nil || answers[0].Err != nil {
			t.Fatalf("%+v, %v", answers, err)
		}
		signed, c, err := w.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		s, err := ledger.OpenSigned(signed, w.Config.Key, witnesses)
		if err != nil || s.Witnesses() != 1 {
			t.Errorf("the checkpoint outside the database: %+v, %v", s, err)
		}
		if stored, err := store.CheckpointAt(ctx, w.DB, c.Size); err != nil || string(stored) != string(signed) {
			t.Errorf("in the database stands %q, outside it %q, %v", stored, signed, err)
		}
		grow(t, w, 300)
	}
	other := begin(t, 950)
	other.Config.Witnesses = w.Config.Witnesses
	if answers, err := publish.Ask(ctx, http.DefaultClient, other); err != nil || fault.CodeOf(answers[0].Err) != fault.Refused {
		t.Errorf("a log with another key: %+v, %v", answers, err)
	}
}

// cosigner is a witness on the loopback that answers as each case has it.
func cosigner(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

// TestWitnessesThatLie protects those who write: a witness that fails, lies or forges
// is told by name, in bounded time, and changes nothing.
func TestWitnessesThatLie(t *testing.T) {
	w := begin(t, 3)
	key, err := ledger.NewWitnessKey(rand.Reader, "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	before, c, err := w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	says := func(status int, body string) http.HandlerFunc {
		return func(out http.ResponseWriter, _ *http.Request) {
			out.WriteHeader(status)
			io.WriteString(out, body)
		}
	}
	elsewhere := c
	elsewhere.Root[0]++
	stranger, _ := ledger.NewWitnessKey(rand.Reader, "witness.example/other")
	for name, lie := range map[string]struct {
		answer http.HandlerFunc
		code   fault.Code
		says   string
	}{
		"another checkpoint":       {says(200, string(key.Line(elsewhere, w.Now()))), fault.Broken, "no cosignature of this checkpoint"},
		"a stranger":               {says(200, string(stranger.Line(c, w.Now()))), fault.Broken, "no cosignature of this checkpoint"},
		"tomorrow":                 {says(200, string(key.Line(c, w.Now().Add(24*time.Hour)))), fault.Broken, "still to come"},
		"nothing":                  {says(200, ""), fault.Broken, "no cosignature of this checkpoint"},
		"no end":                   {says(200, strings.Repeat("x", 1<<20)), fault.Failed, "more than"},
		"unknown log":              {says(404, "no"), fault.Refused, "does not know this log"},
		"bad signature":            {says(403, "no"), fault.Refused, "does not accept"},
		"another log":              {says(422, "no"), fault.Broken, "not the one that it saw"},
		"a larger log":             {says(409, "99\n"), fault.Broken, "rolled back"},
		"always a conflict":        {says(409, "1\n"), fault.Failed, "does not agree with itself"},
		"a conflict without size":  {says(409, "many"), fault.Failed, "does not say"},
		"a conflict below nothing": {says(409, "-1\n"), fault.Failed, "does not say"},
		"out of order":             {says(500, "it hurts\nhere"), fault.Failed, `status 500: "it hurts"`},
		"elsewhere": {func(out http.ResponseWriter, r *http.Request) {
			http.Redirect(out, r, "http://127.0.0.1:1/", http.StatusFound)
		}, fault.Failed, "status 302"},
	} {
		w.Config.Witnesses = []workspace.Witness{{Key: key.Public(), URL: cosigner(t, lie.answer)}}
		answers, err := publish.Ask(ctx, http.DefaultClient, w)
		if err != nil || fault.CodeOf(answers[0].Err) != lie.code || !strings.Contains(answers[0].Err.Error(), lie.says) || !strings.Contains(answers[0].Err.Error(), "witness.example/w") {
			t.Errorf("%s: %+v, %v", name, answers, err)
		}
	}
	w.Config.Witnesses = []workspace.Witness{{Key: key.Public(), URL: "http://127.0.0.1:1"}}
	if answers, err := publish.Ask(ctx, http.DefaultClient, w); err != nil || !strings.Contains(answers[0].Failed, "cannot be reached") {
		t.Errorf("nobody listens: %+v, %v", answers, err)
	}
	if after, _, err := w.Checkpoint(); err != nil || string(after) != string(before) {
		t.Errorf("a lie changed the checkpoint to %q, %v", after, err)
	}
	grow(t, w, 1) // nobody is kept from writing
}

// TestSlowWitness protects those who wait: a witness that never answers ends after the
// time that it has, and does not take the cosignature of another with it.
func TestSlowWitness(t *testing.T) {
	w := begin(t, 3)
	slow, _ := ledger.NewWitnessKey(rand.Reader, "witness.example/slow")
	good, _ := ledger.NewWitnessKey(rand.Reader, "witness.example/good")
	_, c, err := w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	w.Config.Witnesses = []workspace.Witness{
		{Key: slow.Public(), URL: cosigner(t, func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})},
		{Key: good.Public(), URL: cosigner(t, func(out http.ResponseWriter, _ *http.Request) { out.Write(good.Line(c, w.Now())) })},
	}
	answers, err := publish.Ask(ctx, &http.Client{Timeout: 2 * time.Second}, w)
	if err != nil || answers[1].Err != nil {
		t.Fatalf("%+v, %v", answers, err)
	}
	if !strings.Contains(answers[0].Failed, "slow did not answer within 2s") {
		t.Errorf("%+v", answers[0])
	}
}
