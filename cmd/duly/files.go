package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"duly/internal/fault"
	"duly/internal/whole"
)

// writeWhole writes a file whole or not at all. A device or a pipe that stands there gets
// the content once it is whole; a link is followed.
func writeWhole(name string, fill func(io.Writer) error) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return pour(name, fill)
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	return whole.Write(name, 0o644, fill)
}

// pour fills what is no plain file, once it is known that fill succeeds.
func pour(name string, fill func(io.Writer) error) error {
	file, err := os.CreateTemp("", "duly-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+name)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := fill(file); err != nil {
		return classify(err, "cannot write "+name)
	}
	out, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		if _, err = file.Seek(0, io.SeekStart); err == nil {
			_, err = io.Copy(out, file)
		}
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+name)
	}
	return nil
}

// readInput reads a small input file whole; limit is its largest size in bytes.
func readInput(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err == nil {
		defer file.Close()
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(file, limit+1)); err == nil && int64(len(data)) <= limit {
			return data, nil
		}
	}
	switch {
	case err == nil:
		return nil, fault.Newf(fault.Invalid, "the file is larger than %d bytes", limit).At(name, 0, "")
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.Invalid, "there is no such file", "").At(name, 0, "")
	case errors.Is(err, syscall.EISDIR):
		return nil, fault.New(fault.Invalid, "this is a directory", "name a file").At(name, 0, "")
	}
	return nil, fault.Wrap(fault.Failed, err, "cannot read the file").At(name, 0, "")
}

// beginsWith says whether a file can be read and begins with a text.
func beginsWith(name, text string) bool {
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	start := make([]byte, len(text))
	_, err = io.ReadFull(file, start)
	return err == nil && string(start) == text
}

// classify leaves faults as they are and makes any other error one of code Failed.
func classify(err error, what string) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fault.Wrap(fault.Failed, err, what)
}

// fileFault adds the file's name to a fault that has none.
func fileFault(err error, name string) error {
	var known *fault.Error
	if errors.As(err, &known) && known.File == "" {
		return known.At(name, 0, "")
	}
	return err
}
