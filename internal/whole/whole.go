// Package whole writes files that are there whole or not at all: a reader, and whoever
// starts after a sudden end, sees the old content or the new.
package whole

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"duly/internal/fault"
)

// Unfinished begins the names of files that are not whole. After a sudden end such a file
// may lie beside the place that it was for; nothing reads it, and it may be removed.
const Unfinished = ".unfinished-"

// File is a file while it is filled, beside the place that it is for. It takes its place
// with Put; what has not is removed by Drop, which is safe to defer.
type File struct {
	file *os.File
	put  bool
}

// Begin begins a file in the directory of the place that it is for, readable by its
// owner alone.
func Begin(dir string) (*File, error) {
	file, err := os.CreateTemp(dir, Unfinished)
	if err != nil {
		return nil, err
	}
	return &File{file: file}, nil
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) { return f.file.Write(p) }

// Seek implements io.Seeker, for what is filled in out of order.
func (f *File) Seek(offset int64, whence int) (int64, error) { return f.file.Seek(offset, whence) }

// Put puts the file in its place, in the directory in which it was begun, once its bytes
// are on the medium. A file or a link that stands there is replaced.
func (f *File) Put(path string, mode fs.FileMode) error {
	err := errors.Join(f.file.Chmod(mode), f.file.Sync(), f.file.Close())
	if err == nil {
		err = os.Rename(f.file.Name(), path)
	}
	f.put = err == nil
	return err
}

// Drop removes the file unless it took its place.
func (f *File) Drop() {
	if !f.put {
		_ = f.file.Close()
		_ = os.Remove(f.file.Name())
	}
}

// Write writes a file by fill. When fill fails, or the medium does, what stood there stays.
//
// Errors: those faults that fill gives, as they are; Failed for all else.
func Write(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	f, err := Begin(filepath.Dir(path))
	if err == nil {
		defer f.Drop()
		if err = fill(f); err == nil {
			err = f.Put(path, mode)
		}
	}
	return cannot(path, err)
}

// Bytes is [Write] of what is there already.
func Bytes(path string, data []byte, mode fs.FileMode) error {
	return Write(path, mode, func(out io.Writer) error {
		_, err := out.Write(data)
		return err
	})
}

// New writes a file that must not be there yet, such as a key. When it fails, it leaves
// what it found.
//
// Errors: Invalid, with the cause fs.ErrExist, when something stands there; Failed.
func New(path string, data []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fault.Wrap(fault.Invalid, err, "cannot write "+path).WithFix("name a file that is not there yet")
	}
	if err != nil {
		return cannot(path, err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path)
	}
	return cannot(path, err)
}

// cannot makes a fault of an error that is none.
func cannot(path string, err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fault.Wrap(fault.Failed, err, "cannot write "+path)
}
