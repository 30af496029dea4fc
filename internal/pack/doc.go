// Package pack reads packs: methods, triage rules and conditions of use, kept as
// YAML files that anyone can read, check and hash.
//
// A pack is a header (what it is, its version, who stands behind it, its sources)
// and a body that belongs to the room of its kind. This package checks the header,
// decodes a body strictly into the room's own types, and gives every finding its
// file, line and column. A pack's identity is the SHA-256 of its exact bytes.
//
// It is pure: bytes in, values out. It evaluates nothing; whoever runs a pack's
// tests is passed in as a [Runner], and what a pack's state is (committed, in force)
// is a record of a room above.
//
// Refused outright: unknown and repeated keys, values of the wrong type, a second
// document, files over [MaxSize], and YAML anchors, aliases and merge keys, with
// which a small file can stand for a huge one.
//
//	p, err := pack.Parse("packs/triage/base.yaml", data)
//	var body struct {
//		Rules []struct {
//			ID   string `yaml:"id,required"`
//			When string `yaml:"when,required"`
//		} `yaml:"rules,required"`
//	}
//	err = p.Decode(&body)
//	...
//	return p.Place(ruleError, "rules", 3, "when") // packs/triage/base.yaml:41:12: ...
package pack
