package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// writers is the queue of those who write through this process.
//
// A commit waits for the disk, for longer than most acts take to check and write. So
// while others wait, a writer who is through does not commit but leaves the transaction
// to the next, and the last of the group commits for all. That is as safe as commits of
// their own, because
//
//   - they still write one after another under the log's lock, in the order of the queue,
//     and each sees the head of the log, the records and the tiles as the one before left
//     them;
//   - each part has a savepoint of its own: a writer who fails is undone alone, with
//     whatever it had in memory;
//   - nobody hears anything, neither that it is done nor that it was refused, before the
//     commit is on disk; when that fails, all are told that nothing was kept;
//   - a statement is never broken off half-way by one writer's cancelling, which would end
//     the transaction of the others.
//
// Who writes alone begins and commits as ever.
type writers struct {
	turn    sync.Mutex   // held by the one who writes
	waiting atomic.Int64 // who wants the turn
	open    *group       // left to the next in the queue; nil when there is none
}

// A group ends when it has as many parts or entries: they bound what one waits for the
// others.
const (
	maxParts   = 16
	maxEntries = 64
)

// group is one SQL transaction with the parts of several writers.
type group struct {
	sql   *sql.Tx
	parts int           // so far, those included that were undone
	wrote int64         // entries
	err   error         // why nothing of it was kept
	done  chan struct{} // closed once it is on disk or given up; err is final then
}

// Write runs fn in one transaction as the given actor (a key id) and returns when what
// it wrote is on disk. If fn fails, nothing is kept.
func (db *DB) Write(ctx context.Context, actor string, fn func(*Tx) error) error {
	if !ledger.ValidID(actor) {
		return fault.Newf(fault.Invalid, "%q is not the key id of a person", actor)
	}
	if err := db.Writable(); err != nil {
		return err
	}
	g, err := db.takeTurn(ctx, actor, fn)
	if g == nil {
		return err
	}
	<-g.done
	if g.err != nil {
		return g.err
	}
	return err
}

// takeTurn waits for the turn and writes one part of a group, which is nil when none
// could begin. The turn ends, and the group with it unless somebody goes on, also when
// fn panics.
func (db *DB) takeTurn(ctx context.Context, actor string, fn func(*Tx) error) (g *group, err error) {
	db.writers.waiting.Add(1)
	db.writers.turn.Lock()
	db.writers.waiting.Add(-1)
	defer db.writers.turn.Unlock()
	if g = db.writers.open; g == nil {
		if g, err = db.beginGroup(ctx); err != nil {
			return nil, err
		}
	}
	tx := &Tx{db: db, ctx: ctx, sql: g.sql, actor: actor, inserts: map[string]*inserts{}}
	whole := false
	defer func() { db.endTurn(ctx, g, tx, whole) }()
	if err = g.mark(ctx); err == nil {
		err = tx.run(g.parts == 0, fn)
	}
	whole = err == nil
	return g, err
}

func (db *DB) beginGroup(ctx context.Context) (*group, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.compile(ctx)
	stx, err := db.writer.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, writeError(err)
	}
	return &group{sql: stx, done: make(chan struct{})}, nil
}

// mark sets the savepoint of a part. The first has the beginning of the transaction.
func (g *group) mark(ctx context.Context) error {
	if g.parts == 0 {
		return nil
	}
	return g.exec(ctx, "savepoint part")
}

func (g *group) exec(ctx context.Context, statement string) error {
	_, err := g.sql.ExecContext(context.WithoutCancel(ctx), statement)
	return writeError(err)
}

// endTurn keeps or undoes a part, and commits unless somebody waits who may join.
func (db *DB) endTurn(ctx context.Context, g *group, tx *Tx, whole bool) {
	first := g.parts == 0
	g.parts++
	g.wrote += tx.wrote
	if !whole {
		db.forget()
	}
	var err error
	switch {
	case first && !whole:
		g.sql.Rollback()
		db.writers.open = nil
		close(g.done)
		return
	case first:
	case whole:
		err = g.exec(ctx, "release savepoint part")
	default:
		err = errors.Join(g.exec(ctx, "rollback to savepoint part"), g.exec(ctx, "release savepoint part"))
	}
	if err == nil && g.parts < maxParts && g.wrote < maxEntries && db.writers.waiting.Load() > 0 {
		db.writers.open = g
		return
	}
	db.writers.open = nil
	if err == nil {
		err = writeError(g.sql.Commit())
	}
	if err != nil {
		g.sql.Rollback()
		db.forget()
		g.err = err
	}
	close(g.done)
}

// forget drops what is known of the log from transactions before, since one of them was
// undone.
func (db *DB) forget() { db.tree, db.epoch = nil, epochAt{} }
