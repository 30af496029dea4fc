package watchlist

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestBagsAreNeverFurtherThanEdits is the law that lets names be passed over by
// their letters: two names are at least as many edits away from each other as their
// bags are apart, and the order of their words does not matter.
func TestBagsAreNeverFurtherThanEdits(t *testing.T) {
	word := rapid.StringMatching(`[a-e0-2k-z]{0,24}`)
	apart := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") {
			at := rapid.IntRange(0, len(a)).Draw(t, "at")
			b = a[:at] + rapid.SampledFrom([]string{"", "a", "zz"}).Draw(t, "put") + a[min(at+1, len(a)):]
		}
		n := bag(0).with(a).apart(bag(0).with(b))
		apart += n
		if edits := levenshtein(a, b); n > edits {
			t.Fatalf("%q and %q: bags are %d apart, texts %d", a, b, n, edits)
		}
		if back := bag(0).with(b).apart(bag(0).with(a)); back != n {
			t.Fatalf("%q and %q: %d one way, %d the other", a, b, n, back)
		}
		if bag(0).with(a).with(b) != bag(0).with(b).with(a) {
			t.Fatalf("%q and %q: the order matters", a, b)
		}
	})
	if apart == 0 {
		t.Error("no bags are apart")
	}
}

// TestBag protects the counts, their end at 15, and that other letters may be anything.
func TestBag(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "cab", 0}, {"abc", "abcc", 1}, {"aaaa", "eeee", 4}, {"aaab", "eb", 3},
		{strings.Repeat("a", 40), strings.Repeat("a", 15), 0}, {strings.Repeat("a", 40), "a", 14},
		{"naïve", "zzzz", 0}, {"qqqq", "wwww", 0}, // one class
	} {
		if got := bag(0).with(c.a).apart(bag(0).with(c.b)); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestKin holds the table against a map, also where it grows and is used again.
func TestKin(t *testing.T) {
	var k kin
	rapid.Check(t, func(t *rapid.T) {
		k.reset()
		want := make(map[uint32]alike)
		for _, id := range rapid.SliceOfN(rapid.Uint32Range(0, 5000), 0, 2500).Draw(t, "ids") {
			a := alike{similarity: float32(id), word: uint16(len(want))}
			k.put(id, a)
			want[id] = a
		}
		for id := range uint32(5001) {
			got, ok := k.get(id)
			if w, known := want[id]; ok != known || got != w {
				t.Fatalf("%d: %+v %v, want %+v %v", id, got, ok, w, known)
			}
		}
	})
}
