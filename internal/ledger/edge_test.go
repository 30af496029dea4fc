package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
)

func leafNumber(i int64) Hash {
	return Hash(sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i))))
}

// TestEdgeIsTheTree protects bundles of a range: whatever the size at which an edge is
// taken out of the stored tiles, going on from it gives the roots of the whole tree.
func TestEdgeIsTheTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 1500).Draw(t, "size")
		from := rapid.Int64Range(0, size).Draw(t, "from")
		tree, _ := NewTree(0, nil)
		tree.Track()
		for i := range size {
			tree.Append(leafNumber(i))
		}
		tiles := tileMap{}
		tiles.keep(tree)
		prover := Prover{Size: size, Load: tiles.load}
		roots, err := prover.Edge(from)
		if err != nil {
			t.Fatal(err)
		}
		edge, err := NewEdge(from, roots)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := prover.RootAt(from); err != nil || edge.Root() != want {
			t.Fatalf("the edge at %d has root %s, the tree %s, %v", from, edge.Root(), want, err)
		}
		for i := from; i < size; i++ {
			edge.Append(leafNumber(i))
		}
		if want, err := tree.Root(); err != nil || edge.Root() != want || edge.Size() != size {
			t.Fatalf("from %d to %d the edge comes to %s, the tree is %s, %v", from, size, edge.Root(), want, err)
		}
	})
}

// TestEdgeHasOneHashForEachBit protects a verifier from an edge that leaves its size open.
func TestEdgeHasOneHashForEachBit(t *testing.T) {
	for _, c := range []struct {
		size  int64
		roots int
		holds bool
	}{{0, 0, true}, {1, 1, true}, {6, 2, true}, {7, 3, true}, {0, 1, false}, {1, 0, false}, {6, 3, false}, {-1, 64, false}} {
		if _, err := NewEdge(c.size, make([]Hash, c.roots)); (err == nil) != c.holds || err != nil && fault.CodeOf(err) != fault.Broken {
			t.Errorf("%d hashes for %d leaves: %v", c.roots, c.size, err)
		}
	}
}

// BenchmarkEdge measures what an entry costs a tree that is only appended to, beside the
// tree that keeps tiles too.
func BenchmarkEdge(b *testing.B) {
	h := leafNumber(1)
	b.Run("edge", func(b *testing.B) {
		e := &Edge{}
		for b.Loop() {
			e.Append(h)
		}
	})
	b.Run("tree", func(b *testing.B) {
		tree, _ := NewTree(0, nil)
		for b.Loop() {
			tree.Append(h)
		}
	})
}
