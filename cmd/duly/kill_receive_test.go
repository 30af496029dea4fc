package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"duly/internal/store"
	"duly/internal/usage"
)

const pushedLog = `id: pushed
kind: log
version: "1"
title: Made-up calls that are pushed
status: project
file: {format: jsonl}
time: {column: time, form: "YYYY-MM-DDTHH:mm:ssZ"}
event_id: id
account: {column: subject}
source: {is: rekognition.amazonaws.com}
name: {column: type}
params:
  - {name: faceMatchThreshold, column: /data/threshold, type: number}
tests: []
`

// pushes makes requests of a few events each, some of them sent twice, and says how
// many different events they hold.
func pushes(o *office, n int) (requests []string, events int) {
	var batch []string
	for i := range n {
		e := fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"made-up","type":"SearchFacesByImage","time":"2026-11-%02dT%02d:00:00Z","subject":%q,"data":{"threshold":%d}}`,
			i, 1+i%20, i%24, telemetryAccount(i%2), 60+i%40)
		batch = append(batch, e)
		if i%7 == 0 {
			batch = append(batch, e)
		}
		if len(batch) >= 5 || i == n-1 {
			requests = append(requests, "["+strings.Join(batch, ",")+"]")
			batch = nil
		}
	}
	return requests, n
}

// receiver is a server that takes pushed events in a process of its own.
type receiver struct {
	cmd *exec.Cmd
	url string
}

func (o *office) receiver(t *testing.T, dir string) *receiver {
	t.Helper()
	c := o.command("usage", "receive", "--workspace", dir, "--log", "pushed.yaml", "--conditions", "face-search", "--conditions", "together.yaml", "--listen", "127.0.0.1:0", "--every", "20ms")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), " at ")
	if err != nil || !ok {
		t.Fatalf("the server said %q, %v", line, err)
	}
	return &receiver{c, url}
}

func (r *receiver) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// push sends a request; false when it was not acknowledged.
func (r *receiver) push(text string) bool {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Post(r.url, "application/cloudevents-batch+json", strings.NewReader(text))
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusNoContent
}

// drained counts what is left, and gives what the workspace then says of use.
func (o *office) drained(t *testing.T, dir string) string {
	t.Helper()
	o.must(t, "usage", "receive", "--workspace", dir, "--log", "pushed.yaml", "--conditions", "face-search", "--conditions", "together.yaml", "--drain")
	o.must(t, "verify", dir)
	var out []string
	inLog(t, dir, func(ctx context.Context, q store.Queryer, _ int64) error {
		counts, err := store.Select(ctx, q, usage.Counts, "")
		for _, c := range counts {
			r := c.Record
			out = append(out, fmt.Sprint("count ", r.Clause, r.Day, r.Deployment, " ", r.Exposures, r.Deviations, r.Unknown))
		}
		findings, e := store.Select(ctx, q, usage.Findings, "")
		for _, f := range findings {
			r := f.Record
			out = append(out, fmt.Sprint("finding ", r.Clause, r.Day, r.Deployment, r.State, " ", r.Calls, r.First, r.Last, r.Evidence))
		}
		covered, e2 := store.Select(ctx, q, usage.Coverages, "")
		for _, c := range covered {
			out = append(out, fmt.Sprint("covered ", c.Record.Identity, c.Record.Hours))
		}
		return errors.Join(err, e, e2)
	})
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestKillReceiver protects events that are pushed: whatever was acknowledged is
// counted, once, though the server is killed at any moment, and senders send again
// what they have no answer for, and more.
func TestKillReceiver(t *testing.T) {
	rounds := killsOf(t) / len(steps)
	o := newLoadedOffice(t)
	o.write(t, "pushed.yaml", pushedLog)
	requests, events := pushes(o, 12*rounds)
	clean := o.copy(t, "loaded", "clean")
	server := o.receiver(t, clean)
	for _, r := range requests {
		if !server.push(r) {
			t.Fatal("a request was refused")
		}
	}
	server.kill()
	want := o.drained(t, clean)
	if !strings.Contains(want, "finding T-SORTS") {
		t.Error("no bound over several calls was passed: this run has shown nothing of windows")
	}

	dir := o.copy(t, "loaded", "killed")
	server = o.receiver(t, dir)
	kills, again := 0, 0
	for i := 0; i < len(requests); {
		if rand.IntN(2) == 0 && kills < rounds {
			kills++
			dying := server
			go func() {
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				_ = dying.cmd.Process.Kill()
			}()
			for i < len(requests) && server.push(requests[i]) {
				i++
			}
			server.kill()
			server = o.receiver(t, dir)
			if back := rand.IntN(3); i >= back { // a sender that does not remember what was acknowledged
				i, again = i-back, again+back
			}
			continue
		}
		if server.push(requests[i]) {
			i++
		}
	}
	server.kill()
	if got := o.drained(t, dir); got != want {
		t.Errorf("%s\na run that nobody killed has\n%s", got, want)
	}
	t.Logf("%d events in %d requests, %d kills, %d sent again, %d lines of counts and findings", events, len(requests), kills, again, strings.Count(want, "\n")+1)
	if kills == 0 {
		t.Error("nothing was killed: this run has shown nothing")
	}
}
