// Package packs carries the packs that ship with Duly: methods, frameworks, triage
// rules, conditions of use and questionnaires about them, rules of ownership and of
// casework, how long what is sealed is kept, libraries of controls, and mappings of indices
// and of logs of use, as YAML with their tests beside them. They are data: the rooms that use
// them read them through [duly/internal/pack].
package packs

import "embed"

// Files holds the packs as they are released, by path: methods/rm-1.yaml,
// triage/base.yaml, conditions/face-search.yaml and so on.
//
//go:embed methods frameworks triage conditions ownership indices casework logs attestations retention controls
var Files embed.FS
