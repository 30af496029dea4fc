package usage

import (
	"cmp"
	"maps"
	"slices"

	"duly/internal/fault"
)

// Tally adds up batches of one monitor. The order of adding does not matter: the
// same objects give the same bytes. It is not safe for concurrent use.
type Tally struct {
	m        *Monitor
	objects  map[string]*delivery // by content
	list     []*delivery
	counts   map[key]*Count
	findings map[key]*Finding
	unmapped map[string]*Unmapped
	coverage map[Coverage]int64 // with Events 0 as the key
	seen     sightings
	hours    hours
	windows  windows
}

// delivery is one content, under all names it came by.
type delivery struct {
	object Object // as it came by the first of its names in order
	first  place
	names  map[place]bool
	failed int64
}

type place struct{ source, name string }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.source, o.source), cmp.Compare(p.name, o.name))
}

// Result is what all objects of a run amount to. Slices are in a fixed order.
type Result struct {
	Rules      string     `json:"rules"`
	Objects    int64      `json:"objects"` // different contents
	Again      int64      `json:"again"`   // names beyond the first of a content; counted once
	Bytes      int64      `json:"bytes"`
	Read       int64      `json:"read"` // = Matched + Unmatched + Rejected
	Matched    int64      `json:"matched"`
	Unmatched  int64      `json:"unmatched"`
	Rejected   int64      `json:"rejected"`
	Failed     int64      `json:"failed"`
	Incomplete []Object   `json:"incomplete,omitempty"` // objects of which the rest is unknown
	Skipped    int64      `json:"skipped"`              // objects that are no telemetry
	Changed    []string   `json:"changed,omitempty"`    // names that came with two contents
	Repeated   int64      `json:"repeated"`             // matched events with an id seen before, among those compared
	RepeatedIn []string   `json:"repeated_in,omitempty"`
	Compared   int64      `json:"compared"` // event ids that were compared
	Sampled    uint8      `json:"sampled"`  // one in 2^n ids was compared
	Counts     []Count    `json:"counts"`
	Findings   []Finding  `json:"findings"`
	Unmapped   []Unmapped `json:"unmapped"`
	Coverage   []Coverage `json:"coverage"`
	Silent     []Silence  `json:"silent"`
	Unseen     []string   `json:"unseen"` // accounts of deployments without any event
}

// NewTally makes an empty tally of the monitor's batches.
func (m *Monitor) NewTally() *Tally {
	return &Tally{
		m: m, objects: map[string]*delivery{}, counts: map[key]*Count{}, findings: map[key]*Finding{},
		unmapped: map[string]*Unmapped{}, coverage: map[Coverage]int64{}, hours: hours{}, windows: windows{},
	}
}

// Add adds a batch, and says whether its content was new. Content that came
// before, under whatever name, is counted once. A batch of other rules is a fault.
func (t *Tally) Add(b *Batch) (added bool, err error) {
	if b.Rules != t.m.rules {
		return false, fault.Newf(fault.Invalid, "the counts of %s were made with other rules", b.Object.Name).
			WithFix("read the object again")
	}
	where := place{b.Source, b.Object.Name}
	if d, ok := t.objects[b.Object.SHA256]; ok {
		d.names[where] = true
		if where.compare(d.first) < 0 {
			d.first, d.object = where, b.Object
		}
		return false, nil
	}
	d := &delivery{object: b.Object, first: where, names: map[place]bool{where: true}, failed: b.Failed}
	t.objects[b.Object.SHA256] = d
	t.seen.merge(&b.seen, len(t.list))
	t.list = append(t.list, d)
	for _, c := range b.Counts {
		t.addCount(c)
	}
	for _, f := range b.Findings {
		t.addFinding(f)
	}
	for _, u := range b.Unmapped {
		sum := t.unmapped[u.Account]
		if sum == nil {
			sum = &Unmapped{Account: u.Account}
			t.unmapped[u.Account] = sum
		}
		sum.Events += u.Events
		sum.Matched += u.Matched
	}
	t.hours.add(b, t.m)
	t.windows.add(t.m, b.windows)
	for _, c := range b.Coverage {
		n := c.Events
		c.Events = 0
		t.coverage[c] += n
	}
	return true, nil
}

func (t *Tally) addCount(c Count) {
	sum := t.counts[c.key()]
	if sum == nil {
		t.counts[c.key()] = &c
		return
	}
	sum.Exposures += c.Exposures
	sum.Deviations += c.Deviations
	sum.Unknown += c.Unknown
	sum.Assumed = longer(sum.Assumed, c.Assumed)
}

func (t *Tally) addFinding(f Finding) {
	sum := t.findings[f.key()]
	if sum == nil {
		t.findings[f.key()] = &f
		return
	}
	sum.merge(f)
}

// merge adds what another object shows of the same finding.
func (f *Finding) merge(o Finding) {
	f.Calls += o.Calls
	f.Assumed = longer(f.Assumed, o.Assumed)
	if cmp.Or(o.First.compare(f.First), compareFields(o.Evidence, f.Evidence)) < 0 {
		f.First, f.Evidence = o.First, o.Evidence
	}
	if o.Last.compare(f.Last) > 0 {
		f.Last = o.Last
	}
}

func longer(a, b []string) []string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// Result gives what was added so far.
func (t *Tally) Result() *Result {
	r := &Result{Rules: t.m.rules, Compared: int64(len(t.seen.ids)), Sampled: t.seen.shift}
	t.addObjects(r)
	for _, k := range slices.SortedFunc(maps.Keys(t.counts), key.compare) {
		r.Counts = append(r.Counts, *t.counts[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(t.findings), key.compare) {
		r.Findings = append(r.Findings, *t.findings[k])
	}
	for _, a := range slices.Sorted(maps.Keys(t.unmapped)) {
		r.Unmapped = append(r.Unmapped, *t.unmapped[a])
	}
	for _, c := range slices.SortedFunc(maps.Keys(t.coverage), compareCoverage) {
		n := t.coverage[c]
		c.Events = n
		r.Coverage = append(r.Coverage, c)
	}
	t.addWindows(r)
	r.Silent, r.Unseen = t.hours.blind(t.m)
	return r
}

// addWindows adds what calls amount to that are counted together.
func (t *Tally) addWindows(r *Result) {
	weighed := map[scope]map[int64]beyond{}
	for i := range r.Counts {
		n := &r.Counts[i]
		c, s := t.m.windowed(n.ConditionHash), scope{n.Deployment, n.ConditionHash, n.Basis}
		if c == nil {
			continue
		}
		if weighed[s] == nil {
			weighed[s] = t.windows.weigh(c, s)
		}
		b := weighed[s][dayNumber(n.Day)]
		if b.Times == 0 {
			continue
		}
		n.Deviations += b.Times
		r.Findings = append(r.Findings, t.m.beyond(c, n.Deployment, n.Day, &b, n.Assumed))
	}
	slices.SortFunc(r.Findings, func(x, y Finding) int { return x.key().compare(y.key()) })
}

func (t *Tally) addObjects(r *Result) {
	contents := map[place]int{}
	for _, d := range t.list {
		r.Objects++
		r.Again += int64(len(d.names) - 1)
		r.Bytes += d.object.Bytes
		r.Read += d.object.Read
		r.Matched += d.object.Matched
		r.Unmatched += d.object.Unmatched
		r.Rejected += d.object.Rejected
		r.Failed += d.failed
		switch d.object.Status {
		case Incomplete:
			r.Incomplete = append(r.Incomplete, d.object)
		case Skipped:
			r.Skipped++
		}
		for where := range d.names {
			contents[where]++
		}
	}
	slices.SortFunc(r.Incomplete, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	for where, n := range contents {
		if n > 1 {
			r.Changed = append(r.Changed, where.name)
		}
	}
	slices.Sort(r.Changed)
	var in map[int]bool
	r.Repeated, in = t.seen.repeated()
	for i := range in {
		r.RepeatedIn = append(r.RepeatedIn, t.list[i].first.name)
	}
	slices.Sort(r.RepeatedIn)
}
