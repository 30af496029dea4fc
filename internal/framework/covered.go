package framework

import "strings"

// Coverage says which items of a framework a method names as its basis.
type Coverage struct {
	Named   []Item   // named by the method, in the pack's order
	Unnamed []Item   // named by nothing
	Missing []string // named, and not there; in the order given
}

// Covered compares the items with the names by which a method rests on them, each as
// <pack>/<item>. Names of other packs are left out.
func (f *Framework) Covered(basis []string) Coverage {
	var c Coverage
	named := map[string]bool{}
	for _, name := range basis {
		of, id, _ := strings.Cut(name, "/")
		switch {
		case of != f.ID:
		case f.items[id] == nil:
			c.Missing = append(c.Missing, name)
		default:
			named[id] = true
		}
	}
	for _, x := range f.Items() {
		if named[x.ID] {
			c.Named = append(c.Named, x)
		} else {
			c.Unnamed = append(c.Unnamed, x)
		}
	}
	return c
}
