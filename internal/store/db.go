package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // driver "sqlite"

	"embed"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Config says where the records live and where time and randomness come from.
type Config struct {
	// DSN is the path of a SQLite file, or a postgres:// URL.
	DSN    string
	Now    func() time.Time // defaults to time.Now
	Random io.Reader        // for salts, nonces and ids: must be cryptographically secure
	// ReadOnly says that the SQLite file is a copy in which nobody ever writes.
	ReadOnly bool
}

// DB is an open store. It is safe for concurrent use; writers queue.
type DB struct {
	config   Config
	postgres bool
	readOnly bool    // SQLite only
	writer   *sql.DB // SQLite: one connection. PostgreSQL: the same pool as reader
	reader   *sql.DB

	writers writers
	tree    *ledger.Tree // the log's right edge as it was committed last; as all below, of whoever has the turn
	epoch   epochAt
	into    map[*ledger.Schema]string // tables with their columns
	ins     map[string]string         // insert statements by table and row count

	compiled map[string]*sql.Stmt // of SQLite's one writing connection, by text
	asked    []string             // texts to compile before the next transaction
	readings readings
}

// Migrations are one room's tables: SQL files for goose, numbered from 0001.
type Migrations struct {
	Room  string
	Files fs.FS
}

//go:embed migrations/*.sql
var files embed.FS

// Open opens the store and brings its tables up to date. rooms are migrated in
// the given order, after the store's own tables. A SQLite file on a medium or in a
// directory that cannot be written is opened for reading only: whoever wants to
// write is refused, and nobody may change the file meanwhile.
func Open(ctx context.Context, config Config, rooms ...Migrations) (*DB, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	db := &DB{config: config, into: map[*ledger.Schema]string{}, ins: map[string]string{}, compiled: map[string]*sql.Stmt{}}
	db.postgres = strings.HasPrefix(config.DSN, "postgres://") || strings.HasPrefix(config.DSN, "postgresql://")
	var err error
	if !config.ReadOnly {
		err = db.open(ctx, rooms)
	}
	if config.ReadOnly || err != nil && db.unwritable(err) {
		if err = db.settled(); err == nil {
			db.readOnly = true
			err = db.open(ctx, rooms)
		}
	}
	if err != nil {
		return nil, openError(err)
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, rooms []Migrations) error {
	var err error
	if db.postgres {
		db.writer, err = sql.Open("pgx", db.config.DSN)
		db.reader = db.writer
	} else {
		err = db.openSQLite()
	}
	if err != nil {
		return err
	}
	for _, m := range append([]Migrations{{"store", files}}, rooms...) {
		if err := db.migrate(ctx, m); err != nil {
			db.Close()
			return err
		}
	}
	return nil
}

// openSQLite opens one writing connection and a pool of readers. synchronous=FULL
// keeps every commit through a power cut; immediate transactions take the write
// lock at once, so that two writers wait instead of failing half-way. The writer
// keeps what it needs to undo one statement in memory, and lets the write-ahead
// log reach 64 MB before it copies pages back: a page that changes often is copied
// once, and of a hundred acts less than one waits for the copying. It keeps more pages in hand than the readers do, of which there are several, each
// with pages of its own, and which mostly read tables from end to end. For reading
// only it opens the file as one that nobody changes, since SQLite wants to write
// beside a database with a write-ahead log even to read it.
func (db *DB) openSQLite() error {
	const pragmas = "&_pragma=busy_timeout(15000)&_pragma=foreign_keys(1)"
	const wal = "&_pragma=journal_mode(wal)&_pragma=synchronous(full)"
	const looking = "&_pragma=cache_size(-16384)"
	const writing = "&_pragma=cache_size(-65536)&_pragma=temp_store(memory)&_pragma=secure_delete(1)&_pragma=wal_autocheckpoint(16000)"
	file := "file:" + (&url.URL{Path: db.config.DSN}).EscapedPath()
	reading := file + "?_txlock=deferred" + pragmas + looking + wal
	if db.readOnly {
		reading = file + "?mode=ro&immutable=1&_txlock=deferred" + pragmas + looking
	}
	var err error
	if db.reader, err = sql.Open("sqlite", reading); err != nil {
		return err
	}
	db.reader.SetMaxOpenConns(4)
	if db.readOnly {
		db.writer = db.reader
		return nil
	}
	if db.writer, err = sql.Open("sqlite", file+"?_txlock=immediate"+pragmas+wal+writing); err != nil {
		return err
	}
	db.writer.SetMaxOpenConns(1)
	return nil
}

// Writable refuses where nothing can be written.
func (db *DB) Writable() error {
	switch {
	case db.config.ReadOnly:
		return fault.New(fault.Refused, "this is a copy that was made to be read, and nothing is written in it", "write in the workspace of the log itself")
	case db.readOnly:
		return fault.New(fault.Failed, "the database can only be read where it is", "copy the whole directory to a place that you may write to")
	}
	return nil
}

// unwritable says whether opening failed because SQLite may not write where the
// file is, or not beside it.
func (db *DB) unwritable(err error) bool {
	const readonly, cannotOpen = 8, 14 // SQLite's result codes
	var sqlite interface{ Code() int }
	if db.postgres || db.readOnly || !errors.As(err, &sqlite) {
		return false
	}
	code := sqlite.Code() & 0xff
	info, missing := os.Stat(db.config.DSN)
	return (code == readonly || code == cannotOpen) && missing == nil && info.Mode().IsRegular()
}

// settled refuses a file whose newest changes are still in its write-ahead log:
// read without them it would be an older state that looks whole.
func (db *DB) settled() error {
	wal := db.config.DSN + "-wal"
	info, err := os.Stat(wal)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.Wrap(fault.Failed, err, "cannot look at the database's write-ahead log")
	case info.Size() > 0:
		return fault.New(fault.Failed, "the database's newest changes stand in this file, and they cannot be read where nothing can be written",
			"copy the whole directory to a place that you may write to").At(wal, 0, "")
	}
	return nil
}

func openError(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fault.Wrap(fault.Failed, err, "cannot open the database").
		WithFix("check that it exists, that you may write to it and that it is a Duly database")
}

func (db *DB) migrate(ctx context.Context, m Migrations) error {
	dialect := database.DialectSQLite3
	if db.postgres {
		dialect = database.DialectPostgres
	}
	versions, err := database.NewStore(dialect, "version_"+m.Room)
	if err != nil {
		return err
	}
	sub, err := fs.Sub(m.Files, "migrations")
	if err != nil {
		return err
	}
	if !db.postgres {
		sub = inOrder{sub}
	}
	provider, err := goose.NewProvider("", db.writer, sub, goose.WithStore(versions), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// inOrder gives migrations to SQLite, which keeps a table in the order of its
// positions, without an index beside it, only where their type is called integer.
// In PostgreSQL that word means 32 bits.
type inOrder struct{ fs.FS }

func (f inOrder) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	text = bytes.ReplaceAll(text, []byte("seq bigint primary key"), []byte("seq integer primary key"))
	return inOrderFile{file, bytes.NewReader(text)}, nil
}

type inOrderFile struct {
	fs.File
	text *bytes.Reader
}

func (f inOrderFile) Read(p []byte) (int, error) { return f.text.Read(p) }

// Close closes the store.
func (db *DB) Close() error {
	var err error
	for _, s := range db.compiled {
		err = errors.Join(err, s.Close())
	}
	err = errors.Join(err, db.readings.close())
	err = errors.Join(err, db.writer.Close())
	if db.reader != db.writer {
		err = errors.Join(err, db.reader.Close())
	}
	return err
}

// Postgres says which engine this is, for the few places where they differ.
func (db *DB) Postgres() bool { return db.postgres }

// Queryer is what reads: a *DB (committed state) or a *Tx (including what the
// transaction has written so far).
type Queryer interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Query runs one reading statement on committed state.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := db.reading(ctx, query); s != nil { //nolint:sqlclosecheck // Close closes it
		return s.QueryContext(ctx, args...)
	}
	return db.reader.QueryContext(ctx, query, args...)
}

// Snapshot runs fn on one unchanging view of the committed state, whoever writes
// meanwhile. The Queryer answers one query at a time and ends with fn.
func (db *DB) Snapshot(ctx context.Context, fn func(Queryer) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if db.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.reader.BeginTx(ctx, options)
	if err != nil {
		return readError(err)
	}
	defer tx.Rollback()
	return fn(snapshot{db, tx})
}

type snapshot struct {
	db *DB
	tx *sql.Tx
}

func (s snapshot) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.tx.QueryContext(ctx, query, args...)
}

// Log is the committed head of the log.
type Log struct {
	Origin string
	Size   int64
	Time   int64 // of the last entry, microseconds
}

// Head gives the committed head of the log. The code is NotFound when Begin has
// not run yet.
func Head(ctx context.Context, q Queryer) (Log, error) {
	var l Log
	err := one(ctx, q, "select origin, size, time from log where id = 1", nil, &l.Origin, &l.Size, &l.Time)
	return l, err
}

// one reads exactly one row.
func one(ctx context.Context, q Queryer, query string, args []any, into ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return readError(err)
		}
		return fault.New(fault.NotFound, "there is no such record", "")
	}
	if err := rows.Scan(into...); err != nil {
		return readError(err)
	}
	return readError(rows.Close())
}

func readError(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Failed, err, "cannot read the database")
}

func writeError(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Failed, err, "cannot write the database").
		WithFix("nothing of this step was kept; check disk space and access, then run it again")
}
