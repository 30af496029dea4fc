package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
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

	Axes         *rating.Axes    `json:"axes,omitempty"` // compliance beside impact, where the method asks for both
	Hear         []Heard         `json:"hear,omitempty"` // what must be heard before anybody decides
	Rights       []RightTrace    `json:"rights"`         // the gravest first
	Disputed     []string        `json:"disputed,omitempty"`
	SecondBy     *RuleTrace      `json:"second_by,omitempty"` // whether a second scorer is asked
	Base         int             `json:"base"`                // likelihood before any family
	Actual       rule.Tri        `json:"actual_harm"`
	ActualFact   string          `json:"actual_fact"`
	ActualBy     *RuleTrace      `json:"actual_by,omitempty"`
	Families     []FamilyTrace   `json:"families"` // the heaviest first
	Controls     rating.Controls `json:"controls"`
	ControlFacts []string        `json:"control_facts"`
	Stops        []RuleTrace     `json:"stops"`
	Uses         []RuleTrace     `json:"prohibited_uses,omitempty"`
	Requirements []RuleTrace     `json:"requirements"`
	Missing      []string        `json:"missing"` // required facts that are unknown
	Ask          []Ask           `json:"ask"`     // unknown facts that could change it, the most useful first
	Flips        []rating.Flip   `json:"flips"`   // what would lower the rating first, what would leave it pending last

	Inputs   map[string]*FactTrace `json:"inputs"`   // every fact that the method asks, by id
	Guidance *Guidance             `json:"guidance"` // what principle 19 allows and requires
}

// Heard is an input of experts or affected people that the method asks for.
type Heard struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	From  string `json:"from"`
}

// RightTrace is the severity for one right, at both ends as in [rating.RightReading].
type RightTrace struct {
	rating.RightReading
	Title  string   `json:"title"`
	Facts  []string `json:"facts"`
	Second bool     `json:"second,omitempty"` // as the second scorer sees it
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
	Dormant bool     `json:"dormant,omitempty"` // it is dated, and the day is outside
	Stop    string   `json:"stop,omitempty"`    // of a prohibited use: the stop that it raises
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
	Value    string `json:"value"`             // "" while unknown
	Unknown  string `json:"unknown,omitempty"` // why it is unknown
	Idle     bool   `json:"idle,omitempty"`    // unknown, and of no matter here: how far a right is affected that is not
	Until    string `json:"until,omitempty"`   // the last day on which the answer may be used
	Wanted   int    `json:"sources_wanted,omitempty"`
	Origin   *Rest  `json:"origin,omitempty"` // nil when no entry says so
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
	x := &explainer{ctx: ctx, q: q, at: store.At{Seq: entry}, again: again, names: map[string]string{}, sources: map[string]*evidence.Source{}}
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
	names map[string]string                 // of people, by key id
	about []string                          // records of the chain, the nearest first
	said  []map[string][]evidence.Statement // about each of them, by fact

	sources map[string]*evidence.Source
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

func (x *explainer) explain(rated *store.Revision[Rating]) (*Explanation, error) {
	m, r := x.again.Method, &x.again.Rating
	out := &Explanation{
		Subject: rated.Record.Subject, Account: rated.Record.Account, Entry: rated.Seq, Leaf: rated.Hash.String(),
		Rated: rated.Leaf.Entered(), By: x.who(rated.Record.Preparer),
		Method: m.ID, Version: m.Version, Pack: m.Hash, Engine: r.Engine, Exact: x.again.Exact, Inexact: x.again.Why,
		Decision: r.Decision, Tier: r.Tier, Review: r.Review, Pending: r.Pending, Known: r.Known, Facts: r.Total,
		Best: r.Best, Worst: r.Worst, Actual: r.Actual, Controls: r.Controls, Missing: r.Missing,
		Rights: x.rights(), Families: x.families(), Stops: x.stops(), Uses: x.uses(), Requirements: x.requirements(),
		Axes: r.Axes, Disputed: r.Disputed,
	}
	x.settle(out)
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
	if err := x.whose(out); err != nil {
		return nil, err
	}
	if err := x.read(); err != nil {
		return nil, err
	}
	if out.Inputs, err = x.inputs(out.Rated); err != nil {
		return nil, err
	}
	for id, f := range out.Inputs {
		f.Idle = !f.Known && !slices.ContainsFunc(outlook.Questions, func(q rating.Question) bool { return q.Fact == id })
	}
	out.Guidance, err = x.guidance(out)
	return out, err
}

// settle fills in what the method asks for beside indicators: confirmed harm, a second
// scorer, controls, and who must be heard.
func (x *explainer) settle(out *Explanation) {
	m, r := x.again.Method, &x.again.Rating
	var actual, second string
	_, out.ActualFact, _, out.ControlFacts = m.Reads()
	actual, second = m.Conditions()
	if r.ActualBy != nil {
		out.ActualBy = traced(*r.ActualBy, "harm counts as confirmed", actual)
	}
	if r.SecondBy != nil {
		out.SecondBy = traced(*r.SecondBy, "severity is scored twice", second)
	}
	for _, id := range r.Controls.Needed {
		out.ControlFacts = append(out.ControlFacts, "control."+id)
	}
	for _, id := range r.Participation {
		title, from := m.Participant(id)
		out.Hear = append(out.Hear, Heard{id, title, from})
	}
}

func traced(r rating.Reading, title, when string) *RuleTrace {
	return &RuleTrace{ID: r.ID, Title: title, State: r.State, Dormant: r.Dormant, When: when, Facts: r.Facts, Unknown: r.Unknown}
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

// whose fills in the account's number and whom the rating is about, and collects the
// records of the chain, as known then.
func (x *explainer) whose(out *Explanation) error {
	a, err := store.GetAt(x.ctx, x.q, register.Accounts, out.Account, x.at)
	if err != nil {
		return err
	}
	out.Number = a.Record.Identity
	user, product := a.Record.Customer, a.Record.Product
	if out.Subject != out.Account {
		d, err := store.GetAt(x.ctx, x.q, register.Deployments, out.Subject, x.at)
		if err != nil {
			return err
		}
		user, product = cmp.Or(d.Record.Customer, user), cmp.Or(d.Record.Product, product)
	}
	x.about = []string{out.Subject, out.Account, product, user}
	if a.Record.Via != "" {
		link, err := store.GetAt(x.ctx, x.q, register.Relationships, a.Record.Via, x.at)
		if err != nil {
			return err
		}
		x.about = append(x.about, link.Record.Customer, link.Record.Party)
	}
	x.about = append(x.about, a.Record.Customer)
	c, err := store.GetAt(x.ctx, x.q, register.Customers, user, x.at)
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
		out = append(out, RightTrace{x.again.Rating.Rights[i], right.Title, right.Facts(), false})
	}
	for i, seen := range x.again.Rating.Second {
		right := x.again.Method.Rights()[i]
		facts := right.Facts()
		for n := range facts {
			facts[n] = secondPrefix + facts[n]
		}
		out = append(out, RightTrace{seen, right.Title, facts, true})
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
			ID: ind.ID, Title: ind.Title, Weight: ind.Weight, Origin: ind.Origin, State: read.State, Dormant: read.Dormant, When: ind.When,
			Facts: read.Facts, Unknown: read.Unknown,
		})
	}
	slices.SortStableFunc(out, func(a, b FamilyTrace) int { return cmp.Compare(b.Worst, a.Worst) })
	return out
}

func (x *explainer) stops() []RuleTrace {
	var out []RuleTrace
	for i, s := range x.again.Method.Stops() {
		t := traced(x.again.Rating.Stops[i], s.Title, s.When)
		t.Basis = string(s.Basis)
		out = append(out, *t)
	}
	return out
}

func (x *explainer) uses() []RuleTrace {
	var out []RuleTrace
	for i, u := range x.again.Method.Uses() {
		t := traced(x.again.Rating.Uses[i], u.Title, u.When)
		t.Stop = u.Stop
		out = append(out, *t)
	}
	return out
}

func (x *explainer) requirements() []RuleTrace {
	var out []RuleTrace
	for i, s := range x.again.Method.Requirements() {
		out = append(out, *traced(x.again.Rating.Requirements[i], s.Title, s.When))
	}
	return out
}
