package bundle

import (
	"encoding/binary"
	"runtime"
	"testing"

	"duly/internal/ledger"
)

// many feeds a checker entries that no file would fit, every fourth a rating, and gives
// the largest heap that was seen on the way and the checker.
func many(t testing.TB, entries int, look bool) (peak uint64, c *Checker) {
	t.Helper()
	l := newLog(t, 5)
	c = NewChecker(Options{Schemas: testSchemas, Origin: testOrigin, Key: l.key.Public()})
	feed := func(leaf []byte, fields []Sealed) {
		if _, err := c.Entry(leaf, fields); err != nil {
			t.Fatal(err)
		}
	}
	feed(l.rows[0].leaf, nil)
	var leaves []*ledger.Leaf
	var sealed [][]Sealed
	for _, at := range []int{
		add(l, itemKind, l.id(), &item{State: "active"}), add(l, customerKind, l.id(), &customerRecord{State: "active"}), add(l, factKind, l.id(), &factRecord{}),
		add(l, ratingKind, l.id(), &ratingRecord{Engine: EngineNumber()}),
	} {
		leaf, err := ledger.ParseLeaf(l.rows[at].leaf)
		if err != nil {
			t.Fatal(err)
		}
		leaves, sealed = append(leaves, leaf), append(sealed, Manifest{}.Redact(l.rows[at].schema, l.rows[at].digests, l.rows[at].disclosures))
	}
	id := []byte(leaves[0].ID)
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	for i := range entries {
		leaf := leaves[i%len(leaves)]
		for k := range 5 {
			id[k] = letters[i>>(5*k)&31]
		}
		leaf.ID, leaf.Time = string(id), l.time+int64(i)+1
		binary.BigEndian.PutUint64(leaf.Nonce, uint64(i))
		feed(leaf.Encode(), sealed[i%len(leaves)])
		if look && (i+1)%(entries/10) == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	return peak, c
}

// TestMemoryDoesNotGrowWithTheEntries protects who checks a log of millions of entries:
// twice as many, of which a quarter are ratings that any decision may name, take no more
// memory once revisions and places of ratings have spilled, and what has spilled is found.
func TestMemoryDoesNotGrowWithTheEntries(t *testing.T) {
	const entries = 280_000 // more than are kept: 131,072 revisions, 65,536 ratings
	small, one := many(t, entries, true)
	one.Close()
	large, two := many(t, 2*entries, true)
	defer two.Close()
	t.Logf("%d entries: heap %d; %d entries: heap %d", entries, small, 2*entries, large)
	if large > small+small/10+1<<20 {
		t.Errorf("the heap grows from %d to %d bytes", small, large)
	}
	if two.ratings.runs < 2 {
		t.Fatalf("the places of ratings have spilled %d times", two.ratings.runs)
	}
	if _, err := two.Finish(); err != nil || two.Err() != nil {
		t.Errorf("%v %v", err, two.Err())
	}
}

// TestPlacesAreFound protects decisions on old ratings: what has spilled is found as what
// has not, and what was never added is not.
func TestPlacesAreFound(t *testing.T) {
	var p places
	defer p.close()
	hash := func(i int) ledger.Hash { return ledger.LeafHash(binary.BigEndian.AppendUint32(nil, uint32(i))) }
	const n = 2*placesKept + 100
	for i := range n {
		if err := p.add(hash(i), int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < n+1000; i += 97 {
		at, known, err := p.at(hash(i))
		if err != nil || known != (i < n) || known && at != int64(i) {
			t.Fatalf("number %d of %d: %d, %v, %v", i, n, at, known, err)
		}
	}
	p.file.Close()
	if _, _, err := p.at(hash(n + 1)); err == nil {
		t.Error("a file that cannot be read tells nothing")
	}
}
