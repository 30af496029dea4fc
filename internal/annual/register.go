package annual

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"duly/internal/agreement"
	"duly/internal/decision"
	"duly/internal/ledger"
	"duly/internal/register"
	"duly/internal/report"
	"duly/internal/store"
	"duly/internal/transparency"
)

// Register is the public register: which public bodies use what (GC-01).
type Register struct {
	Lines   []Line `json:"lines"`
	Removed int    `json:"removed"` // that once stood here
	// AtPublicBodies counts all deployments at customers known to be public bodies;
	// those that are not among the lines are told by their number alone.
	AtPublicBodies int            `json:"at_public_bodies"`
	Unlisted       int            `json:"unlisted"`
	Withheld       []report.Tally `json:"withheld"` // fields left out of lines, by basis
}

// Line is one deployment.
type Line struct {
	Entry      int64  `json:"entry"` // of the listing
	Agency     Cell   `json:"agency"`
	Place      Cell   `json:"place"`
	Product    Cell   `json:"product"`
	Capability Cell   `json:"capability"`
	Purpose    Cell   `json:"purpose"`
	ValueBand  string `json:"value_band"` // or the basis on which it is left out
	From       string `json:"from,omitempty"`
	Until      string `json:"until,omitempty"`
	Conditions int64  `json:"conditions"` // versions of conditions of use that the deployment agreed to

	Decided    bool   `json:"decided"`
	DecidedAt  int64  `json:"decision_entry,omitempty"`
	Act        string `json:"act,omitempty"`
	Tier       string `json:"tier,omitempty"`
	Residual   string `json:"residual,omitempty"`
	Review     string `json:"review_day,omitempty"`
	Superseded bool   `json:"decided_since"` // a newer decision than the listing names
}

// Cell is a field of a line: shown, with the entry and the field by which it can be
// checked, or left out by a basis.
type Cell struct {
	Value string `json:"value,omitempty"`
	Basis string `json:"basis"` // "shown", why it is left out, or "unknown": nobody stated it
	Entry int64  `json:"entry,omitempty"`
	Field string `json:"field,omitempty"`

	Redacted *report.Reason `json:"redacted,omitempty"` // why the company withholds the field everywhere
}

// Proof names the file beside the page that proves the cell.
func (c Cell) Proof() string {
	if c.Basis != transparency.Shown {
		return ""
	}
	return proofName(c.Entry, c.Field)
}

// Said gives the cell with a word of the log as people read it.
func (c Cell) Said() Cell {
	c.Value = words(c.Value)
	return c
}

// registerReader holds what lines are made of.
type registerReader struct {
	customers   map[string]*store.Revision[register.Customer]
	products    map[string]*store.Revision[register.Product]
	deployments map[string]*store.Revision[register.Deployment]
	decisions   map[string]*store.Revision[decision.Decision]
	agreed      map[string]int64
	withheld    map[string]int
	redactions  *report.Redactions
}

func readRegister(ctx context.Context, q store.Queryer, at store.At, redactions *report.Redactions) (Register, error) {
	out := Register{Lines: []Line{}}
	r := &registerReader{withheld: map[string]int{}, agreed: map[string]int64{}, redactions: redactions}
	listings, err := store.SelectAt(ctx, q, transparency.Listings, at, "")
	if err != nil {
		return out, err
	}
	if r.customers, err = keyed(ctx, q, at, register.Customers, func(x *store.Revision[register.Customer]) string { return x.ID }); err != nil {
		return out, err
	}
	if r.products, err = keyed(ctx, q, at, register.Products, func(x *store.Revision[register.Product]) string { return x.ID }); err != nil {
		return out, err
	}
	if r.deployments, err = keyed(ctx, q, at, register.Deployments, func(x *store.Revision[register.Deployment]) string { return x.ID }); err != nil {
		return out, err
	}
	if r.decisions, err = keyed(ctx, q, at, decision.Decisions, func(x *store.Revision[decision.Decision]) string { return x.Record.Subject }); err != nil {
		return out, err
	}
	agreements, err := store.SelectAt(ctx, q, agreement.Agreements, at, "r.state = 'active'")
	if err != nil {
		return out, err
	}
	for _, a := range agreements {
		r.agreed[a.Record.Subject] += a.Record.Versions
	}
	listed := map[string]bool{}
	for _, l := range listings {
		if l.Record.State != "listed" {
			out.Removed++
			continue
		}
		listed[l.Record.Subject] = true
		out.Lines = append(out.Lines, r.line(l))
	}
	for _, d := range r.deployments {
		if c := r.customers[d.Record.Customer]; d.Record.State == "active" && c != nil && c.Record.Kind == "public_body" {
			out.AtPublicBodies++
			if !listed[d.ID] {
				out.Unlisted++
			}
		}
	}
	slices.SortFunc(out.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Agency.Value, b.Agency.Value), cmp.Compare(a.Entry, b.Entry))
	})
	out.Withheld = sorted(r.withheld)
	return out, nil
}

// keyed reads all records of a kind by a key; of two with one key the later counts.
func keyed[T any](ctx context.Context, q store.Queryer, at store.At, kind *ledger.Kind[T], key func(*store.Revision[T]) string) (map[string]*store.Revision[T], error) {
	list, err := store.SelectAt(ctx, q, kind, at, "")
	out := make(map[string]*store.Revision[T], len(list))
	for _, r := range list {
		out[key(r)] = r
	}
	return out, err
}

func (r *registerReader) line(l *store.Revision[transparency.Listing]) Line {
	x := l.Record
	line := Line{Entry: l.Seq, ValueBand: x.ValueBand, From: x.From, Until: x.Until, Conditions: r.agreed[x.Subject]}
	if basisSaid(x.ValueBand) != "" {
		r.withheld[x.ValueBand]++
	}
	d := r.deployments[x.Subject]
	if d == nil {
		d = &store.Revision[register.Deployment]{Record: &register.Deployment{}}
	}
	line.Agency = cell(r, x.Agency, register.Customers, r.customers[d.Record.Customer], "name")
	line.Place = cell(r, x.Place, register.Customers, r.customers[d.Record.Customer], "jurisdiction")
	line.Product = cell(r, x.Product, register.Products, r.products[d.Record.Product], "name")
	line.Capability = cell(r, x.Product, register.Deployments, d, "capability")
	line.Purpose = cell(r, x.Purpose, register.Deployments, d, "purpose")
	if n := r.decisions[x.Subject]; n != nil {
		line.Decided, line.DecidedAt, line.Superseded = true, n.Seq, n.Hash.String() != x.Decision
		line.Act, line.Tier, line.Residual, line.Review = n.Record.Act, n.Record.Tier, n.Record.Residual, n.Record.ReviewDay
	}
	return line
}

// cell shows a field of a record, or counts that it is left out.
func cell[T any](r *registerReader, basis string, kind *ledger.Kind[T], from *store.Revision[T], field string) Cell {
	if basis != transparency.Shown {
		r.withheld[basis]++
		return Cell{Basis: basis}
	}
	if why := r.redactions.Of(kind.Name(), field); why != nil {
		r.withheld[redacted]++
		return Cell{Basis: redacted, Redacted: why}
	}
	if from == nil || from.Leaf == nil {
		return Cell{Basis: unknown}
	}
	v, _, ok, err := store.Field(kind, from, field)
	if err != nil || !ok || v.IsNull() {
		return Cell{Basis: unknown}
	}
	return Cell{Value: v.String(), Basis: transparency.Shown, Entry: from.Seq, Field: field}
}

const (
	unknown  = "unknown"  // the basis of a cell that nobody stated, or whose value was erased
	redacted = "redacted" // and of one that a redaction withholds, though the listing would show it
)

// sorted gives counts in the order of their names.
func sorted(counts map[string]int) []report.Tally {
	out := []report.Tally{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, report.Tally{Name: name, Count: counts[name]})
	}
	return out
}

// Policy is a policy of the company's own, with what shows that it is lived.
type Policy struct {
	Entry      int64      `json:"entry"`
	Title      Cell       `json:"title"`
	Link       Cell       `json:"link"`
	Topic      string     `json:"topic"`
	State      string     `json:"state"`
	Version    int64      `json:"version"`
	Approved   string     `json:"approved"`
	ApprovedBy string     `json:"approved_by"`
	SHA256     string     `json:"sha256,omitempty"`
	Published  bool       `json:"published"`
	Concerns   []string   `json:"concerns"`
	Missing    []string   `json:"does_not_concern"`
	Embedding  []Evidence `json:"embedding"`
}

// Evidence is one piece of evidence that a policy is lived, as far as it stands in clear.
type Evidence struct {
	Entry int64  `json:"entry"`
	Sort  string `json:"sort"`
	Where string `json:"where"`
	Day   string `json:"day"`
	Done  *int64 `json:"done,omitempty"`
	Of    *int64 `json:"of,omitempty"`
}

// policies reads the company's policies, those in force first. A published one is shown
// with its title and its link; of another it is said that there is one.
func policies(ctx context.Context, q store.Queryer, at store.At, redactions *report.Redactions) ([]Policy, error) {
	list, err := store.SelectAt(ctx, q, transparency.Policies, at, "")
	if err != nil {
		return nil, err
	}
	lived, err := store.SelectAt(ctx, q, transparency.Embeddings, at, "")
	if err != nil {
		return nil, err
	}
	everybody := enumOf(transparency.Policies.Schema(), "concerns")
	out := []Policy{}
	for _, p := range list {
		x := p.Record
		one := Policy{Entry: p.Seq, Topic: x.Topic, State: x.State, Version: x.Version, Approved: x.Approved, ApprovedBy: x.ApprovedBy,
			SHA256: x.SHA256, Published: x.Published, Concerns: x.Concerns, Embedding: []Evidence{}, Missing: []string{}}
		r := &registerReader{withheld: map[string]int{}, redactions: redactions}
		basis := "not_published"
		if x.Published {
			basis = transparency.Shown
		}
		one.Title, one.Link = cell(r, basis, transparency.Policies, p, "title"), cell(r, basis, transparency.Policies, p, "link")
		for _, who := range everybody {
			if !slices.Contains(x.Concerns, who) {
				one.Missing = append(one.Missing, who)
			}
		}
		for _, e := range lived {
			if e.Record.Policy == p.ID {
				one.Embedding = append(one.Embedding, Evidence{e.Seq, e.Record.Sort, e.Record.Where, e.Record.Day, e.Record.Done, e.Record.Of})
			}
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b Policy) int {
		return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Topic, b.Topic), cmp.Compare(b.Version, a.Version))
	})
	return out, nil
}

func rank(state string) int { return slices.Index([]string{"in_force", "replaced", "ended"}, state) }

// enumOf gives the words of a public field.
func enumOf(s *ledger.Schema, field string) []string {
	for _, f := range s.Public {
		if f.Name == field {
			return f.Enum
		}
	}
	return nil
}
