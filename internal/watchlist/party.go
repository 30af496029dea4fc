package watchlist

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"duly/internal/names"
)

// Party is one party in the world with everything that lists say of it.
type Party struct {
	Listings []*Entity // in the order of the lists given, one of each list at most
	Because  []string  // why they are one, a sentence for each tie; empty for a single listing
}

// Parties puts together the entities of several lists that are certainly the same
// party. A tie is, in this order: one number under which authorities list it
// (UN QDi.001, OFAC 1234); one strong identifier, as long as a word of a name is
// shared and nothing contradicts; one name of two words or more and one full date
// of birth. Two entities of one list are never put together, since its publisher
// holds them apart, and what contradicts in kind, gender or full date of birth is
// tied by a number of an authority only.
//
// The result does not depend on the order of the lists, but for the order of the
// parties, which is that of their first listing. O(n log n).
func Parties(lists ...*List) []Party {
	g := newGrouping(lists)
	g.tieAll(g.byReference(), 0)
	g.tieAll(g.byIdentifier(), 1)
	g.tieAll(g.byNameAndBirth(), 2)
	return g.parties()
}

// mostSharing is how many entities may share a key. What more of them share, such
// as a passport number of zeros, identifies nobody.
const mostSharing = 16

type node struct {
	entity *Entity
	list   int // position of its list
	order  int // position among all, as given
}

// grouping is a forest of nodes, sorted so that the order of lists is no input.
type grouping struct {
	nodes   []node
	parent  []int
	members [][]int // of a root
	because map[int][]string
	words   []map[string]bool // of a node's names; made when asked for
}

func newGrouping(lists []*List) *grouping {
	g := &grouping{because: map[int][]string{}}
	for l, list := range lists {
		for i := range list.Entities {
			g.nodes = append(g.nodes, node{&list.Entities[i], l, len(g.nodes)})
		}
	}
	slices.SortStableFunc(g.nodes, func(a, b node) int {
		la, lb := lists[a.list], lists[b.list]
		return cmp.Or(cmp.Compare(la.Name, lb.Name), cmp.Compare(la.SHA256, lb.SHA256), cmp.Compare(a.entity.SourceID, b.entity.SourceID))
	})
	for i := range g.nodes {
		g.parent = append(g.parent, i)
		g.members = append(g.members, []int{i})
	}
	g.words = make([]map[string]bool, len(g.nodes))
	return g
}

func (g *grouping) root(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// tieAll ties what shares a key, keys in order. strength is 0 for numbers of
// authorities, 1 for identifiers, 2 for names with dates.
func (g *grouping) tieAll(keys map[string][]int, strength int) {
	sorted := make([]string, 0, len(keys))
	for k, nodes := range keys {
		if len(nodes) > 1 && len(nodes) <= mostSharing {
			sorted = append(sorted, k)
		}
	}
	slices.Sort(sorted)
	for _, key := range sorted {
		for i, a := range keys[key] {
			for _, b := range keys[key][i+1:] {
				g.tie(a, b, key, strength)
			}
		}
	}
}

// tie joins the groups of two nodes where that is safe.
func (g *grouping) tie(a, b int, key string, strength int) {
	ra, rb := g.root(a), g.root(b)
	if ra == rb {
		return
	}
	if strength == 1 && !g.shareWord(a, b) {
		return
	}
	for _, x := range g.members[ra] {
		for _, y := range g.members[rb] {
			if g.nodes[x].list == g.nodes[y].list || strength > 0 && contradict(g.nodes[x].entity, g.nodes[y].entity) {
				return
			}
		}
	}
	ra, rb = min(ra, rb), max(ra, rb)
	g.parent[rb] = ra
	g.members[ra] = append(g.members[ra], g.members[rb]...)
	ea, eb := g.nodes[a].entity, g.nodes[b].entity
	g.because[ra] = append(append(g.because[ra], g.because[rb]...),
		fmt.Sprintf("%s %s and %s %s have the same %s.", ea.List, ea.SourceID, eb.List, eb.SourceID, key))
	g.members[rb], g.because[rb] = nil, nil
}

// contradict says whether two entities cannot be one: another kind, another
// gender, or full dates of birth of which none is the same.
func contradict(a, b *Entity) bool {
	if a.Kind != b.Kind && a.Kind != names.Other && b.Kind != names.Other {
		return true
	}
	if a.Gender != b.Gender && a.Gender != "" && b.Gender != "" {
		return true
	}
	fa, fb := fullBirths(a), fullBirths(b)
	return len(fa) > 0 && len(fb) > 0 && !slices.ContainsFunc(fa, func(d string) bool { return slices.Contains(fb, d) })
}

// fullBirths gives the exact dates of birth. 1 January stands on many lists for a
// day that nobody knows, so it is none.
func fullBirths(e *Entity) []string {
	var full []string
	for _, d := range e.BirthDates {
		if len(d) == len("2006-01-02") && !strings.HasSuffix(d, "-01-01") && !slices.Contains(e.Circa, d) {
			full = append(full, d)
		}
	}
	return full
}

func (g *grouping) byReference() map[string][]int {
	keys := map[string][]int{}
	for i, n := range g.nodes {
		for _, r := range n.entity.References {
			under(keys, "number "+r.Authority+" "+strings.ToUpper(strings.ReplaceAll(r.Number, " ", "")), i)
		}
	}
	return keys
}

func (g *grouping) byIdentifier() map[string][]int {
	keys := map[string][]int{}
	for i, n := range g.nodes {
		for _, id := range n.entity.Identifiers {
			if key := strongKey(id, n.entity.Countries); key != "" {
				under(keys, key, i)
			}
		}
	}
	return keys
}

func (g *grouping) byNameAndBirth() map[string][]int {
	keys := map[string][]int{}
	for i, n := range g.nodes {
		births := fullBirths(n.entity)
		if n.entity.Kind != names.Person || len(births) == 0 {
			continue
		}
		for _, name := range strongNames(n.entity) {
			if words := sortedWords(name); words != "" {
				for _, d := range births {
					under(keys, "name and date of birth, \""+words+"\" "+d, i)
				}
			}
		}
	}
	return keys
}

// under adds a node to a key once.
func under(keys map[string][]int, key string, i int) {
	if l := keys[key]; len(l) > 0 && l[len(l)-1] == i || len(l) > mostSharing {
		return
	}
	keys[key] = append(keys[key], i)
}

// strongNames gives the main name and those aliases that the list trusts.
func strongNames(e *Entity) []string {
	all := []string{e.Name}
	for _, a := range e.Aliases {
		if !a.Weak {
			all = append(all, a.Name)
		}
	}
	return all
}

// sortedWords gives the folded words of a person's name in order of the alphabet,
// or "" where fewer than two words tell names apart.
func sortedWords(name string) string {
	var words []string
	core := 0
	for _, t := range names.Prepare(name, names.Person).Tokens {
		words = append(words, t.Text)
		if t.Class == names.Core && len(t.Text) > 1 {
			core++
		}
	}
	if core < 2 {
		return ""
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// shareWord says whether any names of two nodes have a telling word in common.
func (g *grouping) shareWord(a, b int) bool {
	wa, wb := g.wordsOf(a), g.wordsOf(b)
	for w := range wa {
		if wb[w] {
			return true
		}
	}
	return false
}

func (g *grouping) wordsOf(i int) map[string]bool {
	if g.words[i] == nil {
		g.words[i] = map[string]bool{}
		for _, name := range strongNames(g.nodes[i].entity) {
			for _, t := range names.Prepare(name, g.nodes[i].entity.Kind).Tokens {
				if t.Class == names.Core && len(t.Text) > 2 {
					g.words[i][t.Text] = true
				}
			}
		}
	}
	return g.words[i]
}

func (g *grouping) parties() []Party {
	var roots []int
	for i := range g.nodes {
		if g.root(i) == i {
			slices.SortFunc(g.members[i], func(a, b int) int { return cmp.Compare(g.nodes[a].order, g.nodes[b].order) })
			roots = append(roots, i)
		}
	}
	slices.SortFunc(roots, func(a, b int) int {
		return cmp.Compare(g.nodes[g.members[a][0]].order, g.nodes[g.members[b][0]].order)
	})
	parties := make([]Party, 0, len(roots))
	for _, r := range roots {
		p := Party{Because: g.because[r]}
		for _, m := range g.members[r] {
			p.Listings = append(p.Listings, g.nodes[m].entity)
		}
		parties = append(parties, p)
	}
	return parties
}
