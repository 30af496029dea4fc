// Package report says what the log held at one signed checkpoint, to one
// audience, as JSON, as a page, as a bundle, or as one disclosed field.
//
// A report is a pure read. It has no clock: its day is that of the last entry
// under the checkpoint. Two reports of one checkpoint for one audience are the
// same bytes (RS-04), unless something was erased in between.
//
//	signed, checkpoint, err := w.Checkpoint()
//	r, err := report.Build(ctx, q, checkpoint, signed, []ledger.Class{ledger.Customer})
//	err = report.HTML(r, page)
//	err = report.JSON(r, file)
//
// An audience is a set of classes. A value of any other class is withheld where
// it stands: the row stays, and the entry, the field and the digest take the
// value's place, so that [Disclose] can show the value later and anybody can
// compare (RS-06). What stands in clear in the log (ratings, decisions, counts,
// grades, lanes, hard stops) is withheld from nobody.
//
// Ownership: this package owns the shape of a report and of its page, and writes
// no record. Bundles and disclosures have their format in package bundle.
package report
