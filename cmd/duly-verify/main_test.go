package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImports protects outsiders: what they run to check a company opens no
// database and no connection, and is small enough to be read.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, banned := range []string{"database/sql", "net", "net/http", "duly/internal/store", "duly/internal/workspace"} {
		if slices.Contains(deps, banned) {
			t.Errorf("duly-verify depends on %s", banned)
		}
	}
	if !slices.Contains(deps, "duly/internal/bundle") {
		t.Errorf("the list is not that of duly-verify: %v", deps)
	}
}

// TestExitStatus protects scripts that check what they were sent.
func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "duly-verify")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("this is no bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		want int
		says string
	}{
		{"nothing", nil, 2, "usage: duly-verify"},
		{"two files", []string{text, text}, 2, "usage: duly-verify"},
		{"an unknown flag", []string{"--trust-me", text}, 2, "usage: duly-verify"},
		{"no file", []string{filepath.Join(dir, "nothing")}, 2, "there is no file"},
		{"a directory", []string{dir}, 2, "is a directory"},
		{"a file that is no bundle", []string{text}, 1, "not canonical"},
		{"no checkpoint", []string{"--checkpoint", filepath.Join(dir, "nothing"), text}, 2, "cannot read the checkpoint"},
	} {
		cmd := exec.Command(program, c.args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		status := 0
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if status != c.want || !strings.Contains(stderr.String(), c.says) || stdout.Len() > 0 {
			t.Errorf("%s: status %d, want %d\n%s%s", c.name, status, c.want, &stdout, &stderr)
		}
	}
}
