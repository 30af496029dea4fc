package publish

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/whole"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Tiles writes the tree of a signed checkpoint into a directory as static files (C2SP
// tlog-tiles), from which anybody can make proofs: the hashes under tile/, and last the
// checkpoint. With leaves, the entries stand beside them under tile/entries; they say in
// clear what may never be withheld, and are for named audiences. A tile that is there
// already is not written again, since a tile never changes; one of a smaller tree stays
// for those who still read it. It gives the number of tiles written.
//
// Errors: Broken when a tile in the directory is of another log, or was changed.
func Tiles(ctx context.Context, q store.Queryer, signed []byte, c ledger.Checkpoint, dir string, leaves bool) (written int, err error) {
	put := func(t tlog.Tile, load func() ([]byte, error)) error {
		fresh, err := putTile(filepath.Join(dir, filepath.FromSlash(tilePath(t))), t.W == tileWidth, load)
		if fresh {
			written++
		}
		return err
	}
	for level, size := 0, c.Size; size > 0; level, size = level+1, size>>tileHeight {
		for n := int64(0); n<<tileHeight < size; n++ {
			width := min(tileWidth, int(size-n<<tileHeight))
			err := put(tlog.Tile{H: tileHeight, L: level, N: n, W: width}, func() ([]byte, error) {
				// One level of published tiles is two of the stored ones.
				return store.Hashes(ctx, q, 2*level, n<<tileHeight, n<<tileHeight+int64(width))
			})
			if err != nil {
				return written, err
			}
			if level > 0 || !leaves {
				continue
			}
			err = put(tlog.Tile{H: tileHeight, L: -1, N: n, W: width}, func() ([]byte, error) {
				return bundleOf(ctx, q, n<<tileHeight, int64(width))
			})
			if err != nil {
				return written, err
			}
		}
	}
	return written, whole.Bytes(filepath.Join(dir, "checkpoint"), signed, 0o644)
}

// tilePath is where the standard wants a tile; level -1 holds the entries.
func tilePath(t tlog.Tile) string {
	path := t.Path() // tile/8/LEVEL/..., with "data" for level -1
	if t.L < 0 {
		return "tile/entries" + path[len("tile/8/data"):]
	}
	return "tile" + path[len("tile/8"):]
}

// bundleOf gives leaves as the standard bundles them: each after its length.
func bundleOf(ctx context.Context, q store.Queryer, from, count int64) ([]byte, error) {
	var out []byte
	err := store.Entries(ctx, q, from, from+count, func(e store.Entry) error {
		if len(e.Leaf) > math.MaxUint16 {
			return fault.Newf(fault.Refused, "entry %d is too long for the standard, which allows %d bytes", e.Seq, math.MaxUint16).WithFix("hand out a bundle instead")
		}
		out = binary.BigEndian.AppendUint16(out, uint16(len(e.Leaf)))
		out = append(out, e.Leaf...)
		return nil
	})
	return out, err
}

// putTile writes a tile unless it is there. The one that is still growing is compared,
// since that is where another log would differ first; full ones are not read again.
func putTile(path string, full bool, load func() ([]byte, error)) (fresh bool, err error) {
	there, err := os.ReadFile(path)
	switch {
	case err == nil && full:
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fault.Wrap(fault.Failed, err, "cannot read the tile")
	}
	data, loadErr := load()
	if loadErr != nil {
		return false, loadErr
	}
	if err == nil {
		if !bytes.Equal(there, data) {
			return false, fault.New(fault.Broken, "this tile is of another log, or was changed", "write into a new directory").At(path, 0, "")
		}
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	return true, whole.Bytes(path, data, 0o644)
}
