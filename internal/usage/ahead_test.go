package usage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"duly/internal/conditions"
	"duly/internal/usage"
)

// delivered gives a directory of files, each with its own part of the events.
func delivered(t testing.TB, files, events int) *usage.Tree {
	t.Helper()
	dir := t.TempDir()
	lines := bytes.SplitAfter(telemetry(files*events), []byte("\n"))
	for i := range files {
		packed := squeezed(t, bytes.Join(lines[i*events:(i+1)*events], nil))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json.gz", i)), packed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := usage.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

// Protects: objects that are read side by side come in the order of their names and
// as they come when read alone; one that cannot be opened stops no other; and nothing
// that was cut short looks whole.
func TestReadTree(t *testing.T) {
	tree := delivered(t, 20, 50)
	m := monitor(t, fleet()...)
	var names []string
	for r := range m.ReadTree(t.Context(), "s", tree) {
		f, err := tree.Open(r.Name)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := m.Read(t.Context(), "s", r.Name, f)
		f.Close()
		if err != nil || r.Err != nil || r.Closed != nil || !reflect.DeepEqual(alone, r.Batch) {
			t.Fatalf("%+v %v, alone %+v", r, err, alone)
		}
		names = append(names, r.Name)
	}
	if len(names) != 20 || names[7] != "007.json.gz" || names[19] != "019.json.gz" {
		t.Errorf("%v", names)
	}
	for range m.ReadTree(t.Context(), "s", tree) {
		break // what is read ahead must end with the loop
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	read := 0
	for r := range m.ReadTree(ctx, "s", tree) {
		if last = r.Err; last == nil {
			read++
		}
		cancel()
	}
	if !errors.Is(last, context.Canceled) || read == 20 {
		t.Errorf("cut short after %d objects: %v", read, last)
	}
}

// Protects: one file that leads out of the directory, between two that are good.
func TestReadTreeClosed(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.json", "c.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), telemetry(3), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "b.json")); err != nil {
		t.Fatal(err)
	}
	tree, err := usage.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	var got []string
	for r := range monitor(t, fleet()...).ReadTree(t.Context(), "s", tree) {
		got = append(got, fmt.Sprintln(r.Name, r.Closed != nil, r.Batch != nil && r.Batch.Object.Read == 3))
	}
	if want := []string{"a.json false true\n", "b.json true false\n", "c.json false true\n"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// peak notes the most memory that lived while it was read from.
type peak struct {
	r    io.Reader
	most uint64
}

func (p *peak) Read(b []byte) (int, error) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	p.most = max(p.most, sample[0].Value.Uint64())
	return p.r.Read(b)
}

// Protects: memory does not grow with the object: one of 200 MB of different events
// takes what one of 20 MB takes.
func TestMemoryIsFlat(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // what is garbage counts too
	plain := telemetry(3000)
	m := monitor(t, fleet()...)
	read := func(rounds int) (most uint64, events int64) {
		piped, w := io.Pipe()
		go func() {
			z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
			var err error
			for i := 0; i < rounds && err == nil; i++ {
				_, err = z.Write(bytes.ReplaceAll(plain, []byte(`"eventID":"`), fmt.Appendf(nil, `"eventID":"%04d-`, i)))
			}
			w.CloseWithError(errors.Join(err, z.Close()))
		}()
		runtime.GC()
		p := &peak{r: piped}
		b, err := m.Read(t.Context(), "s", "x", p)
		if err != nil || b.Object.Status != usage.Complete {
			t.Fatal(b, err)
		}
		return p.most, b.Object.Read
	}
	small, n := read(4)
	large, tenfold := read(40)
	t.Logf("%d events: %d MB at most; %d events: %d MB", n, small>>20, tenfold, large>>20)
	if tenfold != 10*n || large > 200<<20 || large > small+small/2+8<<20 {
		t.Errorf("%d events take %d bytes, %d events %d", n, small, tenfold, large)
	}
}

// BenchmarkTree reads eight objects: by all processors, and by one in the same turn.
// speedup is the ratio of the two by the clock. hash-speedup is the same of hashing in
// eight goroutines, which share nothing: what the machine has to give at the time.
func BenchmarkTree(b *testing.B) {
	tree := delivered(b, 8, 4000)
	set, err := conditions.Load(tenRules(b))
	if err != nil {
		b.Fatal(err)
	}
	m, err := usage.NewMonitor([]*conditions.Set{set}, fleet())
	if err != nil {
		b.Fatal(err)
	}
	read := func() {
		for r := range m.ReadTree(context.Background(), "s", tree) {
			if r.Batch == nil || r.Batch.Object.Read != 4000 {
				b.Fatal(r)
			}
		}
	}
	text := telemetry(2000)
	hash := func() {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 8 {
					sha256.Sum256(text)
				}
			})
		}
		all.Wait()
	}
	var side, one [2]time.Duration
	for b.Loop() {
		for i, work := range []func(){read, hash} {
			side[i] += timed(work)
			procs := runtime.GOMAXPROCS(1)
			one[i] += timed(work)
			runtime.GOMAXPROCS(procs)
		}
	}
	b.ReportMetric(one[0].Seconds()/side[0].Seconds(), "speedup")
	b.ReportMetric(one[1].Seconds()/side[1].Seconds(), "hash-speedup")
}

func timed(work func()) time.Duration {
	began := time.Now()
	work()
	return time.Since(began)
}
