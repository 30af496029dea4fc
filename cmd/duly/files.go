package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"duly/internal/fault"
)

// writeWhole writes a file whole or not at all: it is filled beside its place and
// renamed when fill succeeded.
func writeWhole(name string, fill func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".duly-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+name)
	}
	defer os.Remove(file.Name())
	if err := fill(file); err != nil {
		file.Close()
		return classify(err, "cannot write "+name)
	}
	err = errors.Join(file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+name)
	}
	return nil
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
