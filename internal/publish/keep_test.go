package publish_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/publish"
	"duly/internal/store"
	"duly/internal/workspace"
)

// TestKeep protects a command that nobody watches: it goes on over what passes by, waits as
// long as it was told between rounds, ends on what will not pass, and quietly when it is
// interrupted. The clock is the test's.
func TestKeep(t *testing.T) {
	closed := make(chan time.Time)
	close(closed)
	var pauses []time.Duration
	after := func(d time.Duration) <-chan time.Time {
		pauses = append(pauses, d)
		return closed
	}
	busy, wrong := errors.New("the database is busy"), fault.New(fault.Invalid, "no witness has an address", "")
	answers := []error{nil, busy, nil, wrong}
	var logged []error
	err := publish.Keep(ctx, time.Minute, after, func(context.Context) error {
		next := answers[0]
		answers = answers[1:]
		return next
	}, func(err error) { logged = append(logged, err) })
	if !errors.Is(err, wrong) || !slices.Equal(logged, []error{busy}) || !slices.Equal(pauses, []time.Duration{time.Minute, time.Minute, time.Minute}) {
		t.Errorf("%v after %v, logged %v", err, pauses, logged)
	}

	within, stop := context.WithCancel(ctx)
	rounds := 0
	err = publish.Keep(within, time.Minute, func(time.Duration) <-chan time.Time {
		stop() // in the pause, which never ends
		return nil
	}, func(context.Context) error { rounds++; return nil }, func(err error) { t.Error(err) })
	if err != nil || rounds != 1 {
		t.Errorf("interrupted in a pause: %v after %d rounds", err, rounds)
	}
	within, stop = context.WithCancel(ctx)
	err = publish.Keep(within, time.Minute, after, func(context.Context) error { stop(); return busy }, func(err error) { t.Error(err) })
	if err != nil {
		t.Errorf("interrupted in a round: %v", err)
	}
}

// TestAskNew protects witnesses from those who ask again and again: who has cosigned a
// checkpoint is asked for the next one only.
func TestAskNew(t *testing.T) {
	w := begin(t, 3)
	key, err := ledger.NewWitnessKey(rand.Reader, "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	w.Config.Witnesses = []workspace.Witness{{Key: key.Public(), URL: cosigner(t, func(out http.ResponseWriter, r *http.Request) {
		asked++
		body, _ := io.ReadAll(r.Body)
		q, err := ledger.ParseRequest(body)
		if err != nil {
			t.Error(err)
			return
		}
		c, err := w.OpenCheckpoint(q.Note)
		if err != nil {
			t.Error(err)
		}
		out.Write(key.Line(c, w.Now()))
	})}}
	for _, want := range []int{1, 1, 2} {
		answers, err := publish.AskNew(ctx, http.DefaultClient, w)
		if err != nil || asked != want || len(answers) > 0 && answers[0].Err != nil {
			t.Fatalf("asked %d times, not %d: %+v, %v", asked, want, answers, err)
		}
		if asked == 1 && len(answers) == 0 {
			grow(t, w, 1)
		}
	}
	w.Config.Witnesses[0].URL = ""
	if _, err := publish.AskNew(ctx, http.DefaultClient, w); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("nobody has an address: %v", err)
	}
}

// TestNobodyWaitsForAWitness protects those who write: while a witness takes its time, the
// log grows and is signed, and what the witness says then is kept of the checkpoint that
// it saw.
func TestNobodyWaitsForAWitness(t *testing.T) {
	w := begin(t, 3)
	key, err := ledger.NewWitnessKey(rand.Reader, "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	_, c, err := w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	here, goOn := make(chan bool), make(chan bool)
	var began atomic.Bool
	w.Config.Witnesses = []workspace.Witness{{Key: key.Public(), URL: cosigner(t, func(out http.ResponseWriter, _ *http.Request) {
		if began.CompareAndSwap(false, true) {
			close(here)
		}
		<-goOn
		out.Write(key.Line(c, w.Now()))
	})}}
	done := make(chan []publish.Answer)
	go func() {
		answers, err := publish.Ask(ctx, http.DefaultClient, w)
		if err != nil {
			t.Error(err)
		}
		done <- answers
	}()
	<-here
	grow(t, w, 5) // comes back while the witness still thinks
	close(goOn)
	if answers := <-done; len(answers) != 1 || answers[0].Err != nil {
		t.Fatalf("%+v", answers)
	}
	witnesses, _ := w.Witnesses()
	stored, err := store.CheckpointAt(ctx, w.DB, c.Size)
	if err != nil || len(ledger.CosignatureLines(stored, witnesses)) == 0 {
		t.Errorf("the cosignature is not kept: %q, %v", stored, err)
	}
	if _, last, err := w.Checkpoint(); err != nil || last.Size != c.Size+5 {
		t.Errorf("the file outside went back to %d entries, %v", last.Size, err)
	}
	if last, err := w.LastCosigned(ctx, w.DB, c.Size+5); err != nil || last.Size != c.Size || last.Witnesses() != 1 {
		t.Errorf("the last outside cosignature is %+v, %v", last, err)
	}
	if last, err := w.LastCosigned(ctx, w.DB, c.Size-1); err != nil || last.Size != 0 {
		t.Errorf("before it there is none, not %+v, %v", last, err)
	}
}
