package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"duly/internal/rule"
)

// Protects: what a rule compares its variables with, and whether it can fail, is
// told without running it.
func TestInspect(t *testing.T) {
	env, err := rule.NewEnv(map[string]rule.Type{"a.word": rule.Text, "n": rule.Int, "list": rule.Texts, "yes": rule.Bool})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ expr, compared, bounds, fails string }{
		{`a.word == "x" || "y" != a.word`, "a.word=x@1:11 a.word=y@1:18", "map[] true", ""},
		{`a.word in ["x", "y"] && !yes`, "a.word=x@1:12 a.word=y@1:17", "map[] true", ""},
		{`"x" in list || list.exists(i, i == "y" || i in ["z"])`, "list=x@1:1 list=y@1:36 list=z@1:49", "map[] true", ""},
		{`n > 3 && 9 >= n`, "", "map[n:[3 9]] true", ""},
		{`n + 1 > 3`, "", "map[] false", ""},
		{`list.size() > 2 && a.word.startsWith("x") && a.word.matches("^x+$")`, "", "map[] true", ""},
		{`yes ? n == 2 : n == 3`, "", "map[n:[2 3]] true", ""},
		{`100 / n > 3`, "", "map[] false", "1:5 divides"},
		{`yes && n % 2 == 0`, "", "map[] false", "1:10 divides"},
		{`n * n > 3`, "", "map[] false", "1:3 multiplies"},
		{`list[0] == "x"`, "", "map[] true", "1:5 list may be shorter"},
		{`a.word.matches(list.size() > 1 ? "a" : "b")`, "", "map[] true", "1:15 not written out"},
		{`["x", 1].all(i, i < 2)`, "", "map[] true", "1:7 several types"},
		{`a.word in ["x", 3]`, "a.word=x@1:12", "map[a.word:[3]] true", "1:17 several types"},
		{`int(a.word) > 3`, "", "map[] true", "1:4 function int fails"},
		{`{"x": 1}["x"] == n`, "", "map[] false", "list may be shorter"},
	} {
		r, err := env.Compile(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		in := r.Inspect()
		var compared []string
		for _, x := range in.Compared {
			compared = append(compared, fmt.Sprintf("%s=%s@%d:%d", x.Var, x.Constant, x.Line, x.Column))
		}
		if got := strings.Join(compared, " "); got != c.compared {
			t.Errorf("%s: compared %s", c.expr, got)
		}
		if got := fmt.Sprint(in.Bounds, in.Plain); got != c.bounds {
			t.Errorf("%s: bounds %s", c.expr, got)
		}
		fails := ""
		if in.Fails != nil {
			fails = fmt.Sprintf("%d:%d %v", in.Fails.Line, in.Fails.Column, in.Fails)
		}
		for _, part := range strings.SplitN(c.fails, " ", 2) {
			if !strings.Contains(fails, part) || c.fails == "" && fails != "" {
				t.Errorf("%s: %q, want %q", c.expr, fails, c.fails)
			}
		}
	}
}
