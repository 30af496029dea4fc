package triage

import "duly/internal/pack"

// Schema gives the JSON Schema of triage packs, for editors.
func Schema() []byte { return pack.Schema(pack.Triage, body{}) }
