package store

import (
	"context"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Copied is an entry of another log as it stands there, with its row.
type Copied struct {
	Entry
	Schema  *ledger.Schema
	ID      string
	Rev     int64
	Time    int64 // microseconds since 1970 UTC; the first of its day for an entry dated so
	Actor   string
	Columns []any // in the order of Schema.ColumnNames
}

// Copy enters the next entries of another log in one transaction, byte for byte: their
// positions, leaves and times stay. Nothing is checked but their order: whoever calls it
// has verified them.
//
// Errors: Broken when an entry is not the next one.
func (db *DB) Copy(ctx context.Context, origin string, entries []Copied) error {
	if len(entries) == 0 {
		return nil
	}
	if entries[0].Seq == 0 {
		if err := db.name(ctx, origin); err != nil {
			return err
		}
	}
	return db.Write(ctx, entries[0].Actor, func(tx *Tx) error {
		if tx.log.Origin != origin {
			return fault.New(fault.Broken, "the database belongs to another log", "")
		}
		revised := map[string]bool{}
		for i := range entries {
			c := &entries[i]
			if c.Seq != tx.size {
				return fault.Newf(fault.Broken, "entry %d is not the next one, which is %d", c.Seq, tx.size)
			}
			if c.Rev > 1 {
				revised[c.Schema.Kind] = true
			}
			tx.place(&c.Entry, c.Schema, c.ID, c.Rev, c.Columns)
			tx.time = max(tx.time+1, c.Time)
		}
		for kind := range revised {
			if err := tx.supersede(kind, entries[0].Seq); err != nil {
				return err
			}
		}
		return tx.failed
	})
}

// supersede fills to_seq of the revisions that entries from a position on follow.
func (tx *Tx) supersede(kind string, from int64) error {
	table := "r_" + kind
	return tx.Exec("update "+table+" set to_seq = (select n.seq from "+table+" n where n.id = "+table+".id and n.rev = "+table+".rev + 1)"+
		" where to_seq is null and id in (select id from "+table+" where seq >= $1 and rev > 1)", from)
}
