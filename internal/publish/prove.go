package publish

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

// Prove shows that an entry is in the log of a signed checkpoint, whose content is given.
//
// Errors: NotFound when the checkpoint covers no such entry.
func Prove(ctx context.Context, q store.Queryer, signed []byte, c ledger.Checkpoint, entry int64) (ledger.InclusionProof, error) {
	if entry < 0 || entry >= c.Size {
		return ledger.InclusionProof{}, fault.Newf(fault.NotFound, "the checkpoint covers no entry %d", entry).WithFix("a report names entries beside what it withholds")
	}
	e, err := store.EntryAt(ctx, q, entry)
	if err != nil {
		return ledger.InclusionProof{}, err
	}
	path, err := store.Inclusion(ctx, q, entry, c.Size)
	return ledger.InclusionProof{Index: entry, Leaf: e.Leaf, Path: path, Note: signed}, err
}

// Handover gives the file that leads from the key of the epoch before to that of a
// numbered one: for outsiders who know the old key only.
//
// Errors: NotFound when there is no such epoch; Refused when it came about by no rotation.
func Handover(ctx context.Context, w *workspace.Workspace, number int64) ([]byte, error) {
	epochs, err := store.Select(ctx, w.DB, store.Epochs, "")
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(epochs, func(e *store.Revision[store.Epoch]) bool { return e.Record.Number == number })
	if i < 0 {
		return nil, fault.Newf(fault.NotFound, "the log has no epoch %d", number)
	}
	epoch := epochs[i]
	key := slices.IndexFunc(w.Keys(), func(vkey string) bool { return bundle.KeyHash(vkey) == epoch.Record.LogKey })
	if epoch.Record.Reason != "rotation" || key < 0 {
		return nil, fault.Newf(fault.Refused, "epoch %d came about by a %s, and no key can vouch for it", number, epoch.Record.Reason).
			WithFix("give outsiders the new key by another way than the log itself")
	}
	signed, err := store.CheckpointAfter(ctx, w.DB, epoch.Seq)
	if err != nil {
		return nil, err
	}
	c, err := ledger.OpenCheckpoint(signed, w.Keys()[key])
	if err != nil {
		return nil, err
	}
	proof, err := Prove(ctx, w.DB, signed, c, epoch.Seq)
	return bundle.EncodeHandover(w.Keys()[key], proof), err
}

// Handovers gives the key that signed an earlier checkpoint of the log, and the files that
// lead from it to the key of now, for a bundle that begins there; "" and none when that is
// the key of now.
//
// Errors: Refused when the key has changed by a compromise or a restore since.
func Handovers(ctx context.Context, w *workspace.Workspace, signed []byte) (key string, files [][]byte, err error) {
	if key, err = w.KeyOf(signed); err != nil || key == w.Config.Key {
		return "", nil, err
	}
	epochs, err := store.Select(ctx, w.DB, store.Epochs, "")
	if err != nil {
		return "", nil, err
	}
	slices.SortFunc(epochs, func(a, b *store.Revision[store.Epoch]) int { return cmp.Compare(a.Seq, b.Seq) })
	under := slices.IndexFunc(epochs, func(e *store.Revision[store.Epoch]) bool { return e.Record.LogKey == bundle.KeyHash(key) })
	for _, e := range epochs[under+1:] {
		if e.Record.Reason != "rotation" {
			return "", nil, fault.Newf(fault.Refused, "the log's key changed after a %s in entry %d, and nothing vouches for the key before it", e.Record.Reason, e.Seq).
				WithFix(fmt.Sprintf("begin behind entry %d, or export the whole log", e.Seq))
		}
		file, err := Handover(ctx, w, e.Record.Number)
		if err != nil {
			return "", nil, err
		}
		files = append(files, file)
	}
	return key, files, nil
}
