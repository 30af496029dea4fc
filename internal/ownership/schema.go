package ownership

import "duly/internal/pack"

// Schema gives the JSON Schema of packs of rules of ownership, for editors.
func Schema() []byte { return pack.Schema(pack.Ownership, body{}) }
