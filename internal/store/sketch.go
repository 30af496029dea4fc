package store

import (
	"context"
	"math/bits"
	"strings"

	"duly/internal/ledger"
)

// Columns calls fn for every revision that SelectAt would give, in the order of the
// log, with its position, its record's id and what the typed columns of some fields
// hold (a text, a whole number, or nil; a truth value is 0 or 1, a list and a value
// of no fixed type are canonical JSON). It reads the kind's table alone: no leaf is
// parsed and nothing is disclosed, which costs a fraction of Each. Memory does not
// grow with their number. The slice is used again for the next revision.
func Columns(ctx context.Context, q Queryer, kind *ledger.Schema, at At, fields []string, where string, args []any, fn func(seq int64, id string, values []any) error) error {
	var names strings.Builder
	for _, f := range fields {
		names.WriteString(", r." + f)
	}
	where, args = at.where(kind.Kind, where, args)
	rows, err := q.Query(ctx, "select r.seq, r.id"+names.String()+" from r_"+kind.Kind+" r where "+where+" order by r.seq", args...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	var seq int64
	var id string
	values := make([]any, len(fields))
	into := []any{&seq, &id}
	for i := range values {
		into = append(into, &values[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return readError(err)
		}
		if err := fn(seq, id, values); err != nil {
			return err
		}
	}
	return readError(rows.Err())
}

// Count gives the number of revisions that SelectAt would give.
func Count(ctx context.Context, q Queryer, kind *ledger.Schema, at At, where string, args ...any) (n int, err error) {
	where, args = at.where(kind.Kind, where, args)
	return n, one(ctx, q, "select count(*) from r_"+kind.Kind+" r where "+where, args, &n)
}

// Sketch is Columns with the values put into a record: one with no more than the
// fields named, without hash, leaf, digests and disclosures. The revision and its
// record are used again for the next one: fn copies what it keeps.
func Sketch[T any](ctx context.Context, q Queryer, kind *ledger.Kind[T], at At, fields []string, where string, args []any, fn func(*Revision[T]) error) error {
	fill, err := kind.Filler(fields)
	if err != nil {
		return err
	}
	r := &Revision[T]{Record: new(T)}
	return Columns(ctx, q, kind.Schema(), at, fields, where, args, func(seq int64, id string, values []any) error {
		r.Seq, r.ID = seq, id
		if err := fill(r.Record, values); err != nil {
			return err
		}
		return fn(r)
	})
}

// Digests gives the digests of the sealed fields of entries by position, in one read
// for a few hundred of them.
func Digests(ctx context.Context, q Queryer, positions []int64) (map[int64][]ledger.Hash, error) {
	out := make(map[int64][]ledger.Hash, len(positions))
	for len(positions) > 0 {
		n := min(len(positions), inList)
		args := make([]any, n)
		for i, seq := range positions[:n] {
			args[i] = seq
		}
		if err := digests(ctx, q, args, out); err != nil {
			return nil, err
		}
		positions = positions[n:]
	}
	return out, nil
}

// inList is how many values one condition of the form "x in (...)" lists.
const inList = 512

func digests(ctx context.Context, q Queryer, positions []any, out map[int64][]ledger.Hash) error {
	rows, err := q.Query(ctx, "select seq, digests from entry where "+In("seq", 0, len(positions)), positions...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var raw []byte
		if err := rows.Scan(&seq, &raw); err != nil {
			return readError(err)
		}
		list := make([]ledger.Hash, len(raw)/len(ledger.Hash{}))
		for i := range list {
			copy(list[i][:], raw[i*len(ledger.Hash{}):])
		}
		out[seq] = list
	}
	return readError(rows.Err())
}

// Parts calls fn for all ids, some hundred at a time, as the arguments of a condition
// made by [In]. Their number is a power of two, the last id stands there again and again:
// so few texts of one statement come about that they all stay compiled.
func Parts(ids []string, fn func(n int, args []any) error) error {
	for len(ids) > 0 {
		n := min(len(ids), inList)
		size := 1 << bits.Len(uint(n-1))
		args := make([]any, size)
		for i := range args {
			args[i] = ids[min(i, n-1)]
		}
		if err := fn(size, args); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// In gives the condition that a column holds one of n arguments, of which the first
// stands after as many others as are given. Keep n to a few hundred.
func In(column string, after, n int) string {
	var b strings.Builder
	b.WriteString(column + " in (")
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(param(after + i + 1))
	}
	b.WriteByte(')')
	return b.String()
}
