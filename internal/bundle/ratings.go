package bundle

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"sort"

	"duly/internal/fault"
	"duly/internal/ledger"
)

const (
	placeBytes = 32 + 8
	placesKept = 1 << 16 // in memory: about 6 MB
)

// places knows where leaves stand by their hashes. A decision may rest on a rating of any
// age, so all are kept; but most rest on a new one, so only the newest are in memory. The
// others are in a temporary file, in runs that are sorted by hash, and the newest run is
// asked first.
type places struct {
	recent map[ledger.Hash]int64
	file   *os.File
	runs   int
	row    [placeBytes]byte
}

func (p *places) add(hash ledger.Hash, seq int64) error {
	if p.recent == nil {
		p.recent = map[ledger.Hash]int64{}
	}
	p.recent[hash] = seq
	if len(p.recent) < placesKept {
		return nil
	}
	return p.spill()
}

func (p *places) spill() error {
	if p.file == nil {
		file, err := os.CreateTemp("", "duly-verify")
		if err != nil {
			return fault.Wrap(fault.Failed, err, "cannot make a temporary file")
		}
		p.file = file
	}
	hashes := make([]ledger.Hash, 0, len(p.recent))
	for h := range p.recent {
		hashes = append(hashes, h)
	}
	slices.SortFunc(hashes, func(a, b ledger.Hash) int { return bytes.Compare(a[:], b[:]) })
	rows := make([]byte, 0, placesKept*placeBytes)
	for _, h := range hashes {
		rows = binary.BigEndian.AppendUint64(append(rows, h[:]...), uint64(p.recent[h]))
	}
	if _, err := p.file.WriteAt(rows, int64(p.runs)*int64(len(rows))); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write a temporary file")
	}
	p.runs++
	clear(p.recent)
	return nil
}

// at gives the position of a leaf that was added.
func (p *places) at(hash ledger.Hash) (seq int64, known bool, err error) {
	if seq, known = p.recent[hash]; known {
		return seq, true, nil
	}
	for run := p.runs - 1; run >= 0; run-- {
		first := int64(run) * placesKept
		i := sort.Search(placesKept, func(i int) bool {
			if err == nil {
				err = p.read(first + int64(i))
			}
			return bytes.Compare(p.row[:32], hash[:]) >= 0
		})
		if i < placesKept && err == nil {
			err = p.read(first + int64(i))
		}
		if err != nil {
			return 0, false, err
		}
		if i < placesKept && bytes.Equal(p.row[:32], hash[:]) {
			return int64(binary.BigEndian.Uint64(p.row[32:])), true, nil
		}
	}
	return 0, false, nil
}

func (p *places) read(row int64) error {
	if _, err := p.file.ReadAt(p.row[:], row*placeBytes); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read a temporary file")
	}
	return nil
}

// close removes the temporary file.
func (p *places) close() {
	if p.file != nil {
		p.file.Close()
		os.Remove(p.file.Name())
	}
}

// rated gives where an earlier rating stands by its leaf hash, as an entry names it.
// A disk that fails is kept for [Checker.Finish] to say.
func (c *Checker) rated(name string) (seq int64, earlier bool) {
	hash, _ := ledger.ParseHash(name) // null is the hash of no entry
	seq, earlier, err := c.ratings.at(hash)
	if err != nil && c.failed == nil {
		c.failed = err
	}
	return seq, earlier
}
