package watchlist

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkScreen15k asks a list of 15,000 entities with 37,000 names: OFAC's of
// May 2024 with the labelled questions where DULY_TESTDATA is set, else made-up
// ones. The baseline compares every name.
func BenchmarkScreen15k(b *testing.B) {
	list, asked := screened(b)
	x := NewIndex(list)
	b.Run("index", func(b *testing.B) { screen(b, x.Search, asked) })
	b.Run("baseline every name", func(b *testing.B) { screen(b, x.bruteForce, asked) })
}

// screened gives the list and the questions of BenchmarkScreen15k.
func screened(b *testing.B) (*List, []string) {
	dir := os.Getenv("DULY_TESTDATA")
	if _, err := os.Stat(filepath.Join(dir, "watchlists", "ofac-2024-05")); dir == "" || err != nil {
		s := newSynthetic(15)
		list := s.list(37_000)
		return list, s.queries(list, 2000)
	}
	var asked []string
	for _, q := range questions(b) {
		asked = append(asked, q.Query)
	}
	return load(b, "ofac", "watchlists/ofac-2024-05"), asked
}

// BenchmarkScreen1M asks a list of a million made-up names. The heap is all that
// list and index hold together; the baseline compares every name.
func BenchmarkScreen1M(b *testing.B) {
	s := newSynthetic(1)
	list := s.list(1_000_000)
	asked := s.queries(list, 20_000)
	begin, start := processor(), time.Now()
	x := NewIndex(list)
	build, work := time.Since(start), processor()-begin
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.Run("index", func(b *testing.B) {
		screen(b, x.Search, asked)
		b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MB")
		b.ReportMetric(build.Seconds(), "build-s")
		b.ReportMetric(work.Seconds(), "build-cpu-s")
	})
	b.Run("baseline every name", func(b *testing.B) { screen(b, x.bruteForce, asked) })
}

// screen measures a search over the questions, each in turn. Beside the time that
// passed stands the time of the processor, which neighbours on a shared machine
// disturb less.
func screen(b *testing.B, search func(Query, int) []Hit, asked []string) {
	var each, work []time.Duration
	search(Query{Name: asked[0]}, 10)
	begin := processor()
	for i := 0; b.Loop(); i++ {
		start, busy := time.Now(), processor()
		search(Query{Name: asked[i%len(asked)]}, 10)
		each, work = append(each, time.Since(start)), append(work, processor()-busy)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "names/s")
	b.ReportMetric(float64(b.N)/(processor()-begin).Seconds(), "names/cpu-s")
	for _, m := range []struct {
		unit  string
		times []time.Duration
	}{{"µs", each}, {"cpu-µs", work}} {
		slices.Sort(m.times)
		b.ReportMetric(float64(m.times[len(m.times)/2].Nanoseconds())/1000, "p50-"+m.unit)
		b.ReportMetric(float64(m.times[len(m.times)*99/100].Nanoseconds())/1000, "p99-"+m.unit)
	}
}

// processor gives the time that the processor has spent on this program.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPairs compares two names from their texts to the decision. The
// baseline is the edit distance of the two texts alone, by the textbook.
func BenchmarkPairs(b *testing.B) {
	s := newSynthetic(3)
	list := s.list(20_000)
	var pairs [][3]string
	for i := range list.Entities {
		e := &list.Entities[i]
		for _, a := range e.Aliases {
			pairs = append(pairs, [3]string{e.Kind.String(), e.Name, a.Name})
		}
		pairs = append(pairs, [3]string{e.Kind.String(), e.Name, list.Entities[(i*7+1)%len(list.Entities)].Name})
	}
	run := func(compare func(schema, a, b string)) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			begin := processor()
			for i := 0; b.Loop(); i++ {
				p := &pairs[i%len(pairs)]
				compare(p[0], p[1], p[2])
			}
			b.ReportMetric(float64(b.N)/(processor()-begin).Seconds(), "pairs/cpu-s")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
		}
	}
	b.Run("compare", run(func(schema, x, y string) { ComparePair(schema, x, y) }))
	b.Run("baseline edit distance", run(func(_, x, y string) { levenshtein(x, y) }))
}

// levenshtein is the textbook edit distance in bytes.
func levenshtein(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// BenchmarkDelta screens 100,000 customers against the 550 entries that a new
// edition of a list of 15,000 brought. The customers were indexed once, before.
// The baseline asks the whole list with every customer, of whom it takes 500.
func BenchmarkDelta(b *testing.B) {
	s := newSynthetic(4)
	list, come := s.list(37_000), s.list(1_350)
	come.Entities = come.Entities[:min(550, len(come.Entities))]
	x := NewIndex(list)
	var queries []Query
	for _, name := range s.queries(list, 100_000) {
		queries = append(queries, Query{Name: name})
	}
	p := x.Population(queries)
	b.Run("reverse", func(b *testing.B) {
		begin := processor()
		for b.Loop() {
			for i := range come.Entities {
				p.Touched(&come.Entities[i])
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/delta")
		b.ReportMetric((processor()-begin).Seconds()/float64(b.N), "cpu-s/delta")
	})
	b.Run("baseline every customer", func(b *testing.B) {
		begin := processor()
		for b.Loop() {
			for i := range 500 {
				x.Search(queries[i], 10)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*200, "s/delta")
		b.ReportMetric((processor()-begin).Seconds()/float64(b.N)*200, "cpu-s/delta")
	})
}

// BenchmarkLoad loads a saved index of 37,000 names; the baseline builds it.
func BenchmarkLoad(b *testing.B) {
	list := newSynthetic(15).list(37_000)
	var file bytes.Buffer
	if err := NewIndex(list).Save(&file, ""); err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		b.SetBytes(int64(file.Len()))
		for b.Loop() {
			if _, err := LoadIndex(bytes.NewReader(file.Bytes()), ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("baseline build", func(b *testing.B) {
		for b.Loop() {
			NewIndex(list)
		}
	})
}
