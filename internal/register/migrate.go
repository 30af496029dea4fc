package register

import (
	"embed"

	"duly/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes this room's tables.
var Migrations = store.Migrations{Room: "register", Files: files}
