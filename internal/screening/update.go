package screening

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/watchlist"
)

// Feed is one entry of lists.yaml: a list and where its versions come from.
type Feed struct {
	Name   string            `yaml:"name"`   // what it is called at the command line
	Format string            `yaml:"format"` // one of watchlist.Formats
	From   string            `yaml:"from"`   // a URL, a file or a directory
	Files  map[string]string `yaml:"files"`  // instead: the URL or file of each file of a directory
	MaxMB  int64             `yaml:"max_mb"` // how large a file may be; 512 when 0
}

// ReadFeeds reads lists.yaml. Files and directories in it are meant from where it
// lies. Nothing is ever fetched that it does not name.
func ReadFeeds(path string) ([]Feed, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "there is no such file, so no list has a source", "write one as docs/lists.md shows").At(path, 0, "")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the sources of lists").At(path, 0, "")
	}
	var config struct {
		Lists []Feed `yaml:"lists"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&config); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(fault.Invalid, err, "the sources of lists cannot be read").At(path, 0, "")
	}
	names := map[string]bool{}
	for i := range config.Lists {
		f := &config.Lists[i]
		if bad := f.check(names); bad != nil {
			return nil, bad.At(path, 0, "lists["+f.Name+"]")
		}
		names[f.Name] = true
		f.From = relativeTo(path, f.From)
		for name, from := range f.Files {
			f.Files[name] = relativeTo(path, from)
		}
	}
	return config.Lists, nil
}

func (f *Feed) check(names map[string]bool) *fault.Error {
	plain := func(s string) bool { return s != "" && filepath.Base(s) == s && s[0] != '.' }
	switch {
	case !plain(f.Name):
		return fault.New(fault.Invalid, "the list has no name, or one that cannot be a file's", "")
	case names[f.Name]:
		return fault.New(fault.Invalid, "the name comes twice", "")
	case !slices.Contains(watchlist.Formats(), f.Format):
		return fault.Newf(fault.Invalid, "there is no list format %q", f.Format).WithFix("use one of: " + strings.Join(watchlist.Formats(), ", "))
	case (f.From == "") == (len(f.Files) == 0):
		return fault.New(fault.Invalid, "a list has either from or files", "")
	case f.MaxMB < 0:
		return fault.New(fault.Invalid, "max_mb is below zero", "")
	}
	for name, from := range f.Files {
		if !plain(name) || from == "" {
			return fault.Newf(fault.Invalid, "%q is no name of a file, or has no source", name)
		}
	}
	return nil
}

func relativeTo(path, from string) string {
	if from == "" || isURL(from) || filepath.IsAbs(from) {
		return from
	}
	return filepath.Join(filepath.Dir(path), from)
}

func isURL(s string) bool { return strings.Contains(s, "://") }

// Updater brings lists up to date.
type Updater struct {
	DB     *store.DB
	Shelf  Shelf
	Actor  string
	Now    func() time.Time
	Client *http.Client // with a timeout; only asked for what a feed names
	Dir    string       // offline: where files named after the feeds lie, instead of their sources
	Shrink bool         // take lists that lack more than a tenth of the entries in use
}

// Updated says what became of one feed.
type Updated struct {
	Name      string          `json:"name"`
	List      string          `json:"list,omitempty"`
	Outcome   string          `json:"outcome"` // first, updated, unchanged or kept
	Why       string          `json:"why,omitempty"`
	Published string          `json:"published,omitempty"`
	Entries   int             `json:"entries"`
	Rejects   int             `json:"rejects"`
	Delta     watchlist.Delta `json:"delta"`
	Err       error           `json:"-"` // why the old version was kept
}

// Update brings one feed up to date. Whatever goes wrong, the version in use stays
// in use: it is replaced only by one that was fetched and read whole. A failure is
// told in the result and kept for `duly lists`; an error is one of the workspace.
func (u *Updater) Update(ctx context.Context, f Feed) (*Updated, error) {
	all, err := u.Shelf.Checks()
	if err != nil {
		return nil, err
	}
	was := all[f.Name]
	r := &Updated{Name: f.Name, List: was.List}
	next, err := u.update(ctx, f, was, r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.Outcome, r.Why, r.Err = "kept", err.Error(), err
		next = was
		next.Failed, next.Why = u.Now().UTC().Truncate(time.Second), r.Why
	}
	all[f.Name] = next
	return r, u.Shelf.keepChecks(all)
}

func (u *Updater) update(ctx context.Context, f Feed, was Check, r *Updated) (Check, error) {
	dir, err := u.Shelf.tempDir()
	if err != nil {
		return Check{}, err
	}
	defer os.RemoveAll(dir)
	current, err := u.current(ctx, was)
	if err != nil {
		return Check{}, err
	}
	g := &gather{u: u, feed: f, was: was, current: current, dir: dir, validators: map[string]Validator{}}
	path, err := g.fetch(ctx)
	if err != nil {
		return Check{}, err
	}
	now := u.Now().UTC().Truncate(time.Second)
	next := Check{List: was.List, SHA256: was.SHA256, Checked: now, Validators: g.validators}
	if path == "" { // every server said that nothing changed
		r.Outcome = "unchanged"
		r.Entries, r.Published = int(current.Entries), current.Published
		return next, nil
	}
	offer := Offer{Format: f.Format, Path: path, Source: g.source(), Today: now.Format(time.DateOnly), Expect: was.List, Shrink: u.Shrink}
	if f.Format == "ftm" {
		offer.Name = "FollowTheMoney: " + f.Name // the file does not name the list
	}
	v, err := Apply(ctx, u.DB, u.Actor, u.Shelf, offer)
	if err != nil {
		return Check{}, hideDir(err, dir)
	}
	r.List, r.Published, r.Entries, r.Rejects, r.Delta = v.List.Name, v.List.Published, len(v.List.Entities), len(v.List.Rejects), v.Delta
	switch r.Outcome = "updated"; {
	case !v.Added:
		r.Outcome = "unchanged"
	case v.First:
		r.Outcome = "first"
	}
	next.List, next.SHA256 = v.List.Name, v.List.SHA256
	return next, nil
}

// current gives the version that the last check left in use, or nil where another
// one is in use by now or its files are not there.
func (u *Updater) current(ctx context.Context, was Check) (*List, error) {
	if was.List == "" {
		return nil, nil
	}
	known, err := store.Select(ctx, u.DB, Lists, "r.list = $1", was.List)
	if err != nil || len(known) == 0 || known[0].Record.SHA256 != was.SHA256 || known[0].Record.State != "in_use" {
		return nil, err
	}
	if found, _ := filepath.Glob(filepath.Join(u.Shelf.place(was.SHA256), "list*")); len(found) != 1 {
		return nil, nil
	}
	return known[0].Record, nil
}

// hideDir takes the temporary directory out of what a person reads.
func hideDir(err error, dir string) error {
	var f *fault.Error
	if errors.As(err, &f) && strings.HasPrefix(f.File, dir) {
		c := *f
		c.File = strings.TrimPrefix(strings.TrimPrefix(f.File, dir), string(filepath.Separator))
		return &c
	}
	return err
}

// Check is what is known of a feed from the last time that it was asked. It is a
// convenience and no evidence: without it everything is fetched again.
type Check struct {
	List       string               `json:"list,omitempty"`
	SHA256     string               `json:"sha256,omitempty"`
	Checked    time.Time            `json:"checked,omitzero"`
	Validators map[string]Validator `json:"validators,omitempty"` // by URL
	Failed     time.Time            `json:"failed,omitzero"`      // the last try, when that went wrong
	Why        string               `json:"why,omitempty"`
}

// Validator is what a server gave to ask by whether a file changed.
type Validator struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

const checksFile = "checks.json"

// Checks gives what is known of each feed, by its name.
func (s Shelf) Checks() (map[string]Check, error) {
	all := map[string]Check{}
	text, err := os.ReadFile(filepath.Join(string(s), checksFile))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read when lists were checked").At(filepath.Join(string(s), checksFile), 0, "").
			WithFix("remove the file; everything is fetched again")
	}
	return all, nil
}

func (s Shelf) keepChecks(all map[string]Check) error {
	text, err := json.MarshalIndent(all, "", " ")
	if err == nil {
		err = s.write(filepath.Join(string(s), checksFile), append(text, '\n'))
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot keep when lists were checked")
	}
	return nil
}

func (s Shelf) tempDir() (string, error) {
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	dir, err := os.MkdirTemp(string(s), ".tmp-")
	if err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	return dir, nil
}
