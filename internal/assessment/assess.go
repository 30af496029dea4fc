package assessment

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"duly/internal/bundle"
	"duly/internal/evidence"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/runs"
	"duly/internal/store"
	"duly/internal/triage"
)

// Which says what to assess: every active deployment of the accounts in the lanes,
// and what the ids name: a deployment, or an account for all its deployments.
type Which struct {
	Lanes        []triage.Lane
	IDs          []string
	Prohibitions *Prohibitions // that count; nil for the laws that ship alone
	// Changed asks for everything that is rated already, instead of lanes and ids, and
	// for no more to be written than the ratings that come out otherwise: another
	// decision called for, worst band or tier. A rating that comes out the same stays as
	// it is, under the method that it names; the run says that it was looked at.
	Changed bool

	only func(subject string) bool // of those, the subjects that are meant; nil for all
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
	Kept     int            `json:"kept"` // ratings under the method of a standing one, which is not in force any more
	Run      int64          `json:"entry"`
	Subjects []Assessed     `json:"subjects,omitempty"` // when ids were named
}

// Assessed is one rating as it came out.
type Assessed struct {
	Subject   string   `json:"subject"`
	Account   string   `json:"account"`
	Leaf      string   `json:"leaf"`  // hash of the rating's leaf, by which a decision names it
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
	Rulings   []string `json:"rulings"` // what bans and moratoria said, where they settle or open something
	Flips     []string `json:"flips"`   // single facts that, if otherwise, give another decision
	// OutOfDate are facts that were answered and are unknown again, with the day since
	// when; Single those that rest on fewer independent sources than the method asks for.
	OutOfDate []string `json:"out_of_date,omitempty"`
	Single    []string `json:"single_source,omitempty"`
}

// Ask is an unknown fact that would narrow a rating.
type Ask struct {
	Fact     string `json:"fact"`
	Question string `json:"question"`
}

func assessed(r *rating.Rating, o *rating.Outlook, g *gathered, leaf ledger.Hash) Assessed {
	a := Assessed{
		Leaf:    leaf.String(),
		Subject: g.unit.subject(), Account: g.unit.account.ID, Best: r.Best.Residual.String(), Worst: r.Worst.Residual.String(),
		Inherent: r.Worst.Inherent.String(), Tier: r.Tier, HardStops: r.HardStops, Decision: r.Decision, Pending: r.Pending,
		Known: r.Known, Facts: r.Total, Missing: r.Missing, OutOfDate: g.stale, Single: g.single,
	}
	for _, b := range g.behind {
		a.Rulings = append(a.Rulings, b.text)
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
	if which.Prohibitions == nil {
		if which.Prohibitions, err = ReadProhibitions(nil); err != nil {
			return nil, err
		}
	}
	if which.Changed {
		return assessChanged(ctx, db, preparer, today, p, m, which, progress)
	}
	portfolio, err := which.portfolio(ctx, db, today, m)
	if err != nil {
		return nil, err
	}
	units, err := which.pick(ctx, db, portfolio)
	if err != nil || which.only != nil && len(units) == 0 {
		return newSummary(), err
	}
	hashes := make([]ledger.Hash, len(units))
	for i, u := range units {
		hashes[i] = u.hash()
	}
	s := newSummary()
	w := &writer{method: m, pack: p, parties: portfolio, rules: which.Prohibitions, used: map[string]bool{}, preparer: preparer, today: today, detail: len(which.IDs) > 0}
	if _, asked := m.Fact(factOverlaps); asked {
		w.beside = portfolio.Exposures().Beside
	}
	for part := range slices.Chunk(units, batch) {
		if err := w.write(ctx, db, part, s); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(s.Assessed, len(units))
		}
	}
	return s, w.record(ctx, db, s, hashes)
}

// record writes the run.
func (w *writer) record(ctx context.Context, db *store.DB, s *Summary, looked []ledger.Hash) error {
	population, err := runs.Root(looked)
	if err != nil {
		return err
	}
	return db.Write(ctx, w.preparer, func(tx *store.Tx) error {
		ref, err := store.Create(tx, runs.Runs, &runs.Run{
			Task: "assess", Day: w.today, Covered: int64(s.Assessed), Findings: int64(s.Pending), Population: population,
			Inputs: slices.Concat([]string{w.pack.Hash}, w.parties.RuledBy, w.rules.Hashes()), Note: w.rules.Note(),
		})
		s.Run = ref.Seq
		return err
	})
}

// portfolio reads the register: where only ids are named no more than these need, unless
// the method asks how many others cover the same people.
func (w Which) portfolio(ctx context.Context, q store.Queryer, today string, m *rating.Method) (*triage.Portfolio, error) {
	if _, asked := m.Fact(factOverlaps); asked || len(w.Lanes) > 0 {
		return triage.ReadPortfolio(ctx, q, today)
	}
	return triage.ReadKnown(ctx, q, today, w.IDs)
}

// pick gives what is to be assessed, in the order of the log's accounts.
func (w Which) pick(ctx context.Context, q store.Queryer, p *triage.Portfolio) ([]unit, error) {
	var lanes map[string]*store.Revision[triage.Triage]
	if len(w.Lanes) > 0 {
		var err error
		if lanes, err = triage.Current(ctx, q); err != nil {
			return nil, err
		}
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
			if (whole || wanted[u.subject()]) && (w.only == nil || w.only(u.subject())) {
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

// writer rates units and writes what changed.
type writer struct {
	beside   map[string]int // where the method asks it: how many others cover the same people
	method   *rating.Method
	pack     *pack.Pack
	parties  *triage.Portfolio
	rules    *Prohibitions
	used     map[string]bool // packs of prohibitions that were recorded, by hash
	preparer string
	today    string
	detail   bool // the summary tells of each
}

// rated is a unit with its rating.
type rated struct {
	*gathered
	rating  rating.Rating
	outlook rating.Outlook
}

// write rates some units in one transaction: what is stated about them is read in a
// few queries, whatever their number, and they are rated on all processors.
func (w *writer) write(ctx context.Context, db *store.DB, units []unit, s *Summary) error {
	return db.Write(ctx, w.preparer, func(tx *store.Tx) error {
		if err := runs.Use(tx, w.pack); err != nil {
			return err
		}
		list, err := w.rate(ctx, tx, units)
		if err != nil {
			return err
		}
		if err := w.state(ctx, tx, list); err != nil {
			return err
		}
		previous, err := ratingsOf(ctx, tx, units)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := w.use(tx, r.behind); err != nil {
				return err
			}
			record := toRecord(&r.rating, &r.outlook, r.gathered, w.preparer)
			s.count(record)
			before := previous[record.Subject]
			old, err := w.old(before)
			if err != nil {
				return err
			}
			leaf, err := s.put(tx, record, before, r.newest, old)
			if err != nil {
				return err
			}
			if w.detail {
				s.Subjects = append(s.Subjects, assessed(&r.rating, &r.outlook, r.gathered, leaf))
			}
		}
		return nil
	})
}

// old says whether a rating is from before a dated part of the method or the rule on
// owners changed, so that it has to be made anew though it comes out the same.
func (w *writer) old(before *store.Revision[Rating]) (bool, error) {
	if before == nil || before.Record.Method != w.pack.Hash {
		return false, nil
	}
	other, err := otherRule(before, w.today)
	return other || w.method.ChangesBetween(ratedFor(before), w.today), err
}

// use records the packs that stand behind what was said, each once a run.
func (w *writer) use(tx *store.Tx, behind []ruling) error {
	for _, b := range behind {
		if w.used[b.pack.Hash] {
			continue
		}
		if err := runs.Use(tx, b.pack); err != nil {
			return err
		}
		w.used[b.pack.Hash] = true
	}
	return nil
}

// rate gathers the inputs of units and rates them.
func (w *writer) rate(ctx context.Context, q store.Queryer, units []unit) ([]rated, error) {
	ground, err := newGround(w.parties, nil, w.rules, w.today)
	if err != nil {
		return nil, err
	}
	ground.beside = w.beside
	var subjects []string
	for _, u := range units {
		chain, product := ground.chainOf(u)
		subjects = append(subjects, subjectsOf(nil, u, chain, product)...)
	}
	slices.Sort(subjects)
	if ground.book, err = evidence.ReadBook(ctx, q, store.Now, slices.Compact(subjects)); err != nil {
		return nil, err
	}
	list := make([]rated, len(units))
	return list, parallel(len(units), func() func(int) error {
		g := ground.gatherer(w.method)
		var outlooks recall[rating.Outlook]
		var key []byte
		return func(i int) (err error) {
			var x material // not used again: what the program states is written later
			if err = ground.collect(&x, units[i]); err != nil {
				return err
			}
			list[i].gathered = g.gather(&x, nil)
			in := list[i].inputs()
			if list[i].rating, err = w.method.RateOn(w.today, in); err != nil {
				return err
			}
			key = list[i].appendKey(key[:0])
			list[i].outlook, err = outlooks.of(key, func() (rating.Outlook, error) { return w.method.OutlookOn(w.today, in) })
			return err
		}
	})
}

// parallel does n things, numbered from 0, on all processors. begin makes what does
// them for one processor. The error is that of the lowest number.
func parallel(n int, begin func() func(i int) error) error {
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make([]error, n)
	for range min(runtime.GOMAXPROCS(0), n) {
		all.Go(func() {
			do := begin()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				failed[i] = do(i)
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// state writes what the program says of the units, and names their inputs.
func (w *writer) state(ctx context.Context, tx *store.Tx, list []rated) error {
	all := make([]*gathered, len(list))
	subjects := make([]string, len(list))
	for i, r := range list {
		all[i], subjects[i] = r.gathered, r.unit.subject()
	}
	program, err := evidence.ReadSpeaker(ctx, tx, DerivedBy, subjects)
	if err != nil {
		return err
	}
	var wrote []string
	for _, r := range list {
		new, err := stateOwn(ctx, tx, program, r.gathered, w.today)
		if err != nil {
			return err
		}
		if new {
			wrote = append(wrote, r.unit.subject())
		}
	}
	book, err := evidence.ReadBook(ctx, tx, store.Now, wrote)
	if err != nil {
		return err
	}
	written := map[[2]string]int64{}
	note := func(s evidence.Said, subject string) {
		if s.Fact.Source == DerivedBy {
			written[[2]string{subject, s.Fact.Fact}] = s.Seq
		}
	}
	for _, g := range all {
		for _, f := range g.before {
			note(f.Said, g.unit.subject())
		}
	}
	for _, subject := range wrote {
		for _, s := range book.About(nil, subject) {
			note(s, subject)
		}
	}
	return nameInputs(ctx, tx, all, written)
}

// ratingsOf gives the newest ratings of some units by subject.
func ratingsOf(ctx context.Context, q store.Queryer, units []unit) (map[string]*store.Revision[Rating], error) {
	subjects := make([]string, len(units))
	for i, u := range units {
		subjects[i] = u.subject()
	}
	list, err := store.SelectIn(ctx, q, Ratings, store.Now, "subject", subjects, "")
	out := make(map[string]*store.Revision[Rating], len(list))
	for _, r := range list {
		out[r.Record.Subject] = r
	}
	return out, err
}

// put writes a rating if it says anything new, or the one before is old, or anything of
// the chain is newer: nothing is decided on a rating that is older than the chain or the
// law. It gives the leaf hash of the one that stands. With the same facts and the same
// result the preparer of the first stays.
func (s *Summary) put(tx *store.Tx, record *Rating, before *store.Revision[Rating], newest int64, old bool) (leaf ledger.Hash, err error) {
	var ref store.Ref
	switch {
	case before == nil:
		ref, err = store.Create(tx, Ratings, record)
	case !old && before.Seq > newest && before.Record.Method == record.Method && before.Record.Trace == record.Trace && sameRulings(before.Record.Rulings, record.Rulings) && slices.Equal(before.Record.Inputs, record.Inputs):
		return before.Hash, nil
	default:
		ref, err = store.Restate(tx, Ratings, before.ID, record)
	}
	s.Changed++
	return ref.Hash, err
}

func newSummary() *Summary {
	return &Summary{Outcomes: map[string]int{}, Worst: map[string]int{}, Best: map[string]int{}, Missing: map[string]int{}}
}

func (s *Summary) count(r *Rating) {
	s.countAs(r.Outcome, r.Worst, r.Best, r.Pending, r.Missing)
}

func (s *Summary) countAs(outcome, worst, best string, pending bool, missing []string) {
	s.Assessed++
	if pending {
		s.Pending++
	}
	s.Outcomes[outcome]++
	s.Worst[worst]++
	s.Best[best]++
	for _, f := range missing {
		s.Missing[f]++
	}
}

// askLimit is how many of the most useful questions a rating keeps.
const askLimit = 10

func toRecord(r *rating.Rating, o *rating.Outlook, g *gathered, preparer string) *Rating {
	out := &Rating{
		Method: r.MethodHash, Engine: bundle.EngineNumber(), Day: r.Day,
		Best: r.Best.Residual.String(), Worst: r.Worst.Residual.String(), Inherent: r.Worst.Inherent.String(),
		Severity: int64(r.Worst.S), Sum: int64(r.Worst.Sum), Left: int64(r.Worst.LR),
		Tier: r.Tier, HardStops: r.HardStops, Pending: r.Pending, Known: int64(r.Known), Facts: int64(r.Total),
		Outcome: bundle.Outcome(r.Decision), Review: int64(r.Review),
		Subject: g.unit.subject(), Account: g.unit.account.ID, Inputs: g.named, Missing: r.Missing,
		Trace: bundle.Trace(r), Preparer: preparer,
	}
	for _, b := range g.behind {
		out.Rulings = append(out.Rulings, b.String())
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
