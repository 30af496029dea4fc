package agreement

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// What an agreement is about.
const (
	Deployment   = "deployment"   // one deployment
	Contract     = "contract"     // all that is served under a contract
	Relationship = "relationship" // one link of a chain
)

// Agreement says that somebody agreed to versions of conditions. ValidTo is the first
// day on which it no longer binds; "" leaves it open. Which versions they are is sealed;
// Terms lets it be shown later that they were these.
type Agreement struct {
	State     string   `duly:"state,public,enum=active|ended,column"`
	ValidFrom string   `duly:"valid_from,public,date"`
	ValidTo   string   `duly:"valid_to,public,date"`
	About     string   `duly:"about,public,enum=deployment|contract|relationship"`
	Versions  int64    `duly:"versions,public"`
	Terms     string   `duly:"terms,public,hash"`       // SHA-256 over Accepted, as TermsHash gives it
	AsAmended bool     `duly:"as_amended,public"`       // later versions bind without another agreement
	Subject   string   `duly:"subject,customer,column"` // record id
	Accepted  []string `duly:"accepted,customer"`       // "ID terms" of each version, sorted
	Pack      string   `duly:"pack,customer"`           // "id@version" of the pack that they were taken from
	Clause    string   `duly:"clause,customer"`         // by which later versions bind
	Source    string   `duly:"source,customer,column"`  // record id of the document or statement
}

// Agreements is the kind of Agreement.
var Agreements = ledger.Define[Agreement]("agreement", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "agreement", Files: files}
