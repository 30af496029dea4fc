package triage

import (
	"embed"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Triage is the lane of one account. "Screened, not assessed" is a state of its
// own and says nothing about risk.
type Triage struct {
	Lane      string   `duly:"lane,public,enum=STOP|PERSON|DESK|AUTO,column"`
	ByDefault bool     `duly:"by_default,public,column"`
	Pack      string   `duly:"pack,public,hash"`
	Account   string   `duly:"account,customer,column"`
	Reasons   []string `duly:"reasons,customer"`
}

// Triages is the kind of Triage.
var Triages = ledger.Define[Triage]("triage", 1)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's table.
var Migrations = store.Migrations{Room: "triage", Files: files}
