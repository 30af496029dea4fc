package framework_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/pack"
)

// Protects: a table is read by columns or by their facts, and a value that does not
// exist is refused.
func TestDecide(t *testing.T) {
	table, ok := load(t, small).Table("act")
	if !ok {
		t.Fatal("no table")
	}
	for _, c := range []struct {
		values framework.Values
		want   string
	}{
		{framework.Values{"crucial": true, "grave": "high"}, "[stay] []"},
		{framework.Values{"crucial": "true", "grave": "worst"}, "[go] []"},
		{framework.Values{"grave": "worst"}, "[go go] []"}, // two rows, one outcome: nothing turns on the column
		{framework.Values{"crucial": false}, "[go] []"},
		{framework.Values{"crucial": nil}, "[stay go go] [crucial grave]"},
	} {
		d, err := table.Decide(c.values)
		var got []string
		for _, r := range d.Rows {
			got = append(got, r.Then["do"])
		}
		if text := fmt.Sprint(got, d.Unknown); text != c.want || err != nil {
			t.Errorf("%v: %s %v, want %s", c.values, text, err, c.want)
		}
	}
	if _, err := table.Decide(framework.Values{"grave": "very"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a value that does not exist: %v", err)
	}
}

// tableText draws a table with 1 to 4 columns whose rows follow a function of the
// columns, and gives that function.
func tableText(t *rapid.T) (text string, columns [][]string, want func(at []int) string) {
	n := rapid.IntRange(1, 4).Draw(t, "columns")
	var b strings.Builder
	b.WriteString("id: drawn\nkind: framework\nversion: \"1\"\ntitle: Drawn\nstatus: project\nsections:\n")
	b.WriteString("  - {id: s, title: S, items: [{id: i, kind: step, text: Do., duty: advisory, grade: unverified}]}\n")
	b.WriteString("tables:\n  - id: t\n    title: T\n    columns:\n")
	total := 1
	for c := range n {
		values := []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(t, "values")]
		columns = append(columns, values)
		total *= len(values)
		fmt.Fprintf(&b, "      - {id: c%d, question: Which of these, values: [%s]}\n", c, strings.Join(values, ", "))
	}
	outcomes := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), total, total).Draw(t, "outcomes")
	b.WriteString("    outcomes: {do: {x: X, y: Y, z: Z}}\n    rows:\n")
	index := func(at []int) (k int) {
		for c, i := range at {
			k = k*len(columns[c]) + i
		}
		return k
	}
	for k := range total {
		var when []string
		for c, rest := n-1, k; c >= 0; c-- {
			when = append(when, fmt.Sprintf("c%d: [%s]", c, columns[c][rest%len(columns[c])]))
			rest /= len(columns[c])
		}
		fmt.Fprintf(&b, "      - {when: {%s}, then: {do: %s}, why: [i]}\n", strings.Join(when, ", "), outcomes[k])
	}
	return b.String(), columns, func(at []int) string { return outcomes[index(at)] }
}

// Law: every full combination has exactly the outcome written for it; leaving a column
// unknown only ever adds outcomes, and adds exactly those that some value of it leads
// to; the columns named as unknown are those on which the outcome turns.
func TestTableLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, columns, want := tableText(t)
		p, err := pack.Parse("f.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f, err := framework.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		table, _ := f.Table("t")
		at := make([]int, len(columns))
		values := framework.Values{}
		for c := range columns {
			at[c] = rapid.IntRange(0, len(columns[c])-1).Draw(t, "value")
			values[fmt.Sprint("c", c)] = columns[c][at[c]]
		}
		known := possible(t, table, values)
		if !slices.Equal(known, []string{want(at)}) {
			t.Fatalf("%v: %v, want %s", values, known, want(at))
		}
		for _, c := range rapid.Permutation(slices.Collect(maps.Keys(values))).Draw(t, "forgotten") {
			delete(values, c)
			more := possible(t, table, values)
			for _, o := range known {
				if !slices.Contains(more, o) {
					t.Fatalf("without %s %s is impossible, and with it it is not", c, o)
				}
			}
			var union []string
			for _, v := range columns[int(c[1]-'0')] {
				values[c] = v
				union = append(union, possible(t, table, values)...)
			}
			delete(values, c)
			slices.Sort(union)
			if !slices.Equal(slices.Compact(union), more) {
				t.Fatalf("without %s: %v, and by its values: %v", c, more, union)
			}
			known = more
		}
	})
}

// possible gives the outcomes that are possible, and fails unless the columns named
// as unknown are those that are, and are named where there is more than one.
func possible(t *rapid.T, table *framework.Table, values framework.Values) []string {
	d, err := table.Decide(values)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range d.Rows {
		out = append(out, r.Then["do"])
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if (len(out) > 1) != (len(d.Unknown) > 0) {
		t.Fatalf("%v: %v, unknown %v", values, out, d.Unknown)
	}
	for _, c := range d.Unknown {
		if _, known := values[c]; known {
			t.Fatalf("%s is known and named as unknown", c)
		}
	}
	return out
}

func ExampleTable_Decide() {
	p, _ := pack.Parse("small.yaml", []byte(small))
	f, _ := framework.Load(p)
	table, _ := f.Table("act")
	for _, values := range []framework.Values{{"crucial": false}, {"crucial": true}} {
		d, _ := table.Decide(values)
		for _, row := range d.Rows {
			fmt.Print(table.Outcomes["do"][row.Then["do"]], " ")
		}
		fmt.Println(d.Unknown)
	}
	// Output:
	// You go. []
	// You may stay. You go. [grave]
}
