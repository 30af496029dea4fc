package workspace_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

// logKey reads the workspace's own signing key, for what a company could forge.
func logKey(t *testing.T, w *workspace.Workspace) *ledger.LogKey {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, "log.key"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ledger.ParseLogKeys(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return keys[0]
}

// over signs a checkpoint; without a root it is that of the log at this size.
func over(t *testing.T, w *workspace.Workspace, key *ledger.LogKey, size int64, root ledger.Hash) []byte {
	t.Helper()
	var err error
	if root == (ledger.Hash{}) {
		if root, err = store.Root(ctx, w.DB, size); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := key.Sign(ledger.Checkpoint{Origin: w.Config.Origin, Size: size, Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestVerifyTrustsWhatComesFromOutside protects what --key and --checkpoint are
// for, and what is said without them.
func TestVerifyTrustsWhatComesFromOutside(t *testing.T) {
	c := small()
	w := c.workspace(t, "")
	schemas := c.released(t)
	key := logKey(t, w)
	stranger, err := ledger.NewLogKey(rand.Reader, w.Config.Origin)
	if err != nil {
		t.Fatal(err)
	}
	wrong := ledger.Hash{1}
	for _, x := range []struct {
		name  string
		trust bundle.Trust
		level bundle.Assurance
		want  string
	}{
		{"nothing", bundle.Trust{}, bundle.NoAssurance, ""},
		{"the key", bundle.Trust{Key: w.Config.Key}, bundle.KeyGiven, ""},
		{"the newest checkpoint", bundle.Trust{Key: w.Config.Key, Checkpoint: over(t, w, key, 4, ledger.Hash{})}, bundle.KeyGiven, ""},
		{"an older checkpoint", bundle.Trust{Key: w.Config.Key, Checkpoint: over(t, w, key, 2, ledger.Hash{})}, bundle.KeyGiven, ""},
		{"a checkpoint without the key", bundle.Trust{Checkpoint: over(t, w, key, 2, ledger.Hash{})}, bundle.NoAssurance, ""},
		{"another key", bundle.Trust{Key: stranger.Public()}, "", "another log key"},
		{"a checkpoint of another key", bundle.Trust{Checkpoint: over(t, w, stranger, 3, ledger.Hash{})}, "", "not signed by the log's key"},
		{"another history", bundle.Trust{Checkpoint: over(t, w, key, 3, wrong)}, "", "not those of the checkpoint that you gave"},
		{"a longer history", bundle.Trust{Checkpoint: over(t, w, key, 30, wrong)}, "", "some were removed"},
	} {
		report, err := w.Verify(ctx, schemas, x.trust)
		if x.want == "" && (err != nil || report.Assurance != x.level || !report.Covered) {
			t.Errorf("%s: %+v, %v", x.name, report, err)
		}
		if x.want != "" && (err == nil || fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: want %q, got %v", x.name, x.want, err)
		}
	}
	_, err = w.Verify(ctx, content{}.released(t), bundle.Trust{})
	if fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "r_thing is not one of Duly's tables") {
		t.Errorf("with schemas that do not know the kinds: %v", err)
	}
}

// TestTheCheckpointFile protects the witness that stands outside the database. An
// older file is what an interrupted signer leaves: it covers less, and the report
// says how much is not covered.
func TestTheCheckpointFile(t *testing.T) {
	c := small()
	w := c.workspace(t, "")
	schemas := c.released(t)
	key := logKey(t, w)
	stranger, err := ledger.NewLogKey(rand.Reader, w.Config.Origin)
	if err != nil {
		t.Fatal(err)
	}
	wrong := ledger.Hash{1}
	for _, x := range []struct {
		name   string
		signed []byte
		want   string
	}{
		{"an older one", over(t, w, key, 3, ledger.Hash{}), ""},
		{"one that the database does not have", over(t, w, key, 1, ledger.Hash{}), "missing from the database"},
		{"one of another history", over(t, w, key, 4, wrong), "not those of the last checkpoint"},
		{"one over more entries", over(t, w, key, 30, wrong), "truncated or rolled back"},
		{"one of another key", over(t, w, stranger, 4, ledger.Hash{}), "not signed by the log's key"},
		{"none", []byte{}, "not signed by the log's key"},
	} {
		if err := os.WriteFile(filepath.Join(w.Dir, "checkpoint"), x.signed, 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := w.Verify(ctx, schemas, bundle.Trust{})
		if x.want == "" && (err != nil || report.Covered || report.Uncovered != 1) {
			t.Errorf("%s: %+v, %v", x.name, report, err)
		}
		if x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: want %q, got %v", x.name, x.want, err)
		}
	}
}

// TestVerifyWhileOthersWrite protects against false alarms: verify sees one moment
// of the database, whatever is written meanwhile.
func TestVerifyWhileOthersWrite(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		c := small()
		w := c.workspace(t, dsn)
		schemas := c.released(t)
		stop, done := make(chan struct{}), make(chan error)
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				err := w.DB.Write(ctx, strings.Repeat("t", 24), func(tx *store.Tx) error {
					_, err := store.Create(tx, things, &thing{State: "active", Name: fmt.Sprint(i)})
					return err
				})
				if err == nil {
					_, err = w.Sign(ctx)
				}
				if err != nil {
					done <- err
					return
				}
			}
		}()
		for range 12 {
			if _, err := w.Verify(ctx, schemas, bundle.Trust{}); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
