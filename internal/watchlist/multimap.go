package watchlist

import (
	"iter"
	"math/bits"
)

// multimap gives the numbers that are filed under a hash, in two flat arrays. It
// keeps no keys: a bucket also holds numbers of other hashes, so what comes out is to
// be checked. 4 bytes a number and 4 a bucket.
type multimap struct {
	first []uint32 // where in ids each bucket begins; one more than there are buckets
	ids   []uint32
}

// How many numbers a bucket holds, at most on average: few where checking one is
// dear, more where it is cheap or where there are fewer hashes.
const (
	fewInBucket  = 2
	someInBucket = 4
	manyInBucket = 64
)

// newMultimap files what pairs yields, hash and number. It goes through pairs
// twice, which must yield the same both times.
//
// Pairs are first put beside those of near buckets, and then into their buckets,
// so that what is written to at any time fits into the processor's cache: twice as
// fast for many millions.
func newMultimap(inBucket int, pairs iter.Seq2[uint64, uint32]) multimap {
	count := 0
	for range pairs {
		count++
	}
	buckets := uint64(2)
	for buckets*uint64(inBucket) < uint64(count) {
		buckets *= 2
	}
	m := multimap{first: make([]uint32, buckets+1), ids: make([]uint32, count)}
	const groups = 256
	shift := max(bits.Len64(buckets-1)-8, 0)
	var end [groups + 1]int // where each group ends
	for hash := range pairs {
		end[m.bucket(hash)>>shift+1]++
	}
	for g := range groups {
		end[g+1] += end[g]
	}
	grouped := make([]uint64, count) // bucket in the high half, number in the low
	for hash, id := range pairs {
		b := m.bucket(hash)
		grouped[end[b>>shift]] = b<<32 | uint64(id)
		end[b>>shift]++
	}
	next := make([]uint32, 1<<shift)
	for from, g := 0, uint64(0); g<<shift < buckets; g++ {
		m.fill(next, g<<shift, uint32(from), grouped[from:end[g]])
		from = end[g]
	}
	m.first[buckets] = uint32(count)
	return m
}

// fill files the pairs of the buckets from low on, one for each of next, in ids
// from at on.
func (m *multimap) fill(next []uint32, low uint64, at uint32, pairs []uint64) {
	clear(next)
	for _, p := range pairs {
		next[p>>32-low]++
	}
	for b, n := range next {
		m.first[low+uint64(b)], next[b] = at, at
		at += n
	}
	for _, p := range pairs {
		b := p>>32 - low
		m.ids[next[b]] = uint32(p)
		next[b]++
	}
}

// get gives the numbers in the bucket of a hash, in the order they were filed.
func (m *multimap) get(hash uint64) []uint32 {
	b := m.bucket(hash)
	return m.ids[m.first[b]:m.first[b+1]]
}

// span is a run of multimap.ids.
type span struct{ from, to uint32 }

// spans appends where the numbers of each hash are. Asking for many at once is
// faster than one after the other.
func (m *multimap) spans(hashes []uint64, out []span) []span {
	for _, h := range hashes {
		b := m.bucket(h)
		out = append(out, span{m.first[b], m.first[b+1]})
	}
	return out
}

func (m *multimap) bucket(hash uint64) uint64 {
	return hash & uint64(len(m.first)-2)
}

// The seeds keep keys of several meanings apart in one multimap.
const (
	seedText uint64 = 14695981039346656037 + iota
	seedSkeleton
	seedLatin
	seedNative
	seedJoined
	seedNumber
	seedGram
	seedInitial
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
