// Package framework reads framework packs: what a text outside of Duly (a law, a
// guidance, principles, a proposal, terms of a vendor) asks for, item by item, in
// the project's own words.
//
// Each [Item] says how binding it is ([Duty]: mandatory, incorporated by reference,
// advisory), whether it was seen in its source (grade), from when to when it holds,
// which requirement of Duly it maps to, and what a method may make of it (effect:
// a proposal, never more). From the items come
//
//   - flags: red flags and prohibitions with an expression over facts, raised, clear
//     or unknown ([Framework.Flags]);
//   - scorecards: what of it is met, partly met, unmet or unknown ([Framework.Score]);
//   - decision tables: what follows from a combination ([Table.Decide]).
//
// A pack may also hold dated bans and moratoria ([Ban]). Each says for a day and a
// deployment whether it applies, is held off by an exemption, has nothing to say, or
// is unclear, and then what has to be answered ([Prohibited]).
//
// Unknown is never met, never clear, and never one row of a table where others are
// possible. Days are written YYYY-MM-DD.
//
// The package is pure: packs and values in, values out. Methods name items as the
// basis of their indicators; ratings never read a framework, so that a rating is
// replayed from its method alone. Whether a named item exists is checked by whoever
// knows both.
//
//	p, err := pack.Parse("packs/frameworks/ungp.yaml", data)
//	f, err := framework.Load(p)
//	table, ok := f.Table("gp19")
//	decision, err := table.Decide(map[string]any{"involvement": "linked", "leverage": "have"})
package framework
