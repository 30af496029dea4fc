package assessment

import (
	"context"
	"strings"

	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/triage"
)

// Which says what to assess: every active deployment of the accounts in the lanes,
// and what the ids name: a deployment, or an account for all its deployments.
type Which struct {
	Lanes []triage.Lane
	IDs   []string
}

// Summary says what an assessment run did.
type Summary struct {
	Assessed int            `json:"assessed"`
	Pending  int            `json:"pending"`
	Outcomes map[string]int `json:"outcomes"`
	Worst    map[string]int `json:"worst"`
	Best     map[string]int `json:"best"`
	Missing  map[string]int `json:"missing"` // ratings by required fact that is unknown
	Changed  int            `json:"changed"`
	Run      int64          `json:"entry"`
	Subjects []Assessed     `json:"subjects,omitempty"` // when ids were named
}

// Assessed is one rating as it came out.
type Assessed struct {
	Subject   string   `json:"subject"`
	Account   string   `json:"account"`
	Best      string   `json:"best"`  // residual band if all that is unknown turns out well
	Worst     string   `json:"worst"` // residual band if it turns out badly: what is decided on
	Inherent  string   `json:"inherent"`
	Tier      string   `json:"tier"`
	HardStops []string `json:"hard_stops"`
	Decision  string   `json:"decision"` // what the method calls for
	Pending   bool     `json:"pending"`
	Known     int      `json:"known"`
	Facts     int      `json:"facts"`
	Missing   []string `json:"missing"` // required facts that are unknown
	Ask       []Ask    `json:"ask"`     // unknown facts, the most useful first
	Flips     []string `json:"flips"`   // single facts that, if otherwise, give another decision
}

// Ask is an unknown fact that would narrow a rating.
type Ask struct {
	Fact     string `json:"fact"`
	Question string `json:"question"`
}

func assessed(r *rating.Rating, o *rating.Outlook, g *gathered) Assessed {
	a := Assessed{
		Subject: g.subject, Account: g.account.ID, Best: r.Best.Residual.String(), Worst: r.Worst.Residual.String(),
		Inherent: r.Worst.Inherent.String(), Tier: r.Tier, HardStops: r.HardStops, Decision: r.Decision, Pending: r.Pending,
		Known: r.Known, Facts: r.Total, Missing: r.Missing,
	}
	for _, q := range o.Questions {
		a.Ask = append(a.Ask, Ask{q.Fact, q.Text})
	}
	for _, f := range o.Flips {
		a.Flips = append(a.Flips, f.Fact+" = "+f.To+": "+f.Decision)
	}
	return a
}

// batch is how many ratings one transaction writes.
const batch = 500

// Assess rates the deployments and records what changed and the run. preparer is
// the key id of the person in whose name it is prepared, who may not decide on it.
func Assess(ctx context.Context, db *store.DB, preparer, today string, p *pack.Pack, which Which, progress func(done, all int)) (*Summary, error) {
	m, err := rating.Load(p)
	if err != nil {
		return nil, err
	}
	portfolio, err := triage.ReadPortfolio(ctx, db, today)
	if err != nil {
		return nil, err
	}
	units, err := which.pick(ctx, db, portfolio)
	if err != nil {
		return nil, err
	}
	previous, err := Current(ctx, db)
	if err != nil {
		return nil, err
	}
	hashes := make([]ledger.Hash, len(units))
	for i, u := range units {
		hashes[i] = u.hash()
	}
	s := &Summary{Outcomes: map[string]int{}, Worst: map[string]int{}, Best: map[string]int{}, Missing: map[string]int{}}
	for from := 0; from < len(units); from += batch {
		part := units[from:min(from+batch, len(units))]
		err := db.Write(ctx, preparer, func(tx *store.Tx) error {
			if err := runs.Use(tx, p); err != nil {
				return err
			}
			for _, u := range part {
				if err := s.one(ctx, tx, m, portfolio, u, previous, preparer, today, len(which.IDs) > 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if progress != nil {
			progress(s.Assessed, len(units))
		}
	}
	return s, db.Write(ctx, preparer, func(tx *store.Tx) error {
		population, err := runs.Root(hashes)
		if err != nil {
			return err
		}
		ref, err := store.Create(tx, runs.Runs, &runs.Run{
			Task: "assess", Day: today, Covered: int64(s.Assessed), Findings: int64(s.Pending), Population: population, Inputs: append([]string{p.Hash}, portfolio.RuledBy...),
		})
		s.Run = ref.Seq
		return err
	})
}

// unit is what one rating judges: an active deployment, or an account without one,
// which then is rated as itself.
type unit struct {
	account    *store.Revision[register.Account]
	deployment *store.Revision[register.Deployment] // nil when the account has none
}

func (u unit) subject() string {
	if u.deployment != nil {
		return u.deployment.ID
	}
	return u.account.ID
}

func (u unit) hash() ledger.Hash {
	if u.deployment != nil {
		return u.deployment.Hash
	}
	return u.account.Hash
}

func unitsOf(p *triage.Portfolio, a *store.Revision[register.Account]) []unit {
	if len(p.Deployments[a.ID]) == 0 {
		return []unit{{account: a}}
	}
	var units []unit
	for _, d := range p.Deployments[a.ID] {
		units = append(units, unit{a, d})
	}
	return units
}

// pick gives what is to be assessed, in the order of the log's accounts.
func (w Which) pick(ctx context.Context, q store.Queryer, p *triage.Portfolio) ([]unit, error) {
	lanes, err := triage.Current(ctx, q)
	if err != nil {
		return nil, err
	}
	wanted, found := map[string]bool{}, map[string]bool{}
	for _, id := range w.IDs {
		wanted[id] = true
	}
	var picked []unit
	for _, a := range p.Accounts {
		whole := wanted[a.ID] || inLanes(w.Lanes, lanes[a.ID])
		found[a.ID] = true
		for _, u := range unitsOf(p, a) {
			found[u.subject()] = true
			if whole || wanted[u.subject()] {
				picked = append(picked, u)
			}
		}
	}
	for _, id := range w.IDs {
		if !found[id] {
			return nil, fault.Newf(fault.NotFound, "%q is no active account, and no active deployment of one", id).
				WithFix("what has ended, and a deployment whose account is not registered, cannot be assessed")
		}
	}
	return picked, nil
}

func inLanes(lanes []triage.Lane, t *store.Revision[triage.Triage]) bool {
	if t == nil {
		return false
	}
	for _, l := range lanes {
		if string(l) == t.Record.Lane {
			return true
		}
	}
	return false
}

func (s *Summary) one(ctx context.Context, tx *store.Tx, m *rating.Method, p *triage.Portfolio, u unit, previous map[string]*store.Revision[Rating], preparer, today string, detail bool) error {
	g, err := gather(ctx, tx, m, p, u, today)
	if err != nil {
		return err
	}
	r, err := m.Rate(g.inputs)
	if err != nil {
		return err
	}
	outlook, err := m.Outlook(g.inputs)
	if err != nil {
		return err
	}
	record := toRecord(&r, &outlook, g, preparer)
	s.count(record)
	if detail {
		s.Subjects = append(s.Subjects, assessed(&r, &outlook, g))
	}
	before := previous[g.subject]
	if before == nil {
		s.Changed++
		_, err = store.Create(tx, Ratings, record)
		return err
	}
	if before.Seq > g.newest && before.Record.Trace == record.Trace && strings.Join(before.Record.Inputs, "\n") == strings.Join(record.Inputs, "\n") {
		return nil // nothing is newer, the same facts and the same result: the preparer of the first stays
	}
	s.Changed++
	_, _, err = store.Revise(tx, Ratings, before.ID, record)
	return err
}

func (s *Summary) count(r *Rating) {
	s.Assessed++
	if r.Pending {
		s.Pending++
	}
	s.Outcomes[r.Outcome]++
	s.Worst[r.Worst]++
	s.Best[r.Best]++
	for _, f := range r.Missing {
		s.Missing[f]++
	}
}

// askLimit is how many of the most useful questions a rating keeps.
const askLimit = 10

func toRecord(r *rating.Rating, o *rating.Outlook, g *gathered, preparer string) *Rating {
	out := &Rating{
		Method: r.MethodHash, Engine: bundle.EngineNumber(),
		Best: r.Best.Residual.String(), Worst: r.Worst.Residual.String(), Inherent: r.Worst.Inherent.String(),
		Severity: int64(r.Worst.S), Sum: int64(r.Worst.Sum), Left: int64(r.Worst.LR),
		Tier: r.Tier, HardStops: r.HardStops, Pending: r.Pending, Known: int64(r.Known), Facts: int64(r.Total),
		Outcome: bundle.Outcome(r.Decision), Review: int64(r.Review),
		Subject: g.subject, Account: g.account.ID, Inputs: g.named, Missing: r.Missing,
		Trace: bundle.Trace(r), Preparer: preparer,
	}
	for i, q := range o.Questions {
		if i == askLimit {
			break
		}
		out.Ask = append(out.Ask, q.Fact+": "+q.Text)
	}
	return out
}

// Current gives the newest rating of every subject.
func Current(ctx context.Context, q store.Queryer) (map[string]*store.Revision[Rating], error) {
	list, err := store.Select(ctx, q, Ratings, "")
	if err != nil {
		return nil, err
	}
	out := make(map[string]*store.Revision[Rating], len(list))
	for _, r := range list {
		out[r.Record.Subject] = r
	}
	return out, nil
}
