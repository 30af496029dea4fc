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

// Hit says that a customer, or somebody behind one, may be an entity of a list, until a person has closed
// it.
type Hit struct {
	State    string `duly:"state,public,enum=open|confirmed|dismissed,column"`
	Subject  string `duly:"subject,customer,column"`  // customer, owner or party record
	Identity string `duly:"identity,customer,column"` // subject, list and entry
	List     string `duly:"list,customer"`
	Entry    string `duly:"entry,customer"` // the list's own id
	Matched  string `duly:"matched,customer"`
	Score    int64  `duly:"score,customer"`   // thousandths
	Reasons  string `duly:"reasons,customer"` // how the names met
	Closed   string `duly:"closed,customer"`  // why it was closed
	By       string `duly:"closed_by,personal"`
}

// The kinds of record that this room owns.
var (
	Lists = ledger.Define[List]("list", 1)
	Hits  = ledger.Define[Hit]("hit", 1)
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "screening", Files: files}
