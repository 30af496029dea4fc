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
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, err, "cannot read the bundle")
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the bundle")
	}
	archive, err := bundle.OpenArchive(file, info.Size())
	if err != nil {
		return nil, err
	}
	if err := complete(archive.Manifest); err != nil {
		return nil, err
	}
	var result *bundle.Result
	err = appear(dir, func(tmp string) error {
		w := &Workspace{Dir: tmp, options: o.withDefaults(), Config: Config{Origin: archive.Manifest.Origin, Key: archive.Manifest.Key, Database: databaseFile}}
		result, err = w.copy(ctx, archive, schemas, kinds, trust)
		return err
	})
	return result, err
}

// complete refuses a bundle of which no workspace can be made: one that read what is not
// shown as what was never stated would say what is not so.
func complete(m bundle.Manifest) error {
	if m.From > 0 {
		return fault.Newf(fault.Refused, "the bundle begins with entry %d, and a workspace holds a log from its first entry on", m.From).
			WithFix("ask for one of the whole log: duly export without --from")
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

// copy fills the directory of a workspace from a bundle.
func (w *Workspace) copy(ctx context.Context, archive *bundle.Archive, schemas bundle.Schemas, kinds []*ledger.Schema, trust bundle.Trust) (*bundle.Result, error) {
	for _, known := range trust.Witnesses {
		w.Config.Witnesses = append(w.Config.Witnesses, Witness{Key: known.Key()})
	}
	if err := os.Mkdir(filepath.Join(w.Dir, peopleDir), 0o700); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	if err := w.openDB(ctx); err != nil {
		return nil, err
	}
	c := &copier{ctx: ctx, db: w.DB, origin: w.Config.Origin, kinds: map[ledger.Hash]*copiedKind{}}
	for _, s := range kinds {
		c.kinds[s.Hash()] = newCopiedKind(s)
	}
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
	if err != nil {
		return nil, err
	}
	if err := whole.Bytes(filepath.Join(w.Dir, checkpointFile), archive.Checkpoint, 0o644); err != nil {
		return nil, err
	}
	w.Config.Copy = true
	return result, w.saveConfig()
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
}

// copiedKind says where the typed columns of a kind come from.
type copiedKind struct {
	schema  *ledger.Schema
	columns []copiedColumn
}

// copiedColumn is the field that a column repeats; place is -1 where the kind has none.
type copiedColumn struct {
	sealed bool
	place  int
	of     ledger.FieldType
}

func newCopiedKind(s *ledger.Schema) *copiedKind {
	k := &copiedKind{schema: s}
	for _, name := range s.ColumnNames() {
		named := func(f ledger.Field) bool { return f.Name == name }
		column := copiedColumn{place: slices.IndexFunc(s.Public, named)}
		if column.place >= 0 {
			column.of = s.Public[column.place].Type
		} else if column.place = slices.IndexFunc(s.Sealed, named); column.place >= 0 {
			column.sealed, column.of = true, s.Sealed[column.place].Type
		}
		k.columns = append(k.columns, column)
	}
	return k
}

func (k *copiedKind) values(entry *bundle.Content) []any {
	values := make([]any, len(k.columns))
	for i, c := range k.columns {
		switch {
		case c.place < 0:
		case c.sealed:
			values[i] = ledger.ColumnOf(c.of, entry.Sealed[c.place])
		default:
			values[i] = ledger.ColumnOf(c.of, entry.Public[c.place])
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
	digests := make([]byte, 0, len(ledger.Hash{})*len(fields))
	var disclosures strings.Builder
	for i, f := range fields {
		if i > 0 {
			disclosures.WriteByte('~')
		}
		disclosures.WriteString(string(f.Disclosure))
		digests = append(digests, f.Digest[:]...)
	}
	at := entry.Leaf.Time
	if entry.Leaf.Day != "" {
		day, err := time.Parse(time.DateOnly, entry.Leaf.Day)
		if err != nil {
			return fault.Wrap(fault.Broken, err, "an entry has no day")
		}
		at = day.UnixMicro()
	}
	c.part = append(c.part, store.Copied{
		Entry:  store.Entry{Seq: seq, Leaf: slices.Clone(leaf), Digests: digests, Disclosures: disclosures.String()},
		Schema: kind.schema, ID: entry.Leaf.ID, Rev: entry.Leaf.Rev, Time: at, Actor: entry.Leaf.Actor, Columns: kind.values(entry),
	})
	c.bytes += len(leaf) + disclosures.Len()
	if len(c.part) == copyEntries || c.bytes >= copyBytes {
		c.write()
	}
	return nil
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
