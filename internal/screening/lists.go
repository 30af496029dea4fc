package screening

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"duly/internal/fault"
	"duly/internal/store"
	"duly/internal/watchlist"
)

// Shelf is the directory in which a workspace keeps the files of its lists.
type Shelf string

// Offer is a list that is offered as a version to use.
type Offer struct {
	Format string
	Path   string // file or directory
	Name   string // what the list is called; what its files say when empty
	Source string // where it came from, for the record
	Today  string
	Expect string // the name that the list must have; any when empty
	Shrink bool   // take it even when it lacks more than a tenth of the entries in use
}

// Version is a list as it came into use.
type Version struct {
	List  *watchlist.List
	Added bool // false when the same content was in use already
	First bool // there was no version of this list before
	Delta watchlist.Delta
}

// Add reads a list, copies its files to the shelf under their hash, and records
// it. A list of the same name that was in use is replaced; the same content again
// changes nothing (added is false).
func Add(ctx context.Context, db *store.DB, actor string, shelf Shelf, format, path, today string) (list *watchlist.List, added bool, err error) {
	v, err := Apply(ctx, db, actor, shelf, Offer{Format: format, Path: path, Source: filepath.Base(path), Today: today, Shrink: true})
	if err != nil {
		return nil, false, err
	}
	return v.List, v.Added, nil
}

// Apply reads an offered list whole and takes it into use as Add does. The list
// that was in use stays when the offer cannot be read (Invalid), is another list
// than expected, or lacks more than a tenth of the entries (both Refused).
func Apply(ctx context.Context, db *store.DB, actor string, shelf Shelf, o Offer) (*Version, error) {
	list, err := watchlist.Read(o.Format, o.Path)
	if err != nil {
		return nil, err
	}
	if o.Name != "" {
		list.Name = o.Name
	}
	if o.Expect != "" && list.Name != o.Expect {
		return nil, fault.Newf(fault.Refused, "this is the list %q and not %q as before", list.Name, o.Expect).
			WithFix("check where it comes from; to use it beside the other, give it an entry of its own in lists.yaml")
	}
	if err := shelf.keep(list, o.Path); err != nil {
		return nil, err
	}
	v := &Version{List: list}
	err = db.Write(ctx, actor, func(tx *store.Tx) error {
		known, err := store.Select(ctx, tx, Lists, "r.list = $1", list.Name)
		if err != nil {
			return err
		}
		v.First = len(known) == 0
		if !v.First && known[0].Record.SHA256 == list.SHA256 && known[0].Record.State == "in_use" {
			return nil
		}
		v.Added = true
		return shelf.replace(ctx, tx, known, v, o)
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// replace writes the records of a new version.
func (s Shelf) replace(ctx context.Context, tx *store.Tx, known []*store.Revision[List], v *Version, o Offer) error {
	list := v.List
	update := &ListUpdate{SHA256: list.SHA256, Day: o.Today, Entries: int64(len(list.Entities)), Name: list.Name, Source: o.Source}
	before := seen{}
	if !v.First {
		update.Previous = known[0].Record.SHA256
		var err error
		if before, err = s.seenOf(ctx, tx, known[0].Record); err != nil {
			return err
		}
	}
	contents, was := list.Contents(), before.contents()
	if !v.First { // read anew, so that a better reader of this program is no change of the list
		if old, err := s.read(known[0].Record); err == nil {
			was = old.Contents()
		}
	}
	now := before.next(contents, o.Today)
	v.Delta = watchlist.Compare(was, contents)
	if removed, had := len(v.Delta.Removed), len(was); removed*10 > had && !o.Shrink {
		return fault.Newf(fault.Refused, "%d of the %d entries in use are not in the new version of %q", removed, had, list.Name).
			WithFix("if the publisher did remove them, repeat with --accept-shrink")
	}
	hash, err := s.keepSeen(now)
	if err != nil {
		return err
	}
	update.Seen, update.Added = hash, int64(len(v.Delta.Added))
	update.Removed, update.Changed = int64(len(v.Delta.Removed)), int64(len(v.Delta.Changed))
	record := &List{
		SHA256: list.SHA256, State: "in_use", Entries: int64(len(list.Entities)), Rejects: int64(len(list.Rejects)),
		Published: list.Published, Added: o.Today, Name: list.Name, Format: list.Format, License: list.License,
	}
	if v.First {
		_, err = store.Create(tx, Lists, record)
	} else {
		_, _, err = store.Revise(tx, Lists, known[0].ID, record)
	}
	if err != nil {
		return err
	}
	_, err = store.Create(tx, ListUpdates, update)
	return err
}

func (s Shelf) place(hash string) string { return filepath.Join(string(s), hash) }

// keep copies the files of a list to the shelf, whole or not at all.
func (s Shelf) keep(list *watchlist.List, path string) error {
	place := s.place(list.SHA256)
	if _, err := os.Stat(place); err == nil {
		return nil
	}
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	tmp, err := os.MkdirTemp(string(s), ".tmp-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	defer os.RemoveAll(tmp)
	if err := copyList(path, tmp); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	if err := os.Rename(tmp, place); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	return nil
}

// copyList copies a file, or the files of a directory, into dir/list.
func copyList(path, dir string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return copyFile(path, filepath.Join(dir, "list"+filepath.Ext(path)))
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "list"), 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(path, e.Name())); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(path, e.Name()), filepath.Join(dir, "list", e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// read reads a list back from the shelf and checks it against its hash.
func (s Shelf) read(l *List) (*watchlist.List, error) {
	found, err := filepath.Glob(filepath.Join(s.place(l.SHA256), "list*"))
	if err != nil || len(found) != 1 {
		return nil, fault.Newf(fault.Broken, "the files of list %q are missing from the workspace", l.Name).WithFix("add the list again")
	}
	list, err := watchlist.Read(l.Format, found[0])
	if err != nil {
		return nil, err
	}
	if list.SHA256 != l.SHA256 {
		return nil, fault.Newf(fault.Broken, "the files of list %q were changed since it was added", l.Name).WithFix("remove them and add the list again")
	}
	list.Name = l.Name // the copy's file is not called as the original was
	return list, nil
}

// Load reads every list in use.
func Load(ctx context.Context, q store.Queryer, shelf Shelf) ([]*watchlist.List, error) {
	records, err := store.Select(ctx, q, Lists, "")
	if err != nil {
		return nil, err
	}
	var lists []*watchlist.List
	for _, r := range records {
		if r.Record.State != "in_use" {
			continue
		}
		list, err := shelf.read(r.Record)
		if err != nil {
			return nil, err
		}
		when, err := shelf.seenOf(ctx, q, r.Record)
		if err != nil {
			return nil, err
		}
		when.mark(list)
		lists = append(lists, list)
	}
	if len(lists) == 0 {
		return nil, fault.New(fault.NotFound, "there is no watchlist in this workspace", "add one with `duly lists add FORMAT:PATH`")
	}
	return lists, nil
}
