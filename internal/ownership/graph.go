package ownership

import (
	"cmp"
	"maps"
	"slices"
)

// Whole is all of a thing, in hundredths of a per cent.
const Whole = 10_000

// Role says what one party is to another.
type Role string

// The roles.
const (
	Owns     Role = "owns"     // holds shares
	Controls Role = "controls" // votes, appoints, or has influence without shares
	Directs  Role = "directs"  // sits on the board or manages
)

// Share is what is held of a party, in hundredths of a per cent: at least Least, at
// most Most. An exact share has both equal; one that is not known is 0 to [Whole].
type Share struct {
	Least int64 `json:"least"`
	Most  int64 `json:"most"`
}

// Party is a person or an organisation of an ownership record.
type Party struct {
	ID          string // as the record names it
	Name        string
	Person      bool
	Country     string // ISO 3166-1 alpha-2, where the record says it
	BirthDate   string // YYYY, YYYY-MM or YYYY-MM-DD
	Identifiers []Identifier
}

// Identifier is a number or code that an authority gave.
type Identifier struct{ Scheme, Value string }

// Interest says that Owner has a Role in Owned. Indirect says that the record sums
// up a chain of others: it counts only where that chain is not there itself.
type Interest struct {
	Owner, Owned string // ids of parties
	Role         Role
	Share        Share  // for [Owns]
	From, To     string // YYYY-MM-DD, half open; "" leaves that end open
	Indirect     bool
}

// Graph holds the interests of one day. It never changes and may be shared.
type Graph struct {
	parties []string
	index   map[string]int
	owners  [][]holding // by owned party: who holds shares of it, by owner
	boards  [][]int     // by party: who directs or controls it
}

// holding is what one owner holds of a party.
type holding struct {
	owner int
	share Share
}

// NewGraph takes the interests that hold on the day (YYYY-MM-DD). Several
// interests of one owner in one party are one, with the largest bounds: a filing
// gives the same shares as shares and again as votes. O(n log n).
func NewGraph(interests []Interest, day string) *Graph {
	g := &Graph{index: map[string]int{}}
	names := map[string]bool{}
	var now []Interest
	for _, i := range interests {
		if i.From != "" && i.From > day || i.To != "" && i.To <= day || i.Owner == i.Owned {
			continue
		}
		now = append(now, i)
		names[i.Owner], names[i.Owned] = true, true
	}
	g.parties = slices.Sorted(maps.Keys(names))
	for n, p := range g.parties {
		g.index[p] = n
	}
	g.owners, g.boards = make([][]holding, len(g.parties)), make([][]int, len(g.parties))
	for _, i := range now {
		if !i.Indirect {
			g.add(i)
		}
	}
	for _, i := range now {
		if i.Indirect && !g.leads(g.index[i.Owner], g.index[i.Owned]) {
			g.add(i)
		}
	}
	for n := range g.owners {
		slices.SortFunc(g.owners[n], func(a, b holding) int { return cmp.Compare(a.owner, b.owner) })
		g.cap(g.owners[n])
		slices.Sort(g.boards[n])
		g.boards[n] = slices.Compact(g.boards[n])
	}
	return g
}

func (g *Graph) add(i Interest) {
	owner, owned := g.index[i.Owner], g.index[i.Owned]
	if i.Role != Owns {
		g.boards[owned] = append(g.boards[owned], owner)
		return
	}
	for n := range g.owners[owned] {
		if h := &g.owners[owned][n]; h.owner == owner {
			h.share = Share{max(h.share.Least, i.Share.Least), max(h.share.Most, i.Share.Most)}
			return
		}
	}
	g.owners[owned] = append(g.owners[owned], holding{owner, i.Share})
}

// cap lowers what each owner may hold at most to what the others leave.
func (g *Graph) cap(owners []holding) {
	least := int64(0)
	for _, h := range owners {
		least += h.share.Least
	}
	for n := range owners {
		s := &owners[n].share
		s.Most = max(min(s.Most, Whole-(least-s.Least)), s.Least)
	}
}

// leads says whether shares lead from one party to another.
func (g *Graph) leads(owner, owned int) bool {
	seen, todo := map[int]bool{owned: true}, []int{owned}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, h := range g.owners[p] {
			if h.owner == owner {
				return true
			}
			if !seen[h.owner] {
				seen[h.owner] = true
				todo = append(todo, h.owner)
			}
		}
	}
	return false
}
