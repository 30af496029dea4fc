package rating

import "duly/internal/pack"

// Schema gives the JSON Schema of method packs, for editors.
func Schema() []byte { return pack.Schema(pack.Method, body{}) }
