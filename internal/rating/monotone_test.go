package rating

import (
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/packs"
)

// Protects: the trial of a whole method. The parts are refused one by one where they
// would let risk lower a result, so only a method that was changed after they were
// checked can show that the trial sees it.
func TestTrialSeesAFall(t *testing.T) {
	data, err := os.ReadFile("testdata/engine-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		spoil func(*Method)
		blame string
	}{
		{"nothing", func(*Method) {}, ""},
		{"a matrix that falls", func(m *Method) { m.matrix[5] = [6]Band{0, Critical, High, Medium, Low, Low} }, "raising"},
	} {
		p, err := pack.Parse("engine-2.yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Load(p)
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(m)
		err = m.checkMonotone()
		if (err == nil) != (c.blame == "") || err != nil && (fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.blame)) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// Protects: on any facts, raising an indicator lowers no end of a rating, necessary
// controls and second scorer included.
func TestRaisingOnFactsNeverLowers(t *testing.T) {
	list, err := pack.ReadDir(packs.Files, "methods")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		m, err := Load(p)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			s := m.sheet()
			defer s.done()
			for i := range m.facts {
				var v any
				if rapid.IntRange(0, 4).Draw(t, "known") > 0 {
					v = rapid.SampledFrom(m.facts[i].choices()).Draw(t, m.facts[i].ID)
				}
				if err := s.set(i, v); err != nil {
					t.Fatal(err)
				}
			}
			for n := range m.rules {
				if err := s.answer(n); err != nil {
					t.Fatal(err)
				}
			}
			if i := s.loweredBy(); i >= 0 {
				t.Fatalf("%s: raising %s lowers the result", m.ID, m.indicators[i].ID)
			}
		})
	}
}
