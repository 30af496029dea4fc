package conditions

import "duly/internal/pack"

// Schema gives the JSON Schema of packs of conditions, for editors.
func Schema() []byte { return pack.Schema(pack.Conditions, body{}) }
