package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"duly/internal/fault"
	"duly/internal/publish"
	"duly/internal/store"
)

// TestTilesOfOthers protects outsiders who use programs that nobody here wrote: a client
// of another project reads our tiles, as they grow, and checks every entry.
func TestTilesOfOthers(t *testing.T) {
	w := begin(t, 3)
	dir := t.TempDir()
	verifier, err := note.NewVerifier(w.Config.Key)
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(w.Config.Origin), torchwood.SingleVerifierPolicy(verifier))
	for _, more := range []int{0, 300, 300} {
		grow(t, w, more)
		signed, c, err := w.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		first, err := publish.Tiles(ctx, w.DB, signed, c, dir, true)
		if err != nil || first == 0 && more > 0 {
			t.Fatal(first, err)
		}
		if again, err := publish.Tiles(ctx, w.DB, signed, c, dir, true); err != nil || again != 0 {
			t.Errorf("%d tiles were written twice: %v", again, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		point, _, err := torchwood.VerifyCheckpoint(text, policy)
		if err != nil || point.N != c.Size {
			t.Fatalf("%+v, %v", point, err)
		}
		files, err := torchwood.NewTileFS(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		client, err := torchwood.NewClient(files)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for i, leaf := range client.AllEntries(ctx, point.Tree, 0) {
			if e, err := store.EntryAt(ctx, w.DB, i); err != nil || string(e.Leaf) != string(leaf) {
				t.Fatalf("entry %d is read as %q, %v", i, leaf, err)
			}
			n++
		}
		if client.Err() != nil || n != c.Size {
			t.Errorf("another program read %d of %d entries: %v", n, c.Size, client.Err())
		}
		leaf, proof, err := client.Entry(ctx, point.Tree, n-1)
		if err != nil || tlog.CheckRecord(proof, point.N, point.Hash, n-1, tlog.RecordHash(leaf)) != nil {
			t.Errorf("the last entry: %v", err)
		}
	}
	signed, c, _ := w.Checkpoint()
	other := begin(t, int(c.Size)-2)
	if _, err := publish.Tiles(ctx, other.DB, signed, c, dir, false); fault.CodeOf(err) != fault.Broken {
		t.Errorf("tiles of another log: %v", err)
	}
}

// TestTilesAreHashesOnly protects those who were assessed: without being told to, nobody
// publishes an entry.
func TestTilesAreHashesOnly(t *testing.T) {
	w := begin(t, 300)
	dir := t.TempDir()
	signed, c, err := w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := publish.Tiles(ctx, w.DB, signed, c, dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tile", "entries")); !os.IsNotExist(err) {
		t.Errorf("entries were published: %v", err)
	}
}

// TestFsck protects the tree: an entry or a tile that was changed is named.
func TestFsck(t *testing.T) {
	w := begin(t, 600)
	actor, err := w.Actor(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if wrong, root, err := store.Fsck(ctx, w.DB, 10); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	} else if _, c, err := w.Checkpoint(); err != nil || root != c.Root {
		t.Errorf("root %s, %v", root, err)
	}
	for _, harm := range []struct{ sql, says string }{
		{"update entry set leaf = (select leaf from entry where seq = 3) where seq = 300", "entry 300 is not the one"},
		{"update tile set hashes = (select hashes from tile where level = 0 and n = 0) where level = 1", "tile 1/0 is not the one"},
		{"delete from tile where level = 0 and n = 1", "tile 0/1 is not the one"},
		{"delete from entry where seq = 500", "entry 500 is missing"},
	} {
		if err := w.DB.Write(ctx, actor.Key, func(tx *store.Tx) error { return tx.Exec(harm.sql) }); err != nil {
			t.Fatal(err)
		}
		if wrong, _, err := store.Fsck(ctx, w.DB, 10); err != nil || !strings.Contains(strings.Join(wrong, "\n"), harm.says) {
			t.Errorf("%s: %q, %v", harm.sql, wrong, err)
		}
	}
}

// BenchmarkInclusion makes proofs from the store. Beside it stands reading one entry, which
// is one query by key. Both say what they take of processor time, which other programs
// change less than the clock.
func BenchmarkInclusion(b *testing.B) {
	w := begin(b, 100_000)
	_, c, err := w.Checkpoint()
	if err != nil {
		b.Fatal(err)
	}
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	measured := func(name string, run func(seq int64) error) {
		b.Run(name, func(b *testing.B) {
			start := used()
			for i := int64(0); b.Loop(); i++ {
				if err := run(i * 7919 % c.Size); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((used()-start).Nanoseconds())/float64(b.N), "processor-ns/op")
		})
	}
	measured("proof", func(seq int64) error {
		_, err := store.Inclusion(ctx, w.DB, seq, c.Size)
		return err
	})
	measured("read-entry", func(seq int64) error {
		_, err := store.EntryAt(ctx, w.DB, seq)
		return err
	})
}
