//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// reader runs commands as somebody who may read everything in the office and write
// nothing there. Whoever runs the tests as root, whom no mode holds back, becomes
// nobody for them.
type reader struct {
	*office
	t       *testing.T
	program string
	place   string // where it may write
}

func newReader(t *testing.T, o *office) *reader {
	t.Helper()
	r := &reader{office: o, t: t, program: o.program, place: t.TempDir()}
	if os.Geteuid() != 0 {
		return r
	}
	text, err := os.ReadFile(o.program)
	if err == nil {
		r.program = filepath.Join(r.place, "duly")
		err = os.WriteFile(r.program, text, 0o755)
	}
	for _, dir := range []string{r.place, filepath.Dir(r.place), filepath.Dir(o.dir)} {
		if err == nil {
			err = os.Chmod(dir, 0o777)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) run(args ...string) (output string, status int) {
	r.t.Helper()
	cmd := exec.Command(r.program, args...)
	cmd.Dir = r.place
	cmd.Env = append(os.Environ(), "TMPDIR="+r.place)
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// lock takes every right to write in a directory, and gives it back after the test.
func lock(t *testing.T, dir string) {
	t.Helper()
	mode := func(path string, mode os.FileMode) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			mode(filepath.Join(dir, e.Name()), 0o444)
		}
	}
	mode(dir, 0o555)
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
}

// TestReadOnlyCopy protects whoever is handed a copy on a medium: it can be checked
// and read where nothing can be written, and whoever would write is told.
func TestReadOnlyCopy(t *testing.T) {
	o := newOffice(t, 20, 5, 0)
	copied := o.copy(t, "empty", "copy")
	o.must(t, "import", "--workspace", copied, "--map", o.path("map.yaml"), o.path("accounts.csv"))
	cut := o.copy(t, "copy", "cut")
	if err := os.WriteFile(filepath.Join(cut, "duly.db-wal"), []byte("what was written last"), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadDir(copied)
	if err != nil {
		t.Fatal(err)
	}
	lock(t, copied)
	lock(t, cut)
	r := newReader(t, o)
	for _, c := range []struct {
		says   string
		status int
		args   []string
	}{
		{"everything holds", 0, []string{"verify", copied}},
		{"report.html", 0, []string{"--workspace", copied, "report", "--out", "report"}},
		{"wrote out.duly", 0, []string{"--workspace", copied, "export", "--disclose", "all", "--out", "out.duly"}},
		{`"field": "name"`, 0, []string{"--workspace", copied, "disclose", "1", "name"}},
		{"can only be read where it is", 3, []string{"--workspace", copied, "triage"}},
		{"duly.db-wal: the database's newest changes stand in this file", 3, []string{"verify", cut}},
	} {
		if out, status := r.run(c.args...); status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("duly %v: exit %d, %s", c.args, status, out)
		}
	}
	if out, status := r.run("verify", "out.duly"); status != 0 {
		t.Errorf("the bundle made of it: exit %d, %s", status, out)
	}
	if after, err := os.ReadDir(copied); err != nil || len(after) != len(before) {
		t.Errorf("%d files became %d: %v", len(before), len(after), err)
	}
}
