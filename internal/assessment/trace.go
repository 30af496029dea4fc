package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/rule"
	"duly/internal/runs"
	"duly/internal/store"
)

// Explanation tells how a rating came about: from the decision down to the entries of
// the log that it rests on. It is made from the rating computed again, so it explains
// what follows from the inputs; Exact says that the rating recorded just that.
type Explanation struct {
	Subject  string `json:"subject"`  // deployment, or an account without one
	Account  string `json:"account"`  // record id
	Number   string `json:"number"`   // of the account, with its scheme
	Customer string `json:"customer"` // name; "" where the account maps to none
	Entry    int64  `json:"entry"`
	Leaf     string `json:"leaf"` // hash of the rating's leaf
	Rated    string `json:"rated"`
	By       string `json:"prepared_by"`

	Method  string `json:"method"`
	Version string `json:"version"`
	Pack    string `json:"pack"` // SHA-256
	Engine  string `json:"engine"`
	Exact   bool   `json:"exact"`
	Inexact string `json:"inexact,omitempty"` // why it is not

	Decision string     `json:"decision"`
	Tier     string     `json:"tier"`
	Review   int        `json:"review_months"`
	Pending  bool       `json:"pending"`
	Known    int        `json:"known"`
	Facts    int        `json:"facts"`
	Best     rating.End `json:"best"`
	Worst    rating.End `json:"worst"`

	Rights       []RightTrace    `json:"rights"` // the gravest first
	Base         int             `json:"base"`   // likelihood before any family
	Actual       rule.Tri        `json:"actual_harm"`
	Families     []FamilyTrace   `json:"families"` // the heaviest first
	Controls     rating.Controls `json:"controls"`
	ControlFacts []string        `json:"control_facts"`
	Stops        []RuleTrace     `json:"stops"`
	Requirements []RuleTrace     `json:"requirements"`
	Missing      []string        `json:"missing"` // required facts that are unknown
	Ask          []Ask           `json:"ask"`     // unknown facts that could change it, the most useful first
	Flips        []rating.Flip   `json:"flips"`   // what would lower the rating first, what would leave it pending last

	Inputs map[string]*FactTrace `json:"inputs"` // every fact that the method asks, by id
}

// RightTrace is the severity for one right, at both ends as in [rating.RightReading].
type RightTrace struct {
	rating.RightReading
	Title string   `json:"title"`
	Facts []string `json:"facts"`
}

// FamilyTrace is a family with its indicators in the method's order.
type FamilyTrace struct {
	rating.FamilyReading
	Title      string      `json:"title"`
	Indicators []RuleTrace `json:"indicators"`
}

// RuleTrace is an indicator, a hard stop or a requirement.
type RuleTrace struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Weight  int      `json:"weight,omitempty"` // of an indicator
	Basis   string   `json:"basis,omitempty"`  // of a stop: legal or policy
	Origin  string   `json:"origin,omitempty"`
	State   rule.Tri `json:"state"`
	When    string   `json:"when"`
	Facts   []string `json:"facts"`
	Unknown []string `json:"unknown,omitempty"` // of the facts, those that left it open
}

// FactTrace is a fact and what it rests on.
type FactTrace struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Required bool   `json:"required"`
	Known    bool   `json:"known"`
	Value    string `json:"value"` // "" while unknown
	Unknown  string `json:"unknown,omitempty"`
	Origin   *Rest  `json:"origin,omitempty"` // nil when nobody stated it
}

// Rest is the entry of the log that a fact rests on: a statement, or a field of the
// register.
type Rest struct {
	Entry   int64  `json:"entry"`
	Leaf    string `json:"leaf"`
	Kind    string `json:"kind"`
	Field   string `json:"field"`
	Entered string `json:"entered"` // the day
	By      string `json:"entered_by"`
	System  string `json:"system,omitempty"` // from which it came
	// The rest belongs to statements.
	About   string       `json:"about,omitempty"` // record id
	AsOf    string       `json:"as_of,omitempty"`
	Sources []SourceSeen `json:"sources,omitempty"`       // those of the statement first, then of others that say the same
	Single  bool         `json:"single_source,omitempty"` // fewer than two independent sources say it
	Own     bool         `json:"own,omitempty"`           // the program works it out from its own records
}

// SourceSeen is a source that a statement cites.
type SourceSeen struct {
	Grade     string `json:"grade"`
	Title     string `json:"title"`
	Publisher string `json:"publisher"`
	Published string `json:"published"`
}

// Explain explains the rating of an entry. schemas are the released ones, by which
// its inputs are checked. It reads what the log held when the rating was made.
func Explain(ctx context.Context, q store.Queryer, schemas bundle.Schemas, entry int64) (*Explanation, error) {
	rated, err := store.GetBySeq(ctx, q, Ratings, entry)
	if err != nil {
		return nil, err
	}
	again, err := bundle.Recompute(bundle.Options{
		Schemas: schemas, Erasable: true,
		Pack:  func(hash string) ([]byte, error) { return runs.Bytes(ctx, q, hash) },
		Entry: func(seq int64) ([]byte, []bundle.Sealed, error) { return sealedAt(ctx, q, seq) },
	}, entry)
	if err != nil {
		return nil, err
	}
	x := &explainer{ctx: ctx, q: q, at: store.At{Seq: entry}, again: again, names: map[string]string{}}
	if err := x.people(); err != nil {
		return nil, err
	}
	return x.explain(rated)
}

// sealedAt reads an entry as a verifier does.
func sealedAt(ctx context.Context, q store.Queryer, seq int64) ([]byte, []bundle.Sealed, error) {
	e, err := store.EntryAt(ctx, q, seq)
	if err != nil {
		return nil, nil, err
	}
	digests, disclosures, err := store.Split(e.Digests, e.Disclosures)
	if err != nil {
		return nil, nil, err
	}
	fields := make([]bundle.Sealed, len(digests))
	for i := range fields {
		fields[i] = bundle.Sealed{Digest: digests[i], Disclosure: disclosures[i]}
	}
	return e.Leaf, fields, nil
}

type explainer struct {
	ctx   context.Context
	q     store.Queryer
	at    store.At
	again *bundle.Recomputed
	names map[string]string // of people, by key id
}

func (x *explainer) people() error {
	list, err := store.Select(x.ctx, x.q, people.Persons, "")
	for _, p := range list {
		x.names[p.Record.KeyID] = p.Record.Name
	}
	return err
}

// who gives a person's name, or the key where the name is not known.
func (x *explainer) who(key string) string { return cmp.Or(x.names[key], "key "+key) }

func dayOf(l *ledger.Leaf) string {
	if l.Day != "" {
		return l.Day
	}
	return time.UnixMicro(l.Time).UTC().Format(time.DateOnly)
}

func (x *explainer) explain(rated *store.Revision[Rating]) (*Explanation, error) {
	m, r := x.again.Method, &x.again.Rating
	out := &Explanation{
		Subject: rated.Record.Subject, Account: rated.Record.Account, Entry: rated.Seq, Leaf: rated.Hash.String(),
		Rated: dayOf(rated.Leaf), By: x.who(rated.Record.Preparer),
		Method: m.ID, Version: m.Version, Pack: m.Hash, Engine: r.Engine, Exact: x.again.Exact, Inexact: x.again.Why,
		Decision: r.Decision, Tier: r.Tier, Review: r.Review, Pending: r.Pending, Known: r.Known, Facts: r.Total,
		Best: r.Best, Worst: r.Worst, Actual: r.Actual, Controls: r.Controls, Missing: r.Missing,
		Rights: x.rights(), Families: x.families(), Stops: x.stops(), Requirements: x.requirements(),
	}
	_, _, _, out.ControlFacts = m.Reads()
	out.Base = r.Worst.Sum
	for _, f := range r.Families {
		out.Base -= f.Worst
	}
	outlook, err := m.OutlookOn(r.Day, x.again.Inputs)
	if err != nil {
		return nil, err
	}
	for _, q := range outlook.Questions {
		if q.Required || q.Bands != 0 || q.Points != 0 {
			out.Ask = append(out.Ask, Ask{q.Fact, q.Text})
		}
	}
	out.Flips = outlook.Flips
	slices.SortStableFunc(out.Flips, func(a, b rating.Flip) int {
		return cmp.Or(cmp.Compare(x.rank(a), x.rank(b)), cmp.Compare(a.Residual, b.Residual))
	})
	if out.Inputs, err = x.inputs(); err != nil {
		return nil, err
	}
	return out, x.whose(out)
}

// rank puts what would lower the rating before what would raise it, then what would
// stop the deployment, and last what would only leave it pending.
func (x *explainer) rank(f rating.Flip) int {
	outcome := bundle.Outcome(f.Decision)
	switch {
	case outcome == "pending":
		return 3
	case strings.HasPrefix(outcome, "prohibited"):
		return 2
	case f.Residual < x.again.Rating.Worst.Residual:
		return 0
	}
	return 1
}

// whose fills in the account's number and whom the rating is about, as known then.
func (x *explainer) whose(out *Explanation) error {
	a, err := store.GetAt(x.ctx, x.q, register.Accounts, out.Account, x.at)
	if err != nil {
		return err
	}
	out.Number = a.Record.Identity
	id := a.Record.Customer
	if out.Subject != out.Account {
		d, err := store.GetAt(x.ctx, x.q, register.Deployments, out.Subject, x.at)
		if err != nil {
			return err
		}
		id = cmp.Or(d.Record.Customer, id)
	}
	c, err := store.GetAt(x.ctx, x.q, register.Customers, id, x.at)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err == nil {
		out.Customer = c.Record.Name
	}
	return err
}

func (x *explainer) rights() []RightTrace {
	var out []RightTrace
	for i, right := range x.again.Method.Rights() {
		out = append(out, RightTrace{x.again.Rating.Rights[i], right.Title, right.Facts()})
	}
	slices.SortStableFunc(out, func(a, b RightTrace) int { return cmp.Compare(b.Worst[3], a.Worst[3]) })
	return out
}

func (x *explainer) families() []FamilyTrace {
	at := map[string]int{}
	var out []FamilyTrace
	for i, f := range x.again.Method.Families() {
		at[f.ID] = i
		out = append(out, FamilyTrace{FamilyReading: x.again.Rating.Families[i], Title: f.Title})
	}
	for i, ind := range x.again.Method.Indicators() {
		read := x.again.Rating.Indicators[i]
		f := &out[at[ind.Family]]
		f.Indicators = append(f.Indicators, RuleTrace{
			ID: ind.ID, Title: ind.Title, Weight: ind.Weight, Origin: ind.Origin, State: read.State, When: ind.When, Facts: read.Facts, Unknown: read.Unknown,
		})
	}
	slices.SortStableFunc(out, func(a, b FamilyTrace) int { return cmp.Compare(b.Worst, a.Worst) })
	return out
}

func (x *explainer) stops() []RuleTrace {
	var out []RuleTrace
	for i, s := range x.again.Method.Stops() {
		read := x.again.Rating.Stops[i]
		out = append(out, RuleTrace{ID: s.ID, Title: s.Title, Basis: string(s.Basis), State: read.State, When: s.When, Facts: read.Facts, Unknown: read.Unknown})
	}
	return out
}

func (x *explainer) requirements() []RuleTrace {
	var out []RuleTrace
	for i, s := range x.again.Method.Requirements() {
		read := x.again.Rating.Requirements[i]
		out = append(out, RuleTrace{ID: s.ID, Title: s.Title, State: read.State, When: s.When, Facts: read.Facts, Unknown: read.Unknown})
	}
	return out
}

// inputs gives every fact that the method asks, and what it rests on.
func (x *explainer) inputs() (map[string]*FactTrace, error) {
	out := map[string]*FactTrace{}
	for _, f := range x.again.Method.Facts() {
		t := &FactTrace{ID: f.ID, Question: f.Question, Required: f.Required}
		v, stated := x.again.Inputs[f.ID]
		switch {
		case v.V != nil:
			t.Known, t.Value = true, spelled(v.V)
		case stated:
			t.Unknown = v.Reason
		default:
			t.Unknown = "nobody stated it, or what was stated settles nothing"
		}
		out[f.ID] = t
	}
	for _, n := range x.again.Named {
		t := out[n.Fact]
		t.Origin = &Rest{Entry: n.Seq, Leaf: n.Hash.String(), Kind: n.Leaf.Kind, Field: n.Field, Entered: dayOf(n.Leaf), By: x.who(n.Leaf.Actor)}
		if n.Leaf.Kind != evidence.Facts.Schema().Kind {
			continue
		}
		if err := x.statement(t.Origin, n.Seq); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// statement fills in what a statement says of itself, and how many say the same.
func (x *explainer) statement(into *Rest, seq int64) error {
	s, err := store.GetBySeq(x.ctx, x.q, evidence.Facts, seq)
	if err != nil {
		return err
	}
	into.About, into.AsOf, into.System, into.Own = s.Record.Subject, s.Record.AsOf, s.Record.Source, s.Record.Source == derivedBy
	ids := slices.Clone(s.Record.Sources)
	beside, err := store.SelectAt(x.ctx, x.q, evidence.Facts, x.at, "r.subject = $1 and r.fact = $2", s.Record.Subject, s.Record.Fact)
	if err != nil {
		return err
	}
	for _, b := range beside {
		if b.Record.State == "active" && b.Record.Value.String() == s.Record.Value.String() {
			ids = append(ids, slices.DeleteFunc(slices.Clone(b.Record.Sources), func(id string) bool { return slices.Contains(ids, id) })...)
		}
	}
	var said evidence.Statement
	for _, id := range ids {
		source, err := store.GetAt(x.ctx, x.q, evidence.Sources, id, x.at)
		if err != nil {
			return err
		}
		r := source.Record
		said.Sources = append(said.Sources, r)
		into.Sources = append(into.Sources, SourceSeen{r.Grade, r.Title, r.Publisher, r.Published})
	}
	const enough = 2
	into.Single = !into.Own && said.Support() < enough
	return nil
}

// spelled gives a value as people write it.
func spelled(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []string:
		if len(v) == 0 {
			return "none"
		}
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(v)
}
