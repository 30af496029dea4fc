package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
)

// TileWidth is how many hashes a full tile holds. Whoever wants one hash of a tree of n
// leaves hashes at most 15 times for it, and reads one of log16(n) tiles of half a
// kilobyte. Two levels of these make one of the tiles that are published (C2SP
// tlog-tiles, 256 wide), whose hashes stand in the tiles of each second level.
const (
	TileWidth  = 1 << tileHeight
	tileHeight = 4
	tileBytes  = TileWidth * len(Hash{})
)

// TileAt names a tile: its level, and its place among the tiles of that level. Level 0
// holds leaf hashes, level 1 the roots of full tiles of level 0, and so on.
type TileAt struct {
	Level int
	Index int64
}

// Tile is up to [TileWidth] hashes of one level of the tree. A full tile never changes;
// the last one of each level grows.
type Tile struct {
	TileAt
	Hashes []byte // 32 bytes each
}

// Full says whether the tile will not change any more.
func (t Tile) Full() bool { return len(t.Hashes) == tileBytes }

// Tree is the right edge of an RFC 6962 tree: enough to append leaves and to know
// the root, whatever the size, in O(log n) memory. A Tree has one owner at a time.
type Tree struct {
	size  int64
	edge  [][]byte // per level, the hashes of the last, unfinished tile
	dirty map[TileAt][]byte
}

// Load gives the stored hashes of some tiles, in their order. It is asked once for all that
// one piece of work needs, and never twice for the same tile.
type Load func(tiles []TileAt) (hashes [][]byte, err error)

// NewTree makes the tree of the given size from its last tiles.
func NewTree(size int64, load Load) (*Tree, error) {
	t := &Tree{size: size}
	var need []TileAt
	for level, n := 0, size; n > 0; level, n = level+1, n>>tileHeight {
		t.edge = append(t.edge, make([]byte, 0, tileBytes))
		if n%TileWidth > 0 {
			need = append(need, TileAt{level, n / TileWidth})
		}
	}
	if len(need) == 0 {
		return t, nil
	}
	found, err := load(need)
	if err != nil {
		return nil, err
	}
	for i, at := range need {
		width := int(size >> (tileHeight * at.Level) % TileWidth)
		if len(found[i]) != width*len(Hash{}) {
			return nil, fault.Newf(fault.Broken, "tile %d/%d of the log has %d bytes, its size asks for %d", at.Level, at.Index, len(found[i]), width*len(Hash{}))
		}
		t.edge[at.Level] = append(t.edge[at.Level], found[i]...)
	}
	return t, nil
}

// Track makes the tree remember which tiles change, for Changed.
func (t *Tree) Track() { t.dirty = map[TileAt][]byte{} }

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Append adds a leaf hash. It costs two hashes on average.
func (t *Tree) Append(h Hash) {
	index := t.size
	t.size++
	for level := 0; ; level++ {
		if level == len(t.edge) {
			t.edge = append(t.edge, make([]byte, 0, tileBytes))
		}
		t.edge[level] = append(t.edge[level], h[:]...)
		tile := index >> tileHeight
		if t.dirty != nil {
			t.dirty[TileAt{level, tile}] = t.edge[level]
		}
		if len(t.edge[level]) < tileBytes {
			return
		}
		h = perfectRoot(t.edge[level])
		t.edge[level] = make([]byte, 0, tileBytes)
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
		tiles = append(tiles, Tile{at, append([]byte(nil), hashes...)})
	}
	slices.SortFunc(tiles, func(a, b Tile) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Index, b.Index))
	})
	return tiles
}

// Root gives the RFC 6962 root. The root of an empty tree is the hash of nothing.
func (t *Tree) Root() (Hash, error) {
	return Prover{Size: t.size, Load: func(tiles []TileAt) ([][]byte, error) {
		found := make([][]byte, len(tiles))
		for i, at := range tiles {
			if at.Level >= len(t.edge) {
				return nil, fault.New(fault.Broken, "the tree's edge is incomplete", "")
			}
			found[i] = t.edge[at.Level]
		}
		return found, nil
	}}.RootAt(t.size)
}

// Prover makes proofs from stored tiles.
type Prover struct {
	Size int64
	Load Load
}

// ReadHashes implements [tlog.HashReader].
func (p Prover) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var need []TileAt
	in := make([]int, len(indexes)) // the place in need of each hash's tile
	for i, x := range indexes {
		tile := tlog.TileForIndex(tileHeight, x)
		at := TileAt{tile.L, tile.N}
		if in[i] = slices.Index(need, at); in[i] < 0 {
			in[i] = len(need)
			need = append(need, at)
		}
	}
	found, err := p.Load(need)
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		tile := tlog.TileForIndex(tileHeight, x)
		data := found[in[i]]
		if len(data) < tile.W*len(Hash{}) {
			return nil, fault.Newf(fault.Broken, "tile %d/%d of the log is too short", tile.L, tile.N)
		}
		if out[i], err = tlog.HashFromTile(tile, data[:tile.W*len(Hash{})], x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RootAt gives the root that the tree had at an earlier size.
func (p Prover) RootAt(size int64) (Hash, error) {
	if size > p.Size || size < 0 {
		return Hash{}, fault.Newf(fault.Broken, "the log has %d entries, %d were asked for", p.Size, size)
	}
	h, err := tlog.TreeHash(size, p)
	return Hash(h), err
}

// Inclusion proves that the entry at index is in the tree of p.Size.
func (p Prover) Inclusion(index int64) ([]Hash, error) {
	proof, err := tlog.ProveRecord(p.Size, index, p)
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
		if len(hashes) == tileBytes {
			delete(t.dirty, at)
		}
	}
}
