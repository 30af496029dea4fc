package index

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
)

// twice rejects rows about one country in one year: all of them where they differ,
// since none is better than the other, and all but the first where they say the same.
func (r *reader) twice() {
	type key struct {
		country string
		year    int
	}
	groups := map[key][]*entry{}
	for _, e := range r.entries {
		k := key{e.Key, e.year}
		groups[k] = append(groups[k], e)
	}
	drop := map[*entry]bool{}
	for _, e := range r.entries {
		group := groups[key{e.Key, e.year}]
		if len(group) < 2 {
			continue
		}
		same := !slices.ContainsFunc(group, func(o *entry) bool { return !slices.Equal(o.Cells, group[0].Cells) })
		if same && e == group[0] {
			continue
		}
		other := group[0]
		if e == other {
			other = group[1]
		}
		drop[e] = true
		r.reject(e.Line, "", fmt.Sprintf("a second row about %s in %d, with line %d", e.Key, e.year, other.Line), e.row, e.year)
	}
	r.entries = slices.DeleteFunc(r.entries, func(e *entry) bool { return drop[e] })
}

// enoughRows is how many values of an edition it takes to say that its scale changed.
const enoughRows = 20

// scales refuses a file in which the scale of a value changed though the mapping knows
// of no break: most values of an edition lie off the scale, or its largest value is
// five times that of the edition before, or a fifth.
func (r *reader) scales() error {
	const factor = 5
	for i := range r.m.Values {
		v := &r.m.Values[i]
		if v.class() {
			continue
		}
		largest := map[int]Number{}
		for _, e := range r.entries {
			for _, c := range e.Cells {
				if c.Value == v.ID && c.Unknown == "" {
					largest[e.year] = max(largest[e.year], c.Number, -c.Number)
				}
			}
		}
		last := 0
		for _, e := range r.t.Editions { // years in which all rows are off the scale have only rejects
			if k := (offScale{v.ID, e.Year}); r.off[k] >= enoughRows/2 && r.off[k]*2 > r.rated[k] {
				return r.changed(v, e.Year, fmt.Sprintf("%d of %d values lie off the scale from %s to %s", r.off[k], r.rated[k], v.Scale[0], v.Scale[1]))
			}
		}
		for _, y := range slices.Sorted(maps.Keys(largest)) {
			if r.rated[offScale{v.ID, y}] < enoughRows {
				continue
			}
			if a, b := largest[last], largest[y]; last != 0 && !r.m.broken(last, y) && (a > factor*b || b > factor*a) {
				return r.changed(v, y, fmt.Sprintf("the largest value is %s, and in %d it was %s", formatNumber(b, v.Decimals), last, formatNumber(a, v.Decimals)))
			}
			last = y
		}
	}
	return nil
}

func (r *reader) changed(v *Value, year int, what string) error {
	line := 1
	for _, e := range r.entries {
		if e.year == year {
			line = e.Line
			break
		}
	}
	return fault.Newf(fault.Invalid, "the scale of %s changed in %d: %s", v.ID, year, what).
		WithFix("use the mapping of this layout, or let the mapping say the scale of each span of years and a break").At(r.name, line, cmp.Or(v.Column, strconv.Itoa(year)))
}

// ranks rejects rows whose value does not fit their rank: in the order of ranks, the
// values of an edition must be in order too.
func (r *reader) ranks() {
	for i := range r.m.Values {
		v := &r.m.Values[i]
		if v.Rank == "" {
			continue
		}
		byYear := map[int][]*entry{}
		for _, e := range r.entries {
			if e.ranks[v.ID] > 0 {
				byYear[e.year] = append(byYear[e.year], e)
			}
		}
		drop := map[*entry]bool{}
		for _, y := range slices.Sorted(maps.Keys(byYear)) {
			for _, e := range disordered(v, byYear[y]) {
				drop[e] = true
				r.reject(e.Line, v.Rank, fmt.Sprintf("the value %s does not fit the rank %d", formatNumber(e.number(v.ID), v.Decimals), e.ranks[v.ID]), e.row, y)
			}
		}
		r.entries = slices.DeleteFunc(r.entries, func(e *entry) bool { return drop[e] })
	}
}

func (e *entry) number(id string) Number {
	for _, c := range e.Cells {
		if c.Value == id {
			return c.Number
		}
	}
	return 0
}

// disordered gives the entries that are not in every longest run of values in order:
// those that are surely out of place, and those of which one is and it cannot be told
// which. Equal ranks are in any order. It takes time quadratic in the entries.
func disordered(v *Value, list []*entry) []*entry {
	slices.SortStableFunc(list, func(a, b *entry) int {
		if d := a.ranks[v.ID] - b.ranks[v.ID]; d != 0 {
			return d
		}
		if x, y := a.number(v.ID), b.number(v.ID); x != y {
			if v.worse(x, y) {
				return 1
			}
			return -1
		}
		return a.Line - b.Line
	})
	fits := func(i, j int) bool { return !v.worse(list[i].number(v.ID), list[j].number(v.ID)) }
	upTo, from := make([]int, len(list)), make([]int, len(list)) // the longest run that ends, and that begins, here
	longest := 0
	for i := range list {
		for j := range i {
			if fits(j, i) {
				upTo[i] = max(upTo[i], upTo[j])
			}
		}
		upTo[i]++
		longest = max(longest, upTo[i])
	}
	for i := len(list) - 1; i >= 0; i-- {
		for j := i + 1; j < len(list); j++ {
			if fits(i, j) {
				from[i] = max(from[i], from[j])
			}
		}
		from[i]++
	}
	inSome := func(i int) bool { return upTo[i]+from[i]-1 == longest }
	at := map[int]int{} // entries of longest runs by their place in it: where there are two, either may be wrong
	for i := range list {
		if inSome(i) {
			at[upTo[i]]++
		}
	}
	var out []*entry
	for i, e := range list {
		if !inSome(i) || at[upTo[i]] > 1 {
			out = append(out, e)
		}
	}
	return out
}

// collect puts the readings into their editions and finds years without one.
func (r *reader) collect() {
	slices.SortStableFunc(r.entries, func(a, b *entry) int {
		return cmp.Or(a.year-b.year, strings.Compare(a.Key, b.Key))
	})
	for _, e := range r.entries {
		edition := r.edition(e.year)
		edition.Readings = append(edition.Readings, e.Reading)
	}
	r.t.Editions = slices.DeleteFunc(r.t.Editions, func(e Parsed) bool { return len(e.Readings) == 0 })
	slices.SortStableFunc(r.t.Rejects, func(a, b Reject) int { return a.Line - b.Line })
	for i := 1; i < len(r.t.Editions); i++ {
		for y := r.t.Editions[i-1].Year + 1; y < r.t.Editions[i].Year; y++ {
			if !slices.Contains(r.m.Gaps, y) {
				r.t.Missing = append(r.t.Missing, y)
			}
		}
	}
}
