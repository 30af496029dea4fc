package watchlist

import (
	"duly/internal/fault"
	"duly/internal/names"
)

// Entity is one party, ship or aircraft of a list.
type Entity struct {
	SourceID    string       // the list's own id; docs/lists.md says which, for each format
	List        string       // the list that names it; several, joined by "; ", where the file unites lists
	Kind        names.Kind   // aircraft count as vessels
	Name        string       // the main name as the list writes it
	Aliases     []Alias      // other names, without repeats, in the order of the list
	Programs    []string     // sanctions programmes or regimes
	Reasons     []string     // why it is listed, in the words of the list
	Bases       []string     // legal acts, notices, licence requirements and policies that the list names
	Countries   []string     // ISO 3166-1 alpha-2 in capitals, or as written where no code is known; sorted
	Addresses   []Address    // in the order of the list
	BirthDates  []string     // YYYY, YYYY-MM or YYYY-MM-DD; a range of years is first/last; sorted
	Circa       []string     // those of BirthDates that the list calls approximate; sorted
	BirthPlaces []Address    // in the order of the list
	Gender      string       // male or female; empty when the list does not say
	Identifiers []Identifier // in the order of the list
	References  []Reference  // numbers under which this and other lists know it
	Listed      []string     // days on which it was listed, YYYY-MM-DD; sorted
	Topics      []string     // FtM topics, and those of topics.go; sorted
	Title       string       // function or rank
	Remarks     string       // the list's free text, whole
	FirstSeen   string       // day on which a version with it was first added here; empty until kept
	LastSeen    string       // day of the newest version with it that was added here; empty until kept
}

// Alias is another name of an entity.
type Alias struct {
	Name string
	Weak bool // the list itself says that the name alone identifies nobody (a nickname, an abbreviation)
}

// Address is where an entity is said to be. A list that does not split its
// addresses has all of it in Text.
type Address struct {
	Text    string // street, city and the rest
	Country string // as in Entity.Countries
}

// Identifier is a number or code that an authority gave.
type Identifier struct {
	Type    string // as the list calls it: Passport, Tax ID No., IMO
	Value   string
	Country string // as the list writes it; may be empty
}

// Reference is the number under which an authority lists an entity.
type Reference struct {
	Authority string // OFAC, UN, EU, UK or OFSI
	Number    string
}

// Edge says how two parties belong together, as a list states it.
type Edge struct {
	Kind    string // owner, director, member, employee, agent, relative, associate, link
	From    string // SourceID of who owns, directs, ...
	To      string // SourceID of what is owned, directed, ...; it may be missing from the list
	Percent string // share, as the list writes it: 51, 25.5, 25-50; empty when it does not say
	Role    string
	Start   string // YYYY, YYYY-MM or YYYY-MM-DD; empty when the list does not say
	End     string
}

// List is one watchlist, read whole.
type List struct {
	Name      string
	Format    string // one of Formats
	Published string // YYYY-MM-DD where the files say it, else empty
	SHA256    string // hex; of the file, or of the lines that sha256sum prints for the files of a directory in order of name
	License   string // empty when the files do not say it
	Entities  []Entity
	Edges     []Edge   // who owns or directs whom, in the order of the list
	Rejects   []Reject // rows that could not be read
	Orphans   []Reject // readable rows that belong to no entity of the list: aliases, addresses, comments
	Merged    int      // rows that were joined to an entity of the same id
	Twice     int      // entities whose id another one has too; they are kept as "ID #2"
	Skipped   int      // FtM rows that are neither a party nor said of one: addresses, payments
}

// Reject is a row of a list that made no entity or part of one.
type Reject struct {
	Part  string       // what the row is: entry, alias, address, comment
	Fault *fault.Error // why, with file, line and field
	Raw   string       // the row, at most 4 KiB of it
}

// Summary counts what a list holds and what of it could not be used.
type Summary struct {
	Entities      int `json:"entities"`
	Aliases       int `json:"aliases"`        // names that entities have beside their main name
	OrphanAliases int `json:"orphan_aliases"` // alias rows that belong to no entity of the list
	OrphanRows    int `json:"orphan_rows"`    // address and comment rows that belong to none
	Rejects       int `json:"rejects"`        // rows that could not be read
	Merged        int `json:"merged"`         // rows joined to an entity of the same id
	Twice         int `json:"ids_twice"`      // entities whose id another one has too
	Skipped       int `json:"skipped"`        // FtM rows that are neither a party nor said of one
	Edges         int `json:"edges"`          // ties between parties
}

// Summary counts the list. O(entities).
func (l *List) Summary() Summary {
	s := Summary{Entities: len(l.Entities), OrphanRows: len(l.Orphans), Rejects: len(l.Rejects), Merged: l.Merged, Twice: l.Twice, Skipped: l.Skipped, Edges: len(l.Edges)}
	for _, o := range l.Orphans {
		if o.Part == "alias" {
			s.OrphanAliases++
			s.OrphanRows--
		}
	}
	for i := range l.Entities {
		s.Aliases += len(l.Entities[i].Aliases)
	}
	return s
}

// addAlias adds a name that the entity does not have yet. A name that comes
// again from a better source is no longer weak.
func (e *Entity) addAlias(name string, weak bool) {
	if name == "" || name == e.Name {
		return
	}
	for i := range e.Aliases {
		if e.Aliases[i].Name == name {
			e.Aliases[i].Weak = e.Aliases[i].Weak && weak
			return
		}
	}
	e.Aliases = append(e.Aliases, Alias{Name: name, Weak: weak})
}
