package screening

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// List is a watchlist in use. Its files lie in the workspace under their hash and
// are checked against it whenever they are read.
type List struct {
	SHA256    string `duly:"sha256,public,hash,column"`
	State     string `duly:"state,public,enum=in_use|replaced"`
	Entries   int64  `duly:"entries,public"`
	Rejects   int64  `duly:"rejects,public"`
	Published string `duly:"published,public,date"`
	Added     string `duly:"added,public,date"`
	Name      string `duly:"list,customer,column"`
	Format    string `duly:"format,customer"`
	License   string `duly:"license,customer"`
}

// ListUpdate says that a version of a list came into use, and what it changed. One
// is written for every version, so that it can be told which entries a list had on
// any day and when each was first and last seen.
type ListUpdate struct {
	SHA256   string `duly:"sha256,public,hash,column"` // the version that came into use
	Previous string `duly:"previous,public,hash"`      // the one that it replaced; absent for the first
	Seen     string `duly:"seen,public,hash"`          // of the file on the shelf that says when each entry was seen
	Day      string `duly:"day,public,date"`
	Entries  int64  `duly:"entries,public"`
	Added    int64  `duly:"added,public"`
	Removed  int64  `duly:"removed,public"`
	Changed  int64  `duly:"changed,public"`
	Name     string `duly:"list,customer,column"`
	Source   string `duly:"source,customer"` // the file or URL that it came from
}

// Hit says that a subject of the register may be an entry of a list, and what people
// made of it. What they made of it holds for the exact state of both sides:
// SubjectState and EntryState are hashes of what was compared.
type Hit struct {
	State        string `duly:"state,public,enum=open|proposed|confirmed|dismissed|unresolved|stale,column"`
	Grade        string `duly:"grade,public,enum=weak|fair|strong"`
	Recheck      *bool  `duly:"recheck,public"`           // of a confirmed hit: a side changed since
	Subject      string `duly:"subject,customer,column"`  // customer, owner or party record
	Identity     string `duly:"identity,customer,column"` // subject, list and entry
	List         string `duly:"list,customer"`
	Entry        string `duly:"entry,customer"` // the list's own id
	Matched      string `duly:"matched,customer"`
	Score        int64  `duly:"score,customer"`       // thousandths
	Probability  int64  `duly:"probability,customer"` // thousandths, that both are one party
	Reasons      string `duly:"reasons,customer"`     // how they met, as a sentence
	Evidence     string `duly:"evidence,customer"`    // the same for programs, as JSON
	SubjectState string `duly:"subject_state,customer,hash"`
	EntryState   string `duly:"entry_state,customer,hash"`
	Note         string `duly:"note,customer"`   // why the program changed the state
	Closed       string `duly:"closed,customer"` // why a person did
	Proposer     string `duly:"proposed_by,personal"`
	By           string `duly:"closed_by,personal"`
}

// The states of a hit.
const (
	Open       = "open"       // nobody decided on it yet
	Proposed   = "proposed"   // one person would dismiss it; another must agree
	Confirmed  = "confirmed"  // the subject is the listed one
	Dismissed  = "dismissed"  // the subject is another
	Unresolved = "unresolved" // looked at, and it cannot be told
	Stale      = "stale"      // the entry or the resemblance is gone
)

// The grades of a hit, by the probability that both are one party.
const (
	Weak   = "weak"
	Fair   = "fair"
	Strong = "strong" // dismissing it takes two people
)

// The kinds of record that this room owns.
var (
	Lists       = ledger.Define[List]("list", 1)
	ListUpdates = ledger.Define[ListUpdate]("list_update", 1)
	Hits        = ledger.Define[Hit]("hit", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "screening", Files: files}
