package casework

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/calendar"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
)

// View is all that whoever works on a case needs. It holds no money: what a customer
// pays is none of what is judged (GC-03).
type View struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Age       int            `json:"age_days"`
	Left      int            `json:"days_left"`
	Review    *Review        `json:"case"`
	Units     []UnitView     `json:"deployments"`
	Hits      []HitView      `json:"open_hits"`
	Raised    []RaisedView   `json:"raised"`
	Exposures []ExposureView `json:"exposures"`
	Contacts  []ContactView  `json:"contacts"`    // from those who sell
	Claims    []ClaimView    `json:"claims"`      // of theirs
	Money     []SightView    `json:"shown_money"` // who was shown what this customer pays, and when
	Earlier   []EarlierView  `json:"earlier_cases"`
	History   []StepView     `json:"history"`
}

// UnitView is one deployment of a case, or an account without one.
type UnitView struct {
	ID         string   `json:"id"`
	Account    string   `json:"account"`
	Chain      []string `json:"chain"` // from who is billed to who uses it in the end
	UserKnown  bool     `json:"end_user_known"`
	Product    string   `json:"product"`
	Capability string   `json:"capability"`
	Place      string   `json:"jurisdiction"`
	Purpose    string   `json:"purpose"`
	Lane       string   `json:"lane"`
	Reasons    []string `json:"lane_reasons"`
	Rating     *Rated   `json:"rating,omitempty"` // nil while nobody has rated it
	Decision   string   `json:"decision"`         // "" while there is none
	Decided    string   `json:"decided_on"`
	ReviewDay  string   `json:"review_day"`
}

// Rated is the newest rating of a unit.
type Rated struct {
	Leaf    string            `json:"leaf"` // hash of its leaf, by which a decision names it
	Best    string            `json:"best"`
	Worst   string            `json:"worst"`
	Tier    string            `json:"tier"`
	Outcome string            `json:"outcome"`
	Stops   []string          `json:"hard_stops"`
	Day     string            `json:"day"`
	Known   int64             `json:"known"`
	Facts   int64             `json:"facts"`
	Ask     []rating.Question `json:"ask"`   // unknown facts of which an answer gives another decision, and no others
	Flips   []rating.Flip     `json:"flips"` // known facts that, if otherwise, do
}

// HitView is a hit that nobody has decided on, of the chain or of who is behind it.
type HitView struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	List        string `json:"list"`
	Entry       string `json:"entry"`
	Matched     string `json:"matched"`
	Probability int64  `json:"probability"` // thousandths
	Reasons     string `json:"reasons"`
}

// RaisedView is what somebody raised.
type RaisedView struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Day   string `json:"day"`
	Sort  string `json:"sort"`
	Text  string `json:"text"`
}

// ExposureView is an area whose people the case's deployments cover with others.
type ExposureView struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	Area        string `json:"area"`
	Deployments int64  `json:"deployments"`
	Worst       string `json:"worst"`
}

// EarlierView is a case about the same subject that was closed.
type EarlierView struct {
	ID      string   `json:"id"`
	Opened  string   `json:"opened"`
	Closed  string   `json:"closed"`
	Why     []string `json:"why"`
	Outcome string   `json:"outcome"`
	Reason  string   `json:"reason"`
}

// StepView is one revision of the case.
type StepView struct {
	Entry  int64  `json:"entry"`
	Time   string `json:"time"`
	By     string `json:"by"` // key id
	State  string `json:"state"`
	Events int    `json:"triggers"`
	Owner  string `json:"owner"`
}

// Show gives a case with all that belongs to it. Its cost grows with the case.
func Show(ctx context.Context, q store.Queryer, id, today string) (*View, error) {
	r, err := store.Get(ctx, q, Reviews, id)
	if err != nil {
		return nil, err
	}
	v := &View{ID: id, Review: r.Record, Age: calendar.Between(r.Record.Opened, today), Left: calendar.Between(today, r.Record.Due),
		Units: []UnitView{}, Hits: []HitView{}, Raised: []RaisedView{}, Exposures: []ExposureView{}, Contacts: []ContactView{}, Claims: []ClaimView{}, Money: []SightView{}, Earlier: []EarlierView{}, History: []StepView{}}
	if v.Name, err = nameOf(ctx, q, r.Record.Subject); err != nil {
		return nil, err
	}
	w, err := readAround(ctx, q, []string{r.Record.Subject})
	if err != nil {
		return nil, err
	}
	p, err := triage.ReadChains(ctx, q, r.Record.Covers)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return v.units(ctx, q, w, p) },
		func() error { return v.hits(ctx, q, w) },
		func() error { return v.raised(ctx, q) },
		func() error { return v.exposures(ctx, q) },
		func() error { return v.sold(ctx, q, w) },
		func() error { return v.seen(ctx, q, w) },
		func() error { return v.history(ctx, q, w) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *View) units(ctx context.Context, q store.Queryer, w *world, p *triage.Portfolio) error {
	accounts := map[string]*store.Revision[register.Account]{}
	for _, a := range p.Accounts {
		accounts[a.ID] = a
	}
	lanes, err := store.SelectIn(ctx, q, triage.Triages, store.Now, "account", idsOf(p.Accounts), "")
	if err != nil {
		return err
	}
	triaged := map[string]*store.Revision[triage.Triage]{}
	for _, t := range lanes {
		triaged[t.Record.Account] = t
	}
	for i := range w.units {
		u := &w.units[i]
		if !slices.Contains(v.Review.Covers, u.id) {
			continue
		}
		one := UnitView{ID: u.id, Account: accounts[u.account].Record.Name, Purpose: accounts[u.account].Record.Purpose, Chain: []string{}, Reasons: []string{}}
		chain := p.Chain(accounts[u.account].Record, nil)
		for _, d := range p.Deployments[u.account] {
			if d.ID == u.id {
				chain = p.Chain(accounts[u.account].Record, d.Record)
				one.Capability, one.Place = d.Record.Capability, d.Record.Jurisdiction
				if d.Record.Purpose != "" {
					one.Purpose = d.Record.Purpose
				}
			}
		}
		for _, id := range chain.Parties() {
			c := p.Customers[id].Record
			one.Chain = append(one.Chain, c.Name+" ("+word(c.Sector)+", "+word(c.Jurisdiction)+")")
		}
		one.UserKnown = chain.EndUserKnown
		if product := p.Products[u.product]; product != nil {
			one.Product = product.Record.Name
		}
		if t := triaged[u.account]; t != nil {
			one.Lane, one.Reasons = t.Record.Lane, t.Record.Reasons
		}
		if d := w.decided[u.id]; d != nil {
			one.Decision, one.Decided, one.ReviewDay = d.Record.Act, d.Record.Day, d.Record.ReviewDay
		}
		if r := w.rated[u.id]; r != nil {
			if one.Rating, err = rated(ctx, q, r); err != nil {
				return err
			}
		}
		v.Units = append(v.Units, one)
	}
	return nil
}

// rated gives a rating with what could change the decision that it calls for.
func rated(ctx context.Context, q store.Queryer, r *store.Revision[assessment.Rating]) (*Rated, error) {
	x := r.Record
	out := &Rated{Leaf: r.Hash.String(), Best: x.Best, Worst: x.Worst, Tier: x.Tier, Outcome: x.Outcome, Stops: x.HardStops, Known: x.Known, Facts: x.Facts,
		Day: time.UnixMicro(r.Leaf.Time).UTC().Format(time.DateOnly), Ask: []rating.Question{}, Flips: []rating.Flip{}}
	text, err := runs.Bytes(ctx, q, x.Method)
	if err != nil {
		return nil, err
	}
	p, err := pack.Parse("method "+x.Method, text)
	if err != nil {
		return nil, err
	}
	m, err := rating.Load(p)
	if err != nil {
		return nil, err
	}
	in, err := inputs(ctx, q, m, x.Inputs)
	if err != nil {
		return nil, err
	}
	now, err := m.RateOn(x.Day, in)
	if err != nil {
		return nil, err
	}
	outlook, err := m.OutlookOn(x.Day, in)
	if err != nil {
		return nil, err
	}
	out.Flips = append(out.Flips, outlook.Flips...)
	for _, question := range outlook.Questions {
		if slices.ContainsFunc(question.Answers, func(a rating.Answer) bool { return a.Decision != now.Decision }) {
			out.Ask = append(out.Ask, question)
		}
	}
	return out, nil
}

// inputs reads again what a rating rests on, by entry, field and digest. What was
// erased since is unknown.
func inputs(ctx context.Context, q store.Queryer, m *rating.Method, named []string) (rating.Inputs, error) {
	in := rating.Inputs{}
	for _, line := range named {
		parts := strings.Split(line, " ")
		if len(parts) != 4 {
			return nil, fault.Newf(fault.Broken, "the rating's input %q is malformed", line)
		}
		f, known := m.Fact(parts[0])
		seq, err := strconv.ParseInt(parts[1], 10, 64)
		if !known || err != nil {
			return nil, fault.Newf(fault.Broken, "the rating's input %q is malformed", line)
		}
		value, ok, err := assessment.Committed(ctx, q, seq, parts[2], parts[3])
		if err != nil {
			return nil, err
		}
		if ok {
			in[f.ID] = bundle.InputValue(f, value)
		}
	}
	return in, nil
}

func (v *View) hits(ctx context.Context, q store.Queryer, w *world) error {
	var about []string
	for id, units := range w.about {
		if slices.ContainsFunc(units, func(i int) bool { return slices.Contains(v.Review.Covers, w.units[i].id) }) {
			about = append(about, id)
		}
	}
	above, err := w.follow(ctx, q, upwards, about)
	if err != nil {
		return err
	}
	list, err := store.SelectIn(ctx, q, screening.Hits, store.Now, "subject", above, "r.state in ('open', 'proposed', 'unresolved', 'confirmed')")
	for _, h := range list {
		r := h.Record
		v.Hits = append(v.Hits, HitView{h.ID, r.State, r.List, r.Entry, r.Matched, r.Probability, r.Reasons})
	}
	return err
}

func (v *View) raised(ctx context.Context, q store.Queryer) error {
	for _, text := range v.Review.Triggers {
		t := ParseTrigger(text)
		if t.Event != "concern" && t.Event != "grievance" {
			continue
		}
		s, err := store.Get(ctx, q, Signals, t.Cause)
		if fault.CodeOf(err) == fault.NotFound {
			continue // a fact
		}
		if err != nil {
			return err
		}
		v.Raised = append(v.Raised, RaisedView{s.ID, s.Record.State, s.Record.Day, s.Record.Sort, s.Record.Text})
	}
	return nil
}

func (v *View) exposures(ctx context.Context, q store.Queryer) error {
	list, err := store.Select(ctx, q, assessment.Exposures, "r.state <> 'ended'")
	if err != nil {
		return err
	}
	for _, e := range list {
		if slices.ContainsFunc(e.Record.Covering, func(id string) bool { return slices.Contains(v.Review.Covers, id) }) {
			v.Exposures = append(v.Exposures, ExposureView{e.ID, e.Record.State, e.Record.Area, e.Record.Deployments, e.Record.Worst})
		}
	}
	return nil
}

func (v *View) history(ctx context.Context, q store.Queryer, w *world) error {
	for _, r := range w.reviews[v.Review.Subject] {
		if x := r.Record; r.ID != v.ID && x.State == StateClosed {
			v.Earlier = append(v.Earlier, EarlierView{r.ID, x.Opened, x.Closed, x.Why, x.Outcome, x.Reason})
		}
	}
	all, err := store.History(ctx, q, Reviews, v.ID)
	if err != nil {
		return err
	}
	for _, r := range all {
		at := time.UnixMicro(r.Leaf.Time).UTC().Format("2006-01-02 15:04")
		v.History = append(v.History, StepView{r.Seq, at, r.Leaf.Actor, r.Record.State, len(r.Record.Triggers), r.Record.Owner})
	}
	return nil
}
