package ledger

import (
	"fmt"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
)

// tileHeight is the height of a hash tile (C2SP tlog-tiles): 256 hashes wide.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Tile is up to 256 hashes of one level of the tree. Level 0 holds leaf hashes,
// level 1 the roots of full tiles of level 0, and so on. A full tile never
// changes; the last one of each level grows.
type Tile struct {
	Level  int
	Index  int64
	Hashes []byte // 32 bytes each
}

// Tree is the right edge of an RFC 6962 tree: enough to append leaves and to know
// the root, whatever the size, in O(log n) memory. A Tree has one owner at a time.
type Tree struct {
	size  int64
	edge  [][]byte // per level, the hashes of the last, unfinished tile
	dirty map[[2]int64][]byte
}

// NewTree makes the tree of the given size from its last tiles. load gives the
// stored hashes of a tile; it is called once per level.
func NewTree(size int64, load func(level int, index int64) ([]byte, error)) (*Tree, error) {
	t := &Tree{size: size}
	for level, n := 0, size; n > 0; level, n = level+1, n>>tileHeight {
		t.edge = append(t.edge, make([]byte, 0, tileWidth*len(Hash{})))
		width := int(n % tileWidth)
		if width == 0 {
			continue
		}
		hashes, err := load(level, n/tileWidth)
		if err != nil {
			return nil, err
		}
		if len(hashes) != width*len(Hash{}) {
			return nil, fault.Newf(fault.Broken, "tile %d/%d of the log has %d bytes, its size asks for %d", level, n/tileWidth, len(hashes), width*len(Hash{}))
		}
		t.edge[level] = append(t.edge[level], hashes...)
	}
	return t, nil
}

// Track makes the tree remember which tiles change, for Changed.
func (t *Tree) Track() { t.dirty = map[[2]int64][]byte{} }

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Append adds a leaf hash. It costs two hashes on average.
func (t *Tree) Append(h Hash) {
	index := t.size
	t.size++
	for level := 0; ; level++ {
		if level == len(t.edge) {
			t.edge = append(t.edge, make([]byte, 0, tileWidth*len(Hash{})))
		}
		t.edge[level] = append(t.edge[level], h[:]...)
		tile := index >> tileHeight
		if t.dirty != nil {
			t.dirty[[2]int64{int64(level), tile}] = t.edge[level]
		}
		if len(t.edge[level]) < tileWidth*len(Hash{}) {
			return
		}
		h = perfectRoot(t.edge[level])
		t.edge[level] = make([]byte, 0, tileWidth*len(Hash{}))
		index = tile
	}
}

// perfectRoot hashes a power of two of hashes to their root.
func perfectRoot(hashes []byte) Hash {
	row := append([]byte(nil), hashes...)
	for len(row) > len(Hash{}) {
		n := 0
		for i := 0; i < len(row); i += 2 * len(Hash{}) {
			node := tlog.NodeHash(tlog.Hash(row[i:i+32]), tlog.Hash(row[i+32:i+64]))
			n += copy(row[n:], node[:])
		}
		row = row[:n]
	}
	return Hash(row)
}

// Changed gives the tiles that changed since Track, ordered by level and index.
func (t *Tree) Changed() []Tile {
	tiles := make([]Tile, 0, len(t.dirty))
	for at, hashes := range t.dirty {
		tiles = append(tiles, Tile{int(at[0]), at[1], append([]byte(nil), hashes...)})
	}
	sort.Slice(tiles, func(i, j int) bool {
		if tiles[i].Level != tiles[j].Level {
			return tiles[i].Level < tiles[j].Level
		}
		return tiles[i].Index < tiles[j].Index
	})
	return tiles
}

// Root gives the RFC 6962 root. The root of an empty tree is the hash of nothing.
func (t *Tree) Root() (Hash, error) {
	root, err := tlog.TreeHash(t.size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return readHashes(indexes, func(level int, index int64) ([]byte, error) {
			if level >= len(t.edge) {
				return nil, fault.New(fault.Broken, "the tree's edge is incomplete", "")
			}
			return t.edge[level], nil
		})
	}))
	return Hash(root), err
}

// readHashes finds stored hashes in tiles.
func readHashes(indexes []int64, load func(level int, index int64) ([]byte, error)) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	loaded := map[[2]int64][]byte{} // a proof asks for several hashes of one tile
	for i, x := range indexes {
		tile := tlog.TileForIndex(tileHeight, x)
		at := [2]int64{int64(tile.L), tile.N}
		data, err := loaded[at], error(nil)
		if data == nil {
			if data, err = load(tile.L, tile.N); err != nil {
				return nil, err
			}
			loaded[at] = data
		}
		if len(data) < tile.W*len(Hash{}) {
			return nil, fault.Newf(fault.Broken, "tile %d/%d of the log is too short", tile.L, tile.N)
		}
		if out[i], err = tlog.HashFromTile(tile, data[:tile.W*len(Hash{})], x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Prover makes proofs from stored tiles.
type Prover struct {
	Size int64
	Load func(level int, index int64) ([]byte, error)
}

func (p Prover) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return readHashes(indexes, p.Load) })
}

// RootAt gives the root that the tree had at an earlier size.
func (p Prover) RootAt(size int64) (Hash, error) {
	if size > p.Size || size < 0 {
		return Hash{}, fault.Newf(fault.Broken, "the log has %d entries, %d were asked for", p.Size, size)
	}
	h, err := tlog.TreeHash(size, p.reader())
	return Hash(h), err
}

// Inclusion proves that the entry at index is in the tree of p.Size.
func (p Prover) Inclusion(index int64) ([]Hash, error) {
	proof, err := tlog.ProveRecord(p.Size, index, p.reader())
	if err != nil {
		return nil, fmt.Errorf("cannot prove entry %d: %w", index, err)
	}
	return ours(proof), nil
}

func ours(list []tlog.Hash) []Hash {
	out := make([]Hash, len(list))
	for i, h := range list {
		out[i] = Hash(h)
	}
	return out
}

func theirs(list []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(list))
	for i, h := range list {
		out[i] = tlog.Hash(h)
	}
	return out
}

// CheckInclusion says whether proof shows that the leaf stands at index of the
// tree with this size and root.
func CheckInclusion(proof []Hash, index, size int64, leaf, root Hash) error {
	if err := tlog.CheckRecord(theirs(proof), size, tlog.Hash(root), index, tlog.Hash(leaf)); err != nil {
		return fault.Newf(fault.Broken, "entry %d is not in the log of this checkpoint", index)
	}
	return nil
}

// Forget drops the changes remembered so far, except the tiles that still grow.
func (t *Tree) Forget() {
	for at, hashes := range t.dirty {
		if len(hashes) == tileWidth*len(Hash{}) {
			delete(t.dirty, at)
		}
	}
}
