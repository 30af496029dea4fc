package intake

import (
	"context"
	"database/sql"
	"strings"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/store"
)

// hashSize is the length of the short hash in a source_ref.
const hashSize = 12

// splitRef takes a source_ref apart: row id, hash of the content, label.
func splitRef(ref string) (rowID, hash, label string, ok bool) {
	at := strings.LastIndexByte(ref, '#')
	if at < 0 || len(ref) < at+1+hashSize {
		return "", "", "", false
	}
	rowID, rest := ref[:at], ref[at+1:]
	hash, label = rest[:hashSize], rest[hashSize:]
	if label != "" {
		if label[0] != '@' {
			return "", "", "", false
		}
		label = label[1:]
	}
	return rowID, hash, label, true
}

// load reads, once, what the store knows about identities and received rows.
func (r *run) load(ctx context.Context) error {
	r.kinds, r.received = map[string]*directory{}, map[string]string{}
	r.answers, r.asked = map[string]string{}, map[string]bool{}
	head, err := store.Head(ctx, r.db)
	if err != nil {
		return err
	}
	r.size = head.Size
	for _, kind := range r.m.Kinds() {
		d := newDirectory()
		r.kinds[kind] = d
		if err := r.loadKind(ctx, kind, d); err != nil {
			return err
		}
	}
	if d := r.kinds["customer"]; d != nil {
		if err := r.loadIdentifiers(ctx, d); err != nil {
			return err
		}
	}
	list, err := store.Select(ctx, r.db, Ambiguities, "r.source = $1", r.m.Source)
	if err != nil {
		return err
	}
	for _, a := range list {
		r.asked[a.Record.SourceRef] = true
		if rowID, _, label, ok := splitRef(a.Record.SourceRef); ok && a.Record.State == "closed" {
			r.answers[rowID+"@"+label] = a.Record.Chosen
		}
	}
	return nil
}

// scan calls each for every row of a query.
func (r *run) scan(ctx context.Context, q store.Queryer, query string, args []any, each func(*sql.Rows) error) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the register")
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the register")
		}
	}
	if err := rows.Err(); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the register")
	}
	return nil
}

func (r *run) loadKind(ctx context.Context, kind string, d *directory) error {
	name := "''"
	if namesMatter(kind) {
		name = "coalesce(name, '')"
	}
	main := kind == r.m.MainKind()
	query := "select id, to_seq, coalesce(identity, ''), coalesce(source, ''), coalesce(source_ref, ''), coalesce(valid_from, ''), " +
		name + " from r_" + kind + " order by seq"
	type made struct{ source, origin, day string }
	first := map[string]made{}
	return r.scan(ctx, r.db, query, nil, func(rows *sql.Rows) error {
		var id, known, source, ref, day, name string
		var to sql.NullInt64
		if err := rows.Scan(&id, &to, &known, &source, &ref, &day, &name); err != nil {
			return err
		}
		rowID, hash, label, ok := splitRef(ref)
		if ok && main && source == r.m.Source && label == "" {
			r.receive(rowID, hash)
		}
		m, again := first[id]
		if !again {
			m = made{source: source, origin: rowID + "@" + label}
		}
		m.day = max(m.day, day)
		if to.Valid {
			first[id] = m
			return nil
		}
		e := &entity{id: id, name: foldName(name), source: m.source, origin: m.origin, day: m.day}
		if i, ok := parseIdentity(known); ok {
			e.identities = []identity{i}
		}
		d.add(e)
		return nil
	})
}

// receive remembers that a row was received with some content. The contents of
// one row id stand in the order of their receipt.
func (r *run) receive(rowID, hash string) {
	if known, _ := r.wasReceived(rowID, hash); !known {
		r.received[rowID] += hash
	}
}

// wasReceived says whether the row was received with this content, and whether
// that is the newest content of its id.
func (r *run) wasReceived(rowID, hash string) (known, newest bool) {
	hashes := r.received[rowID]
	for at := 0; at < len(hashes); at += hashSize {
		if hashes[at:at+hashSize] == hash {
			return true, at+hashSize == len(hashes)
		}
	}
	return false, false
}

func (r *run) loadIdentifiers(ctx context.Context, d *directory) error {
	query := "select coalesce(subject, ''), coalesce(scheme, ''), coalesce(value, '') from r_" + register.Identifiers.Name() + " where to_seq is null order by seq"
	return r.scan(ctx, r.db, query, nil, func(rows *sql.Rows) error {
		var subject, scheme, value string
		if err := rows.Scan(&subject, &scheme, &value); err != nil {
			return err
		}
		e := d.ids[subject]
		if i, ok := parseIdentity(scheme + ":" + value); ok && e != nil && !e.has(i.text) {
			d.learn(e, i)
		}
		return nil
	})
}
