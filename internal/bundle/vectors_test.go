package bundle

import (
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/rule"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write testdata/ratings.json; only for another arithmetic or method")

const vectorFile = "testdata/ratings.json"

// vector is a rating for whoever writes a verifier of their own: facts in, as entries
// state them, over the baseline of the pack's tests; public fields and trace out. Most
// traces stand as their hash alone.
type vector struct {
	Method      string                     `json:"method"` // the file of the pack
	Day         string                     `json:"day,omitempty"`
	Facts       map[string]ledger.Scalar   `json:"facts"`
	Public      map[string]json.RawMessage `json:"public"`
	Missing     []string                   `json:"missing"`
	Trace       string                     `json:"trace,omitempty"`
	TraceSHA256 string                     `json:"trace_sha256"`
}

// TestRatingVectors protects a second implementation: the vectors are what this one gives.
func TestRatingVectors(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	var vectors []vector
	for _, x := range []struct {
		path string
		days []string
	}{
		{"internal/rating/testdata/engine.yaml", []string{""}}, {"internal/rating/testdata/engine-2.yaml", []string{"2026-06-01", "2020-01-01", ""}},
		{"packs/methods/rm-1.yaml", []string{""}}, {"packs/methods/rm-2.yaml", []string{""}}, {"packs/methods/undp.yaml", []string{""}},
	} {
		m, calm := method(t, x.path)
		for i := range 25 {
			v := vector{Method: x.path, Day: x.days[i%len(x.days)], Facts: vary(random, m, i)}
			vectors = append(vectors, v.rated(t, m, calm, i%8 == 3 && !strings.HasSuffix(x.path, "undp.yaml")))
		}
	}
	got := []byte("[")
	for i, v := range vectors {
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got = append(append(got, []string{"\n", ",\n"}[min(i, 1)]...), line...)
	}
	got = append(got, "\n]\n"...)
	if *update {
		if err := os.WriteFile(vectorFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Error("the ratings are not those of " + vectorFile + "; another arithmetic needs another number of the engine, then -update")
	}
}

// method loads a method and the facts of its tests that raise nothing.
func method(t *testing.T, path string) (*rating.Method, map[string]any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(path, content)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rating.Load(p)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Tests struct {
			Baseline map[string]any `yaml:"baseline"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal(content, &body); err != nil {
		t.Fatal(err)
	}
	return m, body.Tests.Baseline
}

// vary gives facts that differ from the calm ones, the more the later in the row, and
// every fourth time a few that are not known.
func vary(random *rand.Rand, m *rating.Method, n int) map[string]ledger.Scalar {
	facts := map[string]ledger.Scalar{}
	for _, f := range m.Facts() {
		switch {
		case random.IntN(50) < n:
			facts[f.ID] = choose(random, f)
		case n%4 == 3 && random.IntN(12) == 0:
			facts[f.ID] = ledger.Unknown("not asked")
		}
	}
	return facts
}

func choose(random *rand.Rand, f rating.Fact) ledger.Scalar {
	switch f.Type {
	case rule.Bool:
		return []ledger.Scalar{ledger.Bool(true), ledger.Bool(false), ledger.Text("yes"), ledger.Text("no"), {}}[random.IntN(5)]
	case rule.Int:
		return ledger.Int(f.Min + random.Int64N(min(f.Max-f.Min, 120)+1))
	case rule.Text:
		return ledger.Text(append(slices.Clone(f.Values), "something else")[random.IntN(len(f.Values)+1)])
	}
	list := []string{}
	for _, v := range f.Values {
		if random.IntN(3) == 0 {
			list = append(list, v)
		}
	}
	return ledger.Texts(list)
}

func scalarOf(x any) ledger.Scalar {
	switch x := x.(type) {
	case bool:
		return ledger.Bool(x)
	case int:
		return ledger.Int(int64(x))
	case string:
		return ledger.Text(x)
	case []any:
		list := []string{}
		for _, item := range x {
			list = append(list, item.(string))
		}
		return ledger.Texts(list)
	}
	return ledger.Scalar{}
}

// rated fills in what follows from the facts.
func (v vector) rated(t *testing.T, m *rating.Method, calm map[string]any, whole bool) vector {
	t.Helper()
	in := rating.Inputs{}
	facts := map[string]ledger.Scalar{}
	for id, x := range calm {
		facts[id] = scalarOf(x)
	}
	maps.Copy(facts, v.Facts)
	for id, value := range facts {
		f, _ := m.Fact(id)
		in[id] = InputValue(f, value)
	}
	r, err := m.RateOn(v.Day, in)
	if err != nil {
		t.Fatal(err)
	}
	v.Public = map[string]json.RawMessage{}
	for name, value := range outcomes(&r) {
		v.Public[name] = json.RawMessage(value)
	}
	v.Missing = append([]string{}, r.Missing...)
	trace := Trace(&r)
	v.TraceSHA256 = hexSum([]byte(trace))
	if whole {
		v.Trace = trace
	}
	return v
}

// TestTheOtherVerifiersOwnTests protects the verifier in Python by its own tests: published
// vectors of RFC 8032 and RFC 6962, the project's, and the tests that packs carry.
func TestTheOtherVerifiersOwnTests(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("DULY_REQUIRE_PYTHON") == "1" {
			t.Fatal(err)
		}
		t.Skip("there is no python3")
	}
	out, err := exec.Command(python, "-m", "unittest", "discover", "-s", "../../contrib/verify-bundle/tests").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nOK") {
		t.Errorf("%v\n%s", err, out)
	}
}
