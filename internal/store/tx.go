package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"duly/internal/ledger"
)

// Tx is a writing transaction. It holds the lock of the log from its first
// statement to its end and must not be used by two goroutines.
type Tx struct {
	db      *DB
	ctx     context.Context
	sql     *sql.Tx
	actor   string
	log     ledger.LogID
	size    int64
	time    int64
	tree    *ledger.Tree
	inserts map[string]*inserts // by table
	order   []*inserts          // in the order of first use
	wrote   int64
	failed  error
}

// inserts buffers the rows of one table.
type inserts struct {
	into string // the table and its columns
	rows int
	args []any     // row after row
	full *sql.Stmt // inserts a whole chunk; nil before the first
}

type head struct {
	seq, rev int64
	hash     ledger.Hash
}

// chunk is how many rows one insert statement carries: enough to make the cost
// of a statement small, few enough for the parameter limit of either engine.
const chunk = 50

// run runs fn as one part of a transaction, the first or a later one.
func (tx *Tx) run(first bool, fn func(*Tx) error) error {
	if err := tx.lock(first); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.finish(); err != nil {
		return err
	}
	return tx.ctx.Err()
}

// lock takes the row of the log and loads its right edge. The update is the same
// on both engines and makes any other writer wait.
func (tx *Tx) lock(first bool) error {
	if first {
		if err := tx.exec("update log set size = size where id = 1"); err != nil {
			return err
		}
	}
	var origin string
	var epoch int64
	err := one(tx.ctx, tx, "select origin, size, time, (select coalesce(max(seq), -1) from r_epoch) from log where id = 1", nil, &origin, &tx.size, &tx.time, &epoch)
	if err != nil {
		return err
	}
	if tx.log, err = tx.epoch(origin, epoch); err != nil {
		return err
	}
	tx.tree = tx.db.tree
	tx.db.tree = nil // a failed transaction leaves no half-advanced edge behind
	if tx.tree == nil || tx.tree.Size() != tx.size {
		if tx.tree, err = ledger.NewTree(tx.size, load(tx.ctx, tx)); err != nil {
			return err
		}
	}
	tx.tree.Track()
	return nil
}

// epochAt is the epoch that the entry at a position began.
type epochAt struct {
	seq int64
	id  ledger.LogID
}

// epoch gives the log's name with its newest epoch, which stands at a position, -1 for
// none. It is read once, since no other entry comes to stand there.
func (tx *Tx) epoch(origin string, seq int64) (ledger.LogID, error) {
	if known := tx.db.epoch; known.id.Origin == origin && known.seq == seq {
		return known.id, nil
	}
	id, err := currentEpoch(tx.ctx, tx, origin)
	if err == nil && seq >= 0 {
		tx.db.epoch = epochAt{seq, id}
	}
	return id, err
}

// finish writes what is buffered, the tiles that changed and the log's new head.
func (tx *Tx) finish() error {
	if tx.failed != nil {
		return tx.failed
	}
	if err := tx.flush(); err != nil {
		return err
	}
	if tx.wrote > 0 {
		if err := tx.saveTiles(tx.tree.Changed()); err != nil {
			return err
		}
		if err := tx.Exec("update log set size = $1, time = $2 where id = 1", tx.size, tx.time); err != nil {
			return err
		}
	}
	tx.db.tree = tx.tree
	return nil
}

// Query runs one reading statement that sees what the transaction has written.
// It is not broken off half-way: whether the context is cancelled is asked before.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.flush(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if s := tx.statement(query); s != nil { //nolint:sqlclosecheck // the transaction closes it at its end
		return s.QueryContext(ctx, args...)
	}
	return tx.sql.QueryContext(ctx, query, args...)
}

// Exec runs one writing statement on a table that is not evidence (a cache, a
// cursor). Records are written by Create and Revise only.
func (tx *Tx) Exec(query string, args ...any) error {
	if err := tx.flush(); err != nil {
		return err
	}
	return tx.exec(query, args...)
}

func (tx *Tx) exec(query string, args ...any) error {
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	var err error
	ctx := context.WithoutCancel(tx.ctx)
	if s := tx.statement(query); s != nil { //nolint:sqlclosecheck // the transaction closes it at its end
		_, err = s.ExecContext(ctx, args...)
	} else {
		_, err = tx.sql.ExecContext(ctx, query, args...)
	}
	return writeError(err)
}

// maxCompiled bounds the statements that are kept compiled. Rooms have some hundred
// texts; what is made up for one occasion does not push them out.
const maxCompiled = 500

// compile compiles what the last transactions asked for. SQLite's writing connection
// is free only between transactions; compiling a statement costs it more than running
// one that finds a row by its key.
func (db *DB) compile(ctx context.Context) {
	for _, query := range db.asked {
		if s, err := db.writer.PrepareContext(context.WithoutCancel(ctx), query); err == nil { //nolint:sqlclosecheck // Close closes it
			db.compiled[query] = s
		}
	}
	db.asked = db.asked[:0]
}

// statement gives a statement of the transaction that is compiled already, or nil.
// PostgreSQL's driver keeps its own. Rows of one text must be closed before the same
// text is asked again in a transaction; SQLite refuses it otherwise.
func (tx *Tx) statement(query string) *sql.Stmt {
	if tx.db.postgres {
		return nil
	}
	if s := tx.db.compiled[query]; s != nil {
		return tx.sql.StmtContext(context.WithoutCancel(tx.ctx), s)
	}
	if len(tx.db.compiled)+len(tx.db.asked) < maxCompiled && !slices.Contains(tx.db.asked, query) {
		tx.db.asked = append(tx.db.asked, query)
	}
	return nil
}

// Log names the log and its epoch, for statements that people sign.
func (tx *Tx) Log() ledger.LogID { return tx.log }

// Size is the number of entries, including those of this transaction.
func (tx *Tx) Size() int64 { return tx.size }

// Now gives the time that the next entry will have at the earliest, in
// microseconds since 1970 UTC: the clock's, or just after the last entry's.
func (tx *Tx) Now() int64 { return max(tx.db.config.Now().UnixMicro(), tx.time+1) }

// append adds an entry, which stands at the log's size, and gives its leaf hash.
func (tx *Tx) append(e *Entry) ledger.Hash {
	tx.size++
	tx.wrote++
	h := ledger.LeafHash(e.Leaf)
	tx.tree.Append(h)
	tx.insert("entry (seq, leaf, digests, disclosures)", e.Seq, e.Leaf, e.Digests, e.Disclosures)
	return h
}

// insert buffers one row; into names the table and its columns.
func (tx *Tx) insert(into string, values ...any) {
	t := tx.inserts[into]
	if t == nil {
		t = &inserts{into: into}
		tx.inserts[into] = t
		tx.order = append(tx.order, t)
	}
	t.rows++
	t.args = append(t.args, values...)
	if t.rows == chunk {
		tx.failed = tx.write(t)
	}
}

// flush writes all buffered rows.
func (tx *Tx) flush() error {
	for _, t := range tx.order {
		if err := tx.write(t); err != nil {
			tx.failed = err
		}
	}
	return tx.failed
}

func (tx *Tx) write(t *inserts) error {
	if t.rows == 0 || tx.failed != nil {
		return tx.failed
	}
	rows, args := t.rows, t.args
	t.rows, t.args = 0, t.args[:0]
	if rows < chunk {
		return tx.exec(tx.db.insertSQL(t.into, rows, len(args)/rows), args...)
	}
	if t.full == nil {
		var err error
		if t.full, err = tx.sql.PrepareContext(context.WithoutCancel(tx.ctx), tx.db.insertSQL(t.into, rows, len(args)/rows)); err != nil {
			return writeError(err)
		}
	}
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	_, err := t.full.ExecContext(context.WithoutCancel(tx.ctx), args...)
	return writeError(err)
}

func (db *DB) insertSQL(into string, rows, columns int) string {
	key := into + "#" + strconv.Itoa(rows)
	if text, ok := db.ins[key]; ok {
		return text
	}
	var b strings.Builder
	b.WriteString("insert into " + into + " values ")
	n := 0
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		for j := range columns {
			n++
			if j == 0 {
				b.WriteByte('(')
			} else {
				b.WriteByte(',')
			}
			b.WriteString(placeholder(db.postgres, n))
		}
		b.WriteByte(')')
	}
	db.ins[key] = b.String()
	return b.String()
}

// placeholder spells the nth parameter of a statement with many. SQLite's driver looks up
// numbered parameters by name, which for hundreds of them costs more than the
// insert; there they are plain question marks.
func placeholder(postgres bool, n int) string {
	if postgres {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}
