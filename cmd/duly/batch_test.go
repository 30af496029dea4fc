package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAnswersGoOn protects a long run from being lost: stopped in the middle it
// leaves its answers, and the next run gives those of a run that nobody stopped,
// each query once and in order. Other queries begin anew.
func TestAnswersGoOn(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	list := `{"id":"x-1","schema":"Company","properties":{"name":["Grey Anvil Foundry"]},"datasets":["made_up"]}` + "\n"
	var queries strings.Builder
	for i := range 3*blockLines + 7 {
		fmt.Fprintf(&queries, "{\"id\":%d,\"query\":\"Grey Anvil %d\"}\n\n", i, i)
	}
	for name, text := range map[string]string{"list.jsonl": list, "q.jsonl": queries.String()} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(ctx context.Context, out string, progress io.Writer) error {
		return execute(ctx, []string{"screen", "--lists", "ftm:" + at("list.jsonl"), "--queries", at("q.jsonl"), "--out", at(out)}, io.Discard, progress)
	}
	if err := answer(t.Context(), "clean.jsonl", io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := answer(ctx, "r.jsonl", stopAt{"answered", cancel}); err == nil {
		t.Fatal("the run was not stopped")
	}
	part, err := os.ReadFile(at("r.jsonl.part"))
	if n := bytes.Count(part, []byte("\n")); err != nil || n == 0 || n > 2*blockLines {
		t.Fatalf("%d answers are kept, %v", n, err)
	}
	if err := os.WriteFile(at("r.jsonl.part"), append(part, `{"id":`...), 0o600); err != nil { // killed while writing
		t.Fatal(err)
	}
	var told bytes.Buffer
	if err := answer(t.Context(), "r.jsonl", &told); err != nil || !strings.Contains(told.String(), "going on after") {
		t.Fatalf("%v: %s", err, &told)
	}
	if got, want := withoutTime(t, at("r.jsonl")), withoutTime(t, at("clean.jsonl")); got != want {
		t.Errorf("the answers differ from those of a run that nobody stopped")
	}
	if left, _ := filepath.Glob(at("*.part*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

var took = regexp.MustCompile(`"ms":[0-9.]+`)

func withoutTime(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return took.ReplaceAllString(string(text), "")
}

// stopAt calls stop at the first line that holds a text.
type stopAt struct {
	text string
	stop func()
}

func (s stopAt) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(s.text)) {
		s.stop()
	}
	return len(p), nil
}
