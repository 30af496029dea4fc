package intake

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/store"
)

// put writes record i of a row, whose entity is e or new.
func (r *run) put(ctx context.Context, i int, s *statement, e *entity) (string, error) {
	def, rec := r.m.records[i], &s.records[i]
	d := r.kinds[def.target.kind]
	if e == nil {
		// A record above may just have been made with the same identity.
		if made := d.match(rec.identities); len(made) == 1 && !contradicts(made[0].identities, rec.identities) {
			e = made[0]
		}
	}
	if e == nil {
		return r.createRecord(i, s)
	}
	var err error
	if i == r.m.main {
		err = r.reviseMain(ctx, s, e)
	} else {
		err = r.join(ctx, i, s, e)
	}
	for _, identity := range rec.identities {
		if err == nil && identity.complete() && !e.has(identity.text) {
			d.learn(e, identity)
			err = r.name(s, i, e.id, identity)
		}
	}
	return e.id, err
}

// stamp says where a record comes from.
func (r *run) stamp(t *target, data any, ref string) {
	t.put(data, "received", r.o.Received)
	t.put(data, "source", r.m.Source)
	t.put(data, "source_ref", ref)
}

func (r *run) createRecord(i int, s *statement) (string, error) {
	def, rec := r.m.records[i], &s.records[i]
	t := def.target
	r.stamp(t, rec.data, s.sourceRef(r.m.label(i)))
	id, err := r.create(t, rec.data)
	if err != nil {
		return "", err
	}
	d := r.kinds[t.kind]
	e := &entity{id: id, name: rec.name, source: r.m.Source, origin: s.rowID + "@" + r.m.label(i),
		asserted: rec.stated, day: s.day, data: rec.data, identities: rec.identities}
	if b := d.buckets["name:"+e.name]; e.name != "" && b != nil {
		r.report.SameName++
	}
	d.add(e)
	for n, identity := range rec.identities {
		if n > 0 || !identity.isKey() {
			if err := r.name(s, i, id, identity); err != nil {
				return "", err
			}
		}
	}
	return id, nil
}

// create writes a new record, or in a dry run pretends to.
func (r *run) create(t *target, data any) (string, error) {
	r.report.count(t.kind, true)
	if r.tx == nil {
		r.created++
		return "dry-" + strconv.Itoa(r.created), nil
	}
	return t.create(r.tx, data)
}

func (r *run) revise(t *target, id string, data any) error {
	r.report.count(t.kind, false)
	if r.tx == nil {
		return nil
	}
	return t.revise(r.tx, id, data)
}

// name writes an identifier of a customer. Other kinds have but one identity,
// which stands in the record itself.
func (r *run) name(s *statement, i int, id string, identity identity) error {
	if !namesMatter(r.m.records[i].target.kind) {
		return nil
	}
	r.report.count(register.Identifiers.Name(), true)
	if r.tx == nil {
		return nil
	}
	return nameIt(r.tx, id, identity, register.Origin{State: "active", Received: r.o.Received, Source: r.m.Source, SourceRef: s.sourceRef(r.m.records[i].label)})
}

// content gives the newest content of an entity, reading it at most once.
func (r *run) content(ctx context.Context, t *target, e *entity) (any, error) {
	if e.data != nil {
		return e.data, nil
	}
	var q store.Queryer = r.db
	if r.tx != nil {
		q = r.tx
	}
	var err error
	e.data, err = t.get(ctx, q, e.id)
	return e.data, err
}

// join merges what a row states about a shared record into it. What the record
// leaves open is filled. A different statement replaces an older one of the same
// system; against another row of this import, or another system, it is a
// conflict and is not taken over.
func (r *run) join(ctx context.Context, i int, s *statement, e *entity) error {
	def, rec := r.m.records[i], &s.records[i]
	if len(def.fields) == 0 {
		return nil
	}
	old, err := r.content(ctx, def.target, e)
	if err != nil {
		return err
	}
	var changed any
	for f := range def.fields {
		slot := def.fields[f].slot
		bit := slot.bit
		if rec.stated&bit == 0 {
			continue
		}
		now, then := def.target.at(rec.data, slot), def.target.at(old, slot)
		switch {
		case equalValues(now.Interface(), then.Interface()):
		case slot.isOpen(then), e.asserted&bit == 0 && def.target.text(old, "source") == r.m.Source:
			if changed == nil {
				changed = def.target.copyOf(old)
			}
			def.target.at(changed, slot).Set(now)
		case !sameText(now, then):
			r.conflict(s, def.target.kind, def.fields[f].name)
		}
		e.asserted |= bit
	}
	if changed == nil {
		return nil
	}
	if p, ok := changed.(*register.Product); ok {
		p.Settle()
	}
	r.stamp(def.target, changed, s.sourceRef(r.m.label(i)))
	e.data = changed
	return r.revise(def.target, e.id, changed)
}

func (r *run) conflict(s *statement, kind, field string) {
	r.report.Conflict++
	if len(r.report.Conflicts) < maxListed {
		r.report.Conflicts = append(r.report.Conflicts, Conflict{File: r.names[s.file], Line: s.line, Kind: kind, Field: field})
	}
}

// reviseMain writes a further revision of the main record. The newest revision is
// always the one of the latest day: a row of an earlier day holds only up to the
// next one, and the latest is stated again after it.
func (r *run) reviseMain(ctx context.Context, s *statement, e *entity) error {
	def, rec := r.m.records[r.m.main], &s.records[r.m.main]
	t := def.target
	old, err := r.content(ctx, t, e)
	if err != nil {
		return err
	}
	next := t.copyOf(old)
	for f := range def.fields {
		if slot := def.fields[f].slot; rec.stated&slot.bit != 0 {
			t.at(next, slot).Set(t.at(rec.data, slot))
		}
	}
	if p, ok := next.(*register.Product); ok {
		p.Settle()
	}
	if rec.stated&t.slots["valid_to"].bit == 0 && t.text(next, "valid_to") <= s.day {
		t.put(next, "valid_to", "") // the end of an earlier revision is not that of this one
	}
	r.stamp(t, next, s.sourceRef(""))
	if s.day == "" || s.day >= e.day {
		e.day, e.data = max(e.day, s.day), next
		return r.revise(t, e.id, next)
	}
	if err := r.until(ctx, t, e, s.day, next); err != nil {
		return err
	}
	if err := r.revise(t, e.id, next); err != nil {
		return err
	}
	return r.revise(t, e.id, old)
}

// until ends a late revision on the next day from which another one holds.
func (r *run) until(ctx context.Context, t *target, e *entity, day string, data any) error {
	end := e.day
	if r.tx != nil || !strings.HasPrefix(e.id, "dry-") {
		var q store.Queryer = r.db
		if r.tx != nil {
			q = r.tx
		}
		days, err := t.days(ctx, q, e.id)
		if err != nil {
			return err
		}
		for _, d := range days {
			if d > day {
				end = min(end, d)
			}
		}
	}
	if to := t.text(data, "valid_to"); to == "" || to > end {
		t.put(data, "valid_to", end)
	}
	return nil
}

// sameText says that two texts differ in case or white space only, which is no
// disagreement.
func sameText(a, b reflect.Value) bool {
	return a.Kind() == reflect.String && foldName(a.String()) == foldName(b.String())
}

// equalValues compares two fields of one type.
func equalValues(a, b any) bool {
	switch x := a.(type) {
	case string:
		return x == b.(string)
	case []string:
		return slices.Equal(x, b.([]string))
	case *int64:
		y := b.(*int64)
		return x == y || x != nil && y != nil && *x == *y
	case ledger.Scalar:
		p, errP := x.MarshalJSON()
		q, errQ := b.(ledger.Scalar).MarshalJSON()
		return errP == nil && errQ == nil && string(p) == string(q)
	}
	return a == b
}
