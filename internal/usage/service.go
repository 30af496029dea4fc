package usage

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
)

// Summary says what a monitoring run counted. Known objects were counted before
// and add nothing.
type Summary struct {
	Objects    int64  `json:"objects"`
	Known      int64  `json:"objects_known_before"`
	Incomplete int64  `json:"objects_incomplete"`
	Skipped    int64  `json:"objects_skipped"`
	Changed    int64  `json:"objects_changed"`
	Read       int64  `json:"events_read"`
	Matched    int64  `json:"events_matched"`
	Unmatched  int64  `json:"events_unmatched"`
	Rejected   int64  `json:"events_rejected"`
	Unmapped   int64  `json:"events_unmapped"` // of accounts that map to no deployment
	Bytes      int64  `json:"bytes"`
	Exposures  int64  `json:"exposures"`
	Deviations int64  `json:"deviations"`
	Unknown    int64  `json:"unknown"`
	Findings   int    `json:"findings"` // new or changed
	Rules      string `json:"rules"`
	Run        int64  `json:"entry"`

	Faults []string  `json:"faults,omitempty"` // what is wrong with objects, with their places
	List   []Finding `json:"list,omitempty"`
}

// maxTold is how many faults and findings a summary lists.
const maxTold = 50

// Deployments reads what monitoring needs of every deployment that names telemetry
// accounts: who uses what for what.
func Deployments(ctx context.Context, q store.Queryer) ([]Deployment, error) {
	list, err := store.Select(ctx, q, register.Deployments, "")
	if err != nil {
		return nil, err
	}
	var out []Deployment
	for _, d := range list {
		r := d.Record
		if len(r.Telemetry) == 0 || r.State != "active" {
			continue
		}
		own := Deployment{ID: d.ID, Accounts: r.Telemetry, From: r.ValidFrom, Until: r.ValidTo}
		own.Subject = conditions.Subject{Capability: r.Capability, Purpose: r.Purpose, Jurisdiction: r.Jurisdiction}
		if r.Customer != "" {
			c, err := store.Get(ctx, q, register.Customers, r.Customer)
			if err != nil {
				return nil, err
			}
			own.Subject.Sector = c.Record.Sector
		}
		out = append(out, own)
	}
	return out, nil
}

// Run reads files and directories of telemetry by the packs and records what
// they amount to: each object in one transaction with its counts and findings, so
// that a killed run has counted each object wholly or not at all, and an object
// that comes again, by whatever name, is counted once. An object that cannot be
// read to its end is recorded and told, but not counted: fetched again, its
// events would count twice.
func Run(ctx context.Context, db *store.DB, actor, today string, packs []*pack.Pack, paths []string, progress func(name string)) (*Summary, error) {
	var sets []*conditions.Set
	for _, p := range packs {
		set, err := conditions.Load(p)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	deployments, err := Deployments(ctx, db)
	if err != nil {
		return nil, err
	}
	m, err := NewMonitor(sets, deployments)
	if err != nil {
		return nil, err
	}
	trees := make([]*Tree, len(paths))
	for i, path := range paths { // all paths are looked at before anything is written
		if trees[i], err = OpenTree(path); err != nil {
			return nil, err
		}
		defer trees[i].Close()
	}
	k := &keeper{ctx: ctx, db: db, actor: actor, today: today, m: m, packs: packs, s: &Summary{Rules: m.Rules()}}
	for i, tree := range trees {
		if err := k.tree(paths[i], tree, progress); err != nil {
			return k.s, err
		}
	}
	return k.s, k.finish()
}

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
	if len(k.s.Faults) < maxTold {
		k.s.Faults = append(k.s.Faults, err.Error())
	}
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

// keep records one batch in one transaction, unless its content is known.
func (k *keeper) keep(b *Batch) error {
	known := false
	var told []Finding
	err := k.db.Write(k.ctx, k.actor, func(tx *store.Tx) error {
		for _, p := range k.packs {
			if err := runs.Use(tx, p); err != nil {
				return err
			}
		}
		before, err := store.Select(k.ctx, tx, ObjectRecords, "r.sha256 = $1 and r.rules = $2", b.Object.SHA256, b.Rules)
		if err != nil {
			return err
		}
		if known = len(before) > 0; known {
			return nil
		}
		record, err := k.describe(tx, b)
		if err != nil {
			return err
		}
		ref, err := store.Create(tx, ObjectRecords, record)
		if err != nil {
			return err
		}
		k.hashes = append(k.hashes, ref.Hash)
		if b.Object.Status == Incomplete {
			return nil
		}
		for _, c := range b.Counts {
			if err := k.addCount(tx, c); err != nil {
				return err
			}
		}
		for _, f := range b.Findings {
			if err := k.addFinding(tx, f); err != nil {
				return err
			}
		}
		told = b.Findings
		return nil
	})
	if err == nil && !known && b.Object.Status == Incomplete {
		b.Counts, b.Findings = nil, nil
		k.fault(fault.Newf(fault.Invalid, "%s could not be read to its end: its events are not counted", b.Object.Name).WithFix("fetch it again; read whole, it is counted once"))
	}
	if err == nil {
		k.count(b, known, told)
	}
	return err
}

// count adds a batch to the summary once it is committed.
func (k *keeper) count(b *Batch, known bool, told []Finding) {
	if known {
		k.s.Known++
		return
	}
	o := &b.Object
	k.s.Objects++
	k.s.Bytes += o.Bytes
	k.s.Read += o.Read
	k.s.Matched += o.Matched
	k.s.Unmatched += o.Unmatched
	k.s.Rejected += o.Rejected
	k.s.Unmapped += unmapped(b)
	switch o.Status {
	case Incomplete:
		k.s.Incomplete++
	case Skipped:
		k.s.Skipped++
	}
	for _, f := range o.Faults {
		k.fault(f)
	}
	for _, c := range b.Counts {
		k.s.Exposures += c.Exposures
		k.s.Deviations += c.Deviations
		k.s.Unknown += c.Unknown
	}
	k.s.Findings += len(told)
	for _, f := range told {
		if len(k.s.List) < maxTold {
			k.s.List = append(k.s.List, f)
		}
	}
}

func unmapped(b *Batch) (events int64) {
	for _, u := range b.Unmapped {
		events += u.Events
	}
	return events
}

func (k *keeper) describe(tx *store.Tx, b *Batch) (*ObjectRecord, error) {
	o := &b.Object
	r := &ObjectRecord{
		SHA256: o.SHA256, Rules: b.Rules, State: string(o.Status), Day: k.today, Bytes: o.Bytes, Read: o.Read,
		Matched: o.Matched, Unmatched: o.Unmatched, Rejected: o.Rejected, Unmapped: unmapped(b),
		Source: b.Source, Name: o.Name, Identity: b.Source + "|" + o.Name,
	}
	same, err := store.Select(k.ctx, tx, ObjectRecords, "r.identity = $1 and r.sha256 <> $2", r.Identity, r.SHA256)
	if err != nil {
		return nil, err
	}
	if r.Changed = len(same) > 0; r.Changed {
		k.s.Changed++
		k.fault(fault.Newf(fault.Broken, "%s came before with other content; both are counted", o.Name))
	}
	return r, nil
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
