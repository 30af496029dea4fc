package rating_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
)

// answers gives every fact an answer, and then forgets as many as asked for, spread
// over the method.
func answers(m *rating.Method, forget int) rating.Inputs {
	in := rating.Inputs{}
	for _, f := range m.Facts() {
		switch {
		case len(f.Values) > 0 && f.Type.String() == "text":
			in[f.ID] = rating.Known(f.Values[0])
		case len(f.Values) > 0:
			in[f.ID] = rating.Known(f.Values[:1])
		case f.Type.String() == "bool":
			in[f.ID] = rating.Known(false)
		default:
			in[f.ID] = rating.Known(f.Min + 2)
		}
	}
	facts := m.Facts()
	for i := range forget {
		in[facts[i*len(facts)/forget].ID] = rating.Unknown("not asked")
	}
	return in
}

var sink int

func BenchmarkRate(b *testing.B) {
	m := rm1(b)
	for _, forget := range []int{0, 20, 60} {
		in := answers(m, forget)
		b.Run(fmt.Sprintf("facts-%d-unknown", forget), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := m.Rate(in)
				if err != nil {
					b.Fatal(err)
				}
				sink += r.Worst.Sum
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ratings/s")
		})
	}
	// RM-2 asks half as many facts again, and has controls, a second scorer and two axes.
	two := methods(b)["rm-2"]
	for _, forget := range []int{0, 40} {
		in := answers(two, forget)
		in["use.personal_data"] = rating.Known(true)
		b.Run(fmt.Sprintf("rm-2-facts-%d-unknown", forget), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := two.Rate(in)
				if err != nil {
					b.Fatal(err)
				}
				sink += r.Worst.Sum
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ratings/s")
		})
	}
	in := answers(m, 0)
	b.Run("facts-with-canonical-trace", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := m.Rate(in)
			if err != nil {
				b.Fatal(err)
			}
			sink += len(r.Canonical())
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ratings/s")
	})
	// The same arithmetic on given indicators: what reading facts costs over it.
	c := rating.Case{ID: "c", Sev: [3]*int{new(int), new(int), new(int)}, Ind: []string{"CUS-01", "USE-01", "CTX-05", "CND-01"}}
	*c.Sev[0], *c.Sev[1], *c.Sev[2] = 4, 3, 3
	b.Run("baseline-case", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := m.RateCase(c)
			if err != nil {
				b.Fatal(err)
			}
			sink += r.Sum
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ratings/s")
	})
}

func BenchmarkOutlook(b *testing.B) {
	m := rm1(b)
	in := answers(m, 20)
	b.Run("outlook-20-unknown", func(b *testing.B) {
		for b.Loop() {
			out, err := m.Outlook(in)
			if err != nil {
				b.Fatal(err)
			}
			sink += len(out.Questions)
		}
	})
	// One rating of the same facts: the outlook tries some hundreds of them.
	b.Run("baseline-rate", func(b *testing.B) {
		for b.Loop() {
			r, err := m.Rate(in)
			if err != nil {
				b.Fatal(err)
			}
			sink += r.Worst.Sum
		}
	})
}

func FuzzRunCases(f *testing.F) {
	f.Add(file(f, "testdata/cases.json"))
	f.Add([]byte(`[{"id": "a", "sev": [1, null, 3], "unknown": ["CTX-01"], "hs": ["HS-L1"], "ctrl": 2}]`))
	f.Add([]byte(`{"cases": [{"input": {"id": "a", "sev": [5, 5, 5], "actual": true, "incomplete": true}}]}`))
	f.Add([]byte(`[{"id": "\u0000", "sev": [1, 1]}`))
	m := rm1(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := m.RunCases(in)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid || out != nil {
				t.Fatalf("%v is not a fault of the input", err)
			}
			return
		}
		var got struct {
			Cases []struct {
				S, L, LR           int
				Inherent, Residual string
			}
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for _, c := range got.Cases {
			if c.S < 1 || c.S > 5 || c.L < 1 || c.L > 5 || c.LR < 1 || c.LR > c.L || c.Inherent == "" || c.Residual == "" {
				t.Fatalf("%+v", c)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add(read(f).Bytes)
	f.Add(file(f, "testdata/engine.yaml"))
	f.Add(file(f, "testdata/engine-2.yaml"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pack.Parse("m.yaml", data)
		if err != nil {
			return
		}
		if _, err := rating.Load(p); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("%v is not a fault of the pack", err)
		}
	})
}
