// Package intake reads files of other systems into the register and the
// evidence, through a mapping that says what a row means.
//
// Every row has exactly one outcome: created, revised, same, ambiguous or
// rejected. A row that cannot be read is never lost (it goes to a rejects file
// with the reason) and stops no other. Importing the same file again changes
// nothing.
//
//	m, err := intake.ParseMapping("crm.yaml", data)
//	report, err := intake.Import(ctx, db, actor, m, []string{"accounts.csv"}, intake.Options{
//		Received: "2026-11-24",
//	})
//
// # Who is who
//
// Two records are one when they share an identifier (ORI, UEI, LEI, domain,
// account id) or a complete composed key that the mapping declares. Two records
// with different identifiers of one scheme, or with keys of one shape that
// disagree, are two, whatever their names. What is neither, and shares a name or
// all parts of a key that both state, is ambiguous: the row is held back and a
// work item asks a person ([Ambiguity], [Resolve]). Names are compared without
// regard to case and white space, and only customers are compared by name.
//
// An identifier's scheme is taken to give one value to one customer. A scheme
// that gives several should not be used as an identity.
//
// # What a revision is
//
// Each row is a statement about its main record, from the row's valid_from on.
// Rows of one main record are written in the order of their days, whatever their
// order in the file; one that arrives in a later file with an earlier day holds
// up to the next day known, and the latest is stated again after it, so that the
// newest revision is always the latest in time. A field that a row leaves blank
// keeps what is recorded.
//
// A row is known by its id in the source and a short hash of what the mapping
// takes from it. Content that was received before under the same id is never
// written again: an old file cannot undo a newer one. A source that may go back
// to an older value needs its version or date among the mapping's row_id; rows
// that look so are counted as outdated.
//
// Ownership: this package owns the mapping language, the rejects file and the
// kind ambiguity. It writes records of register and evidence and decides nothing
// about them.
package intake
