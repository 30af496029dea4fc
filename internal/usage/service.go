package usage

import (
	"context"
	"slices"

	"duly/internal/agreement"
	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
)

// Summary says what a monitoring run counted. Known objects were read before and
// add only what was not counted then: under conditions, and in deployments, that
// are new.
type Summary struct {
	Objects    int64    `json:"objects"`
	Known      int64    `json:"objects_known_before"`
	Incomplete int64    `json:"objects_incomplete"`
	Skipped    int64    `json:"objects_skipped"`
	Changed    int64    `json:"objects_changed"`
	Replaced   int64    `json:"objects_replaced"` // known, and counted anew by another mapping
	Read       int64    `json:"events_read"`
	Matched    int64    `json:"events_matched"`
	Unmatched  int64    `json:"events_unmatched"`
	Rejected   int64    `json:"events_rejected"`
	Unmapped   int64    `json:"events_unmapped"` // of accounts that map to no deployment
	Bytes      int64    `json:"bytes"`
	Exposures  int64    `json:"exposures"`
	Deviations int64    `json:"deviations"`
	Unknown    int64    `json:"unknown"`
	Findings   int      `json:"findings"`     // new or changed, each once
	Again      int64    `json:"events_again"` // pushed before, and counted once
	Late       int64    `json:"events_late"`  // pushed so late that nobody can tell whether they were counted before: unknown
	Blind      int      `json:"blind_spots"`  // findings of where use may be hidden, new in this run
	Undeclared int      `json:"undeclared"`   // findings of use that was not declared, new in this run
	Compared   Compared `json:"compared"`
	Swept      Swept    `json:"swept"` // whose time was over when the run began
	Rules      string   `json:"rules"`
	Run        int64    `json:"entry"`

	Silent []Silence `json:"silent,omitempty"` // within all that was ever read
	Unseen []string  `json:"unseen,omitempty"` // accounts of deployments without any event in it

	Faults     []string  `json:"faults,omitempty"` // what is wrong with objects, with their places
	MoreFaults int64     `json:"more_faults,omitempty"`
	List       []Finding `json:"list,omitempty"`
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
		own.Declared = Declared{Inferred: r.Basis == "inferred", Regions: r.Regions, Volume: r.Volume}
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

// Task is what a run reads, by what, and for whom.
type Task struct {
	Actor      string
	Today      string                 // YYYY-MM-DD
	Conditions []*pack.Pack           // of kind conditions
	Log        *Log                   // how the files are read; nil: as CloudTrail
	Paths      []string               // files and directories
	Secret     func() ([]byte, error) // the key of the state of windows; asked for where a condition has one
	KeptUntil  string                 // to which day the files are kept by whoever holds them, YYYY-MM-DD; empty if not known. Pushed events: here, or not at all if empty
	Inbox      string                 // of a recount or a sweep: the directory of pushed events
}

// Run reads files and directories of telemetry by the packs and records what
// they amount to: each object in one transaction with its counts and findings, so
// that a killed run has counted each object wholly or not at all. What an object
// shows under a condition, in a deployment, on a day is counted once: however often
// it comes, by whatever name, and beside whatever other conditions and deployments.
// An object that cannot be read to its end is recorded and told, but not counted:
// fetched again, its events would count twice.
func Run(ctx context.Context, db *store.DB, task Task, progress func(name string)) (*Summary, error) {
	trees := make([]*Tree, len(task.Paths))
	for i, path := range task.Paths { // all paths are looked at before anything is written
		var err error
		if trees[i], err = OpenTree(path); err != nil {
			return nil, err
		}
		if task.Log != nil {
			trees[i].endings = task.Log.endings()
		}
		defer trees[i].Close()
	}
	m, packs, err := task.monitor(ctx, db)
	if err != nil {
		return nil, err
	}
	k := newKeeper(ctx, db, task, m, packs)
	if err := k.begin(); err != nil {
		return nil, err
	}
	for i, tree := range trees {
		if err := k.tree(task.Paths[i], tree, progress); err != nil {
			return k.s, err
		}
	}
	return k.s, k.finish()
}

// Counted gives what was counted so far of one version of a condition in a deployment.
func Counted(ctx context.Context, q store.Queryer, deployment, condition string) (exposures, deviations, unknown int64, err error) {
	list, err := store.Select(ctx, q, Counts, "r.deployment = $1", deployment)
	for _, c := range Preferred(list) {
		if c.Record.Condition == condition {
			exposures, deviations, unknown = exposures+c.Record.Exposures, deviations+c.Record.Deviations, unknown+c.Record.Unknown
		}
	}
	return exposures, deviations, unknown, err
}

// secret gives the key of the state of windows.
func (t *Task) secret() ([]byte, error) {
	if t.Secret == nil {
		return nil, fault.New(fault.Invalid, "the conditions count several calls together, and there is no key for their state", "")
	}
	key, err := t.Secret()
	if err == nil && len(key) < minSecret {
		err = fault.New(fault.Invalid, "the key for the state of several calls is too short", "")
	}
	return key, err
}

// monitor makes the task's monitor of the deployments as they are recorded, and gives
// all packs that it rests on.
func (t *Task) monitor(ctx context.Context, q store.Queryer) (*Monitor, []*pack.Pack, error) {
	var sets []*conditions.Set
	for _, p := range t.Conditions {
		set, err := conditions.Load(p)
		if err != nil {
			return nil, nil, err
		}
		sets = append(sets, set)
	}
	deployments, err := Deployments(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	m, err := NewMonitor(sets, deployments)
	if err != nil {
		return nil, nil, err
	}
	if m.counts() {
		if m.secret, err = t.secret(); err != nil {
			return nil, nil, err
		}
	}
	if m.book, err = agreement.Read(ctx, q); err != nil || t.Log == nil {
		return m, t.Conditions, err
	}
	return m.By(t.Log), append(slices.Clone(t.Conditions), t.Log.Pack), nil
}
