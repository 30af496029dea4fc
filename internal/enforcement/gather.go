package enforcement

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"duly/internal/act"
	"duly/internal/agreement"
	"duly/internal/assessment"
	"duly/internal/store"
	"duly/internal/usage"
)

// Gathered is what a gathering did.
type Gathered struct {
	Findings  int `json:"findings"`  // that logs show
	Unplaced  int `json:"unplaced"`  // of them, of no deployment: no proceeding is about them
	Opened    int `json:"opened"`    // proceedings
	Reopened  int `json:"reopened"`  // that were closed
	Changed   int `json:"changed"`   // open ones whose findings are others now
	Withdrawn int `json:"withdrawn"` // that no log shows any more
	Open      int `json:"open"`      // afterwards
}

// found is a finding of the log.
type found = store.Revision[usage.FindingRecord]

// cited writes a finding as evidence: record id, day, calls and the leaf that says so.
func cited(f *found) string {
	return strings.Join([]string{f.ID, f.Record.Day, strconv.FormatInt(f.Record.Calls, 10), f.Hash.String()}, " ")
}

// citation is a line of evidence, taken apart.
type citation struct {
	id, day string
	calls   int64
}

func parseCitation(line string) (c citation) {
	parts := strings.Fields(line)
	if len(parts) == 4 {
		c.id, c.day = parts[0], parts[1]
		c.calls, _ = strconv.ParseInt(parts[2], 10, 64)
	}
	return c
}

// lastDay gives the last day that evidence is of; "" for none.
func lastDay(lines ...[]string) (day string) {
	for _, line := range slices.Concat(lines...) {
		day = max(day, parseCitation(line).day)
	}
	return day
}

// settled says whether a finding was dealt with in an earlier round, as it is now.
func settled(past []string, f *found) bool {
	return slices.ContainsFunc(past, func(line string) bool {
		c := parseCitation(line)
		return c.id == f.ID && c.calls >= f.Record.Calls
	})
}

// Gather puts the findings that logs show now into proceedings: one for each clause and
// deployment. It opens those that are new, reopens those of which something came again
// or whose acceptance expired, and closes those that no log shows any more. Done twice
// it changes nothing the second time.
func Gather(ctx context.Context, db *store.DB, authority act.Authority, by act.Actor, now time.Time) (*Gathered, error) {
	if err := authority.May(by, act.Load); err != nil {
		return nil, err
	}
	var out Gathered
	err := db.Write(ctx, by.Key, func(tx *store.Tx) (err error) {
		out, err = gather(ctx, tx, now.UTC().Format(time.DateOnly))
		return err
	})
	return &out, err
}

func gather(ctx context.Context, tx *store.Tx, today string) (out Gathered, err error) {
	list, err := store.Select(ctx, tx, usage.Findings, "r.state = 'open'")
	if err != nil {
		return out, err
	}
	out.Findings = len(list)
	by := map[string][]*found{}
	for _, f := range list {
		if f.Record.Deployment == "" {
			out.Unplaced++
			continue
		}
		key := f.Record.Deployment + "|" + f.Record.Clause
		by[key] = append(by[key], f)
	}
	known, err := store.Select(ctx, tx, Proceedings, "")
	if err != nil {
		return out, err
	}
	for _, k := range known {
		findings := by[k.Record.Identity]
		delete(by, k.Record.Identity)
		next := *k.Record
		rated, err := ratedWorst(ctx, tx, next.Deployment)
		if err != nil {
			return out, err
		}
		next.take(findings, rated, today)
		out.count(k.Record, &next)
		if reflect.DeepEqual(&next, k.Record) {
			continue
		}
		next.By, next.Reason, next.Source = "", "", ""
		if _, _, err := store.Revise(tx, Proceedings, k.ID, &next); err != nil {
			return out, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		first := by[key][0].Record
		p := &Proceeding{State: Closed, Step: string(NoStep), Outcome: Withdrawn, Impact: ImpactUnknown, Deployment: first.Deployment, Clause: first.Clause, Identity: key}
		rated, err := ratedWorst(ctx, tx, p.Deployment)
		if err != nil {
			return out, err
		}
		p.take(by[key], rated, today)
		if _, err := store.Create(tx, Proceedings, p); err != nil {
			return out, err
		}
		out.Opened++
		out.Open++
	}
	return out, nil
}

func (g *Gathered) count(before, now *Proceeding) {
	switch {
	case before.State == Open && now.State == Closed:
		g.Withdrawn++
	case before.State == Closed && now.State == Open:
		g.Reopened++
	case !slices.Equal(before.Evidence, now.Evidence):
		g.Changed++
	}
	if now.State == Open {
		g.Open++
	}
}

// ratedWorst gives the worst end of a deployment's rating.
func ratedWorst(ctx context.Context, q store.Queryer, deployment string) (string, error) {
	list, err := store.Select(ctx, q, assessment.Ratings, "r.subject = $1", deployment)
	if err != nil || len(list) == 0 {
		return "unrated", err
	}
	return list[len(list)-1].Record.Worst, nil
}

// take brings a proceeding up to the findings that logs show of it today.
func (p *Proceeding) take(shown []*found, rated, today string) {
	if p.State == Closed && p.Outcome == Accepted && today < p.Expires {
		return
	}
	expired := p.State == Closed && p.Outcome == Accepted
	var fresh []*found
	for _, f := range shown {
		if expired || !settled(p.Past, f) {
			fresh = append(fresh, f)
		}
	}
	switch {
	case p.State == Closed && len(fresh) == 0:
		return
	case p.State == Closed:
		p.reopen(fresh, today)
	case len(fresh) == 0:
		p.close(Withdrawn, today)
		p.Decision = ""
		return
	}
	p.cite(fresh, rated, today)
}

// reopen begins another round. What was withdrawn or no deviation, and never came again,
// begins at the foot of the ladder; else the step that was reached stands, and the next
// is above it.
func (p *Proceeding) reopen(fresh []*found, today string) {
	switch p.Outcome {
	case Withdrawn, NoDeviation:
		if p.Recurrences == 0 {
			p.Step, p.Stepped = string(NoStep), ""
		}
	case Cured, Advised:
		last := lastDay(p.Past)
		if slices.ContainsFunc(fresh, func(f *found) bool { return f.Record.Day > last }) {
			p.Recurrences++
		}
	}
	if p.Opened == "" {
		p.Opened = today
	}
	p.State, p.Outcome, p.Closed, p.Expires, p.Due = Open, "", "", "", ""
	p.Decision = ""
}

// cite takes the findings of this round as evidence. Findings that are new take an
// outcome back that was proposed without them.
func (p *Proceeding) cite(fresh []*found, rated, today string) {
	before, grade, gravest := p.Evidence, p.Grade, ""
	p.Evidence, p.Calls, p.Kind, p.Binds, p.Rated = nil, 0, usage.BlindSpot, false, rated
	for _, f := range fresh {
		p.Evidence = append(p.Evidence, cited(f))
		p.Calls += f.Record.Calls
		p.Binds = p.Binds || binds(f.Record)
		if slices.Index(grades, f.Record.Grade) > slices.Index(grades, gravest) {
			gravest = f.Record.Grade
		}
		if rank(f.Record.Kind) > rank(p.Kind) {
			p.Kind = f.Record.Kind
		}
	}
	slices.Sort(p.Evidence)
	p.Findings, p.Grade = int64(len(fresh)), gradeOf(gravest, rated)
	if !slices.Equal(before, p.Evidence) {
		p.Proposed = ""
	}
	if due := after(Step(p.Step), p.Grade, today); p.Due == "" || p.Grade != grade && due < p.Due {
		p.Due = due
	}
}

// binds says whether a finding is of what binds: a breach, or guidance that a clause makes
// binding on somebody who agreed to it.
func binds(f *usage.FindingRecord) bool {
	return f.Kind == usage.Breach || f.BindsBy != "" && agreement.Binding(f.Binding).Firm()
}

func rank(kind string) int {
	return slices.Index([]string{usage.BlindSpot, usage.Undeclared, usage.Deviation, usage.Breach}, kind)
}

// close ends a round.
func (p *Proceeding) close(outcome, today string) {
	p.State, p.Outcome, p.Closed, p.Due, p.Proposed = Closed, outcome, today, "", ""
	past := map[string]bool{}
	for _, line := range slices.Concat(p.Past, p.Evidence) {
		past[line] = true
	}
	if outcome != Withdrawn {
		p.Past = slices.Sorted(maps.Keys(past))
	}
	p.Evidence = nil
}
