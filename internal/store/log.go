package store

import (
	"context"
	"database/sql"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Epoch begins a stretch of the log under one signing key. The first entry of a
// log is its first epoch. A new key, or a restore from a copy, opens the next and
// quotes the tree before it: after a rotation or a compromise the one that the entries
// before make, after a restore the largest that anybody was shown, of which the entries
// from this one's position on are lost.
type Epoch struct {
	Number     int64  `duly:"number,public"`
	Reason     string `duly:"reason,public,enum=first|rotation|compromise|restore"`
	LogKey     string `duly:"log_key,public,hash"` // SHA-256 of the verifier key's text
	QuotedSize int64  `duly:"quoted_size,public"`
	QuotedRoot string `duly:"quoted_root,public,hash"`
}

// Epochs is the kind of Epoch.
var Epochs = ledger.Define[Epoch]("epoch", 1)

// Erasure says that sealed values of one entry were erased, and why. The leaf and
// the digests stay, so the tree still verifies.
type Erasure struct {
	Target string `duly:"target,public,hash,column"` // leaf hash of the erased entry
	Field  int64  `duly:"field,public"`              // index in the schema's order
	Reason string `duly:"reason,public,enum=retention|request|court_order|error"`
	Note   string `duly:"note,legal"`
}

// Erasures is the kind of Erasure.
var Erasures = ledger.Define[Erasure]("erasure", 1)

// Begin makes an empty log with its first epoch. It fails when the database
// already holds a log.
func (db *DB) Begin(ctx context.Context, origin, actor string, first *Epoch) error {
	if !ledger.ValidOrigin(origin) {
		return fault.Newf(fault.Invalid, "%q cannot name a log", origin)
	}
	if _, err := db.writer.ExecContext(ctx, "insert into log (id, origin, size, time) values (1, $1, 0, 0)", origin); err != nil {
		return fault.Wrap(fault.Refused, err, "the database already holds a log")
	}
	return db.Write(ctx, actor, func(tx *Tx) error {
		if tx.size != 0 {
			return fault.New(fault.Refused, "the log already has entries", "")
		}
		_, err := Create(tx, Epochs, first)
		return err
	})
}

// LatestEpoch gives the newest epoch of the log.
func LatestEpoch(ctx context.Context, q Queryer) (*Revision[Epoch], error) {
	list, err := read(ctx, q, Epochs, "r.seq = (select max(seq) from r_epoch)", nil)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "the log has no epoch yet", "")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// currentEpoch gives the log's name with the number of its newest epoch; it is
// epoch 1 while the first entry is being written.
func currentEpoch(ctx context.Context, q Queryer, origin string) (ledger.LogID, error) {
	id := ledger.LogID{Origin: origin, Epoch: 1}
	latest, err := LatestEpoch(ctx, q)
	if fault.CodeOf(err) == fault.NotFound && err != nil {
		return id, nil
	}
	if err == nil {
		id.Epoch = latest.Record.Number
	}
	return id, err
}

// Erase removes one sealed value of a revision, everywhere the store keeps it,
// and records that it did. The salt goes with the value, so the digest that stays
// tells nothing.
func Erase[T any](tx *Tx, kind *ledger.Kind[T], seq int64, field, reason, note string) (Ref, error) {
	r, err := GetBySeq(tx.ctx, tx, kind, seq)
	if err != nil {
		return Ref{}, err
	}
	index := -1
	for i, f := range kind.Schema().Sealed {
		if f.Name == field {
			index = i
		}
	}
	if index < 0 {
		return Ref{}, fault.Newf(fault.Invalid, "a %s has no sealed field %q", kind.Name(), field)
	}
	r.Disclosures[index] = ""
	parts := make([]string, len(r.Disclosures))
	for i, d := range r.Disclosures {
		parts[i] = string(d)
	}
	if err := tx.Exec("update entry set disclosures = $1 where seq = $2", strings.Join(parts, "~"), seq); err != nil {
		return Ref{}, err
	}
	if kind.Schema().Sealed[index].Column {
		if err := tx.Exec("update r_"+kind.Name()+" set "+field+" = null where seq = $1", seq); err != nil {
			return Ref{}, err
		}
	}
	return Create(tx, Erasures, &Erasure{Target: r.Hash.String(), Field: int64(index), Reason: reason, Note: note})
}

// Entry is one position of the log as it is stored.
type Entry struct {
	Seq         int64
	Leaf        []byte
	Digests     []byte
	Disclosures string
}

// Entries calls each for every entry from position from to before position to, in
// order. Memory does not grow with their number.
func Entries(ctx context.Context, q Queryer, from, to int64, each func(Entry) error) error {
	rows, err := q.Query(ctx, "select seq, leaf, digests, disclosures from entry where seq >= $1 and seq < $2 order by seq", from, to)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Seq, &e.Leaf, &e.Digests, &e.Disclosures); err != nil {
			return readError(err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return readError(rows.Err())
}

// EntryAt reads one entry.
func EntryAt(ctx context.Context, q Queryer, seq int64) (Entry, error) {
	e := Entry{Seq: seq}
	err := one(ctx, q, "select leaf, digests, disclosures from entry where seq = $1", []any{seq}, &e.Leaf, &e.Digests, &e.Disclosures)
	if fault.CodeOf(err) == fault.NotFound {
		err = fault.Newf(fault.NotFound, "the log has no entry %d", seq)
	}
	return e, err
}

// SaveCheckpoint keeps a signed checkpoint. It is written after the entries that
// it covers were committed, by the signer and nobody else. merge is told what is kept
// under its size already, nil for nothing, and says what to keep.
func (db *DB) SaveCheckpoint(ctx context.Context, size int64, merge func(stored []byte) ([]byte, error)) error {
	return db.locked(ctx, func(tx *sql.Tx) error {
		stored, err := CheckpointAt(ctx, snapshot{tx}, size)
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
		note, err := merge(stored)
		if err != nil || string(note) == string(stored) {
			return err
		}
		_, err = tx.ExecContext(ctx, "insert into checkpoint (size, note) values ($1, $2) on conflict (size) do update set note = excluded.note", size, string(note))
		if err != nil {
			return writeError(err)
		}
		return writeError(tx.Commit())
	})
}

// Locked runs fn while nobody, in whatever process, writes the log.
func (db *DB) Locked(ctx context.Context, fn func(Queryer) error) error {
	return db.locked(ctx, func(tx *sql.Tx) error { return fn(snapshot{tx}) })
}

func (db *DB) locked(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return writeError(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "update log set size = size where id = 1"); err != nil {
		return writeError(err)
	}
	return fn(tx)
}

// CheckpointAt gives the signed checkpoint over a number of entries, or NotFound.
func CheckpointAt(ctx context.Context, q Queryer, size int64) ([]byte, error) {
	var note []byte
	err := one(ctx, q, "select note from checkpoint where size = $1", []any{size}, &note)
	return note, err
}

// CheckpointAfter gives the first signed checkpoint that covers an entry, or NotFound.
func CheckpointAfter(ctx context.Context, q Queryer, seq int64) ([]byte, error) {
	var note []byte
	err := one(ctx, q, "select note from checkpoint where size > $1 order by size limit 1", []any{seq}, &note)
	return note, err
}

// LastCheckpoint gives the newest signed checkpoint, or NotFound.
func LastCheckpoint(ctx context.Context, q Queryer) (size int64, note []byte, err error) {
	var text string
	err = one(ctx, q, "select size, note from checkpoint order by size desc limit 1", nil, &size, &text)
	return size, []byte(text), err
}
