package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/register"
)

// read makes a row into what it states. A fault names the column.
func (m *Mapping) read(r row, misses func(*lookup, string)) (*statement, *fault.Error) {
	s := &statement{line: r.line, records: make([]record, len(m.records))}
	ids := make([]string, len(m.rowID))
	for i := range m.rowID {
		var err *fault.Error
		if ids[i], err = m.rowID[i].text(r.values, misses); err != nil {
			return nil, err.At("", r.line, m.rowID[i].label)
		}
	}
	if strings.Join(ids, "") == "" {
		return nil, fault.New(fault.Invalid, "the row has no id", "every row needs a value in its id columns").At("", r.line, m.rowID[0].label)
	}
	s.rowID = joinEscaped(ids)
	digest := sha256.New()
	for i, def := range m.records {
		rec, err := def.read(r.values, s.records, digest, misses)
		if err != nil {
			return nil, err.At("", r.line, "")
		}
		s.records[i] = rec
	}
	if err := m.checkDays(s.records); err != nil {
		return nil, err.At("", r.line, "")
	}
	main := m.records[m.main]
	s.hash = hex.EncodeToString(digest.Sum(nil)[:hashSize/2])
	for i, def := range m.records {
		if data := s.records[i].data; data != nil {
			def.target.put(data, "source", m.Source)
			def.target.put(data, "source_ref", s.sourceRef(m.label(i)))
			if list := s.records[i].identities; len(list) > 0 {
				def.target.put(data, "identity", list[0].text)
			}
		}
	}
	s.day = main.target.text(s.records[m.main].data, "valid_from")
	return s, nil
}

// checkDays refuses a record that ends before the day from which it holds.
func (m *Mapping) checkDays(records []record) *fault.Error {
	for i, def := range m.records {
		if records[i].data == nil {
			continue
		}
		from, to := def.target.text(records[i].data, "valid_from"), def.target.text(records[i].data, "valid_to")
		if from == "" || to == "" || from <= to {
			continue
		}
		at := slices.IndexFunc(def.fields, func(f fieldDef) bool { return f.name == "valid_to" })
		return fault.Newf(fault.Invalid, "it ends on %s, before it begins on %s", to, from).At("", 0, def.fields[at].place())
	}
	return nil
}

// read makes one record of a row; above are those that stand above it.
func (def *recordDef) read(columns []string, above []record, digest hash.Hash, misses func(*lookup, string)) (record, *fault.Error) {
	rec := record{data: def.target.fresh()}
	io.WriteString(digest, "\x00"+def.label)
	for i := range def.fields {
		stated, err := def.fields[i].read(def.target, rec.data, columns, above, digest, misses)
		if err != nil {
			return rec, err
		}
		if stated {
			rec.stated |= def.fields[i].slot.bit
		}
	}
	for _, i := range def.require {
		if rec.stated&def.fields[i].slot.bit == 0 {
			return record{}, nil
		}
	}
	if def.name >= 0 && namesMatter(def.target.kind) {
		rec.name = foldName(def.target.text(rec.data, "name"))
	}
	if err := def.identify(&rec, columns, digest, misses); err != nil {
		return rec, err
	}
	if p, ok := rec.data.(*register.Product); ok {
		p.Settle()
	}
	if state := "state"; def.target.text(rec.data, state) == "" {
		def.target.put(rec.data, state, "active")
	}
	return rec, nil
}

// namesMatter says for which kinds two records of one name might be one.
func namesMatter(kind string) bool { return kind == "customer" }

// read sets one field and says whether the row states it. An enum that is
// unknown is set, so that the record says so, but it states nothing.
func (f *fieldDef) read(t *target, data any, columns []string, above []record, digest hash.Hash, misses func(*lookup, string)) (bool, *fault.Error) {
	if f.value.record >= 0 {
		return above[f.value.record].data != nil, nil
	}
	var parts []string
	var text string
	var err *fault.Error
	if f.slot.isList() {
		parts, err = f.value.list(columns, misses)
		text = joinEscaped(parts)
	} else {
		text, err = f.value.text(columns, misses)
	}
	if err == nil && text != "" {
		io.WriteString(digest, "\x01"+f.name+"\x02"+text)
		err = t.set(data, f.slot, text, parts)
	}
	if err != nil {
		return false, err.At("", 0, f.place())
	}
	return text != "" && !(text == "unknown" && f.slot.field.Type == ledger.TypeEnum), nil
}

// place names the column that a field comes from, or the field itself.
func (f *fieldDef) place() string {
	if f.value.label != "" {
		return f.value.label
	}
	return f.name
}

func (def *recordDef) identify(rec *record, columns []string, digest hash.Hash, misses func(*lookup, string)) *fault.Error {
	for i := range def.identities {
		d := &def.identities[i]
		parts, blank := make([]string, len(d.parts)), 0
		for j := range d.parts {
			text, err := d.parts[j].text(columns, misses)
			if err != nil {
				return err.At("", 0, d.parts[j].label)
			}
			if d.key {
				text = foldName(text)
			}
			if text == "" {
				blank++
			}
			parts[j] = text
		}
		switch {
		case d.scheme == "":
			if rec.name == "" {
				return fault.New(fault.Invalid, "the record has neither an identifier nor a name", "").At("", 0, def.label)
			}
		case !d.key && blank > 0:
			continue
		case d.key && parts[0] == "":
			return fault.New(fault.Invalid, "the first part of the key is blank, so nothing tells what the row is about", "").At("", 0, d.parts[0].label)
		default:
			id := newIdentity(d.scheme, parts)
			io.WriteString(digest, "\x03"+id.text)
			rec.identities = append(rec.identities, id)
		}
	}
	if len(rec.identities) == 0 && rec.name == "" {
		return fault.New(fault.Invalid, "the record has no identity: its identifier is blank", "").At("", 0, def.identities[0].parts[0].label)
	}
	return nil
}
