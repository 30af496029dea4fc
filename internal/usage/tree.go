package usage

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"duly/internal/fault"
)

// Tree is a file, or a directory with all below it, to read telemetry from: a
// copy of a bucket in CloudTrail's layout, or any other. Nothing outside of it is
// ever opened. Close it when done.
type Tree struct {
	root    *os.Root
	file    string   // the one file; empty for a directory
	endings []string // of files in a directory that may be telemetry
}

// OpenTree opens a file or directory. A path that does not exist is a fault.
func OpenTree(name string) (*Tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, cannotOpen(err, name)
	}
	dir, file := name, ""
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, fault.New(fault.Invalid, "is neither a file nor a directory", "").At(name, 0, "")
		}
		if name, err = filepath.EvalSymlinks(name); err != nil { // it was named, so it is meant
			return nil, cannotOpen(err, name)
		}
		dir, file = filepath.Split(name)
		if dir == "" {
			dir = "."
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cannotOpen(err, name)
	}
	return &Tree{root, file, endings}, nil
}

func cannotOpen(err error, name string) error {
	code := fault.Failed
	if errors.Is(err, fs.ErrNotExist) {
		code = fault.NotFound
	}
	return fault.Wrap(code, err, "cannot be opened").At(name, 0, "")
}

// endings are those of files that may hold telemetry. Others in a directory
// (notes, checksums) are not read; a file that is named alone always is.
var endings = []string{".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz"}

// Names gives the files to read, by slash-separated path below the tree, in a
// fixed order. A file that must not or cannot be read (a link that leads out, a
// device, a directory without access) comes with a fault instead, and the rest
// still comes.
func (t *Tree) Names() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if t.file != "" {
			yield(t.file, nil)
			return
		}
		found := false
		_ = fs.WalkDir(t.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				err = cannotOpen(err, name)
			case d.IsDir() || d.Type().IsRegular() && !t.telemetry(name):
				return nil
			case d.Type()&fs.ModeSymlink != 0:
				var read bool
				if read, err = t.link(name); err == nil && !read {
					return nil
				}
			case !d.Type().IsRegular():
				err = fault.New(fault.Refused, "is not a regular file", "").At(name, 0, "")
			}
			found = true
			if !yield(name, err) {
				return fs.SkipAll
			}
			return nil
		})
		if !found {
			yield(".", fault.New(fault.NotFound, "holds no file that may be telemetry",
				"name a directory with files that end in "+strings.Join(t.endings, ", ")).At(t.root.Name(), 0, ""))
		}
	}
}

func (t *Tree) telemetry(name string) bool {
	for _, e := range t.endings {
		if strings.HasSuffix(strings.ToLower(path.Base(name)), e) {
			return true
		}
	}
	return false
}

// link says whether a symbolic link is to be read: to a file of telemetry within
// the tree. A link to a directory within the tree adds nothing to it.
func (t *Tree) link(name string) (read bool, err error) {
	info, err := t.root.Stat(filepath.FromSlash(name))
	switch {
	case err != nil:
		return false, fault.New(fault.Refused, "is a link that leads out of the directory, or nowhere",
			"copy the file it leads to into the directory").At(name, 0, "")
	case info.IsDir():
		return false, nil
	case !info.Mode().IsRegular():
		return false, fault.New(fault.Refused, "is a link to something that is not a regular file", "").At(name, 0, "")
	}
	return t.telemetry(name), nil
}

// Open opens one of the files.
func (t *Tree) Open(name string) (io.ReadCloser, error) {
	f, err := t.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, cannotOpen(err, name)
	}
	return f, nil
}

// Close releases the tree.
func (t *Tree) Close() error { return t.root.Close() }
