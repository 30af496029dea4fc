// Package schemas carries the released schemas of all kinds of records: one
// document per kind@version, and schemas.sum, which names each with its SHA-256.
// schemas.sum only grows: a schema that was released never changes, so that old
// entries stay readable. The documents are generated from the Go types; a test
// of cmd/duly compares them.
package schemas

import "embed"

// Files holds schemas.sum and a document per schema.
//
//go:embed schemas.sum *.json
var Files embed.FS
