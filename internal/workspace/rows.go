package workspace

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
)

// typedRow is the row of an entry in its kind's table; values is nil when no table
// has one.
type typedRow struct {
	kind    string
	columns []string
	values  []any
}

// rows reads the typed rows of all kinds for a range of positions, in their order.
func (v *verifier) rows(from, to int64) ([]typedRow, error) {
	out := make([]typedRow, to-from)
	v.kept = v.kept[:0]
	for _, kind := range v.kinds {
		rows, err := v.q.Query(v.ctx, "select * from r_"+kind+" where seq >= $1 and seq < $2", from, to)
		if err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the database")
		}
		if err := v.collect(kind, rows, from, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *verifier) collect(kind string, rows *sql.Rows, from int64, out []typedRow) error {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot read the database")
	}
	at := slices.Index(columns, "seq")
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fault.Wrap(fault.Failed, err, "cannot read the database")
		}
		seq, ok := values[at].(int64)
		if !ok || out[seq-from].values != nil {
			v.checker.Report(seq, "it has rows in two tables, or one at a position that is no whole number")
			continue
		}
		v.kept = append(v.kept, values...)
		out[seq-from] = typedRow{kind, columns, v.kept[len(v.kept)-len(values):]}
	}
	return rows.Err()
}

// cell says what a column of a typed row repeats: for a field, the one at a place
// of the schema's public or sealed ones.
type cell struct {
	from  source
	place int
	field ledger.Field
}

type source byte

const (
	elsewhere source = iota // seq found the row; to_seq is checked over whole tables
	recordID
	revision
	clear    // a public field
	covered  // a sealed field
	nothing  // the field of another version of the schema, or a day that the kind has not
	stranger // no field of the kind at all
)

type planKey struct {
	kind   string
	schema ledger.Hash
}

// plan says what each column of a kind's table repeats of an entry of a schema.
func (v *verifier) plan(columns []string, s *ledger.Schema) []cell {
	key := planKey{s.Kind, s.Hash()}
	if p := v.plans[key]; p != nil {
		return p
	}
	p := make([]cell, len(columns))
	for i, column := range columns {
		p[i] = v.cell(column, s)
	}
	if v.plans == nil {
		v.plans = map[planKey][]cell{}
	}
	v.plans[key] = p
	return p
}

func (v *verifier) cell(column string, s *ledger.Schema) cell {
	switch column {
	case "seq", "to_seq":
		return cell{from: elsewhere}
	case "id":
		return cell{from: recordID}
	case "rev":
		return cell{from: revision}
	}
	named := func(f ledger.Field) bool { return f.Name == column }
	if i := slices.IndexFunc(s.Public, named); i >= 0 {
		return cell{clear, i, s.Public[i]}
	}
	if i := slices.IndexFunc(s.Sealed, named); i >= 0 {
		return cell{covered, i, s.Sealed[i]}
	}
	for _, other := range v.schemas {
		if other.Kind == s.Kind && (slices.ContainsFunc(other.Public, named) || slices.ContainsFunc(other.Sealed, named)) {
			return cell{from: nothing}
		}
	}
	if column == "valid_from" || column == "valid_to" {
		return cell{from: nothing}
	}
	return cell{from: stranger}
}

// compare holds the typed row of an entry to what the entry says.
func (v *verifier) compare(seq int64, entry *bundle.Content, row typedRow) {
	leaf := entry.Leaf
	if row.values == nil || row.kind != leaf.Kind {
		v.checker.Report(seq, fmt.Sprintf("its row in table r_%s is missing", leaf.Kind))
		return
	}
	plan := v.plan(row.columns, entry.Schema)
	for i := range plan {
		c, got, fits := &plan[i], row.values[i], true
		switch c.from {
		case recordID:
			id, _ := got.(string)
			fits = id == leaf.ID
		case revision:
			rev, _ := got.(int64)
			fits = rev == leaf.Rev
		case clear:
			fits = repeats(got, c.field.Type, entry.Public[c.place])
		case covered:
			fits = repeats(got, c.field.Type, entry.Sealed[c.place])
		case nothing:
			fits = got == nil
		case stranger:
			v.checker.Report(seq, fmt.Sprintf("table r_%s has a column %s that is no field of the record", leaf.Kind, row.columns[i]))
		}
		if !fits {
			v.checker.Report(seq, fmt.Sprintf("column %s of table r_%s is not what the entry says", row.columns[i], leaf.Kind))
		}
	}
}

// repeats says whether a column holds the canonical value of a field. Bytes never
// do: no query for the text would find them.
func repeats(got any, t ledger.FieldType, value []byte) bool {
	switch x := got.(type) {
	case []byte:
		return false
	case string:
		// A text without escapes is compared as it stands, without being read.
		plain := t == ledger.TypeText || t == ledger.TypeEnum || t == ledger.TypeDate || t == ledger.TypeHash
		if n := len(value); plain && n == len(x)+2 && string(value[1:n-1]) == x && bytes.IndexByte(value, '\\') < 0 {
			return true
		}
	case int64:
		var digits [20]byte
		if t == ledger.TypeInt {
			return string(strconv.AppendInt(digits[:0], x, 10)) == string(value)
		}
	}
	return got == ledger.ColumnOf(t, value)
}
