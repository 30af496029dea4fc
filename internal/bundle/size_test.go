package bundle

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// remark is the smallest record that has something to disclose.
type remark struct {
	State string `duly:"state,public,enum=open"`
	Text  string `duly:"text,customer"`
}

var remarkKind = ledger.Define[remark]("remark", 1)

// bigLog is a log that no memory has to hold: its entries are made when they are asked for.
type bigLog struct {
	*testLog
	n       int64
	leaves  [2]*ledger.Leaf
	schemas Schemas
}

func newBigLog(t *testing.T, n int64) *bigLog {
	b := &bigLog{testLog: newLog(t, 40), n: n, schemas: Schemas{epochKind.Schema().Hash(): epochKind.Schema(), remarkKind.Schema().Hash(): remarkKind.Schema()}}
	for i := range b.leaves {
		leaf, err := ledger.ParseLeaf(b.rows[add(b.testLog, remarkKind, b.id(), &remark{State: "open", Text: "x"})].leaf)
		if err != nil {
			t.Fatal(err)
		}
		b.leaves[i] = leaf
	}
	return b
}

// each gives all leaves in the order of the log, each until the next, with the row that
// has its fields.
func (b *bigLog) each(do func(leaf []byte, fields row) error) error {
	if err := do(b.rows[0].leaf, b.rows[0]); err != nil {
		return err
	}
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	id, start := []byte(b.leaves[0].ID), b.time
	for i := range b.n - 1 {
		for k := range 5 {
			id[k] = letters[i>>(5*k)&31]
		}
		leaf := b.leaves[i%2]
		leaf.ID, leaf.Time = string(id), start+i+1
		binary.BigEndian.PutUint64(leaf.Nonce, uint64(i))
		if err := do(leaf.Encode(), b.rows[1+i%2]); err != nil {
			return err
		}
	}
	return nil
}

// write writes the bundle and gives the signed checkpoints over n and over n-1 entries.
func (b *bigLog) write(file *os.File, witness *ledger.WitnessKey) (newest, older []byte) {
	must := func(err error) {
		if err != nil {
			b.t.Helper()
			b.t.Fatal(err)
		}
	}
	var edge ledger.Edge
	sign := func() []byte {
		c := ledger.Checkpoint{Origin: testOrigin, Size: edge.Size(), Root: edge.Root()}
		signed, err := b.key.Sign(c)
		must(err)
		signed, err = ledger.Spell(append(signed, witness.Line(c, time.Unix(1_790_000_000, 0))...))
		must(err)
		return signed
	}
	must(b.each(func(leaf []byte, _ row) error {
		if edge.Size() == b.n-1 {
			older = sign()
		}
		edge.Append(ledger.LeafHash(leaf))
		return nil
	}))
	newest = sign()
	w, err := NewWriter(file, Manifest{Origin: testOrigin, Key: b.key.Public(), Size: b.n, Classes: []ledger.Class{ledger.Customer}}, newest)
	must(err)
	must(w.Entries(func(put Put) error {
		return b.each(func(leaf []byte, r row) error { return put(leaf, r.schema, r.digests, r.disclosures) })
	}))
	must(w.Close())
	return newest, older
}

// patched is a file of which some bytes are read as others.
type patched struct {
	file  io.ReaderAt
	at    []int64
	bytes [][]byte
	every func(p []byte, off int64) // changes what is read anywhere
}

func (f *patched) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.file.ReadAt(p, off)
	if f.every != nil {
		f.every(p[:n], off)
	}
	for i, at := range f.at {
		if end := at + int64(len(f.bytes[i])); at < off+int64(n) && end > off {
			copy(p[max(0, at-off):n], f.bytes[i][max(0, off-at):])
		}
	}
	return n, err
}

func (f *patched) put(at int64, b []byte) { f.at, f.bytes = append(f.at, at), append(f.bytes, b) }

// mend makes headers and checksums right again, with other names where given.
func (f *patched) mend(t *testing.T, members []member, names map[string]string) {
	t.Helper()
	var all []member
	for _, m := range members {
		sum := crc32.NewIEEE()
		if _, err := io.Copy(sum, io.NewSectionReader(f, m.data(), m.size)); err != nil {
			t.Fatal(err)
		}
		if m.crc = sum.Sum32(); names[m.name] != "" {
			m.name = names[m.name]
		}
		f.put(m.offset, m.local())
		all = append(all, m)
	}
	last := all[len(all)-1]
	f.put(last.data()+last.size, directory(all, last.data()+last.size))
}

// peak runs something and gives the largest heap that was seen meanwhile.
func peak(do func()) (heap uint64) {
	runtime.GC()
	var stop atomic.Bool
	done := make(chan uint64)
	go func() {
		var most uint64
		for !stop.Load() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			time.Sleep(20 * time.Millisecond)
		}
		done <- most
	}()
	do()
	stop.Store(true)
	return <-done
}

// boundOfHeap is what a check of a bundle may take of the heap, however many entries it has.
const boundOfHeap = 256 << 20

// TestBadInputAtSize protects whoever is sent a large file: what holds is said to hold and
// what is bad is refused with its reason, in memory that does not grow with the file.
// DULY_BUNDLE_ENTRIES says how many entries it has; with 10,000,100 it is close to the 4 GiB
// that a bundle may have, and takes minutes. It has as many digits as the number before it.
func TestBadInputAtSize(t *testing.T) {
	n := int64(30_000)
	if s := os.Getenv("DULY_BUNDLE_ENTRIES"); s != "" {
		var err error
		if n, err = strconv.ParseInt(s, 10, 64); err != nil || n < 1000 {
			t.Fatalf("DULY_BUNDLE_ENTRIES is %q, and no number from 1000", s)
		}
	}
	b := newBigLog(t, n)
	witness := b.witness("witness.example/w")
	file, err := os.Create(filepath.Join(t.TempDir(), "big.duly"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	newest, older := b.write(file, witness)
	if len(newest) != len(older) {
		t.Fatalf("%d entries and one fewer have numbers of another length: set DULY_BUNDLE_ENTRIES to one more", n)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	members, err := readZip(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	entries, checkpoint := members[2], members[1].data()
	first := int64(len(b.rows[0].leaf)) + 2
	block := (entries.size - first) / (n - 1) // all entries but the first have one length
	at := entries.data() + first + n/2*block
	two := make([]byte, 2*block)
	if _, err := file.ReadAt(two, at); err != nil {
		t.Fatal(err)
	}
	one := two[:block]
	line := int64(bytes.IndexByte(one, '\n')) + 1 // where its fields begin
	another := ledger.Checkpoint{Origin: testOrigin, Size: n}
	other, err := newLog(t, 41).key.Sign(another)
	if err != nil {
		t.Fatal(err)
	}
	other = append(other, witness.Line(another, time.Unix(1_790_000_000, 0))...)
	known, err := ledger.ParseWitness(witness.Public())
	if err != nil {
		t.Fatal(err)
	}
	trust := Trust{Key: b.key.Public(), Witnesses: []ledger.Witness{known}}
	for _, c := range []struct {
		name  string
		size  int64
		names map[string]string
		spoil func(f *patched)
		want  string
	}{
		{name: "honest", size: info.Size()},
		{name: "truncated", size: info.Size() / 2, want: "the content of member"},
		{name: "reordered", size: info.Size(), spoil: func(f *patched) { f.put(at, append(bytes.Clone(two[block:]), one...)) }, want: "its time is not after that of the entry before it"},
		{name: "an entry twice", size: info.Size(), spoil: func(f *patched) { f.put(at+block, one) }, want: "its time is not after that of the entry before it"},
		{name: "swapped disclosures", size: info.Size(), spoil: func(f *patched) {
			f.put(at+line, two[block+line:])
			f.put(at+block+line, one[line:])
		}, want: "not those that the leaf commits to"},
		{name: "every disclosure changed", size: info.Size(), spoil: func(f *patched) {
			f.every = func(p []byte, off int64) {
				begin := entries.data() + first + line + 3
				for i := max(0, (off-begin+block-1)/block); i < n-1; i++ {
					place := begin + i*block - off
					if place >= int64(len(p)) {
						return
					}
					if place >= 0 {
						p[place] ^= 1
					}
				}
			}
		}, want: "and " + strconv.FormatInt(n-1-maxProblems, 10) + " more"},
		{name: "the checkpoint of another log", size: info.Size(), spoil: func(f *patched) { f.put(checkpoint, other) }, want: "not signed by the log's key"},
		{name: "an older checkpoint as the newest", size: info.Size(), spoil: func(f *patched) { f.put(checkpoint, older) }, want: "another log or size"},
		{name: "a forged witness", size: info.Size(), spoil: func(f *patched) {
			forged := bytes.Clone(newest)
			forged[len(forged)-20] ^= 1
			f.put(checkpoint, forged)
		}, want: "is forged"},
		{name: "a path that leads elsewhere", size: info.Size(), names: map[string]string{"entries": "../../e"}, want: "no entries in their place"},
	} {
		f := &patched{file: file}
		if c.spoil != nil {
			c.spoil(f)
		}
		if c.size == info.Size() {
			f.mend(t, members, c.names)
		}
		start, err := processorTime(t), error(nil)
		heap := peak(func() { _, err = Verify(io.NewSectionReader(f, 0, c.size), c.size, b.schemas, trust) })
		took := processorTime(t) - start
		var usage syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		t.Logf("%s: %d entries, %d MB, %.1f s of processors, %.0f entries/s; heap %d MB, process at most %d MB", c.name, n, info.Size()>>20, took.Seconds(), float64(n)/took.Seconds(), heap>>20, usage.Maxrss>>10)
		if heap > boundOfHeap {
			t.Errorf("%s: the heap grows to %d MB", c.name, heap>>20)
		}
		if c.want == "" && err != nil || c.want != "" && (fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
	}
}
