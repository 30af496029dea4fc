package rule_test

import (
	"slices"
	"testing"

	"duly/internal/rule"
)

// Protects: a variable that is read by its slot gives what one looked up by name gives,
// known or not, in loops too, and where a loop's variable has a variable's name.
func TestSlots(t *testing.T) {
	e, err := rule.NewEnv(map[string]rule.Type{
		"use.tags": rule.Texts, "use.word": rule.Text, "use.yes": rule.Bool, "use.n": rule.Int, "word": rule.Text,
	})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]any{
		"use.tags": {nil, []string{}, []string{"x"}, []string{"x", "y"}}, "use.word": {nil, "x", "z"},
		"use.yes": {nil, false, true}, "use.n": {nil, 0, 7}, "word": {nil, "x"},
	}
	names := []string{"use.tags", "use.word", "use.yes", "use.n", "word"}
	for _, expr := range []string{
		`use.yes`, `!use.yes || use.n > 3`, `use.word == "x" && use.yes`, `use.word in ["x", "y"] ? use.yes : use.n == 0`,
		`use.tags.exists(word, word == use.word)`, `use.tags.all(i, i == word || use.yes)`, `use.word in use.tags`,
		`use.tags.size() > use.n`, `use.tags == ["x"] && word == "x"`, `use.tags[0] == "x"`, `use.word.startsWith("x") && use.n + 1 > 3`,
	} {
		r, err := e.Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 4 * 3 * 3 * 3 * 2 {
			known, v := map[string]any{}, e.NewValues()
			for _, name := range names {
				x := values[name][n%len(values[name])]
				n /= len(values[name])
				if x == nil {
					continue
				}
				known[name] = x
				slot, _ := e.Slot(name)
				if err := v.Set(slot, x); err != nil {
					t.Fatal(err)
				}
			}
			a, blame, errA := r.EvalUnknowns(from(known))
			b, names, errB := r.EvalValues(v)
			if a != b || !slices.Equal(blame, names) || (errA == nil) != (errB == nil) {
				t.Errorf("%s of %v: %v %v %v by name, %v %v %v by slot", expr, known, a, blame, errA, b, names, errB)
			}
		}
	}
}
