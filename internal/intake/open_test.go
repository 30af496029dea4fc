package intake

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"duly/internal/fault"
)

func gz(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Wrong files are refused with a message that says what to do, and none hangs or
// fills the memory.
func TestOpenRefuses(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	text := []byte(strings.Repeat("a,b\n1,2\n", 1000))
	whole := gz(t, text)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6] ^= 1
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	if w, err := z.Create("a.csv"); err != nil {
		t.Fatal(err)
	} else if _, err = w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("whole.csv.gz", whole)
	write("short.csv.gz", whole[:len(whole)/2])
	write("damaged.csv.gz", damaged)
	write("header.csv.gz", []byte{0x1f, 0x8b, 0xff})
	write("twice.csv.gz", gz(t, whole))
	write("bomb.csv.gz", gz(t, make([]byte, bombFree+(64<<20))))
	write("book.xlsx", archive.Bytes())
	write("wide.csv", []byte("\xff\xfea\x00"))
	if err := os.WriteFile(filepath.Join(outside, "x.csv"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"out.csv": filepath.Join(outside, "x.csv"), "in.csv": "whole.csv.gz", "nowhere.csv": "none"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"whole.csv.gz": "", "in.csv": "",
		"short.csv.gz": "the gzip file ends early", "damaged.csv.gz": "the gzip file is damaged", "header.csv.gz": "the gzip file",
		"twice.csv.gz": "unpack it once", "bomb.csv.gz": "grows more than any table", "book.xlsx": "unpack it and name the file inside",
		"wide.csv": "save it as UTF-8", "out.csv": "leads out of its directory", "nowhere.csv": "there is no such file",
		"none.csv": "there is no such file", "pipe": "not a regular file", ".": "not a regular file",
	} {
		path := filepath.Join(dir, name)
		in, err := open(path)
		if err == nil {
			_, err = io.Copy(io.Discard, in)
			in.Close()
			if err != nil {
				err = fileError(err, path)
			}
		}
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), filepath.Clean(path))):
			t.Errorf("%s: %v, want %q", name, err, want)
		case want != "" && fault.CodeOf(err) != fault.Invalid:
			t.Errorf("%s: code %s", name, fault.CodeOf(err))
		}
	}
}
