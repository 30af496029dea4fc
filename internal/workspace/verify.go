package workspace

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/runs"
	"duly/internal/store"
)

// verifyChunk is how many entries are in memory at once.
const verifyChunk = 2048

// notEvidence names the tables that verify does not hold to the log, and why.
var notEvidence = map[string]string{
	"version_": "which migrations have run; a wrong value stops the program from starting, it changes no record",
	"cache_":   "made again from records whenever it is missing",
}

// Report is what verifying a workspace found.
type Report struct {
	bundle.Result
	NotEvidence []string `json:"not_evidence"` // tables that are not held to the log, with the reason
}

// Verify re-hashes everything: every entry and disclosure, the tree with all its
// tiles, every checkpoint, the head of the log, and every typed column of every
// table. What does not hold is one fault of code Broken that lists it.
func (w *Workspace) Verify(ctx context.Context, schemas bundle.Schemas, trust bundle.Trust) (*Report, error) {
	var report *Report
	err := w.DB.Snapshot(ctx, func(q store.Queryer) error {
		var err error
		report, err = w.verify(&verifier{w: w, ctx: ctx, q: q, schemas: schemas}, trust)
		return err
	})
	return report, err
}

func (w *Workspace) verify(v *verifier, trust bundle.Trust) (*Report, error) {
	if trust.Key != "" && trust.Key != w.Config.Key {
		return nil, fault.New(fault.Broken, "the workspace has another log key than the one you gave", "")
	}
	signed, c, err := w.Checkpoint()
	if err != nil {
		return nil, err
	}
	_, level, err := trust.Assure(signed, w.Config.Key)
	if err != nil {
		return nil, err
	}
	if v.outside, err = trust.OutsideOf(c.Origin, w.Config.Key); err != nil {
		return nil, err
	}
	v.last = c
	v.checker = bundle.NewChecker(bundle.Options{
		Schemas: v.schemas, Origin: w.Config.Origin, Key: w.Config.Key, Erasable: true, Entry: v.entry,
		Pack: func(hash string) ([]byte, error) { return runs.Bytes(v.ctx, v.q, hash) },
	})
	defer v.checker.Close()
	if v.tree, err = ledger.NewTree(0, nil); err != nil {
		return nil, err
	}
	v.tree.Track()
	if err := v.tables(); err != nil {
		return nil, err
	}
	if err := v.entries(); err != nil {
		return nil, err
	}
	return v.finish(level)
}

type verifier struct {
	w       *Workspace
	ctx     context.Context
	q       store.Queryer // one snapshot, whoever writes meanwhile
	schemas bundle.Schemas
	checker *bundle.Checker
	tree    *ledger.Tree // beside the checker's, for the stored tiles
	outside *bundle.Outside
	last    ledger.Checkpoint
	kinds   []string // tables r_<kind>
	other   []string // tables that are no evidence, with the reason
	head    store.Log
	time    int64
	atLast  ledger.Hash // root at the size of the last checkpoint
}

// tables lists the tables from the engine's own catalogue, so that none is missed.
func (v *verifier) tables() error {
	query := "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name"
	if v.w.DB.Postgres() {
		query = "select table_name from information_schema.tables where table_schema = current_schema() order by table_name"
	}
	rows, err := v.q.Query(v.ctx, query)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the catalogue")
	}
	defer rows.Close()
	known := map[string]bool{}
	for _, s := range v.schemas {
		known[s.Kind] = true
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the catalogue")
		}
		kind, isRecord := strings.CutPrefix(name, "r_")
		switch {
		case isRecord && known[kind]:
			v.kinds = append(v.kinds, kind)
		case slices.Contains([]string{"log", "entry", "tile", "checkpoint"}, name):
		default:
			v.excuse(name)
		}
	}
	return rows.Err()
}

func (v *verifier) excuse(table string) {
	for prefix, reason := range notEvidence {
		if strings.HasPrefix(table, prefix) {
			if line := "tables " + prefix + "*: " + reason; !slices.Contains(v.other, line) {
				v.other = append(v.other, line)
			}
			return
		}
	}
	v.checker.Report(-1, "table "+table+" is not one of Duly's")
}

// entry gives an entry again, for a rating's inputs.
func (v *verifier) entry(seq int64) ([]byte, []bundle.Sealed, error) {
	e, err := store.EntryAt(v.ctx, v.q, seq)
	if err != nil {
		return nil, nil, err
	}
	fields, err := sealed(e)
	return e.Leaf, fields, err
}

func sealed(e store.Entry) ([]bundle.Sealed, error) {
	digests, disclosures, err := store.Split(e.Digests, e.Disclosures)
	if err != nil {
		return nil, err
	}
	fields := make([]bundle.Sealed, len(digests))
	for i := range digests {
		fields[i] = bundle.Sealed{Disclosure: disclosures[i], Digest: digests[i]}
	}
	return fields, nil
}

// entries checks all entries in chunks, each with the typed rows beside it.
func (v *verifier) entries() error {
	var err error
	if v.head, err = store.Head(v.ctx, v.w.DB); err != nil {
		return fault.Wrap(fault.Broken, err, "the log has no head")
	}
	var beyond int64
	if err := v.count("select count(*) from entry where seq >= $1 or seq < 0", &beyond, v.head.Size); err != nil {
		return err
	}
	if beyond > 0 {
		v.checker.Report(v.head.Size, fmt.Sprintf("there are %d entries beyond the log's size", beyond))
	}
	for from := int64(0); from < v.head.Size; from += verifyChunk {
		if err := v.chunk(from, min(from+verifyChunk, v.head.Size)); err != nil {
			return err
		}
		if v.checker.Err() != nil {
			return nil // the first broken chunk is enough, and names the entry
		}
	}
	return nil
}

func (v *verifier) count(query string, into *int64, args ...any) error {
	rows, err := v.q.Query(v.ctx, query, args...)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the database")
		}
	}
	return rows.Err()
}

func (v *verifier) chunk(from, to int64) error {
	typed, err := v.rows(from, to)
	if err != nil {
		return err
	}
	entries := make([]store.Entry, 0, to-from) // read whole: one connection answers one query at a time
	err = store.Entries(v.ctx, v.q, from, to, func(e store.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range to - from {
		if i >= int64(len(entries)) || entries[i].Seq != from+i {
			v.checker.Report(from+i, "it is missing from the database")
			return nil
		}
		if err := v.one(entries[i], typed); err != nil {
			return err
		}
	}
	for seq, row := range typed {
		v.checker.Report(seq, fmt.Sprintf("table r_%s has a row for it that the log does not", row.kind))
	}
	return v.tiles(v.tree.Changed(), false)
}

func (v *verifier) one(e store.Entry, typed map[int64]typedRow) error {
	v.outside.Compare(v.checker)
	fields, err := sealed(e)
	if err != nil {
		v.checker.Report(e.Seq, err.Error())
		return nil
	}
	leaf, values, err := v.checker.Entry(e.Leaf, fields)
	if err != nil {
		return err
	}
	v.tree.Append(ledger.LeafHash(e.Leaf))
	if v.checker.Size() == v.last.Size {
		if v.atLast, err = v.tree.Root(); err != nil {
			return err
		}
	}
	if leaf == nil || values == nil {
		return nil
	}
	if leaf.Day == "" {
		v.time = leaf.Time
	}
	v.compare(e.Seq, leaf, values, typed)
	delete(typed, e.Seq)
	return nil
}

// typedRow is one row of a kind's table.
type typedRow struct {
	kind    string
	columns []string
	values  []any
}

// rows reads the typed rows of all kinds for a range of positions.
func (v *verifier) rows(from, to int64) (map[int64]typedRow, error) {
	out := map[int64]typedRow{}
	for _, kind := range v.kinds {
		rows, err := v.q.Query(v.ctx, "select * from r_"+kind+" where seq >= $1 and seq < $2", from, to)
		if err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the database")
		}
		if err := v.collect(kind, rows, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *verifier) collect(kind string, rows *sql.Rows, out map[int64]typedRow) error {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the database")
		}
		seq, ok := values[slices.Index(columns, "seq")].(int64)
		if _, twice := out[seq]; twice || !ok {
			v.checker.Report(seq, "it has rows in two tables")
		}
		out[seq] = typedRow{kind, columns, values}
	}
	return rows.Err()
}

// compare holds the typed row of an entry to what the entry says.
func (v *verifier) compare(seq int64, leaf *ledger.Leaf, values map[string][]byte, typed map[int64]typedRow) {
	row, ok := typed[seq]
	if !ok || row.kind != leaf.Kind {
		v.checker.Report(seq, fmt.Sprintf("its row in table r_%s is missing", leaf.Kind))
		return
	}
	schema := v.schemas[leaf.Schema]
	for i, column := range row.columns {
		var want any
		switch column {
		case "seq", "to_seq": // seq found it; to_seq is checked over whole tables
			continue
		case "id":
			want = leaf.ID
		case "rev":
			want = leaf.Rev
		default:
			f, public, known := find(schema, column)
			switch {
			case known && public:
				want = ledger.ColumnOf(f, leaf.PublicField(column))
			case known:
				want = ledger.ColumnOf(f, values[column])
			case column != "valid_from" && column != "valid_to":
				v.checker.Report(seq, fmt.Sprintf("table r_%s has a column %s that is no field of the record", leaf.Kind, column))
				continue
			}
		}
		if got := plain(row.values[i]); got != want {
			v.checker.Report(seq, fmt.Sprintf("column %s of table r_%s is not what the entry says", column, leaf.Kind))
		}
	}
}

func find(s *ledger.Schema, name string) (f ledger.Field, public, known bool) {
	for _, f := range s.Public {
		if f.Name == name {
			return f, true, true
		}
	}
	for _, f := range s.Sealed {
		if f.Name == name {
			return f, false, true
		}
	}
	return f, false, false
}

// plain turns what a driver gives into int64, string or nil.
func plain(v any) any {
	switch x := v.(type) {
	case []byte:
		return string(x)
	case int32:
		return int64(x)
	}
	return v
}

// tiles compares tiles with the stored ones: full tiles as they fill, so that
// memory does not grow, and the last ones at the end.
func (v *verifier) tiles(changed []ledger.Tile, end bool) error {
	for _, t := range changed {
		if !end && len(t.Hashes) < 256*len(ledger.Hash{}) {
			continue
		}
		stored, err := store.LoadTile(v.ctx, v.q, t.Level, t.Index)
		if fault.CodeOf(err) == fault.Failed && err != nil {
			return err
		}
		if !bytes.Equal(stored, t.Hashes) {
			v.checker.Report(-1, fmt.Sprintf("tile %d/%d is not the one of the entries", t.Level, t.Index))
		}
	}
	if !end {
		v.tree.Forget()
	}
	return nil
}

func (v *verifier) finish(level bundle.Assurance) (*Report, error) {
	if err := v.checker.Err(); err != nil {
		return nil, err
	}
	v.outside.Compare(v.checker)
	v.outside.Finish(v.checker)
	root, err := v.checker.Finish()
	if err != nil {
		return nil, err
	}
	if err := v.tiles(v.tree.Changed(), true); err != nil {
		return nil, err
	}
	if err := v.edges(root); err != nil {
		return nil, err
	}
	if err := v.checker.Err(); err != nil {
		return nil, err
	}
	r := &Report{NotEvidence: v.other}
	r.Result = bundle.Result{
		What: "workspace", Origin: v.head.Origin, Size: v.last.Size, Root: v.last.Root.String(),
		Covered: v.last.Size == v.head.Size, Uncovered: v.head.Size - v.last.Size,
		Assurance: level, Counts: v.checker.Counts(),
	}
	return r, nil
}

// edges checks what is known only at the end: the head of the log, rows outside
// it, which revision supersedes which, and every stored checkpoint.
func (v *verifier) edges(root ledger.Hash) error {
	switch {
	case v.head.Origin != v.w.Config.Origin || v.last.Origin != v.head.Origin:
		v.checker.Report(-1, "the log's origin is not that of its checkpoint")
	case v.last.Size > v.head.Size:
		v.checker.Report(-1, fmt.Sprintf("the last checkpoint covers %d entries, the database has %d: it was truncated or rolled back to an older copy", v.last.Size, v.head.Size))
	case v.atLast != v.last.Root:
		v.checker.Report(-1, "the entries are not those of the last checkpoint")
	}
	if v.head.Time != v.time {
		v.checker.Report(-1, "the log's time is not that of its last entry")
	}
	for _, kind := range v.kinds {
		var n int64
		if err := v.count("select count(*) from r_"+kind+" where seq < 0 or seq >= $1", &n, v.head.Size); err != nil {
			return err
		}
		if n > 0 {
			v.checker.Report(-1, fmt.Sprintf("table r_%s has %d rows that no entry stands for", kind, n))
		}
		err := v.count("select count(*) from r_"+kind+" a left join r_"+kind+" b on b.id = a.id and b.rev = a.rev + 1 where a.to_seq is distinct from b.seq", &n)
		if err != nil {
			return err
		}
		if n > 0 {
			v.checker.Report(-1, fmt.Sprintf("column to_seq of table r_%s does not name the next revision in %d rows", kind, n))
		}
	}
	return v.checkpoints()
}

func (v *verifier) checkpoints() error {
	rows, err := v.q.Query(v.ctx, "select size, note from checkpoint order by size")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	defer rows.Close()
	type signed struct {
		size int64
		note string
	}
	var all []signed
	for rows.Next() {
		var s signed
		if err := rows.Scan(&s.size, &s.note); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the database")
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	covered := false
	for _, s := range all {
		c, err := ledger.OpenCheckpoint([]byte(s.note), v.w.Config.Key)
		if err != nil || c.Size != s.size || c.Origin != v.head.Origin || c.Size > v.head.Size {
			v.checker.Report(-1, fmt.Sprintf("the stored checkpoint over %d entries is not one of this log", s.size))
			continue
		}
		if root, err := store.Root(v.ctx, v.q, c.Size); err != nil || root != c.Root {
			v.checker.Report(-1, fmt.Sprintf("the stored checkpoint over %d entries has another root than the entries", c.Size))
		}
		covered = covered || c == v.last
	}
	if !covered {
		v.checker.Report(-1, "the last checkpoint is missing from the database")
	}
	return nil
}
