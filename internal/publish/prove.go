package publish

import (
	"context"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
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
