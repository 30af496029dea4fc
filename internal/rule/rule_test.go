package rule_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/rule"
)

var vars = map[string]rule.Type{
	"a": rule.Bool, "b": rule.Bool, "c": rule.Bool,
	"s": rule.Text, "customer.sector": rule.Text,
	"n": rule.Int, "x": rule.Number, "tags": rule.Texts,
}

func compile(t testing.TB, expr string) *rule.Rule {
	t.Helper()
	r, err := env(t).Compile(expr)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func env(t testing.TB) *rule.Env {
	t.Helper()
	e, err := rule.NewEnv(vars)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func from(values map[string]any) rule.Lookup {
	return func(name string) (any, bool) { v, ok := values[name]; return v, ok }
}

// Protects: Kleene's strong logic for and, or and not, all nine pairs.
func TestKleene(t *testing.T) {
	and, or, not := compile(t, "a && b"), compile(t, "a || b"), compile(t, "!a")
	order := []rule.Tri{rule.False, rule.Unknown, rule.True} // and = min, or = max
	for i, a := range order {
		for j, b := range order {
			values := map[string]any{}
			set(values, "a", a)
			set(values, "b", b)
			if got := eval(t, and, values); got != order[min(i, j)] {
				t.Errorf("%v && %v = %v", a, b, got)
			}
			if got := eval(t, or, values); got != order[max(i, j)] {
				t.Errorf("%v || %v = %v", a, b, got)
			}
			if got := eval(t, not, values); got != order[2-i] {
				t.Errorf("!%v = %v", a, got)
			}
		}
	}
}

func set(values map[string]any, name string, v rule.Tri) {
	if v != rule.Unknown {
		values[name] = v == rule.True
	}
}

func eval(t interface{ Fatalf(string, ...any) }, r *rule.Rule, values map[string]any) rule.Tri {
	got, err := r.Eval(from(values))
	if err != nil {
		t.Fatalf("%s: %v", r.Text(), err)
	}
	return got
}

// Protects: what an unknown touches is unknown, whatever operator reads it, and
// the variables blamed are those that matter.
func TestUnknowns(t *testing.T) {
	for _, c := range []struct {
		expr   string
		values map[string]any
		want   rule.Tri
		blame  []string
	}{
		{`s == "police"`, nil, rule.Unknown, []string{"s"}},
		{`customer.sector in ["police", "prison"]`, nil, rule.Unknown, []string{"customer.sector"}},
		{`"x" in tags`, nil, rule.Unknown, []string{"tags"}},
		{`s in tags`, map[string]any{"tags": []string{"q"}}, rule.Unknown, []string{"s"}},
		{`s in tags`, nil, rule.Unknown, []string{"s", "tags"}},
		{`tags.exists(t, t.startsWith("face"))`, nil, rule.Unknown, []string{"tags"}},
		{`tags.exists(t, t == s)`, map[string]any{"tags": []string{"q"}}, rule.Unknown, []string{"s"}},
		{`n > 3`, nil, rule.Unknown, []string{"n"}},
		{`n + 1 > 3 && x < 2.0`, nil, rule.Unknown, []string{"n", "x"}},
		{`a ? b : c`, map[string]any{"b": true, "c": true}, rule.Unknown, []string{"a"}},
		{`a ? b : c`, map[string]any{"a": true, "b": false}, rule.False, nil},
		{`(false && a) || b`, nil, rule.Unknown, []string{"b"}},
		{`a && n > 3`, map[string]any{"a": false}, rule.False, nil},
		{`n > 3 && a`, map[string]any{"a": false}, rule.False, nil},
		{`a || s == "x"`, map[string]any{"a": true}, rule.True, nil},
		{`size(tags) == 0`, map[string]any{"tags": []string{}}, rule.True, nil},
		{`x >= 2`, map[string]any{"x": 2}, rule.True, nil},
	} {
		got, blame, err := compile(t, c.expr).EvalUnknowns(from(c.values))
		if err != nil || got != c.want || !slices.Equal(blame, c.blame) {
			t.Errorf("%s with %v: %v %v %v, want %v %v", c.expr, c.values, got, blame, err, c.want, c.blame)
		}
	}
}

// expressions draws rules over the test variables whose evaluation cannot fail.
func expressions() *rapid.Generator[string] {
	atom := rapid.SampledFrom([]string{
		"a", "b", "c", `s == "p"`, `s in ["p", "q"]`, `customer.sector == "p"`,
		"n > 1", "n == 0", "x < 1.5", `"p" in tags`, `tags.exists(t, t == s)`, "a == b",
	})
	var grow func(depth int) *rapid.Generator[string]
	grow = func(depth int) *rapid.Generator[string] {
		if depth == 0 {
			return atom
		}
		return rapid.Custom(func(t *rapid.T) string {
			sub := grow(depth - 1)
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0:
				return "!(" + sub.Draw(t, "x") + ")"
			case 1:
				return "(" + sub.Draw(t, "x") + ") && (" + sub.Draw(t, "y") + ")"
			case 2:
				return "(" + sub.Draw(t, "x") + ") || (" + sub.Draw(t, "y") + ")"
			case 3:
				return "(" + sub.Draw(t, "x") + ") ? (" + sub.Draw(t, "y") + ") : (" + sub.Draw(t, "z") + ")"
			}
			return atom.Draw(t, "atom")
		})
	}
	return grow(3)
}

var choices = map[string][]any{
	"a": {true, false}, "b": {true, false}, "c": {true, false},
	"s": {"p", "q", "z"}, "customer.sector": {"p", "q"},
	"n": {0, 1, 2}, "x": {1.0, 2.0}, "tags": {[]string{}, []string{"p"}, []string{"q", "z"}},
}

// Protects: a definite answer given while something is unknown stays, however
// the unknowns turn out; unknown never counts as no.
func TestUnknownAgreesWithEveryResolution(t *testing.T) {
	e := env(t)
	rapid.Check(t, func(t *rapid.T) {
		r, err := e.Compile(expressions().Draw(t, "expr"))
		if err != nil {
			t.Fatal(err)
		}
		part, whole := map[string]any{}, map[string]any{}
		for _, name := range r.Vars() {
			whole[name] = rapid.SampledFrom(choices[name]).Draw(t, name)
			if rapid.Bool().Draw(t, "known "+name) {
				part[name] = whole[name]
			}
		}
		before, blame, err := r.EvalUnknowns(from(part))
		if err != nil {
			t.Fatal(err)
		}
		after := eval(t, r, whole)
		v := e.NewValues()
		for name, x := range part {
			slot, _ := e.Slot(name)
			if err := v.Set(slot, x); err != nil {
				t.Fatal(err)
			}
		}
		if again, names, err := r.EvalValues(v); again != before || !slices.Equal(names, blame) || err != nil {
			t.Fatalf("%s: %v %v %v over values, %v %v by lookup", r.Text(), again, names, err, before, blame)
		}
		if after == rule.Unknown || before != rule.Unknown && before != after {
			t.Fatalf("%s: %v while unknown, %v when known", r.Text(), before, after)
		}
		if (before == rule.Unknown) != (len(blame) > 0) {
			t.Fatalf("%s: %v blames %v", r.Text(), before, blame)
		}
		for _, name := range blame {
			if _, known := part[name]; known {
				t.Fatalf("%s blames %s, which is known", r.Text(), name)
			}
		}
	})
}

// Protects: dispatch never loses a rule that could be true or unknown, keeps the
// order, and leaves out what the required equalities exclude.
func TestTableFindsWhatAScanFinds(t *testing.T) {
	e := env(t)
	rapid.Check(t, func(t *rapid.T) {
		var table rule.Table[int]
		var rules []*rule.Rule
		for i, text := range rapid.SliceOfN(expressions(), 1, 8).Draw(t, "rules") {
			if rapid.Bool().Draw(t, "narrow") {
				text = `s == "p" && customer.sector in ["p", "q"] && (` + text + ")"
			}
			r, err := e.Compile(text)
			if err != nil {
				t.Fatal(err)
			}
			table.Add(r, i)
			rules = append(rules, r)
		}
		values := map[string]any{}
		for _, name := range []string{"a", "b", "c", "n", "s", "customer.sector", "x", "tags"} {
			if rapid.Bool().Draw(t, "known "+name) {
				values[name] = rapid.SampledFrom(choices[name]).Draw(t, name)
			}
		}
		found := table.Candidates(from(values))
		if !slices.IsSorted(found) {
			t.Fatalf("not in order: %v", found)
		}
		for i, r := range rules {
			if eval(t, r, values) != rule.False && !slices.Contains(found, i) {
				t.Fatalf("%s is not False for %v and was not found", r.Text(), values)
			}
		}
	})
}

// Protects: the equalities read off a rule, among them those written as an or.
func TestRequired(t *testing.T) {
	for _, c := range []struct {
		expr string
		want map[string][]string
	}{
		{`s == "p"`, map[string][]string{"s": {"p"}}},
		{`"p" == s && a`, map[string][]string{"s": {"p"}}},
		{`s in ["q", "p"] && customer.sector == "k" && n > 1`, map[string][]string{"s": {"p", "q"}, "customer.sector": {"k"}}},
		{`(s == "p" || s == "q") && a`, map[string][]string{"s": {"p", "q"}}},
		{`s == "p" || a`, map[string][]string{}},
		{`s == "p" || customer.sector == "p"`, map[string][]string{}},
		{`!(s == "p")`, map[string][]string{}},
		{`s == "p" && s in ["q", "z"]`, map[string][]string{"s": {}}},
		{`s == customer.sector`, map[string][]string{}},
		{`a`, map[string][]string{}},
	} {
		if got := compile(t, c.expr).Required(); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s requires %v, want %v", c.expr, got, c.want)
		}
	}
	if got := compile(t, `customer.sector == "p" && n > 1 && tags.exists(k, k == s)`).Vars(); !slices.Equal(got, []string{"customer.sector", "n", "s", "tags"}) {
		t.Errorf("reads %v", got)
	}
}

// Protects: what is refused when a rule is loaded, and that the place is named.
func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct {
		expr, what   string
		line, column int
	}{
		{`a &&`, "does not hold together", 1, 5},
		{"a &&\n  missing", "undeclared reference to 'missing'", 2, 3},
		{`s == 3`, "no matching overload", 1, 3},
		{`n + 1`, "not true or false", 1, 1},
		{`s.matches("(")`, "", 1, 1},
		{`timestamp("2020-01-01T00:00:00Z").getHours("Europe/Oslo") > 3`, "undeclared reference", 1, 10},
		{`tags.exists(p, tags.exists(q, tags.exists(r, p == q && q == r)))`, "too much work", 1, 1},
		{strings.Repeat("a && ", 5000) + "a", "size exceeds limit", 1, 1},
		{strings.Repeat("(", 500) + "a" + strings.Repeat(")", 500), "does not hold together", 0, 0},
	} {
		_, err := env(t).Compile(c.expr)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Invalid {
			t.Errorf("%.60s: %v, want a fault", c.expr, err)
			continue
		}
		if !strings.Contains(f.What, c.what) || c.line != 0 && (f.Line != c.line || f.Column != c.column) {
			t.Errorf("%.60s: %d:%d %s", c.expr, f.Line, f.Column, f.What)
		}
	}
}

// Protects: a value that cannot be used and a failing expression are errors, even
// where CEL alone would absorb them.
func TestErrorsAreNotFalse(t *testing.T) {
	for _, c := range []struct {
		expr   string
		values map[string]any
	}{
		{`n / 0 > 1`, map[string]any{"n": 1}},
		{`tags[3] == "x"`, map[string]any{"tags": []string{"x"}}},
		{`a`, map[string]any{"a": "yes"}},
		{`n > 1`, map[string]any{"n": 1.5}},
		{`n > 1`, map[string]any{"n": nil}},
		{`n > 1 || a`, map[string]any{"n": "1", "a": true}},
		{`x > 1.0`, map[string]any{"x": math.NaN()}},
		{`s == "x"`, map[string]any{"s": strings.Repeat("x", rule.MaxText+1)}},
		{`"x" in tags`, map[string]any{"tags": make([]string, rule.MaxTexts+1)}},
		{`"x" in tags`, map[string]any{"tags": []string{strings.Repeat("x", rule.MaxItem+1)}}},
	} {
		got, err := compile(t, c.expr).Eval(from(c.values))
		if fault.CodeOf(err) != fault.Invalid || got != rule.Unknown {
			t.Errorf("%s: %v, %v", c.expr, got, err)
		}
	}
}

// Protects: values are checked when set, nil forgets, and a rule reads only values
// of its own environment.
func TestValues(t *testing.T) {
	e := env(t)
	r, err := e.Compile("n > 1")
	if err != nil {
		t.Fatal(err)
	}
	v := e.NewValues()
	slot, ok := e.Slot("n")
	if _, none := e.Slot("nothing"); !ok || none {
		t.Fatal("slots")
	}
	for _, c := range []struct {
		value any
		bad   bool
		want  rule.Tri
	}{{2, false, rule.True}, {"2", true, rule.True}, {nil, false, rule.Unknown}, {int64(0), false, rule.False}} {
		if err := v.Set(slot, c.value); (err != nil) != c.bad {
			t.Errorf("set %v: %v", c.value, err)
		}
		if got, _, err := r.EvalValues(v); got != c.want || err != nil {
			t.Errorf("%v: %v %v", c.value, got, err)
		}
	}
	if _, _, err := r.EvalValues(env(t).NewValues()); fault.CodeOf(err) != fault.Failed {
		t.Errorf("other variables: %v", err)
	}
}

// Protects: names that CEL cannot read are refused when declared.
func TestNewEnvRefuses(t *testing.T) {
	for _, v := range []map[string]rule.Type{
		{"": rule.Bool}, {"a b": rule.Bool}, {"1a": rule.Bool}, {"in": rule.Bool}, {"a.": rule.Bool}, {"a": 0},
	} {
		if _, err := rule.NewEnv(v); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`a && b`, `s in ["p"]`, `tags.exists(t, t == s)`, `a ? b : c`, `x > 1.5 || n == 2`, "\x00", `((((`} {
		f.Add(seed)
	}
	e := env(f)
	f.Fuzz(func(t *testing.T, expr string) {
		r, err := e.Compile(expr)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%v is not a fault of the input", err)
			}
			return
		}
		values := map[string]any{}
		for _, name := range r.Vars() {
			values[name] = choices[name][0]
		}
		whole, err := r.Eval(from(values))
		if err != nil {
			return
		}
		part, err := r.Eval(from(nil))
		if err == nil && part != rule.Unknown && part != whole {
			t.Fatalf("%q is %v while nothing is known and %v later", expr, part, whole)
		}
	})
}

func ExampleRule_Eval() {
	e, _ := rule.NewEnv(map[string]rule.Type{"customer.sector": rule.Text, "cameras": rule.Int})
	r, _ := e.Compile(`customer.sector == "police" && cameras > 100`)
	for _, facts := range []map[string]any{
		{"customer.sector": "police", "cameras": 250},
		{"customer.sector": "school"},
		{"customer.sector": "police"},
	} {
		answer, unknown, _ := r.EvalUnknowns(func(name string) (any, bool) { v, ok := facts[name]; return v, ok })
		fmt.Println(answer, unknown)
	}
	// Output:
	// true []
	// false []
	// unknown [cameras]
}

func BenchmarkEval(b *testing.B) {
	e := env(b)
	r, err := e.Compile(`customer.sector in ["police", "prison"] && n > 100 && a`)
	if err != nil {
		b.Fatal(err)
	}
	values := map[string]any{"customer.sector": "police", "n": 250, "a": true}
	lookup := from(values)
	b.Run("rule", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if answer, err := r.Eval(lookup); answer != rule.True || err != nil {
				b.Fatal(answer, err)
			}
		}
	})
	b.Run("values", func(b *testing.B) {
		b.ReportAllocs()
		v := e.NewValues()
		for name, x := range values {
			slot, _ := e.Slot(name)
			if err := v.Set(slot, x); err != nil {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			if answer, _, err := r.EvalValues(v); answer != rule.True || err != nil {
				b.Fatal(answer, err)
			}
		}
	})
	// The same test written in Go: what CEL costs over it.
	b.Run("baseline-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, _ := lookup("customer.sector")
			n, _ := lookup("n")
			a, _ := lookup("a")
			if !(s == "police" || s == "prison") || n.(int) <= 100 || !a.(bool) {
				b.Fatal("not true")
			}
		}
	})
}

func BenchmarkTable(b *testing.B) {
	e, err := rule.NewEnv(map[string]rule.Type{"s": rule.Text, "a": rule.Bool})
	if err != nil {
		b.Fatal(err)
	}
	var table rule.Table[*rule.Rule]
	var all []*rule.Rule
	for i := range 100 {
		r, err := e.Compile(fmt.Sprintf(`s == "k%d" && a`, i))
		if err != nil {
			b.Fatal(err)
		}
		table.Add(r, r)
		all = append(all, r)
	}
	lookup := from(map[string]any{"s": "k42", "a": true})
	run := func(b *testing.B, rules func() []*rule.Rule) {
		for b.Loop() {
			hits := 0
			for _, r := range rules() {
				if answer, _ := r.Eval(lookup); answer == rule.True {
					hits++
				}
			}
			if hits != 1 {
				b.Fatal(hits)
			}
		}
	}
	b.Run("table", func(b *testing.B) { run(b, func() []*rule.Rule { return table.Candidates(lookup) }) })
	b.Run("baseline-scan", func(b *testing.B) { run(b, func() []*rule.Rule { return all }) })
}
