package usage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/runs"
	"duly/internal/store"
)

// keeper records the batches of one run.
type keeper struct {
	ctx    context.Context
	db     *store.DB
	task   Task
	m      *Monitor
	packs  []*pack.Pack
	s      *Summary
	hashes []ledger.Hash
	hours  hours
	found  map[key]int // findings told, by their place in the list; -1 beyond it

	pushes  bool                       // whether what is read was pushed
	touched map[string]map[string]bool // deployments and days of which something was counted, now or before
	shown   map[string]map[string]bool // likewise, of which something was shown
	clocks  []watched
}

func newKeeper(ctx context.Context, db *store.DB, task Task, m *Monitor, packs []*pack.Pack) *keeper {
	return &keeper{
		ctx: ctx, db: db, task: task, m: m, packs: packs, s: &Summary{Rules: m.Rules()},
		hours: hours{}, found: map[key]int{}, touched: map[string]map[string]bool{}, shown: map[string]map[string]bool{},
	}
}

func (k *keeper) tree(source string, tree *Tree, progress func(string)) error {
	for r := range k.m.ReadTree(k.ctx, source, tree) {
		switch {
		case r.Err != nil:
			return r.Err
		case r.Closed != nil:
			k.fault(r.Closed)
			k.s.Incomplete++
			continue
		case progress != nil:
			progress(r.Name)
		}
		if err := k.keep(r.Batch, nil); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) fault(err error) {
	if len(k.s.Faults) == maxTold {
		k.s.MoreFaults++
		return
	}
	k.s.Faults = append(k.s.Faults, err.Error())
}

// touch notes of what a batch has counts, and which of its times cannot be.
func (k *keeper) touch(b *Batch) {
	k.hours.add(b, k.m)
	k.clocks = append(k.clocks, k.m.clocks(b, k.task.Today)...)
	for _, c := range b.Counts {
		mark(k.touched, c.Deployment, c.Day)
	}
	for _, s := range b.Shown {
		mark(k.shown, s.Deployment, s.Day)
	}
}

func mark(days map[string]map[string]bool, deployment, day string) {
	if days[deployment] == nil {
		days[deployment] = map[string]bool{}
	}
	days[deployment][day] = true
}

// keep records one batch in one transaction: the object unless it is known, and
// what was not counted of its content before. What also, if given, writes belongs to
// the same transaction.
func (k *keeper) keep(b *Batch, also func(*store.Tx) error) error {
	if b.Object.Status == Incomplete { // and its hours are not seen
		b.Counts, b.Findings, b.Coverage, b.Shown, b.windows = nil, nil, nil, nil, nil
	}
	k.touch(b)
	var o recorded
	err := k.db.Write(k.ctx, k.task.Actor, func(tx *store.Tx) error {
		for _, p := range k.packs {
			if err := runs.Use(tx, p); err != nil {
				return err
			}
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		var err error
		if o, err = k.record(tx, b); err != nil {
			return err
		}
		if o.changed != "" {
			if err := k.overwritten(tx, b, o.changed); err != nil {
				return err
			}
		}
		if err := k.add(tx, &o.fresh, o.replaced); err != nil {
			return err
		}
		return errors.Join(k.show(tx, o.fresh.Shown, o.replaced), k.observe(tx, o.object, o.fresh.windows, o.replaced))
	})
	if err != nil {
		return err
	}
	k.tell(&o.fresh)
	if o.known {
		k.s.Known++
		if len(o.replaced) > 0 {
			k.s.Replaced++
		}
		return nil
	}
	k.hashes = append(k.hashes, o.hash)
	k.count(b, o.changed != "")
	return nil
}

// recorded is what recording an object came to.
type recorded struct {
	object   *ObjectRecord
	hash     ledger.Hash // of its entry, when it is new
	known    bool        // it was recorded before
	changed  string      // the content that was counted under its name before
	fresh    Batch       // what was not counted yet
	replaced []contribution
}

// record records the object of a batch, or what a known one now adds.
func (k *keeper) record(tx *store.Tx, b *Batch) (o recorded, err error) {
	before, err := store.Select(k.ctx, tx, ObjectRecords, "r.sha256 = $1", b.Object.SHA256)
	if err != nil {
		return o, err
	}
	o.object = k.describe(b)
	if o.known = len(before) > 0; o.known {
		o.fresh, o.replaced = k.follow(o.object, before[0].Record, b)
		_, _, err = store.Revise(tx, ObjectRecords, before[0].ID, o.object)
		return o, err
	}
	o.fresh, _ = k.follow(o.object, &ObjectRecord{}, b)
	if o.changed, err = k.changed(tx, o.object); err != nil {
		return o, err
	}
	o.object.Changed = o.changed != ""
	ref, err := store.Create(tx, ObjectRecords, o.object)
	o.hash = ref.Hash
	return o, err
}

// add takes what a reading replaces out of the counts and findings, and adds what it
// found.
func (k *keeper) add(tx *store.Tx, fresh *Batch, replaced []contribution) error {
	before := map[string]contribution{}
	for _, c := range replaced {
		before[c.identity] = c
	}
	counted, found := map[string]bool{}, map[string]bool{}
	for _, c := range fresh.Counts {
		counted[c.identity()] = true
		if err := k.addCount(tx, c, before[c.identity()]); err != nil {
			return err
		}
	}
	for _, f := range fresh.Findings {
		id := identity(f.Deployment, f.ConditionHash, f.Day, k.m.basis())
		found[id] = true
		if err := k.addFinding(tx, f, before[id].deviations); err != nil {
			return err
		}
	}
	for _, c := range replaced {
		if !counted[c.identity] {
			if err := k.reduceCount(tx, c); err != nil {
				return err
			}
		}
		if c.deviations > 0 && !found[c.identity] {
			if err := k.reduceFinding(tx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow takes over what was recorded of the same content, and gives what of the
// batch was not counted then, and what was counted by another mapping and is now
// replaced.
func (k *keeper) follow(r, old *ObjectRecord, b *Batch) (fresh Batch, replaced []contribution) {
	if old.SHA256 != "" {
		r.Day, r.Changed, r.Source, r.Name, r.Identity = old.Day, old.Changed, old.Source, old.Name, old.Identity
		r.KeptUntil = max(r.KeptUntil, old.KeptUntil)
	}
	counted := map[string]bool{}
	for _, text := range old.Counted {
		c := parseContribution(text)
		if c.mapping != r.Mapping && k.m.judges(c.identity) {
			replaced = append(replaced, c)
			continue
		}
		counted[c.identity] = true
		r.Counted = append(r.Counted, text)
	}
	for _, c := range b.Counts {
		if !counted[c.identity()] {
			fresh.Counts = append(fresh.Counts, c)
			r.Counted = append(r.Counted, contribution{c.identity(), r.Mapping, c.Exposures, c.Deviations, c.Unknown}.String())
		}
	}
	for _, s := range b.Shown {
		if !counted[s.identity()] {
			fresh.Shown = append(fresh.Shown, s)
			r.Counted = append(r.Counted, contribution{identity: s.identity(), mapping: r.Mapping, exposures: s.Calls}.String())
		}
	}
	slices.Sort(r.Counted)
	for _, f := range b.Findings {
		if !counted[identity(f.Deployment, f.ConditionHash, f.Day, k.m.basis())] {
			fresh.Findings = append(fresh.Findings, f)
		}
	}
	for _, o := range b.windows {
		if !counted[o.scope.on(dayText(o.part.Day))] {
			fresh.windows = append(fresh.windows, o)
		}
	}
	return fresh, replaced
}

// tell adds to the summary what was counted, once it is committed.
func (k *keeper) tell(fresh *Batch) {
	for _, c := range fresh.Counts {
		k.s.Exposures += c.Exposures
		k.s.Deviations += c.Deviations
		k.s.Unknown += c.Unknown
	}
	for _, f := range fresh.Findings {
		k.list(f)
	}
}

// list adds to the summary a finding that is new or changed.
func (k *keeper) list(f Finding) {
	at, told := k.found[f.key()]
	switch {
	case !told && len(k.s.List) < maxTold:
		k.found[f.key()] = len(k.s.List)
		k.s.List = append(k.s.List, f)
	case !told:
		k.found[f.key()] = -1
	case at >= 0:
		k.s.List[at].merge(f)
	}
	k.s.Findings = len(k.found)
}

// count adds a new object to the summary, once it is committed.
func (k *keeper) count(b *Batch, changed bool) {
	o := &b.Object
	k.s.Objects++
	k.s.Bytes += o.Bytes
	k.s.Read += o.Read
	k.s.Matched += o.Matched
	k.s.Unmatched += o.Unmatched
	k.s.Rejected += o.Rejected
	k.s.Unmapped += unmapped(b)
	if changed {
		k.s.Changed++
		k.fault(fault.Newf(fault.Broken, "%s came before with other content; both are counted", o.Name))
	}
	switch {
	case o.Status == Incomplete:
		k.s.Incomplete++
		k.fault(fault.Newf(fault.Invalid, "%s could not be read to its end, and nothing of it is counted", o.Name))
	case o.Status == Skipped:
		k.s.Skipped++
	}
	if o.Foreign > 0 {
		k.fault(fault.Newf(fault.Invalid, "%s has %d JSON documents that are no CloudTrail events, which were passed over", o.Name, o.Foreign))
	}
	for _, f := range o.Faults {
		k.fault(f)
	}
	k.s.MoreFaults += o.MoreFaults
}

func unmapped(b *Batch) (events int64) {
	for _, u := range b.Unmapped {
		events += u.Events
	}
	return events
}

func (k *keeper) describe(b *Batch) *ObjectRecord {
	o := &b.Object
	r := &ObjectRecord{
		SHA256: o.SHA256, Rules: b.Rules, Mapping: k.m.mapping(), KeptUntil: k.task.KeptUntil, State: string(o.Status), Day: k.task.Today, Bytes: o.Bytes, Read: o.Read,
		Matched: o.Matched, Unmatched: o.Unmatched, Rejected: o.Rejected, Unmapped: unmapped(b),
		Source: b.Source, Name: o.Name, Identity: b.Source + "|" + o.Name,
	}
	if !k.m.since.IsZero() {
		r.Since = k.m.since.Format(time.DateOnly)
	}
	return r
}

// changed gives the hash of other content that came under the name before and was
// counted; empty if there is none.
func (k *keeper) changed(tx *store.Tx, r *ObjectRecord) (string, error) {
	if r.State == string(Incomplete) {
		return "", nil
	}
	others, err := store.Select(k.ctx, tx, ObjectRecords, "r.identity = $1", r.Identity)
	for _, o := range slices.Backward(others) {
		if o.Record.State != string(Incomplete) {
			return o.Record.SHA256, err
		}
	}
	return "", err
}

func (k *keeper) addCount(tx *store.Tx, c Count, before contribution) error {
	next := CountRecord{
		Condition: c.ConditionHash, Day: c.Day, Basis: c.Basis,
		Exposures: c.Exposures - before.exposures, Deviations: c.Deviations - before.deviations, Unknown: c.Unknown - before.unknown,
		Deployment: c.Deployment, Clause: c.Condition, Identity: c.identity(), Assumed: c.Assumed,
	}
	known, err := store.Select(k.ctx, tx, Counts, "r.identity = $1", next.Identity)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		_, err = store.Create(tx, Counts, &next)
		return err
	}
	next.Exposures += known[0].Record.Exposures
	next.Deviations += known[0].Record.Deviations
	next.Unknown += known[0].Record.Unknown
	next.Assumed = longer(next.Assumed, known[0].Record.Assumed)
	_, _, err = store.Revise(tx, Counts, known[0].ID, &next)
	return err
}

// reduceCount takes out of a count what an object no longer adds to it.
func (k *keeper) reduceCount(tx *store.Tx, c contribution) error {
	known, err := store.Select(k.ctx, tx, Counts, "r.identity = $1", c.identity)
	if err != nil || len(known) == 0 {
		return err
	}
	next := *known[0].Record
	next.Exposures, next.Deviations, next.Unknown = next.Exposures-c.exposures, next.Deviations-c.deviations, next.Unknown-c.unknown
	_, _, err = store.Revise(tx, Counts, known[0].ID, &next)
	return err
}

// addFinding records what was found, in place of so many calls that the same object
// showed by another mapping. As the calls that were named may be among those, it then
// names calls of this object.
func (k *keeper) addFinding(tx *store.Tx, f Finding, before int64) error {
	next := recordOf(f, k.m.basis())
	known, err := store.Select(k.ctx, tx, Findings, "r.identity = $1", next.Identity)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		_, err = store.Create(tx, Findings, &next)
		return err
	}
	old := known[0].Record
	next.Calls += old.Calls - before
	if before == 0 && old.State == "open" {
		if cmp.Or(cmp.Compare(old.First, next.First), slices.Compare(old.Evidence, next.Evidence)) < 0 {
			next.First, next.Evidence = old.First, old.Evidence
		}
		next.Assumed = longer(next.Assumed, old.Assumed)
		next.Last = max(next.Last, old.Last)
	}
	_, _, err = store.Revise(tx, Findings, known[0].ID, &next)
	return err
}

// recordOf writes a finding as it is recorded.
func recordOf(f Finding, basis string) FindingRecord {
	r := FindingRecord{
		State: "open", Grade: f.Grade, Kind: f.Kind, Condition: f.ConditionHash, Day: f.Day, Calls: f.Calls,
		Deployment: f.Deployment, Clause: f.Condition, Binding: string(f.Binding), BindsBy: f.IncorporatedBy,
		Identity: identity(f.Deployment, f.ConditionHash, f.Day, basis), First: sighting(f.First), Last: sighting(f.Last), Assumed: f.Assumed,
	}
	for _, e := range f.Evidence {
		r.Evidence = append(r.Evidence, e.Name+" = "+e.Value)
	}
	return r
}

// reduceFinding takes calls out of a finding that an object no longer shows, and closes
// it where no other shows it.
func (k *keeper) reduceFinding(tx *store.Tx, c contribution) error {
	known, err := store.Select(k.ctx, tx, Findings, "r.identity = $1", c.identity)
	if err != nil || len(known) == 0 {
		return err
	}
	next := *known[0].Record
	if next.Calls -= c.deviations; next.Calls <= 0 {
		next.Calls, next.State = 0, "closed"
	}
	_, _, err = store.Revise(tx, Findings, known[0].ID, &next)
	return err
}

func identity(parts ...string) string { return strings.Join(parts, "|") }

// sighting writes an event so that its time sorts first.
func sighting(s Sighting) string { return s.Time + " " + s.ID }

// finish records which hours were seen, what the watches found, and the run itself.
func (k *keeper) finish() error {
	return k.db.Write(k.ctx, k.task.Actor, func(tx *store.Tx) error {
		if err := k.cover(tx); err != nil {
			return err
		}
		if err := k.settle(tx, false); err != nil {
			return err
		}
		if err := k.compare(tx); err != nil {
			return err
		}
		if err := k.look(tx); err != nil {
			return err
		}
		k.s.Silent, k.s.Unseen = k.hours.blind(k.m)
		return k.ran(tx)
	})
}

func (k *keeper) ran(tx *store.Tx) error {
	population, err := runs.Root(k.hashes)
	if err != nil {
		return err
	}
	run := &runs.Run{
		Task: "monitor", Day: k.task.Today, Covered: k.s.Read, Findings: int64(k.s.Findings + k.s.Blind + k.s.Undeclared), Population: population, Note: "rules " + k.m.Rules(),
	}
	if k.s.Swept.any() {
		run.Note += "; deleted, as their time was over: " + k.s.Swept.String()
	}
	for _, p := range k.packs {
		run.Inputs = append(run.Inputs, p.Hash)
	}
	ref, err := store.Create(tx, runs.Runs, run)
	k.s.Run = ref.Seq
	return err
}
