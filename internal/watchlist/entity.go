package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"duly/internal/fault"
	"duly/internal/names"
)

// Entity is one party, ship or aircraft of a list.
type Entity struct {
	SourceID    string       // the list's own id (OFAC: ent_num; CSL: entity_number, or _id without one; FtM: id)
	List        string       // the list that names it; several, joined by "; ", where the file unites lists
	Kind        names.Kind   // aircraft count as vessels
	Name        string       // the main name as the list writes it
	Aliases     []Alias      // other names, without repeats, in the order of the list
	Programs    []string     // sanctions programmes
	Countries   []string     // ISO 3166-1 alpha-2 in capitals, or as written where no code is known; sorted
	Addresses   []Address    // in the order of the list
	BirthDates  []string     // YYYY, YYYY-MM or YYYY-MM-DD; a range is first/last; sorted
	Identifiers []Identifier // in the order of the list
	Topics      []string     // FtM topics
	Title       string       // function or rank
	Remarks     string       // the list's free text, whole
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

// List is one watchlist, read whole.
type List struct {
	Name      string
	Format    string // ofac, csl or ftm
	Published string // YYYY-MM-DD where the files say it, else empty
	SHA256    string // hex; of the file, or of the lines that sha256sum prints for the files of a directory in order of name
	License   string // empty when the files do not say it
	Entities  []Entity
	Rejects   []Reject // rows that could not be read
	Orphans   []Reject // readable rows that belong to no entity of the list: aliases, addresses, comments
	Merged    int      // rows that were joined to an entity of the same id
	Skipped   int      // FtM rows that are no party: addresses, sanctions, payments
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
	Skipped       int `json:"skipped"`        // FtM rows that are no party
}

// Summary counts the list. O(entities).
func (l *List) Summary() Summary {
	s := Summary{Entities: len(l.Entities), OrphanRows: len(l.Orphans), Rejects: len(l.Rejects), Merged: l.Merged, Skipped: l.Skipped}
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

// State is a hash of all that the list says of the entity, in hex: equal for two
// versions of a list when nothing about the entity changed.
func (e *Entity) State() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts, numbers and truth values only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
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
