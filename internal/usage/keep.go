package usage

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
	actor  string
	today  string
	m      *Monitor
	packs  []*pack.Pack
	s      *Summary
	hashes []ledger.Hash
	hours  hours
	found  map[key]int // findings told, by their place in the list; -1 beyond it
}

func (k *keeper) tree(source string, tree *Tree, progress func(string)) error {
	for name, err := range tree.Names() {
		if err != nil {
			k.fault(err)
			k.s.Incomplete++
			continue
		}
		if progress != nil {
			progress(name)
		}
		if err := k.object(source, tree, name); err != nil {
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

func (k *keeper) object(source string, tree *Tree, name string) error {
	file, err := tree.Open(name)
	if err != nil {
		k.fault(err)
		k.s.Incomplete++
		return nil
	}
	defer file.Close()
	batch, err := k.m.Read(k.ctx, source, name, file)
	if err != nil {
		return err
	}
	return k.keep(batch)
}

// keep records one batch in one transaction: the object unless it is known, and
// what was not counted of its content before.
func (k *keeper) keep(b *Batch) error {
	if b.Object.Status == Incomplete { // and its hours are not seen
		b.Counts, b.Findings, b.Coverage = nil, nil, nil
	}
	k.hours.add(b, k.m)
	var known, changed bool
	var fresh Batch
	var hash ledger.Hash
	err := k.db.Write(k.ctx, k.actor, func(tx *store.Tx) error {
		for _, p := range k.packs {
			if err := runs.Use(tx, p); err != nil {
				return err
			}
		}
		before, err := store.Select(k.ctx, tx, ObjectRecords, "r.sha256 = $1", b.Object.SHA256)
		if err != nil {
			return err
		}
		record := k.describe(b)
		if known = len(before) > 0; known {
			fresh = record.follow(before[0].Record, b)
			_, _, err = store.Revise(tx, ObjectRecords, before[0].ID, record)
		} else {
			fresh = record.follow(&ObjectRecord{}, b)
			if changed, err = k.changed(tx, record); err != nil {
				return err
			}
			record.Changed = changed
			var ref store.Ref
			ref, err = store.Create(tx, ObjectRecords, record)
			hash = ref.Hash
		}
		if err != nil {
			return err
		}
		for _, c := range fresh.Counts {
			if err := k.addCount(tx, c); err != nil {
				return err
			}
		}
		for _, f := range fresh.Findings {
			if err := k.addFinding(tx, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.tell(&fresh)
	if known {
		k.s.Known++
		return nil
	}
	k.hashes = append(k.hashes, hash)
	k.count(b, changed)
	return nil
}

// follow takes over what was recorded of the same content, and gives what of the
// batch was not counted then.
func (r *ObjectRecord) follow(old *ObjectRecord, b *Batch) (fresh Batch) {
	if old.SHA256 != "" {
		r.Day, r.Changed, r.Source, r.Name, r.Identity = old.Day, old.Changed, old.Source, old.Name, old.Identity
	}
	counted := map[key]bool{}
	for _, c := range b.Counts {
		if slices.Contains(old.Counted, identity(c.Deployment, c.ConditionHash, c.Day)) {
			counted[c.key()] = true
			continue
		}
		fresh.Counts = append(fresh.Counts, c)
		r.Counted = append(r.Counted, identity(c.Deployment, c.ConditionHash, c.Day))
	}
	r.Counted = append(r.Counted, old.Counted...)
	slices.Sort(r.Counted)
	for _, f := range b.Findings {
		if !counted[f.key()] {
			fresh.Findings = append(fresh.Findings, f)
		}
	}
	return fresh
}

// tell adds to the summary what was counted, once it is committed.
func (k *keeper) tell(fresh *Batch) {
	for _, c := range fresh.Counts {
		k.s.Exposures += c.Exposures
		k.s.Deviations += c.Deviations
		k.s.Unknown += c.Unknown
	}
	for _, f := range fresh.Findings {
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
	return &ObjectRecord{
		SHA256: o.SHA256, Rules: b.Rules, State: string(o.Status), Day: k.today, Bytes: o.Bytes, Read: o.Read,
		Matched: o.Matched, Unmatched: o.Unmatched, Rejected: o.Rejected, Unmapped: unmapped(b),
		Source: b.Source, Name: o.Name, Identity: b.Source + "|" + o.Name,
	}
}

// changed says whether other content came under the name before and was counted.
func (k *keeper) changed(tx *store.Tx, r *ObjectRecord) (bool, error) {
	if r.State == string(Incomplete) {
		return false, nil
	}
	others, err := store.Select(k.ctx, tx, ObjectRecords, "r.identity = $1", r.Identity)
	return slices.ContainsFunc(others, func(o *store.Revision[ObjectRecord]) bool {
		return o.Record.State != string(Incomplete)
	}), err
}

func (k *keeper) addCount(tx *store.Tx, c Count) error {
	next := CountRecord{
		Condition: c.ConditionHash, Day: c.Day, Exposures: c.Exposures, Deviations: c.Deviations, Unknown: c.Unknown,
		Deployment: c.Deployment, Clause: c.Condition, Identity: identity(c.Deployment, c.ConditionHash, c.Day), Assumed: c.Assumed,
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

func (k *keeper) addFinding(tx *store.Tx, f Finding) error {
	next := FindingRecord{
		State: "open", Grade: f.Grade, Kind: f.Kind, Condition: f.ConditionHash, Day: f.Day, Calls: f.Calls,
		Deployment: f.Deployment, Clause: f.Condition, BindsBy: f.IncorporatedBy,
		Identity: identity(f.Deployment, f.ConditionHash, f.Day), First: sighting(f.First), Last: sighting(f.Last), Assumed: f.Assumed,
	}
	for _, e := range f.Evidence {
		next.Evidence = append(next.Evidence, e.Name+" = "+e.Value)
	}
	known, err := store.Select(k.ctx, tx, Findings, "r.identity = $1", next.Identity)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		_, err = store.Create(tx, Findings, &next)
		return err
	}
	old := known[0].Record
	next.Calls += old.Calls
	if cmp.Or(cmp.Compare(old.First, next.First), slices.Compare(old.Evidence, next.Evidence)) < 0 {
		next.First, next.Evidence = old.First, old.Evidence
	}
	next.Assumed = longer(next.Assumed, old.Assumed)
	if next.Last < old.Last {
		next.Last = old.Last
	}
	_, _, err = store.Revise(tx, Findings, known[0].ID, &next)
	return err
}

func identity(parts ...string) string { return strings.Join(parts, "|") }

// sighting writes an event so that its time sorts first.
func sighting(s Sighting) string { return s.Time + " " + s.ID }

func (k *keeper) finish() error {
	k.s.Silent, k.s.Unseen = k.hours.blind(k.m)
	population, err := runs.Root(k.hashes)
	if err != nil {
		return err
	}
	run := &runs.Run{
		Task: "monitor", Day: k.today, Covered: k.s.Read, Findings: int64(k.s.Findings), Population: population, Note: "rules " + k.m.Rules(),
	}
	for _, p := range k.packs {
		run.Inputs = append(run.Inputs, p.Hash)
	}
	return k.db.Write(k.ctx, k.actor, func(tx *store.Tx) error {
		ref, err := store.Create(tx, runs.Runs, run)
		k.s.Run = ref.Seq
		return err
	})
}
