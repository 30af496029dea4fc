package index

import (
	"embed"

	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Edition is what one index says of one year, as one file had it. A later file that
// says otherwise of the same year, as of an index that is recalculated, is an edition
// of its own beside it: what was known before stays known.
type Edition struct {
	evidence.Origin
	Identity  string   `duly:"identity,customer,column"` // index, year, layout and file
	Name      string   `duly:"name,customer,column"`     // of the index
	Layout    string   `duly:"layout,customer,column"`   // id of the mapping
	Year      int64    `duly:"year,public,column"`       // that the edition is named by
	Published string   `duly:"published,public,date,column"`
	Released  string   `duly:"released,public,date,column"` // the day of the file, or the day it was received
	History   string   `duly:"history,public,enum=as_published|recalculated"`
	Mapping   string   `duly:"mapping,public,hash"` // SHA-256 of the pack
	File      string   `duly:"file,public,hash"`    // SHA-256
	Rejected  int64    `duly:"rejected,public"`     // rows of the year that were not used
	Unread    int64    `duly:"unread,public"`       // rows of the file that were not used and whose year cannot be told
	Cites     string   `duly:"cites,customer,column"`
	Terms     string   `duly:"terms,customer"`    // licence of the data
	Readings  []string `duly:"readings,customer"` // "CHL line 12; status=free; hrw unknown: not rated"
}

// Editions is the kind of Edition.
var Editions = ledger.Define[Edition]("index_edition", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "index", Files: files}
