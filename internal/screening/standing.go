package screening

import (
	"context"
	"maps"
	"sync"

	"duly/internal/ledger"
	"duly/internal/ownership"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/packs"
)

// Counts are hits that matter: not decided yet, and confirmed.
type Counts struct{ Open, Confirmed int }

// Stand is what screening knows of one party and of those who stand behind it.
type Stand struct {
	Counts               // hits on itself
	Behind     Counts    // hits on those who stand behind it
	Registered bool      // somebody is registered as standing behind it
	Findings   []Finding // what each rule of ownership says, when somebody is
}

// Finding is what a rule of ownership says of a party on a day.
type Finding struct {
	ownership.Finding
	Title string         `json:"title"`
	Lists string         `json:"lists"` // sanctions or export_control: whose holders count
	Held  ownership.Held `json:"held"`
	// IfOpen is what the rule would say if every open hit were confirmed.
	IfOpen ownership.Outcome `json:"if_open"`
	// Settled says that nothing which is not known could reach the rule's share: what
	// no owner is named for, who was not screened, and open hits.
	Settled bool `json:"settled"`
}

// Worst gives the gravest outcome of the findings, Clear when there are none.
func (s *Stand) Worst() ownership.Outcome {
	worst := ownership.Clear
	for _, o := range []ownership.Outcome{ownership.Flag, ownership.Possible, ownership.Stop} {
		for _, f := range s.Findings {
			if f.Outcome == o {
				worst = o
			}
		}
	}
	return worst
}

// Standing says what screening knows of each customer on a day (YYYY-MM-DD). A
// customer that is not in the map has no hits, and nobody is registered behind it.
// screened is false until a run has covered the register.
func Standing(ctx context.Context, q store.Queryer, day string) (stands map[string]Stand, screened bool, err error) {
	stands, run, err := StandingAt(ctx, q, store.At{Day: day, Seq: -1})
	return stands, run >= 0, err
}

// StandingAt is Standing as it was known at a position of the log, about a day. run
// is where the last run that had covered the register by then stands, -1 for none.
func StandingAt(ctx context.Context, q store.Queryer, at store.At) (stands map[string]Stand, run int64, err error) {
	return standing(ctx, q, at, nil)
}

// StandingOf is Standing of some customers. It reads them and all who are connected
// with them by standing behind one another, and nothing else of the register. run is
// where the last run that had covered the register stands, -1 for none.
func StandingOf(ctx context.Context, q store.Queryer, day string, customers []string) (stands map[string]Stand, run int64, err error) {
	around, err := register.Around(ctx, q, customers)
	if err != nil {
		return nil, -1, err
	}
	return standing(ctx, q, store.At{Day: day, Seq: -1}, around)
}

// standing says what screening knows of some who are connected with nobody else or, for
// nil, of all.
func standing(ctx context.Context, q store.Queryer, at store.At, of []string) (stands map[string]Stand, run int64, err error) {
	b, err := readOf(ctx, q, at, of)
	if err == nil && len(b.interests) > 0 {
		err = b.work(ctx, q, of)
	}
	if err != nil {
		return nil, -1, err
	}
	stands = map[string]Stand{}
	for id, counts := range b.hits {
		stands[id] = Stand{Counts: counts}
	}
	for id := range b.owned {
		if s := b.subjects[id]; s != nil && s.Record == isCustomer {
			stands[id] = b.Stand(id)
		}
	}
	return stands, b.run, nil
}

// Rules gives the rules of ownership that ship with Duly, and the hashes of their packs.
var Rules = sync.OnceValues(func() (shipped struct {
	Rules  []ownership.Rule
	Hashes []string
}, err error) {
	all, err := pack.ReadDir(packs.Files, "ownership")
	if err != nil {
		return shipped, err
	}
	for _, p := range all {
		rules, err := ownership.Load(p)
		if err != nil {
			return shipped, err
		}
		shipped.Rules, shipped.Hashes = append(shipped.Rules, rules...), append(shipped.Hashes, p.Hash)
	}
	return shipped, nil
})

// Listed is a hit on somebody.
type Listed struct {
	Hit   string `json:"hit"` // record id
	State string `json:"state"`
	List  string `json:"list"`
	Entry string `json:"entry"`
}

// Behind is who stands behind whom on a day, and what screening knows of them.
type Behind struct {
	Day string

	known     int64               // the last position of the log that counts; negative for now
	run       int64               // where the last run that covered all stands in the log; -1 for none
	subjects  map[string]*Subject // by id
	hits      map[string]Counts
	listed    map[string][]Listed
	interests []ownership.Interest
	owned     map[string][]ownership.Interest // by owned
	graph     *ownership.Graph
	rules     []ownership.Rule
	views     map[string]*view // by sort of lists
}

// view is what holders on one sort of lists hold.
type view struct{ confirmed, open, unknown map[string]ownership.Held }

// ReadBehind reads who stands behind whom on a day (YYYY-MM-DD), with the hits as
// they stand now. O(records of the register).
func ReadBehind(ctx context.Context, q store.Queryer, day string) (*Behind, error) {
	b, err := readOf(ctx, q, store.At{Day: day, Seq: -1}, nil)
	if err == nil {
		err = b.work(ctx, q, nil)
	}
	return b, err
}

func newBehind(at store.At) (*Behind, error) {
	shipped, err := Rules()
	return &Behind{Day: at.Day, known: at.Seq, run: -1, subjects: map[string]*Subject{}, hits: map[string]Counts{}, listed: map[string][]Listed{},
		owned: map[string][]ownership.Interest{}, rules: shipped.Rules, views: map[string]*view{}}, err
}

// readOf reads the last run, and of some or, for nil, of all the hits that matter and
// who stands behind whom.
func readOf(ctx context.Context, q store.Queryer, at store.At, of []string) (*Behind, error) {
	b, err := newBehind(at)
	if err != nil {
		return nil, err
	}
	last, err := runs.LastAt(ctx, q, "screen", at.Seq)
	if err != nil {
		return nil, err
	}
	if last != nil {
		b.run = last.Seq
	}
	if err := b.readHits(ctx, q, of); err != nil {
		return nil, err
	}
	return b, b.readInterests(ctx, q, of)
}

// selectOf is store.SelectAt for the revisions that meet a condition and of which a
// column holds one of the ids; nil stands for all.
func selectOf[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], at store.At, condition, column string, ids []string) ([]*store.Revision[T], error) {
	if ids == nil {
		return store.SelectAt(ctx, q, kind, at, condition)
	}
	return store.SelectIn(ctx, q, kind, at, column, ids, condition)
}

// readHits reads the hits that matter, on some or, for nil, on all.
func (b *Behind) readHits(ctx context.Context, q store.Queryer, on []string) error {
	hits, err := selectOf(ctx, q, Hits, store.At{Seq: b.known}, "r.state <> 'dismissed' and r.state <> 'stale'", "subject", on)
	if err != nil {
		return err
	}
	for _, h := range hits {
		r := h.Record
		c := b.hits[r.Subject]
		if r.State == "confirmed" {
			c.Confirmed++
		} else {
			c.Open++
		}
		b.hits[r.Subject] = c
		b.listed[r.Subject] = append(b.listed[r.Subject], Listed{h.ID, r.State, r.List, r.Entry})
	}
	return nil
}

// work reads who is screened, of some or, for nil, of all, and works out what holders on
// each sort of lists hold.
func (b *Behind) work(ctx context.Context, q store.Queryer, of []string) error {
	subjects, err := subjectsAt(ctx, q, store.At{Seq: b.known}, of)
	if err != nil {
		return err
	}
	for i := range subjects {
		b.subjects[subjects[i].ID] = &subjects[i]
	}
	b.graph = ownership.NewGraph(b.interests, b.Day)
	rest := b.graph.Rest(b.ends)
	for _, r := range b.rules {
		if b.views[r.Lists] == nil {
			b.views[r.Lists] = b.look(r.Lists, rest)
		}
	}
	return nil
}

// readInterests reads interests, declared owners and relationships that say who owns a
// customer: those in some or, for nil, in all.
func (b *Behind) readInterests(ctx context.Context, q store.Queryer, in []string) error {
	const active = "r.state = 'active'"
	at := store.At{Day: b.Day, Seq: b.known}
	interests, err := selectOf(ctx, q, register.Interests, at, active, "owned", in)
	if err != nil {
		return err
	}
	for _, i := range interests {
		r := i.Record
		b.add(ownership.Interest{Owner: r.Owner, Owned: r.Owned, Role: ownership.Role(r.Role), Share: shareOf(r.Least, r.Most), Indirect: r.Indirect})
	}
	owners, err := selectOf(ctx, q, register.Owners, at, active, "customer", in)
	if err != nil {
		return err
	}
	for _, o := range owners {
		r := o.Record
		owner := o.ID
		if r.Party != "" {
			owner = r.Party
		}
		b.add(ownership.Interest{Owner: owner, Owned: r.Customer, Role: declared[r.Role], Share: shareOf(r.Share, r.Share)})
	}
	relationships, err := selectOf(ctx, q, register.Relationships, at, active+" and r.role = 'owner'", "customer", in)
	if err != nil {
		return err
	}
	for _, l := range relationships {
		b.add(ownership.Interest{Owner: l.Record.Party, Owned: l.Record.Customer, Role: ownership.Owns, Share: shareOf(nil, nil)})
	}
	return nil
}

// declared says what a declared role is; one that is not known may hide shares.
var declared = map[string]ownership.Role{"controller": ownership.Controls, "director": ownership.Directs}

func (b *Behind) add(i ownership.Interest) {
	if i.Owned == "" {
		return
	}
	if i.Role == "" {
		i.Role = ownership.Owns
	}
	b.interests = append(b.interests, i)
	b.owned[i.Owned] = append(b.owned[i.Owned], i)
}

// shareOf is what two bounds leave open.
func shareOf(least, most *int64) ownership.Share {
	s := ownership.Share{Least: 0, Most: ownership.Whole}
	if least != nil {
		s.Least = min(max(*least, 0), ownership.Whole)
	}
	if most != nil {
		s.Most = max(min(*most, ownership.Whole), s.Least)
	}
	return s
}

// ends says whether a party has no owners to look for.
func (b *Behind) ends(id string) bool {
	s := b.subjects[id]
	return s != nil && (s.Sort == ownership.Person || s.Sort == ownership.State)
}

// Screened says whether the last run compared a party as it stands now.
func (b *Behind) Screened(id string) bool {
	s := b.subjects[id]
	return s != nil && s.Revision.Seq < b.run
}

// look works out what holders on one sort of lists hold: those who are confirmed,
// those whose hits are open too, and all of whom it is not known whether they are.
func (b *Behind) look(lists string, rest *ownership.Graph) *view {
	open := b.holders(lists, false)
	unknown := maps.Clone(open)
	unknown[ownership.Unnamed] = true
	for id := range b.parties() {
		unknown[id] = unknown[id] || !b.Screened(id)
	}
	return &view{b.graph.Held(b.holders(lists, true)), b.graph.Held(open), rest.Held(unknown)}
}

// holders gives who is on one sort of lists, by hits that are confirmed or also by
// those that are open.
func (b *Behind) holders(lists string, confirmed bool) map[string]bool {
	out := map[string]bool{}
	for id, all := range b.listed {
		for _, l := range all {
			if ListingOf(l.List).counts(lists) && (l.State == "confirmed" || !confirmed) {
				out[id] = true
			}
		}
	}
	return out
}

// parties gives everybody who holds or is held, but for the unnamed.
func (b *Behind) parties() map[string]bool {
	out := map[string]bool{}
	for _, i := range b.interests {
		out[i.Owner], out[i.Owned] = true, true
	}
	delete(out, ownership.Unnamed)
	return out
}

// Stand gives what is known of one party.
func (b *Behind) Stand(id string) Stand {
	s := Stand{Counts: b.hits[id], Registered: len(b.owned[id]) > 0}
	if !s.Registered {
		return s
	}
	for _, above := range b.graph.Above(id) {
		s.Behind.Open += b.hits[above].Open
		s.Behind.Confirmed += b.hits[above].Confirmed
	}
	for _, r := range b.rules {
		v := b.views[r.Lists]
		f := Finding{Finding: r.Apply(v.confirmed[id], b.Day), Title: r.Title, Lists: r.Lists, Held: v.confirmed[id]}
		f.IfOpen = r.Apply(v.open[id], b.Day).Outcome
		f.Settled = f.Counted.Most >= r.Threshold || v.unknown[id].Counted.Most < r.Threshold
		s.Findings = append(s.Findings, f)
	}
	return s
}
