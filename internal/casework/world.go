package casework

import (
	"context"
	"maps"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/evidence"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/transparency"
	"duly/internal/triage"
)

// unit is what is judged: a deployment, or an account without one.
type unit struct {
	id       string
	account  string
	customer string // who is billed
	product  string
	contract string
	subject  string // of the case that it belongs to
}

// world is the register as casework looks at it, and what was judged: all of it, or as
// much as some cases need. It is read once and not changed. Memory grows with the
// records.
type world struct {
	whole    bool            // all of the register; otherwise as much as these need:
	held     map[string]bool // subjects whose cases are there with all their units, and products with all who use them
	units    []unit
	about    map[string][]int // record id to the units that a statement about it is about
	cases    map[string][]int // subject to its units
	products map[string][]int // product to the units that use it
	lanes    map[string]string
	rated    map[string]*store.Revision[assessment.Rating]
	decided  map[string]*store.Revision[decision.Decision]
	owned    map[string][]string // owner to those whom it stands behind
	parents  map[string][]string // customer to the customers that hold half of it or more, or may
	weights  map[string]weight   // by unit
	reviews  map[string][]*store.Revision[Review]
}

// weight is what live harm and irremediability are stated of a unit; -1 is unknown.
type weight struct{ harm, irremediable int64 }

// worstSeverity and worstIrremediability are the tops of RM-1's scales, which stand
// for what is unknown.
const worstSeverity, worstIrremediability = 5, 5

func newWorld() *world {
	return &world{held: map[string]bool{}, about: map[string][]int{}, cases: map[string][]int{}, products: map[string][]int{}, lanes: map[string]string{},
		rated: map[string]*store.Revision[assessment.Rating]{}, decided: map[string]*store.Revision[decision.Decision]{},
		owned: map[string][]string{}, parents: map[string][]string{}, weights: map[string]weight{}, reviews: map[string][]*store.Revision[Review]{}}
}

// readWorld reads all of the register.
func readWorld(ctx context.Context, q store.Queryer, today string) (*world, error) {
	p, err := triage.ReadPortfolio(ctx, q, today)
	if err != nil {
		return nil, err
	}
	w := placed(p)
	if err := w.readOwners(ctx, q, p); err != nil {
		return nil, err
	}
	return w, w.readJudged(ctx, q)
}

// readAround reads what the cases need that some records, or those whom they stand
// behind, belong to. Its cost grows with these cases and with who uses a product of
// which a case is open.
func readAround(ctx context.Context, q store.Queryer, records []string) (*world, error) {
	w := newWorld()
	records, err := w.follow(ctx, q, downwards, records)
	if err != nil {
		return nil, err
	}
	p, err := triage.ReadChains(ctx, q, records)
	if err != nil {
		return nil, err
	}
	subjects := slices.Concat(records, slices.Collect(maps.Keys(placed(p).cases)))
	// A child weighs no less than its parents, which may have changed.
	if subjects, err = w.follow(ctx, q, downwards, subjects); err != nil {
		return nil, err
	}
	if subjects, err = w.follow(ctx, q, upwards, subjects); err != nil {
		return nil, err
	}
	reviewed, err := texts(ctx, q, "select subject from r_review where to_seq is null and state = 'open' and subject in (select id from r_product)")
	if err != nil {
		return nil, err
	}
	subjects = append(subjects, reviewed...)
	for _, id := range subjects {
		w.held[id] = true
	}
	if p, err = triage.ReadChains(ctx, q, subjects); err != nil {
		return nil, err
	}
	w.place(p)
	return w, w.readJudged(ctx, q)
}

// placed gives the units of a portfolio, each in its case and with its product, and
// nothing of what was judged.
func placed(p *triage.Portfolio) *world {
	w := newWorld()
	w.whole = true
	w.place(p)
	return w
}

// pick reads the newest records of a kind: all that meet a condition or, where the world
// is not whole, those of them of which a column holds one of some values.
func pick[T any](ctx context.Context, q store.Queryer, w *world, kind *ledger.Kind[T], column string, values []string, where string, args ...any) ([]*store.Revision[T], error) {
	if w.whole {
		return store.Select(ctx, q, kind, where, args...)
	}
	return store.SelectIn(ctx, q, kind, store.Now, column, values, where, args...)
}

// readJudged reads lanes, ratings, decisions, cases and weights.
func (w *world) readJudged(ctx context.Context, q store.Queryer) error {
	var accounts, units []string
	for i := range w.units {
		accounts, units = append(accounts, w.units[i].account), append(units, w.units[i].id)
	}
	lanes, err := pick(ctx, q, w, triage.Triages, "account", accounts, "")
	if err != nil {
		return err
	}
	for _, t := range lanes {
		w.lanes[t.Record.Account] = t.Record.Lane
	}
	rated, err := pick(ctx, q, w, assessment.Ratings, "subject", units, "")
	if err != nil {
		return err
	}
	for _, r := range rated {
		w.rated[r.Record.Subject] = r
	}
	decided, err := pick(ctx, q, w, decision.Decisions, "subject", units, "")
	if err != nil {
		return err
	}
	for _, d := range decided {
		w.decided[d.Record.Subject] = d
	}
	reviews, err := pick(ctx, q, w, Reviews, "subject", slices.Collect(maps.Keys(w.held)), "")
	if err != nil {
		return err
	}
	for _, r := range reviews {
		w.reviews[r.Record.Subject] = append(w.reviews[r.Record.Subject], r)
	}
	return w.readWeights(ctx, q)
}

// holds says whether the case of a subject is there with all its units.
func (w *world) holds(subject string) bool { return w.whole || w.held[subject] }

// place puts every unit into its case: that of its end user, or of who is billed
// while nobody says who uses it, so that many accounts or purposes are one case.
func (w *world) place(p *triage.Portfolio) {
	for _, a := range p.Accounts {
		account := unit{id: a.ID, account: a.ID, customer: a.Record.Customer, product: a.Record.Product, contract: a.Record.Contract}
		if len(p.Deployments[a.ID]) == 0 {
			w.add(account, p.Chain(a.Record, nil))
			continue
		}
		for _, d := range p.Deployments[a.ID] {
			u := account
			u.id = d.ID
			if d.Record.Product != "" {
				u.product = d.Record.Product
			}
			w.add(u, p.Chain(a.Record, d.Record))
		}
	}
}

func (w *world) add(u unit, chain triage.Chain) {
	switch {
	case chain.EndUser != nil:
		u.subject = chain.EndUser.ID
	case chain.Customer != nil:
		u.subject = chain.Customer.ID
	default:
		u.subject = u.account
	}
	i := len(w.units)
	w.units = append(w.units, u)
	if w.holds(u.subject) {
		w.cases[u.subject] = append(w.cases[u.subject], i)
	}
	if u.product != "" && w.holds(u.product) {
		w.products[u.product] = append(w.products[u.product], i)
	}
	records := append(chain.Parties(), u.account, u.subject)
	if u.id != u.account {
		records = append(records, u.id)
	}
	if u.product != "" {
		records = append(records, u.product)
	}
	slices.Sort(records)
	for _, id := range slices.Compact(records) {
		w.about[id] = append(w.about[id], i)
	}
}

// affected gives the units that a statement about a record, or about somebody who
// stands behind it, is about.
func (w *world) affected(id string) []int {
	var out []int
	for _, one := range w.below(id) {
		out = append(out, w.about[one]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readWeights reads what is stated of live harm and of how hard it is to undo. The
// worst statement counts.
func (w *world) readWeights(ctx context.Context, q store.Queryer) error {
	facts, err := pick(ctx, q, w, evidence.Facts, "subject", w.records(),
		"r.state = 'active' and (r.fact like 'harm.%.irremediability' or r.fact in ('harm.actual', 'grievances.open_severe', 'complaints.retaliation'))")
	if err != nil {
		return err
	}
	for _, f := range facts {
		for _, i := range w.about[f.Record.Subject] {
			w.weigh(w.units[i].id, f.Record)
		}
	}
	signals, err := pick(ctx, q, w, Signals, "subject", w.records(), "r.state = 'unread'")
	if err != nil {
		return err
	}
	for _, s := range signals {
		if s.Record.Sort == "grievance" || s.Record.Sort == "incident" {
			w.harmed(s.Record.Subject)
		}
	}
	incidents, err := pick(ctx, q, w, transparency.Incidents, "subject", w.records(), "r.state = 'confirmed'")
	if err != nil {
		return err
	}
	for _, in := range incidents {
		if in.Record.Severe() && in.Record.Remedied == "" {
			w.harmed(in.Record.Subject)
		}
	}
	return nil
}

// harmed notes live harm to people for the units that a record is about.
func (w *world) harmed(record string) {
	for _, i := range w.about[record] {
		had := w.weightOf(w.units[i].id)
		had.harm = 1
		w.weights[w.units[i].id] = had
	}
}

// records gives the ids of all that a statement may be about.
func (w *world) records() []string { return slices.Collect(maps.Keys(w.about)) }

func (w *world) weightOf(unit string) weight {
	if had, ok := w.weights[unit]; ok {
		return had
	}
	return weight{0, -1}
}

func (w *world) weigh(unit string, f *evidence.Fact) {
	had := w.weightOf(unit)
	switch v := f.Value.Value().(type) {
	case bool:
		if v {
			had.harm = 1
		}
	case string:
		if v == "alleged" || v == "confirmed" {
			had.harm = 1
		}
	case int64:
		switch {
		case f.Claim && strings.HasSuffix(f.Fact, ".irremediability"): // it could make less of what nobody knows
		case strings.HasSuffix(f.Fact, ".irremediability"):
			had.irremediable = max(had.irremediable, min(max(v, 0), worstIrremediability))
		case v > 0:
			had.harm = 1
		}
	}
	w.weights[unit] = had
}

// lane gives the strictest lane of some units; a unit that was not sorted is DESK.
func (w *world) lane(units []int) string {
	best := 0
	for _, i := range units {
		lane := w.lanes[w.units[i].account]
		if lane == "" {
			lane = string(triage.Desk)
		}
		best = max(best, laneRank(lane))
	}
	return lanes[best]
}

func laneRank(lane string) int { return max(slices.Index(lanes, lane), 0) }

// place in the queue, but for dates: what is worse is higher.
type place struct{ harm, severity, irremediable, value int64 }

func (p place) max(o place) place {
	return place{max(p.harm, o.harm), max(p.severity, o.severity), max(p.irremediable, o.irremediable), max(p.value, o.value)}
}

// own gives the place of some units by themselves. What nobody rated counts as the
// pack says, and what nobody stated of irremediability as the worst.
func (w *world) own(r *Rules, units []int) (place, string) {
	var p place
	lane := w.lane(units)
	for _, i := range units {
		u := &w.units[i]
		stated := w.weightOf(u.id)
		one := place{harm: stated.harm, severity: r.unrated[lane], irremediable: stated.irremediable, value: int64(3)}
		if one.irremediable < 0 {
			one.irremediable = worstIrremediability
		}
		if rated := w.rated[u.id]; rated != nil {
			one.severity = rated.Record.Severity
			one.value = int64(assessment.Rank(rated.Record.Worst) - assessment.Rank(rated.Record.Best))
		}
		p = p.max(one)
	}
	return p, lane
}

// weighed gives the place and lane of a case, with what it inherits. What somebody has
// to look at is on a desk at least, whatever the rules say of the customer.
func (w *world) weighed(r *Rules, subject string, units []int) (place, string) {
	p, lane := w.inherited(r, subject, units)
	return p, lanes[max(laneRank(lane), laneRank(string(triage.Desk)))]
}

// inherited gives the place and lane of the units of a subject: their own, and no less
// than those of the customers that hold half of it or more.
func (w *world) inherited(r *Rules, subject string, units []int) (place, string) {
	p, lane := w.own(r, units)
	for _, parent := range reach(subject, w.parents)[1:] {
		if theirs := w.cases[parent]; len(theirs) > 0 {
			more, stricter := w.own(r, theirs)
			p.harm, p.severity, p.irremediable = max(p.harm, more.harm), max(p.severity, more.severity), max(p.irremediable, more.irremediable)
			lane = lanes[max(laneRank(lane), laneRank(stricter))]
		}
	}
	return p, lane
}

// unitIDs gives the record ids of units, sorted.
func (w *world) unitIDs(units []int) []string {
	out := make([]string, len(units))
	for k, i := range units {
		out[k] = w.units[i].id
	}
	slices.Sort(out)
	return out
}
