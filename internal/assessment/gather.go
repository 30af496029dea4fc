package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/store"
	"duly/internal/triage"
)

// gathered is what is known of one deployment.
type gathered struct {
	inputs  rating.Inputs
	named   []string // fact, entry, field and digest, for Rating.Inputs
	account *store.Revision[register.Account]
	subject string
	fixed   map[string]bool // facts of which only the program's word counts
	newest  int64           // where the newest record or statement about the chain stands in the log
}

// record is one record of the chain, as facts look into it.
type record struct {
	id     string
	leaf   *ledger.Leaf
	seq    int64
	schema *ledger.Schema
	values []ledger.Disclosure
	hashes []ledger.Hash
}

func recordOf[T any](kind *ledger.Kind[T], r *store.Revision[T]) *record {
	if r == nil {
		return nil
	}
	return &record{r.ID, r.Leaf, r.Seq, kind.Schema(), r.Disclosures, r.Digests}
}

// field reads one field of the record: its value and the digest that commits to
// it ("public" for a field in clear).
func (r *record) field(name string) (value ledger.Scalar, digest string, ok bool) {
	if raw := r.leaf.PublicField(name); raw != nil {
		return value, "public", value.UnmarshalJSON(raw) == nil
	}
	i := slices.IndexFunc(r.schema.Sealed, func(f ledger.Field) bool { return f.Name == name })
	if i < 0 || r.values[i] == "" {
		return value, "", false
	}
	raw, err := r.schema.CheckDisclosure(i, r.values[i])
	if err != nil {
		return value, "", false
	}
	return value, r.hashes[i].String(), value.UnmarshalJSON(raw) == nil
}

// gather collects the inputs of one unit.
func gather(ctx context.Context, tx *store.Tx, m *rating.Method, p *triage.Portfolio, u unit, today string) (*gathered, error) {
	g := &gathered{inputs: rating.Inputs{}, account: u.account, subject: u.subject()}
	account, product := u.account.Record, u.account.Record.Product
	chain := p.Chain(account, nil)
	if u.deployment != nil {
		chain = p.Chain(account, u.deployment.Record)
		product = cmp.Or(u.deployment.Record.Product, product)
	}
	records := map[string]*record{
		"account":      recordOf(register.Accounts, u.account),
		"deployment":   recordOf(register.Deployments, u.deployment),
		"product":      recordOf(register.Products, p.Products[product]),
		"customer":     recordOf(register.Customers, chain.Customer),
		"end_user":     recordOf(register.Customers, chain.EndUser),
		"integrator":   recordOf(register.Customers, chain.Between),
		"relationship": recordOf(register.Relationships, chain.Link),
	}
	stated, err := statements(ctx, tx, records)
	if err != nil {
		return nil, err
	}
	g.newest = newestOf(records, chain, p, stated)
	own, fixed, err := derive(ctx, tx, p, g.subject, chain, stated, today)
	if err != nil {
		return nil, err
	}
	g.fixed = fixed
	stated = slices.DeleteFunc(stated, func(about map[string][]evidence.Stated) bool { return aboutSubject(about, g.subject) })
	stated = append([]map[string][]evidence.Stated{own}, stated...)
	for _, f := range m.Facts() {
		if g.fromStatements(f, stated, today) || f.Register == "" {
			continue
		}
		kind, field, _ := strings.Cut(f.Register, ".")
		if r := records[kind]; r != nil {
			g.fromRecord(f, r, field)
		}
	}
	return g, nil
}

// newestOf gives where the newest record or statement about a chain stands in the log.
func newestOf(records map[string]*record, chain triage.Chain, p *triage.Portfolio, stated []map[string][]evidence.Stated) (seq int64) {
	for _, r := range records {
		if r != nil {
			seq = max(seq, r.seq)
		}
	}
	if chain.Link != nil {
		for _, end := range []string{chain.Link.Record.Customer, chain.Link.Record.Party} {
			if c := p.Customers[end]; c != nil {
				seq = max(seq, c.Seq)
			}
		}
	}
	for _, about := range stated {
		for _, list := range about {
			for _, s := range list {
				seq = max(seq, s.Revision.Seq)
			}
		}
	}
	return seq
}

// aboutSubject says whether statements are about a subject.
func aboutSubject(about map[string][]evidence.Stated, subject string) bool {
	for _, list := range about {
		for _, s := range list {
			return s.Fact.Subject == subject
		}
	}
	return false
}

// chainOrder is the order in which subjects are asked: the nearest first.
var chainOrder = []string{"deployment", "account", "product", "end_user", "integrator", "customer"}

// statements reads what is stated about every record of the chain, nearest first.
func statements(ctx context.Context, q store.Queryer, records map[string]*record) ([]map[string][]evidence.Stated, error) {
	var out []map[string][]evidence.Stated
	seen := map[string]bool{}
	for _, kind := range chainOrder {
		r := records[kind]
		if r == nil || seen[r.id] {
			continue
		}
		seen[r.id] = true
		about, err := evidence.About(ctx, q, r.id)
		if err != nil {
			return nil, err
		}
		if about != nil {
			out = append(out, about)
		}
	}
	return out, nil
}

// fromStatements settles a fact from statements. A yes along the chain beats an
// unknown, which beats a no; of other types the nearest subject counts.
func (g *gathered) fromStatements(f rating.Fact, stated []map[string][]evidence.Stated, today string) bool {
	type candidate struct {
		value ledger.Scalar
		from  evidence.Stated
	}
	var best *candidate
	for _, about := range stated {
		list := g.counting(f.ID, about[f.ID])
		if len(list) == 0 {
			continue
		}
		value, from := settle(list, today)
		if value.IsNull() {
			continue
		}
		c := &candidate{value, from}
		if best == nil || (f.Type == rule.Bool && worse(c.value, best.value)) {
			best = c
		}
	}
	if best == nil {
		return false
	}
	g.inputs[f.ID] = bundle.InputValue(f, best.value)
	const valueField = "value"
	if _, digest, ok := recordOf(evidence.Facts, best.from.Revision).field(valueField); ok {
		g.named = append(g.named, name(f.ID, best.from.Revision.Seq, valueField, digest))
	}
	return true
}

// settle gives the value of one subject's statements and the statement it rests on.
func settle(list []evidence.Stated, today string) (ledger.Scalar, evidence.Stated) {
	plain := make([]evidence.Statement, len(list))
	for i, s := range list {
		plain[i] = s.Statement
	}
	const neverStale = 0
	value := evidence.Settle(plain, today, neverStale)
	for _, s := range list {
		if s.Fact.Value.String() == value.String() {
			return value, s
		}
	}
	return value, list[0]
}

func worse(a, b ledger.Scalar) bool {
	rank := func(s ledger.Scalar) int {
		if _, unknown := s.UnknownReason(); unknown {
			return 1
		}
		if s.Value() == true {
			return 2
		}
		return 0
	}
	return rank(a) > rank(b)
}

// fromRecord takes a fact from a field of the register. A word of the register
// that is none of the method's answers leaves the fact unknown.
func (g *gathered) fromRecord(f rating.Fact, r *record, field string) {
	value, digest, ok := r.field(field)
	if !ok || value.IsNull() {
		return
	}
	g.inputs[f.ID] = bundle.InputValue(f, value)
	g.named = append(g.named, name(f.ID, r.seq, field, digest))
}

// name writes an input as a verifier reads it: fact, entry, field, digest.
func name(fact string, seq int64, field, digest string) string {
	return fmt.Sprintf("%s %d %s %s", fact, seq, field, digest)
}

// Grave says whether a party stands on the chain of a deployment whose rating is
// HIGH or CRITICAL at its worst end, pending ones included: a mistake about that
// party would be grave.
func Grave(ctx context.Context, q store.Queryer, party string) (bool, error) {
	rows, err := q.Query(ctx, `select count(*) from r_rating r where r.to_seq is null and r.worst in ('HIGH', 'CRITICAL')
		and r.account in (select a.id from r_account a where a.to_seq is null and (a.customer = $1
			or a.via in (select l.id from r_relationship l where l.to_seq is null and (l.customer = $1 or l.party = $1))))`, party)
	if err != nil {
		return false, fault.Wrap(fault.Failed, err, "cannot read the ratings")
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return false, fault.Wrap(fault.Failed, err, "cannot read the ratings")
		}
	}
	return n > 0, rows.Err()
}
