// Package asof says what held on a day, as it was known at a place of the log: the register,
// ratings, decisions, conditions of use and watchlists (IM-02).
//
// The two times are apart. "What was the rating on 1 March?" has one answer with what was
// known on 1 March, and may have another with what is known since. A value that was
// erased is said to be erased, and is another thing than one that was unknown then.
//
//	picture, err := asof.Look(ctx, q, asof.Point{Day: "2026-03-01", Seq: known})
//
// Ownership: this room reads and owns nothing. What holds of a record is the store's; which
// decision stands is decision's.
package asof

import (
	"cmp"
	"context"
	"slices"
	"time"

	"duly/internal/assessment"
	"duly/internal/conditions"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
)

// Point is a point on both axes: the day that statements hold for, and the last position
// of the log that was known.
type Point struct {
	Day string `json:"day"`
	Seq int64  `json:"known"`
}

// Picture is what held.
type Picture struct {
	Point
	Accounts    int         `json:"accounts"`
	Customers   int         `json:"customers"`
	Deployments []Row       `json:"deployments"`
	Lists       []List      `json:"watchlists"`
	Conditions  []Condition `json:"conditions"` // in force on the day, by packs in use then
}

// Row is one deployment. Rating and decision are nil when there was none.
type Row struct {
	ID           string    `json:"id"`
	Customer     Text      `json:"customer"`
	Capability   Text      `json:"capability"`
	Jurisdiction Text      `json:"jurisdiction"`
	Rating       *Rating   `json:"rating"`
	Decision     *Decision `json:"decision"`
}

// Text is a value as it can be read now. What was erased meanwhile is not what was unknown.
type Text struct {
	Value  string `json:"value,omitempty"`
	Erased bool   `json:"erased,omitempty"`
}

// String gives the value, or why there is none.
func (t Text) String() string {
	switch {
	case t.Erased:
		return "erased"
	case t.Value == "":
		return "not stated"
	}
	return t.Value
}

// Rating is the newest rating of a deployment by that day.
type Rating struct {
	Entry   int64  `json:"entry"`
	Day     string `json:"day"`
	Best    string `json:"best"`
	Worst   string `json:"worst"`
	Outcome string `json:"outcome"`
	Method  string `json:"method"` // SHA-256 of the pack
}

// Decision is what stood for a deployment on that day.
type Decision struct {
	Entry int64  `json:"entry"`
	Act   string `json:"act"`
	State string `json:"state"` // as in package decision, of the decision alone
}

// List is a watchlist that was in use.
type List struct {
	Name      Text   `json:"name"`
	SHA256    string `json:"sha256"`
	Entries   int64  `json:"entries"`
	Published string `json:"published,omitempty"`
}

// Condition is a condition of use that was in force.
type Condition struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Since string `json:"since"`
	Pack  string `json:"pack"` // SHA-256
}

// Look gives what held at a point.
//
// Errors: Invalid for a day that is none.
func Look(ctx context.Context, q store.Queryer, p Point) (*Picture, error) {
	day, err := time.Parse(time.DateOnly, p.Day)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", p.Day).WithFix("write YYYY-MM-DD")
	}
	out := &Picture{Point: p, Deployments: []Row{}, Lists: []List{}, Conditions: []Condition{}}
	at := store.At{Day: p.Day, Seq: p.Seq}
	for _, step := range []func() error{
		func() error { return out.register(ctx, q, at) },
		func() error { return out.ratings(ctx, q, p) },
		func() error { return out.decisions(ctx, q, p) },
		func() error { return out.lists(ctx, q, store.At{Seq: p.Seq}) },
		func() error { return out.conditions(ctx, q, store.At{Seq: p.Seq}, day) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *Picture) register(ctx context.Context, q store.Queryer, at store.At) error {
	accounts, err := store.SelectAt(ctx, q, register.Accounts, at, "r.state = 'active'")
	if err != nil {
		return err
	}
	customers, err := store.SelectAt(ctx, q, register.Customers, at, "r.state = 'active'")
	if err != nil {
		return err
	}
	deployments, err := store.SelectAt(ctx, q, register.Deployments, at, "r.state = 'active'")
	if err != nil {
		return err
	}
	p.Accounts, p.Customers = len(accounts), len(customers)
	by := map[string]*store.Revision[register.Customer]{}
	for _, c := range customers {
		by[c.ID] = c
	}
	for _, d := range deployments {
		row := Row{ID: d.ID, Capability: text(register.Deployments, d, "capability"), Jurisdiction: text(register.Deployments, d, "jurisdiction")}
		if c := by[d.Record.Customer]; c != nil {
			row.Customer = text(register.Customers, c, "name")
		}
		p.Deployments = append(p.Deployments, row)
	}
	slices.SortFunc(p.Deployments, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Customer.Value, b.Customer.Value), cmp.Compare(a.ID, b.ID))
	})
	return nil
}

// text reads one field as it stands in the log now.
func text[T any](kind *ledger.Kind[T], r *store.Revision[T], field string) Text {
	v, _, ok, err := store.Field(kind, r, field)
	if !ok {
		return Text{Erased: true}
	}
	if err != nil || v.IsNull() {
		return Text{}
	}
	return Text{Value: v.String()}
}

// row finds a deployment.
func (p *Picture) row(id string) *Row {
	i := slices.IndexFunc(p.Deployments, func(r Row) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &p.Deployments[i]
}

// ratings takes of each deployment the newest rating that was known, and made by the day.
func (p *Picture) ratings(ctx context.Context, q store.Queryer, at Point) error {
	return histories(ctx, q, assessment.Ratings, at.Seq, func(history []*store.Revision[assessment.Rating]) {
		row := p.row(history[0].Record.Subject)
		for _, r := range history {
			if day := r.Leaf.Entered(); row != nil && day <= at.Day {
				row.Rating = &Rating{r.Seq, day, r.Record.Best, r.Record.Worst, r.Record.Outcome, r.Record.Method}
			}
		}
	})
}

func (p *Picture) decisions(ctx context.Context, q store.Queryer, at Point) error {
	return histories(ctx, q, decision.Decisions, at.Seq, func(history []*store.Revision[decision.Decision]) {
		row := p.row(history[0].Record.Subject)
		stands, state := decision.In(history, at.Day)
		if row != nil && stands != nil {
			row.Decision = &Decision{stands.Seq, stands.Record.Act, string(state)}
		}
	})
}

// histories gives the revisions of each record that were known, oldest first. A record
// whose subject was erased belongs to nobody.
func histories[T any](ctx context.Context, q store.Queryer, kind *ledger.Kind[T], known int64, fn func([]*store.Revision[T])) error {
	newest, err := store.SelectAt(ctx, q, kind, store.At{Seq: known}, "")
	if err != nil {
		return err
	}
	for _, n := range newest {
		history, err := store.History(ctx, q, kind, n.ID)
		if err != nil {
			return err
		}
		history = slices.DeleteFunc(history, func(r *store.Revision[T]) bool { return known >= 0 && r.Seq > known })
		fn(history)
	}
	return nil
}

func (p *Picture) lists(ctx context.Context, q store.Queryer, at store.At) error {
	list, err := store.SelectAt(ctx, q, screening.Lists, at, "")
	for _, l := range list {
		if l.Record.State == "in_use" && (l.Record.Added == "" || l.Record.Added <= p.Day) {
			p.Lists = append(p.Lists, List{text(screening.Lists, l, "list"), l.Record.SHA256, l.Record.Entries, l.Record.Published})
		}
	}
	return err
}

// conditions takes the packs of conditions that were used by then. A pack whose text was
// erased, or that this version cannot read, adds nothing.
func (p *Picture) conditions(ctx context.Context, q store.Queryer, at store.At, day time.Time) error {
	used, err := store.SelectAt(ctx, q, runs.Packs, at, "r.kind = 'conditions'")
	if err != nil {
		return err
	}
	for _, u := range used {
		if u.Leaf.Entered() > p.Day || u.Record.Bytes == "" {
			continue
		}
		read, err := pack.Parse("conditions", []byte(u.Record.Bytes))
		if err != nil {
			continue
		}
		set, err := conditions.Load(read)
		if err != nil {
			continue
		}
		for _, line := range set.Lines() {
			for _, c := range line {
				if c.InForce(day) {
					p.Conditions = append(p.Conditions, Condition{c.ID, c.Title, c.From, u.Record.SHA256})
				}
			}
		}
	}
	slices.SortStableFunc(p.Conditions, func(a, b Condition) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}
