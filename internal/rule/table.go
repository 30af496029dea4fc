package rule

import (
	"maps"
	"slices"
)

// Table finds the rules that can be true for given values of a few Text
// variables without trying them all. Its cost grows with the number of rules
// found, not with the number held. Adding is not safe for concurrent use;
// finding is, once all are added.
type Table[T any] struct {
	entries []entry[T]
	always  []int                       // entries without a required equality
	by      map[string]map[string][]int // variable, constant -> entries
	names   []string                    // the keys of by, sorted
	all     map[string][]int            // variable -> its entries, for when its value is not known
}

type entry[T any] struct {
	value    T
	required map[string][]string
}

// Add puts a value into the table under the equalities that its rule requires.
func (t *Table[T]) Add(r *Rule, value T) {
	i := len(t.entries)
	t.entries = append(t.entries, entry[T]{value, r.required})
	key := dispatchKey(r.required)
	if key == "" {
		t.always = append(t.always, i)
		return
	}
	if t.by == nil {
		t.by, t.all = map[string]map[string][]int{}, map[string][]int{}
	}
	if t.by[key] == nil {
		t.by[key] = map[string][]int{}
		t.names = slices.Sorted(maps.Keys(t.by))
	}
	for _, constant := range r.required[key] {
		t.by[key][constant] = append(t.by[key][constant], i)
	}
	t.all[key] = append(t.all[key], i)
}

// dispatchKey picks the variable with the fewest constants, the first by name
// among equals: it leaves the fewest candidates.
func dispatchKey(required map[string][]string) string {
	best := ""
	for name, constants := range required {
		if best == "" || len(constants) < len(required[best]) || len(constants) == len(required[best]) && name < best {
			best = name
		}
	}
	return best
}

// Candidates gives the values whose rules' required equalities hold, in the
// order they were added. A variable that is not known, and one whose value is
// not a string, excludes nothing: the rule itself must say what follows.
func (t *Table[T]) Candidates(lookup Lookup) []T {
	var buf [32]int
	found := append(buf[:0], t.always...)
	for _, name := range t.names {
		if text, ok := known(lookup, name); ok {
			found = append(found, t.by[name][text]...)
		} else {
			found = append(found, t.all[name]...)
		}
	}
	slices.Sort(found)
	var out []T
	for _, i := range found {
		if t.entries[i].possible(lookup) {
			out = append(out, t.entries[i].value)
		}
	}
	return out
}

func (e *entry[T]) possible(lookup Lookup) bool {
	for name, constants := range e.required {
		if text, ok := known(lookup, name); ok && !slices.Contains(constants, text) {
			return false
		}
	}
	return true
}

func known(lookup Lookup, name string) (string, bool) {
	value, ok := lookup(name)
	if !ok {
		return "", false
	}
	text, ok := value.(string)
	return text, ok
}
