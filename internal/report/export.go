package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path/filepath"
	"slices"

	"duly/internal/bundle"
	"duly/internal/engagement"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/whole"
)

// Summary says what a bundle holds.
type Summary struct {
	Path       string         `json:"path"`
	Classes    []ledger.Class `json:"classes"`  // disclosed
	Redacted   []string       `json:"redacted"` // fields withheld by redactions, as kind.field
	Unredacted bool           `json:"unredacted,omitempty"`
	From       int64          `json:"from,omitempty"` // the first entry of a range
	Entries    int64          `json:"entries"`
	Carried    int64          `json:"carried,omitempty"` // entries before the range that it rests on
	Root       string         `json:"root"`
	Disclosed  int64          `json:"disclosed"` // sealed fields
	Withheld   int64          `json:"withheld"`
	Erased     int64          `json:"erased"`
	Packs      int            `json:"packs"`
	Bytes      int64          `json:"bytes"`
	Opening    *int64         `json:"opening,omitempty"`  // of a range, the balance from which populations are counted on
	Balances   []int64        `json:"balances,omitempty"` // of one without, the balances of the log with which a range can open
}

// exportChunk is how many entries one query reads.
const exportChunk = 4096

// Order says what to export, and for whom.
type Order struct {
	Checkpoint []byte   // signed, at the end
	Opening    []byte   // signed, where a range begins; nil for the whole log
	Key        string   // verifier key of the log
	OpeningKey string   // that of the opening where it is another; else ""
	Handovers  [][]byte // the files that lead from OpeningKey to Key
	Classes    []ledger.Class
	Schemas    bundle.Schemas
	Unredacted bool // for an assessor: redactions withhold nothing
}

// Export writes the bundle of the entries between two signed checkpoints, or of all under
// one, to path, with the sealed fields of the given classes disclosed. The file appears
// whole or not at all, readable by its owner only. Memory does not grow with the log; a
// range takes some for each earlier entry that it rests on, and for each record that a
// population counts.
//
// The texts of packs are themselves sealed as customer: a bundle that does not
// disclose that class, or in which they are redacted, holds none, and its ratings cannot
// be computed again.
//
// Errors: Invalid for an unknown class, or a range without entries; Broken when a
// checkpoint is not signed by key, is not one of this log, or an entry has a schema that
// was not released; Refused when a value was erased after the checkpoint, which its
// receiver could not tell from a value that was removed.
func Export(ctx context.Context, q store.Queryer, o Order, path string) (Summary, error) {
	audience, err := audienceOf(o.Classes)
	if err != nil {
		return Summary{}, err
	}
	c, signed, err := spelled(o.Checkpoint, o.Key)
	if err != nil {
		return Summary{}, err
	}
	x := &exporter{
		ctx: ctx, q: q, c: c, schemas: o.Schemas, edge: &ledger.Edge{}, gone: map[erasedField]bool{}, said: map[erasedField]bool{},
		s: Summary{Path: path, Classes: audience, Redacted: []string{}, Unredacted: o.Unredacted, Entries: c.Size, Root: c.Root.String()},
	}
	if !o.Unredacted {
		redactions, err := ReadRedactions(ctx, q, store.At{Seq: c.Size - 1})
		if err != nil {
			return Summary{}, err
		}
		x.s.Redacted = redactions.Fields()
	}
	var opening []byte
	if o.Opening != nil {
		if opening, err = x.open(o); err != nil {
			return Summary{}, err
		}
	}
	x.m = bundle.Manifest{
		Origin: c.Origin, Key: o.Key, OpeningKey: o.OpeningKey, From: x.s.From, Size: c.Size, Classes: audience, Redacted: x.s.Redacted, Unredacted: o.Unredacted,
	}
	file, err := whole.Begin(filepath.Dir(path))
	if err != nil {
		return Summary{}, fault.Wrap(fault.Failed, err, "cannot write the bundle")
	}
	defer file.Drop()
	w, err := bundle.NewWriter(file, x.m, signed)
	if err != nil {
		return Summary{}, err
	}
	if err := x.write(w, opening, o.Handovers); err != nil {
		return Summary{}, err
	}
	if x.s.Bytes, err = file.Seek(0, io.SeekEnd); err == nil {
		err = file.Put(path, 0o600)
	}
	if err != nil {
		err = fault.Wrap(fault.Failed, err, "cannot write the bundle")
	}
	return x.s, err
}

// spelled opens a signed checkpoint and gives it in its one spelling.
func spelled(signed []byte, key string) (ledger.Checkpoint, []byte, error) {
	c, err := ledger.OpenCheckpoint(signed, key)
	if err != nil {
		return c, nil, err
	}
	signed, err = ledger.Spell(signed)
	return c, signed, err
}

// write writes what stands in the bundle behind its checkpoint.
func (x *exporter) write(w *bundle.Writer, opening []byte, handovers [][]byte) error {
	if x.needs != nil {
		edge, err := store.Edge(x.ctx, x.q, x.s.From)
		if err != nil {
			return err
		}
		if err := w.Opening(opening, edge, handovers); err != nil {
			return err
		}
	}
	if err := w.Entries(x.entries); err != nil {
		return err
	}
	texts, err := x.packs()
	if err != nil {
		return err
	}
	if x.needs != nil {
		if err := w.Carried(x.carried); err != nil {
			return err
		}
		if err := x.counted(w); err != nil {
			return err
		}
	}
	for field := range x.said {
		delete(x.gone, field)
	}
	if len(x.gone) > 0 {
		return fault.Newf(fault.Refused, "the log lacks %d values, and no erasure under this checkpoint says why", len(x.gone)).
			WithFix("export a newer checkpoint, which covers the erasures; if there is none, run `duly verify`")
	}
	if err := w.Packs(texts); err != nil {
		return err
	}
	if texts, err = x.witnessed(); err != nil {
		return err
	}
	if err := w.Witnessed(texts); err != nil {
		return err
	}
	return w.Close()
}

type exporter struct {
	ctx     context.Context
	q       store.Queryer
	c       ledger.Checkpoint
	schemas bundle.Schemas
	s       Summary
	m       bundle.Manifest
	edge    *ledger.Edge // of the entries written so far
	leaf    ledger.Leaf  // of the entry that is written, as the next two
	digests []ledger.Hash
	sealed  []ledger.Disclosure
	gone    map[erasedField]bool // fields without disclosure
	said    map[erasedField]bool // what erasure entries name
	needs   *bundle.Needs        // what a range rests on; nil for the whole log
	revised map[string]bool      // kinds of which the range has later revisions
	seeds   []int64              // where cosigned checkpoints are recorded
}

// erasedField is a sealed field as an erasure entry names it.
type erasedField struct {
	leaf  string
	field int64
}

// entries writes every entry and holds them to the checkpoint, so that no bundle
// is handed out that its receiver would have to refuse.
func (x *exporter) entries(put bundle.Put) error {
	for from := x.edge.Size(); from < x.c.Size; from += exportChunk {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		err := store.Entries(x.ctx, x.q, from, min(from+exportChunk, x.c.Size), func(e store.Entry) error {
			if e.Seq != x.edge.Size() {
				return fault.Newf(fault.Broken, "entry %d is missing from the log", x.edge.Size()).WithFix("run `duly verify`")
			}
			x.edge.Append(ledger.LeafHash(e.Leaf))
			return x.entry(e, put)
		})
		if err != nil {
			return err
		}
	}
	if x.edge.Root() != x.c.Root || x.edge.Size() != x.c.Size {
		return fault.New(fault.Broken, "the log's entries are not those of the checkpoint", "run `duly verify`")
	}
	return nil
}

func (x *exporter) entry(e store.Entry, put bundle.Put) error {
	schema, digests, disclosures, err := x.read(e)
	if err != nil {
		return err
	}
	leaf := &x.leaf
	if leaf.Kind == engagement.Witnesses.Name() {
		x.seeds = append(x.seeds, e.Seq)
	}
	if leaf.Kind == store.Erasures.Name() {
		public := leaf.PublicValues()
		target, _ := public["target"].Value().(string)
		field, _ := public["field"].Value().(int64)
		x.said[erasedField{target, field}] = true
	}
	for i := range schema.Sealed {
		switch {
		case disclosures[i] == "":
			x.s.Erased++
			x.gone[erasedField{ledger.LeafHash(e.Leaf).String(), int64(i)}] = true
		case x.m.Shows(schema, i):
			x.s.Disclosed++
		default:
			x.s.Withheld++
		}
	}
	if x.needs != nil {
		x.rests(e, schema, x.m.Redact(schema, digests, disclosures))
	}
	return put(e.Leaf, schema, digests, disclosures)
}

// read takes an entry apart; all that it gives, and x.leaf, holds until the next.
func (x *exporter) read(e store.Entry) (*ledger.Schema, []ledger.Hash, []ledger.Disclosure, error) {
	schema, err := known(&x.leaf, x.schemas, e)
	if err != nil {
		return nil, nil, nil, err
	}
	x.digests, x.sealed, err = store.SplitInto(x.digests, x.sealed, e.Digests, e.Disclosures)
	if err == nil && len(x.digests) != len(schema.Sealed) {
		err = fault.Newf(fault.Broken, "entry %d does not have the sealed fields of its schema", e.Seq).WithFix("run `duly verify`")
	}
	return schema, x.digests, x.sealed, err
}

// known reads the leaf of an entry and finds its schema.
func known(leaf *ledger.Leaf, schemas bundle.Schemas, e store.Entry) (*ledger.Schema, error) {
	if err := leaf.Parse(e.Leaf); err != nil {
		return nil, err
	}
	schema := schemas[leaf.Schema]
	if schema == nil {
		return nil, fault.Newf(fault.Broken, "entry %d is a %s of a schema that was never released", e.Seq, leaf.Kind).
			WithFix("use the version of duly that wrote it, or a newer one")
	}
	return schema, nil
}

// packs gives the texts of the packs that the log names, when their class is disclosed.
func (x *exporter) packs() (map[string][]byte, error) {
	texts := map[string][]byte{}
	schema := runs.Packs.Schema()
	if !x.m.Shows(schema, slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == "text" })) {
		return texts, nil
	}
	list, err := store.SelectAt(x.ctx, x.q, runs.Packs, store.At{Seq: x.c.Size - 1}, "")
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if p.Record.Bytes == "" {
			continue // erased
		}
		sum := sha256.Sum256([]byte(p.Record.Bytes))
		if hex.EncodeToString(sum[:]) != p.Record.SHA256 {
			return nil, fault.Newf(fault.Broken, "the pack of entry %d is not the one whose hash the log shows", p.Seq)
		}
		texts[p.Record.SHA256] = []byte(p.Record.Bytes)
		if x.needs != nil && p.Seq < x.s.From {
			x.needs.At[p.Seq] = true
		}
	}
	x.s.Packs = len(texts)
	return texts, nil
}

// witnessed gives the cosigned checkpoints that seed samples, which every bundle carries:
// nothing in them is secret, and nobody draws again without them.
func (x *exporter) witnessed() (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, seq := range x.seeds {
		r, err := store.GetBySeq(x.ctx, x.q, engagement.Witnesses, seq)
		if err != nil {
			return nil, err
		}
		texts[r.Record.Note] = []byte(r.Record.Text)
	}
	return texts, nil
}

// Disclose shows one sealed field of one entry, with all that ties it to the
// signed checkpoint, whatever its class: choosing whom to show it is the act.
//
// Errors: NotFound when there is no such entry under the checkpoint or the value
// was erased; Invalid when the entry has no sealed field of that name.
func Disclose(ctx context.Context, q store.Queryer, signed []byte, key string, schemas bundle.Schemas, entry int64, field string) (*bundle.Proof, error) {
	c, err := ledger.OpenCheckpoint(signed, key)
	if err != nil {
		return nil, err
	}
	if entry < 0 || entry >= c.Size {
		return nil, fault.Newf(fault.NotFound, "the checkpoint covers no entry %d", entry).WithFix("a report names entries beside what it withholds")
	}
	e, err := store.EntryAt(ctx, q, entry)
	if err != nil {
		return nil, err
	}
	schema, err := known(&ledger.Leaf{}, schemas, e)
	if err != nil {
		return nil, err
	}
	digests, disclosures, err := store.Split(e.Digests, e.Disclosures)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == field })
	if i < 0 || i >= len(digests) {
		names := ""
		for _, f := range schema.Sealed {
			names += " " + f.Name
		}
		return nil, fault.Newf(fault.Invalid, "entry %d is of the kind %s, which has no sealed field %q", entry, schema.Kind, field).WithFix("its sealed fields are:" + names)
	}
	if disclosures[i] == "" {
		return nil, fault.Newf(fault.NotFound, "field %q of entry %d was erased: nobody can show it any more", field, entry)
	}
	inclusion, err := store.Inclusion(ctx, q, entry, c.Size)
	if err != nil {
		return nil, err
	}
	return bundle.NewProof(entry, field, e.Leaf, digests, disclosures[i], inclusion, signed, key), nil
}
