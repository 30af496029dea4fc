package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Checkpoint gives the last signed checkpoint, as kept outside the database.
func (w *Workspace) Checkpoint() ([]byte, ledger.Checkpoint, error) {
	signed, err := os.ReadFile(filepath.Join(w.Dir, checkpointFile))
	if err != nil {
		return nil, ledger.Checkpoint{}, fault.Wrap(fault.Broken, err, "the last checkpoint cannot be read").
			WithFix("restore the file from where it was published")
	}
	c, err := w.OpenCheckpoint(signed)
	return signed, c, err
}

// OpenCheckpoint opens a signed checkpoint under the key of this epoch or, while none
// was signed in it yet, under that of an earlier one.
func (w *Workspace) OpenCheckpoint(signed []byte) (ledger.Checkpoint, error) {
	c, err := ledger.OpenCheckpoint(signed, w.Config.Key)
	for _, former := range w.Config.FormerKeys {
		if err == nil {
			break
		}
		if older, formerErr := ledger.OpenCheckpoint(signed, former); formerErr == nil {
			return older, nil
		}
	}
	return c, err
}

// Witnesses gives the verifier keys of the witnesses that the configuration names.
func (w *Workspace) Witnesses() ([]ledger.Witness, error) {
	list := make([]ledger.Witness, len(w.Config.Witnesses))
	for i, named := range w.Config.Witnesses {
		var err error
		if list[i], err = ledger.ParseWitness(named.Key); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "a witness cannot be read").At(filepath.Join(w.Dir, configFile), 0, "witnesses")
		}
	}
	return list, nil
}

// Sign signs the committed size if it is not signed yet, keeps the checkpoint in
// the database and outside it, and gives it. It refuses to sign a tree that does
// not extend the last checkpoint: a log that did would contradict itself.
func (w *Workspace) Sign(ctx context.Context) (ledger.Checkpoint, error) {
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if last, err := w.lastSigned(ctx); err != nil || last.Size == head.Size {
		return last, err
	} else if root, err := store.Root(ctx, w.DB, last.Size); err != nil || last.Size > 0 && root != last.Root {
		return last, fault.New(fault.Broken, "the log does not extend its last checkpoint and is not signed", "run `duly verify`")
	}
	return w.sign(ctx, head.Size)
}

// sign signs the tree of a committed size.
func (w *Workspace) sign(ctx context.Context, size int64) (ledger.Checkpoint, error) {
	root, err := store.Root(ctx, w.DB, size)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	keys, err := w.signers(ctx)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	c := ledger.Checkpoint{Origin: w.Config.Origin, Size: size, Root: root}
	signed, err := ledger.SignCheckpoint(c, keys...)
	if err != nil {
		return c, err
	}
	err = w.DB.SaveCheckpoint(ctx, c.Size, func(stored []byte) ([]byte, error) {
		if stored != nil {
			return stored, nil // somebody else was faster; it may be cosigned by now
		}
		return signed, nil
	})
	if err != nil {
		return c, err
	}
	return c, w.place(ctx)
}

// keys reads the file of the log's signing keys.
func (w *Workspace) keys() ([]*ledger.LogKey, error) {
	text, err := os.ReadFile(filepath.Join(w.Dir, keyFile))
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the log's signing key cannot be read")
	}
	return ledger.ParseLogKeys(string(text))
}

// signers gives the keys that sign: that of this epoch, which must be the one that the
// log names, and those of earlier ones that still sign beside it after a rotation.
func (w *Workspace) signers(ctx context.Context) ([]*ledger.LogKey, error) {
	latest, err := store.LatestEpoch(ctx, w.DB)
	if err != nil {
		return nil, err
	}
	if latest.Record.LogKey != bundle.KeyHash(w.Config.Key) {
		return nil, fault.New(fault.Refused, "a change of the log's key was interrupted, and nothing is signed until it is complete", "run `duly ledger rotate` or `duly ledger restore` again")
	}
	keys, err := w.keys()
	if err != nil {
		return nil, err
	}
	names := []string{w.Config.Key}
	if latest.Record.Reason == "rotation" {
		names = append(names, w.Config.FormerKeys...)
	}
	var signing []*ledger.LogKey
	for _, name := range names {
		for _, key := range keys {
			if key.Public() == name {
				signing = append(signing, key)
			}
		}
	}
	if len(signing) == 0 || signing[0].Public() != w.Config.Key {
		return nil, fault.New(fault.Refused, "the signing key is not the one of this log", "restore "+keyFile)
	}
	return signing, nil
}

// place copies the newest checkpoint of the database to the file outside it, while
// nobody writes, so that the file never goes back behind what another process put
// there.
func (w *Workspace) place(ctx context.Context) error {
	return w.DB.Locked(ctx, func(q store.Queryer) error {
		size, signed, err := store.LastCheckpoint(ctx, q)
		if err != nil {
			return err
		}
		if c, err := w.OpenCheckpoint(signed); err != nil || c.Size != size {
			return fault.New(fault.Broken, "the newest checkpoint in the database is not one of this log", "run `duly verify`")
		}
		return writeFile(filepath.Join(w.Dir, checkpointFile), signed, 0o644)
	})
}

// lastSigned gives the last checkpoint, or none over no entries when nothing was
// ever signed. A checkpoint file that is gone does not make the log a new one.
func (w *Workspace) lastSigned(ctx context.Context) (ledger.Checkpoint, error) {
	_, c, err := w.Checkpoint()
	if errors.Is(err, fs.ErrNotExist) {
		if _, _, stored := store.LastCheckpoint(ctx, w.DB); fault.CodeOf(stored) == fault.NotFound {
			return ledger.Checkpoint{}, nil
		}
	}
	return c, err
}

// Cosigned keeps the cosignatures that a signed checkpoint carries, of witnesses that
// the configuration names, beside the checkpoint: in the database, and in the file
// outside it while that is the newest. It says who has cosigned that checkpoint now.
//
// Errors: Broken when no such witness cosigned it, or it is no checkpoint of this log;
// NotFound when this log never signed that size.
func (w *Workspace) Cosigned(ctx context.Context, signed []byte) (ledger.Signed, error) {
	witnesses, err := w.Witnesses()
	if err != nil {
		return ledger.Signed{}, err
	}
	c, err := w.OpenCheckpoint(signed)
	if err != nil {
		return ledger.Signed{}, err
	}
	lines := ledger.CosignatureLines(signed, witnesses)
	if len(lines) == 0 {
		return ledger.Signed{}, fault.New(fault.Broken, "no witness that the configuration names has cosigned this checkpoint", "name it under witnesses in "+configFile)
	}
	var s ledger.Signed
	err = w.DB.SaveCheckpoint(ctx, c.Size, func(stored []byte) ([]byte, error) {
		if stored == nil {
			return nil, fault.Newf(fault.NotFound, "this log never signed a checkpoint over %d entries", c.Size)
		}
		key, err := w.KeyOf(stored)
		if err != nil {
			return nil, err
		}
		merged, err := ledger.AddCosignatures(stored, lines, key, witnesses)
		if err == nil {
			s, err = ledger.OpenSigned(merged, key, witnesses)
		}
		return merged, err
	})
	if err != nil {
		return s, err
	}
	if _, last, err := w.Checkpoint(); err != nil || last.Size != c.Size {
		return s, err
	}
	return s, w.place(ctx)
}

// LastCosigned gives the newest signed checkpoint over at most size entries that a witness
// of the configuration has cosigned; one over no entries where there is none.
func (w *Workspace) LastCosigned(ctx context.Context, q store.Queryer, size int64) (last ledger.Signed, err error) {
	witnesses, err := w.Witnesses()
	if err != nil {
		return last, err
	}
	return last, store.CheckpointsBack(ctx, q, size, func(signed []byte) bool {
		if len(ledger.CosignatureLines(signed, witnesses)) == 0 {
			return true
		}
		if key, err := w.KeyOf(signed); err == nil {
			if s, err := ledger.OpenSigned(signed, key, witnesses); err == nil {
				last = s
			}
		}
		return last.Size == 0
	})
}

// Keys gives the verifier keys of all epochs, the newest first.
func (w *Workspace) Keys() []string { return append([]string{w.Config.Key}, w.Config.FormerKeys...) }

// KeyOf gives the verifier key of this log, of whichever epoch, that signed a
// checkpoint.
func (w *Workspace) KeyOf(signed []byte) (string, error) {
	for _, key := range w.Keys() {
		if _, err := ledger.OpenCheckpoint(signed, key); err == nil {
			return key, nil
		}
	}
	return "", fault.New(fault.Broken, "the checkpoint is not signed by the log's key", "")
}
