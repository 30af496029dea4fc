package bundle

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"duly/internal/ledger"
)

// Needs collects what the entries of a range rest on before it, so that the bundle can
// carry that. It asks for no more than its audience may see the reason of: which
// statements a rating names stays hidden where its inputs are withheld.
type Needs struct {
	From   int64                // where the range begins
	At     map[int64]bool       // earlier entries by position
	Hashes map[ledger.Hash]bool // entries by leaf hash, wherever they stand
	Erased map[ledger.Hash]bool // carried entries that lack values, for the erasures that name them
}

// NewNeeds makes the needs of a range that begins at a position.
func NewNeeds(from int64) *Needs {
	return &Needs{from, map[int64]bool{}, map[ledger.Hash]bool{}, map[ledger.Hash]bool{}}
}

// Entry adds what an entry rests on, of the range or carried, as the audience is to see it.
func (n *Needs) Entry(seq int64, leafBytes []byte, leaf *ledger.Leaf, schema *ledger.Schema, shown []Sealed) {
	carried := seq < n.From
	if carried {
		for i := range shown {
			if shown[i].Erased {
				n.Erased[ledger.LeafHash(leafBytes)] = true
				break
			}
		}
	}
	switch {
	case leaf.Kind == "decision":
		n.named(leaf, "rating")
	case leaf.Kind == "condition_check" && !carried:
		n.named(leaf, "decision")
	case leaf.Kind == "erasure":
		n.named(leaf, "target")
	case leaf.Kind == "rating" && !carried:
		for i, f := range schema.Sealed {
			if f.Name != "inputs" || shown[i].Disclosure == "" {
				continue
			}
			_, value, _ := shown[i].Disclosure.Open()
			n.inputs(value)
		}
	}
}

func (n *Needs) named(leaf *ledger.Leaf, field string) {
	hash, err := ledger.ParseHash(fields(leaf.PublicValues()).text(field))
	if err == nil {
		n.Hashes[hash] = true
	}
}

func (n *Needs) inputs(value []byte) {
	for _, line := range texts(value) {
		parts := strings.Split(line, " ")
		if len(parts) < 2 {
			continue // whoever verifies refuses it
		}
		if at, err := strconv.ParseInt(parts[1], 10, 64); err == nil && at >= 0 && at < n.From {
			n.At[at] = true
		}
	}
}

// Earlier gives what stands before a range.
type Earlier interface {
	// Find gives the positions of the leaves with these hashes that stand before the range.
	Find(hashes map[ledger.Hash]bool) ([]int64, error)
	// Erasures gives the positions of the erasures before the range that name these leaves.
	Erasures(targets map[ledger.Hash]bool) ([]int64, error)
	// Look adds an entry before the range to the needs by [Needs.Entry].
	Look(n *Needs, seq int64) error
}

// Settle adds what the needed entries need themselves, and gives the positions of all
// that is to be carried, in the order of the log.
func (n *Needs) Settle(e Earlier) ([]int64, error) {
	looked := map[int64]bool{}
	for {
		found, err := e.Find(n.Hashes)
		if err != nil {
			return nil, err
		}
		erasures, err := e.Erasures(n.Erased)
		if err != nil {
			return nil, err
		}
		clear(n.Hashes)
		clear(n.Erased)
		for _, seq := range append(found, erasures...) {
			n.At[seq] = true
		}
		all := slices.Sorted(maps.Keys(n.At))
		if len(looked) == len(all) {
			return all, nil
		}
		for _, seq := range all {
			if looked[seq] {
				continue
			}
			looked[seq] = true
			if err := e.Look(n, seq); err != nil {
				return nil, err
			}
		}
	}
}
