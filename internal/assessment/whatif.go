package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/store"
)

// Supposed is a fact about a subject as it is not, or not yet.
type Supposed struct {
	Subject string // record id
	Fact    string
	Value   ledger.Scalar
}

// said gives it as a statement that stands instead of all others of the fact about
// the subject.
func (s *Supposed) said(day string) evidence.Said {
	return evidence.Said{Seq: notWritten, Statement: evidence.Statement{Fact: &evidence.Fact{
		Subject: s.Subject, Fact: s.Fact, Value: s.Value, AsOf: day,
	}}}
}

// Question is what a portfolio is asked "what if" about: another method, facts that
// are supposed, or both.
type Question struct {
	From, To *pack.Pack // the methods that are compared; the same one where only facts are supposed
	Supposed []Supposed
	// Prohibitions are the bans and moratoria that count; nil for the laws that ship alone.
	Prohibitions *Prohibitions
	// Entry is the last position of the log that counts, negative for now. Day is the
	// day (YYYY-MM-DD) that is asked about; "" is today and, with an entry, the day on
	// which that was written.
	Entry int64
	Day   string
	Limit int // how many changes the answer tells of; 0: all
}

// Move says how a deployment's rating differs.
type Move string

// The moves. Each deployment makes one: the first of these that fits it.
const (
	Pending    Move = "newly_pending"     // something is missing or cannot be ruled out that was not
	Settled    Move = "no_longer_pending" // and the other way round
	Up         Move = "up"                // the worst residual band is higher
	Down       Move = "down"              // it is lower
	Otherwise  Move = "otherwise"         // the same band; another decision, tier, hard stop, review or best end
	Unaffected Move = "same"
)

// Moves gives the moves of ratings that differ in the order in which they are told:
// what asks for most first.
func Moves() []Move { return slices.Clone(moves) }

var moves = []Move{Up, Pending, Otherwise, Down, Settled}

// Method names a method by what it says.
type Method struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Answer says who moves, and why.
type Answer struct {
	From      Method         `json:"from"`
	To        Method         `json:"to"`
	Day       string         `json:"day"`
	Entries   int64          `json:"entries"` // of the log that counted
	Asked     bool           `json:"-"`       // the position was asked for
	Looked    int            `json:"looked"`  // deployments, and accounts without one
	Moves     map[Move]int   `json:"moves"`
	Bands     map[string]int `json:"bands"`     // by worst residual band from and to, of those that move
	Decisions map[string]int `json:"decisions"` // by decision from and to, of those whose decision differs
	Causes    map[string]int `json:"causes"`    // deployments by what made a difference, some by several
	Changes   []Change       `json:"changes"`
	More      int            `json:"more"` // changes beyond the limit
}

// Change is a deployment whose rating differs.
type Change struct {
	Subject    string  `json:"subject"`
	Account    string  `json:"account"`
	Number     string  `json:"number,omitempty"`     // the account as it was imported
	Customer   string  `json:"customer,omitempty"`   // who uses it, by name
	Capability string  `json:"capability,omitempty"` // of the deployment
	Move       Move    `json:"move"`
	From       Side    `json:"from"`
	To         Side    `json:"to"`
	Why        []Cause `json:"why"`

	steps int // of the worst residual band
	order int // as the units were read
}

// Side is what a rating comes to.
type Side struct {
	Best      string   `json:"best"` // residual band
	Worst     string   `json:"worst"`
	Inherent  string   `json:"inherent"`
	Tier      string   `json:"tier"`
	Decision  string   `json:"decision"`
	Review    int      `json:"review_months"`
	Pending   bool     `json:"pending"`
	HardStops []string `json:"hard_stops,omitempty"`
}

func sideOf(r *rating.Rating) Side {
	return Side{r.Best.Residual.String(), r.Worst.Residual.String(), r.Worst.Inherent.String(), r.Tier, r.Decision, r.Review, r.Pending, r.HardStops}
}

// moveOf compares two ratings.
func moveOf(a, b *rating.Rating) Move {
	switch {
	case b.Pending && !a.Pending:
		return Pending
	case a.Pending && !b.Pending:
		return Settled
	case b.Worst.Residual > a.Worst.Residual:
		return Up
	case b.Worst.Residual < a.Worst.Residual:
		return Down
	case a.Decision != b.Decision || a.Tier != b.Tier || a.Review != b.Review || a.Best.Residual != b.Best.Residual ||
		a.Worst.Inherent != b.Worst.Inherent || !slices.Equal(a.HardStops, b.HardStops):
		return Otherwise
	}
	return Unaffected
}

// WhatIf rates everything twice, as it is and as it would be, on the same facts, and
// says what differs. It writes nothing. Deployments are rated on all processors and
// stream by; memory grows with the statements (32 bytes each), accounts (about 200)
// and parties (about 700) that the log holds at that point. Those of which the same is
// known are rated once, as long as it is remembered.
func WhatIf(ctx context.Context, db *store.DB, today string, q Question, progress func(done, all int)) (*Answer, error) {
	from, err := rating.Load(q.From)
	if err != nil {
		return nil, err
	}
	to := from
	if q.To.Hash != q.From.Hash {
		if to, err = rating.Load(q.To); err != nil {
			return nil, err
		}
	}
	if q.Prohibitions == nil {
		if q.Prohibitions, err = ReadProhibitions(nil); err != nil {
			return nil, err
		}
	}
	at, day, err := q.point(ctx, db, today)
	if err != nil {
		return nil, err
	}
	defer frugal()()
	s, err := newSurvey(ctx, db, at, day, q.Prohibitions, from, to)
	if err != nil {
		return nil, err
	}
	if err := s.suppose(q.Supposed, to); err != nil {
		return nil, err
	}
	out := &Answer{
		From: Method{from.ID, from.Version, from.Hash}, To: Method{to.ID, to.Version, to.Hash}, Day: day, Entries: at.Seq + 1, Asked: q.Entry >= 0,
		Moves: map[Move]int{}, Bands: map[string]int{}, Decisions: map[string]int{}, Causes: map[string]int{}, Changes: []Change{},
	}
	c := newComparer(from, to)
	err = s.each(ctx, func() func(unit) (any, error) {
		p := &pair{comparer: c, before: s.before.gatherer(from), after: s.after.gatherer(to)}
		return func(u unit) (any, error) { return p.compare(u) }
	}, func(result any) {
		out.add(result.(*Change), q.Limit)
		if progress != nil {
			progress(out.Looked, max(out.Looked+1, s.expected))
		}
	})
	if err != nil {
		return nil, err
	}
	if progress != nil {
		progress(out.Looked, out.Looked)
	}
	out.trim(q.Limit)
	if err := out.number(ctx, db, at); err != nil {
		return nil, err
	}
	out.More = out.Looked - out.Moves[Unaffected] - len(out.Changes)
	return out, nil
}

// point gives what counts: the log up to a position, and the day.
func (q *Question) point(ctx context.Context, db *store.DB, today string) (store.At, string, error) {
	head, err := store.Head(ctx, db)
	if err != nil {
		return store.At{}, "", err
	}
	at, day := store.At{Day: q.Day, Seq: head.Size - 1}, cmp.Or(q.Day, today)
	if q.Day != "" {
		if _, err := time.Parse(time.DateOnly, q.Day); err != nil {
			return at, day, fault.Newf(fault.Invalid, "%q is not a day", q.Day).WithFix("write it as YYYY-MM-DD")
		}
	}
	if q.Entry < 0 {
		return at, day, nil
	}
	leaf, err := store.LeafAt(ctx, db, q.Entry)
	if err != nil {
		return at, day, err
	}
	at.Seq = q.Entry
	if q.Day == "" {
		day = cmp.Or(leaf.Day, time.UnixMicro(leaf.Time).UTC().Format(time.DateOnly))
	}
	return at, day, nil
}

// comparer rates a unit in two ways and explains the difference. It may be used by
// several goroutines.
type comparer struct {
	from, to      *rating.Method
	before, after []rating.Indicator
	titles        map[string]string // of indicators and stops, by id
}

func newComparer(from, to *rating.Method) *comparer {
	c := &comparer{from: from, to: to, before: from.Indicators(), after: to.Indicators(), titles: map[string]string{}}
	for _, m := range []*rating.Method{from, to} {
		for _, x := range m.Indicators() {
			c.titles[x.ID] = x.Title
		}
		for _, x := range m.Stops() {
			c.titles[x.ID] = x.Title
		}
	}
	return c
}

// pair compares units, one after another, in one goroutine.
type pair struct {
	*comparer
	before, after *gatherer
	x             material
	a, b          gathered
	ratings       [2]rating.Rating
	key           []byte
	known         recall[*Change] // without what names the unit
}

// compare gives the change of a unit, with the move Unaffected where there is none.
func (p *pair) compare(u unit) (*Change, error) {
	if err := p.before.collect(&p.x, u); err != nil {
		return nil, err
	}
	p.before.gather(&p.x, &p.a)
	if len(p.after.supposed) > 0 { // other material
		if err := p.after.collect(&p.x, u); err != nil {
			return nil, err
		}
	}
	p.after.gather(&p.x, &p.b)
	p.key = appendValue(p.b.appendKey(p.a.appendKey(p.key[:0])), p.b.stale)
	alike, err := p.known.of(p.key, p.rate)
	if err != nil || alike.Move == Unaffected {
		return alike, err
	}
	out := *alike
	out.Subject, out.Account = u.subject(), u.account.ID
	if u.deployment != nil {
		out.Capability = u.deployment.Record.Capability
	}
	for _, who := range []*store.Revision[register.Customer]{p.b.chain.EndUser, p.b.chain.Customer} {
		if who != nil && out.Customer == "" {
			out.Customer = who.Record.Name
		}
	}
	return &out, nil
}

// rate gives the change of every unit of which the same is known.
func (p *pair) rate() (*Change, error) {
	a, b := &p.ratings[0], &p.ratings[1]
	if err := p.from.RateInto(a, p.before.day, p.a.inputs()); err != nil {
		return nil, err
	}
	if err := p.to.RateInto(b, p.after.day, p.b.inputs()); err != nil {
		return nil, err
	}
	move := moveOf(a, b)
	if move == Unaffected {
		return unaffected, nil
	}
	return &Change{
		Move: move, From: sideOf(a), To: sideOf(b), Why: p.why(a, b, &p.b),
		steps: int(b.Worst.Residual) - int(a.Worst.Residual),
	}, nil
}

var unaffected = &Change{Move: Unaffected}

// recall remembers what came out for what was known. Of most deployments of a register
// the same few things are known, so most need not be rated one by one.
type recall[T any] struct{ known map[string]T }

// mostRecalled bounds the memory of a recall: when it is full it begins anew.
const mostRecalled = 1 << 13

// of gives what came out for a key, which work finds out where it is new.
func (r *recall[T]) of(key []byte, work func() (T, error)) (T, error) {
	if known, ok := r.known[string(key)]; ok {
		return known, nil
	}
	out, err := work()
	if err != nil {
		return out, err
	}
	if r.known == nil || len(r.known) >= mostRecalled {
		r.known = map[string]T{}
	}
	r.known[string(key)] = out
	return out, nil
}

// add counts a unit and keeps its change while it may be among those told of.
func (a *Answer) add(c *Change, limit int) {
	a.Looked++
	a.Moves[c.Move]++
	if c.Move == Unaffected {
		return
	}
	a.Bands[c.From.Worst+" to "+c.To.Worst]++
	if c.From.Decision != c.To.Decision {
		a.Decisions[c.From.Decision+" to "+c.To.Decision]++
	}
	seen := map[string]bool{}
	for _, w := range c.Why {
		if !seen[w.Cause] {
			seen[w.Cause] = true
			a.Causes[w.Cause]++
		}
	}
	c.order = a.Looked
	a.Changes = append(a.Changes, *c)
	if limit > 0 && len(a.Changes) >= 4*limit+1024 {
		a.trim(limit)
	}
}

// trim puts the changes into the order in which they are told, and drops those
// beyond the limit.
func (a *Answer) trim(limit int) {
	slices.SortFunc(a.Changes, func(x, y Change) int {
		return cmp.Or(slices.Index(moves, x.Move)-slices.Index(moves, y.Move), max(y.steps, -y.steps)-max(x.steps, -x.steps), x.order-y.order)
	})
	if limit > 0 && len(a.Changes) > limit {
		clear(a.Changes[limit:])
		a.Changes = a.Changes[:limit]
	}
}

// number gives the changes the numbers of their accounts.
func (a *Answer) number(ctx context.Context, q store.Queryer, at store.At) error {
	numbers := map[string]string{}
	for part := range slices.Chunk(a.Changes, batch) {
		args := make([]any, len(part))
		for i := range part {
			args[i] = part[i].Account
		}
		err := store.Columns(ctx, q, register.Accounts.Schema(), at, []string{"identity"}, store.In("r.id", 0, len(args)), args, func(_ int64, id string, v []any) error {
			numbers[id], _ = v[0].(string)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range a.Changes {
		a.Changes[i].Number = numbers[a.Changes[i].Account]
	}
	return nil
}

// words writes an id as words.
func words(id string) string { return strings.ReplaceAll(id, "_", " ") }
