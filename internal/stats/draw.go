package stats

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// Draw takes size of a population by a seed: units by their id, each with its stratum.
// Each stratum stands in the order of the hashes of its units, one stratum after another,
// and from that list every so-manieth is taken from a start that the seed names. So every
// stratum has its share, every unit the same chance, and whoever knows the population and
// the seed draws the same again.
//
//	place of a unit = SHA-256("duly/sample/1" LF seed LF id)
//	start           = the first 8 bytes of SHA-256("duly/sample/1/start" LF seed), modulo
//	                  the number of units N
//	k-th drawn      = unit (start + k*N) / size of the list, rounded down, k from 0
func Draw(population map[string]string, seed string, size int) (drawn []string, strata int) {
	type ticket struct {
		id, stratum string
		hash        [32]byte
	}
	list := make([]ticket, 0, len(population))
	seen := map[string]bool{}
	for id, stratum := range population {
		seen[stratum] = true
		list = append(list, ticket{id, stratum, sha256.Sum256([]byte("duly/sample/1\n" + seed + "\n" + id))})
	}
	slices.SortFunc(list, func(a, b ticket) int {
		return cmp.Or(strings.Compare(a.stratum, b.stratum), strings.Compare(string(a.hash[:]), string(b.hash[:])))
	})
	all := uint64(len(list))
	n := min(uint64(max(size, 0)), all)
	if n == 0 {
		return []string{}, len(seen)
	}
	first := sha256.Sum256([]byte("duly/sample/1/start\n" + seed))
	start := binary.BigEndian.Uint64(first[:8]) % all // the bias of the remainder is below 2^-40
	for k := range n {
		drawn = append(drawn, list[(start+k*all)/n].id)
	}
	return drawn, len(seen)
}
