package usage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/whole"
)

// Inbox takes events that are pushed, and keeps them until they are counted: the events
// of a request are one file, a segment, that is named by its hash and synced to the
// medium before the request is answered. It is safe for concurrent use.
//
// What is answered with 204 is counted, however often the process dies in between,
// and is counted once, however often it is pushed: events are told apart by source
// and id, for as long as their keys are kept; of what comes of days before, nobody can
// tell whether it was counted. A segment is removed when a run has counted it, since
// events are not kept, unless the task says to what day they are.
type Inbox struct {
	dir     string
	waiting atomic.Int64 // bytes of segments, about
	busy    chan struct{}
}

const (
	maxWaiting  = 1 << 30 // bytes of segments that wait to be counted
	maxRequests = 32      // requests that are read at once
	segmentEnd  = ".jsonl"
)

// OpenInbox opens the directory of segments and makes it where there is none. What was
// not finished when a process died is removed; it was never acknowledged.
func OpenInbox(dir string) (*Inbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the directory for pushed events cannot be made")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the directory for pushed events cannot be read")
	}
	in := &Inbox{dir: dir, busy: make(chan struct{}, maxRequests)}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), whole.Unfinished) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		} else if info, err := e.Info(); err == nil && !e.IsDir() {
			in.waiting.Add(info.Size())
		}
	}
	return in, nil
}

// ServeHTTP takes CloudEvents 1.0 by POST. It answers 204 when they are on the medium;
// 400, 413 or 415 when they cannot be taken, with the reason; and 503 when too much
// waits, so that the sender tries again.
func (in *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, "events come by POST")
		return
	}
	select {
	case in.busy <- struct{}{}:
		defer func() { <-in.busy }()
	default:
		later(w)
		return
	}
	if in.waiting.Load() > maxWaiting {
		later(w)
		return
	}
	if r.Header.Get("Origin") != "" {
		answer(w, http.StatusForbidden, "events do not come from a page in a browser")
		return
	}
	if !isPushed(r.Header) {
		answer(w, http.StatusUnsupportedMediaType, "this is no CloudEvent: send "+structured+", "+batched+", or the headers ce-specversion, ce-id, ce-source and ce-type")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		answer(w, http.StatusRequestEntityTooLarge, "the request is larger than 8 MiB")
		return
	case err != nil:
		answer(w, http.StatusBadRequest, "the request ends early")
		return
	}
	events, err := readPushed(r.Header, body)
	if err != nil {
		status := http.StatusBadRequest
		if fault.CodeOf(err) == fault.Refused {
			status = http.StatusRequestEntityTooLarge
		}
		answer(w, status, err.Error())
		return
	}
	if err := in.put(events); err != nil {
		answer(w, http.StatusInternalServerError, "the events could not be written; send them again")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	answer(w, http.StatusServiceUnavailable, "too much waits to be counted; send it again")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// put writes a segment and gives nil when it, and its name, are on the medium.
func (in *Inbox) put(events []pushed) error {
	if len(events) == 0 {
		return nil
	}
	var text []byte
	for _, e := range events {
		text = append(text, e.line...)
	}
	sum := sha256.Sum256(text)
	in.waiting.Add(int64(len(text)))
	return writeSynced(in.dir, hex.EncodeToString(sum[:])+segmentEnd, text)
}

// writeSynced writes a file, whole or not at all, and gives nil when it, and its name, are
// on the medium.
func writeSynced(dir, name string, text []byte) error {
	if err := whole.Bytes(filepath.Join(dir, name), text, 0o600); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Waiting says whether there is a segment to count.
func (in *Inbox) Waiting() (bool, error) {
	names, err := in.segments()
	return len(names) > 0, err
}

// segments names the segments that wait, in a fixed order.
func (in *Inbox) segments() ([]string, error) {
	entries, err := os.ReadDir(in.dir)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the directory for pushed events cannot be read")
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), segmentEnd) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// Count counts the segments that wait by the task, whose log says how events are read,
// and removes each once it was counted.
func (in *Inbox) Count(ctx context.Context, db *store.DB, task Task) (*Summary, error) {
	if task.Log == nil || task.Log.File.Format != "jsonl" || task.Log.Calls != "" {
		return nil, fault.New(fault.Invalid, "pushed events need a pack of kind log whose format is jsonl and that is no meter's", "name one with --log")
	}
	m, packs, err := task.monitor(ctx, db)
	if err != nil {
		return nil, err
	}
	names, err := in.segments()
	if err != nil {
		return nil, err
	}
	k := newKeeper(ctx, db, task, m, packs)
	k.pushes = true
	if err := k.begin(); err != nil {
		return nil, err
	}
	var done []segment
	for _, name := range names {
		s, err := in.read(name)
		if err == nil && s.text != nil {
			done = append(done, s)
			err = k.pushed(in, s)
		}
		if err != nil {
			return k.s, err
		}
	}
	if err := k.finish(); err != nil {
		return k.s, err
	}
	for _, s := range done { // not before: what a run that dies here has not said of them, the next one says
		if err := os.Remove(s.place); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return k.s, fault.Wrap(fault.Failed, err, "a segment that was counted cannot be removed; it will not count again").At(s.place, 0, "")
		}
		in.waiting.Add(int64(-len(s.text)))
	}
	k.s.Swept.Segments, err = in.sweep(ctx, db, task.Today)
	return k.s, err
}

// segment is the events of one request.
type segment struct {
	name, place string
	text        []byte
}

// read reads a segment and checks that it is what was received. One that is gone was
// counted by another process, and has no text.
func (in *Inbox) read(name string) (segment, error) {
	s := segment{name: name, place: filepath.Join(in.dir, name)}
	text, err := os.ReadFile(s.place)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	} else if err != nil {
		return s, fault.Wrap(fault.Failed, err, "a segment of pushed events cannot be read").At(s.place, 0, "")
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:])+segmentEnd != name {
		return s, fault.New(fault.Broken, "a segment of pushed events is not what was received", "keep the file, find out who changed it, and move it away").At(s.place, 0, "")
	}
	s.text = text
	return s, nil
}

// pushedSource is where pushed events are said to come from.
const pushedSource = "pushed"

// pushed counts the events of a segment that are new, in one transaction with their
// keys. Hours and times are noted of all its events: a run that died may not have.
func (k *keeper) pushed(in *Inbox, s segment) error {
	fresh, keys, err := k.unseen(s.text)
	if err != nil {
		return err
	}
	batch, err := k.m.Read(k.ctx, pushedSource, s.name, bytes.NewReader(s.text))
	if err != nil {
		return err
	}
	k.touch(batch)
	if len(fresh) == 0 {
		return nil
	}
	if len(fresh) < len(s.text) {
		if batch, err = k.m.Read(k.ctx, pushedSource, s.name, bytes.NewReader(fresh)); err != nil {
			return err
		}
	}
	if k.task.KeptUntil != "" {
		if err := in.retain(fresh, batch.Object.SHA256); err != nil {
			return err
		}
	}
	k.s.Late += batch.Late
	day := k.task.Today
	for _, c := range batch.Coverage {
		day = max(day, c.Hour[:len(time.DateOnly)])
	}
	return k.keep(batch, func(tx *store.Tx) error {
		for _, key := range keys {
			if err := tx.Exec("insert into pushed_event (id, day) values ($1, $2)", key, day); err != nil {
				return err
			}
		}
		return nil
	})
}

// unseen gives the lines whose events were not counted before, each once, with their
// keys in order.
func (k *keeper) unseen(text []byte) (fresh []byte, keys []string, err error) {
	taken := map[string]bool{}
	for line := range bytes.Lines(text) {
		e, err := envelope(line)
		if err != nil {
			return nil, nil, fault.Wrap(fault.Broken, err, "a segment of pushed events is not what was received")
		}
		seen, err := k.seen(e.key)
		if err != nil {
			return nil, nil, err
		}
		if seen || taken[e.key] {
			k.s.Again++
			continue
		}
		taken[e.key] = true
		keys = append(keys, e.key)
		fresh = append(fresh, line...)
	}
	return fresh, keys, nil
}

func (k *keeper) seen(key string) (bool, error) {
	found, err := list(k.ctx, k.db, "select id from pushed_event where id = $1", []any{key}, func(rows *sql.Rows) (id string, err error) {
		return id, rows.Scan(&id)
	})
	return len(found) > 0, err
}

// kept is where events stay that may be counted again.
func (in *Inbox) kept() string { return filepath.Join(in.dir, "kept") }

// retain keeps what is counted of a segment, under the name of its hash, before the count
// says that it is kept.
func (in *Inbox) retain(text []byte, hash string) error {
	err := os.MkdirAll(in.kept(), 0o700)
	if err == nil {
		err = writeSynced(in.kept(), hash+segmentEnd, text)
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "pushed events cannot be kept to be counted again").At(in.kept(), 0, "")
	}
	return nil
}
