package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Contents holds what a version of a list says of each entity, as a hash, by
// SourceID.
type Contents map[string]string

// Hash gives a hash of all that a list says of an entity, in hex. When
// it was seen here is not part of it.
func (e *Entity) Hash() string {
	said := *e
	said.FirstSeen, said.LastSeen = "", ""
	text, err := json.Marshal(said)
	if err != nil {
		panic("watchlist: an entity cannot be written as JSON: " + err.Error()) // it holds texts only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Contents hashes every entity of the list.
func (l *List) Contents() Contents {
	c := make(Contents, len(l.Entities))
	for i := range l.Entities {
		c[l.Entities[i].SourceID] = l.Entities[i].Hash()
	}
	return c
}

// Delta is what changed from one version of a list to the next: SourceIDs, sorted.
type Delta struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	Changed []string `json:"changed"`
}

// Empty says whether nothing changed.
func (d *Delta) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// Compare says what changed from an older version to a newer one.
func Compare(older, newer Contents) Delta {
	var d Delta
	for id, hash := range newer {
		was, known := older[id]
		switch {
		case !known:
			d.Added = append(d.Added, id)
		case was != hash:
			d.Changed = append(d.Changed, id)
		}
	}
	for id := range older {
		if _, still := newer[id]; !still {
			d.Removed = append(d.Removed, id)
		}
	}
	for _, ids := range [][]string{d.Added, d.Removed, d.Changed} {
		slices.SortFunc(ids, byNumber)
	}
	return d
}

// byNumber sorts ids that are numbers by their size, others as text.
func byNumber(a, b string) int {
	if isDigits(a) && isDigits(b) && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
