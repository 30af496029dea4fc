package report

import (
	"context"
	"slices"
	"sync"

	"duly/internal/assurance"
	"duly/internal/bundle"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/schemas"
)

// Reason says why the company withholds a field, and what assessors say to that.
type Reason struct {
	Reason string `json:"reason"`
	Stance string `json:"assessor"` // agreed, disagreed or not_said
}

// Redacted counts what redactions withhold for one reason, with the assessors' word.
type Redacted struct {
	Class  string `json:"class"`
	Reason string `json:"reason"`
	Stance string `json:"assessor"` // agreed, disagreed or not_said
	Fields int    `json:"fields"`   // kinds of field
	Values int64  `json:"values"`   // of the log, whether something is stated or not
	Here   int    `json:"here"`     // of this report; a field that is withheld twice counts for its first redaction
}

// Redactions are the redactions that hold at a point of the log, in the order of the log,
// of all engagements. What one withholds is withheld from every report and every bundle,
// save one that is made for an assessor and says so.
type Redactions struct {
	list   []*redaction
	byName map[string]*redaction // the first of each field
}

type redaction struct {
	name  string // kind.field
	class string
	entry int64
	why   Reason
}

var releasedSchemas = sync.OnceValues(func() (bundle.Schemas, error) { return bundle.ReadSchemas(schemas.Files) })

// ReadRedactions reads the redactions that hold at a point of the log.
func ReadRedactions(ctx context.Context, q store.Queryer, at store.At) (*Redactions, error) {
	known, err := releasedSchemas()
	if err != nil {
		return nil, err
	}
	list, err := store.SelectAt(ctx, q, assurance.Redactions, at, "")
	if err != nil {
		return nil, err
	}
	said, err := store.SelectAt(ctx, q, assurance.Consents, at, "")
	if err != nil {
		return nil, err
	}
	r := &Redactions{byName: map[string]*redaction{}}
	for _, x := range list {
		if x.Record.State != "withheld" {
			continue
		}
		one := &redaction{x.Record.FieldName(known), x.Record.Class, x.Seq, Reason{x.Record.Reason, assurance.Stance(said, x.Hash)}}
		if r.list = append(r.list, one); r.byName[one.name] == nil {
			r.byName[one.name] = one
		}
	}
	return r, nil
}

// Of says why a field of a kind is withheld; nil when no redaction withholds it.
func (r *Redactions) Of(kind, field string) *Reason {
	if r == nil || len(r.list) == 0 {
		return nil
	}
	if x := r.byName[kind+"."+field]; x != nil {
		return &x.why
	}
	return nil
}

// Fields gives the names of the fields that are withheld, sorted.
func (r *Redactions) Fields() []string {
	out := []string{}
	for name := range r.byName {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// rows counts what is withheld by class, reason and the assessors' word. entries says how
// many entries of the log have a field, hidden what the report does not show.
func (r *Redactions) rows(entries func(name string) int64, hidden map[place]Hidden) []Redacted {
	here := map[string]int{}
	for _, h := range hidden {
		if h.Redacted != nil {
			here[h.kind+"."+h.Field]++
		}
	}
	out := []Redacted{}
	for _, x := range r.list {
		row := Redacted{Class: x.class, Reason: x.why.Reason, Stance: x.why.Stance}
		i := slices.IndexFunc(out, func(o Redacted) bool { return o.Class == row.Class && o.Reason == row.Reason && o.Stance == row.Stance })
		if i < 0 {
			i, out = len(out), append(out, row)
		}
		out[i].Fields++
		out[i].Values += entries(x.name)
		if r.byName[x.name] == x {
			out[i].Here += here[x.name]
		}
	}
	slices.SortFunc(out, func(a, b Redacted) int {
		return slices.Compare([]string{a.Class, a.Reason, a.Stance}, []string{b.Class, b.Reason, b.Stance})
	})
	return out
}

// sized counts the entries of one schema.
type sized struct {
	kind string
	n    int64
}

// bySchema counts the entries of the log by schema.
func (b *builder) bySchema() (map[ledger.Hash]sized, error) {
	if b.sizes != nil {
		return b.sizes, nil
	}
	b.sizes = map[ledger.Hash]sized{}
	leaf := &ledger.Leaf{}
	return b.sizes, store.Entries(b.ctx, b.q, 0, b.at.Seq+1, func(e store.Entry) error {
		err := leaf.Parse(e.Leaf)
		b.sizes[leaf.Schema] = sized{leaf.Kind, b.sizes[leaf.Schema].n + 1}
		return err
	})
}

// redacted counts what redactions withhold.
func (b *builder) redacted() ([]Redacted, error) {
	known, err := releasedSchemas()
	if err != nil {
		return nil, err
	}
	sizes, err := b.bySchema()
	if err != nil {
		return nil, err
	}
	entries := func(name string) (n int64) {
		for hash, size := range sizes {
			if s := known[hash]; s != nil && slices.ContainsFunc(s.Sealed, func(f ledger.Field) bool { return s.Kind+"."+f.Name == name }) {
				n += size.n
			}
		}
		return n
	}
	return b.view.redactions.rows(entries, b.view.hidden), nil
}
