package report

import (
	"context"
	"slices"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
)

// Between gives the signed checkpoints of the smallest range that holds the entries from
// one position up to another: a range reaches from checkpoint to checkpoint. The first is
// nil when that is the log from its beginning.
//
// Errors: NotFound when no checkpoint covers the last of them yet.
func Between(ctx context.Context, q store.Queryer, from, to int64) (opening, closing []byte, err error) {
	if from >= to {
		return nil, nil, fault.New(fault.Invalid, "the range ends before it begins, or has no entry", "")
	}
	closing, err = store.CheckpointFrom(ctx, q, to)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil, fault.Newf(fault.NotFound, "no checkpoint covers entry %d", to-1)
	} else if err != nil {
		return nil, nil, err
	}
	opening, err = store.CheckpointUpTo(ctx, q, from)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, closing, nil
	}
	return opening, closing, err
}

// open prepares a range: it begins at a checkpoint of this log.
func (x *exporter) open(o Order) ([]byte, error) {
	key := o.Key
	if o.OpeningKey != "" {
		key = o.OpeningKey
	}
	c, signed, err := spelled(o.Opening, key)
	if fault.CodeOf(err) == fault.Broken {
		return nil, fault.New(fault.Refused, "the checkpoint at which the range begins is not signed by the key that the log has now", "begin at one from after the change of keys, or export the whole log")
	}
	if err != nil {
		return nil, err
	}
	if c.Origin != x.c.Origin || c.Size >= x.c.Size {
		return nil, fault.New(fault.Invalid, "the range ends before it begins, or has no entry", "")
	}
	if c.Size == 0 {
		return nil, nil
	}
	roots, err := store.Edge(x.ctx, x.q, c.Size)
	if err != nil {
		return nil, err
	}
	if x.edge, err = ledger.NewEdge(c.Size, roots); err != nil {
		return nil, err
	}
	if x.edge.Root() != c.Root {
		return nil, fault.New(fault.Broken, "the log's entries are not those of the opening checkpoint", "run `duly verify`")
	}
	x.s.From, x.s.Entries = c.Size, x.c.Size-c.Size
	x.needs, x.revised = bundle.NewNeeds(c.Size), map[string]bool{}
	return signed, nil
}

// rests notes what an entry rests on.
func (x *exporter) rests(e store.Entry, schema *ledger.Schema, shown []bundle.Sealed) {
	x.needs.Entry(e.Seq, e.Leaf, &x.leaf, schema, shown)
	if e.Seq >= x.s.From && x.leaf.Rev > 1 {
		x.revised[schema.Kind] = true
	}
}

// carried writes the entries before the range that it rests on.
func (x *exporter) carried(put func(seq int64, inclusion []ledger.Hash) (bundle.Put, error)) error {
	from := x.s.From
	always, err := store.Positions(x.ctx, x.q, bundle.Standing, 0, from)
	if err != nil {
		return err
	}
	for kind := range x.revised {
		list, err := store.Continued(x.ctx, x.q, kind, from, x.c.Size)
		if err != nil {
			return err
		}
		always = append(always, list...)
	}
	edges, err := x.newest()
	if err != nil {
		return err
	}
	for _, seq := range append(always, edges...) {
		x.needs.At[seq] = true
	}
	all, err := x.needs.Settle(x)
	if err != nil {
		return err
	}
	x.s.Carried = int64(len(all))
	for _, seq := range all {
		inclusion, err := store.Inclusion(x.ctx, x.q, seq, from)
		if err != nil {
			return err
		}
		e, err := store.EntryAt(x.ctx, x.q, seq)
		if err != nil {
			return err
		}
		entry, err := put(seq, inclusion)
		if err != nil {
			return err
		}
		if err := x.entry(e, entry); err != nil {
			return err
		}
	}
	return nil
}

// counted writes the records of populations as they stood at the balance with which the
// range opens: the entry before it, or its first. Without one it finds those of the log.
func (x *exporter) counted(w *bundle.Writer) error {
	list, err := store.Positions(x.ctx, x.q, []string{store.Balances.Name()}, 0, x.c.Size)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(seq int64) bool { return seq == x.s.From-1 || seq == x.s.From })
	if at < 0 {
		x.s.Balances = list
		return nil
	}
	x.s.Opening = &list[at]
	all := bundle.NewPopulation("", "")
	for from := int64(0); from < list[at]; from += exportChunk {
		if err := store.Entries(x.ctx, x.q, from, min(from+exportChunk, list[at]), func(e store.Entry) error { return all.AddBytes(e.Leaf) }); err != nil {
			return err
		}
	}
	return w.Counted(all)
}

// newest gives the newest entries before the range by which its own are judged: the
// balance, and those whose time and day the next may not be before.
func (x *exporter) newest() ([]int64, error) {
	var dated []string
	for _, s := range x.schemas {
		if s.ByDay {
			dated = append(dated, s.Kind)
		}
	}
	var out []int64
	for _, kinds := range [][]string{{store.Balances.Name()}, dated} {
		seq, err := store.Newest(x.ctx, x.q, kinds, x.s.From)
		if err != nil {
			return nil, err
		}
		if seq >= 0 {
			out = append(out, seq)
		}
	}
	var leaf ledger.Leaf
	for seq := x.s.From - 1; seq >= 0; seq-- {
		e, err := store.EntryAt(x.ctx, x.q, seq)
		if err != nil {
			return nil, err
		}
		if err := leaf.Parse(e.Leaf); err != nil {
			return nil, err
		}
		if leaf.Day == "" {
			return append(out, seq), nil
		}
	}
	return out, nil
}

// Find implements bundle.Earlier by one pass over the stored leaf hashes.
func (x *exporter) Find(hashes map[ledger.Hash]bool) ([]int64, error) {
	var found []int64
	if len(hashes) == 0 {
		return nil, nil
	}
	for from := int64(0); from < x.s.From; from += exportChunk {
		list, err := store.Hashes(x.ctx, x.q, 0, from, min(from+exportChunk, x.s.From))
		if err != nil {
			return nil, err
		}
		for i := 0; len(list) > 0; i++ {
			if hashes[ledger.Hash(list[:len(ledger.Hash{})])] {
				found = append(found, from+int64(i))
			}
			list = list[len(ledger.Hash{}):]
		}
	}
	return found, nil
}

// Erasures implements bundle.Earlier.
func (x *exporter) Erasures(targets map[ledger.Hash]bool) ([]int64, error) {
	var names []string
	for h := range targets {
		names = append(names, h.String())
	}
	return store.ErasuresOf(x.ctx, x.q, names, x.s.From)
}

// Look implements bundle.Earlier.
func (x *exporter) Look(n *bundle.Needs, seq int64) error {
	e, err := store.EntryAt(x.ctx, x.q, seq)
	if err != nil {
		return err
	}
	schema, digests, disclosures, err := x.read(e)
	if err != nil {
		return err
	}
	n.Entry(seq, e.Leaf, &x.leaf, schema, x.m.Redact(schema, digests, disclosures))
	return nil
}
