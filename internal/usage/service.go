package usage

import (
	"context"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
)

// Summary says what a monitoring run counted. Known objects were read before and
// add only what was not counted then: under conditions, and in deployments, that
// are new.
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
	Findings   int    `json:"findings"` // new or changed, each once
	Rules      string `json:"rules"`
	Run        int64  `json:"entry"`

	Silent []Silence `json:"silent,omitempty"` // within all that the run read, known objects too
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
// that a killed run has counted each object wholly or not at all. What an object
// shows under a condition, in a deployment, on a day is counted once: however often
// it comes, by whatever name, and beside whatever other conditions and deployments.
// An object that cannot be read to its end is recorded and told, but not counted:
// fetched again, its events would count twice.
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
	k := &keeper{
		ctx: ctx, db: db, actor: actor, today: today, m: m, packs: packs,
		s: &Summary{Rules: m.Rules()}, hours: hours{}, found: map[key]int{},
	}
	for i, tree := range trees {
		if err := k.tree(paths[i], tree, progress); err != nil {
			return k.s, err
		}
	}
	return k.s, k.finish()
}

// Counted gives what was counted so far of one version of a condition in a deployment.
func Counted(ctx context.Context, q store.Queryer, deployment, condition string) (exposures, deviations, unknown int64, err error) {
	list, err := store.Select(ctx, q, Counts, "r.deployment = $1", deployment)
	for _, c := range list {
		if c.Record.Condition == condition {
			exposures, deviations, unknown = exposures+c.Record.Exposures, deviations+c.Record.Deviations, unknown+c.Record.Unknown
		}
	}
	return exposures, deviations, unknown, err
}
