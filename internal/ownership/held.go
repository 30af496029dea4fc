package ownership

import "slices"

// Held is what listed parties hold of one party.
type Held struct {
	// Counted is what the rules of half ownership count: what is held by listed
	// parties and by parties of which such holders hold half or more, each with its
	// whole share (OFAC, Revised Guidance on Entities Owned by Persons Whose Property
	// and Interests in Property Are Blocked, 2014, and its question 401).
	Counted Share `json:"counted"`
	// Economic multiplies shares along every chain: what would reach listed parties
	// of each hundred that the party pays out.
	Economic Share `json:"economic"`
	// Holders are the direct owners that make up Counted.Most, by id.
	Holders []string `json:"holders,omitempty"`
	// Board holds the listed parties that direct or control it without shares, by id.
	Board []string `json:"board,omitempty"`
	// Shared holds those who direct or control both it and a listed party, by id.
	Shared []string `json:"shared,omitempty"`
	// Listed says that the party itself is listed.
	Listed bool `json:"listed,omitempty"`
}

// Half is the share from which a holder's own holdings count as held by those who
// hold it.
const Half = Whole / 2

// Held works out for every party of the graph what the listed ones hold of it.
// Cycles of ownership are followed until nothing changes, or for 256 rounds; of a
// share that still grows then the most is all. Parties of which nothing is held
// are left out. O(interests) for each round; a party of k owners costs k² more.
func (g *Graph) Held(listed map[string]bool) map[string]Held {
	marked := make([]bool, len(g.parties))
	for n, p := range g.parties {
		marked[n] = listed[p]
	}
	holds := g.holds()
	sure := g.cascade(marked, holds, g.least)
	perhaps := g.cascade(marked, holds, g.most)
	busy := map[int]bool{} // who directs or controls a listed party
	for n := range g.parties {
		if marked[n] {
			for _, b := range g.boards[n] {
				busy[b] = g.parties[b] != Unnamed // two whom nobody names are not one
			}
		}
	}
	least, _ := g.flow(marked, func(s Share) int64 { return s.Least })
	most, open := g.flow(marked, func(s Share) int64 { return s.Most })
	out := map[string]Held{}
	for n, p := range g.parties {
		h := Held{Listed: marked[n], Economic: Share{least[n] / fine, (most[n] + fine - 1) / fine}}
		if open[n] {
			h.Economic.Most = Whole
		}
		h.Counted.Least = g.least(n, sure)
		h.Counted.Most = max(g.most(n, perhaps), h.Counted.Least)
		for _, o := range g.owners[n] {
			if perhaps[o.owner] {
				h.Holders = append(h.Holders, g.parties[o.owner])
			}
		}
		for _, b := range g.boards[n] {
			switch {
			case marked[b]:
				h.Board = append(h.Board, g.parties[b])
			case busy[b] && !h.Listed:
				h.Shared = append(h.Shared, g.parties[b])
			}
		}
		if h.Listed || h.Counted.Most > 0 || h.Economic.Most > 0 || h.Board != nil || h.Shared != nil {
			out[p] = h
		}
	}
	return out
}

// cascade marks the parties whose holdings count: the listed ones, and those of
// which marked parties hold half or more. It only ever adds, so cycles end; each
// party is asked again once for each of its owners.
func (g *Graph) cascade(listed []bool, holds [][]int, held func(n int, marked []bool) int64) []bool {
	marked := slices.Clone(listed)
	var todo []int
	for n := range marked {
		if marked[n] {
			todo = append(todo, n)
		}
	}
	for len(todo) > 0 {
		owner := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range holds[owner] {
			if !marked[n] && held(n, marked) >= Half {
				marked[n] = true
				todo = append(todo, n)
			}
		}
	}
	return marked
}

// holds gives for each party those of which it holds shares.
func (g *Graph) holds() [][]int {
	out := make([][]int, len(g.owners))
	for n, owners := range g.owners {
		for _, h := range owners {
			out[h.owner] = append(out[h.owner], n)
		}
	}
	return out
}

// least adds up what marked parties hold of party n at least.
func (g *Graph) least(n int, marked []bool) int64 {
	sum := int64(0)
	for _, h := range g.owners[n] {
		if marked[h.owner] {
			sum += h.share.Least
		}
	}
	return min(sum, Whole)
}

// most adds up what marked parties hold of party n at most: no more than all
// others leave.
func (g *Graph) most(n int, marked []bool) int64 {
	sum, left := int64(0), int64(Whole)
	for _, h := range g.owners[n] {
		if marked[h.owner] {
			sum += h.share.Most
		} else {
			left -= h.share.Least
		}
	}
	return min(sum, max(left, 0))
}

// What flow works with: how often it follows cycles, and how many parts of a
// hundredth of a per cent it keeps.
const (
	rounds = 256
	fine   = 1_000_000
)

// flow gives for each party what reaches the listed ones, by repeated multiplying
// from below: x = direct + shares · x. Each round adds what one more step of every
// chain brings. Values are kept in millionths of a hundredth and rounded down. open
// marks what had not come to rest in the last round.
func (g *Graph) flow(listed []bool, bound func(Share) int64) (x []int64, open []bool) {
	x, open = make([]int64, len(g.parties)), make([]bool, len(g.parties))
	next := make([]int64, len(g.parties))
	for range rounds {
		changed := false
		for n := range g.owners {
			sum := int64(0)
			for _, h := range g.owners[n] {
				reach := x[h.owner]
				if listed[h.owner] {
					reach = Whole * fine
				}
				sum += bound(h.share) * (reach / Whole)
			}
			next[n] = min(sum, Whole*fine)
			open[n] = next[n] != x[n]
			changed = changed || open[n]
		}
		x, next = next, x
		if !changed {
			break
		}
	}
	return x, open
}
