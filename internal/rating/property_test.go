package rating_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/rule"
	"duly/packs"
)

// methods are those that ship. A law of ratings holds for each of them.
func methods(t testing.TB) map[string]*rating.Method {
	t.Helper()
	list, err := pack.ReadDir(packs.Files, "methods")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*rating.Method{}
	for _, p := range list {
		m, err := rating.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		out[m.ID] = m
	}
	for _, id := range []string{"rm-1", "rm-2", "undp"} {
		if out[id] == nil {
			t.Fatalf("the method %s does not ship", id)
		}
	}
	return out
}

// each checks a property of every method that ships.
func each(t *testing.T, property func(*rapid.T, *rating.Method)) {
	for id, m := range methods(t) {
		t.Run(id, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { property(t, m) })
		})
	}
}

func drawCase(t *rapid.T, m *rating.Method) rating.Case {
	c := rating.Case{ID: "c", Ctrl: rapid.IntRange(0, 2).Draw(t, "ctrl"), Actual: rapid.Bool().Draw(t, "actual")}
	for i := range c.Sev {
		if v := rapid.IntRange(0, 5).Draw(t, "sev"); v > 0 {
			c.Sev[i] = &v
		}
	}
	for _, x := range m.Indicators() {
		switch rapid.IntRange(0, 5).Draw(t, x.ID) {
		case 0:
			c.Ind = append(c.Ind, x.ID)
		case 1:
			c.Unknown = append(c.Unknown, x.ID)
		}
	}
	return c
}

func rateCase(t *rapid.T, m *rating.Method, c rating.Case) rating.Result {
	r, err := m.RateCase(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Protects: one more raised indicator never lowers any part of a result.
func TestRaisingNeverLowers(t *testing.T) {
	each(t, func(t *rapid.T, m *rating.Method) {
		c := drawCase(t, m)
		before := rateCase(t, m, c)
		more := rapid.SampledFrom(m.Indicators()).Draw(t, "more").ID
		c.Unknown = slices.DeleteFunc(slices.Clone(c.Unknown), func(id string) bool { return id == more })
		c.Ind = append(slices.Clone(c.Ind), more)
		after := rateCase(t, m, c)
		if !inside(before.Interval.Best, after.Interval.Best) || !inside(before.Interval.Worst, after.Interval.Worst) {
			t.Fatalf("%s lowers %+v to %+v", more, before.Interval, after.Interval)
		}
	})
}

// inside says that no part of low is above high.
func inside(low, high rating.End) bool {
	return low.S <= high.S && low.Sum <= high.Sum && low.L <= high.L && low.LR <= high.LR &&
		low.Inherent <= high.Inherent && low.Residual <= high.Residual
}

// Protects: however the unknowns of a case turn out, the result lies within the
// interval.
func TestCaseIntervalHolds(t *testing.T) {
	each(t, func(t *rapid.T, m *rating.Method) {
		c := drawCase(t, m)
		open := rateCase(t, m, c).Interval
		settled := c
		settled.Unknown = nil
		settled.Ind = slices.Clone(c.Ind)
		for _, id := range c.Unknown {
			if rapid.Bool().Draw(t, "raise "+id) {
				settled.Ind = append(settled.Ind, id)
			}
		}
		for i, v := range c.Sev {
			if v == nil {
				n := rapid.IntRange(1, 5).Draw(t, "settle")
				settled.Sev[i] = &n
			}
		}
		got := rateCase(t, m, settled).Interval
		if got.Best != got.Worst || !inside(open.Best, got.Best) || !inside(got.Worst, open.Worst) {
			t.Fatalf("%+v is outside %+v", got.Worst, open)
		}
	})
}

// drawInputs draws a value for every fact, as those of cases are: mostly harmless.
func drawInputs(t *rapid.T, m *rating.Method) rating.Inputs {
	in := rating.Inputs{}
	for _, f := range m.Facts() {
		switch f.Type {
		case rule.Bool:
			in[f.ID] = rating.Known(rapid.Bool().Draw(t, f.ID))
		case rule.Int:
			in[f.ID] = rating.Known(rapid.Int64Range(f.Min, min(f.Max, f.Min+6)).Draw(t, f.ID))
		case rule.Text:
			in[f.ID] = rating.Known(rapid.SampledFrom(f.Values).Draw(t, f.ID))
		case rule.Texts:
			in[f.ID] = rating.Known(rapid.SliceOfNDistinct(rapid.SampledFrom(f.Values), 0, 2, rapid.ID[string]).Draw(t, f.ID))
		}
	}
	return in
}

func rate(t interface{ Fatal(...any) }, m *rating.Method, in rating.Inputs) rating.Rating {
	r, err := m.Rate(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Protects: forgetting facts only widens the interval around what was there; a
// stop that holds stays possible; and a rating with an unknown required fact is
// pending. This is also what lets a verifier replay a rating whose inputs are
// withheld.
func TestForgettingOnlyWidens(t *testing.T) {
	each(t, func(t *rapid.T, m *rating.Method) {
		full := drawInputs(t, m)
		share := rapid.IntRange(1, 20).Draw(t, "share")
		some, fewer := rating.Inputs{}, rating.Inputs{}
		for _, id := range slices.Sorted(maps.Keys(full)) {
			n := rapid.IntRange(0, 20).Draw(t, "keep")
			if n >= share/2 {
				some[id] = full[id]
			}
			if n >= share {
				fewer[id] = full[id]
			}
		}
		a, b, c := rate(t, m, full), rate(t, m, some), rate(t, m, fewer)
		if a.Best != a.Worst || len(a.Missing) > 0 || a.Known != a.Total {
			t.Fatalf("all is known and yet %+v %+v", a.Best, a.Worst)
		}
		for _, pair := range [][2]rating.Rating{{a, b}, {b, c}} {
			in, out := pair[0], pair[1]
			if !inside(out.Best, in.Best) || !inside(in.Worst, out.Worst) {
				t.Fatalf("[%+v %+v] is not inside [%+v %+v]", in.Best, in.Worst, out.Best, out.Worst)
			}
			for _, id := range in.HardStops {
				if !slices.Contains(out.HardStops, id) && !slices.Contains(out.PossibleStops, id) {
					t.Fatalf("the stop %s vanished", id)
				}
			}
		}
		if len(c.Missing) > 0 && !c.Pending {
			t.Fatalf("missing %v and not pending", c.Missing)
		}
		if len(c.PossibleStops) > 0 && !c.Pending {
			t.Fatalf("cannot rule out %v and not pending", c.PossibleStops)
		}
	})
}

// Protects: a rating by facts and one by its raised indicators agree.
func TestFactsAndIndicatorsAgree(t *testing.T) {
	each(t, func(t *rapid.T, m *rating.Method) {
		r := rate(t, m, drawInputs(t, m))
		c := rating.Case{ID: "c", Ctrl: r.Controls.Credit, Actual: r.Actual == rule.True, HS: r.HardStops, Incomplete: r.Pending}
		s := r.Worst.S // (s, s, s) has the severity s by every rule
		c.Sev = [3]*int{&s, &s, &s}
		for _, x := range r.Indicators {
			if x.State == rule.True {
				c.Ind = append(c.Ind, x.ID)
			}
		}
		got := rateCase(t, m, c)
		if got.Interval.Worst != r.Worst || got.Tier != r.Tier || got.Review != r.Review {
			t.Fatalf("%+v by indicators, %+v by facts", got, r)
		}
	})
}

// Protects: what the outlook promises is what a rating with that answer gives, and
// the questions are in order.
func TestOutlookKeepsItsWord(t *testing.T) {
	each(t, func(t *rapid.T, m *rating.Method) {
		in := drawInputs(t, m)
		for _, f := range m.Facts() {
			if rapid.IntRange(0, 3).Draw(t, "forget") == 0 {
				in[f.ID] = rating.Unknown("not asked")
			}
		}
		out, err := m.Outlook(in)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(out.Questions, func(a, b rating.Question) int { return b.Bands - a.Bands }) {
			t.Fatal("not in order")
		}
		now := rate(t, m, in)
		for _, f := range out.Flips {
			if then := rate(t, m, with(t, m, in, f.Fact, f.To)); then.Decision != f.Decision || then.Decision == now.Decision {
				t.Fatalf("%+v: %s", f, then.Decision)
			}
		}
		if len(out.Questions) == 0 {
			return
		}
		q := rapid.SampledFrom(out.Questions).Draw(t, "question")
		for _, a := range q.Answers {
			then := rate(t, m, with(t, m, in, q.Fact, a.Value))
			if then.Best.Residual != a.Best || then.Worst.Residual != a.Worst || then.Decision != a.Decision {
				t.Fatalf("%s = %s: %+v promised, %s to %s, %s", q.Fact, a.Value, a, then.Best.Residual, then.Worst.Residual, then.Decision)
			}
		}
	})
}

// with gives the inputs with one fact set from its text.
func with(t *rapid.T, m *rating.Method, in rating.Inputs, fact, value string) rating.Inputs {
	out := maps.Clone(in)
	f, _ := m.Fact(fact)
	var v any = value
	switch f.Type {
	case rule.Bool:
		v = value == "yes"
	case rule.Int:
		var n int64
		if _, err := fmt.Sscan(value, &n); err != nil {
			t.Fatal(err)
		}
		v = n
	case rule.Texts:
		v = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
	}
	out[fact] = rating.Known(v)
	return out
}

// Protects: the trace is canonical JSON of every field of a rating, and the same
// bytes however often it is made.
func TestCanonical(t *testing.T) {
	each(t, func(t *rapid.T, m *rating.Method) {
		in := drawInputs(t, m)
		for _, f := range m.Facts() {
			if rapid.IntRange(0, 3).Draw(t, "forget") == 0 {
				delete(in, f.ID)
			}
		}
		r, again := rate(t, m, in), rate(t, m, maps.Clone(in))
		b, err := jsonv2.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		want := jsontext.Value(b)
		if err := want.Canonicalize(); err != nil {
			t.Fatal(err)
		}
		if got := r.Canonical(); !bytes.Equal(got, want) || !bytes.Equal(got, again.Canonical()) {
			t.Fatalf("%s\nis not\n%s", got, want)
		}
	})
}

// Protects: a method with one more indicator rates nothing lower than before, whatever
// family it belongs to, whatever it weighs, and whatever control it names.
func TestAddingAnIndicatorNeverLowers(t *testing.T) {
	list, err := pack.ReadDir(packs.Files, "methods")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		before, err := rating.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, more := range []string{
			"family: CTX, weight: 1, when: use.data_fusion",
			"family: CND, weight: 5, when: use.bystanders || use.personal_data",
			"family: SAF, weight: 2, when: customer.kind == 'public_body'",
		} {
			text := string(p.Bytes)
			if before.ID == "rm-2" {
				more += ", controls: [human_review, household_rules]"
			}
			p2, err := pack.Parse("more.yaml", []byte(strings.Replace(text, "\nindicators:\n", "\nindicators:\n  - {id: NEW, title: New, origin: test, "+more+"}\n", 1)))
			if err != nil {
				t.Fatal(err)
			}
			after, err := rating.Load(p2)
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				in := drawInputs(t, before)
				for _, f := range before.Facts() {
					if rapid.IntRange(0, 5).Draw(t, "forget") == 0 {
						delete(in, f.ID)
					}
				}
				a, b := rate(t, before, in), rate(t, after, in)
				if !inside(a.Best, b.Best) || !inside(a.Worst, b.Worst) {
					t.Fatalf("%s: %+v %+v fell to %+v %+v", before.ID, a.Best, a.Worst, b.Best, b.Worst)
				}
			})
		}
	}
}
