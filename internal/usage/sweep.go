package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/runs"
	"duly/internal/store"
)

// keyDays is for how many days it is known which pushed events were counted.
const keyDays = 90

// Swept says what was deleted because its time was over.
type Swept struct {
	Windows  int64 `json:"windows"`  // states of windows: what comes later of them begins anew
	Unsaid   int64 `json:"unsaid"`   // of them, what a killed run left and no later one weighed
	Keys     int64 `json:"keys"`     // of pushed events: what comes again of their days cannot be told from what is new
	Segments int64 `json:"segments"` // of pushed events that were kept to be counted again
}

func (s *Swept) any() bool { return s.Windows+s.Keys+s.Segments > 0 }

// String says it in words.
func (s *Swept) String() string {
	return fmt.Sprintf("%d states of windows (%d of them never weighed), %d keys of pushed events, %d kept segments", s.Windows, s.Unsaid, s.Keys, s.Segments)
}

// Sweep deletes what counting keeps for a time that is over: state of windows, keys of
// pushed events, and segments that were kept below the task's inbox. With all it deletes the
// state of all windows and forgets the key by which it was kept. What was deleted stands
// in the log as a run.
func Sweep(ctx context.Context, db *store.DB, task Task, all bool) (*Swept, error) {
	s := &Swept{}
	var err error
	if s.Segments, err = (&Inbox{dir: task.Inbox}).sweep(ctx, db, task.Today); err != nil {
		return nil, err
	}
	err = db.Write(ctx, task.Actor, func(tx *store.Tx) error {
		until := task.Today
		if all {
			until = "9999-12-31"
			if err := tx.Exec("delete from window_key"); err != nil {
				return err
			}
		}
		if err := s.windows(ctx, tx, until); err != nil {
			return err
		}
		if err := s.keys(ctx, tx, task.Today); err != nil || !s.any() {
			return err
		}
		empty, err := runs.Root([]ledger.Hash{})
		if err != nil {
			return err
		}
		_, err = store.Create(tx, runs.Runs, &runs.Run{Task: "sweep", Day: task.Today, Covered: s.Windows + s.Keys + s.Segments, Population: empty, Note: s.String()})
		return err
	})
	return s, err
}

// states deletes what is over in the database.
func (s *Swept) states(ctx context.Context, tx *store.Tx, today string) error {
	if err := s.windows(ctx, tx, today); err != nil {
		return err
	}
	return s.keys(ctx, tx, today)
}

// keys deletes the keys of pushed events whose time is over, and notes up to which day.
// A key has the day of its event, or of its counting if that was later: so an event of a
// later day than any that went still has its key.
func (s *Swept) keys(ctx context.Context, tx *store.Tx, today string) error {
	before := dayText(dayNumber(today) - keyDays)
	gone, err := list(ctx, tx, "select day, count(*) from pushed_event where day < $1 group by day order by day", []any{before}, func(rows *sql.Rows) (last string, err error) {
		var n int64
		err = rows.Scan(&last, &n)
		s.Keys += n
		return last, err
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	if err := tx.Exec("delete from pushed_event where day < $1", before); err != nil {
		return err
	}
	if err := tx.Exec("delete from pushed_dropped"); err != nil {
		return err
	}
	return tx.Exec("insert into pushed_dropped (day) values ($1)", gone[len(gone)-1])
}

// since gives the first day of which the keys of all pushed events are there; zero where
// none ever went.
func since(ctx context.Context, q store.Queryer) (at time.Time, err error) {
	days, err := list(ctx, q, "select day from pushed_dropped", nil, func(rows *sql.Rows) (day string, err error) {
		return day, rows.Scan(&day)
	})
	if err != nil || len(days) == 0 {
		return at, err
	}
	return time.Unix((dayNumber(days[0])+1)*24*hour, 0).UTC(), nil
}

// windows deletes the state of windows whose time is over. What they amounted to stays
// with their day, without the window; of the days up to the last nobody can tell more.
func (s *Swept) windows(ctx context.Context, tx *store.Tx, today string) error {
	type window struct {
		mark      string
		scope     scope
		last, due int64
	}
	over, err := list(ctx, tx, "select mark, scope, last_day, due from window_state where kept_until < $1 order by mark", []any{dayNumber(today)}, func(rows *sql.Rows) (w window, err error) {
		var text string
		err = rows.Scan(&w.mark, &text, &w.last, &w.due)
		w.scope = parseScope(text)
		return w, err
	})
	if err != nil {
		return err
	}
	for _, w := range over {
		s.Windows++
		s.Unsaid += w.due
		if err := fold(ctx, tx, w.scope, w.mark); err != nil {
			return err
		}
		for _, statement := range []string{"delete from window_part where mark = $1", "delete from window_state where mark = $1"} {
			if err := tx.Exec(statement, w.mark); err != nil {
				return err
			}
		}
		err := tx.Exec(`insert into window_dropped (scope, day) values ($1, $2) on conflict (scope) do update set
			day = case when excluded.day > window_dropped.day then excluded.day else window_dropped.day end`, w.scope.String(), w.last)
		if err != nil {
			return err
		}
	}
	return nil
}

// fold takes what one window amounted to into what is said of no window.
func fold(ctx context.Context, tx *store.Tx, s scope, mark string) error {
	const nobody = ""
	days, err := list(ctx, tx, "select day from window_beyond where scope = $1 and mark = $2", []any{s.String(), mark}, scanDay)
	if err != nil {
		return err
	}
	for _, day := range days {
		sum, err := beyondOn(ctx, tx, s, day, " and mark in ($3, $4)", mark, nobody)
		if err != nil {
			return err
		}
		if err := tx.Exec("delete from window_beyond where scope = $1 and day = $2 and mark in ($3, $4)", s.String(), day, mark, nobody); err != nil {
			return err
		}
		if err := putBeyond(tx, s, nobody, day, sum); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes kept segments whose time is over, and those of which, after a run was
// killed, nothing is recorded.
func (in *Inbox) sweep(ctx context.Context, q store.Queryer, today string) (n int64, err error) {
	files, err := os.ReadDir(in.kept())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, fault.Wrap(fault.Failed, err, "the segments that are kept cannot be read")
	}
	waiting, err := in.Waiting()
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		hash := strings.TrimSuffix(f.Name(), segmentEnd)
		known, err := store.Select(ctx, q, ObjectRecords, "r.sha256 = $1", hash)
		if err != nil {
			return n, err
		}
		if len(known) == 0 && waiting || len(known) > 0 && known[0].Record.KeptUntil >= today {
			continue
		}
		if err := os.Remove(filepath.Join(in.kept(), f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fault.Wrap(fault.Failed, err, "a kept segment cannot be removed").At(f.Name(), 0, "")
		}
		n++
	}
	return n, nil
}
