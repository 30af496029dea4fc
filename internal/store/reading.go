package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxReading is the longest text of a reading statement that is kept compiled. Longer
// ones list what they look for, and what they take is not the compiling.
const maxReading = 2000

// readings are statements on committed state that SQLite's reading connections keep
// compiled, by text: those that were asked twice. Compiling one costs more than running
// one that finds a few rows by their keys.
type readings struct {
	lock sync.Mutex
	kept map[string]*sql.Stmt // nil for a text that was asked once
}

// reading gives a statement that is compiled, or nil. PostgreSQL's driver keeps its own.
func (db *DB) reading(ctx context.Context, query string) *sql.Stmt {
	if db.postgres || len(query) > maxReading {
		return nil
	}
	r := &db.readings
	r.lock.Lock()
	defer r.lock.Unlock()
	s, asked := r.kept[query]
	switch {
	case s != nil:
		return s
	case !asked && len(r.kept) < maxCompiled:
		if r.kept == nil {
			r.kept = map[string]*sql.Stmt{}
		}
		r.kept[query] = nil
	case asked:
		if s, err := db.reader.PrepareContext(ctx, query); err == nil { //nolint:sqlclosecheck // Close closes it
			r.kept[query] = s
			return s
		}
	}
	return nil
}

func (r *readings) close() (err error) {
	for _, s := range r.kept {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return err
}
