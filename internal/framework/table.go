package framework

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/rule"
)

// maxCombinations bounds the combinations of a table's columns.
const maxCombinations = 4096

// Table is a decision table: each combination of its columns' values has exactly one
// outcome. It is safe for concurrent use.
type Table struct {
	ID, Title string
	Columns   []Column
	Outcomes  map[string]map[string]string // by aspect and answer: what it means, for people
	Rows      []Row

	cells []int // the row of each combination, the last column running fastest
}

// Column is something that a table asks.
type Column struct {
	ID       string
	Question string
	Fact     string // the fact that gives its value; may be empty
	Values   []string
}

// Row says what follows where the columns have these values; a column that is not
// named may have any.
type Row struct {
	When map[string][]string `json:"when"`
	Then map[string]string   `json:"then"` // aspect to answer
	Why  []string            `json:"why"`  // the items that say so
}

// Decision is what a table says: the rows that are possible, in the pack's order. It
// is one outcome when Unknown is empty.
type Decision struct {
	Rows    []Row    `json:"rows"`
	Unknown []string `json:"unknown"` // the columns without a value on which the outcome turns
}

// Decide says what is possible with what is known: a value for each column, by its
// id or by its fact, as a text or a truth value. Columns left out, and nil, are
// unknown: then every row that some value would lead to is possible, so that knowing
// more only ever takes rows away. Its cost is one pass over the combinations.
func (t *Table) Decide(values Values) (Decision, error) {
	allowed, unknown, err := t.allowed(values)
	if err != nil {
		return Decision{}, err
	}
	possible := map[int]bool{}
	turns := map[int]bool{}
	t.each(func(cell int, at []int) {
		for c, i := range at {
			if !allowed[c][i] {
				return
			}
		}
		row := t.cells[cell]
		possible[row] = true
		for _, c := range unknown {
			if !maps.Equal(t.Rows[row].Then, t.Rows[t.cells[cell-at[c]*t.stride(c)]].Then) {
				turns[c] = true
			}
		}
	})
	d := Decision{Unknown: []string{}}
	for _, row := range slices.Sorted(maps.Keys(possible)) {
		d.Rows = append(d.Rows, t.Rows[row])
	}
	for _, c := range slices.Sorted(maps.Keys(turns)) {
		d.Unknown = append(d.Unknown, t.Columns[c].ID)
	}
	return d, nil
}

// allowed gives by column the values that are possible, and the columns of which
// nothing is known.
func (t *Table) allowed(values Values) (allowed [][]bool, unknown []int, err error) {
	for c, column := range t.Columns {
		v := values[column.ID]
		if v == nil && column.Fact != "" {
			v = values[column.Fact]
		}
		row := make([]bool, len(column.Values))
		allowed = append(allowed, row)
		if v == nil {
			unknown = append(unknown, c)
			for i := range row {
				row[i] = true
			}
			continue
		}
		i := slices.Index(column.Values, fmt.Sprint(v))
		if i < 0 {
			return nil, nil, fault.Newf(fault.Invalid, "%q is not a value of %s", fmt.Sprint(v), column.ID).
				At("", 0, column.ID).WithFix("use " + strings.Join(column.Values, ", "))
		}
		row[i] = true
	}
	return allowed, unknown, nil
}

// each runs through the combinations: their number, and the position of each
// column's value, which must not be kept.
func (t *Table) each(do func(cell int, at []int)) {
	at := make([]int, len(t.Columns))
	for cell := range t.combinations() {
		for c, rest := len(at)-1, cell; c >= 0; c-- {
			at[c] = rest % len(t.Columns[c].Values)
			rest /= len(t.Columns[c].Values)
		}
		do(cell, at)
	}
}

func (t *Table) combinations() int {
	n := 1
	for _, c := range t.Columns {
		n = min(n*len(c.Values), maxCombinations+1)
	}
	return n
}

// stride is how far apart combinations lie that differ by one in a column.
func (t *Table) stride(column int) int {
	n := 1
	for _, c := range t.Columns[column+1:] {
		n *= len(c.Values)
	}
	return n
}

func (t *Table) combination(at []int) string {
	var parts []string
	for c, i := range at {
		parts = append(parts, t.Columns[c].ID+" "+t.Columns[c].Values[i])
	}
	return strings.Join(parts, ", ")
}

func (f *Framework) loadTables() error {
	for i := range f.body.Tables {
		b := &f.body.Tables[i]
		if _, twice := f.Table(b.ID); twice || !idRE.MatchString(b.ID) {
			return f.pack.Fault(fmt.Sprintf("%q is there twice, or cannot be an id", b.ID), "use small letters, digits, dots and hyphens", "tables", i, "id")
		}
		t := &Table{ID: b.ID, Title: b.Title, Outcomes: b.Outcomes}
		for _, step := range []func(*Table, *tableBody, int) error{f.loadColumns, f.loadRows, f.cover} {
			if err := step(t, b, i); err != nil {
				return err
			}
		}
		f.tables = append(f.tables, t)
	}
	return nil
}

func (f *Framework) loadColumns(t *Table, b *tableBody, i int) error {
	for j, cb := range b.Columns {
		path := []any{"tables", i, "columns", j}
		c := Column{ID: cb.ID, Question: cb.Question, Fact: cb.Fact}
		if t.column(cb.ID) >= 0 {
			return f.pack.Fault(fmt.Sprintf("the column %q is there twice", cb.ID), "", append(path, "id")...)
		}
		for _, v := range cb.Values {
			c.Values = append(c.Values, fmt.Sprint(v))
		}
		if sorted := slices.Sorted(slices.Values(c.Values)); len(sorted) == 0 || len(slices.Compact(sorted)) < len(c.Values) {
			return f.pack.Fault("a column has values, each once", "", append(path, "values")...)
		}
		if cb.Fact != "" {
			at, ok := f.index[cb.Fact]
			if !ok {
				return f.pack.Fault(fmt.Sprintf("there is no fact %q here", cb.Fact), "add it to facts", append(path, "fact")...)
			}
			f.read[cb.Fact] = true
			if missing := c.misses(&f.facts[at]); missing != "" {
				return f.pack.Fault(missing, "give the column every value that its fact may have", append(path, "values")...)
			}
		}
		t.Columns = append(t.Columns, c)
	}
	if t.combinations() > maxCombinations || len(t.Columns) == 0 {
		return f.pack.Fault(fmt.Sprintf("a table has columns, and at most %d combinations of their values", maxCombinations), "split it", "tables", i, "columns")
	}
	return nil
}

// misses names a value that the column's fact may have and the column has not.
func (c *Column) misses(fact *Fact) string {
	values := fact.Values
	switch fact.Type {
	case rule.Bool:
		values = []string{"true", "false"}
	case rule.Text:
	default:
		return fmt.Sprintf("a fact of type %s has no single value of few", fact.Type)
	}
	for _, v := range values {
		if !slices.Contains(c.Values, v) {
			return fmt.Sprintf("the column does not know the value %q of its fact %s", v, fact.ID)
		}
	}
	return ""
}

func (t *Table) column(id string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.ID == id })
}

func (f *Framework) loadRows(t *Table, b *tableBody, i int) error {
	for aspect, answers := range t.Outcomes {
		if len(answers) == 0 {
			return f.pack.Fault("an outcome has answers", "", "tables", i, "outcomes", aspect)
		}
	}
	for j, rb := range b.Rows {
		path := []any{"tables", i, "rows", j}
		row := Row{When: map[string][]string{}, Then: rb.Then, Why: rb.Why}
		for _, id := range slices.Sorted(maps.Keys(rb.When)) {
			c := t.column(id)
			if c < 0 {
				return f.pack.Fault(fmt.Sprintf("there is no column %q", id), "", append(path, "when", id)...)
			}
			for _, v := range rb.When[id] {
				row.When[id] = append(row.When[id], fmt.Sprint(v))
			}
			unknown := slices.IndexFunc(row.When[id], func(v string) bool { return !slices.Contains(t.Columns[c].Values, v) })
			if unknown >= 0 || len(row.When[id]) == 0 {
				return f.pack.Fault("these are not values of the column "+id, "use some of "+strings.Join(t.Columns[c].Values, ", "), append(path, "when", id)...)
			}
		}
		if err := f.checkThen(t, &row, path); err != nil {
			return err
		}
		t.Rows = append(t.Rows, row)
	}
	return nil
}

// checkThen asks a row for one answer to each aspect, and for items that say so.
func (f *Framework) checkThen(t *Table, row *Row, path []any) error {
	for _, aspect := range slices.Sorted(maps.Keys(t.Outcomes)) {
		if _, ok := t.Outcomes[aspect][row.Then[aspect]]; !ok {
			return f.pack.Fault(fmt.Sprintf("%q is not an answer to %s", row.Then[aspect], aspect),
				"use one of "+strings.Join(slices.Sorted(maps.Keys(t.Outcomes[aspect])), ", "), append(path, "then", aspect)...)
		}
	}
	if len(row.Then) > len(t.Outcomes) {
		return f.pack.Fault("the row answers what the table does not ask", "use "+strings.Join(slices.Sorted(maps.Keys(t.Outcomes)), ", "), append(path, "then")...)
	}
	for k, id := range row.Why {
		if f.items[id] == nil {
			return f.pack.Fault(fmt.Sprintf("there is no item %q here", id), "name the items that say so", append(path, "why", k)...)
		}
	}
	if len(row.Why) == 0 {
		return f.pack.Fault("a row rests on an item", "name the items that say so", append(path, "why")...)
	}
	return nil
}

// cover finds the row of each combination. It refuses a combination without a row,
// one on which two rows disagree, and a row that no combination needs.
func (f *Framework) cover(t *Table, _ *tableBody, i int) (err error) {
	t.cells = make([]int, t.combinations())
	needed := make([]bool, len(t.Rows))
	t.each(func(cell int, at []int) {
		t.cells[cell] = -1
		for j := range t.Rows {
			switch first := t.cells[cell]; {
			case err != nil || !t.matches(j, at):
			case first < 0:
				t.cells[cell], needed[j] = j, true
			case !maps.Equal(t.Rows[first].Then, t.Rows[j].Then):
				err = f.pack.Fault(fmt.Sprintf("this row and the one in line %d disagree on %s", f.pack.Line("tables", i, "rows", first), t.combination(at)),
					"narrow one of them", "tables", i, "rows", j, "when")
			}
		}
		if t.cells[cell] < 0 && err == nil {
			err = f.pack.Fault("no row covers "+t.combination(at), "add a row for it", "tables", i, "rows")
		}
	})
	if err != nil {
		return err
	}
	if j := slices.Index(needed, false); j >= 0 {
		return f.pack.Fault("the rows before this one cover all that it covers", "leave it out", "tables", i, "rows", j)
	}
	return nil
}

func (t *Table) matches(row int, at []int) bool {
	for c, i := range at {
		values, named := t.Rows[row].When[t.Columns[c].ID]
		if named && !slices.Contains(values, t.Columns[c].Values[i]) {
			return false
		}
	}
	return true
}
