package report

import (
	"cmp"
	"slices"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/decision"
	"duly/internal/page"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/usage"
)

// The fixed lists that outcomes are counted over, each in the order in which it is
// shown. The page shows the first outcome, pending, apart.
var (
	laneNames = []string{"STOP", "PERSON", "DESK", "AUTO"}
	tierNames = []string{"SDD", "CDD", "EDD", "EDD+GB"}
	actNames  = []string{"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"}
	outcomes  = []string{"pending", "approve", "approve_with_conditions", "escalate", "decline", "suspend", "prohibited_policy", "prohibited_legal"}
	stopNames = []string{"HS-L1", "HS-L2", "HS-L3", "HS-L4", "HS-P1", "HS-P2", "HS-P3", "HS-P4", "HS-P5"}
	gradings  = []string{"low", "medium", "high", "critical"}
	findKinds = []string{"breach", "deviation", "undeclared", "blind_spot"}
)

const notTriaged = "not_triaged"

// places says what belongs to each subject, by record id.
type places struct {
	deployments map[string][]*store.Revision[register.Deployment] // by account
	findings    map[string][]*store.Revision[usage.FindingRecord] // by deployment
	counts      map[string][]*store.Revision[usage.CountRecord]
	screened    int64 // position of the last screening run, -1 for none
}

// subjects makes a row of everything that is judged and counts the portfolio.
func (b *builder) subjects() error {
	p := b.place()
	b.r.Subjects = []Subject{}
	unlisted := map[string]int{}
	known := map[string]bool{}
	for _, a := range b.accounts {
		known[a.ID] = true
		list := p.deployments[a.ID]
		active := inUse(list)
		b.progress(a, active, p)
		before := len(b.r.Subjects)
		if b.standsAlone(a, active) {
			list = append([]*store.Revision[register.Deployment]{nil}, list...)
		}
		for _, d := range list {
			// An account that was judged before its deployment was registered keeps
			// that judgement until a newer one is made.
			takes := d == nil || len(active) == 1 && active[0] == d
			if row := b.subject(a, d, takes, p); row.listed() {
				b.r.Subjects = append(b.r.Subjects, b.fill(row, a, d))
			}
		}
		delete(b.ratings, a.ID) // what newer judgements of all its deployments replaced
		delete(b.decisions, a.ID)
		if len(b.r.Subjects) == before && a.Record.State != "ended" {
			unlisted[laneOf(b.triages[a.ID])]++
		}
	}
	for _, d := range b.deployments {
		if !known[d.Record.Account] {
			if row := b.subject(nil, d, false, p); row.listed() {
				b.r.Subjects = append(b.r.Subjects, b.fill(row, nil, d))
			}
		}
	}
	b.r.Unlisted = tallies(append(slices.Clone(laneNames), notTriaged), unlisted)
	b.unplaced(p)
	b.portfolio()
	slices.SortStableFunc(b.r.Subjects, graver)
	return b.view.err
}

func inUse(list []*store.Revision[register.Deployment]) []*store.Revision[register.Deployment] {
	return slices.DeleteFunc(slices.Clone(list), func(d *store.Revision[register.Deployment]) bool { return d.Record.State != "active" })
}

// standsAlone says whether an account has a row of its own: without an active
// deployment it is what is judged, and with several its own judgement is no one's
// of them and stands until each has a newer one.
func (b *builder) standsAlone(a *store.Revision[register.Account], active []*store.Revision[register.Deployment]) bool {
	if len(active) < 2 {
		return len(active) == 0
	}
	rating, decided := b.ratings[a.ID], b.decisions[a.ID]
	for _, d := range active {
		if x := b.ratings[d.ID]; rating != nil && (x == nil || x.Seq < rating.Seq) {
			return true
		}
		if x := b.decisions[d.ID]; decided != nil && (x == nil || x.Seq < decided.Seq) {
			return true
		}
	}
	return false
}

// place brings records under the subjects that they speak of.
func (b *builder) place() *places {
	p := &places{
		deployments: map[string][]*store.Revision[register.Deployment]{}, findings: map[string][]*store.Revision[usage.FindingRecord]{},
		counts: map[string][]*store.Revision[usage.CountRecord]{}, screened: -1,
	}
	for _, d := range b.deployments {
		p.deployments[d.Record.Account] = append(p.deployments[d.Record.Account], d)
	}
	for _, f := range b.found {
		p.findings[f.Record.Deployment] = append(p.findings[f.Record.Deployment], f)
	}
	for _, c := range b.counted {
		p.counts[c.Record.Deployment] = append(p.counts[c.Record.Deployment], c)
	}
	for _, r := range b.ran {
		if r.Record.Task == "screen" {
			p.screened = r.Seq
		}
	}
	return p
}

// row is a subject before its sealed values are looked at, which most are not.
type row struct {
	Subject
	rating   *store.Revision[assessment.Rating]
	decision *store.Revision[decision.Decision]
	counts   []*store.Revision[usage.CountRecord]
	findings []*store.Revision[usage.FindingRecord]
	lane     *store.Revision[triage.Triage]
}

// listed says whether a subject has a row of its own.
func (r *row) listed() bool {
	if r.rating != nil || r.decision != nil || len(r.counts) > 0 || len(r.findings) > 0 {
		return true
	}
	return r.State == "active" && r.lane != nil && (r.lane.Record.Lane == "STOP" || r.lane.Record.Lane == "PERSON")
}

// subject finds what is known of a deployment on an account; one of the two may
// be nil. takes says whether the account's own judgement is its own too. What it
// takes is taken from the builder's maps: the rest is unplaced.
func (b *builder) subject(a *store.Revision[register.Account], d *store.Revision[register.Deployment], takes bool, p *places) *row {
	r := &row{Subject: Subject{Kind: "account"}}
	firstDay := dayOf(b.r.Log.First)
	var ids []string
	if takes {
		ids = append(ids, a.ID)
	}
	if a != nil {
		r.ID, r.State, r.lane = a.ID, a.Record.State, b.triages[a.ID]
		r.Entries.Account, r.Imported, r.Screened = a.Seq, began(a.Record.ValidFrom, firstDay), b.screened(a.Record, p, d)
	}
	if d != nil {
		ids = append(ids, d.ID)
		if a == nil || r.State == "active" {
			r.State = d.Record.State
		}
		r.Kind, r.ID, r.Entries.Deployment = "deployment", d.ID, d.Seq
		r.Imported = r.Imported || began(d.Record.ValidFrom, firstDay)
		r.findings, r.counts = p.findings[d.ID], p.counts[d.ID]
		delete(p.findings, d.ID)
		delete(p.counts, d.ID)
	}
	for _, id := range ids {
		if x := b.ratings[id]; x != nil && (r.rating == nil || x.Seq > r.rating.Seq) {
			r.rating = x
		}
		if x := b.decisions[id]; x != nil && (r.decision == nil || x.Seq > r.decision.Seq) {
			r.decision = x
		}
		delete(b.ratings, id)
		delete(b.decisions, id)
	}
	return r
}

// screened says whether the last screening run saw the customer, who stands in
// between, and whose the deployments are, as they are registered now.
func (b *builder) screened(a *register.Account, p *places, deployments ...*store.Revision[register.Deployment]) bool {
	parties := []string{a.Customer}
	for _, d := range deployments {
		if d != nil && d.Record.Customer != "" {
			parties = append(parties, d.Record.Customer)
		}
	}
	if link := b.relationships[a.Via]; link != nil {
		parties = append(parties, link.Record.Party)
	}
	for _, id := range parties {
		if c := b.customers[id]; c == nil || c.Seq > p.screened {
			return false
		}
	}
	return true
}

func laneOf(t *store.Revision[triage.Triage]) string {
	if t == nil {
		return notTriaged
	}
	return t.Record.Lane
}

// progress counts how far an account has come: as far as the last of its deployments.
func (b *builder) progress(a *store.Revision[register.Account], active []*store.Revision[register.Deployment], p *places) {
	if a.Record.State == "ended" {
		return
	}
	unrated := slices.ContainsFunc(active, func(d *store.Revision[register.Deployment]) bool { return b.ratings[d.ID] == nil })
	assessed := b.ratings[a.ID] != nil || len(active) > 0 && !unrated
	switch {
	case assessed:
		b.r.Progress.Assessed++
	case b.screened(a.Record, p, active...):
		b.r.Progress.ScreenedNotAssessed++
	default:
		b.r.Progress.NotScreened++
	}
}

// fill looks at the sealed values of a listed subject.
func (b *builder) fill(r *row, a *store.Revision[register.Account], d *store.Revision[register.Deployment]) Subject {
	s := r.Subject
	b.describe(&s, a, d)
	if r.lane != nil {
		s.Lane = laneRow(b.view, r.lane)
	}
	if r.rating != nil {
		s.Rating = b.rating(r.rating)
	}
	if r.decision != nil {
		s.Decision = b.decision(r.decision, r.rating)
	}
	s.Counts = b.counts(r.counts)
	s.Promised = b.promised(&s, a, d)
	s.Findings = make([]Finding, len(r.findings))
	for i, f := range r.findings {
		s.Findings[i] = findingRow(b.view, f)
	}
	slices.SortStableFunc(s.Findings, func(x, y Finding) int {
		return cmp.Or(slices.Index(gradings, y.Grade)-slices.Index(gradings, x.Grade), cmp.Compare(x.Condition, y.Condition), cmp.Compare(x.Day, y.Day))
	})
	return s
}

func laneRow(v *viewer, t *store.Revision[triage.Triage]) *Lane {
	return &Lane{t.Seq, t.Record.Lane, t.Record.ByDefault, see(v, triage.Triages, t, "reasons")}
}

func findingRow(v *viewer, f *store.Revision[usage.FindingRecord]) Finding {
	return Finding{
		f.Seq, f.Record.State, f.Record.Grade, f.Record.Kind, f.Record.Day, f.Record.Calls, f.Record.Condition,
		see(v, usage.Findings, f, "clause"), see(v, usage.Findings, f, "evidence"),
	}
}

// describe says who and what a subject is. Where a record is not mapped, the field that
// would name it stands instead. Nothing is looked at that is not shown: what is looked at
// counts as withheld.
func (b *builder) describe(s *Subject, a *store.Revision[register.Account], d *store.Revision[register.Deployment]) {
	customer := ""
	if a != nil {
		customer = a.Record.Customer
	}
	if d != nil && d.Record.Customer != "" {
		customer = d.Record.Customer
	}
	ofAccount := func(field string) Value { return see(b.view, register.Accounts, a, field) }
	ofDeployment := func(field string) Value { return see(b.view, register.Deployments, d, field) }
	if a != nil {
		account := ofAccount("name")
		s.Account = &account
		if link := b.relationships[a.Record.Via]; link != nil && b.customers[link.Record.Party] != nil {
			through := see(b.view, register.Customers, b.customers[link.Record.Party], "name")
			s.Through = &through
		}
	}
	switch c := b.customers[customer]; {
	case c != nil:
		s.Customer, s.Sector = see(b.view, register.Customers, c, "name"), see(b.view, register.Customers, c, "sector")
		if d == nil {
			s.Jurisdiction = see(b.view, register.Customers, c, "jurisdiction")
		}
	case a != nil:
		s.Customer = ofAccount("customer")
		s.Sector, s.Jurisdiction = s.Customer, s.Customer
	default:
		s.Customer = ofDeployment("customer")
		s.Sector = s.Customer
	}
	if d != nil {
		s.Capability, s.Purpose, s.Jurisdiction = ofDeployment("capability"), ofDeployment("purpose"), ofDeployment("jurisdiction")
		return
	}
	s.Purpose = ofAccount("purpose")
	if p := b.products[a.Record.Product]; p != nil {
		s.Capability = see(b.view, register.Products, p, "intended")
	} else {
		s.Capability = ofAccount("product")
	}
}

func (b *builder) rating(r *store.Revision[assessment.Rating]) *Rating {
	x := r.Record
	stops := x.HardStops
	if stops == nil {
		stops = []string{}
	}
	return &Rating{
		Entry: r.Seq, Day: dayOf(when(r.Leaf)), Method: x.Method, Best: x.Best, Worst: x.Worst, Inherent: x.Inherent,
		Tier: x.Tier, HardStops: stops, Pending: x.Pending, Known: x.Known, Facts: x.Facts, Sum: x.Sum, Outcome: x.Outcome,
		Missing: see(b.view, assessment.Ratings, r, "missing"), Ask: see(b.view, assessment.Ratings, r, "ask"),
	}
}

func (b *builder) decision(d *store.Revision[decision.Decision], rated *store.Revision[assessment.Rating]) *Decision {
	x := d.Record
	state, until := b.state(d)
	return &Decision{
		Precedent: x.Precedents, Met: b.fulfilled[d.Hash.String()],
		Basis: x.Basis, State: state, From: x.From, Expires: x.Expires, Opinions: x.Opinions, Objections: x.Objections, Until: until,
		Entry: d.Seq, Act: x.Act, Day: x.Day, ReviewDay: x.ReviewDay, Overdue: x.ReviewDay != "" && x.ReviewDay < b.r.Day,
		Confirmed: b.enforced[d.Hash.String()] != "", RatedSince: rated != nil && rated.Seq > d.Seq, Signatures: x.Signatures, Reason: see(b.view, decision.Decisions, d, "reason"),
	}
}

// portfolio counts ratings and decisions over the rows, which hold all of them.
func (b *builder) portfolio() {
	p, d := &b.r.Portfolio, &b.r.Decisions
	tiers, results, stops, acts := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	intervals := map[Interval]int{}
	for _, s := range b.r.Subjects {
		if r := s.Rating; r != nil {
			p.Ratings++
			p.Known, p.Facts = p.Known+r.Known, p.Facts+r.Facts
			if r.Pending {
				p.Pending++
			}
			tiers[r.Tier]++
			results[r.Outcome]++
			intervals[Interval{Best: r.Best, Worst: r.Worst}]++
			for _, h := range r.HardStops {
				stops[h]++
			}
		}
		if x := s.Decision; x != nil {
			d.Decided++
			switch {
			case x.State == "lapsed":
				d.Lapsed++
			case x.State == "locked":
				d.Locked++
				if x.Until != nil {
					acts[x.Until.Act]++
				}
			case x.State == "waits":
				d.Waiting++
			default:
				acts[x.Act]++
			}
			if bundle.LetsRun(x.Act) && (x.State == "holds" || x.State == "waits") {
				d.Precedent, d.Met = d.Precedent+x.Precedent, d.Met+x.Met
			}
			if x.Confirmed {
				d.Confirmed++
			}
			if x.Overdue {
				d.Overdue++
			}
			if x.RatedSince {
				d.Outdated++
			}
		}
	}
	p.Tiers, p.Outcomes, p.HardStops = tallies(tierNames, tiers), tallies(outcomes, results), tallies(stopNames, stops)
	d.Acts = tallies(actNames, acts)
	p.Intervals = []Interval{}
	for i, best := range page.Bands {
		for _, worst := range page.Bands[i:] {
			if n := intervals[Interval{Best: best, Worst: worst}]; n > 0 {
				p.Intervals = append(p.Intervals, Interval{best, worst, n})
			}
		}
	}
}

// unplaced counts what no subject took.
func (b *builder) unplaced(p *places) {
	u := &b.r.Unplaced
	u.Ratings, u.Decisions = len(b.ratings), len(b.decisions)
	for _, list := range p.findings {
		u.Findings += len(list)
	}
	for _, list := range p.counts {
		u.Counts += len(list)
	}
}

// graver orders subjects by what a reader must see first: hard stops, then what was
// seen to happen, then the worst end, which may be mere ignorance, then the best end,
// then the lane; the log's order otherwise.
func graver(a, b Subject) int {
	rank := func(s Subject) (stops, found, worst, best, lane int) {
		stops, worst, best, lane = 1, 1, 1, len(laneNames)
		for _, f := range s.Findings {
			if f.State == "open" {
				found = min(found, -1-slices.Index(gradings, f.Grade))
			}
		}
		if s.Rating != nil {
			stops = -min(1, len(s.Rating.HardStops))
			worst, best = -slices.Index(page.Bands, s.Rating.Worst), -slices.Index(page.Bands, s.Rating.Best)
		}
		if s.Lane != nil {
			lane = slices.Index(laneNames, s.Lane.Lane)
		}
		return stops, found, worst, best, lane
	}
	s1, f1, w1, b1, l1 := rank(a)
	s2, f2, w2, b2, l2 := rank(b)
	return cmp.Or(s1-s2, f1-f2, w1-w2, b1-b2, l1-l2)
}
