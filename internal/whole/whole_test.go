package whole_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/whole"
)

// names gives what lies in a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestInterruptedWritesLeaveTheOldFile protects what stood there, from a source that fails
// half way and from one that panics, and the directory from what is left of them.
func TestInterruptedWritesLeaveTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := whole.Bytes(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused := fault.New(fault.Refused, "a rule forbids it", "")
	for _, c := range []struct {
		what string
		fill func(io.Writer) error
		code fault.Code
		text string
	}{
		{"a source that breaks", func(io.Writer) error { return io.ErrUnexpectedEOF }, fault.Failed, "cannot write " + path + ": unexpected EOF"},
		{"a rule that refuses", func(io.Writer) error { return refused }, fault.Refused, "a rule forbids it"},
	} {
		err := whole.Write(path, 0o644, func(out io.Writer) error {
			if _, err := io.WriteString(out, "half of the ne"); err != nil {
				t.Error(err)
			}
			return c.fill(out)
		})
		if fault.CodeOf(err) != c.code || err.Error() != c.text {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	func() {
		defer func() { _ = recover() }()
		_ = whole.Write(path, 0o644, func(out io.Writer) error {
			_, _ = io.WriteString(out, "half")
			panic("the program ends here")
		})
	}()
	if got := content(t, path); got != "old" {
		t.Errorf("the old file reads %q", got)
	}
	if got := names(t, dir); got != "file" {
		t.Errorf("the directory has %s", got)
	}
}

// TestNobodySeesHalfAFile protects readers: until the file is whole, its place has the old
// content, and what is not whole has a name that tells it.
func TestNobodySeesHalfAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := whole.Bytes(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := whole.Write(path, 0o644, func(out io.Writer) error {
		_, err := io.WriteString(out, "new")
		if got := content(t, path); got != "old" {
			t.Errorf("a reader sees %q", got)
		}
		if got := names(t, dir); !strings.HasPrefix(got, whole.Unfinished) {
			t.Errorf("the directory has %s", got)
		}
		return err
	})
	if err != nil || content(t, path) != "new" || names(t, dir) != "file" {
		t.Errorf("afterwards: %v, %q, %s", err, content(t, path), names(t, dir))
	}
}

// TestPermissions protects keys from other readers, also where a file that all may read
// stood before, and lets what is for all be read by all.
func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, mode := range []fs.FileMode{0o644, 0o600, 0o644} {
		if err := whole.Bytes(path, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("written with %v: %v, %v", mode, info.Mode(), err)
		}
	}
	secret := filepath.Join(t.TempDir(), "key")
	if err := whole.New(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(secret); err != nil || info.Mode() != 0o600 {
		t.Errorf("a new key: %v, %v", info.Mode(), err)
	}
}

// TestWhatCannotBeWritten protects people from a bare error: each names the file, says
// whether the input is at fault, and keeps its cause.
func TestWhatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "old")
	if err := whole.New(old, []byte("the first key"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing", "file")
	for _, c := range []struct {
		what, path string
		write      func(string) error
		code       fault.Code
		cause      error
	}{
		{"a directory that is missing", missing, func(p string) error { return whole.Bytes(p, nil, 0o644) }, fault.Failed, fs.ErrNotExist},
		{"a new file in one", missing, func(p string) error { return whole.New(p, nil, 0o600) }, fault.Failed, fs.ErrNotExist},
		{"a directory in its place", filepath.Join(dir, "taken"), func(p string) error { return whole.Bytes(p, nil, 0o644) }, fault.Failed, nil},
		{"a new file that is there", old, func(p string) error { return whole.New(p, []byte("another"), 0o600) }, fault.Invalid, fs.ErrExist},
	} {
		err := c.write(c.path)
		if fault.CodeOf(err) != c.code || !strings.HasPrefix(err.Error(), "cannot write "+c.path+": ") || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if got := content(t, old); got != "the first key" {
		t.Errorf("the key that was there reads %q", got)
	}
	if got := names(t, dir); got != "old taken" {
		t.Errorf("the directory has %s", got)
	}
}

// TestPutOnce protects a file that took its place from being dropped.
func TestPutOnce(t *testing.T) {
	dir := t.TempDir()
	f, err := whole.Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "rows"); err != nil {
		t.Fatal(err)
	}
	if err := f.Put(filepath.Join(dir, "file"), 0o644); err != nil {
		t.Fatal(err)
	}
	f.Drop()
	if got := content(t, filepath.Join(dir, "file")); got != "rows" || names(t, dir) != "file" {
		t.Errorf("%q, %s", got, names(t, dir))
	}
}
