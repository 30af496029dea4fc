package store

import (
	"context"
	"database/sql"
	"slices"
	"sort"
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

// Balance says what stood at one position of the log: its tree, the entries by which all
// later ones are judged (who may sign, with which roles, what panels said), and the records
// that the population of an assessment counts. Whoever gets only a later part of the log
// can tell by it that none of those was left out, and count on from there.
type Balance struct {
	Size         int64  `duly:"size,public"`               // entries before it
	Root         string `duly:"root,public,hash"`          // of their tree
	Standing     int64  `duly:"standing,public"`           // how many of them stand
	StandingRoot string `duly:"standing_root,public,hash"` // of the tree of those
	Counted      int64  `duly:"counted,public"`            // records that a population counts
	CountedHash  string `duly:"counted_hash,public,hash"`  // over their lines: see bundle.Population.Lines
}

// Balances is the kind of Balance.
var Balances = ledger.Define[Balance]("balance", 1)

// WriteBalance writes the balance of all entries so far; standing are the kinds by whose
// entries others are judged, and counted and hash say what a population counts. It is the
// first that its transaction writes.
func WriteBalance(tx *Tx, standing []string, counted int64, hash string) (Ref, error) {
	root, err := Root(tx.ctx, tx, tx.size)
	if err != nil {
		return Ref{}, err
	}
	positions, err := Positions(tx.ctx, tx, standing, 0, tx.size)
	if err != nil {
		return Ref{}, err
	}
	hashes, err := LeafHashes(tx.ctx, tx, positions)
	if err != nil {
		return Ref{}, err
	}
	var edge ledger.Edge
	for _, h := range hashes {
		edge.Append(h)
	}
	return Create(tx, Balances, &Balance{
		Size: tx.size, Root: root.String(), Standing: edge.Size(), StandingRoot: edge.Root().String(), Counted: counted, CountedHash: hash,
	})
}

// Positions gives where the entries of some kinds stand, from one position up to another,
// in the order of the log.
func Positions(ctx context.Context, q Queryer, kinds []string, from, to int64) ([]int64, error) {
	var all []int64
	for _, kind := range kinds {
		list, err := positions(ctx, q, "select seq from r_"+kind+" where seq >= $1 and seq < $2", from, to)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.Sort(all)
	return all, nil
}

// Newest gives where the newest entry of some kinds before a position stands; -1 when
// there is none.
func Newest(ctx context.Context, q Queryer, kinds []string, before int64) (int64, error) {
	newest := int64(-1)
	for _, kind := range kinds {
		list, err := positions(ctx, q, "select coalesce(max(seq), -1) from r_"+kind+" where seq < $1", before)
		if err != nil {
			return 0, err
		}
		newest = max(newest, list[0])
	}
	return newest, nil
}

// Continued gives where the revisions of a kind stand that held at a position and were
// followed by another before a later position.
func Continued(ctx context.Context, q Queryer, kind string, from, to int64) ([]int64, error) {
	return positions(ctx, q, "select seq from r_"+kind+" where seq < $1 and to_seq >= $1 and to_seq < $2", from, to)
}

// ErasuresOf gives where the erasures before a position stand that name one of some leaf
// hashes.
func ErasuresOf(ctx context.Context, q Queryer, targets []string, before int64) (all []int64, err error) {
	err = Parts(targets, func(n int, args []any) error {
		list, err := positions(ctx, q, "select seq from r_erasure where seq < $1 and "+In("target", 1, n), append([]any{before}, args...)...)
		all = append(all, list...)
		return err
	})
	return all, err
}

func positions(ctx context.Context, q Queryer, query string, args ...any) ([]int64, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, readError(err)
		}
		all = append(all, seq)
	}
	return all, readError(rows.Err())
}

// Begin makes an empty log with its first epoch. It fails when the database
// already holds a log.
func (db *DB) Begin(ctx context.Context, origin, actor string, first *Epoch) error {
	if err := db.name(ctx, origin); err != nil {
		return err
	}
	return db.Write(ctx, actor, func(tx *Tx) error {
		if tx.size != 0 {
			return fault.New(fault.Refused, "the log already has entries", "")
		}
		_, err := Create(tx, Epochs, first)
		return err
	})
}

// name begins a log without entries.
func (db *DB) name(ctx context.Context, origin string) error {
	if !ledger.ValidOrigin(origin) {
		return fault.Newf(fault.Invalid, "%q cannot name a log", origin)
	}
	if _, err := db.writer.ExecContext(ctx, "insert into log (id, origin, size, time) values (1, $1, 0, 0)", origin); err != nil {
		return fault.Wrap(fault.Refused, err, "the database already holds a log")
	}
	return nil
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
	switch {
	case err == nil:
		id.Epoch = latest.Record.Number
	case fault.CodeOf(err) == fault.NotFound:
		err = nil
	}
	return id, err
}

// Erase removes one sealed value of a revision, everywhere the store keeps it,
// and records that it did. The salt goes with the value, so the digest that stays
// tells nothing. [DB.Scrub] then takes it out of the database's files.
//
// Errors: NotFound when the entry is of another kind; Refused when the value is gone
// already.
func Erase(tx *Tx, kind *ledger.Schema, seq int64, field, reason, note string) (Ref, error) {
	index := slices.IndexFunc(kind.Sealed, func(f ledger.Field) bool { return f.Name == field })
	if index < 0 {
		return Ref{}, fault.Newf(fault.Invalid, "a %s has no sealed field %q", kind.Kind, field)
	}
	entry, err := EntryAt(tx.ctx, tx, seq)
	if err != nil {
		return Ref{}, err
	}
	leaf, err := ledger.ParseLeaf(entry.Leaf)
	if err != nil {
		return Ref{}, err
	}
	if leaf.Kind != kind.Kind {
		return Ref{}, fault.Newf(fault.NotFound, "entry %d is a %s, not a %s", seq, leaf.Kind, kind.Kind)
	}
	parts := strings.Split(entry.Disclosures, "~")
	if len(parts) != len(kind.Sealed) {
		return Ref{}, fault.Newf(fault.Broken, "entry %d does not have the fields of its kind", seq)
	}
	if parts[index] == "" {
		return Ref{}, fault.Newf(fault.Refused, "%s of entry %d was erased already", field, seq)
	}
	parts[index] = ""
	if err := tx.Exec("update entry set disclosures = $1 where seq = $2", strings.Join(parts, "~"), seq); err != nil {
		return Ref{}, err
	}
	if slices.Contains(kind.ColumnNames(), field) {
		if err := tx.Exec("update r_"+kind.Kind+" set "+field+" = null where seq = $1", seq); err != nil {
			return Ref{}, err
		}
	}
	return Create(tx, Erasures, &Erasure{Target: ledger.LeafHash(entry.Leaf).String(), Field: int64(index), Reason: reason, Note: note})
}

// Scrub takes what was erased out of the database's files. On SQLite it empties the
// write-ahead log, in which pages from before an erasure still lie; it waits for readers
// of this process. What a transaction frees is overwritten by SQLite at once. On PostgreSQL it
// vacuums the tables; the server's own write-ahead log and its backups are its
// administrator's.
func (db *DB) Scrub(ctx context.Context) error {
	if db.postgres {
		_, err := db.writer.ExecContext(ctx, "vacuum")
		return writeError(err)
	}
	var busy, pages, moved int64
	if err := db.writer.QueryRowContext(ctx, "pragma wal_checkpoint(truncate)").Scan(&busy, &pages, &moved); err != nil {
		return writeError(err)
	}
	if busy != 0 {
		return fault.New(fault.Failed, "what was erased still lies in the write-ahead log, since somebody is reading", "run it again when nobody reads")
	}
	return nil
}

// Entry is one position of the log as it is stored.
type Entry struct {
	Seq         int64
	Leaf        []byte
	Digests     []byte
	Disclosures string
}

// Entries calls each for every entry from position from to before position to, in
// order. What it is given holds until it returns. Memory does not grow with their number.
func Entries(ctx context.Context, q Queryer, from, to int64, each func(Entry) error) error {
	rows, err := q.Query(ctx, "select seq, leaf, digests, disclosures from entry where seq >= $1 and seq < $2 order by seq", from, to)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	var leaf, digests sql.RawBytes // two copies less for each entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Seq, &leaf, &digests, &e.Disclosures); err != nil {
			return readError(err)
		}
		e.Leaf, e.Digests = leaf, digests
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

// LeafAt reads what one entry says in clear.
//
// Errors: as [EntryAt]; Broken for a leaf that is not one.
func LeafAt(ctx context.Context, q Queryer, seq int64) (*ledger.Leaf, error) {
	e, err := EntryAt(ctx, q, seq)
	if err != nil {
		return nil, err
	}
	return ledger.ParseLeaf(e.Leaf)
}

// SaveCheckpoint keeps a signed checkpoint. It is written after the entries that
// it covers were committed, by the signer and nobody else. merge is told what is kept
// under its size already, nil for nothing, and says what to keep.
func (db *DB) SaveCheckpoint(ctx context.Context, size int64, merge func(stored []byte) ([]byte, error)) error {
	return db.locked(ctx, func(tx *sql.Tx) error {
		stored, err := CheckpointAt(ctx, snapshot{db, tx}, size)
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
	return db.locked(ctx, func(tx *sql.Tx) error { return fn(snapshot{db, tx}) })
}

func (db *DB) locked(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := db.Writable(); err != nil {
		return err
	}
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

// CheckpointsAfter hands out the signed checkpoints that cover an entry, the oldest first, as
// long as each says to go on.
func CheckpointsAfter(ctx context.Context, q Queryer, seq int64, each func(note []byte) bool) error {
	return checkpoints(ctx, q, each, "select note from checkpoint where size > $1 order by size", seq)
}

// CheckpointsBack hands out the signed checkpoints over at most size entries, the newest
// first, as long as each says to go on.
func CheckpointsBack(ctx context.Context, q Queryer, size int64, each func(note []byte) bool) error {
	return checkpoints(ctx, q, each, "select note from checkpoint where size <= $1 order by size desc", size)
}

func checkpoints(ctx context.Context, q Queryer, each func(note []byte) bool, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for more := true; more && rows.Next(); {
		var note string
		if err := rows.Scan(&note); err != nil {
			return readError(err)
		}
		more = each([]byte(note))
	}
	return readError(rows.Err())
}

// LastCheckpoint gives the newest signed checkpoint, or NotFound.
func LastCheckpoint(ctx context.Context, q Queryer) (size int64, note []byte, err error) {
	var text string
	err = one(ctx, q, "select size, note from checkpoint order by size desc limit 1", nil, &size, &text)
	return size, []byte(text), err
}

// CheckpointFrom gives the oldest signed checkpoint over at least size entries, or
// NotFound.
func CheckpointFrom(ctx context.Context, q Queryer, size int64) (note []byte, err error) {
	var text string
	err = one(ctx, q, "select note from checkpoint where size >= $1 order by size limit 1", []any{size}, &text)
	return []byte(text), err
}

// CheckpointUpTo gives the newest signed checkpoint over at most size entries, or NotFound.
func CheckpointUpTo(ctx context.Context, q Queryer, size int64) (note []byte, err error) {
	var text string
	err = one(ctx, q, "select note from checkpoint where size <= $1 order by size desc limit 1", []any{size}, &text)
	return []byte(text), err
}

// DayFrom gives the position of the first entry that entered the log on a day or later,
// which is the size of the log when there is none. It reads O(log n) entries.
func DayFrom(ctx context.Context, q Queryer, day string, size int64) (int64, error) {
	var failed error
	at := sort.Search(int(size), func(i int) bool {
		e, err := EntryAt(ctx, q, int64(i))
		if err != nil {
			failed = err
			return true
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			failed = err
			return true
		}
		return leaf.Entered() >= day
	})
	return int64(at), failed
}
