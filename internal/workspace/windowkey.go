package workspace

import (
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"duly/internal/fault"
	"duly/internal/whole"
)

const (
	windowKeyFile   = "windows.key"
	windowKeyLength = 32
)

// WindowKey gives the key under which the state of conditions that count several calls is
// kept, and makes it at first use. It is a file outside the database, so that who has the
// database alone cannot tell whether a value was among those counted.
func (w *Workspace) WindowKey() ([]byte, error) {
	path := filepath.Join(w.Dir, windowKeyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := w.makeWindowKey(path); err != nil {
			return nil, err
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the key of windows cannot be read").At(path, 0, "")
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != windowKeyLength {
		return nil, fault.New(fault.Broken, "this is no key of windows", "restore the file from a copy").At(path, 0, "")
	}
	return key, nil
}

// makeWindowKey writes a new key unless another process has written one meanwhile: a link
// does not replace a file.
func (w *Workspace) makeWindowKey(path string) error {
	key := make([]byte, windowKeyLength+4)
	if _, err := io.ReadFull(w.options.Random, key); err != nil {
		return fault.Wrap(fault.Failed, err, "no key of windows can be made")
	}
	fresh := path + ".new-" + hex.EncodeToString(key[windowKeyLength:])
	if err := whole.Bytes(fresh, []byte(hex.EncodeToString(key[:windowKeyLength])+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(fresh)
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.Wrap(fault.Failed, err, "the key of windows cannot be written").At(path, 0, "")
	}
	return nil
}
