package assessment

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/usage"
)

// Clauses says which conditions of use would hold for whom under other packs. It
// compares what applies, not what would deviate: of use, the log keeps counts by
// clause and day and not the calls, so whether calls that were counted would deviate
// from another text cannot be told from it. `duly monitor` can, where the telemetry is
// still there.
type Clauses struct {
	Day     string         `json:"day"`
	Looked  int            `json:"looked"` // active deployments
	Moved   int            `json:"moved"`  // for which a clause differs
	Clauses []ClauseChange `json:"clauses"`
}

// ClauseChange is a clause that does not hold as it did.
type ClauseChange struct {
	Clause      string   `json:"clause"`
	Title       string   `json:"title"`
	Change      string   `json:"change"`  // begins, ends, or reads_otherwise
	Checked     string   `json:"checked"` // what telemetry tells of it afterwards: deviations, exposure or nothing
	Deployments int      `json:"deployments"`
	Assumed     int      `json:"assumed"` // of them, those in scope only because something about them is not known
	Calls       int64    `json:"calls"`   // counted so far under the clause as it was, in these deployments
	Deviations  int64    `json:"deviations"`
	Unknown     int64    `json:"unknown"`
	Subjects    []string `json:"subjects"` // record ids of the deployments, as many as were asked for
}

// The changes of a clause.
const (
	begins = "begins"
	ends   = "ends"
	reads  = "reads_otherwise"
)

// WhatIfConditions compares the clauses that apply to each active deployment on a day
// (YYYY-MM-DD) under two sets of packs. limit is how many deployments a clause names;
// 0: all. Memory grows with the customers and the counts of use.
func WhatIfConditions(ctx context.Context, db *store.DB, day string, from, to []*pack.Pack, limit int) (*Clauses, error) {
	on, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", day).WithFix("write it as YYYY-MM-DD")
	}
	before, err := clausesOn(from, on)
	if err != nil {
		return nil, err
	}
	after, err := clausesOn(to, on)
	if err != nil {
		return nil, err
	}
	out := &Clauses{Day: day, Clauses: []ClauseChange{}}
	err = db.Snapshot(ctx, func(q store.Queryer) error { return out.compare(ctx, q, before, after, limit) })
	slices.SortFunc(out.Clauses, func(a, b ClauseChange) int {
		if c := strings.Compare(a.Clause, b.Clause); c != 0 {
			return c
		}
		return strings.Compare(a.Change, b.Change)
	})
	return out, err
}

// clausesOn gives the conditions of packs that hold on a day, by id.
func clausesOn(packs []*pack.Pack, on time.Time) (map[string]*conditions.Condition, error) {
	out := map[string]*conditions.Condition{}
	for _, p := range packs {
		set, err := conditions.Load(p)
		if err != nil {
			return nil, err
		}
		for _, c := range set.Conditions {
			if c.InForce(on) {
				out[c.ID] = c
			}
		}
	}
	return out, nil
}

func (out *Clauses) compare(ctx context.Context, q store.Queryer, before, after map[string]*conditions.Condition, limit int) error {
	sectors := map[string]string{}
	err := store.Columns(ctx, q, register.Customers.Schema(), store.Now, []string{"sector"}, "", nil, func(_ int64, id string, v []any) error {
		sectors[id], _ = v[0].(string)
		return nil
	})
	if err != nil {
		return err
	}
	used, err := counted(ctx, q)
	if err != nil {
		return err
	}
	ids, changes := union(before, after), map[[2]string]*ClauseChange{}
	err = store.Each(ctx, q, register.Deployments, store.Now, "r.state = 'active'", nil, func(d *store.Revision[register.Deployment]) error {
		out.Looked++
		r := d.Record
		subject := conditions.Subject{Sector: sectors[r.Customer], Capability: r.Capability, Purpose: r.Purpose, Jurisdiction: r.Jurisdiction}
		moved := false
		for _, id := range ids {
			change, c, assumed := clauseFor(subject, before[id], after[id])
			if change == "" {
				continue
			}
			moved = true
			key := [2]string{id, change}
			if changes[key] == nil {
				changes[key] = &ClauseChange{Clause: id, Title: c.Title, Change: change, Checked: checkedBy(c), Subjects: []string{}}
			}
			changes[key].add(d.ID, assumed, limit)
			if before[id] != nil {
				changes[key].count(used[[2]string{d.ID, before[id].Hash}])
			}
		}
		if moved {
			out.Moved++
		}
		return nil
	})
	for _, x := range changes {
		out.Clauses = append(out.Clauses, *x)
	}
	return err
}

// counted gives what was counted so far by deployment and hash of the condition.
func counted(ctx context.Context, q store.Queryer) (map[[2]string]usage.CountRecord, error) {
	used := map[[2]string]usage.CountRecord{}
	list, err := store.Select(ctx, q, usage.Counts, "")
	for _, r := range usage.Preferred(list) {
		key := [2]string{r.Record.Deployment, r.Record.Condition}
		sum := used[key]
		sum.Exposures += r.Record.Exposures
		sum.Deviations += r.Record.Deviations
		sum.Unknown += r.Record.Unknown
		used[key] = sum
	}
	return used, err
}

func (x *ClauseChange) add(deployment string, assumed bool, limit int) {
	x.Deployments++
	if assumed {
		x.Assumed++
	}
	if limit == 0 || len(x.Subjects) < limit {
		x.Subjects = append(x.Subjects, deployment)
	}
}

func (x *ClauseChange) count(n usage.CountRecord) {
	x.Calls, x.Deviations, x.Unknown = x.Calls+n.Exposures, x.Deviations+n.Deviations, x.Unknown+n.Unknown
}

func union(a, b map[string]*conditions.Condition) []string {
	ids := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(ids)
	return slices.Compact(ids)
}

// clauseFor says how a clause changes for a subject, "" if it does not; c is the clause
// as it comes to be, or as it was where it ends.
func clauseFor(s conditions.Subject, a, b *conditions.Condition) (change string, c *conditions.Condition, assumed bool) {
	holds := func(c *conditions.Condition) (bool, bool) {
		if c == nil {
			return false, false
		}
		applies, unknown := c.Applies(s)
		return applies, len(unknown) > 0
	}
	did, didAssumed := holds(a)
	does, doesAssumed := holds(b)
	switch {
	case does && !did:
		return begins, b, doesAssumed
	case did && !does:
		return ends, a, didAssumed
	case did && does && (a.Hash != b.Hash || a.Text != b.Text || a.Status != b.Status || a.IncorporatedBy != b.IncorporatedBy):
		return reads, b, doesAssumed
	}
	return "", nil, false
}

// checkedBy says what telemetry tells of a clause.
func checkedBy(c *conditions.Condition) string {
	switch exposure, deviation := c.Checked(); {
	case deviation:
		return "deviations"
	case exposure:
		return "exposure"
	}
	return "nothing"
}
