// Package evidence holds what is known about customers, deployments and
// countries, and on whose word: facts, each with its value or the reason why it
// is unknown, and the sources that facts cite.
//
// Statements compete: each source's statement is a record of its own and none
// overwrites another. [Settle] says which value a judgement may use on a given
// day, and gives unknown where good sources disagree or all are out of date.
//
//	value := evidence.Settle(statements, "2026-11-24", 365)
//	if reason, unknown := value.UnknownReason(); unknown { ... }
//
// Ownership: this package owns the kinds fact and source, the grades of sources
// and the shelf life of facts. Which facts a method asks for is the method's.
package evidence
