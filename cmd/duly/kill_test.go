package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// step is a command that tests interrupt: the workspace that it starts from, and
// how it is called on a workspace.
type step struct {
	name string
	from string
	args func(o *office, dir string) []string
}

var steps = []step{
	{"import", "empty", func(o *office, dir string) []string {
		return []string{"import", "--workspace", dir, "--map", "map.yaml", "accounts.csv"}
	}},
	{"screen", "loaded", func(_ *office, dir string) []string { return []string{"screen", "--workspace", dir} }},
	{"monitor", "loaded", func(_ *office, dir string) []string {
		return []string{"monitor", "--workspace", dir, "--conditions", "face-search", "--conditions", "together.yaml", "telemetry"}
	}},
	{"export", "loaded", func(_ *office, dir string) []string {
		return []string{"export", "--workspace", dir, "--disclose", "all", "--out", dir + ".bundle"}
	}},
}

// together has bounds over several calls: those of a day, and the different thresholds
// that were ever asked for.
const together = `id: together
kind: conditions
version: "1"
title: Made-up bounds over several calls
status: project
sources: [{title: Made up, ref: none, grade: unverified}]
parameters:
  - {name: threshold, text: How alike., type: number, paths: [faceMatchThreshold]}
conditions:
  - id: T-DAY
    title: At most three searches a day
    text: At most three searches a day.
    status: mandatory
    effective_from: 2017-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: Why they are made.
    severity: low
    source: {title: Made up, ref: none, grade: unverified}
    events: event.source == "rekognition.amazonaws.com" && event.name in ["SearchFacesByImage"]
    window: {count: calls, per: day, keep_days: 3660}
    deviation: window.count > 3
  - id: T-SORTS
    title: At most ten thresholds
    text: At most ten different thresholds.
    status: mandatory
    effective_from: 2017-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: Why they are chosen.
    severity: low
    source: {title: Made up, ref: none, grade: unverified}
    events: event.source == "rekognition.amazonaws.com" && event.name in ["SearchFacesByImage"]
    window: {count: param.threshold, per: ever, keep_days: 3660}
    deviation: window.count > 10
tests: []
`

func newLoadedOffice(t *testing.T) *office {
	t.Helper()
	o := newOffice(t, 2500, 300, 50)
	o.write(t, "together.yaml", together)
	dir := o.copy(t, "empty", "loaded")
	o.must(t, "import", "--workspace", dir, "--map", "map.yaml", "accounts.csv")
	o.must(t, "lists", "add", "--workspace", dir, "ftm:list.jsonl")
	return o
}

// TestKill protects against loss at the worst moment: after kill -9 at any point
// of a command the workspace opens and verifies, and the command run again ends
// with the content of a run that nobody killed. DULY_KILLS is the number of kills
// of all commands together.
func TestKill(t *testing.T) {
	kills := killsOf(t)
	o := newLoadedOffice(t)
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) { s.kill(t, o, kills/len(steps)) })
	}
}

// killsOf gives the number of kills that was asked for.
func killsOf(t *testing.T) int {
	t.Helper()
	kills := 12
	if text := os.Getenv("DULY_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil || kills < len(steps) {
			t.Fatalf("DULY_KILLS is %q, not a number of at least %d", text, len(steps))
		}
	}
	return kills
}

func (s step) kill(t *testing.T, o *office, kills int) {
	clean := o.copy(t, s.from, s.name+"-clean")
	began := time.Now()
	o.must(t, s.args(o, clean)...)
	took := time.Since(began)
	want := content(t, clean)
	landed := 0
	for i := range kills {
		// One kill in each of as many equal parts of the run, at a random point.
		after := time.Duration((float64(i) + rand.Float64()) / float64(kills) * float64(took))
		dir := o.copy(t, s.from, s.name+"-killed")
		if err := os.RemoveAll(dir + ".bundle"); err != nil {
			t.Fatal(err)
		}
		if s.killAfter(t, o, dir, after) {
			landed++
		}
		held := s.check(t, o, dir)
		o.must(t, s.args(o, dir)...)
		s.check(t, o, dir)
		sameContent(t, content(t, dir), want)
		if got := rejected(t, dir); got != rejected(t, clean) {
			t.Errorf("the rejects file differs from that of a clean run: %q", got)
		}
		if t.Failed() {
			t.Fatalf("killed after %v of %v, with %d of %d entries written", after, took, held, len(want))
		}
	}
	t.Logf("%d of %d kills came before the end of a run of %v; %d entries", landed, kills, took, len(want))
	if landed == 0 {
		t.Error("no kill came in time: this run has shown nothing")
	}
}

// rejected gives the rejects file of a workspace; only an import makes one.
func rejected(t *testing.T, dir string) string {
	t.Helper()
	return rejects(t, dir)
}

func (s step) killAfter(t *testing.T, o *office, dir string, after time.Duration) (landed bool) {
	c := o.command(s.args(o, dir)...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = c.Process.Kill() // an error says that it has ended
	var ended *exec.ExitError
	err := c.Wait()
	if errors.As(err, &ended) && !ended.Exited() {
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// check fails unless the workspace opens and verifies, and so does a bundle where
// there is one. It gives the number of entries.
func (s step) check(t *testing.T, o *office, dir string) int {
	t.Helper()
	entries := size(t, dir)
	o.must(t, "verify", dir)
	if _, err := os.Stat(dir + ".bundle"); err == nil {
		o.must(t, "verify", dir+".bundle")
	}
	return entries
}

// TestInterrupt protects what Ctrl-C promises: status 3, a sentence that says what
// became of the work, and a workspace that verifies and goes on.
func TestInterrupt(t *testing.T) {
	o := newLoadedOffice(t)
	for _, s := range steps {
		if s.name == "export" {
			continue // it only reads, and is over too soon to be interrupted reliably
		}
		t.Run(s.name, func(t *testing.T) {
			clean := o.copy(t, s.from, s.name+"-clean")
			began := time.Now()
			o.must(t, s.args(o, clean)...)
			took := time.Since(began)
			for try := range 10 {
				dir := o.copy(t, s.from, s.name+"-interrupted")
				if s.interrupted(t, o, dir, took*time.Duration(6-try/2)/10) {
					s.check(t, o, dir)
					o.must(t, s.args(o, dir)...)
					s.check(t, o, dir)
					sameContent(t, content(t, dir), content(t, clean))
					return
				}
			}
			t.Errorf("in 10 tries no interrupt came before the end of a run of %v", took)
		})
	}
}

// interrupted says whether the interrupt came in time.
func (s step) interrupted(t *testing.T, o *office, dir string, after time.Duration) bool {
	c := o.command(s.args(o, dir)...)
	var messages lastLine
	c.Stderr = &messages
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = c.Process.Signal(syscall.SIGINT) // an error says that it has ended
	err := c.Wait()
	if err == nil {
		return false
	}
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != 3 {
		t.Fatalf("%v: %s", err, messages)
	}
	if want := "duly: interrupted; what was committed before is kept\n"; string(messages) != want {
		t.Fatalf("the last message is %q, want %q", messages, want)
	}
	return true
}

// lastLine keeps the last line that was written to it.
type lastLine []byte

func (l *lastLine) Write(p []byte) (int, error) {
	for _, c := range p {
		if n := len(*l); n > 0 && (*l)[n-1] == '\n' {
			*l = (*l)[:0]
		}
		*l = append(*l, c)
	}
	return len(p), nil
}
