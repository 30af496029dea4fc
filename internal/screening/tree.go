package screening

import (
	"cmp"
	"fmt"
	"slices"

	"duly/internal/ownership"
)

// Node is one party of the tree above a customer, with what it holds of the party
// below it. The first node is the customer.
type Node struct {
	ID        string          `json:"id"`               // record id; "" for somebody whom nobody names
	Record    string          `json:"record,omitempty"` // customer, owner or party
	Name      string          `json:"name"`
	Sort      ownership.Sort  `json:"sort,omitempty"`
	Countries []string        `json:"countries,omitempty"`
	Role      ownership.Role  `json:"role,omitempty"`
	Share     ownership.Share `json:"share"`
	Indirect  bool            `json:"indirect,omitempty"` // sums up a chain of others
	Screened  bool            `json:"screened"`
	Hits      []Listed        `json:"hits,omitempty"` // open and confirmed
	Again     bool            `json:"again,omitempty"`
	Above     []Node          `json:"above,omitempty"`
}

// Tree gives who stands above a party, the largest shares first. A party that comes
// a second time, as in a circle, is marked and not followed again.
func (b *Behind) Tree(id string) Node { return b.node(id, map[string]bool{}) }

func (b *Behind) node(id string, seen map[string]bool) Node {
	n := Node{ID: id, Name: b.Name(id), Screened: b.Screened(id), Hits: b.listed[id]}
	if s := b.subjects[id]; s != nil {
		n.Record, n.Sort, n.Countries = s.Record, s.Sort, s.Countries
	}
	if seen[id] && id != ownership.Unnamed {
		n.Again = true
		return n
	}
	seen[id] = true
	if id == ownership.Unnamed {
		return n
	}
	for _, i := range b.sorted(id) {
		above := b.node(i.Owner, seen)
		above.Role, above.Share, above.Indirect = i.Role, i.Share, i.Indirect
		n.Above = append(n.Above, above)
	}
	return n
}

// sorted gives the interests in a party, the largest shares first.
func (b *Behind) sorted(id string) []ownership.Interest {
	roles := []ownership.Role{ownership.Owns, ownership.Controls, ownership.Directs}
	list := slices.Clone(b.owned[id])
	slices.SortStableFunc(list, func(x, y ownership.Interest) int {
		return cmp.Or(cmp.Compare(slices.Index(roles, x.Role), slices.Index(roles, y.Role)), cmp.Compare(y.Share.Most, x.Share.Most),
			cmp.Compare(b.Name(x.Owner), b.Name(y.Owner)), cmp.Compare(x.Owner, y.Owner))
	})
	return list
}

// Name gives the name of a party as it is screened.
func (b *Behind) Name(id string) string {
	if s := b.subjects[id]; s != nil && s.Name != "" {
		return s.Name
	}
	return "(nobody names them)"
}

// flagKinds are the kinds of red flags, the gravest first.
var flagKinds = []string{"listed", "minority", "board", "shared_board", "open_hit", "not_screened", "opaque", "share_unknown", "not_registered", "recheck"}

// RedFlag is something about those behind a customer that a person has to look at.
type RedFlag struct {
	Kind string `json:"kind"` // one of flagKinds
	Text string `json:"text"`
}

// Flags gives the red flags of a party and of all that stand above it, the gravest
// kinds first.
func (b *Behind) Flags(id string) []RedFlag {
	flags := []RedFlag{}
	add := func(kind, format string, args ...any) {
		f := RedFlag{kind, fmt.Sprintf(format, args...)}
		if !slices.Contains(flags, f) {
			flags = append(flags, f)
		}
	}
	stand := b.Stand(id)
	for _, f := range stand.Findings {
		b.flagHeld(f, add)
	}
	for _, who := range append([]string{id}, b.graph.Above(id)...) {
		if who != ownership.Unnamed {
			b.flagParty(who, id, add)
		}
	}
	if slices.ContainsFunc(stand.Findings, func(f Finding) bool { return !f.Settled }) {
		add("not_registered", "what is not known of its owners is enough to reach half: nothing here says that listed parties hold less")
	}
	slices.SortFunc(flags, func(x, y RedFlag) int {
		return cmp.Or(cmp.Compare(slices.Index(flagKinds, x.Kind), slices.Index(flagKinds, y.Kind)), cmp.Compare(x.Text, y.Text))
	})
	return flags
}

// flagHeld flags what one rule found.
func (b *Behind) flagHeld(f Finding, add func(kind, format string, args ...any)) {
	switch {
	case f.Outcome == ownership.Stop || f.Outcome == ownership.Possible:
		add("listed", "%s: %s", f.Rule, f.Why)
	case f.Counted.Most > 0 || f.Held.Economic.Most > 0:
		add("minority", "%s: %s", f.Rule, f.Why)
	}
	for _, who := range f.Held.Board {
		add("board", "%s is listed and directs or controls it without shares", b.Name(who))
	}
	for _, who := range f.Held.Shared {
		add("shared_board", "%s directs or controls it and a listed party too", b.Name(who))
	}
	if f.Recheck {
		add("recheck", "%s is %s on %s by plan and not as seen: look whether it came so", f.Rule, f.State, b.Day)
	}
}

// flagParty flags what is not known of one party above id, or of id itself.
func (b *Behind) flagParty(who, id string, add func(kind, format string, args ...any)) {
	if who != id {
		switch {
		case b.subjects[who] == nil:
			add("opaque", "somebody stands behind it of whom no name is registered")
		case !b.Screened(who):
			add("not_screened", "%s has not been screened as registered now", b.Name(who))
		}
		if n := b.hits[who].Open; n > 0 {
			add("open_hit", "%s has %d open hits", b.Name(who), n)
		}
	}
	owners := 0
	for _, i := range b.owned[who] {
		if i.Owner == ownership.Unnamed {
			add("opaque", "an owner of %s is said to be there and not named", b.Name(who))
		}
		if i.Role != ownership.Owns {
			continue
		}
		owners++
		if i.Owner != ownership.Unnamed && i.Share == (ownership.Share{Least: 0, Most: ownership.Whole}) {
			add("share_unknown", "the share of %s in %s is not known", b.Name(i.Owner), b.Name(who))
		}
	}
	if owners == 0 && !b.ends(who) && b.subjects[who] != nil {
		add("not_registered", "no owner of %s is registered", b.Name(who))
	}
}
