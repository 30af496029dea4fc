package casework

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/evidence"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
)

// Summary says what a sweep did.
type Summary struct {
	From   int64          `json:"from"`
	To     int64          `json:"to"`
	Cases  int            `json:"cases"`  // end users, and what has none, that were looked at
	Opened int            `json:"opened"` // cases opened
	Added  int            `json:"added"`  // open cases that got another trigger
	Ended  int            `json:"ended"`  // cases closed because the customer has gone
	Rated  int            `json:"rated"`  // rated again because a fact changed
	Still  int            `json:"still"`  // of them, without a change that a person must see
	Open   int            `json:"open"`
	Events map[string]int `json:"events"` // new triggers of cases, by event
	Entry  int64          `json:"entry"`
}

// Sweep reads what was written since the last sweep, rates again what new facts
// touch, and opens or adds to cases. What it opens and where it read to are one
// transaction, so that a killed sweep is done again as a whole and a second sweep
// finds nothing. Its cost grows with the cases that something happened to. The first
// sweep, and the first under another pack of rules, looks at all.
func Sweep(ctx context.Context, db *store.DB, actor, today string, rules *Rules) (*Summary, error) {
	return sweep(ctx, db, actor, today, rules, false)
}

// sweep is Sweep, which looks at all cases if it has to.
func sweep(ctx context.Context, db *store.DB, actor, today string, rules *Rules, all bool) (*Summary, error) {
	last, err := lastSweep(ctx, db)
	if err != nil {
		return nil, err
	}
	barred, err := newlyBarred(ctx, db, rules, last, today)
	if err != nil {
		return nil, err
	}
	again, err := rateAgain(ctx, db, actor, today, last.To, rules, barred)
	if err != nil {
		return nil, err
	}
	s := &Summary{Rated: len(again), Events: map[string]int{}}
	return s, db.Write(ctx, actor, func(tx *store.Tx) error {
		// Whoever swept meanwhile has moved the position; it is read under the lock.
		if last, err = lastSweep(ctx, tx); err != nil {
			return err
		}
		s.From, s.To = last.To, tx.Size()
		if err := handled(ctx, tx, s.From); err != nil {
			return err
		}
		w, err := worldSince(ctx, tx, last, today, rules, barred, all)
		if err != nil {
			return err
		}
		l := &look{ctx: ctx, q: tx, w: w, rules: rules, from: s.From, today: today, barred: barred}
		if err := l.all(); err != nil {
			return err
		}
		s.Cases = len(w.cases)
		if err := s.settle(tx, l); err != nil {
			return err
		}
		if s.Open, err = store.Count(ctx, tx, Reviews.Schema(), store.Now, "r.state = $1", StateOpen); err != nil {
			return err
		}
		s.Still = s.Rated - l.changed(again)
		s.Entry, err = s.record(tx, rules, today)
		return err
	})
}

// worldSince reads what a sweep has to look at: the cases that something happened to
// since the last one, and those that a law bars by now.
func worldSince(ctx context.Context, tx *store.Tx, last *SweepRecord, today string, rules *Rules, barred map[string][]string, all bool) (*world, error) {
	if all || last.Pack != rules.Hash {
		return readWorld(ctx, tx, today)
	}
	records, err := touchedSince(ctx, tx, last, today, rules)
	if err != nil {
		return nil, err
	}
	return readAround(ctx, tx, slices.AppendSeq(records, maps.Keys(barred)))
}

// lastSweep gives the last sweep; where there was none, one that read nothing.
func lastSweep(ctx context.Context, q store.Queryer) (*SweepRecord, error) {
	last, err := store.Select(ctx, q, Sweeps, "r.seq = (select max(seq) from r_sweep)")
	if err != nil || len(last) == 0 {
		return &SweepRecord{}, err
	}
	return last[0].Record, nil
}

func (s *Summary) record(tx *store.Tx, rules *Rules, today string) (int64, error) {
	ref, err := store.Create(tx, Sweeps, &SweepRecord{
		Day: today, From: s.From, To: s.To, Cases: int64(s.Cases), Opened: int64(s.Opened), Added: int64(s.Added),
		Rated: int64(s.Rated), Still: int64(s.Still), Open: int64(s.Open), Pack: rules.Hash, Laws: rules.lawsHash(),
	})
	return ref.Seq, err
}

// rateAgain rates the units about which facts were stated since a position and since
// they were rated, and those that a new law bars, by the method of their last rating, and
// gives their ids.
func rateAgain(ctx context.Context, db *store.DB, actor, today string, from int64, rules *Rules, barred map[string][]string) ([]string, error) {
	facts, err := store.Select(ctx, db, evidence.Facts, "r.seq >= $1 and coalesce(r.source, '') <> $2 and coalesce(r.claim, 0) = 0", from, derived)
	if err != nil || len(facts) == 0 && len(barred) == 0 {
		return nil, err
	}
	subjects := slices.Collect(maps.Keys(barred))
	for _, f := range facts {
		subjects = append(subjects, f.Record.Subject)
	}
	w, err := readAround(ctx, db, subjects)
	if err != nil {
		return nil, err
	}
	methods := map[string][]string{}
	seen := map[string]bool{}
	var all []string
	for _, f := range facts {
		for _, i := range w.about[f.Record.Subject] {
			id := w.units[i].id
			if r := w.rated[id]; r != nil && r.Seq < f.Seq && !seen[id] {
				seen[id] = true
				methods[r.Record.Method] = append(methods[r.Record.Method], id)
				all = append(all, id)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(barred)) {
		if r := w.rated[id]; r != nil && !seen[id] {
			methods[r.Record.Method] = append(methods[r.Record.Method], id)
			all = append(all, id)
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(methods)) {
		text, err := runs.Bytes(ctx, db, hash)
		if err != nil {
			return nil, err
		}
		p, err := pack.Parse("method "+hash, text)
		if err != nil {
			return nil, err
		}
		if _, err := assessment.Assess(ctx, db, actor, today, p, assessment.Which{IDs: methods[hash], Prohibitions: rules.Laws}, nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// changed counts those of the units whose rating opened or joined a case.
func (l *look) changed(units []string) int {
	ratings := map[string]bool{}
	for _, f := range l.found {
		if f.Event == "rating" {
			ratings[strings.SplitN(f.Cause, "@", 2)[0]] = true
		}
	}
	n := 0
	for _, id := range units {
		if r := l.w.rated[id]; r != nil && ratings[r.ID] {
			n++
		}
	}
	return n
}

// settle opens cases and adds to those that are open.
func (s *Summary) settle(tx *store.Tx, l *look) error {
	bySubject := map[string][]Trigger{}
	for _, f := range l.found {
		bySubject[f.subject] = append(bySubject[f.subject], f.Trigger)
	}
	cliffs, err := l.cliffs()
	if err != nil {
		return err
	}
	subjects := make([]string, 0, len(l.w.cases))
	for subject := range l.w.cases {
		subjects = append(subjects, subject)
	}
	for subject := range bySubject {
		if l.w.cases[subject] == nil {
			subjects = append(subjects, subject) // a product
		}
	}
	for subject, list := range l.w.reviews {
		if l.w.cases[subject] == nil && bySubject[subject] == nil && list[len(list)-1].Record.State == StateOpen {
			subjects = append(subjects, subject) // gone, or a product
		}
	}
	slices.Sort(subjects)
	for _, subject := range slices.Compact(subjects) {
		if err := s.one(tx, l, subject, bySubject[subject], cliffs[subject]); err != nil {
			return err
		}
	}
	return nil
}

// cliffs gives the first day on which a contract of each case ends.
func (l *look) cliffs() (map[string]string, error) {
	ending, err := l.ending()
	out := map[string]string{}
	for _, c := range ending {
		for _, i := range c.units {
			if subject := l.w.units[i].subject; out[subject] == "" || c.day < out[subject] {
				out[subject] = c.day
			}
		}
	}
	return out, err
}

// one settles the case of a subject.
func (s *Summary) one(tx *store.Tx, l *look, subject string, triggers []Trigger, cliff string) error {
	units := l.w.cases[subject]
	if units == nil {
		units = l.w.products[subject]
	}
	var open *store.Revision[Review]
	known := map[string]bool{}
	for _, r := range l.w.reviews[subject] {
		if r.Record.State == StateOpen {
			open = r
		}
		for _, t := range r.Record.Triggers {
			was := ParseTrigger(t)
			known[was.Event+" "+was.Cause] = true
		}
	}
	var fresh []Trigger
	for _, t := range triggers {
		if key := t.Event + " " + t.Cause; !known[key] {
			known[key] = true
			fresh = append(fresh, t)
		}
	}
	switch {
	case open == nil && !l.rules.open(fresh):
		return nil
	case open != nil && len(units) == 0 && len(triggers) == 0:
		next := *open.Record
		next.State, next.Outcome, next.Closed, next.Snoozed = StateClosed, Ended, l.today, ""
		next.Reason = "no active account is left"
		s.Ended++
		_, _, err := store.Revise(tx, Reviews, open.ID, &next)
		return err
	}
	for _, t := range fresh {
		s.Events[t.Event]++
	}
	return s.put(tx, l, open, subject, fresh, units, cliff)
}

// put writes the case as it stands now, when that is new.
func (s *Summary) put(tx *store.Tx, l *look, open *store.Revision[Review], subject string, fresh []Trigger, units []int, cliff string) error {
	p, lane := l.w.weighed(l.rules, subject, units)
	next := Review{State: StateOpen, Opened: l.today, Pack: l.rules.Hash, Subject: subject}
	if open != nil {
		next = *open.Record
		next.Why, next.Triggers = slices.Clone(next.Why), slices.Clone(next.Triggers)
	}
	next.Lane, next.Covers, next.Cliff = lane, l.w.unitIDs(units), cliff
	next.Harm, next.Severity, next.Irremediable, next.Value = p.harm, p.severity, p.irremediable, p.value
	for _, t := range fresh {
		next.Triggers = append(next.Triggers, t.String())
	}
	next.Why = append(next.Why, l.rules.why(fresh)...)
	slices.Sort(next.Why)
	next.Why = slices.Compact(next.Why)
	if due := l.rules.due(fresh, lane, l.today); due != "" && (next.Due == "" || due < next.Due) {
		next.Due = due
	}
	if len(fresh) > 0 || next.Harm > 0 {
		next.Snoozed = "" // what is new wakes it
	}
	if open == nil {
		s.Opened++
		_, err := store.Create(tx, Reviews, &next)
		return err
	}
	if len(fresh) > 0 {
		s.Added++
	} else if reflect.DeepEqual(*open.Record, next) {
		return nil
	}
	_, _, err := store.Revise(tx, Reviews, open.ID, &next)
	return err
}
