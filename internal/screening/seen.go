package screening

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/watchlist"
	"duly/internal/whole"
)

// seen says of every entry that a list has or had when it was seen, by SourceID.
type seen map[string]sighting

type sighting struct {
	hash        string // of what the list says of it; empty once it is gone
	first, last string // days on which versions with it came into use
}

// contents gives what the newest version has.
func (s seen) contents() watchlist.Contents {
	c := make(watchlist.Contents, len(s))
	for id, at := range s {
		if at.hash != "" {
			c[id] = at.hash
		}
	}
	return c
}

// next gives what is known after a version came into use on a day.
func (s seen) next(now watchlist.Contents, day string) seen {
	after := make(seen, len(now))
	for id, at := range s {
		at.hash = ""
		after[id] = at
	}
	for id, hash := range now {
		at := after[id]
		if at.first == "" {
			at.first = day
		}
		at.hash, at.last = hash, day
		after[id] = at
	}
	return after
}

// mark sets the days on the entities of a list.
func (s seen) mark(l *watchlist.List) {
	for i := range l.Entities {
		at := s[l.Entities[i].SourceID]
		l.Entities[i].FirstSeen, l.Entities[i].LastSeen = at.first, at.last
	}
}

// seenFormat is the first line of a file of sightings. Each later line is a JSON
// array of id, hash, first and last day, in order of id.
const seenFormat = "duly/seen/1\n"

func (s seen) encode() []byte {
	b := bytes.NewBufferString(seenFormat)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for _, id := range slices.Sorted(maps.Keys(s)) {
		at := s[id]
		_ = e.Encode([4]string{id, at.hash, at.first, at.last}) // writing texts to memory cannot fail
	}
	return b.Bytes()
}

func decodeSeen(text []byte) (seen, error) {
	rest, ok := bytes.CutPrefix(text, []byte(seenFormat))
	if !ok {
		return nil, errors.New("its first line does not name the format " + strings.TrimSpace(seenFormat))
	}
	s := seen{}
	lines := bufio.NewScanner(bytes.NewReader(rest))
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var v [4]string
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, err
		}
		s[v[0]] = sighting{v[1], v[2], v[3]}
	}
	return s, lines.Err()
}

func (s Shelf) seenPlace(hash string) string { return filepath.Join(string(s), "seen-"+hash) }

// keepSeen writes sightings to the shelf under their hash.
func (s Shelf) keepSeen(now seen) (hash string, err error) {
	text := now.encode()
	sum := sha256.Sum256(text)
	hash = hex.EncodeToString(sum[:])
	if err := s.write(s.seenPlace(hash), text); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	return hash, nil
}

// seenOf gives the sightings of a list as of its newest version. A list that was
// added before sightings were kept has its own day for all.
func (s Shelf) seenOf(ctx context.Context, q store.Queryer, l *List) (seen, error) {
	updates, err := store.Select(ctx, q, ListUpdates, "r.list = $1", l.Name)
	if err != nil {
		return nil, err
	}
	for _, u := range slices.Backward(updates) {
		if u.Record.SHA256 != l.SHA256 {
			continue
		}
		text, err := os.ReadFile(s.seenPlace(u.Record.Seen))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the list")
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != u.Record.Seen {
			return nil, fault.Newf(fault.Broken, "the file that says when the entries of %q were seen is missing or was changed", l.Name).
				WithFix("bring the directory lists of the workspace back from a backup")
		}
		found, err := decodeSeen(text)
		if err != nil {
			return nil, fault.Wrap(fault.Broken, err, "the file that says when entries were seen cannot be read")
		}
		return found, nil
	}
	list, err := s.read(l)
	if err != nil {
		return nil, err
	}
	return seen{}.next(list.Contents(), l.Added), nil
}

// write writes a file on the shelf whole.
func (s Shelf) write(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return whole.Bytes(name, text, 0o600)
}
