package workspace_test

import (
	"os"
	"path/filepath"
	"testing"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
	"duly/internal/workspace"
)

// operated makes a workspace and gives who runs it.
func operated(t *testing.T) (*workspace.Workspace, act.Actor) {
	t.Helper()
	w, err := workspace.Init(ctx, filepath.Join(t.TempDir(), "ws"), workspace.InitOptions{Origin: "log.example/duly", Operator: "op"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	actor, err := w.Actor(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	return w, actor
}

// sound verifies a workspace as it stands on the disk.
func sound(t *testing.T, dir, key string) *workspace.Report {
	t.Helper()
	w, err := workspace.Open(ctx, dir, workspace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	schemas := bundle.Schemas{}
	for _, s := range []*ledger.Schema{store.Epochs.Schema(), store.Balances.Schema(), store.Erasures.Schema(), people.Persons.Schema()} {
		schemas[s.Hash()] = s
	}
	r, err := w.Verify(ctx, schemas, bundle.Trust{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestInterruptedRotation protects the log from standing between two keys: wherever a
// change of keys is interrupted, nothing is signed that does not hold, and the next run
// completes it.
func TestInterruptedRotation(t *testing.T) {
	for name, interrupt := range map[string][]string{
		"before the configuration was written": {"config.yaml", "checkpoint"},
		"before anything was signed":           {"checkpoint"},
	} {
		for _, compromised := range []bool{false, true} {
			w, by := operated(t)
			old := map[string][]byte{}
			for _, file := range interrupt {
				text, err := os.ReadFile(filepath.Join(w.Dir, file))
				if err != nil {
					t.Fatal(err)
				}
				old[file] = text
			}
			first := w.Config.Key
			keys, err := os.ReadFile(filepath.Join(w.Dir, "log.key"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Rotate(ctx, by, compromised); err != nil {
				t.Fatal(err)
			}
			if compromised { // the old secret was still there when it was interrupted
				after, err := os.ReadFile(filepath.Join(w.Dir, "log.key"))
				if err != nil || os.WriteFile(filepath.Join(w.Dir, "log.key"), append(after, keys...), 0o600) != nil {
					t.Fatal(err)
				}
			}
			for file, text := range old {
				if err := os.WriteFile(filepath.Join(w.Dir, file), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.DB.Write(ctx, by.Key, func(tx *store.Tx) error { return tx.Exec("delete from checkpoint where size = $1", tx.Size()) }); err != nil {
				t.Fatal(err)
			}
			again, err := workspace.Open(ctx, w.Dir, workspace.Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer again.Close()
			if _, err := again.Sign(ctx); again.Config.Key == first && fault.CodeOf(err) != fault.Refused {
				t.Errorf("%s: signed between two keys: %v", name, err)
			}
			if again.Config.Key == first {
				if epoch, err := again.Rotate(ctx, by, compromised); err != nil || epoch.Number != 2 {
					t.Fatalf("%s: %+v, %v", name, epoch, err)
				}
			}
			if r := sound(t, w.Dir, again.Config.Key); len(r.Epochs) != 1 || !r.Covered {
				t.Errorf("%s: %+v", name, r)
			}
			signed, _, err := again.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ledger.OpenCheckpoint(signed, first); (err == nil) == compromised {
				t.Errorf("%s: compromised %v, and the old key: %v", name, compromised, err)
			}
		}
	}
}

// TestLostKey protects a company whose key is gone: it goes on with a new one, without
// what was not signed being lost.
func TestLostKey(t *testing.T) {
	w, by := operated(t)
	if err := os.Remove(filepath.Join(w.Dir, "log.key")); err != nil {
		t.Fatal(err)
	}
	if err := w.DB.Write(ctx, by.Key, func(tx *store.Tx) error {
		_, err := store.Create(tx, store.Erasures, &store.Erasure{Reason: "error"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rotate(ctx, by, false); err == nil {
		t.Error("a key that is gone was rotated as if it could vouch for the next")
	}
	epoch, err := w.Rotate(ctx, by, true)
	if err != nil || epoch.Reason != "compromise" {
		t.Fatalf("%+v, %v", epoch, err)
	}
	if c, err := w.Sign(ctx); err != nil || c.Size != epoch.QuotedSize+1 {
		t.Errorf("%+v, %v", c, err)
	}
}
