package store

import (
	"duly/internal/fault"
	"duly/internal/ledger"
)

// Prepare seals a record as the next revision of id, or as a new record when id is
// "", and writes nothing: the draft waits until several people have signed it, each
// over the same statement.
func Prepare[T any](tx *Tx, kind *ledger.Kind[T], id string, record *T) (*ledger.Draft, error) {
	last := head{}
	if id == "" {
		var err error
		if id, err = ledger.NewID(tx.db.config.Random); err != nil {
			return nil, err
		}
	} else {
		r, err := Get(tx.ctx, tx, kind, id)
		if err != nil {
			return nil, err
		}
		last = head{r.Seq, r.Rev, r.Hash}
	}
	return ledger.NewDraft(kind, record, id, last.rev+1, last.hash, tx.db.config.Random)
}

// Enter writes a draft of Prepare as one entry with all its signatures.
//
// Errors: Refused when another revision was written since, when a signature does not
// fit what the draft says in this epoch of the log, or when one key signed twice.
func Enter[T any](tx *Tx, kind *ledger.Kind[T], draft *ledger.Draft, sigs []ledger.Signature) (Ref, error) {
	last := head{}
	if draft.Rev > 1 {
		r, err := Get(tx.ctx, tx, kind, draft.ID)
		if err != nil {
			return Ref{}, err
		}
		last = head{r.Seq, r.Rev, r.Hash}
	}
	if last.rev+1 != draft.Rev || last.hash != draft.Prev {
		return Ref{}, fault.Newf(fault.Refused, "another %s was recorded since this one was drafted", kind.Name()).WithFix("draft it again, and have it signed again")
	}
	statement, seen := draft.Statement(tx.log), map[string]bool{}
	for _, s := range sigs {
		switch {
		case !s.Verify(statement):
			return Ref{}, fault.Newf(fault.Refused, "the signature of %s does not fit what the %s says", s.KeyID(), kind.Name()).WithFix("draft it again, and have it signed again")
		case seen[s.KeyID()]:
			return Ref{}, fault.Newf(fault.Refused, "%s signed the %s twice", s.KeyID(), kind.Name())
		}
		seen[s.KeyID()] = true
	}
	record, err := Drafted(kind, draft)
	if err != nil {
		return Ref{}, err
	}
	return enter(tx, kind, draft, last, record, sigs)
}

// Drafted gives the record that a draft says.
func Drafted[T any](kind *ledger.Kind[T], draft *ledger.Draft) (*T, error) {
	values := make([][]byte, len(draft.Disclosures))
	for i, d := range draft.Disclosures {
		var err error
		if values[i], err = kind.Schema().CheckDisclosure(i, d); err != nil {
			return nil, err
		}
	}
	return kind.Decode(draft.Public, values)
}
