// Package register holds whom a company sells to, what it sells them and through
// whom: accounts, customers, their identifiers and owners, the parties that stand
// behind them with their interests, relationships, products with their
// capabilities, deployments and contracts.
//
// The accounts are the spine: everything that is billed is an [Account], whether
// or not anybody knows who is behind it. [Spine] counts what is billed and
// mapped to no customer or to no product; that figure stands first in every
// report.
//
// An account or a customer joins another by an identifier or by a key that a
// mapping declares, never by its name alone: a third of US police agencies share
// their name with another one.
//
//	class := register.RiskClass("face_search") // "identify"
//	class = register.RiskClass("")             // "identify": unmapped counts as the highest
//
// Ownership: this package owns the record kinds named above and the vocabularies
// of sectors, capabilities, risk classes and roles. Who may write what, and the
// reading of files, is decided above it.
package register
