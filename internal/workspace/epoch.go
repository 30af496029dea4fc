package workspace

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/whole"
)

// Rotate gives the log a new signing key and opens an epoch for it. Until Retire the old
// key signs beside the new one, so that who knows only the old one can follow. After a
// compromise the old key signs nothing more: what it says is worth nothing by then, and
// outsiders must learn the new key as they learnt the first one.
//
// A rotation that was interrupted is completed by the next.
func (w *Workspace) Rotate(ctx context.Context, by act.Actor, compromised bool) (*store.Epoch, error) {
	if err := act.Default.May(by, act.KeepLog); err != nil {
		return nil, err
	}
	if pending, err := w.pending(ctx); err != nil || pending != nil {
		return pending, err
	}
	reason := "rotation"
	if compromised {
		reason = "compromise"
	}
	if _, err := w.Sign(ctx); err != nil && !compromised { // a key that is lost signs nothing
		return nil, err
	}
	return w.newEpoch(ctx, by, reason, func(tx *store.Tx) (int64, ledger.Hash, error) {
		root, err := store.Root(ctx, tx, tx.Size())
		return tx.Size(), root, err
	})
}

// Retire ends the time in which an older key signs beside that of this epoch, and removes
// its secret.
func (w *Workspace) Retire(ctx context.Context, by act.Actor) error {
	if err := act.Default.May(by, act.KeepLog); err != nil {
		return err
	}
	signing, err := w.signers(ctx)
	if err != nil {
		return err
	}
	return w.saveKeys(signing[0])
}

// Restore opens an epoch after the database was restored from a copy that is behind a
// checkpoint which was shown to others. The epoch quotes that checkpoint, so that the log
// itself says how much is lost, and it has a new key: the old one has signed what the log
// now contradicts. A witness refuses the log from then on, as it must; those who run it
// have to look at what happened and begin again. published is the largest checkpoint known;
// the one beside the database counts where it is larger.
//
// Errors: Refused when nothing is lost; Broken when the copy itself does not hold.
func (w *Workspace) Restore(ctx context.Context, by act.Actor, published []byte) (*store.Epoch, error) {
	if err := act.Default.May(by, act.KeepLog); err != nil {
		return nil, err
	}
	shown, err := w.OpenCheckpoint(published)
	if err != nil {
		return nil, err
	}
	if kept, beside, err := w.Checkpoint(); err == nil && beside.Size > shown.Size {
		published, shown = kept, beside
	}
	if pending, err := w.pending(ctx); err != nil || pending != nil {
		return pending, err
	}
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		return nil, err
	}
	latest, err := store.LatestEpoch(ctx, w.DB)
	if err != nil {
		return nil, err
	}
	if r := latest.Record; r.Reason == "restore" && r.QuotedSize == shown.Size && r.QuotedRoot == shown.Root.String() {
		return r, w.complete(ctx, r.Reason)
	}
	if err := w.holds(ctx, head); err != nil {
		return nil, err
	}
	if shown.Size <= head.Size {
		return nil, fault.Newf(fault.Refused, "the database has %d entries and the checkpoint covers %d: nothing is lost", head.Size, shown.Size).
			WithFix("run `duly verify` with the checkpoint; if it does not hold, the database was tampered with, which no restore mends")
	}
	before := fmt.Sprintf("%s-before-epoch-%d", checkpointFile, latest.Record.Number+1)
	if err := whole.Bytes(filepath.Join(w.Dir, before), published, 0o644); err != nil {
		return nil, err
	}
	return w.newEpoch(ctx, by, "restore", func(*store.Tx) (int64, ledger.Hash, error) { return shown.Size, shown.Root, nil })
}

// holds checks what can be checked of a copy alone: its edge, and the last checkpoint in it.
func (w *Workspace) holds(ctx context.Context, head store.Log) error {
	if err := w.checkLast(ctx, head); err != nil {
		return err
	}
	size, signed, err := store.LastCheckpoint(ctx, w.DB)
	if err != nil {
		return err
	}
	c, err := w.OpenCheckpoint(signed)
	if err != nil {
		return err
	}
	root, err := store.Root(ctx, w.DB, c.Size)
	if err == nil && (root != c.Root || c.Size != size) {
		err = fault.New(fault.Broken, "the copy is not the log of its own last checkpoint", "restore another copy")
	}
	return err
}

// newEpoch makes a key, writes the entry that names it and completes the change. The key
// is on the disk before the entry, so that an interrupted change can be completed.
func (w *Workspace) newEpoch(ctx context.Context, by act.Actor, reason string, quote func(*store.Tx) (int64, ledger.Hash, error)) (*store.Epoch, error) {
	next, err := ledger.NewLogKey(w.options.Random, w.Config.Origin)
	if err != nil {
		return nil, err
	}
	both := []*ledger.LogKey{next}
	if keys, err := w.keys(); err == nil { // it may be lost, which is a reason to change it
		for _, key := range keys {
			if key.Public() == w.Config.Key {
				both = append(both, key)
			}
		}
	}
	if err := w.saveKeys(both...); err != nil {
		return nil, err
	}
	var epoch *store.Epoch
	err = w.DB.Write(ctx, by.Key, func(tx *store.Tx) error {
		size, root, err := quote(tx)
		if err != nil {
			return err
		}
		epoch = &store.Epoch{
			Number: tx.Log().Epoch + 1, Reason: reason, LogKey: bundle.KeyHash(next.Public()), QuotedSize: size, QuotedRoot: root.String(),
		}
		_, err = store.Create(tx, store.Epochs, epoch)
		return err
	})
	if err != nil {
		return nil, err
	}
	_, err = w.pending(ctx)
	return epoch, err
}

// pending completes a change of keys whose entry is written already, and gives its epoch;
// nil when there is none.
func (w *Workspace) pending(ctx context.Context) (*store.Epoch, error) {
	latest, err := store.LatestEpoch(ctx, w.DB)
	if err != nil || latest.Record.LogKey == bundle.KeyHash(w.Config.Key) {
		return nil, err
	}
	keys, err := w.keys()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if bundle.KeyHash(key.Public()) == latest.Record.LogKey {
			w.Config.FormerKeys = append([]string{w.Config.Key}, w.Config.FormerKeys...)
			w.Config.Key = key.Public()
			if err := w.saveConfig(); err != nil {
				return nil, err
			}
			return latest.Record, w.complete(ctx, latest.Record.Reason)
		}
	}
	return nil, fault.New(fault.Broken, "the log's newest epoch names a key that is not here", "restore "+keyFile)
}

// complete signs the first checkpoint of an epoch. Only after a rotation does the key of
// the one before sign with it.
func (w *Workspace) complete(ctx context.Context, reason string) error {
	if reason != "rotation" {
		signing, err := w.signers(ctx)
		if err != nil {
			return err
		}
		if err := w.saveKeys(signing[0]); err != nil {
			return err
		}
	}
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		return err
	}
	_, err = w.sign(ctx, head.Size)
	return err
}

func (w *Workspace) saveKeys(keys ...*ledger.LogKey) error {
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(key.Encode())
	}
	return whole.Bytes(filepath.Join(w.Dir, keyFile), []byte(text.String()), 0o600)
}
