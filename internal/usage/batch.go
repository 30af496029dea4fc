package usage

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"duly/internal/agreement"
	"duly/internal/conditions"
	"duly/internal/fault"
)

// Batch is what one object of telemetry amounts to. Whoever stores batches adds a
// count only if none of the same condition, deployment and day was added for the
// same content (Object.SHA256). All slices are in a fixed order, so the same object
// gives the same batch.
type Batch struct {
	Source   string     `json:"source"`
	Rules    string     `json:"rules"` // see Monitor.Rules
	Object   Object     `json:"object"`
	Failed   int64      `json:"failed"`             // unmatched calls that failed, which a condition would have counted
	Late     int64      `json:"late,omitempty"`     // matched calls of days of which nobody can tell whether they were counted before; they are unknown
	Repeated int64      `json:"repeated,omitempty"` // matched events whose id stands more than once in the object
	Counts   []Count    `json:"counts,omitempty"`
	Findings []Finding  `json:"findings,omitempty"`
	Unmapped []Unmapped `json:"unmapped,omitempty"`
	Coverage []Coverage `json:"coverage,omitempty"`
	Shown    []Shown    `json:"shown,omitempty"`

	seen    sightings
	windows []observed
}

// Count is what happened under one condition, in one deployment, on one day (UTC,
// of the events). Counts of different batches add up.
type Count struct {
	Condition     string `json:"condition"`
	ConditionHash string `json:"condition_hash"`
	Deployment    string `json:"deployment"`
	Day           string `json:"day"`
	Basis         string `json:"basis"` // Events or Metering
	Exposures     int64  `json:"exposures"`
	Deviations    int64  `json:"deviations"`
	Unknown       int64  `json:"unknown"` // calls of which the log does not show whether they are exposure, or deviate
	// Assumed names what is not known and counted as if it brought the deployment
	// into scope: sector, capability, purpose, jurisdiction; and "account" when
	// other deployments share the account, so the call may be theirs.
	Assumed []string `json:"assumed,omitempty"`
}

// What counts are made of. Where both show a deployment's day, they show the same
// calls: see [Preferred].
const (
	Events   = "events"   // single calls, with what the log says of each
	Metering = "metering" // numbers of calls, of which nothing else is known
)

// Kinds of findings.
const (
	Breach    = "breach"     // a mandatory condition that binds was not kept
	Deviation = "deviation"  // one was not followed that is advice, or that nobody is known to have agreed to
	BlindSpot = "blind_spot" // use was, or may have been, hidden from the log

	Undeclared = "undeclared" // use was of another sort, place, purpose or size than declared
)

// Finding says that a condition was not kept in a deployment on a day. It keeps
// the least that shows it: two event ids and a few parameters of the first call.
type Finding struct {
	Kind           string             `json:"kind"`
	Grade          string             `json:"grade"` // the condition's severity: low, medium, high or critical
	Condition      string             `json:"condition"`
	ConditionHash  string             `json:"condition_hash"`
	IncorporatedBy string             `json:"incorporated_by,omitempty"` // the clause by which guidance binds
	Binding        agreement.Binding  `json:"binding,omitempty"`         // how the condition bound the deployment on the day, as was known when it was counted; empty if nobody asked
	Deployment     string             `json:"deployment"`
	Day            string             `json:"day"`
	Calls          int64              `json:"calls"` // that deviated
	First          Sighting           `json:"first"`
	Last           Sighting           `json:"last"`
	Evidence       []conditions.Field `json:"evidence,omitempty"` // of the first
	Assumed        []string           `json:"assumed,omitempty"`  // as in Count
}

// Sighting is one event, named so that the vendor can find it in its own log.
type Sighting struct {
	ID   string `json:"id"`   // eventID; empty when the event has none
	Time string `json:"time"` // RFC 3339, UTC
}

// Unmapped counts the events of an account that had no deployment on the day of
// the event. An empty account is that of events that name none.
type Unmapped struct {
	Account string `json:"account"`
	Events  int64  `json:"events"`
	Matched int64  `json:"matched"` // that some condition counts, or may count
}

const hourLayout = "2006-01-02T15"

// Coverage says that an object holds events of an account, a region and an hour.
// Hours without coverage are unknown, not zero.
type Coverage struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Hour    string `json:"hour"` // 2023-07-10T11, UTC
	Events  int64  `json:"events"`
}

// batch puts the counts of an object in order.
func (j *judge) batch(source string, object Object) *Batch {
	for _, what := range slices.Sorted(maps.Keys(j.faults)) {
		f := fault.Newf(fault.Invalid, "%d calls could not be judged and count as unknown: %s", j.faults[what], what)
		object.Faults = append(object.Faults, f.At(object.Name, 0, ""))
	}
	b := &Batch{Source: source, Rules: j.m.rules, Object: object, Failed: j.failed, Late: j.late, seen: j.seen}
	b.Repeated, _ = j.seen.repeated()
	for k, t := range j.counts {
		c, f := j.report(k, t)
		b.Counts = append(b.Counts, c)
		if t.deviations > 0 {
			b.Findings = append(b.Findings, f)
		}
	}
	for _, u := range j.unmapped {
		b.Unmapped = append(b.Unmapped, *u)
	}
	for k, n := range j.cover {
		at := time.Unix(k.hour*hour, 0).UTC().Format(hourLayout)
		b.Coverage = append(b.Coverage, Coverage{k.account, k.region, at, *n})
	}
	b.windows, b.Shown = j.observations(), j.shownCalls()
	slices.SortFunc(b.Counts, func(x, y Count) int { return x.key().compare(y.key()) })
	slices.SortFunc(b.Findings, func(x, y Finding) int { return x.key().compare(y.key()) })
	slices.SortFunc(b.Unmapped, func(x, y Unmapped) int { return cmp.Compare(x.Account, y.Account) })
	slices.SortFunc(b.Coverage, compareCoverage)
	return b
}

func (j *judge) report(k countKey, t *tally) (Count, Finding) {
	c, d := &j.m.conds[k.cond], j.m.deployments[k.deployment].ID
	day := time.Unix(k.day*24*hour, 0).UTC().Format(time.DateOnly)
	assumed := c.assumed[k.deployment]
	f := j.m.finding(c, d, day)
	f.Calls, f.First, f.Last, f.Evidence, f.Assumed = t.deviations, t.first, t.last, t.evidence, assumptions(assumed, t.sharedDeviation)
	return Count{c.ID, c.Hash, d, day, j.m.basis(), t.exposures, t.deviations, t.unknown, assumptions(assumed, t.shared)}, f
}

// key is what counts and findings are told apart and ordered by.
type key struct{ deployment, condition, day, hash string }

func (c *Count) key() key   { return key{c.Deployment, c.Condition, c.Day, c.ConditionHash} }
func (f *Finding) key() key { return key{f.Deployment, f.Condition, f.Day, f.ConditionHash} }

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.deployment, o.deployment), cmp.Compare(k.condition, o.condition),
		cmp.Compare(k.day, o.day), cmp.Compare(k.hash, o.hash))
}

func compareCoverage(x, y Coverage) int {
	return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Hour, y.Hour))
}

// assumptions gives what Count.Assumed says: what scope assumes, in its fixed
// order, and the account last. Of two for one condition and deployment the longer
// holds the other.
func assumptions(text string, shared bool) []string {
	out := strings.Fields(text)
	if shared {
		out = append(out, "account")
	}
	return out
}
