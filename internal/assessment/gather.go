package assessment

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/framework"
	"duly/internal/ledger"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/store"
	"duly/internal/triage"
)

// ground is what inputs are gathered from: the parties of the register, what is
// stated, and the day. It is read before and not changed, so that any number of
// gatherers can stand on it.
type ground struct {
	parties  *triage.Portfolio
	book     *evidence.Book
	day      string
	supposed map[string][]Supposed // by subject: what is asked "what if" about
	exports  exportState
	rules    *Prohibitions
	beside   map[string]int // how many others cover the same people; nil when that is not known of all
}

func newGround(p *triage.Portfolio, book *evidence.Book, rules *Prohibitions, day string) (*ground, error) {
	g := &ground{parties: p, book: book, rules: rules, day: day}
	var err error
	g.exports.inForce, g.exports.planned, err = exportRule(day)
	return g, err
}

// gatherer collects inputs for one method. It is one goroutine's.
type gatherer struct {
	*ground
	facts   []rating.Fact
	words   []string // by fact: the record that the register holds it in, and its field
	fields  []string
	index   map[string]int
	byFact  [][]found // what counts of a fact, of the unit at hand
	touched []int     // the facts that byFact has something of
	plain   []evidence.Statement
}

func (g *ground) gatherer(m *rating.Method) *gatherer {
	facts := m.Facts()
	out := &gatherer{ground: g, facts: facts, index: make(map[string]int, len(facts)), byFact: make([][]found, len(facts))}
	for i, f := range facts {
		out.index[f.ID] = i
		word, field := registerField(f)
		out.words, out.fields = append(out.words, word), append(out.fields, field)
	}
	return out
}

// The words by which facts name the records of a chain.
const (
	wordAccount      = "account"
	wordDeployment   = "deployment"
	wordProduct      = "product"
	wordCustomer     = "customer"
	wordEndUser      = "end_user"
	wordIntegrator   = "integrator"
	wordRelationship = "relationship"
)

// registerField says where the register holds a fact.
func registerField(f rating.Fact) (word, field string) {
	word, field, _ = strings.Cut(f.Register, ".")
	return word, field
}

// found is a statement about a subject of the chain: 0 is the nearest.
type found struct {
	evidence.Said
	subject  int
	supposed bool
}

// ownWord says whether the program says it on no other's word than its own records'.
func (f *found) ownWord() bool { return f.Fact.Source == DerivedBy && len(f.Sources) == 0 }

// material is what is known of one unit, whatever the method. It is used again for
// the next one.
type material struct {
	unit    unit
	chain   triage.Chain
	product *store.Revision[register.Product]
	found   []found   // what others state along the chain
	before  []found   // what the program stated of the unit earlier
	own     []derived // what it states now
	fixed   []string  // facts of which only that counts
	behind  []ruling  // what bans and moratoria said
	said    []evidence.Said
	room    evidence.Room
	values  framework.Values    // what bans and moratoria read
	ruled   recall[*[2]rulings] // what they say, by the values
	key     []byte
}

// rest is what an input rests on: a field of an entry. The entry of what the program
// states itself is not known before it is written.
type rest struct {
	fact   string
	seq    int64
	schema *ledger.Schema
	field  string
}

const notWritten = -1

// gathered is what a method takes from the material of one unit.
type gathered struct {
	unit   unit
	chain  triage.Chain
	facts  []rating.Fact  // the method's
	values []rating.Value // of each; nil where it is not known
	rests  []rest         // in the method's order of facts
	own    []derived      // what the program states
	before []found        // what it stated of the unit earlier
	behind []ruling       // what bans and moratoria said
	stale  []string       // facts that are out of date, and since when
	single []string       // facts that rest on fewer independent sources than the method asks for
	named  []string       // fact, entry, field and digest, for Rating.Inputs
	newest int64          // where the newest record or statement of others about the chain stands in the log
}

// inputs gives the values as the method takes them.
func (g *gathered) inputs() rating.Inputs {
	in := make(rating.Inputs, len(g.rests)+len(g.stale))
	for i, v := range g.values {
		if v.V != nil || v.Reason != "" {
			in[g.facts[i].ID] = v
		}
	}
	return in
}

// appendKey appends to a key all that a rating follows from but the day: two units with
// the same key are rated alike.
func (g *gathered) appendKey(key []byte) []byte {
	for i := range g.values {
		if v := g.values[i].V; v != nil {
			key = appendValue(binary.AppendUvarint(key, uint64(i+1)), v)
		}
	}
	return append(key, 0)
}

// chainOf gives the chain of a unit and its product.
func (g *ground) chainOf(u unit) (triage.Chain, *store.Revision[register.Product]) {
	if u.deployment == nil {
		return g.parties.Chain(u.account.Record, nil), g.parties.Products[u.account.Record.Product]
	}
	product := cmp.Or(u.deployment.Record.Product, u.account.Record.Product)
	return g.parties.Chain(u.account.Record, u.deployment.Record), g.parties.Products[product]
}

// subjectsOf gives the records about which a statement is one about the unit, the
// nearest first, each once.
func subjectsOf(list []string, u unit, chain triage.Chain, product *store.Revision[register.Product]) []string {
	add := func(id string) {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	if u.deployment != nil {
		add(u.deployment.ID)
	}
	add(u.account.ID)
	if product != nil {
		add(product.ID)
	}
	for _, who := range []*store.Revision[register.Customer]{chain.EndUser, chain.Between, chain.Customer} {
		if who != nil {
			add(who.ID)
		}
	}
	return list
}

// collect collects what is known of one unit.
func (g *ground) collect(x *material, u unit) error {
	x.unit, x.found, x.before, x.own, x.fixed, x.behind = u, x.found[:0], x.before[:0], x.own[:0], x.fixed[:0], x.behind[:0]
	x.room.Clear()
	x.chain, x.product = g.chainOf(u)
	var room [8]string
	for n, id := range subjectsOf(room[:0], u, x.chain, x.product) {
		g.read(x, n, id)
	}
	return (&about{g, x}).derive()
}

// read collects what is stated about a subject. What the program stated itself it
// works out again.
func (g *ground) read(x *material, n int, id string) {
	supposed := g.supposed[id]
	x.said = x.room.About(x.said[:0], g.book, id)
	for _, s := range x.said {
		switch {
		case s.Fact.Source == DerivedBy:
			if n == 0 {
				x.before = append(x.before, found{s, n, false})
			}
		case !slices.ContainsFunc(supposed, func(y Supposed) bool { return y.Fact == s.Fact.Fact }):
			x.found = append(x.found, found{s, n, false})
		}
	}
	for i := range supposed {
		x.found = append(x.found, found{supposed[i].said(g.day), n, true})
	}
}

// gather takes the inputs of the method from what is known of a unit. The memory of what
// was gathered before, if any is given, is used again.
func (g *gatherer) gather(x *material, out *gathered) *gathered {
	if out == nil {
		out = &gathered{}
	}
	*out = gathered{
		unit: x.unit, chain: x.chain, own: x.own, before: x.before, behind: x.behind, facts: g.facts,
		values: out.values, rests: out.rests[:0], stale: out.stale[:0], single: out.single[:0],
	}
	if out.values == nil {
		out.values = make([]rating.Value, len(g.facts))
	}
	clear(out.values)
	out.newest = g.newest(x)
	g.sort(x)
	for i := range g.facts {
		if len(g.byFact[i]) > 0 && g.fromStatements(out, i) || g.words[i] == "" {
			continue
		}
		g.fromRecord(out, x, i)
	}
	for _, i := range g.touched {
		g.byFact[i] = g.byFact[i][:0]
	}
	g.touched = g.touched[:0]
	return out
}

// newest gives where the newest record, or statement of others, about a chain stands in
// the log: a rating that is older cannot be decided on.
func (g *ground) newest(x *material) int64 {
	seq := x.unit.account.Seq
	if x.unit.deployment != nil {
		seq = max(seq, x.unit.deployment.Seq)
	}
	if x.product != nil {
		seq = max(seq, x.product.Seq)
	}
	parties := []*store.Revision[register.Customer]{x.chain.Customer, x.chain.Between, x.chain.EndUser}
	if x.chain.Link != nil {
		seq = max(seq, x.chain.Link.Seq)
		parties = append(parties, g.parties.Customers[x.chain.Link.Record.Customer], g.parties.Customers[x.chain.Link.Record.Party])
	}
	for _, c := range parties {
		if c != nil {
			seq = max(seq, c.Seq)
		}
	}
	for i := range x.found {
		if !x.found[i].supposed {
			seq = max(seq, x.found[i].Seq)
		}
	}
	return seq
}

// sort lays the statements out by fact. Of a fixed fact only what the program says
// counts, or what is supposed.
func (g *gatherer) sort(x *material) {
	for i := range x.found {
		if f := &x.found[i]; f.supposed || !slices.Contains(x.fixed, f.Fact.Fact) {
			g.put(*f)
		}
	}
	for i := range x.own {
		d := &x.own[i]
		_, unknown := d.value.UnknownReason()
		n, asked := g.index[d.fact]
		switch {
		case !asked || d.silent:
		case slices.ContainsFunc(g.byFact[n], func(f found) bool { return f.supposed }): // instead of it
		case unknown && len(g.byFact[n]) > 0 && !slices.Contains(x.fixed, d.fact): // what it takes back, while others still say something
		default:
			g.put(found{d.said(g.day), 0, false})
		}
	}
}

func (g *gatherer) put(f found) {
	i, asked := g.index[f.Fact.Fact]
	if !asked {
		return
	}
	if len(g.byFact[i]) == 0 {
		g.touched = append(g.touched, i)
	}
	g.byFact[i] = append(g.byFact[i], f)
}

// fromStatements settles a fact from statements. A yes along the chain beats an
// unknown, which beats a no; of other types the nearest subject counts. It is false
// when nothing is stated.
func (g *gatherer) fromStatements(out *gathered, i int) bool {
	list, f := g.byFact[i], &g.facts[i]
	slices.SortStableFunc(list, func(a, b found) int { return a.subject - b.subject })
	var best settlement
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].subject == list[0].subject {
			n++
		}
		if s := g.settle(f, list[:n]); !s.value.IsNull() && (best.value.IsNull() || f.Type == rule.Bool && worse(s.value, best.value)) {
			best = s
		}
		list = list[n:]
	}
	if best.value.IsNull() {
		return false
	}
	out.values[i] = bundle.InputValue(*f, best.value)
	if best.from != nil {
		out.rests = append(out.rests, rest{f.ID, best.from.Seq, evidence.Facts.Schema(), "value"})
		if best.support < f.Sources && !best.from.ownWord() {
			out.single = append(out.single, f.ID)
		}
	}
	if reason, unknown := best.value.UnknownReason(); unknown && strings.HasPrefix(reason, evidence.OutOfDate) {
		out.stale = append(out.stale, f.ID+": "+reason)
	}
	return true
}

// settlement is what the statements about one subject come to: the value, the statement
// that says it, if one does, and how many independent sources do.
type settlement struct {
	value   ledger.Scalar
	from    *found
	support int
}

// settle gives the value of one subject's statements. No statement says it where it
// is unknown because sources disagree or all are out of date: to name one would give
// its value to whoever computes the rating again.
func (g *gatherer) settle(f *rating.Fact, list []found) settlement {
	g.plain = g.plain[:0]
	for i := range list {
		g.plain = append(g.plain, list[i].Statement)
	}
	s := settlement{value: evidence.Settle(g.plain, g.day, f.ShelfDays)}
	if s.value.IsNull() {
		return s
	}
	_, unknown := s.value.UnknownReason()
	for i := range list {
		if x := list[i].Fact; x.Value.Equal(s.value) && (unknown && x.AsOf <= g.day || evidence.Fresh(x.AsOf, g.day, f.ShelfDays)) {
			s.from = &list[i]
			break
		}
	}
	switch {
	case s.from != nil && f.Sources <= 1 && len(s.from.Sources) > 0:
		s.support = 1 // as many as are asked for; they need not be counted
	case s.from != nil && s.from.ownWord(): // none is asked for
	default:
		s.support = evidence.SupportOf(g.plain, s.value, g.day, f.ShelfDays)
	}
	return s
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
func (g *gatherer) fromRecord(out *gathered, x *material, i int) {
	u, field := x.unit, g.fields[i]
	var r rest
	var value ledger.Scalar
	switch g.words[i] {
	case wordAccount:
		value, r = fieldOf(register.Accounts, u.account, field)
	case wordDeployment:
		value, r = fieldOf(register.Deployments, u.deployment, field)
	case wordProduct:
		value, r = fieldOf(register.Products, x.product, field)
	case wordCustomer:
		value, r = fieldOf(register.Customers, out.chain.Customer, field)
	case wordEndUser:
		value, r = fieldOf(register.Customers, out.chain.EndUser, field)
	case wordIntegrator:
		value, r = fieldOf(register.Customers, out.chain.Between, field)
	case wordRelationship:
		value, r = fieldOf(register.Relationships, out.chain.Link, field)
	}
	if value.IsNull() {
		return
	}
	f := &g.facts[i]
	out.values[i] = bundle.InputValue(*f, value)
	r.fact = f.ID
	out.rests = append(out.rests, r)
}

// fieldOf reads a field of a record that may not be there.
func fieldOf[T any](kind *ledger.Kind[T], r *store.Revision[T], field string) (value ledger.Scalar, from rest) {
	if r == nil {
		return value, from
	}
	value, _ = kind.Field(r.Record, field)
	return value, rest{seq: r.Seq, schema: kind.Schema(), field: field}
}

// nameInputs writes the inputs of units as a verifier reads them: fact, entry, field
// and the digest that commits to it, or "public" for a field in clear. written gives
// the entries of what the program stated itself, by subject and fact.
func nameInputs(ctx context.Context, q store.Queryer, units []*gathered, written map[[2]string]int64) error {
	var positions []int64
	for _, g := range units {
		for i := range g.rests {
			r := &g.rests[i]
			if r.seq == notWritten {
				seq, known := written[[2]string{g.unit.subject(), r.fact}]
				if !known {
					return fault.Newf(fault.Broken, "what the program stated of %s was not written", r.fact)
				}
				r.seq = seq
			}
			positions = append(positions, r.seq)
		}
	}
	slices.Sort(positions)
	digests, err := store.Digests(ctx, q, slices.Compact(positions))
	if err != nil {
		return err
	}
	for _, g := range units {
		g.named = make([]string, len(g.rests))
		for i, r := range g.rests {
			digest := "public"
			if n := slices.IndexFunc(r.schema.Sealed, func(f ledger.Field) bool { return f.Name == r.field }); n >= 0 {
				if n >= len(digests[r.seq]) {
					return fault.Newf(fault.Broken, "entry %d has no digest of its %s", r.seq, r.field)
				}
				digest = digests[r.seq][n].String()
			}
			g.named[i] = fmt.Sprintf("%s %d %s %s", r.fact, r.seq, r.field, digest)
		}
	}
	return nil
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
