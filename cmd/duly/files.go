package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"duly/internal/fault"
)

// readBounded reads a file of at most so many bytes.
func readBounded(name string, most int64, what string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "cannot read "+what)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, err, "cannot read "+what)
	case int64(len(data)) > most:
		return nil, fault.Newf(fault.Invalid, "the file has more than %d bytes", most).At(name, 0, "").WithFix("split it")
	}
	return data, nil
}

// writeWhole writes a file whole or not at all: it is filled beside its place and
// renamed when fill succeeded. What is there and is no plain file is left alone: a
// rename would put a file in the place of a device.
func writeWhole(name string, fill func(io.Writer) error) error {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return fault.Newf(fault.Invalid, "%s is not a plain file", name).WithFix("name another, or one that is not there yet")
	}
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
