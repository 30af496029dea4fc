package intake

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// maxWaiting is how many rows may wait in memory for the others of their main
// record. Beyond it they are written as they are, which costs a further revision
// where an older day comes after a younger one.
const maxWaiting = 50000

// take receives one statement of the second reading: it is known already, waits
// for the other rows of its main record, or is ready to be written.
func (r *run) take(s *statement) {
	group := r.groupOf(s)
	left := r.groups[group] - 1
	r.groups[group] = left
	if known, newest := r.wasReceived(s.rowID, s.hash); known {
		r.report.Same++
		if !newest {
			r.report.Outdated++
		}
		r.recall(s)
		r.count(s, true)
	} else {
		r.receive(s.rowID, s.hash)
		r.pending[group] = append(r.pending[group], s)
		r.waiting++
	}
	if left == 0 {
		r.release(group)
	}
	if r.waiting > maxWaiting {
		groups := make([]string, 0, len(r.pending))
		for g := range r.pending {
			groups = append(groups, g)
		}
		slices.Sort(groups)
		for _, g := range groups {
			r.release(g)
		}
	}
}

// release makes the rows of one main record ready, the earliest day first.
func (r *run) release(group string) {
	list := r.pending[group]
	delete(r.pending, group)
	slices.SortStableFunc(list, func(a, b *statement) int {
		if a.day != b.day {
			return strings.Compare(a.day, b.day)
		}
		return strings.Compare(a.rowID, b.rowID)
	})
	r.waiting -= len(list)
	r.ready = append(r.ready, list...)
}

// recall marks what a row that was received before states about shared records,
// so that a later row is held against it, as in the run that first read it.
func (r *run) recall(s *statement) {
	for i := range s.records {
		rec := &s.records[i]
		if rec.data == nil || i == r.m.main {
			continue
		}
		for _, e := range r.kinds[r.m.records[i].target.kind].match(rec.identities) {
			e.asserted |= rec.stated
		}
	}
}

// flush writes what is ready in one transaction.
func (r *run) flush(ctx context.Context) error {
	if len(r.ready) == 0 {
		return nil
	}
	apply := func(tx *store.Tx) error {
		r.tx = tx
		if err := r.alone(ctx); err != nil {
			return err
		}
		for i, s := range r.ready {
			if err := r.apply(ctx, s); err != nil {
				return err
			}
			if tx != nil && (i+1 == len(r.ready) || r.groupOf(s) != r.groupOf(r.ready[i+1])) {
				r.forget(s)
			}
		}
		return nil
	}
	if err := r.transact(ctx, apply); err != nil {
		return err
	}
	r.ready = r.ready[:0]
	if r.o.Progress != nil {
		r.o.Progress(r.report.Rows, r.rows)
	}
	return nil
}

// forget drops the content of a main record all of whose rows are written.
func (r *run) forget(s *statement) {
	for _, e := range r.kinds[r.m.MainKind()].match(s.records[r.m.main].identities) {
		e.data = nil
	}
}

// transact runs one transaction, or its dry counterpart.
func (r *run) transact(ctx context.Context, do func(tx *store.Tx) error) error {
	if r.o.DryRun {
		return do(nil)
	}
	return r.db.Write(ctx, r.actor, func(tx *store.Tx) error {
		err := do(tx)
		r.size = tx.Size()
		return err
	})
}

// alone refuses to go on when somebody else wrote records that this run has
// loaded: what it knows about identities would be out of date. Other entries of
// the log do not matter.
func (r *run) alone(ctx context.Context) error {
	if r.tx == nil || r.tx.Size() == r.size {
		return nil
	}
	for _, kind := range append(r.m.Kinds(), register.Identifiers.Name()) {
		n := 0
		err := r.scan(ctx, r.tx, "select count(*) from r_"+kind+" where seq >= $1", []any{r.size}, func(rows *sql.Rows) error { return rows.Scan(&n) })
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Failed, "somebody else wrote to the register during this import", "run it again: it goes on where it stopped")
		}
	}
	return nil
}

// apply writes one row: all its records, or one work item.
func (r *run) apply(ctx context.Context, s *statement) error {
	found := make([]*entity, len(s.records))
	for i := range s.records {
		if s.records[i].data == nil {
			continue
		}
		e, doubt := r.identify(i, s)
		if doubt != nil {
			r.hold(i, s)
			r.report.Ambiguous++
			r.count(s, false)
			return nil
		}
		found[i] = e
	}
	ids := make([]string, len(s.records))
	for i, def := range r.m.records {
		rec := &s.records[i]
		if rec.data == nil {
			continue
		}
		for f := range def.fields {
			if to := def.fields[f].value.record; to >= 0 && ids[to] != "" {
				def.target.at(rec.data, def.fields[f].slot).SetString(ids[to])
			}
		}
		id, err := r.put(ctx, i, s, found[i])
		if err != nil {
			return err
		}
		ids[i] = id
	}
	if found[r.m.main] == nil {
		r.report.Created++
	} else {
		r.report.Revised++
	}
	r.count(s, true)
	return nil
}

// count adds the row to the spine.
func (r *run) count(s *statement, registered bool) {
	account, ok := s.records[r.m.main].data.(*register.Account)
	if !ok {
		return
	}
	line := register.Account{Amount: account.Amount, Customer: account.Customer, Product: account.Product}
	def := r.m.records[r.m.main]
	for _, f := range def.fields {
		stated := s.records[r.m.main].stated&f.slot.bit != 0
		switch {
		case !registered || !stated:
		case f.name == "customer":
			line.Customer = "stated"
		case f.name == "product":
			line.Product = "stated"
		}
	}
	if !registered {
		line.Customer, line.Product = "", ""
	}
	r.report.Spine.Add(&line)
}

// identify finds the record that record i of a row means: an entity, or nil for
// a new one, or doubt.
func (r *run) identify(i int, s *statement) (*entity, []*entity) {
	def, rec := r.m.records[i], &s.records[i]
	d := r.kinds[def.target.kind]
	own := s.rowID + "@" + r.m.label(i)
	found := d.match(rec.identities)
	switch chosen := r.answers[own]; {
	case chosen != "" && chosen != chosenNew && d.ids[chosen] != nil:
		return d.ids[chosen], nil
	case len(found) > 1 || len(found) == 1 && contradicts(found[0].identities, rec.identities):
		if chosen != chosenNew {
			return nil, found
		}
		return nil, nil
	case len(found) == 1:
		return found[0], nil
	case chosen == chosenNew:
		return nil, nil
	}
	var mine *entity
	likes := d.likes(rec.name, rec.identities, func(e *entity) bool {
		if e.source == r.m.Source && e.origin == own {
			mine = e
		}
		return true
	})
	if mine != nil {
		return mine, nil
	}
	if len(likes) == 0 && r.survey.firmer(def.target.kind, s.rowID, rec) {
		likes = []*entity{{}}
	}
	return nil, likes
}

// contradicts says that two records which share a key have different identifiers
// in some scheme and none in common.
func contradicts(a, b []identity) bool {
	different := false
	for _, x := range a {
		for _, y := range b {
			if x.scheme != y.scheme || x.isKey() {
				continue
			}
			if x.text == y.text {
				return false
			}
			different = true
		}
	}
	return different
}
