package workspace

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	"pending_": "drafts that wait for signatures; a draft that was changed fits no signature any more",
	"pushed_":  "which pushed events were counted; without a row, an event that is pushed again counts again, which changes no record",
	"window_":  "the state of conditions that count several calls; a wrong row changes counts to come, and no record that is there",
}

// olderCheckpoints is what verify cannot know about the table checkpoint.
const olderCheckpoints = "rows of checkpoint before the newest: each must be signed and fit the log, but one that is missing is noticed only by whoever kept it"

// indexes are what verify does not read.
const indexes = "indexes: they repeat what the tables hold, which is checked; the engine's own check (pragma integrity_check) compares the two"

// Report is what verifying a workspace found.
type Report struct {
	bundle.Result
	NotEvidence []string `json:"not_evidence"` // what is not held to the log, with the reason
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

// options are what a checker of this workspace's log reads from.
func (v *verifier) options() bundle.Options {
	return bundle.Options{
		Schemas: v.schemas, Origin: v.w.Config.Origin, Key: v.w.Config.Key, Erasable: true, Entry: v.entry,
		Leaves: func(upto int64, each func([]byte) error) error {
			return store.Entries(v.ctx, v.q, 0, upto, func(e store.Entry) error { return each(e.Leaf) })
		},
		Pack: func(hash string) ([]byte, error) { return runs.Bytes(v.ctx, v.q, hash) },
	}
}

func (w *Workspace) verify(v *verifier, trust bundle.Trust) (*Report, error) {
	trust, err := trust.Knowing(w.Config.FormerKeys).Follow(w.Config.Key, v.schemas)
	if err != nil {
		return nil, err
	}
	signed, c, err := w.Checkpoint()
	if err != nil {
		return nil, err
	}
	last, err := trust.Assure(signed, w.Config.Key)
	if err != nil {
		return nil, err
	}
	if v.outside, err = trust.OutsideOf(c.Origin, w.Config.Key); err != nil {
		return nil, err
	}
	if v.witnesses, err = w.Witnesses(); err != nil {
		return nil, err
	}
	v.last = c
	options := v.options()
	options.People, options.Outsiders = trust.People, trust.Outsiders()
	v.checker = bundle.NewChecker(options)
	defer v.checker.Close()
	v.tree, _ = ledger.NewTree(0, nil)
	v.tree.Track()
	if err := v.tables(); err != nil {
		return nil, err
	}
	if err := v.entries(); err != nil {
		return nil, err
	}
	return v.finish(trust, last)
}

type verifier struct {
	w         *Workspace
	ctx       context.Context
	q         store.Queryer // one snapshot, whoever writes meanwhile
	schemas   bundle.Schemas
	checker   *bundle.Checker
	tree      *ledger.Tree // for its tiles
	outside   *bundle.Outside
	last      ledger.Checkpoint
	witnesses []ledger.Witness
	kinds     []string // tables r_<kind>
	other     []string // tables that are no evidence, with the reason
	head      store.Log
	time      int64       // of the newest entry that has one
	day       string      // of the newest entry, when it is dated by day
	tileN     int64       // tiles that the entries make
	atLast    ledger.Hash // root at the size of the last checkpoint
	plans     map[planKey][]cell
	fields    []bundle.Sealed // of the entry that is checked
	bytes     []byte          // of the chunk that is checked: leaves and digests
	kept      []any           // likewise: the values of its typed rows
}

// tables lists the tables from the engine's own catalogue, so that none is missed,
// and what could stand in for a table or change one: no room has any of that.
func (v *verifier) tables() error {
	query := `select case type when 'table' then name else type || ' ' || name end from sqlite_master
		where type in ('view', 'trigger') or type = 'table' and name not like 'sqlite\_%' escape '\' order by 1`
	if v.w.DB.Postgres() {
		query = `select case table_type when 'BASE TABLE' then table_name else 'view ' || table_name end from information_schema.tables where table_schema = current_schema()
			union select 'trigger ' || trigger_name from information_schema.triggers where trigger_schema = current_schema()
			union select 'rule ' || rulename from pg_rules where schemaname = current_schema() order by 1`
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
	v.checker.Report(-1, "in the database, "+table+" is not one of Duly's tables")
}

// entry gives an entry again, for a rating's inputs.
func (v *verifier) entry(seq int64) ([]byte, []bundle.Sealed, error) {
	e, err := store.EntryAt(v.ctx, v.q, seq)
	if err != nil {
		return nil, nil, err
	}
	fields, err := sealed(nil, e)
	return e.Leaf, fields, err
}

// sealed takes apart the stored digests and disclosures of an entry, as
// store.Split does, and appends them to fields.
func sealed(fields []bundle.Sealed, e store.Entry) ([]bundle.Sealed, error) {
	const size = len(ledger.Hash{})
	rest, more := e.Disclosures, len(e.Digests) > 0
	for digests := e.Digests; len(digests) >= size && more; digests = digests[size:] {
		var d string
		d, rest, more = strings.Cut(rest, "~")
		fields = append(fields, bundle.Sealed{Disclosure: ledger.Disclosure(d), Digest: ledger.Hash(digests[:size])})
	}
	if more || rest != "" || len(e.Digests) != size*len(fields) {
		return nil, fault.New(fault.Broken, "an entry's digests and disclosures do not fit each other", "")
	}
	return fields, nil
}

// entries checks all entries in chunks, each with the typed rows beside it.
func (v *verifier) entries() error {
	var err error
	if v.head, err = store.Head(v.ctx, v.q); err != nil {
		return fault.Wrap(fault.Broken, err, "the log has no head")
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

func (v *verifier) count(query string, into []any) error {
	rows, err := v.q.Query(v.ctx, query)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
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
	entries, err := v.read(from, to)
	if err != nil {
		return err
	}
	for i := range to - from {
		if i >= int64(len(entries)) || entries[i].Seq != from+i {
			v.checker.Report(from+i, "it is missing from the database")
			return nil
		}
		if err := v.one(entries[i], typed[i]); err != nil {
			return err
		}
	}
	return v.tiles(false)
}

// read reads the entries of a chunk whole, since one connection answers one query
// at a time, into memory that the next chunk uses again. A position that is no
// whole number, which SQLite would hold, counts as missing.
func (v *verifier) read(from, to int64) ([]store.Entry, error) {
	rows, err := v.q.Query(v.ctx, "select seq, leaf, digests, disclosures from entry where seq >= $1 and seq < $2 order by seq", from, to)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	defer rows.Close()
	v.bytes = v.bytes[:0]
	entries := make([]store.Entry, 0, to-from)
	ends := make([][2]int, 0, to-from) // where the leaf and the digests of each entry end in v.bytes
	var seq any
	var leaf, digests sql.RawBytes
	var disclosures string
	for rows.Next() {
		if err := rows.Scan(&seq, &leaf, &digests, &disclosures); err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the database")
		}
		at, ok := seq.(int64)
		if !ok {
			at = -1
		}
		v.bytes = append(append(v.bytes, leaf...), digests...)
		entries = append(entries, store.Entry{Seq: at, Disclosures: disclosures})
		ends = append(ends, [2]int{len(v.bytes) - len(digests), len(v.bytes)})
	}
	start := 0
	for i, end := range ends {
		entries[i].Leaf, entries[i].Digests = v.bytes[start:end[0]:end[0]], v.bytes[end[0]:end[1]:end[1]]
		start = end[1]
	}
	return entries, rows.Err()
}

func (v *verifier) one(e store.Entry, typed typedRow) error {
	v.outside.Compare(v.checker)
	fields, err := sealed(v.fields[:0], e)
	if err != nil {
		v.checker.Report(e.Seq, err.Error())
		return nil
	}
	v.fields = fields
	entry, err := v.checker.Entry(e.Leaf, fields)
	if err != nil {
		return err
	}
	v.tree.Append(v.checker.Newest())
	if v.checker.Size() == v.last.Size {
		v.atLast = v.checker.Root()
	}
	if entry == nil {
		return nil
	}
	if v.day = entry.Leaf.Day; v.day == "" {
		v.time = entry.Leaf.Time
	}
	v.compare(e.Seq, entry, typed)
	return nil
}

// tiles compares tiles with the stored ones: full tiles as they fill, so that
// memory does not grow, and the last ones at the end.
func (v *verifier) tiles(end bool) error {
	for _, t := range v.tree.Changed() {
		if !end && len(t.Hashes) < 256*len(ledger.Hash{}) {
			continue
		}
		v.tileN++
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

func (v *verifier) finish(trust bundle.Trust, last ledger.Signed) (*Report, error) {
	if err := v.checker.Err(); err != nil {
		return nil, err
	}
	v.outside.Compare(v.checker)
	v.outside.Finish(v.checker)
	if _, err := v.checker.Finish(); err != nil {
		return nil, err
	}
	if err := v.tiles(true); err != nil {
		return nil, err
	}
	if err := v.edges(); err != nil {
		return nil, err
	}
	if err := v.checker.Err(); err != nil {
		return nil, err
	}
	r := &Report{NotEvidence: append(v.other, olderCheckpoints, indexes)}
	r.Result = bundle.Result{
		What: "workspace", Origin: v.head.Origin, Size: v.last.Size, Root: v.last.Root.String(),
		Covered: v.last.Size == v.head.Size, Uncovered: v.head.Size - v.last.Size,
		Epochs: v.checker.Later(), Counts: v.checker.Counts(),
	}
	return r, trust.Hold(&r.Result, last, v.outside.Fixes()...)
}

// edges checks what is known only at the end: the head of the log, rows outside
// it, which revision supersedes which, and every stored checkpoint.
func (v *verifier) edges() error {
	switch {
	case v.head.Origin != v.w.Config.Origin || v.last.Origin != v.head.Origin:
		v.checker.Report(-1, "the log's origin is not that of its checkpoint")
	case v.last.Size > v.head.Size:
		v.checker.Report(-1, fmt.Sprintf("the last checkpoint covers %d entries, the database has %d: it was truncated or rolled back to an older copy", v.last.Size, v.head.Size))
	case v.atLast != v.last.Root:
		v.checker.Report(-1, "the entries are not those of the last checkpoint")
	}
	if !v.timeFits() {
		v.checker.Report(-1, "the log's time is not that of its last entry")
	}
	if err := v.rowCounts(); err != nil {
		return err
	}
	for _, kind := range v.kinds {
		if err := v.superseded(kind); err != nil {
			return err
		}
	}
	return v.checkpoints()
}

// superseded checks column to_seq of a kind's table. Every later revision must be
// named by the one before it; when as many rows name one as there are later
// revisions, no other row does.
func (v *verifier) superseded(kind string) error {
	table := "r_" + kind
	var naming, later, unnamed int64
	err := v.count("select count(to_seq), count(case when rev > 1 then 1 end) from "+table, []any{&naming, &later})
	if err != nil {
		return err
	}
	if later > 0 {
		err = v.count("select count(*) from "+table+" b where b.rev > 1 and not exists (select 1 from "+table+" a where a.id = b.id and a.rev = b.rev - 1 and a.to_seq = b.seq)", []any{&unnamed})
		if err != nil {
			return err
		}
	}
	if unnamed > 0 || naming != later {
		v.checker.Report(-1, fmt.Sprintf("column to_seq of table %s does not name the next revisions: %d rows name one, of %d later revisions %d are not named", table, naming, later, unnamed))
	}
	return nil
}

// timeFits holds the log's time to its last entry. An entry that is dated by day
// shows no more of the time than that.
func (v *verifier) timeFits() bool {
	if v.day == "" {
		return v.head.Time == v.time
	}
	return v.head.Time > v.time && time.UnixMicro(v.head.Time).UTC().Format(time.DateOnly) == v.day
}

// rowCounts finds rows that stand beside what was checked, wherever an intruder
// put them: every position was found once, so the numbers must agree.
func (v *verifier) rowCounts() error {
	want := map[string]int64{"log": 1, "entry": v.head.Size, "tile": v.tileN}
	for _, kind := range v.kinds {
		want["r_"+kind] = v.checker.Counts().Kinds[kind]
	}
	for _, table := range slices.Sorted(maps.Keys(want)) {
		var n int64
		if err := v.count("select count(*) from "+table, []any{&n}); err != nil {
			return err
		}
		if n != want[table] {
			v.checker.Report(-1, fmt.Sprintf("table %s has %d rows, the log stands for %d", table, n, want[table]))
		}
	}
	return nil
}

// open opens a stored checkpoint under the key of the epoch in which it was signed, and
// with the cosignatures of the witnesses that the configuration names.
func (v *verifier) open(signed []byte, size any) (ledger.Checkpoint, error) {
	at, _ := size.(int64)
	for _, key := range v.w.Keys() {
		if bundle.KeyHash(key) == v.checker.KeyAt(at) {
			s, err := ledger.OpenSigned(signed, key, v.witnesses)
			return s.Checkpoint, err
		}
	}
	return ledger.Checkpoint{}, fault.New(fault.Broken, "the configuration has no key of its epoch", "")
}

func (v *verifier) checkpoints() error {
	rows, err := v.q.Query(v.ctx, "select size, note from checkpoint order by size")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	defer rows.Close()
	type signed struct{ size, note any } // an intruder may have left anything here
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
		note, _ := s.note.(string)
		c, err := v.open([]byte(note), s.size)
		if err != nil || c.Size != s.size || c.Origin != v.head.Origin || c.Size > v.head.Size {
			v.checker.Report(-1, fmt.Sprintf("the stored checkpoint over %v entries is not one of this log", s.size))
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
