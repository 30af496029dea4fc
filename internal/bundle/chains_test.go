package bundle

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// links makes n links in whole chains of up to five revisions.
func links(n int) []link {
	const letters, growing = "abcdefghijklmnopqrstuvwxyz234567", 64
	random := rand.New(rand.NewChaCha8([32]byte{3}))
	var list []link
	var tips [growing]*link // the newest links of the chains that may still grow
	for seq := range n {
		l := &link{kind: "item", rev: 1, seq: int64(seq)}
		l.hash[0], l.hash[1], l.hash[2], l.hash[31] = byte(seq), byte(seq>>8), byte(seq>>16), 1
		i := random.IntN(growing)
		if last := tips[i]; last != nil && last.rev < 5 && random.IntN(2) == 0 {
			l.id, l.rev, l.prev = last.id, last.rev+1, last.hash
		} else {
			id := make([]byte, idBytes)
			for j := range id {
				id[j] = letters[random.IntN(32)]
			}
			l.id = string(id)
		}
		tips[i] = l
		list = append(list, *l)
	}
	return list
}

// TestChainsSpill protects the verifier's verdict on large logs: what goes through
// temporary files is judged as what stays in memory, whole or broken.
func TestChainsSpill(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	whole := links(linksKept + linksKept/4)
	for _, c := range []struct {
		name   string
		change func([]link) []link
		breaks int
	}{
		{"whole", func(l []link) []link { return l }, 0},
		{"a link that names another", func(l []link) []link { l[revised(l, linksKept/2)].prev[5] ^= 1; return l }, 1},
		{"one in the last part", func(l []link) []link { l[revised(l, linksKept+100)].prev[5] ^= 1; return l }, 1},
		{"a revision left out", func(l []link) []link { i := revised(l, 1000); l[i].rev++; return l[:i+1] }, 1},
		{"a chain of another kind", func(l []link) []link { i := revised(l, 2000); l[i].kind = "ballot"; return l[:i+1] }, 1},
		{"a first revision left out", func(l []link) []link { return slices.Delete(l, first(l), first(l)+1) }, 1},
		{"an entry twice", func(l []link) []link {
			again := l[revised(l, 3000)]
			again.seq = int64(len(l))
			return append(l, again)
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := c.change(slices.Clone(whole))
			var memory, spilled []string
			check(slices.Clone(list), func(seq int64, what string) { memory = append(memory, fmt.Sprint(seq, " ", what)) })
			var chain chains
			defer chain.close()
			for i, l := range list {
				if err := chain.add(l); err != nil {
					t.Fatal(err)
				}
				if i == len(list)/3 && len(list) < linksKept { // short lists are spilled by hand
					if err := chain.spill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if chain.dir == "" {
				t.Fatal("nothing was spilled")
			}
			if _, err := chain.finish(func(seq int64, what string) { spilled = append(spilled, fmt.Sprint(seq, " ", what)) }); err != nil {
				t.Fatal(err)
			}
			slices.Sort(memory)
			slices.Sort(spilled)
			if !slices.Equal(memory, spilled) || len(memory) != c.breaks {
				t.Errorf("in memory %q, spilled %q, want %d", memory, spilled, c.breaks)
			}
			chain.close()
			if _, err := os.Stat(chain.dir); !os.IsNotExist(err) {
				t.Errorf("the temporary files are still there: %v", err)
			}
		})
	}
}

// revised gives a link from position i on that is the newest of its chain and not
// its first.
func revised(list []link, i int) int {
	for ; ; i++ {
		last := !slices.ContainsFunc(list[i+1:], func(l link) bool { return l.id == list[i].id })
		if list[i].rev > 1 && last {
			return i
		}
	}
}

// first gives the first link of a chain with exactly two.
func first(list []link) int {
	i := slices.IndexFunc(list, func(l link) bool { return l.rev == 2 })
	for list[i].rev != 2 || slices.ContainsFunc(list, func(l link) bool { return l.id == list[i].id && l.rev > 2 }) {
		i++
	}
	return slices.IndexFunc(list, func(l link) bool { return l.id == list[i].id })
}

// TestSpillingNeedsADisk protects the verdict when temporary files fail: the check
// could not run, and says so.
func TestSpillingNeedsADisk(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/nothing")
	var c chains
	if err := c.spill(); fault.ExitStatus(err) != 3 {
		t.Errorf("no temporary directory: %v", err)
	}
}

// sampling is a file that looks at the heap while it is read.
type sampling struct {
	*os.File
	step, read, next, peak int64
}

func (s *sampling) ReadAt(p []byte, off int64) (int, error) {
	if s.read += int64(len(p)); s.read >= s.next {
		s.next = s.read + s.step
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s.peak = max(s.peak, int64(m.HeapAlloc))
	}
	return s.File.ReadAt(p, off)
}

// TestMemoryDoesNotGrowWithTheFile protects people who check a large log on a
// small machine. The bound leaves room for the links that are kept in memory, and
// is far below what the file holds.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	peak := func(entries int) (heap, size int64) {
		l := newLog(t, 6)
		text := strings.Repeat("x", 1000)
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for range entries {
			add(l, whisperKind, l.id(), &whisper{State: "open", Text: text})
		}
		if _, err := file.Write(l.bundle(ledger.Personal)); err != nil {
			t.Fatal(err)
		}
		l = nil
		info, _ := file.Stat()
		s := &sampling{File: file, step: info.Size() / 10}
		if _, err := Verify(s, info.Size(), testSchemas, Trust{}); err != nil {
			t.Fatal(err)
		}
		return s.peak, info.Size()
	}
	small, sizeSmall := peak(1500)
	large, sizeLarge := peak(15000)
	t.Logf("%d bytes: heap %d; %d bytes: heap %d", sizeSmall, small, sizeLarge, large)
	if grown := large - small; grown > (sizeLarge-sizeSmall)/2 {
		t.Errorf("the heap grows by %d bytes when the file grows by %d", grown, sizeLarge-sizeSmall)
	}
}

// TestProblemsAreBounded protects the reader of a report about a log that is
// broken throughout, and names the first entries.
func TestProblemsAreBounded(t *testing.T) {
	l := newLog(t, 6)
	for range 200 {
		at := add(l, whisperKind, l.id(), &whisper{State: "open"})
		l.edit(at, public("open", "ajar"))
	}
	_, err := verify(l.bundle(), Trust{})
	if err == nil || strings.Count(err.Error(), "\n") > maxProblems+1 || !strings.Contains(err.Error(), "entry 1: ") || !strings.Contains(err.Error(), "more") {
		t.Errorf("the report: %v", err)
	}
	var out bytes.Buffer
	r, err := verify(sample(t).bundle(), Trust{})
	if err != nil {
		t.Fatal(err)
	}
	r.Uncovered = 3
	r.Print(&out)
	if !strings.Contains(out.String(), "the last 3 entries are under no checkpoint yet") {
		t.Errorf("what no checkpoint covers is not told:\n%s", &out)
	}
}
