package workspace_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"duly/internal/fault"
	"duly/internal/workspace"
)

// TestWindowKey protects the key under which values are kept: it is made once, is nobody
// else's to read, stays the same, and is refused rather than replaced when it is damaged.
func TestWindowKey(t *testing.T) {
	w, err := workspace.Init(context.Background(), filepath.Join(t.TempDir(), "w"), workspace.InitOptions{Operator: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	key, err := w.WindowKey()
	if err != nil || len(key) != 32 || bytes.Equal(key, make([]byte, 32)) {
		t.Fatal(key, err)
	}
	path := filepath.Join(w.Dir, "windows.key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
	if again, err := w.WindowKey(); err != nil || !bytes.Equal(again, key) {
		t.Error("another key the second time", err)
	}
	if err := os.WriteFile(path, []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WindowKey(); fault.CodeOf(err) != fault.Broken {
		t.Error(err)
	}
}
