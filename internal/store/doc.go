// Package store keeps revisions of records and the log they stand in, on SQLite
// or PostgreSQL, with the same SQL text.
//
// A revision and its entry are written in one transaction: both exist or
// neither. Exact bytes are stored and never re-serialised. Filters and sorts use
// typed columns, which repeat values of the record and are checked by verify.
//
//	err := db.Write(ctx, actor, func(tx *store.Tx) error {
//		_, err := store.Create(tx, register.Customers, &register.Customer{...})
//		return err
//	})
//	rows, err := store.Select(ctx, db, register.Customers, "r.sector = $1", "policing")
//
// Ownership: the first statement of every writing transaction locks the row of
// the table log. Whoever holds it owns the log's size, its time and its right
// edge until commit; that orders writers on both engines and makes checks such
// as four-eyes safe against races. Writers of one process who wait for each other
// share a commit, each with a savepoint of its own; see writers. Appending signs nothing: the signer reads
// committed sizes only (see package workspace).
//
// Tables: log (one row), entry (leaf, digests, disclosures by position), tile
// (hashes of the tree), checkpoint (signed notes), and one table r_<kind> per
// kind of record with the columns seq, id, rev, to_seq, valid_from, valid_to and
// the kind's typed columns. to_seq is the position that superseded a revision;
// it is null for the newest. valid_from and valid_to are the days it holds for.
package store
