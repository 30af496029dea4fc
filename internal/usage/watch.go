package usage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"time"

	"duly/internal/store"
)

// watch is what this room itself looks for beside the conditions of packs: where use
// may be hidden, and where it is not what was declared.
type watch struct {
	id, grade, text string
	hash            string
	kind            string
}

func newWatch(id, grade, text string) watch {
	sum := sha256.Sum256([]byte("duly/usage/watch/1\n" + id + "\n" + text))
	return watch{id, grade, text, hex.EncodeToString(sum[:]), BlindSpot}
}

var (
	silenceWatch     = newWatch("USE-SILENCE", "medium", "An account was silent for 24 hours or more, and longer than between any two hours with events among at least 100 before.")
	clockWatch       = newWatch("USE-CLOCK", "medium", "Events have a time after the day on which they were read, or after their file was delivered.")
	fieldsWatch      = newWatch("USE-FIELDS", "low", "The log does not show what rules ask of calls.")
	overwrittenWatch = newWatch("USE-OVERWRITTEN", "high", "An object came under the name of another one that was counted.")
)

// habit is how many intervals between hours with events an account must have had
// before a longer one is a finding. If the order of intervals were chance, the next of
// n+1 would be the longest with a probability of 1/(n+1): here at most 1 in 100.
const habit = 99

// beyondHabit gives the silences that are longer than what an account's own past
// explains: at least [QuietHours], and longer than each of at least 99 intervals
// before. seen are the hours with events, since 1970 and in order; until is the last
// hour of which anything is known.
func beyondHabit(seen []int64, until int64) (out [][2]int64) {
	longest := int64(0)
	for i := 1; i <= len(seen); i++ {
		next := until + 1
		if i < len(seen) {
			next = seen[i]
		}
		between := next - seen[i-1] - 1
		if i-1 >= habit && between >= QuietHours && between > longest {
			out = append(out, [2]int64{seen[i-1], next})
		}
		longest = max(longest, between)
	}
	return out
}

// list gives the hours in order, since 1970.
func (d dayHours) list() []int64 {
	var out []int64
	for _, day := range slices.Sorted(maps.Keys(d)) {
		for i := range int64(24) {
			if d[day]>>i&1 == 1 {
				out = append(out, day*24+i)
			}
		}
	}
	return out
}

// watched is what the watches found of a deployment and a day.
type watched struct {
	watch
	deployment string
	day        string
	calls      int64
	first      string
	last       string
	evidence   []string
	assumed    []string
}

func (w *watched) identity() string { return identity(w.deployment, w.hash, w.day, Events) }

func hourText(h int64) string { return time.Unix(h*hour, 0).UTC().Format(hourLayout) }
func dayText(d int64) string  { return time.Unix(d*24*hour, 0).UTC().Format(time.DateOnly) }

// silences gives the silences beyond habit of all accounts, for each deployment that
// has the account when it begins.
func (m *Monitor) silences(h hours) []watched {
	until := int64(0)
	for _, days := range h {
		for day, mask := range days {
			until = max(until, day*24+int64(bits.Len32(mask))-1)
		}
	}
	var out []watched
	for _, account := range slices.Sorted(maps.Keys(m.accounts)) {
		for _, gap := range beyondHabit(h[account].list(), until) {
			for _, i := range m.accounts[account] {
				d := &m.deployments[i]
				if !d.active(time.Unix(gap[0]*hour, 0).UTC()) || !d.active(time.Unix((gap[1]-1)*hour, 0).UTC()) {
					continue
				}
				last := hourText(gap[1])
				if gap[1] > until {
					last = ""
				}
				out = append(out, watched{
					watch: silenceWatch, deployment: d.ID, day: dayText(gap[0] / 24), first: hourText(gap[0]), last: last,
					evidence: []string{fmt.Sprintf("hours without events = %d", gap[1]-gap[0]-1)},
				})
			}
		}
	}
	return out
}

var deliveredRE = regexp.MustCompile(`_(\d{8}T\d{4}Z)_[^/]*$`)

// clocks gives the days on which an object has events from after its reading, or from
// an hour that begins after its delivery, which names in CloudTrail's layout tell.
// A clock may be up to a day ahead of the reading.
func (m *Monitor) clocks(b *Batch, today string) []watched {
	limit, err := time.Parse(time.DateOnly, today)
	if err != nil {
		return nil
	}
	limit, why := limit.AddDate(0, 0, 2), "read on "+today
	if found := deliveredRE.FindStringSubmatch(b.Object.Name); found != nil {
		if at, err := time.Parse("20060102T1504Z", found[1]); err == nil && at.Before(limit) {
			limit, why = at, "delivered at "+at.Format(time.RFC3339)
		}
	}
	var out []watched
	for _, c := range b.Coverage {
		at, err := time.Parse(hourLayout, c.Hour)
		if err != nil || !at.After(limit) {
			continue
		}
		for _, i := range m.accounts[c.Account] {
			if d := &m.deployments[i]; d.active(at) {
				out = append(out, watched{
					watch: clockWatch, deployment: d.ID, day: at.Format(time.DateOnly), first: c.Hour, last: c.Hour, evidence: []string{why},
				})
			}
		}
	}
	return out
}

// overwritten gives the finding of an object under the name of another, for each
// deployment of which it holds events; without any, for none.
func (m *Monitor) overwritten(b *Batch, today string, before string) []watched {
	who := map[string]bool{}
	for _, c := range b.Coverage {
		for _, i := range m.accounts[c.Account] {
			who[m.deployments[i].ID] = true
		}
	}
	var out []watched
	for _, id := range deploymentsOf(who) {
		out = append(out, overwrittenIn(id, today, b.Object.Name, before, b.Object.SHA256))
	}
	return out
}

// deploymentsOf gives deployments in order; none counts as one without a name.
func deploymentsOf(who map[string]bool) []string {
	if len(who) == 0 {
		return []string{""}
	}
	return slices.Sorted(maps.Keys(who))
}

func overwrittenIn(deployment, today, name, before, now string) watched {
	return watched{
		watch: overwrittenWatch, deployment: deployment, day: today,
		evidence: []string{"name = " + name, "counted = " + before, "now = " + now},
	}
}

// unrecorded gives, for a deployment, the days on which rules asked what the log does
// not show, and how often.
func unrecorded(deployment string, counts []*store.Revision[CountRecord], days map[string]bool) []watched {
	byDay := map[string]*watched{}
	for _, c := range counts {
		r := c.Record
		if r.Basis != Events || !days[r.Day] {
			continue
		}
		w := byDay[r.Day]
		if w == nil {
			w = &watched{watch: fieldsWatch, deployment: deployment, day: r.Day}
			byDay[r.Day] = w
		}
		if r.Unknown > 0 {
			w.calls = max(w.calls, r.Unknown) // of one condition: the same call may be unknown to several
			w.evidence = append(w.evidence, r.Clause+" = "+strconv.FormatInt(r.Unknown, 10)+" calls cannot be told")
		}
	}
	var out []watched
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		slices.Sort(byDay[day].evidence)
		out = append(out, *byDay[day])
	}
	return out
}

// look records what the watches found in all that is known after a run. It goes by
// what is recorded, so that a run that was killed and run again says the same.
func (k *keeper) look(tx *store.Tx) error {
	if k.m.basis() != Events {
		return nil
	}
	found := append(k.clocks, k.m.silences(k.hours)...)
	for _, id := range slices.Sorted(maps.Keys(k.touched)) {
		counts, err := store.Select(k.ctx, tx, Counts, "r.deployment = $1", id)
		if err != nil {
			return err
		}
		found = append(found, unrecorded(id, counts, k.touched[id])...)
	}
	open := map[string]bool{}
	for i := range found {
		if w := &found[i]; !open[w.identity()] {
			open[w.identity()] = true
			if err := k.state(tx, w); err != nil {
				return err
			}
		}
	}
	return k.fill(tx, open)
}

// state records a finding as it is now; one of no calls and no evidence is closed.
func (k *keeper) state(tx *store.Tx, w *watched) error {
	next := FindingRecord{
		State: "open", Grade: w.grade, Kind: w.kind, Condition: w.hash, Day: w.day, Calls: w.calls,
		Deployment: w.deployment, Clause: w.id, Identity: w.identity(), First: w.first, Last: w.last, Evidence: w.evidence, Assumed: w.assumed,
	}
	known, err := store.Select(k.ctx, tx, Findings, "r.identity = $1", next.Identity)
	if err != nil {
		return err
	}
	if len(w.evidence) == 0 {
		next.State = "closed"
		if len(known) == 0 {
			return nil
		}
	}
	if len(known) == 0 {
		if w.kind == Undeclared {
			k.s.Undeclared++
		} else {
			k.s.Blind++
		}
		_, err = store.Create(tx, Findings, &next)
		return err
	}
	if w.hash == clockWatch.hash || same(known[0].Record, &next) {
		return nil
	}
	_, _, err = store.Revise(tx, Findings, known[0].ID, &next)
	return err
}

func same(a, b *FindingRecord) bool {
	return cmp.Compare(fmt.Sprintf("%+v", *a), fmt.Sprintf("%+v", *b)) == 0
}

// fill closes silences that later files have filled.
func (k *keeper) fill(tx *store.Tx, open map[string]bool) error {
	silent, err := store.Select(k.ctx, tx, Findings, "r.state = 'open'")
	if err != nil {
		return err
	}
	for _, f := range silent {
		if f.Record.Condition != silenceWatch.hash || open[f.Record.Identity] {
			continue
		}
		next := *f.Record
		next.State = "closed"
		if _, _, err := store.Revise(tx, Findings, f.ID, &next); err != nil {
			return err
		}
	}
	return nil
}

// overwritten records that an object came under the name of another.
func (k *keeper) overwritten(tx *store.Tx, b *Batch, before string) error {
	for _, w := range k.m.overwritten(b, k.task.Today, before) {
		if err := k.state(tx, &w); err != nil {
			return err
		}
	}
	return nil
}
