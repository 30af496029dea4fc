package ledger

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
)

// Edge is all that the next leaves of an RFC 6962 tree need of those before: the roots
// of the perfect subtrees that its leaves make, the largest first. There is one for each
// bit that is set in the size, so an edge of 10 million leaves is a few hundred bytes.
// The zero Edge is that of an empty tree.
type Edge struct {
	size  int64
	roots []Hash
}

// NewEdge makes the edge of a tree of the given size from the roots of its subtrees.
func NewEdge(size int64, roots []Hash) (*Edge, error) {
	if size < 0 || bits.OnesCount64(uint64(size)) != len(roots) {
		return nil, fault.Newf(fault.Broken, "%d hashes are not the edge of a tree of %d leaves", len(roots), size)
	}
	return &Edge{size, append([]Hash(nil), roots...)}, nil
}

// Size is the number of leaves.
func (e *Edge) Size() int64 { return e.size }

// Clone gives another edge of the same tree, which grows by itself.
func (e *Edge) Clone() Edge { return Edge{e.size, append([]Hash(nil), e.roots...)} }

// Append adds a leaf hash. It costs one hash on average.
func (e *Edge) Append(h Hash) {
	for range bits.TrailingZeros64(^uint64(e.size)) {
		last := len(e.roots) - 1
		h = Hash(tlog.NodeHash(tlog.Hash(e.roots[last]), tlog.Hash(h)))
		e.roots = e.roots[:last]
	}
	e.roots = append(e.roots, h)
	e.size++
}

// Root gives the RFC 6962 root. The root of an empty tree is the hash of nothing.
func (e *Edge) Root() Hash {
	if len(e.roots) == 0 {
		return Hash(sha256.Sum256(nil))
	}
	last := len(e.roots) - 1
	root := e.roots[last]
	for i := last - 1; i >= 0; i-- {
		root = Hash(tlog.NodeHash(tlog.Hash(e.roots[i]), tlog.Hash(root)))
	}
	return root
}

// Edge gives the roots of the perfect subtrees of the first size leaves, the largest
// first, as [NewEdge] reads them.
func (p Prover) Edge(size int64) ([]Hash, error) {
	if size > p.Size || size < 0 {
		return nil, fault.Newf(fault.Broken, "the log has %d entries, %d were asked for", p.Size, size)
	}
	var indexes []int64
	for at := int64(0); at < size; {
		level := bits.Len64(uint64(size-at)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, at>>level))
		at += 1 << level
	}
	hashes, err := p.reader().ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	roots := make([]Hash, len(hashes))
	for i, h := range hashes {
		roots[i] = Hash(h)
	}
	return roots, nil
}
