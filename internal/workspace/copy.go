package workspace

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/whole"
)

// A part of a copy is written in one transaction: it bounds the memory that is taken.
const (
	copyEntries = 4096
	copyBytes   = 16 << 20
)

// CopyBundle verifies a bundle of a whole log in which all is disclosed, and makes a
// workspace of it in dir that can be read and not written: with the same entries, values,
// tree and checkpoint, and without any key that signs. What was erased stays erased. dir
// appears whole, or not at all where something does not hold. kinds are those whose tables
// the rooms have. Memory does not grow with the log beyond what verifying takes.
//
// Errors: those of [bundle.Verify]; Refused for a part of a log, for classes that are
// withheld, and where dir is not empty.
func CopyBundle(ctx context.Context, path, dir string, schemas bundle.Schemas, kinds []*ledger.Schema, trust bundle.Trust, o Options) (*bundle.Result, error) {
	var result *bundle.Result
	err := archived(path, func(a *bundle.Archive) error {
		if err := disclosed(a.Manifest); err != nil {
			return err
		}
		return appear(dir, func(tmp string) error {
			w := copyOf(a, tmp, o)
			for _, known := range trust.Witnesses {
				w.Config.Witnesses = append(w.Config.Witnesses, Witness{Key: known.Key()})
			}
			err := os.Mkdir(filepath.Join(tmp, peopleDir), 0o700)
			if err == nil {
				result, err = w.copy(ctx, a, newCopier(ctx, kinds), schemas, trust)
			}
			if err == nil {
				err = whole.Bytes(filepath.Join(tmp, checkpointFile), a.Checkpoint, 0o644)
			}
			if err == nil {
				w.Config.Copy = true
				err = w.saveConfig()
			}
			return err
		})
	})
	return result, err
}

// Read verifies a bundle of a whole log, and lets fn read it in a database that is removed
// afterwards. Where the bundle withholds anything, no sealed value is in it but for words
// written for everybody: each other one is marked as withheld, or as erased. Such a database
// is for those alone who know what of a record is public.
//
// Errors: as those of [CopyBundle], save that nothing need be disclosed.
func Read(ctx context.Context, path string, schemas bundle.Schemas, kinds []*ledger.Schema, trust bundle.Trust, o Options, fn func(q store.Queryer, m bundle.Manifest) error) (*bundle.Result, error) {
	var result *bundle.Result
	err := archived(path, func(a *bundle.Archive) error {
		if err := entire(a.Manifest); err != nil {
			return err
		}
		tmp, err := os.MkdirTemp("", "duly-read-")
		if err != nil {
			return fault.Wrap(fault.Failed, err, "cannot make a copy")
		}
		defer os.RemoveAll(tmp)
		w, c := copyOf(a, tmp, o), newCopier(ctx, kinds)
		c.clear = a.Manifest.Withholds()
		if result, err = w.copy(ctx, a, c, schemas, trust); err != nil {
			return err
		}
		w.Config.Copy = true
		if err := w.openDB(ctx); err != nil {
			return err
		}
		defer w.Close()
		return fn(w.DB, a.Manifest)
	})
	return result, err
}

// archived opens a bundle for fn.
func archived(path string, fn func(*bundle.Archive) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "cannot read the bundle")
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the bundle")
	}
	archive, err := bundle.OpenArchive(file, info.Size())
	if err != nil {
		return err
	}
	return fn(archive)
}

func copyOf(a *bundle.Archive, dir string, o Options) *Workspace {
	return &Workspace{Dir: dir, options: o.withDefaults(), Config: Config{Origin: a.Manifest.Origin, Key: a.Manifest.Key, Database: databaseFile}}
}

// entire refuses a part of a log.
func entire(m bundle.Manifest) error {
	if m.From == 0 {
		return nil
	}
	return fault.Newf(fault.Refused, "the bundle begins with entry %d, and a log is read from its first entry on", m.From).
		WithFix("ask for one of the whole log: duly export without --from")
}

// disclosed refuses a bundle of which no workspace can be made: one that read what is not
// shown as what was never stated would say what is not so.
func disclosed(m bundle.Manifest) error {
	if err := entire(m); err != nil {
		return err
	}
	var missing []string
	for _, c := range ledger.Classes {
		if !slices.Contains(m.Classes, c) {
			missing = append(missing, string(c))
		}
	}
	what := "classes " + strings.Join(missing, ", ")
	switch {
	case missing == nil && len(m.Redacted) == 0:
		return nil
	case missing == nil:
		what = "fields " + strings.Join(m.Redacted, ", ")
	}
	return fault.Newf(fault.Refused, "the bundle withholds the %s, and what is counted and joined by them would come out wrong", what).
		WithFix("check it with `duly verify`, which needs none of them; or ask for a bundle with `duly export --disclose all --unredacted`")
}

// copy fills the database of a workspace from a bundle, and closes it.
func (w *Workspace) copy(ctx context.Context, archive *bundle.Archive, c *copier, schemas bundle.Schemas, trust bundle.Trust) (*bundle.Result, error) {
	if err := w.openDB(ctx); err != nil {
		return nil, err
	}
	c.db, c.origin = w.DB, w.Config.Origin
	result, err := archive.Verify(schemas, trust, c.add)
	if err == nil {
		err = c.end()
	}
	if err == nil {
		err = w.DB.SaveCheckpoint(ctx, archive.Manifest.Size, func([]byte) ([]byte, error) { return archive.Checkpoint, nil })
	}
	if closing := w.Close(); err == nil {
		err = closing
	}
	return result, err
}

// copier takes entries from a bundle into a store.
type copier struct {
	ctx    context.Context
	db     *store.DB
	origin string
	kinds  map[ledger.Hash]*copiedKind // by schema
	part   []store.Copied
	bytes  int
	err    error // why nothing more is taken; the bundle is checked to its end all the same
	clear  bool  // take no sealed value but for words written for everybody
}

func newCopier(ctx context.Context, kinds []*ledger.Schema) *copier {
	c := &copier{ctx: ctx, kinds: map[ledger.Hash]*copiedKind{}}
	for _, s := range kinds {
		c.kinds[s.Hash()] = newCopiedKind(s)
	}
	return c
}

// copiedKind says where the typed columns of a kind come from.
type copiedKind struct {
	schema  *ledger.Schema
	columns []copiedColumn
}

// copiedColumn is the field that a column repeats; place is -1 where the kind has none.
type copiedColumn struct {
	class ledger.Class
	place int
	of    ledger.FieldType
}

func newCopiedKind(s *ledger.Schema) *copiedKind {
	k := &copiedKind{schema: s}
	for _, name := range s.ColumnNames() {
		named := func(f ledger.Field) bool { return f.Name == name }
		column := copiedColumn{place: slices.IndexFunc(s.Public, named)}
		if column.place >= 0 {
			column.class, column.of = ledger.Public, s.Public[column.place].Type
		} else if column.place = slices.IndexFunc(s.Sealed, named); column.place >= 0 {
			column.class, column.of = s.Sealed[column.place].Class, s.Sealed[column.place].Type
		}
		k.columns = append(k.columns, column)
	}
	return k
}

// values gives the typed columns of an entry; those of sealed fields stay empty in clear.
func (k *copiedKind) values(entry *bundle.Content, clear bool) []any {
	values := make([]any, len(k.columns))
	for i, c := range k.columns {
		switch {
		case c.place < 0:
		case c.class == ledger.Public:
			values[i] = ledger.ColumnOf(c.of, entry.Public[c.place])
		case !clear || c.class == ledger.Published:
			values[i] = ledger.ColumnOf(c.of, entry.Sealed[c.place])
		}
	}
	return values
}

// add takes the next entry.
func (c *copier) add(seq int64, entry *bundle.Content, leaf []byte, fields []bundle.Sealed) error {
	if c.err != nil {
		return nil
	}
	kind := c.kinds[entry.Leaf.Schema]
	if kind == nil {
		c.err = fault.Newf(fault.Refused, "entry %d is a %s of another version than this program has tables for", seq, entry.Leaf.Kind).WithFix("use the version of duly that wrote it")
		return nil
	}
	digests, disclosures := c.sealed(kind.schema, fields)
	at := entry.Leaf.Time
	if entry.Leaf.Day != "" {
		day, err := time.Parse(time.DateOnly, entry.Leaf.Day)
		if err != nil {
			return fault.Wrap(fault.Broken, err, "an entry has no day")
		}
		at = day.UnixMicro()
	}
	c.part = append(c.part, store.Copied{
		Entry:  store.Entry{Seq: seq, Leaf: slices.Clone(leaf), Digests: digests, Disclosures: disclosures},
		Schema: kind.schema, ID: entry.Leaf.ID, Rev: entry.Leaf.Rev, Time: at, Actor: entry.Leaf.Actor, Columns: kind.values(entry, c.clear),
	})
	c.bytes += len(leaf) + len(disclosures)
	if len(c.part) == copyEntries || c.bytes >= copyBytes {
		c.write()
	}
	return nil
}

// sealed gives the sealed fields of an entry as they are stored.
func (c *copier) sealed(schema *ledger.Schema, fields []bundle.Sealed) (digests []byte, disclosures string) {
	digests = make([]byte, 0, len(ledger.Hash{})*len(fields))
	parts := make([]string, len(fields))
	for i, f := range fields {
		digests = append(digests, f.Digest[:]...)
		if parts[i] = string(f.Disclosure); c.clear && !f.Erased && schema.Sealed[i].Class != ledger.Published {
			parts[i] = string(store.Withheld)
		}
	}
	return digests, strings.Join(parts, "~")
}

func (c *copier) write() {
	c.err = c.db.Copy(c.ctx, c.origin, c.part)
	c.part, c.bytes = c.part[:0], 0
}

// end writes the last part.
func (c *copier) end() error {
	if c.err == nil {
		c.write()
	}
	return c.err
}
