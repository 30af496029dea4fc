package usage

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"duly/internal/conditions"
	"duly/internal/fault"
	"duly/internal/rule"
)

const (
	maxKeys  = 1 << 17 // different things counted in one object
	maxCalls = 1 << 12 // kinds of calls whose candidates are remembered
	hour     = 60 * 60
)

// judge counts the events of one object.
type judge struct {
	m        *Monitor
	calls    map[string]callKind // source, 0, name -> what it may be
	counts   map[countKey]*tally
	unmapped map[string]*Unmapped
	cover    map[coverKey]*int64
	names    map[string]string // texts seen, kept once
	seen     sightings
	recall   *conditions.Recall
	failed   int64
	late     int64
	faults   map[string]int64 // rules that failed, by what they say
	windows  map[windowKey]*observed
	shown    map[shownKey]int64

	scratch  []byte
	last     coverKey
	lastSeen *int64
}

type countKey struct {
	cond, deployment int
	day              int64 // days since 1970-01-01
}

type coverKey struct {
	account, region string
	hour            int64 // hours since 1970-01-01T00
}

// tally is a count and the deviations behind it.
type tally struct {
	exposures, deviations, unknown int64
	shared, sharedDeviation        bool // whether a call, or a deviation, may be another deployment's
	first, last                    Sighting
	evidence                       []conditions.Field
}

func newJudge(m *Monitor) *judge {
	return &judge{
		m: m, calls: map[string]callKind{}, counts: map[countKey]*tally{},
		unmapped: map[string]*Unmapped{}, cover: map[coverKey]*int64{},
		names: map[string]string{}, faults: map[string]int64{}, windows: map[windowKey]*observed{}, shown: map[shownKey]int64{},
		recall: m.recall(),
	}
}

// event counts one event and says whether a condition in force counts it, or may.
func (j *judge) event(e *event) (matched bool, err error) {
	j.covered(e)
	active := j.active(e)
	var u *Unmapped
	if active == 0 {
		u = j.unmappedAccount(e)
		u.Events += e.calls
	}
	what := j.kindOf(e)
	if what.shows != "" && active > 0 && len(e.errorCode) == 0 {
		j.show(e, what.shows)
	}
	if len(what.candidates) > 0 {
		matched = j.try(e, what.candidates, active)
	}
	if matched && u != nil {
		u.Matched += e.calls
	}
	if len(j.counts)+len(j.unmapped)+len(j.cover)+len(j.names)+len(j.windows)+len(j.shown) > maxKeys {
		return matched, fault.Newf(fault.Invalid, "has more than %d different accounts, regions, hours and days, and is not read further", maxKeys)
	}
	return matched, nil
}

// active counts the deployments that the event's account has on that day.
func (j *judge) active(e *event) int {
	n := 0
	for _, d := range j.m.accounts[string(e.account)] {
		if j.m.deployments[d].active(e.time) {
			n++
		}
	}
	return n
}

// name keeps one copy of a text that may come in many events.
func (j *judge) name(b []byte) string {
	s, ok := j.names[string(b)]
	if !ok {
		s = string(b)
		j.names[s] = s
	}
	return s
}

func (j *judge) unmappedAccount(e *event) *Unmapped {
	u, ok := j.unmapped[string(e.account)]
	if !ok {
		u = &Unmapped{Account: j.name(e.account)}
		j.unmapped[u.Account] = u
	}
	return u
}

// covered counts the event for its account, region and hour.
func (j *judge) covered(e *event) {
	h := floor(e.time.Unix(), hour)
	if j.lastSeen == nil || h != j.last.hour || string(e.account) != j.last.account || string(e.region) != j.last.region {
		j.last = coverKey{j.name(e.account), j.name(e.region), h}
		j.lastSeen = j.cover[j.last]
		if j.lastSeen == nil {
			j.lastSeen = new(int64)
			j.cover[j.last] = j.lastSeen
		}
	}
	*j.lastSeen += e.calls
}

func floor(n, by int64) int64 {
	if n < 0 {
		return (n - by + 1) / by
	}
	return n / by
}

// callKind is what depends on a call's name alone: the conditions whose required equalities
// it satisfies, and the capability that it shows.
type callKind struct {
	candidates []int
	shows      string
}

// kindOf looks up what a call may be, once per name.
func (j *judge) kindOf(e *event) callKind {
	j.scratch = append(append(append(j.scratch[:0], e.source...), 0), e.name...)
	if found, ok := j.calls[string(j.scratch)]; ok {
		return found
	}
	found := callKind{candidates: j.m.table.Candidates(func(name string) (any, bool) {
		switch name {
		case "event.source":
			return string(e.source), true
		case "event.name":
			return string(e.name), true
		}
		return nil, false
	}), shows: j.m.shows(string(e.source), string(e.name))}
	if len(j.calls) < maxCalls {
		j.calls[string(j.scratch)] = found
	}
	return found
}

// try judges the event by its candidates, for each deployment of its account.
func (j *judge) try(e *event, candidates []int, active int) (matched bool) {
	if len(e.errorCode) > 0 {
		j.failed++
		return false
	}
	call := conditions.Call{Source: j.name(e.source), Name: j.name(e.name), Region: j.name(e.region), Params: e.params, Free: e.free}
	j.recall.About(&call)
	var here Sighting
	for _, i := range candidates {
		c := &j.m.conds[i]
		if !c.InForce(e.time) {
			continue
		}
		exposure, deviation, err := j.recall.Judge(c.Condition)
		if err != nil {
			j.unjudged(c.ID + ": " + err.Error())
		}
		if exposure == rule.False {
			continue
		}
		if e.time.Before(j.m.since) {
			exposure, deviation = rule.Unknown, rule.Unknown
		}
		if !matched {
			matched = true
			if e.time.Before(j.m.since) {
				j.late += e.calls
			}
			here = Sighting{ID: string(e.id), Time: e.time.Format(time.RFC3339)}
			if len(e.id) > 0 {
				sum := sha256.Sum256(e.id)
				j.seen.add(binary.BigEndian.Uint64(sum[:]), 1, 0)
			}
		}
		for _, d := range j.m.accounts[string(e.account)] {
			if c.assumed[d] != outOfScope && j.m.deployments[d].active(e.time) {
				t := j.tally(countKey{i, d, floor(e.time.Unix(), 24*hour)})
				t.shared = t.shared || active > 1
				t.sharedDeviation = t.sharedDeviation || active > 1 && deviation == rule.True
				if c.Windowed() != nil {
					deviation = j.observe(i, d, &call, e, exposure, here)
				}
				t.add(c, &call, e.calls, exposure, deviation, here)
			}
		}
	}
	return matched
}

// unjudged counts a call that a rule failed on, by what it says; what is beyond
// the first few kinds, together.
func (j *judge) unjudged(what string) {
	if _, ok := j.faults[what]; !ok && len(j.faults) >= maxFaults {
		what = "other reasons"
	}
	j.faults[what]++
}

func (j *judge) tally(k countKey) *tally {
	t, ok := j.counts[k]
	if !ok {
		t = &tally{}
		j.counts[k] = t
	}
	return t
}

func (t *tally) add(c *cond, call *conditions.Call, calls int64, exposure, deviation rule.Tri, here Sighting) {
	_, judged := c.Checked()
	if exposure == rule.True {
		t.exposures += calls
	}
	if exposure == rule.Unknown || judged && deviation == rule.Unknown {
		t.unknown += calls
	}
	if deviation != rule.True {
		return
	}
	first := t.deviations == 0
	t.deviations += calls
	if first || here.compare(t.first) <= 0 {
		evidence := c.Evidence(call)
		if first || here.compare(t.first) < 0 || compareFields(evidence, t.evidence) < 0 {
			t.first, t.evidence = here, evidence
		}
	}
	if first || here.compare(t.last) > 0 {
		t.last = here
	}
}

// compare orders by time, then by id.
func (s Sighting) compare(o Sighting) int {
	return cmp.Or(cmp.Compare(s.Time, o.Time), cmp.Compare(s.ID, o.ID))
}

func compareFields(a, b []conditions.Field) int {
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// finding says what it would be that a condition was not kept in a deployment on a day.
func (m *Monitor) finding(c *cond, deployment, day string) Finding {
	f := Finding{
		Kind: Deviation, Grade: c.Severity, Condition: c.ID, ConditionHash: c.Hash,
		IncorporatedBy: c.IncorporatedBy, Deployment: deployment, Day: day,
	}
	binds := true // a monitor without agreements takes the conditions as agreed
	if m.book != nil {
		f.Binding = m.book.Binds(deployment, c.Condition, day)
		binds = f.Binding.Firm()
	}
	switch {
	case c.BlindSpot:
		f.Kind = BlindSpot
	case c.Status == conditions.Mandatory && binds:
		f.Kind = Breach
	}
	return f
}
