package store

import (
	"bytes"
	"context"
	"fmt"

	"duly/internal/ledger"
)

// Fsck hashes all leaves again and compares every stored tile with what they make. It
// names the entries and tiles that do not fit, at most limit of them, and gives the root
// of all entries. It says nothing about what entries mean: that is for verify.
func Fsck(ctx context.Context, q Queryer, limit int) (wrong []string, root ledger.Hash, err error) {
	head, err := Head(ctx, q)
	if err != nil {
		return nil, root, err
	}
	tree, err := ledger.NewTree(0, nil)
	if err != nil {
		return nil, root, err
	}
	tree.Track()
	f := &fsck{ctx: ctx, q: q, limit: limit}
	const chunk = 4096 // entries between two looks at the tiles that they filled
	for tree.Size() < head.Size && len(f.wrong) < limit {
		from := tree.Size()
		err := Entries(ctx, q, from, min(from+chunk, head.Size), func(e Entry) error {
			if e.Seq == tree.Size() {
				tree.Append(ledger.LeafHash(e.Leaf))
			}
			return nil
		})
		if err != nil {
			return nil, root, err
		}
		if tree.Size() < min(from+chunk, head.Size) {
			f.say("entry %d is missing", tree.Size())
			return f.wrong, root, nil
		}
		if err := f.tiles(tree, tree.Size() == head.Size); err != nil {
			return nil, root, err
		}
	}
	root, err = tree.Root()
	return f.wrong, root, err
}

type fsck struct {
	ctx   context.Context
	q     Queryer
	limit int
	wrong []string
}

func (f *fsck) say(format string, args ...any) {
	if len(f.wrong) < f.limit {
		f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
	}
}

// tiles compares the tiles that are full, and at the end those that still grow.
func (f *fsck) tiles(tree *ledger.Tree, end bool) error {
	_, err := CompareTiles(f.ctx, f.q, tree, end, func(t ledger.Tile, stored []byte) {
		if t.Level > 0 || len(stored) != len(t.Hashes) {
			f.say("tile %d/%d is not the one that the entries make", t.Level, t.Index)
			return
		}
		for i := 0; i < len(stored); i += hashSize {
			if !bytes.Equal(stored[i:i+hashSize], t.Hashes[i:i+hashSize]) {
				f.say("entry %d is not the one whose hash is in the tree", t.Index*ledger.TileWidth+int64(i/hashSize))
			}
		}
	})
	return err
}
