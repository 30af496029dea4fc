package watchlist

import "iter"

// multimap gives the numbers that are filed under a hash, in two flat arrays. It
// keeps no keys: a bucket also holds numbers of other hashes, about one, so what
// comes out is to be checked. 4 bytes a number and 2 to 4 for the buckets.
type multimap struct {
	first []uint32 // where in ids each bucket begins; one more than there are buckets
	ids   []uint32
}

// newMultimap files what pairs yields, hash and number. It goes through pairs
// twice, which must yield the same both times.
func newMultimap(pairs iter.Seq2[uint64, uint32]) multimap {
	count := 0
	for range pairs {
		count++
	}
	buckets := 2
	for buckets < count {
		buckets *= 2
	}
	if buckets > 1<<16 { // half as many save memory where it matters
		buckets /= 2
	}
	m := multimap{first: make([]uint32, buckets+1), ids: make([]uint32, count)}
	for hash := range pairs {
		m.first[m.bucket(hash)+1]++
	}
	for b := range buckets {
		m.first[b+1] += m.first[b]
	}
	for hash, id := range pairs { // first[b] runs ahead to where b ends
		b := m.bucket(hash)
		m.ids[m.first[b]] = id
		m.first[b]++
	}
	copy(m.first[1:], m.first)
	m.first[0] = 0
	return m
}

// get gives the numbers in the bucket of a hash, in the order they were filed.
func (m *multimap) get(hash uint64) []uint32 {
	b := m.bucket(hash)
	return m.ids[m.first[b]:m.first[b+1]]
}

func (m *multimap) bucket(hash uint64) uint64 {
	return hash & uint64(len(m.first)-2)
}

// The seeds keep keys of several meanings apart in one multimap.
const (
	seedText uint64 = 14695981039346656037 + iota
	seedSkeleton
	seedBare
	seedAbjad
	seedJoined
	seedNumber
	seedGram
)

// hashOf is FNV-1a with its bits spread, so that the low ones can choose a bucket.
func hashOf(seed uint64, parts ...string) uint64 {
	for _, s := range parts {
		for i := range len(s) {
			seed = (seed ^ uint64(s[i])) * 1099511628211
		}
	}
	return spread(seed)
}

func spread(h uint64) uint64 {
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}
