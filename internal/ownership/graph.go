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

// Sort says what a party is.
type Sort string

// The sorts. A person and a state have no owners to look for.
const (
	Person       Sort = "person"
	Organisation Sort = "organisation"
	State        Sort = "state"
)

// Stated says where a file states something.
type Stated struct {
	Record    string // the id under which the file keeps it
	Date      string // of the statement, as the file writes it; "" where it does not say
	Publisher string // who published the statement; "" where it does not say
	Number    int    // of the statement in its file, from 1
}

// Party is a person or an organisation of an ownership record. One of which the
// file says that it is not known has no name.
type Party struct {
	ID          string // as the record names it
	Name        string
	Others      []string // further names, sorted
	Sort        Sort
	Countries   []string // ISO 3166-1 alpha-2 where the record says it; sorted
	BirthDate   string   // YYYY, YYYY-MM or YYYY-MM-DD
	Identifiers []Identifier
	Stated      Stated
}

// Identifier is a number or code that an authority gave. The scheme is one that
// [Scheme] gives.
type Identifier struct{ Scheme, Value string }

// Unnamed is the id of whoever holds what no record names.
const Unnamed = ""

// Interest says that Owner has a Role in Owned. Indirect says that the record sums
// up a chain of others: it counts only where that chain is not there itself.
type Interest struct {
	Owner, Owned string // ids of parties; the owner may be [Unnamed]
	Role         Role
	Share        Share  // for [Owns]
	From, To     string // YYYY-MM-DD, half open; "" leaves that end open
	Indirect     bool
	Stated       Stated
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
		g.owners[n] = merge(g.owners[n])
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
	g.owners[owned] = append(g.owners[owned], holding{owner, i.Share})
}

// merge sorts what owners hold of one party and makes each owner's holdings one.
func merge(list []holding) []holding {
	slices.SortFunc(list, func(a, b holding) int { return cmp.Compare(a.owner, b.owner) })
	out := list[:0]
	for _, h := range list {
		if last := len(out) - 1; last >= 0 && out[last].owner == h.owner {
			s := &out[last].share
			*s = Share{max(s.Least, h.share.Least), max(s.Most, h.share.Most)}
			continue
		}
		out = append(out, h)
	}
	return out
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

// Rest gives a graph in which [Unnamed] holds whatever the named owners leave of
// every party: what listed parties may hold beyond what is recorded. ends says of
// which parties nobody owns anything.
func (g *Graph) Rest(ends func(party string) bool) *Graph {
	r := &Graph{parties: g.parties, index: g.index, boards: g.boards, owners: make([][]holding, len(g.owners))}
	if _, known := g.index[Unnamed]; !known {
		r.parties, r.index = append(slices.Clone(g.parties), Unnamed), maps.Clone(g.index)
		r.index[Unnamed] = len(g.parties)
		r.owners, r.boards = append(r.owners, nil), append(slices.Clone(g.boards), nil)
	}
	unnamed := r.index[Unnamed]
	for n, owners := range g.owners {
		left, least := int64(Whole), int64(0)
		for _, h := range owners {
			if h.owner == unnamed {
				least = h.share.Least
				continue
			}
			r.owners[n] = append(r.owners[n], h)
			left -= h.share.Least
		}
		if left = max(left, least); left > 0 && n != unnamed && !ends(r.parties[n]) {
			r.owners[n] = append(r.owners[n], holding{unnamed, Share{least, left}})
		}
	}
	return r
}

// Above gives the parties that hold, direct or control a party, at any distance,
// sorted, without itself.
func (g *Graph) Above(party string) []string {
	start, known := g.index[party]
	if !known {
		return nil
	}
	seen, todo := map[int]bool{start: true}, []int{start}
	var out []string
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		next := slices.Clone(g.boards[n])
		for _, h := range g.owners[n] {
			next = append(next, h.owner)
		}
		for _, o := range next {
			if !seen[o] {
				seen[o] = true
				todo = append(todo, o)
				out = append(out, g.parties[o])
			}
		}
	}
	slices.Sort(out)
	return out
}
